//! The losses: one a file, forward above hand-written backward.

pub mod bce_with_logits;
pub mod huber;
pub mod l1;
pub mod mean_squared_error;
pub mod nll;
pub mod softmax_cross_entropy;
pub mod weighted_sum;

use std::borrow::Cow;

use crate::layer::{Branches, Choices};
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
        /// The weight of each class; 1 when left out.
        class_weights: Option<Vec<f64>>,
    },
    /// Minus the target class's log-probability, mean over the batch.
    Nll {
        /// The target class of each sample.
        classes: Vec<usize>,
        /// The weight of each class; 1 when left out.
        class_weights: Option<Vec<f64>>,
    },
    /// Mean of the squared difference over all entries.
    MeanSquaredError {
        /// What the output should be, in its shape.
        target: Tensor<f64>,
    },
    /// Mean of the absolute difference over all entries.
    L1 {
        /// What the output should be, in its shape.
        target: Tensor<f64>,
    },
    /// Squared near the target and absolute beyond δ, mean over all entries.
    Huber {
        /// What the output should be, in its shape.
        target: Tensor<f64>,
        /// δ.
        delta: f64,
    },
    /// Binary cross-entropy of the logistic function of the output, mean over all entries.
    BceWithLogits {
        /// The probability that each entry should have, in the output's shape.
        target: Tensor<f64>,
    },
    /// Σ r·y: the way to check a single operator, whose output's gradient is then r.
    WeightedSum {
        /// r, in the shape of the output.
        cotangent: Tensor<f64>,
    },
}

impl Loss {
    /// The branch that each entry of the output y takes; `None` for a loss without branches.
    #[must_use]
    pub fn choices<S: Scalar>(&self, y: &Tensor<S>) -> Option<Choices> {
        match self {
            Self::L1 { target } => Some(l1::choices(y, target)),
            Self::Huber { target, delta } => Some(huber::choices(y, target, *delta)),
            _ => None,
        }
    }

    /// Whether entries of the output have several branches.
    #[must_use]
    pub fn has_branches(&self) -> bool {
        matches!(self, Self::L1 { .. } | Self::Huber { .. })
    }

    /// Show `visit` every entry of the output y, every branch that it could take instead of the one in
    /// `choices`, and the margin between both, as [`crate::layer::Layer::margins`] does.
    pub fn margins<S: Scalar>(
        &self,
        y: &Tensor<S>,
        choices: &[u32],
        visit: impl FnMut(usize, u32, S),
    ) {
        match self {
            Self::L1 { target } => l1::margins(y, target, choices, visit),
            Self::Huber { target, delta } => huber::margins(y, target, *delta, choices, visit),
            _ => (),
        }
    }

    /// The choices to make at the output y.
    fn branches<'a, S: Scalar>(&self, y: &Tensor<S>, branches: Branches<'a>) -> Cow<'a, [u32]> {
        match branches {
            Branches::Follow => Cow::Owned(self.choices(y).unwrap_or_default()),
            Branches::Replay(choices) => Cow::Borrowed(choices),
        }
    }

    /// Compute the loss of the output y.
    #[must_use]
    pub fn forward<S: Scalar>(&self, y: &Tensor<S>, branches: Branches<'_>) -> S {
        match self {
            Self::SoftmaxCrossEntropy {
                classes,
                label_smoothing,
                class_weights,
            } => {
                let weights = class_weights.as_deref();
                softmax_cross_entropy::forward(y, classes, *label_smoothing, weights)
            }
            Self::Nll {
                classes,
                class_weights,
            } => nll::forward(y, classes, class_weights.as_deref()),
            Self::MeanSquaredError { target } => mean_squared_error::forward(y, target),
            Self::L1 { target } => l1::forward(y, target, &self.branches(y, branches)),
            Self::Huber { target, delta } => {
                huber::forward(y, target, *delta, &self.branches(y, branches))
            }
            Self::BceWithLogits { target } => bce_with_logits::forward(y, target),
            Self::WeightedSum { cotangent } => weighted_sum::forward(y, cotangent),
        }
    }

    /// Compute `scale` times the gradient with respect to y, in the shape of y.
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        y: &Tensor<S>,
        scale: S,
        branches: Branches<'_>,
    ) -> Tensor<S> {
        match self {
            Self::SoftmaxCrossEntropy {
                classes,
                label_smoothing,
                class_weights,
            } => {
                let weights = class_weights.as_deref();
                softmax_cross_entropy::backward(y, classes, *label_smoothing, weights, scale)
            }
            Self::Nll {
                classes,
                class_weights,
            } => nll::backward(y.shape(), classes, class_weights.as_deref(), scale),
            Self::MeanSquaredError { target } => mean_squared_error::backward(y, target, scale),
            Self::L1 { .. } => l1::backward(y, &self.branches(y, branches), scale),
            Self::Huber { target, delta } => {
                huber::backward(y, target, *delta, &self.branches(y, branches), scale)
            }
            Self::BceWithLogits { target } => bce_with_logits::backward(y, target, scale),
            Self::WeightedSum { cotangent } => weighted_sum::backward(cotangent, scale),
        }
    }

    /// The degree of the loss as a polynomial in the output on every piece; `None` when it is none.
    #[must_use]
    pub fn degree(&self) -> Option<u32> {
        match self {
            Self::SoftmaxCrossEntropy { .. } | Self::BceWithLogits { .. } => None,
            Self::MeanSquaredError { .. } | Self::Huber { .. } => Some(2),
            Self::L1 { .. } | Self::Nll { .. } | Self::WeightedSum { .. } => Some(1),
        }
    }

    /// How many samples the loss is made for; `None` when its target does not say.
    #[must_use]
    pub fn batch(&self) -> Option<usize> {
        match self {
            Self::SoftmaxCrossEntropy { classes, .. } | Self::Nll { classes, .. } => {
                Some(classes.len())
            }
            Self::MeanSquaredError { target: values }
            | Self::L1 { target: values }
            | Self::Huber { target: values, .. }
            | Self::BceWithLogits { target: values }
            | Self::WeightedSum { cotangent: values } => values.shape().first().copied(),
        }
    }
}
