//! What a check found, as plain data: every renderer and every exit code derives from it.

pub mod json;
pub mod sweep;
#[cfg(feature = "cli")]
pub mod text;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::judge::Metrics;
pub use crate::judge::Number;
use crate::source::Forward;
use crate::spec::case::{Precision, Selection, SourceName, Step};
use crate::spec::{DataSpec, PenaltySpec};

/// Version of the report's format.
pub const VERSION: u32 = 1;

/// The result of a check. It does not depend on time, threads or machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this format.
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
}

/// What was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// What was differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    /// The loss without regularisation.
    DataLoss,
    /// The regularisation alone.
    Penalty,
    /// Both.
    Total,
}

/// The judgement of one objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What was differentiated.
    pub name: PartName,
    /// The objective's value by each source, the gradient under test first.
    pub values: Vec<SourceValue>,
    /// Whether these values agree within rounding.
    pub values_agree: bool,
    /// One row for each parameter tensor.
    pub tensors: Vec<TensorRow>,
    /// The coordinates that speak against the gradient, worst first, ten at most.
    pub worst: Vec<CoordinateRow>,
}

/// The objective's value as a source computes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceValue {
    /// Who.
    pub source: SourceName,
    /// Whose forward pass it uses.
    pub forward: Forward,
    /// The value.
    pub value: Number,
}

/// How many coordinates got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All references agree within the bounds.
    pub agree: usize,
    /// At a kink, where an exact reference agrees.
    pub at_kink: usize,
    /// At a kink, with no exact reference to ask.
    pub at_kink_unconfirmed: usize,
    /// A reference disagrees.
    pub disagree: usize,
    /// The bounds are too wide to say anything.
    pub unresolved: usize,
    /// NaN or infinite.
    pub invalid: usize,
}

/// The judgement of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// The gradient under test against one reference, over one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
pub struct Gap {
    /// The coordinate's name.
    pub coordinate: String,
    /// |a − n|.
    pub gap: Number,
    /// The sum of the two error bounds.
    pub bound: Number,
}

/// One coordinate with what every source says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoordinateRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The derivative by each source, the gradient under test first.
    pub values: Vec<CoordinateValue>,
}

/// What one source says at one coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoordinateValue {
    /// Who.
    pub source: SourceName,
    /// The derivative.
    pub value: Number,
    /// The bound on its error.
    pub error: Number,
    /// Whether it differs from the gradient under test by more than both bounds.
    pub disagrees: bool,
}

/// What became of the fault that every check plants to prove that it can fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every coordinate agrees.
    Right,
    /// Some coordinate disagrees, or is not a number.
    Wrong,
    /// It could not be judged.
    Unjudged,
}

impl Counts {
    /// The sum over several rows.
    #[must_use]
    pub fn total<'a>(rows: impl IntoIterator<Item = &'a Self>) -> Self {
        rows.into_iter().fold(Self::default(), |sum, row| Self {
            agree: sum.agree + row.agree,
            at_kink: sum.at_kink + row.at_kink,
            at_kink_unconfirmed: sum.at_kink_unconfirmed + row.at_kink_unconfirmed,
            disagree: sum.disagree + row.disagree,
            unresolved: sum.unresolved + row.unresolved,
            invalid: sum.invalid + row.invalid,
        })
    }

    /// Coordinates that could not be judged.
    #[must_use]
    pub fn unjudged(&self) -> usize {
        self.unresolved + self.at_kink_unconfirmed
    }

    /// Coordinates that speak against the gradient.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.disagree + self.invalid
    }
}

impl Part {
    /// The verdicts over all tensors.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::total(self.tensors.iter().map(|row| &row.counts))
    }

    /// The references, in the order of every row's comparisons.
    #[must_use]
    pub fn references(&self) -> Vec<SourceName> {
        self.values
            .iter()
            .skip(1)
            .map(|value| value.source)
            .collect()
    }
}

impl PartName {
    /// As in a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::DataLoss => "data loss",
            Self::Penalty => "penalty",
            Self::Total => "data loss + penalty",
        }
    }
}
