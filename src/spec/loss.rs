//! Losses and penalties, as data.

use serde::{Deserialize, Serialize};

/// A loss, averaged over the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum LossSpec {
    /// −log softmax at the target class, mean over the batch.
    SoftmaxCrossEntropy {
        /// The share of the target that is spread evenly over all classes.
        #[serde(default, skip_serializing_if = "super::is_zero")]
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
        #[serde(default = "super::unit")]
        delta: f64,
    },
    /// Binary cross-entropy of the logistic function of the output, mean over all entries.
    BceWithLogits {},
    /// Σ r·y with random signs and |r| in [1/2, 3/2], under which no output is invisible.
    WeightedSum {},
}

/// Regularisation of the weights; biases are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
