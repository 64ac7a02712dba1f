//! The naive backward as a source that takes backpropagation's place.

use crate::network::objective::Evaluation;
use crate::network::{Leaves, Pattern, Problem};
use crate::scalar::{DoubleDouble, Scalar};
use crate::source::{
    Backward, Forward, Gradient, GradientSource, Question, SecondOrder, SourceError,
};
use crate::tensor::Tensor;

use super::backward::backward;
use super::catalogue::{Fault, Mutant};

/// A naive hand-written backward, with a fault if there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mutated {
    /// The fault; `None` for a right answer.
    pub mutant: Option<Mutant>,
    /// The one layer that has it; `None` for every layer of its kind. A fault in the loss is there
    /// whatever this says.
    pub at: Option<usize>,
}

impl Mutated {
    /// The objective's value and its gradients in the arithmetic of `S`; branches are those of
    /// `pattern`, or of the values when there is none.
    #[must_use]
    pub fn backpropagate<S: Scalar>(
        self,
        problem: &Problem,
        pattern: Option<&Pattern>,
    ) -> Evaluation<S> {
        Backward::backpropagate(&self, problem, pattern)
    }

    pub(super) fn fault_in_loss(self) -> Option<Fault> {
        self.mutant.map(|mutant| mutant.fault)
    }

    pub(super) fn fault_in_layer(self, number: usize) -> Option<Fault> {
        let here = self.at.is_none_or(|at| at == number);
        self.fault_in_loss().filter(|_| here)
    }
}

/// In `f32` it is `Single(mutated)`.
impl Backward for Mutated {
    fn backpropagate_at<S: Scalar>(
        &self,
        problem: &Problem,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S> {
        let value = problem.value_at(leaves.clone(), replay);
        let backward = backward(problem, *self, leaves, replay);
        backward.outputs.iter().rev().for_each(watch);
        Evaluation {
            value,
            input: backward.input,
            parameters: backward.parameters,
        }
    }
}

/// Under the name and with the error bounds of the right one: a check must not know it by anything
/// but its numbers.
impl GradientSource for Mutated {
    fn name(&self) -> &'static str {
        "backprop"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let evaluation = self.backpropagate::<f64>(question.problem, None);
        Ok(Gradient::of_backward(&evaluation, &question))
    }

    fn output_gradients(&self, problem: &Problem, pattern: &Pattern) -> Option<Vec<Tensor<f64>>> {
        Some(Backward::output_gradients(self, problem, Some(pattern)))
    }

    fn second_order(&self) -> Option<&dyn SecondOrder> {
        Some(self)
    }

    fn extended(&self, problem: &Problem, pattern: &Pattern) -> Option<Evaluation<DoubleDouble>> {
        Some(self.backpropagate(problem, Some(pattern)))
    }
}
