//! The operators, by name.

use serde::{Deserialize, Serialize};

use super::{
    AdaptiveAvgPool2dSpec, AvgPool2dSpec, BatchNorm2dSpec, ConcatenationSpec, Conv1dSpec,
    Conv2dSpec, ConvTranspose2dSpec, DropoutSpec, EluSpec, GeluSpec, GroupNormSpec, HardtanhSpec,
    InstanceNormSpec, LayerNormSpec, LeakyReluSpec, LinearSpec, MaxPool2dSpec, PreluSpec,
    ResidualSpec, SoftmaxSpec, SoftplusSpec, UpsampleSpec, ZeroPad2dSpec,
};

/// An operator with its attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum OpSpec {
    /// One-dimensional cross-correlation.
    Conv1d(Conv1dSpec),
    /// Two-dimensional cross-correlation.
    Conv2d(Conv2dSpec),
    /// Two-dimensional transposed convolution.
    ConvTranspose2d(ConvTranspose2dSpec),
    /// x·Wᵀ + b.
    Linear(LinearSpec),
    /// max(x, 0).
    Relu {},
    /// Hyperbolic tangent.
    Tanh {},
    /// 1/(1 + e^−x).
    Sigmoid {},
    /// Maximum over windows.
    MaxPool2d(MaxPool2dSpec),
    /// Mean over windows.
    AvgPool2d(AvgPool2dSpec),
    /// Channels normalised over the batch.
    BatchNorm2d(BatchNorm2dSpec),
    /// Samples normalised over their last axes.
    LayerNorm(LayerNormSpec),
    /// Groups of a sample's channels normalised.
    GroupNorm(GroupNormSpec),
    /// Channels of a sample normalised.
    InstanceNorm(InstanceNormSpec),
    /// Mean over windows that share the input among a given number of outputs.
    AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec),
    /// Zeros around images, or rows and columns cut off.
    ZeroPad2d(ZeroPad2dSpec),
    /// Images of another size.
    Upsample(UpsampleSpec),
    /// All axes but the batch become one.
    Flatten {},
    /// x, or a little of it where it is negative.
    LeakyRelu(LeakyReluSpec),
    /// x, or α·(e^x − 1) where it is negative.
    Elu(EluSpec),
    /// elu with PyTorch's α and factor λ.
    Selu {},
    /// x·Φ(x).
    Gelu(GeluSpec),
    /// x/(1 + e^−x).
    Silu {},
    /// x·tanh(ln(1 + e^x)).
    Mish {},
    /// ln(1 + e^βx)/β.
    Softplus(SoftplusSpec),
    /// x·min(max(x + 3, 0), 6)/6.
    Hardswish {},
    /// min(max(x, min_val), max_val).
    Hardtanh(HardtanhSpec),
    /// e^x over the sum along an axis.
    Softmax(SoftmaxSpec),
    /// Its logarithm.
    LogSoftmax(SoftmaxSpec),
    /// x, or a learned part of it where it is negative.
    Prelu(PreluSpec),
    /// Entries left out at random, the rest scaled up.
    Dropout(DropoutSpec),
    /// Layers, and a way past them that is added.
    Residual(ResidualSpec),
    /// Branches whose outputs stand side by side.
    Concatenation(ConcatenationSpec),
}

impl OpSpec {
    /// The operator's name, as in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv1d(_) => "conv1d",
            Self::Conv2d(_) => "conv2d",
            Self::ConvTranspose2d(_) => "conv_transpose2d",
            Self::Linear(_) => "linear",
            Self::Relu {} => "relu",
            Self::Tanh {} => "tanh",
            Self::Sigmoid {} => "sigmoid",
            Self::MaxPool2d(_) => "max_pool2d",
            Self::AvgPool2d(_) => "avg_pool2d",
            Self::BatchNorm2d(_) => "batch_norm2d",
            Self::LayerNorm(_) => "layer_norm",
            Self::GroupNorm(_) => "group_norm",
            Self::InstanceNorm(_) => "instance_norm",
            Self::AdaptiveAvgPool2d(_) => "adaptive_avg_pool2d",
            Self::ZeroPad2d(_) => "zero_pad2d",
            Self::Upsample(_) => "upsample",
            Self::Flatten {} => "flatten",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Elu(_) => "elu",
            Self::Selu {} => "selu",
            Self::Gelu(_) => "gelu",
            Self::Silu {} => "silu",
            Self::Mish {} => "mish",
            Self::Softplus(_) => "softplus",
            Self::Hardswish {} => "hardswish",
            Self::Hardtanh(_) => "hardtanh",
            Self::Softmax(_) => "softmax",
            Self::LogSoftmax(_) => "log_softmax",
            Self::Prelu(_) => "prelu",
            Self::Dropout(_) => "dropout",
            Self::Residual(_) => "residual",
            Self::Concatenation(_) => "concatenation",
        }
    }
}
