//! The layers: one a file, forward above hand-written backward.
//!
//! A layer is a plain struct of sizes. Its parameters come from outside, so that one layer serves
//! every [`Scalar`], and what backward needs of a forward pass is handed over as [`Saved`].

pub mod activation;
pub mod adaptive_avg_pool2d;
pub mod avg_pool2d;
pub(crate) mod channels;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod dropout;
pub mod elu;
pub mod flatten;
mod from_op;
pub mod gelu;
pub mod hardswish;
pub mod hardtanh;
mod join;
pub mod leaky_relu;
mod line;
pub mod linear;
pub mod log_softmax;
pub mod max_pool2d;
pub mod mish;
pub mod normalization;
mod pieces;
pub mod prelu;
mod quick;
pub mod relu;
mod saved;
pub mod selu;
pub mod sigmoid;
pub mod silu;
pub mod softmax;
pub mod softplus;
pub mod tanh;
pub(crate) mod tap;
pub mod upsample;
pub mod zero_pad2d;

use std::ops::Range;

use crate::scalar::Scalar;
use crate::spec::{DropoutSpec, UpsampleSpec, ZeroPad2dSpec};
use crate::tensor::Tensor;

use line::largest;

pub use activation::Activation;
pub use avg_pool2d::AvgPool2d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use join::Join;
pub use line::Line;
pub use max_pool2d::MaxPool2d;
pub use normalization::{Normalization, Over, Running};
pub use saved::{Branches, Choices, LayerGradients, Saved};

/// A layer's operator with its sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// One-dimensional cross-correlation with optional bias.
    Conv1d(Conv2d),
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
    /// Entries less their mean, over their standard deviation.
    Normalization(Normalization),
    /// Mean over windows that share the input among a given number of outputs.
    AdaptiveAvgPool2d,
    /// Zeros around images, or rows and columns cut off.
    ZeroPad2d(ZeroPad2dSpec),
    /// Images of another size.
    Upsample(UpsampleSpec),
    /// All axes but the batch become one.
    Flatten,
    /// Any other function of entries, or of lines of entries.
    Activation(Activation),
    /// x, or a learned part of it where it is negative.
    Prelu,
    /// Entries left out at random, the rest scaled up.
    Dropout(DropoutSpec),
    /// Where branches meet.
    Join(Join),
}

impl Layer {
    /// Compute the output, of shape `output`, and keep what backward needs.
    ///
    /// # Panics
    /// For a [`Join`], which has a forward of its own.
    pub fn forward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: Tensor<S>,
        output: &[usize],
        branches: Branches<'_>,
    ) -> (Tensor<S>, Saved<S>) {
        match self {
            Self::Conv1d(conv) | Self::Conv2d(conv) => {
                (conv.forward(parameters, &x, output), Saved::Input(x))
            }
            Self::ConvTranspose2d(conv) => (conv.forward(parameters, &x, output), Saved::Input(x)),
            Self::Linear => (linear::forward(parameters, &x, output), Saved::Input(x)),
            Self::Relu => relu::forward(x, branches),
            Self::Tanh => tanh::forward(x),
            Self::Sigmoid => sigmoid::forward(x),
            Self::MaxPool2d(pool) => pool.forward(&x, output, branches),
            Self::AvgPool2d(pool) => pool.forward(&x, output),
            Self::Normalization(norm) => (norm.forward(parameters, &x), Saved::Input(x)),
            Self::AdaptiveAvgPool2d => adaptive_avg_pool2d::forward(&x, output),
            Self::ZeroPad2d(spec) => zero_pad2d::forward(*spec, &x, output),
            Self::Upsample(spec) => upsample::forward(*spec, &x, output),
            Self::Flatten => flatten::forward(x, output),
            Self::Activation(activation) => activation.forward(x, branches),
            Self::Prelu => prelu::forward(parameters, x, branches),
            Self::Dropout(spec) => {
                let input = x.shape().to_vec();
                (dropout::forward(*spec, x), Saved::Shape(input))
            }
            Self::Join(join) => panic!("{join:?} does not have one input"),
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
            (Self::Conv1d(conv) | Self::Conv2d(conv), Saved::Input(x)) => {
                conv.backward(parameters, &x, &dy)
            }
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
            (Self::Normalization(norm), Saved::Input(x)) => norm.backward(parameters, &x, &dy),
            (Self::AdaptiveAvgPool2d, Saved::Shape(input)) => {
                without_parameters(adaptive_avg_pool2d::backward(&input, &dy))
            }
            (Self::ZeroPad2d(spec), Saved::Shape(input)) => {
                without_parameters(zero_pad2d::backward(*spec, &input, &dy))
            }
            (Self::Upsample(spec), Saved::Shape(input)) => {
                without_parameters(upsample::backward(*spec, &input, &dy))
            }
            (Self::Flatten, Saved::Shape(input)) => {
                without_parameters(flatten::backward(&input, dy))
            }
            (Self::Prelu, Saved::Pieces { choices, x }) => {
                prelu::backward(parameters, &choices, &x, dy)
            }
            (Self::Dropout(spec), Saved::Shape(_)) => {
                without_parameters(dropout::backward(*spec, dy))
            }
            (Self::Activation(activation), saved) => {
                without_parameters(activation.backward(saved, dy))
            }
            (layer, saved) => panic!("{layer:?} cannot go back from {saved:?}"),
        }
    }

    /// Whether the layer is affine in its input, and in each of its parameters, as long as no unit
    /// changes its branch.
    #[must_use]
    pub fn is_piecewise_affine(&self) -> bool {
        match self {
            Self::Conv1d(_)
            | Self::Conv2d(_)
            | Self::ConvTranspose2d(_)
            | Self::Linear
            | Self::Relu
            | Self::MaxPool2d(_)
            | Self::AvgPool2d(_)
            | Self::AdaptiveAvgPool2d
            | Self::ZeroPad2d(_)
            | Self::Upsample(_)
            | Self::Flatten
            | Self::Prelu
            | Self::Dropout(_)
            | Self::Join(_) => true,
            Self::Normalization(norm) => norm.running.is_some(),
            Self::Tanh | Self::Sigmoid => false,
            Self::Activation(activation) => activation.is_piecewise_affine(),
        }
    }

    /// Whether units of the layer have several branches.
    #[must_use]
    pub fn has_branches(&self) -> bool {
        match self {
            Self::Relu | Self::MaxPool2d(_) | Self::Prelu => true,
            Self::Activation(activation) => activation.has_branches(),
            _ => false,
        }
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
            Self::Activation(activation) => activation.margins(x, choices, visit),
            Self::Prelu => pieces::margins(x, &prelu::ENDS, choices, visit),
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
    /// layer, scales of a normalisation along their first axis) in `units`: all that a change of their parameters can alter.
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
            Self::Conv1d(conv) | Self::Conv2d(conv) => {
                conv.forward_units(parameters, x, units, y);
            }
            Self::ConvTranspose2d(conv) => conv.forward_units(parameters, x, units, y),
            Self::Linear => linear::forward_units(parameters, x, units, y),
            Self::Prelu => prelu::forward_units(parameters, x, units, y),
            Self::Normalization(norm) => norm.forward_units(parameters, x, units, y),
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
