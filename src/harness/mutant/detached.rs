//! A backward whose values are right and whose derivative is not: a factor is kept as a plain number,
//! detached from what it was computed from. Nothing of the first order can see it.

use crate::layer::Saved;
use crate::network::objective::Evaluation;
use crate::network::{LeafName, Leaves, Parameters, Pattern, Problem};
use crate::scalar::Scalar;
use crate::source::{
    Backprop, Backward, Forward, Gradient, GradientSource, Question, SecondOrder, SourceError,
};
use crate::tensor::Tensor;

/// What is detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The input or the output that the layer keeps for its backward pass; the loss keeps the network's
    /// output.
    Activation,
    /// The layer's parameters.
    Parameters,
}

/// Hand-written backpropagation with a detached factor in one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detached {
    /// What is detached.
    pub kept: Kept,
    /// The number of the layer; the loss stands behind the last.
    pub at: usize,
}

fn detached<S: Scalar>(tensor: &Tensor<S>) -> Tensor<S> {
    tensor.mapv(|x| S::constant(x.primal()))
}

fn detached_saved<S: Scalar>(saved: Saved<S>) -> Saved<S> {
    match saved {
        Saved::Input(x) => Saved::Input(detached(&x)),
        Saved::Output(y) => Saved::Output(detached(&y)),
        Saved::Pieces { choices, x } => Saved::Pieces {
            choices,
            x: detached(&x),
        },
        other => other,
    }
}

impl Backward for Detached {
    fn backpropagate_at<S: Scalar>(
        &self,
        problem: &Problem,
        leaves: Leaves<S>,
        replay: Option<&Pattern>,
        watch: impl FnMut(&Tensor<S>),
    ) -> Evaluation<S> {
        let Some(loss) = &problem.objective.loss else {
            return problem.backpropagate_at(leaves, replay, watch);
        };
        let Leaves { input, parameters } = leaves;
        let network = &problem.network;
        let mut trace = network.forward(&parameters, input.clone(), replay);
        let mut own: Parameters<S> = parameters.clone();
        match (self.kept, network.layers().get(self.at)) {
            (Kept::Activation, None) => trace.output = detached(&trace.output),
            (Kept::Activation, Some(_)) => {
                let saved = trace.saved[self.at].clone();
                trace.saved[self.at] = detached_saved(saved);
            }
            (Kept::Parameters, Some(layer)) => {
                for w in &mut own.tensors[layer.parameter_range()] {
                    *w = detached(w);
                }
            }
            (Kept::Parameters, None) => (),
        }
        let scale = S::constant(problem.objective.scale);
        let branches = Pattern::branches_of_loss(replay);
        let dy = loss.backward(&trace.output, scale, branches);
        let mut gradients = network.backward_watched(&own, trace.saved, dy, watch);
        for (number, gradient) in gradients.parameters.iter_mut().enumerate() {
            if let Some(penalty) = problem.penalty_on(LeafName::Parameter(number)) {
                for (gradient, w) in gradient.iter_mut().zip(&parameters.tensors[number]) {
                    *gradient += penalty.slope(*w);
                }
            }
        }
        Evaluation {
            value: problem.value_at(Leaves { input, parameters }, replay),
            input: gradients.input,
            parameters: gradients.parameters,
        }
    }
}

/// In the first order it is [`Backprop`].
impl GradientSource for Detached {
    fn name(&self) -> &'static str {
        "backprop"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        Backprop.gradient(question)
    }

    fn second_order(&self) -> Option<&dyn SecondOrder> {
        Some(self)
    }
}
