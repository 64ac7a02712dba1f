//! The layers: one a file, forward above hand-written backward.
//!
//! A layer is a plain struct of sizes. Its parameters come from outside, so that one layer serves
//! every [`Scalar`], and what backward needs of a forward pass is handed over as [`Saved`].

pub mod adaptive_avg_pool2d;
pub mod avg_pool2d;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod flatten;
pub mod linear;
pub mod max_pool2d;
pub mod relu;
pub mod sigmoid;
pub mod tanh;
mod tap;

use std::ops::Range;

use crate::scalar::Scalar;
use crate::spec::OpSpec;
use crate::tensor::Tensor;

pub use avg_pool2d::AvgPool2d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use max_pool2d::MaxPool2d;

/// A layer's operator with its sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Two-dimensional cross-correlation with optional bias.
    Conv2d(Conv2d),
    /// Two-dimensional transposed convolution with optional bias.
    ConvTranspose2d(ConvTranspose2d),
    /// x·Wᵀ + b.
    Linear,
    /// max(x, 0).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// 1/(1 + e^−x).
    Sigmoid,
    /// Maximum over windows.
    MaxPool2d(MaxPool2d),
    /// Mean over windows.
    AvgPool2d(AvgPool2d),
    /// Mean over windows that share the input among a given number of outputs.
    AdaptiveAvgPool2d,
    /// All axes but the batch become one.
    Flatten,
}

/// Which branch every unit of a layer took: for ReLU 1 when the unit passes its input on and 0 when
/// it does not; for max-pooling the position of the maximum in its image plane.
pub type Choices = Vec<u32>;

/// Where a layer's branches come from.
#[derive(Clone, Copy, Debug)]
pub enum Branches<'a> {
    /// From the values.
    Follow,
    /// From another forward pass, whatever the values are.
    Replay(&'a [u32]),
}

/// What a layer keeps of its forward pass for the backward pass.
#[derive(Clone, Debug)]
pub enum Saved<S> {
    /// The input.
    Input(Tensor<S>),
    /// The output.
    Output(Tensor<S>),
    /// The branch of each unit, and the shape of the input.
    Choices {
        /// One entry for each output.
        choices: Choices,
        /// Shape of the input.
        input: Vec<usize>,
    },
    /// The shape of the input.
    Shape(Vec<usize>),
}

impl<S> Saved<S> {
    /// The branch that each unit took; `None` for a layer without branches.
    #[must_use]
    pub fn choices(&self) -> Option<&[u32]> {
        match self {
            Self::Choices { choices, .. } => Some(choices),
            _ => None,
        }
    }
}

/// The gradients that a layer's backward pass returns.
#[derive(Clone, Debug)]
pub struct LayerGradients<S> {
    /// With respect to the input, in its shape.
    pub input: Tensor<S>,
    /// With respect to each parameter, in the parameters' order and shapes.
    pub parameters: Vec<Tensor<S>>,
}

impl Layer {
    /// The layer that `op` describes.
    #[must_use]
    pub fn from_op(op: &OpSpec) -> Self {
        match op {
            OpSpec::Conv2d(conv) => Self::Conv2d(Conv2d {
                window: conv.window(),
                groups: conv.groups,
            }),
            OpSpec::ConvTranspose2d(conv) => Self::ConvTranspose2d(ConvTranspose2d {
                window: conv.window(),
                output_padding: conv.output_padding,
                groups: conv.groups,
            }),
            OpSpec::Linear(_) => Self::Linear,
            OpSpec::Relu {} => Self::Relu,
            OpSpec::Tanh {} => Self::Tanh,
            OpSpec::Sigmoid {} => Self::Sigmoid,
            OpSpec::MaxPool2d(pool) => Self::MaxPool2d(MaxPool2d {
                window: pool.window(),
            }),
            OpSpec::AvgPool2d(pool) => Self::AvgPool2d(AvgPool2d {
                window: pool.window(),
                count_include_pad: pool.count_include_pad,
            }),
            OpSpec::AdaptiveAvgPool2d(_) => Self::AdaptiveAvgPool2d,
            OpSpec::Flatten {} => Self::Flatten,
        }
    }

