//! What to check, as data: no arrays, only sizes and names.

pub mod activation;
mod adaptive_avg_pool2d;
mod conv_transpose2d;

pub mod case;
pub mod extent;
mod groups;
pub mod normalization;
mod pair;
pub mod plan;
pub mod preset;

use serde::{Deserialize, Serialize};

use extent::Window;
use pair::optional as optional_pair;

pub use activation::{
    Approximation, DropoutSpec, EluSpec, GeluSpec, HardtanhSpec, LeakyReluSpec, PreluSpec,
    SoftmaxSpec, SoftplusSpec,
};
pub use normalization::{BatchNorm2dSpec, GroupNormSpec, InstanceNormSpec, LayerNormSpec};

pub use adaptive_avg_pool2d::{AdaptiveAvgPool2dSpec, adaptive_window, largest_adaptive_window};
pub use conv_transpose2d::ConvTranspose2dSpec;

/// A network, its input and its loss, as somebody writes them in a TOML file.
///
/// ```
/// let spec = gradproof::spec::NetworkSpec::from_toml(r#"
///     name = "tiny"
///     input = [1, 8, 8]          # channels, rows, columns of one sample
///     loss = { op = "softmax_cross_entropy" }
///
///     [[layers]]
///     op = "conv2d"
///     out_channels = 2
///     kernel = 3                 # or [3, 3]
///     padding = 1
///
///     [[layers]]
///     op = "relu"
///
///     [[layers]]
///     op = "flatten"
///
///     [[layers]]
///     op = "linear"
///     out_features = 10
/// "#).unwrap();
/// assert_eq!(spec.layers.len(), 4);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The name that reports use.
    pub name: String,
    /// The shape of one sample, without the batch: `[channels, rows, columns]` or `[features]`.
    pub input: Vec<usize>,
    /// What the network is fed with.
    #[serde(default)]
    pub data: DataSpec,
    /// The loss.
    pub loss: LossSpec,
    /// The layers, in order.
    pub layers: Vec<LayerSpec>,
}

/// Where a network's samples come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSpec {
    /// Seeded random numbers of any shape.
    #[default]
    Random,
    /// The 40 embedded MNIST digits, 1×28×28, ten classes.
    Digits,
}

/// One layer: an operator with its attributes, named as in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// The name that its parameters carry (`conv1` in `conv1.weight`); made from the operator and a
    /// running number when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The operator.
    #[serde(flatten)]
    pub op: OpSpec,
}

/// An operator with its attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum OpSpec {
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
}

/// Attributes of `conv2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2dSpec {
    /// Number of kernels.
    pub out_channels: usize,
    /// Rows and columns of a kernel; one number stands for both, here and below.
    #[serde(with = "pair")]
    pub kernel: [usize; 2],
    /// Distance between windows.
    #[serde(with = "pair", default = "ones", skip_serializing_if = "is_ones")]
    pub stride: [usize; 2],
    /// Zeros on each side of the input.
    #[serde(with = "pair", default, skip_serializing_if = "is_zeros")]
    pub padding: [usize; 2],
    /// Distance between taps.
    #[serde(with = "pair", default = "ones", skip_serializing_if = "is_ones")]
    pub dilation: [usize; 2],
    /// Channel groups that do not see each other.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub groups: usize,
    /// Whether a bias is added.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub bias: bool,
}

impl Conv2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
        }
    }
}

/// Attributes of `linear`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearSpec {
    /// Number of outputs.
    pub out_features: usize,
    /// Whether a bias is added.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub bias: bool,
}

/// Attributes of `max_pool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool2dSpec {
    /// Rows and columns of a window.
    #[serde(with = "pair")]
    pub kernel: [usize; 2],
    /// Distance between windows; the kernel when left out.
    #[serde(
        with = "optional_pair",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stride: Option<[usize; 2]>,
    /// Padding on each side, never chosen as the maximum.
    #[serde(with = "pair", default, skip_serializing_if = "is_zeros")]
    pub padding: [usize; 2],
    /// Distance between taps.
    #[serde(with = "pair", default = "ones", skip_serializing_if = "is_ones")]
    pub dilation: [usize; 2],
    /// Whether the last, partial window is kept.
    #[serde(default, skip_serializing_if = "is_no")]
    pub ceil_mode: bool,
}

/// Attributes of `avg_pool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvgPool2dSpec {
    /// Rows and columns of a window.
    #[serde(with = "pair")]
    pub kernel: [usize; 2],
    /// Distance between windows; the kernel when left out.
    #[serde(
        with = "optional_pair",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stride: Option<[usize; 2]>,
    /// Zeros on each side of the input.
    #[serde(with = "pair", default, skip_serializing_if = "is_zeros")]
    pub padding: [usize; 2],
    /// Whether the last, partial window is kept.
    #[serde(default, skip_serializing_if = "is_no")]
    pub ceil_mode: bool,
    /// Whether the divisor counts the padding.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub count_include_pad: bool,
}

/// A loss, averaged over the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum LossSpec {
    /// −log softmax at the target class, mean over the batch.
    SoftmaxCrossEntropy {
        /// The share of the target that is spread evenly over all classes.
        #[serde(default, skip_serializing_if = "is_zero")]
        label_smoothing: f64,
        /// The weight of each class; 1 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<Vec<f64>>,
    },
    /// Minus the target class's log-probability, mean over the batch.
    Nll {
        /// The weight of each class; 1 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_weights: Option<Vec<f64>>,
    },
    /// Mean of the squared difference over all entries.
    MeanSquaredError {},
    /// Mean of the absolute difference over all entries.
    L1 {},
    /// Squared near the target and absolute beyond δ, mean over all entries.
    Huber {
        /// δ; 1 when left out.
        #[serde(default = "unit")]
        delta: f64,
    },
    /// Binary cross-entropy of the logistic function of the output, mean over all entries.
    BceWithLogits {},
    /// Σ r·y with random signs and |r| in [1/2, 3/2], under which no output is invisible.
    WeightedSum {},
}

/// Regularisation of the weights; biases are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PenaltySpec {
    /// ½·λ·Σw².
    L2 {
        /// λ.
        strength: f64,
    },
    /// λ·Σ|w|.
    L1 {
        /// λ.
        strength: f64,
    },
}

impl NetworkSpec {
    /// Read a network from TOML.
    ///
    /// # Errors
    /// The parser's, which points at line and column.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Write the network as TOML that [`NetworkSpec::from_toml`] reads back.
    ///
    /// # Errors
    /// When a size does not fit into TOML's 64-bit integers.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

impl OpSpec {
    /// The operator's name, as in files.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
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
        }
    }
}

fn one() -> usize {
    1
}

fn ones() -> [usize; 2] {
    [1, 1]
}

fn yes() -> bool {
    true
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

fn is_ones(sizes: &[usize; 2]) -> bool {
    *sizes == [1, 1]
}

fn is_zeros(sizes: &[usize; 2]) -> bool {
    *sizes == [0, 0]
}

fn is_zero(number: &f64) -> bool {
    number.to_bits() == 0
}

fn unit() -> f64 {
    1.0
}

fn is_yes(choice: &bool) -> bool {
    *choice
}

fn is_no(choice: &bool) -> bool {
    !*choice
}
