//! Attributes of activations, named as in PyTorch, and what they may be.

use serde::{Deserialize, Serialize};

use super::OpSpec;
use super::extent::ShapeError;

/// Attributes of `leaky_relu`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyReluSpec {
    /// The slope of negative inputs.
    #[serde(default = "hundredth")]
    pub negative_slope: f64,
}

/// Attributes of `elu`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EluSpec {
    /// What the output falls to is −α.
    #[serde(default = "one")]
    pub alpha: f64,
}

/// Attributes of `gelu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeluSpec {
    /// By what the normal distribution is replaced.
    #[serde(default)]
    pub approximate: Approximation,
}

/// By what gelu replaces the normal distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approximation {
    /// By nothing.
    #[default]
    None,
    /// By a hyperbolic tangent.
    Tanh,
}

/// Attributes of `softplus`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftplusSpec {
    /// The input's factor, by which the result is divided.
    #[serde(default = "one")]
    pub beta: f64,
    /// Where β·x is larger the function is the identity.
    #[serde(default = "twenty")]
    pub threshold: f64,
}

/// Attributes of `hardtanh`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardtanhSpec {
    /// The smallest output.
    #[serde(default = "minus_one")]
    pub min_val: f64,
    /// The largest output.
    #[serde(default = "one")]
    pub max_val: f64,
}

/// Attributes of `softmax` and `log_softmax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftmaxSpec {
    /// The axis whose entries share a sum; counted from the batch, or from the last axis where below 0.
    #[serde(default = "last")]
    pub dim: isize,
}

/// Attributes of `prelu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreluSpec {
    /// 1, or the number of channels.
    #[serde(default = "single")]
    pub num_parameters: usize,
}

/// Attributes of `dropout`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutSpec {
    /// The share that is left out.
    #[serde(default = "half")]
    pub p: f64,
    /// Where the mask comes from.
    #[serde(default)]
    pub seed: u64,
    /// Whether there is a mask at all.
    #[serde(default = "yes")]
    pub training: bool,
}

fn single() -> usize {
    1
}

fn half() -> f64 {
    0.5
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn minus_one() -> f64 {
    -1.0
}

fn twenty() -> f64 {
    20.0
}

fn hundredth() -> f64 {
    0.01
}

fn last() -> isize {
    -1
}

impl SoftmaxSpec {
    /// The axis in a tensor of so many.
    #[must_use]
    pub fn axis(&self, rank: usize) -> Option<usize> {
        let axis = if self.dim < 0 {
            rank.checked_sub(self.dim.unsigned_abs())?
        } else {
            self.dim.unsigned_abs()
        };
        (axis < rank).then_some(axis)
    }
}

/// Check the attributes of an activation that keeps the shape of its `input`.
pub(super) fn check(op: &OpSpec, input: &[usize]) -> Result<(), ShapeError> {
    let fits = |is_right: bool, wanted| {
        is_right
            .then_some(())
            .ok_or(ShapeError::Attribute { wanted })
    };
    match op {
        OpSpec::LeakyRelu(leaky) => fits(
            leaky.negative_slope.is_finite(),
            "negative_slope has to be a finite number",
        ),
        OpSpec::Elu(elu) => fits(elu.alpha.is_finite(), "alpha has to be a finite number"),
        OpSpec::Softplus(softplus) => fits(
            softplus.beta > 0.0 && softplus.beta.is_finite() && softplus.threshold.is_finite(),
            "beta has to be above 0, and threshold finite",
        ),
        OpSpec::Hardtanh(hardtanh) => fits(
            hardtanh.min_val < hardtanh.max_val
                && (hardtanh.max_val - hardtanh.min_val).is_finite(),
            "min_val has to be below max_val, both finite",
        ),
        OpSpec::Softmax(softmax) | OpSpec::LogSoftmax(softmax) => fits(
            softmax.axis(input.len()).is_some_and(|axis| axis > 0),
            "dim has to be an axis of the input that is not the batch's: from 1 on, or from -1 down",
        ),
        OpSpec::Prelu(prelu) => fits(
            input.len() > 1 && [1, input[1]].contains(&prelu.num_parameters),
            "num_parameters has to be 1 or the number of channels",
        ),
        OpSpec::Dropout(dropout) => fits(
            (0.0..1.0).contains(&dropout.p),
            "p has to be at least 0 and below 1",
        ),
        _ => Ok(()),
    }
}
