//! From an operator's description to the layer.

use crate::spec::OpSpec;

use super::{
    Activation, AvgPool2d, Conv2d, ConvTranspose2d, Join, Layer, MaxPool2d, Normalization, Over,
    Running,
};

impl Layer {
    /// The layer that `op` describes.
    #[must_use]
    pub fn from_op(op: &OpSpec) -> Self {
        match op {
            OpSpec::Conv1d(conv) => Self::Conv1d(Conv2d {
                window: conv.window(),
                groups: conv.groups,
            }),
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
            OpSpec::BatchNorm2d(norm) => Self::Normalization(Normalization {
                over: Over::Batch,
                eps: norm.eps,
                running: (!norm.training).then(|| Running {
                    mean: norm.running_mean.clone(),
                    variance: norm.running_var.clone(),
                }),
            }),
            OpSpec::LayerNorm(norm) => {
                let size = norm.normalized_shape.iter().product();
                Self::normalization(Over::Layer(size), norm.eps)
            }
            OpSpec::GroupNorm(norm) => Self::normalization(Over::Groups(norm.groups), norm.eps),
            OpSpec::InstanceNorm(norm) => Self::normalization(Over::Instance, norm.eps),
            OpSpec::AdaptiveAvgPool2d(_) => Self::AdaptiveAvgPool2d,
            OpSpec::ZeroPad2d(spec) => Self::ZeroPad2d(*spec),
            OpSpec::Upsample(spec) => Self::Upsample(*spec),
            OpSpec::Flatten {} => Self::Flatten,
            OpSpec::LeakyRelu(spec) => Self::Activation(Activation::LeakyRelu(*spec)),
            OpSpec::Elu(spec) => Self::Activation(Activation::Elu(*spec)),
            OpSpec::Selu {} => Self::Activation(Activation::Selu),
            OpSpec::Gelu(spec) => Self::Activation(Activation::Gelu(*spec)),
            OpSpec::Silu {} => Self::Activation(Activation::Silu),
            OpSpec::Mish {} => Self::Activation(Activation::Mish),
            OpSpec::Softplus(spec) => Self::Activation(Activation::Softplus(*spec)),
            OpSpec::Hardswish {} => Self::Activation(Activation::Hardswish),
            OpSpec::Hardtanh(spec) => Self::Activation(Activation::Hardtanh(*spec)),
            OpSpec::Softmax(spec) => Self::Activation(Activation::Softmax(*spec)),
            OpSpec::LogSoftmax(spec) => Self::Activation(Activation::LogSoftmax(*spec)),
            OpSpec::Prelu(_) => Self::Prelu,
            OpSpec::Dropout(spec) => Self::Dropout(*spec),
            OpSpec::Residual(_) => Self::Join(Join::Sum),
            OpSpec::Concatenation(spec) => Self::Join(Join::Concatenation { axis: spec.dim }),
        }
    }

    fn normalization(over: Over, eps: f64) -> Self {
        Self::Normalization(Normalization {
            over,
            eps,
            running: None,
        })
    }
}
