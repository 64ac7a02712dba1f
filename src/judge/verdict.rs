//! The verdict on one coordinate.

use serde::{Deserialize, Serialize};

use crate::source::{Estimate, Kink};

/// What is found at a coordinate. Every coordinate gets one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every reference agrees with the gradient under test within the sum of their error bounds.
    Agree,
    /// A reference differs by more than the sum of the bounds.
    Disagree,
    /// The point has no derivative; the gradient is held against the slopes on both sides.
    AtKink(Side),
    /// Nothing can be said.
    Unresolved(Unresolved),
    /// The whole tensor is out of this objective's sight.
    Unobservable(Unobservable),
    /// A number is NaN or infinite.
    Invalid,
}

/// Where a gradient lies at a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Between the one-sided slopes, or those that the tied units' branches allow: a subgradient.
    Inside,
    /// Outside of them.
    Outside,
}

/// Why nothing can be said about a coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unresolved {
    /// The error bounds leave room for an error as large as everything in the tensor.
    BoundTooWide,
    /// Only central differences were asked, and the step that was chosen crosses a kink.
    StepCrossesKink,
    /// Only central differences were asked, and no step leads to a finite objective.
    NoFiniteStep,
    /// There was no reference at all.
    NoReference,
}

/// Why a tensor cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unobservable {
    /// Every derivative is exactly 0, however the arithmetic is perturbed: no path leads to the loss.
    Cut,
    /// Every derivative is 0 because terms cancel: what is left is rounding.
    Cancelled,
}

/// What a reference says about one coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// A derivative with its bound.
    Smooth(Estimate),
    /// Differences across a kink.
    Crossed,
    /// No finite difference.
    NotFinite,
}

impl Unresolved {
    /// What is the matter, and what would help.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BoundTooWide => {
                "the error bounds are wider than every derivative of the tensor, as behind saturated units; use smaller weights or other samples, --step auto, or more --sources"
            }
            Self::StepCrossesKink => {
                "the step crosses a kink, and no other source was asked; use --step auto, or add dual or reverse to --sources"
            }
            Self::NoFiniteStep => {
                "the objective is not finite at any step, and no other source was asked; add dual or reverse to --sources"
            }
            Self::NoReference => {
                "no reference was asked; add dual, reverse or central to --sources"
            }
        }
    }
}

/// Whether two estimates can be of one number: their distance is within the sum of their bounds.
///
/// Asked as "within?", so that NaN never passes. Below the smallest normal number precision is
/// absolute and some libraries flush to zero, which no relative bound covers: so far apart they may be.
#[must_use]
pub fn within(a: Estimate, b: Estimate) -> bool {
    (a.value - b.value).abs() <= a.error + b.error + f64::MIN_POSITIVE
}

