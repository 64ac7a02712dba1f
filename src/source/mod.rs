//! The ways to one gradient.
//!
//! | source | derivative by | forward |
//! |---|---|---|
//! | [`Backprop`] | hand-written backward | ours |
//! | [`Dual`] | num-dual's dual numbers | ours |
//! | [`Reverse`] | dfdx's tape | rebuilt from gather and matmul: independent of ours |
//! | [`Central`] | central differences | ours |

mod backprop;
mod behind;
mod central;
mod change;
mod clearance;
mod crossing;
mod dual;
mod extended;
mod faulty;
mod function;
mod given;
mod jacobian;
mod line;
mod point;
pub mod projection;
mod reverse;
mod rounding;
pub mod second;
mod single;
pub mod sweep;
mod turned;
mod undecided;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::network::objective::Evaluation;
use crate::network::{Coordinate, Pattern, Problem};
use crate::scalar::{DoubleDouble, Format, Scalar};
use crate::tensor::{Tensor, values};

use projection::Whole;

pub use backprop::Backprop;
pub use central::{Central, Ground, Kink, Passes, Stepped};
pub use change::whole_layers;
pub use clearance::{Clearance, Room};
pub(crate) use clearance::{beyond_ties, tie};
pub use crossing::{Crossing, Crossings, crossings, slopes_of_branches};
pub use dual::{Dual, on_branches};
pub use extended::{
    Extended, ExtendedSlope, MOST_EXTENDED_DIGITS, ROUNDOFF_RATIO, extended, extended_digits,
};
pub use faulty::FaultySource;
pub use function::{
    Detection, Finding, Formula, FormulaGradient, InputError, LadderOptions, MOST_EVALUATIONS,
    MOST_KINK_EVALUATIONS, Reason, Side, derivative, detect_kink, extrapolate, formula_gradient,
    gradient,
};
pub use given::{Given, GivenError};
pub use jacobian::{adjoint_spread, jacobian_columns, jacobian_vector, under_cotangent};
pub use point::Point;
pub use reverse::Reverse;
pub use rounding::{Rounding, SAFETY, SAFETY_OTHER_ORDER, output_spread};
pub use second::SecondOrder;
pub use single::{Backward, Single};
pub use sweep::{Sweep, sweep};
pub use turned::{Turned, turnable, turned};

/// A derivative with its error bound: the one never travels without the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The derivative.
    #[serde(with = "crate::interchange::number")]
    pub value: f64,
    /// A bound on |value − true value|; infinite when nothing is known.
    #[serde(with = "crate::interchange::number")]
    pub error: f64,
}

/// What a source answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gradient {
    /// The objective's value.
    #[serde(with = "crate::interchange::number")]
    pub value: f64,
    /// One derivative for each coordinate asked for, in that order.
    pub estimates: Vec<Estimate>,
    /// Positions, ascending, of the coordinates at which the source cannot say anything, since its
    /// steps cross a kink or leave the finite numbers, or nobody told it.
    pub kinks: Vec<usize>,
    /// What a source that takes steps met at each coordinate; empty for one that takes none.
    pub steps: Vec<Stepped>,
}

impl Gradient {
    /// What a backward pass found that rounds as ours does, with the bounds that are measured for
    /// `question`, in its format.
    #[must_use]
    pub fn of_backward<S: Scalar>(evaluation: &Evaluation<S>, question: &Question<'_>) -> Self {
        let estimate = |coordinate: &Coordinate| Estimate {
            value: values(evaluation.leaf(coordinate.leaf))[coordinate.index].primal(),
            error: SAFETY * question.rounding.derivative(*coordinate),
        };
        let estimates = question.coordinates.iter().map(estimate).collect();
        (question.progress)(question.coordinates.len());
        Self {
            value: evaluation.value.primal(),
            estimates,
            kinks: Vec::new(),
            steps: Vec::new(),
        }
    }
}

/// What is asked of a source.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Where the gradient is wanted.
    pub problem: &'a Problem,
    /// With respect to what.
    pub coordinates: &'a [Coordinate],
    /// The branches taken at this point.
    pub pattern: &'a Pattern,
    /// How far rounding moves the objective and its gradient.
    pub rounding: &'a Rounding,
    /// Called with the number of coordinates finished since the last call.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// One way to compute a gradient.
pub trait GradientSource: Sync {
    /// The name that reports use.
    fn name(&self) -> &str;

    /// Whether the forward pass is one that the hand-written backward does not share.
    fn forward(&self) -> Forward;

    /// The arithmetic that it computes in: pattern and rounding of a question are of that.
    fn format(&self) -> Format {
        Format::F64
    }

    /// Whether it knows the objective's value; one that does not answers NaN.
    fn knows_value(&self) -> bool {
        true
    }

    /// Compute the derivative with respect to every coordinate asked for.
    ///
    /// # Errors
    /// [`SourceError`], when a step cannot be taken.
    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError>;

    /// The whole gradient at `problem`, without bounds; `None` when it has to be asked for coordinate by
    /// coordinate.
    fn whole(&self, problem: &Problem) -> Option<Whole<'_>> {
        let _ = problem;
        None
    }

    /// The gradient with respect to every layer's output, in the layers' order, on the branches of
    /// `pattern`; `None` when the source does not pass them on the way.
    fn output_gradients(&self, problem: &Problem, pattern: &Pattern) -> Option<Vec<Tensor<f64>>> {
        let _ = (problem, pattern);
        None
    }

    /// The same formula, to be differentiated once more; `None` when the source knows `f64` only.
    fn second_order(&self) -> Option<&dyn SecondOrder> {
        None
    }

    /// The same formula in double-double, on the branches of `pattern`; `None` when the source knows
    /// `f64` only.
    fn extended(&self, problem: &Problem, pattern: &Pattern) -> Option<Evaluation<DoubleDouble>> {
        let _ = (problem, pattern);
        None
    }
}

/// Whose forward pass a source differentiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Forward {
    /// The one in [`crate::layer`].
    Shared,
    /// One of its own.
    Independent,
}

/// Why a source has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SourceError {
    /// The step leads to where nothing can be computed.
    #[error(
        "step {step:e} is larger than {coordinate} = {value} allows: {what} there; take a smaller step, or 'auto'"
    )]
    StepTooLarge {
        /// The step.
        step: f64,
        /// The coordinate's name.
        coordinate: String,
        /// The coordinate's value.
        value: f64,
        /// What happens there.
        what: &'static str,
    },
    /// The step does not change the number.
    #[error("step {step:e} does not change {coordinate} = {value}: take a larger step, or 'auto'")]
    StepTooSmall {
        /// The step.
        step: f64,
        /// The coordinate's name.
        coordinate: String,
        /// The coordinate's value.
        value: f64,
    },
}
