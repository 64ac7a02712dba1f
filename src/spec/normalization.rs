//! Attributes of the normalisations.

use serde::{Deserialize, Serialize};

/// What is added to a variance when nothing else is said: PyTorch's default.
const EPS: f64 = 1e-5;

/// Attributes of `batch_norm2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNorm2dSpec {
    /// What is added to the variance, inside of the root.
    #[serde(default = "eps", skip_serializing_if = "is_eps")]
    pub eps: f64,
    /// Whether channels are scaled and shifted.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub affine: bool,
    /// Whether mean and variance are those of the batch; otherwise they are constants.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub training: bool,
    /// The mean of each channel when not training; 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_mean: Option<Vec<f64>>,
    /// The variance of each channel when not training; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_var: Option<Vec<f64>>,
}

impl Default for BatchNorm2dSpec {
    fn default() -> Self {
        Self {
            eps: eps(),
            affine: true,
            training: true,
            running_mean: None,
            running_var: None,
        }
    }
}

/// Attributes of `layer_norm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerNormSpec {
    /// The last axes of the input, over which entries are normalised.
    pub normalized_shape: Vec<usize>,
    /// What is added to the variance, inside of the root.
    #[serde(default = "eps", skip_serializing_if = "is_eps")]
    pub eps: f64,
    /// Whether positions are scaled and shifted.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub affine: bool,
}

/// Attributes of `group_norm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupNormSpec {
    /// Groups of neighbouring channels, each with a mean and a variance of its own.
    pub groups: usize,
    /// What is added to the variance, inside of the root.
    #[serde(default = "eps", skip_serializing_if = "is_eps")]
    pub eps: f64,
    /// Whether channels are scaled and shifted.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub affine: bool,
}

/// Attributes of `instance_norm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceNormSpec {
    /// What is added to the variance, inside of the root.
    #[serde(default = "eps", skip_serializing_if = "is_eps")]
    pub eps: f64,
    /// Whether channels are scaled and shifted; not so when left out, as in PyTorch.
    #[serde(default, skip_serializing_if = "super::is_no")]
    pub affine: bool,
}

fn eps() -> f64 {
    EPS
}

fn is_eps(number: &f64) -> bool {
    number.to_bits() == EPS.to_bits()
}