/// Judge the gradient under test at one coordinate of a tensor whose largest derivative is `largest`;
/// `kink` is what is known when the point lies on one.
///
/// At a kink sources may follow different conventions, and all be right: there the one-sided slopes
/// alone decide. `Unresolved` is when even the tightest reference leaves room for an error as large as
/// everything in the tensor: agreement would then mean nothing.
#[must_use]
pub fn judge(
    subject: Estimate,
    references: &[Reference],
    kink: Option<&Kink>,
    largest: f64,
) -> Verdict {
    let smooth = references.iter().filter_map(|reference| match reference {
        Reference::Smooth(estimate) => Some(*estimate),
        Reference::Crossed | Reference::NotFinite => None,
    });
    if !subject.value.is_finite() || smooth.clone().any(|estimate| !estimate.value.is_finite()) {
        return Verdict::Invalid;
    }
    if let Some(kink) = kink {
        let inside = kink.holds(subject.value, subject.error);
        return Verdict::AtKink(if inside { Side::Inside } else { Side::Outside });
    }
    if !smooth.clone().all(|estimate| within(subject, estimate)) {
        return Verdict::Disagree;
    }
    let tightest = smooth
        .map(|estimate| subject.error + estimate.error)
        .reduce(f64::min);
    match tightest {
        None if references.contains(&Reference::Crossed) => {
            Verdict::Unresolved(Unresolved::StepCrossesKink)
        }
        None if references.contains(&Reference::NotFinite) => {
            Verdict::Unresolved(Unresolved::NoFiniteStep)
        }
        None => Verdict::Unresolved(Unresolved::NoReference),
        // Where all say exactly 0 for a whole tensor, there is nothing that a bound could hide.
        Some(bound) if largest > 0.0 && bound >= largest => {
            Verdict::Unresolved(Unresolved::BoundTooWide)
        }
        Some(_) => Verdict::Agree,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, error: f64) -> Estimate {
        Estimate { value, error }
    }

    fn smooth(value: f64, error: f64) -> Reference {
        Reference::Smooth(estimate(value, error))
    }

    fn kink(left: f64, right: f64) -> Kink {
        Kink {
            left: estimate(left, 0.0),
            right: estimate(right, 0.0),
            units: Vec::new(),
        }
    }

    #[test]
    fn one_reference_beyond_the_bounds_is_a_disagreement() {
        let subject = estimate(1.0, 0.1);
        let verdict = |references: &[Reference]| judge(subject, references, None, 1.0);
        assert_eq!(verdict(&[smooth(1.15, 0.1)]), Verdict::Agree);
        assert_eq!(
            verdict(&[smooth(1.15, 0.1), smooth(1.3, 0.1)]),
            Verdict::Disagree
        );
        assert_eq!(
            verdict(&[Reference::Crossed, smooth(1.3, 0.1)]),
            Verdict::Disagree
        );
    }

    #[test]
    fn a_step_across_a_kink_says_nothing() {
        let subject = estimate(1.0, 0.01);
        assert_eq!(
            judge(subject, &[Reference::Crossed], None, 1.0),
            Verdict::Unresolved(Unresolved::StepCrossesKink)
        );
        assert_eq!(
            judge(subject, &[Reference::Crossed, smooth(1.0, 0.01)], None, 1.0),
            Verdict::Agree,
            "the others can judge"
        );
    }

    #[test]
    fn at_a_kink_the_one_sided_slopes_decide() {
        // The references follow another convention than the gradient under test.
        let references = [smooth(0.0, 0.0), smooth(0.0, 0.0)];
        for (value, side) in [
            (0.0, Side::Inside),
            (0.5, Side::Inside),
            (1.0, Side::Inside),
            (1.1, Side::Outside),
            (-0.1, Side::Outside),
        ] {
            for kink in [kink(0.0, 1.0), kink(1.0, 0.0)] {
                let verdict = judge(estimate(value, 0.01), &references, Some(&kink), 1.0);
                assert_eq!(verdict, Verdict::AtKink(side), "{value} between 0 and 1");
            }
        }
        assert_eq!(
            judge(
                estimate(f64::NAN, 0.0),
                &references,
                Some(&kink(0.0, 1.0)),
                1.0
            ),
            Verdict::Invalid
        );
    }

    #[test]
    fn nothing_passes_on_nan_infinity_or_without_a_reference() {
        let subject = estimate(1.0, 0.01);
        let verdict = |subject, reference| judge(subject, &[reference], None, 1.0);
        assert_eq!(verdict(subject, smooth(f64::NAN, 0.1)), Verdict::Invalid);
        assert_eq!(
            verdict(estimate(f64::INFINITY, 0.1), smooth(1.0, 0.1)),
            Verdict::Invalid
        );
        assert_eq!(verdict(subject, smooth(2.0, f64::NAN)), Verdict::Disagree);
        assert_eq!(
            verdict(subject, Reference::NotFinite),
            Verdict::Unresolved(Unresolved::NoFiniteStep)
        );
        assert_eq!(
            judge(subject, &[], None, 1.0),
            Verdict::Unresolved(Unresolved::NoReference)
        );
    }

    #[test]
    fn numbers_that_underflow_agree_with_zero() {
        let verdict = |value| judge(estimate(value, 0.0), &[smooth(0.0, 0.0)], None, 1.0);
        assert_eq!(
            verdict(3e-311),
            Verdict::Agree,
            "a sigmoid at -715, where some libraries give 0"
        );
        assert_eq!(verdict(3e-300), Verdict::Disagree);
    }

    #[test]
    fn a_bound_as_large_as_the_tensor_says_nothing() {
        assert_eq!(
            judge(estimate(1e-9, 0.0), &[smooth(1.0, 2.0)], None, 0.5),
            Verdict::Unresolved(Unresolved::BoundTooWide)
        );
        assert_eq!(
            judge(estimate(0.0, 0.0), &[smooth(0.0, 0.0)], None, 0.0),
            Verdict::Agree,
            "a structural zero"
        );
    }
}
