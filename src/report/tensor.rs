//! The judgement of one tensor.

use serde::{Deserialize, Serialize};

use crate::judge::{Metrics, Number, Side, Unobservable, Verdict};
use crate::spec::case::SourceName;

use super::DigitsRow;

/// How many coordinates got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// All references agree within the bounds.
    pub agree: usize,
    /// Without derivative, and between the one-sided slopes.
    pub at_kink_inside: usize,
    /// Without derivative, and outside of the one-sided slopes.
    pub at_kink_outside: usize,
    /// A reference disagrees.
    pub disagree: usize,
    /// Nothing can be said.
    pub unresolved: usize,
    /// Out of the objective's sight.
    pub unobservable: usize,
    /// NaN or infinite.
    pub invalid: usize,
}

/// The judgement of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TensorRow {
    /// PyTorch's name.
    pub name: String,
    /// PyTorch's layout.
    pub shape: Vec<usize>,
    /// Coordinates judged.
    pub coordinates: usize,
    /// Their verdicts.
    pub counts: Counts,
    /// The gradient under test against each reference.
    pub against: Vec<Comparison>,
    /// The coordinate and reference with the largest gap/bound; `None` when nothing was compared.
    pub closest: Option<Closest>,
    /// Decimal digits that the gradient's own rounding error allows.
    pub allowed: Option<Spread>,
    /// Relative errors of a single derivative that would have been caught, at least.
    pub catches: Option<Spread>,
    /// What lies under the steps of central differences; `None` when they were not asked.
    pub steps: Option<StepCounts>,
    /// Why the objective cannot see this tensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unobservable: Option<Hidden>,
    /// The digits of a gradient in `f32`; `None` for one in `f64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<DigitsRow>,
}

/// A number at the median and at the worst coordinate of a tensor, of those that are not 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// At the median coordinate.
    pub median: Number,
    /// At the worst one.
    pub worst: Number,
}

/// What lies under the steps of central differences, by number of coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepCounts {
    /// Certified free of kinks.
    pub certified: usize,
    /// Free of kinks by their predicted distance.
    pub margin: usize,
    /// Stepped to one side only, since a kink is too near on the other.
    pub one_sided: usize,
    /// Crossed kinks.
    pub crossed: usize,
    /// At a kink.
    pub at_kink: usize,
    /// Without a finite objective.
    pub not_finite: usize,
}

/// Why a tensor is out of sight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hidden {
    /// Why.
    pub reason: Unobservable,
    /// The layer at which the gradient ends, when it is cut off.
    pub layer: Option<String>,
    /// What is the matter, and what would make it visible.
    pub words: String,
}

/// The gradient under test against one reference, over one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The reference.
    pub reference: SourceName,
    /// Digits, signs and ratios.
    pub metrics: Metrics,
    /// The coordinate with the largest relative error; `None` when all derivatives are 0.
    pub worst: Option<Gap>,
}

/// The distance between the gradient under test and a reference, beside what error analysis allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// The coordinate's name.
    pub coordinate: String,
    /// |a − n|.
    pub gap: Number,
    /// The sum of the two error bounds.
    pub bound: Number,
}

/// Where a tensor comes closest to a disagreement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Closest {
    /// Against whom.
    pub reference: SourceName,
    /// Where, and by how much.
    pub at: Gap,
    /// Gap by bound: above 1 is a disagreement.
    pub ratio: Number,
}

impl Counts {
    /// The sum over several rows.
    #[must_use]
    pub fn total<'a>(rows: impl IntoIterator<Item = &'a Self>) -> Self {
        rows.into_iter().fold(Self::default(), |sum, row| Self {
            agree: sum.agree + row.agree,
            at_kink_inside: sum.at_kink_inside + row.at_kink_inside,
            at_kink_outside: sum.at_kink_outside + row.at_kink_outside,
            disagree: sum.disagree + row.disagree,
            unresolved: sum.unresolved + row.unresolved,
            unobservable: sum.unobservable + row.unobservable,
            invalid: sum.invalid + row.invalid,
        })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.agree
            + self.at_kink_inside
            + self.at_kink_outside
            + self.disagree
            + self.unresolved
            + self.unobservable
            + self.invalid
    }

    /// Coordinates that speak against the gradient.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.disagree + self.at_kink_outside + self.invalid
    }
}

impl<'a> FromIterator<&'a Verdict> for Counts {
    fn from_iter<I: IntoIterator<Item = &'a Verdict>>(verdicts: I) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Agree => &mut counts.agree,
                Verdict::AtKink(Side::Inside) => &mut counts.at_kink_inside,
                Verdict::AtKink(Side::Outside) => &mut counts.at_kink_outside,
                Verdict::Disagree => &mut counts.disagree,
                Verdict::Unresolved(_) => &mut counts.unresolved,
                Verdict::Unobservable(_) => &mut counts.unobservable,
                Verdict::Invalid => &mut counts.invalid,
            } += 1;
        }
        counts
    }
}
