//! What to check, as data: no arrays, only sizes and names.

pub mod activation;
mod adaptive_avg_pool2d;
mod conv1d;
mod conv2d;
mod conv_transpose2d;

mod branches;
pub mod case;
mod data;
pub mod extent;
pub mod file;
pub mod files;
mod groups;
mod linear;
mod loss;
pub(crate) mod nearest;
pub mod normalization;
mod op;
mod pair;
pub mod plan;
mod pool2d;
pub mod preset;
mod shape_error;
pub mod shard;
pub mod token;
mod upsample;
mod zero_pad2d;

use serde::{Deserialize, Serialize};

pub use activation::{
    Approximation, DropoutSpec, EluSpec, GeluSpec, HardtanhSpec, LeakyReluSpec, PreluSpec,
    SoftmaxSpec, SoftplusSpec,
};
pub use normalization::{BatchNorm2dSpec, GroupNormSpec, InstanceNormSpec, LayerNormSpec};

pub use adaptive_avg_pool2d::{AdaptiveAvgPool2dSpec, adaptive_window, largest_adaptive_window};
pub use branches::{ConcatenationSpec, ResidualSpec, for_each_operator};
pub use conv_transpose2d::ConvTranspose2dSpec;
pub use conv1d::Conv1dSpec;
pub use conv2d::Conv2dSpec;
pub use data::{ArraysSpec, DataSpec, NpzSpec, PngSpec};
pub use file::SpecError;
pub use linear::LinearSpec;
pub use loss::{LossSpec, PenaltySpec};
pub use op::OpSpec;
pub use pool2d::{AvgPool2dSpec, MaxPool2dSpec};
pub use upsample::{Interpolation, ResampledAxis, UpsampleSpec};
pub use zero_pad2d::ZeroPad2dSpec;

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

impl NetworkSpec {
    /// Read a network from TOML.
    ///
    /// # Errors
    /// [`SpecError`], which points at line, column and key.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        file::read(text)
    }

    /// Read a network from TOML, and make sure that a batch of `batch` samples fits through it.
    ///
    /// # Errors
    /// [`SpecError`], which points at a layer whose sizes do not fit too. What has no place in the file,
    /// such as too many samples, is left to [`plan::Plan::new`].
    pub fn from_toml_for(text: &str, batch: usize) -> Result<Self, SpecError> {
        file::planned(text, batch)
    }

    /// Write the network as TOML that [`NetworkSpec::from_toml`] reads back.
    ///
    /// # Errors
    /// When a size does not fit into TOML's 64-bit integers.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
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
