//! The losses: one a file, forward above hand-written backward.

pub mod mean_squared_error;
pub mod softmax_cross_entropy;
pub mod weighted_sum;

use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// A loss together with what it compares the output with.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// −log softmax at the target class, mean over the batch.
    SoftmaxCrossEntropy {
        /// The target class of each sample.
        classes: Vec<usize>,
        /// The share of the target that is spread evenly over all classes.
        label_smoothing: f64,
    },
    /// Mean of the squared difference over all entries.
    MeanSquaredError {
        /// What the output should be, in its shape.
        target: Tensor<f64>,
    },
    /// Σ r·y: the way to check a single operator, whose output's gradient is then r.
    WeightedSum {
        /// r, in the shape of the output.
        cotangent: Tensor<f64>,
    },
}

impl Loss {
    /// Compute the loss of the output y.
    #[must_use]
    pub fn forward<S: Scalar>(&self, y: &Tensor<S>) -> S {
        match self {
            Self::SoftmaxCrossEntropy {
                classes,
                label_smoothing,
            } => softmax_cross_entropy::forward(y, classes, *label_smoothing),
            Self::MeanSquaredError { target } => mean_squared_error::forward(y, target),
            Self::WeightedSum { cotangent } => weighted_sum::forward(y, cotangent),
        }
    }

    /// Compute `scale` times the gradient with respect to y, in the shape of y.
    #[must_use]
    pub fn backward<S: Scalar>(&self, y: &Tensor<S>, scale: S) -> Tensor<S> {
        match self {
            Self::SoftmaxCrossEntropy {
                classes,
                label_smoothing,
            } => softmax_cross_entropy::backward(y, classes, *label_smoothing, scale),
            Self::MeanSquaredError { target } => mean_squared_error::backward(y, target, scale),
            Self::WeightedSum { cotangent } => weighted_sum::backward(cotangent, scale),
        }
    }

    /// The degree of the loss as a polynomial in the output; `None` when it is none.
    #[must_use]
    pub fn degree(&self) -> Option<u32> {
        match self {
            Self::SoftmaxCrossEntropy { .. } => None,
            Self::MeanSquaredError { .. } => Some(2),
            Self::WeightedSum { .. } => Some(1),
        }
    }

    /// How many samples the loss is made for; `None` when its target does not say.
    #[must_use]
    pub fn batch(&self) -> Option<usize> {
        match self {
            Self::SoftmaxCrossEntropy { classes, .. } => Some(classes.len()),
            Self::MeanSquaredError { target: values } | Self::WeightedSum { cotangent: values } => {
                values.shape().first().copied()
            }
        }
    }
}
