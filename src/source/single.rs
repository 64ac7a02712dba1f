//! A hand-written backward in single precision.

use crate::network::objective::Evaluation;
use crate::network::{Leaves, Pattern, Problem};
use crate::scalar::{DoubleDouble, Format, Scalar};
use crate::tensor::{Tensor, primal};

use super::{Backprop, Forward, Gradient, GradientSource, Question, SourceError};

/// A hand-written backward that runs in any arithmetic, and so on dual numbers too.
pub trait Backward: Sync {
    /// The objective's value and gradients where the leaves are these; branches are those of `replay`, or
    /// of the values. `watch` is shown the gradient with respect to every layer's output, the last
    /// layer's first.
    fn backpropagate_at<S: Scalar>(
        &self,
        problem: &Problem,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S>;

    /// The same at the problem's own point.
    fn backpropagate<S: Scalar>(
        &self,
        problem: &Problem,
        replay: Option<&Pattern>,
    ) -> Evaluation<S> {
        self.backpropagate_at(problem, problem.leaf_values(), replay, |_| ())
    }

    /// The gradient with respect to every layer's output, in the layers' order.
    fn output_gradients<S: Scalar>(
        &self,
        problem: &Problem,
        replay: Option<&Pattern>,
    ) -> Vec<Tensor<S>> {
        let mut outputs = Vec::new();
        let watch = |dy: &Tensor<S>| outputs.push(dy.clone());
        self.backpropagate_at(problem, problem.leaf_values(), replay, watch);
        outputs.reverse();
        outputs
    }
}

impl Backward for Backprop {
    fn backpropagate_at<S: Scalar>(
        &self,
        problem: &Problem,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S> {
        problem.backpropagate_at(leaves, replay, watch)
    }
}

/// A backward that runs in `f32` from the first operation to the last, forward pass included, on the
/// branches that `f32` takes.
#[derive(Clone, Copy, Debug)]
pub struct Single<B>(pub B);

impl<B: Backward> GradientSource for Single<B> {
    fn name(&self) -> &'static str {
        "backprop"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn format(&self) -> Format {
        Format::F32
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let evaluation: Evaluation<f32> = self.0.backpropagate(question.problem, None);
        Ok(Gradient::of_backward(&evaluation, &question))
    }

    /// On the branches that `f32` takes, as the gradient is.
    fn output_gradients(&self, problem: &Problem, _: &Pattern) -> Option<Vec<Tensor<f64>>> {
        let outputs: Vec<Tensor<f32>> = self.0.output_gradients(problem, None);
        Some(outputs.iter().map(primal).collect())
    }

    fn extended(&self, problem: &Problem, pattern: &Pattern) -> Option<Evaluation<DoubleDouble>> {
        Some(self.0.backpropagate(problem, Some(pattern)))
    }
}
