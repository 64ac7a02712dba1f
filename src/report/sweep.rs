//! What a sweep over steps found at one coordinate, as plain data.

#[cfg(feature = "cli")]
mod plot;
mod sentence;
#[cfg(feature = "cli")]
pub mod text;

use serde::{Deserialize, Serialize};

use crate::judge::law::{Fit, Law};
use crate::spec::case::{Precision, SourceName};
use crate::spec::{DataSpec, PenaltySpec};

use super::{Number, Outcome};

/// Version of this format.
pub const VERSION: u32 = 1;

/// What stands for a unit's name at the kink of an L1 penalty.
pub const PENALTY: &str = "penalty";

/// The result of a sweep. It does not depend on time, threads or machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SweepReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// Where the problem comes from; `None` for one that was not made from a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<SweepSetup>,
    /// The coordinate's name.
    pub coordinate: String,
    /// The coordinate's value.
    pub at: Number,
    /// Every source, the gradient under test first.
    pub sources: Vec<SourceFit>,
    /// The steps, largest first.
    pub rungs: Vec<SweepRung>,
    /// The nearest kink.
    pub kink: Option<NearestKink>,
    /// The answer.
    pub outcome: Outcome,
    /// The answer in sentences.
    pub sentence: String,
}

/// The case that a coordinate was taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SweepSetup {
    /// The network's name.
    pub network: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Arithmetic of the gradient under test.
    pub precision: Precision,
    /// Samples in the batch.
    pub samples: usize,
    /// What the samples are.
    pub data: DataSpec,
    /// Steps of gradient descent before the sweep.
    pub train_steps: usize,
    /// Regularisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<PenaltySpec>,
}

/// A source's derivative, and the law that its gap to central differences follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceFit {
    /// Who.
    pub source: SourceName,
    /// The derivative.
    pub value: Number,
    /// The bound on its error.
    pub error: Number,
    /// The laws.
    pub fit: Fit,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SweepRung {
    /// h.
    pub step: f64,
    /// The central difference D(h).
    pub central: Number,
    /// The bound on its rounding error.
    pub rounding: Number,
    /// The slope towards larger values.
    pub forward: Number,
    /// The slope towards smaller values.
    pub backward: Number,
    /// |a − D(h)| for the derivative a of each source, in the sources' order.
    pub gaps: Vec<Number>,
    /// Units that take another branch at w + h.
    pub above: Switched,
    /// Units that take another branch at w − h.
    pub below: Switched,
}

/// Units that take another branch than at the unperturbed point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Switched {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Vec<String>,
}

/// The kink nearest to the coordinate's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NearestKink {
    /// How far it is from the coordinate's value: above it when positive, below it when negative, 0
    /// when it is there.
    pub distance: f64,
    /// The unit that switches there.
    pub unit: String,
}

impl SweepReport {
    /// Judge the sources' fits: the outcome, and the sentences that give it.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.outcome = outcome(&self.sources);
        self.sentence = sentence::of(&self);
        self
    }
}

impl NearestKink {
    /// Where it lies, in words.
    fn place(&self) -> String {
        match self.distance {
            0.0 => "at the weight's own value".to_owned(),
            above if above > 0.0 => format!("{above:.2e} above the weight's value"),
            below => format!("{:.2e} below the weight's value", -below),
        }
    }
}

impl SweepRung {
    /// How many units take another branch, at both ends together.
    #[must_use]
    pub fn switched(&self) -> usize {
        self.above.count + self.below.count
    }
}

impl SourceFit {
    /// Whether this derivative is wrong: no number, or a gap that no step explains.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        !self.value.0.is_finite() || matches!(self.fit.law, Law::Bug { .. })
    }
}

/// Wrong when any source is; right when every gap is explained.
fn outcome(sources: &[SourceFit]) -> Outcome {
    if sources.iter().any(SourceFit::is_wrong) {
        Outcome::Wrong
    } else if sources.is_empty() || sources.iter().any(|source| source.fit.law == Law::Unclear) {
        Outcome::Unjudged
    } else {
        Outcome::Right
    }
}
