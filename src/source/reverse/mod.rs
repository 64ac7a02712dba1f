//! Reverse mode by dfdx, through a forward pass of its own.
//!
//! The network is rebuilt from dfdx's `gather` and `matmul`. Of our forward it shares nothing but the
//! numbers of each layer's geometry (kernel, stride, padding, dilation, groups, and the shapes of a
//! plan): which input meets which tap is worked out again, in [`window`]. So it can say that a
//! convolution is wrong when every other source, differentiating the same wrong forward, agrees.
//!
//! Activations are kept with the batch last, (C·H·W, N): then one `gather` of rows cuts all windows
//! out of all samples, and neither a convolution nor a linear layer has to move its result.
//!
//! What dfdx 0.13 gets wrong is not used: `max` at ties, `slice`, `accurate_gelu`, and `log_softmax` on a tensor that
//! is not contiguous. `tests/dfdx_primitives.rs` holds known answers of everything that is used.

mod activation;
mod adaptive;
mod graph;
mod layers;
mod normalization;
mod objective;
mod resize;
mod transposed;
mod window;

use dfdx::prelude::{
    Backward, Cpu, Gradients, HasShape, OwnedTape, PermuteTo, ReshapeTo, Tensor, TensorFromVec,
    Trace,
};

use crate::network::{LeafName, Problem};
use crate::tensor::values;

use super::{
    Estimate, Forward, Gradient, GradientSource, Question, SAFETY_OTHER_ORDER, SourceError,
};

/// Reverse mode on dfdx's tape, through a forward of its own.
#[derive(Clone, Copy, Debug)]
pub struct Reverse;

/// A tensor that records on a tape what is done with it.
type Taped<Shape> = Tensor<Shape, f64, Cpu, OwnedTape<f64, Cpu>>;

/// An activation: features (C·H·W of an image) by samples, contiguous.
type Activation = Taped<(usize, usize)>;

/// A leaf's values in row-major order; layers give them the shape that they need.
type Leaf = Tensor<(usize,), f64, Cpu>;

/// The leaves of one pass.
struct Leaves {
    device: Cpu,
    input: Leaf,
    parameters: Vec<Leaf>,
}

impl GradientSource for Reverse {
    fn name(&self) -> &'static str {
        "reverse"
    }

    fn forward(&self) -> Forward {
        Forward::Independent
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let problem = question.problem;
        let leaves = Leaves::of(problem);
        let objective = objective::forward(problem, &leaves);
        let value = objective.as_vec()[0];
        let mut gradients = objective.backward();

        let mut all: Vec<Option<Vec<f64>>> = vec![None; 1 + leaves.parameters.len()];
        let mut estimates = Vec::with_capacity(question.coordinates.len());
        for of_leaf in question.coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
            let name = of_leaf[0].leaf;
            let (slot, leaf) = match name {
                LeafName::Input => (0, &leaves.input),
                LeafName::Parameter(number) => (1 + number, &leaves.parameters[number]),
            };
            let gradient = all[slot].get_or_insert_with(|| leaf_gradient(&mut gradients, leaf));
            let spreads = values(question.rounding.leaf(name));
            estimates.extend(of_leaf.iter().map(|coordinate| Estimate {
                value: gradient[coordinate.index],
                error: SAFETY_OTHER_ORDER * spreads[coordinate.index],
            }));
        }
        (question.progress)(question.coordinates.len());
        Ok(Gradient {
            value,
            estimates,
            kinks: Vec::new(),
            steps: Vec::new(),
        })
    }
}

impl Leaves {
    fn of(problem: &Problem) -> Self {
        let device = Cpu::default();
        let leaf = |leaf: LeafName| {
            let values = values(problem.leaf(leaf)).to_vec();
            let shape = (values.len(),);
            device.tensor_from_vec(values, shape)
        };
        Self {
            input: leaf(LeafName::Input),
            parameters: (0..problem.parameters.tensors.len())
                .map(|number| leaf(LeafName::Parameter(number)))
                .collect(),
            device,
        }
    }

    /// The network's input as the first activation: (N, C·H·W) turned to (C·H·W, N).
    fn first_activation(&self, batch: usize) -> Activation {
        let features = self.input.shape().0 / batch;
        let by_sample: Activation = self.input.leaky_trace().reshape_like(&(batch, features));
        let by_feature: Activation = by_sample.permute();
        by_feature.contiguous()
    }
}

/// The gradient of `leaf` in row-major order; zeros when the objective does not depend on it.
fn leaf_gradient(gradients: &mut Gradients<f64, Cpu>, leaf: &Leaf) -> Vec<f64> {
    gradients
        .get_or_alloc_mut(leaf)
        .expect("memory for one more gradient");
    gradients.get(leaf).as_vec()
}
