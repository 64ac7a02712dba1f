//! Our hand-written backward: the gradient under test.

use std::borrow::Cow;

use crate::network::objective::Evaluation;
use crate::network::{Pattern, Problem, Roundings};
use crate::scalar::DoubleDouble;
use crate::tensor::Tensor;

use super::projection::Whole;
use super::{Forward, Gradient, GradientSource, Question, SecondOrder, SourceError};

/// Hand-written backpropagation; every layer's is beside its forward in [`crate::layer`].
#[derive(Clone, Copy, Debug)]
pub struct Backprop;

impl GradientSource for Backprop {
    fn name(&self) -> &'static str {
        "backprop"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let evaluation = question.problem.backpropagate::<f64>(None);
        Ok(Gradient::of_backward(&evaluation, &question))
    }

    fn whole(&self, problem: &Problem) -> Option<Whole<'_>> {
        let mut streamed = problem.streamed::<f64>(None, Roundings::Ours);
        let value = Some(streamed.value());
        let mut parameters = vec![None; problem.parameters.tensors.len()];
        while let Some(gradients) = streamed.step() {
            for (number, gradient) in gradients {
                parameters[number] = Some(Cow::Owned(gradient));
            }
        }
        let parameters = parameters.into_iter().collect::<Option<_>>()?;
        Some(Whole { value, parameters })
    }

    fn output_gradients(&self, problem: &Problem, pattern: &Pattern) -> Option<Vec<Tensor<f64>>> {
        Some(problem.output_gradients(Some(pattern)))
    }

    fn second_order(&self) -> Option<&dyn SecondOrder> {
        Some(self)
    }

    fn extended(&self, problem: &Problem, pattern: &Pattern) -> Option<Evaluation<DoubleDouble>> {
        Some(problem.backpropagate(Some(pattern)))
    }
}
