//! What a check found, as plain data: every renderer and every exit code derives from it.

pub mod account;
pub mod cases;
pub mod claim;
#[cfg(feature = "files")]
pub mod csv;
pub mod detail;
pub mod diff;
pub mod failure;
mod finding;
pub mod fuzz;
pub mod github;
#[cfg(feature = "pages")]
pub mod html;
pub mod json;
#[cfg(feature = "files")]
pub mod junit;
pub mod markdown;
mod numbers;
mod part;
#[cfg(feature = "files")]
pub mod plot;
pub mod power;
mod projection;
pub mod replay;
pub mod saved;
pub mod schema;
mod second;
mod single;
pub mod sweep;
mod tensor;
#[cfg(feature = "cli")]
pub mod text;
mod timing;
pub mod verify;
mod version;

use serde::{Deserialize, Serialize};

pub use crate::judge::{Number, words};
use crate::spec::case::{Precision, Selection, Step};
use crate::spec::files::Files;
use crate::spec::{DataSpec, PenaltySpec};

pub use finding::{
    CoordinateRow, CoordinateValue, CrossedRow, DiagnosisRow, ExtendedRow, KinkRow, LawRow, Reason,
    Switch, UnresolvedRow,
};
pub use part::{OutputEntry, OutputRow, Part, PartName, PassesRow, SourceValue};
pub use projection::{IndependentRow, Projected, ProjectionPart, ProjectionRow};
pub use replay::{ReplayReport, ReplayRow};
pub use second::{
    Cause, ProductClosest, ProductComparison, ProductRow, ProductSource, ProductValue, SecondPart,
    SecondRow, Symmetry,
};
pub use single::{DigitsRow, SinglePart, TurnedRow};
pub use tensor::{Closest, Comparison, Counts, Gap, Hidden, Spread, StepCounts, TensorRow};
pub use timing::{SourceTime, Timing};

/// Version of the report's format.
pub const VERSION: u32 = 2;

/// The result of a check. But for its timing it does not depend on time, threads or machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Version of this format.
    #[serde(deserialize_with = "version::up_to::<_, VERSION>")]
    pub version: u32,
    /// What was checked.
    pub setup: Setup,
    /// The judgements: of the data loss; with a penalty, of the penalty and of both together too.
    pub parts: Vec<Part>,
    /// The planted fault.
    pub control: Control,
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
    /// The token that repeats this check.
    pub replay: String,
    /// How long it took; `None` where nobody wants to know, and so in all that is compared byte by byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// What was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setup {
    /// The network's name.
    pub network: String,
    /// Number of its parameters.
    pub parameters: usize,
    /// Parameters that were checked.
    pub checked: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Arithmetic of the gradient under test.
    pub precision: Precision,
    /// Samples in the batch.
    pub samples: usize,
    /// What the samples are.
    pub data: DataSpec,
    /// Steps of gradient descent before the check.
    pub train_steps: usize,
    /// Regularisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<PenaltySpec>,
    /// How far central differences step.
    pub step: Step,
    /// Which parameters were to be checked.
    pub coordinates: Selection,
    /// The files that parameters and the gradient under test come from.
    #[serde(default, skip_serializing_if = "Files::is_empty")]
    pub files: Files,
}

/// What became of the fault that every check plants to prove that it can fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// It was seen, at its coordinate and nowhere else.
    Caught {
        /// Where it was planted.
        coordinate: String,
        /// By what the derivative was multiplied.
        factor: f64,
    },
    /// It was not seen: the check proves nothing.
    Missed {
        /// Where it was planted.
        coordinate: String,
        /// By what the derivative was multiplied.
        factor: f64,
    },
    /// No coordinate agreed and was large enough against its bound to plant a fault there.
    Impossible,
}

/// The answer to "is my gradient right?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every coordinate agrees.
    Right,
    /// Some coordinate disagrees, or is not a number.
    Wrong,
    /// It could not be judged.
    Unjudged,
}

impl Control {
    /// Whether the check can fail, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Caught { coordinate, factor } => format!(
                "Can this check fail? {coordinate} was made {:.0} % too large on purpose: caught.",
                (factor - 1.0) * 100.0
            ),
            Self::Missed { coordinate, factor } => format!(
                "Can this check fail? {coordinate} was made {:.0} % too large on purpose: NOT caught.",
                (factor - 1.0) * 100.0
            ),
            Self::Impossible => {
                "Can this check fail? No weight was fit to plant a fault at.".to_owned()
            }
        }
    }
}
