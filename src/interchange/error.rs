//! What can be wrong with an op-case.

use thiserror::Error;

use crate::spec::plan::PlanError;

/// Why an op-case cannot be judged.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CaseError {
    /// It is no JSON, or other JSON than that of an op-case.
    #[error("{0}")]
    Json(String),
    /// There is no such operator.
    #[error(
        "there is no operator or loss '{op}' to judge it by{hint}; 'gradproof list' shows those that there are"
    )]
    Unsupported {
        /// The operator's name.
        op: String,
        /// A name that is near.
        hint: String,
    },
    /// An attribute is missing, unknown, or of another kind.
    #[error("attributes of {op}: {what}")]
    Attribute {
        /// The operator.
        op: String,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// An array has not as many numbers as its shape says.
    #[error(
        "{name} has {count} numbers, which do not fill the shape {shape:?}: write as many as its sizes multiply to"
    )]
    Count {
        /// The array.
        name: String,
        /// Numbers in it.
        count: usize,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An array has another shape than the operator gives it.
    #[error(
        "{name} has the shape {found:?}, and this operator on this input gives it {expected:?}: write it in that shape, or correct the attributes"
    )]
    Shape {
        /// The array.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// What it has to be.
        expected: Vec<usize>,
    },
    /// An array is missing.
    #[error("there is no {what} '{name}'; there has to be one for each of {}", expected.join(", "))]
    Missing {
        /// "input" or "gradient".
        what: &'static str,
        /// Its name.
        name: String,
        /// Every name that there has to be.
        expected: Vec<String>,
    },
    /// An array belongs to nothing.
    #[error("there is a {what} '{name}', which is of nothing{hint}; known are {}", expected.join(", "))]
    Surplus {
        /// "input" or "gradient".
        what: &'static str,
        /// Its name.
        name: String,
        /// A name that is near.
        hint: String,
        /// Every name that there may be.
        expected: Vec<String>,
    },
    /// An input is no finite number.
    #[error(
        "{name} is {value}: a point at which gradients are taken has finite numbers, so replace it"
    )]
    NotFinite {
        /// The entry.
        name: String,
        /// What it is.
        value: f64,
    },
    /// Output, cotangent or gradients are not there.
    #[error("there is no '{0}': every case needs one")]
    Lacks(&'static str),
    /// Sizes do not fit.
    #[error(transparent)]
    Plan(#[from] PlanError),
}