    /// Compute the output, of shape `output`, and keep what backward needs.
    pub fn forward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: Tensor<S>,
        output: &[usize],
        branches: Branches<'_>,
    ) -> (Tensor<S>, Saved<S>) {
        match self {
            Self::Conv2d(conv) => (conv.forward(parameters, &x, output), Saved::Input(x)),
            Self::ConvTranspose2d(conv) => (conv.forward(parameters, &x, output), Saved::Input(x)),
            Self::Linear => (linear::forward(parameters, &x, output), Saved::Input(x)),
            Self::Relu => relu::forward(x, branches),
            Self::Tanh => tanh::forward(x),
            Self::Sigmoid => sigmoid::forward(x),
            Self::MaxPool2d(pool) => pool.forward(&x, output, branches),
            Self::AvgPool2d(pool) => pool.forward(&x, output),
            Self::AdaptiveAvgPool2d => adaptive_avg_pool2d::forward(&x, output),
            Self::Flatten => flatten::forward(x, output),
        }
    }

    /// Compute the gradients from the output's gradient `dy` and what forward kept.
    ///
    /// # Panics
    /// When `saved` is another layer's.
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        saved: Saved<S>,
        dy: Tensor<S>,
    ) -> LayerGradients<S> {
        match (self, saved) {
            (Self::Conv2d(conv), Saved::Input(x)) => conv.backward(parameters, &x, &dy),
            (Self::ConvTranspose2d(conv), Saved::Input(x)) => conv.backward(parameters, &x, &dy),
            (Self::Linear, Saved::Input(x)) => linear::backward(parameters, &x, &dy),
            (Self::Relu, Saved::Choices { choices, .. }) => {
                without_parameters(relu::backward(&choices, dy))
            }
            (Self::Tanh, Saved::Output(y)) => without_parameters(tanh::backward(&y, dy)),
            (Self::Sigmoid, Saved::Output(y)) => without_parameters(sigmoid::backward(&y, dy)),
            (Self::MaxPool2d(pool), Saved::Choices { choices, input }) => {
                without_parameters(pool.backward(&choices, &input, &dy))
            }
            (Self::AvgPool2d(pool), Saved::Shape(input)) => {
                without_parameters(pool.backward(&input, &dy))
            }
            (Self::AdaptiveAvgPool2d, Saved::Shape(input)) => {
                without_parameters(adaptive_avg_pool2d::backward(&input, &dy))
            }
            (Self::Flatten, Saved::Shape(input)) => {
                without_parameters(flatten::backward(&input, dy))
            }
            (layer, saved) => panic!("{layer:?} cannot go back from {saved:?}"),
        }
    }

    /// Whether the layer is affine in its input, and in each of its parameters, as long as no unit
    /// changes its branch.
    #[must_use]
    pub fn is_piecewise_affine(&self) -> bool {
        match self {
            Self::Conv2d(_)
            | Self::ConvTranspose2d(_)
            | Self::Linear
            | Self::Relu
            | Self::MaxPool2d(_)
            | Self::AvgPool2d(_)
            | Self::AdaptiveAvgPool2d
            | Self::Flatten => true,
            Self::Tanh | Self::Sigmoid => false,
        }
    }

    /// Whether units of the layer have several branches.
    #[must_use]
    pub fn has_branches(&self) -> bool {
        matches!(self, Self::Relu | Self::MaxPool2d(_))
    }

    /// Show `visit` every unit, every branch that it could take instead of the one in `choices`, and the
    /// margin between both: 0 or above where the choice is right, and 0 where the other branch begins.
    pub fn margins<S: Scalar>(
        &self,
        x: &Tensor<S>,
        output: &[usize],
        choices: &[u32],
        visit: impl FnMut(usize, u32, S),
    ) {
        match self {
            Self::Relu => relu::margins(x, choices, visit),
            Self::MaxPool2d(pool) => pool.margins(x, output, choices, visit),
            _ => (),
        }
    }

    /// The output unit (channel, feature) that entry `index` of a parameter of shape `shape` belongs to:
    /// its place along the first axis, but for the weight of a transposed convolution, which has the
    /// input channels first.
    #[must_use]
    pub fn unit(&self, shape: &[usize], index: usize) -> usize {
        match self {
            Self::ConvTranspose2d(conv) if shape.len() > 1 => conv.channel_of_weight(shape, index),
            _ => index / shape[1..].iter().product::<usize>(),
        }
    }

    /// Compute again, in place, the output units (channels of a convolution, features of a linear
    /// layer) in `units`: all that a change of their parameters can alter.
    ///
    /// The result is bit-identical to a whole forward pass.
    ///
    /// # Panics
    /// For a layer without parameters.
    pub fn forward_units<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        units: Range<usize>,
        y: &mut Tensor<S>,
    ) {
        match self {
            Self::Conv2d(conv) => conv.forward_units(parameters, x, units, y),
            Self::ConvTranspose2d(conv) => conv.forward_units(parameters, x, units, y),
            Self::Linear => linear::forward_units(parameters, x, units, y),
            layer => panic!("{layer:?} has no parameters to change"),
        }
    }
}

fn without_parameters<S>(input: Tensor<S>) -> LayerGradients<S> {
    LayerGradients {
        input,
        parameters: Vec::new(),
    }
}
