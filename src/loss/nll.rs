//! Negative log-likelihood of log-probabilities, mean over the batch.
//!
//! n sample of N · t the target class · y the log-probabilities · w the classes' weights, 1 when left out
//!
//! ```text
//! L = −1/W · Σ_n w[t(n)]·y[n,t(n)],  W = Σ_n w[t(n)]
//! dL/dy[n,k] = −w[k]/W where k = t(n), and 0 elsewhere
//! ```

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut, zeros};

/// Compute L from y (N, K).
#[must_use]
pub fn forward<S: Scalar>(y: &Tensor<S>, classes: &[usize], weights: Option<&[f64]>) -> S {
    let mut total = S::zero();
    for (y, class) in values(y).chunks_exact(y.shape()[1]).zip(classes) {
        total -= S::constant(weight(weights, *class)) * y[*class];
    }
    total / S::constant(total_weight(classes, weights))
}

/// Compute `scale`·dL/dy (N, K), of which `shape` is the shape.
#[must_use]
pub fn backward<S: Scalar>(
    shape: &[usize],
    classes: &[usize],
    weights: Option<&[f64]>,
    scale: S,
) -> Tensor<S> {
    let share = scale / S::constant(total_weight(classes, weights));
    let mut dy = zeros(shape);
    let rows = values_mut(&mut dy).chunks_exact_mut(shape[1]);
    for (dy, class) in rows.zip(classes) {
        dy[*class] = -(share * S::constant(weight(weights, *class)));
    }
    dy
}

fn weight(weights: Option<&[f64]>, class: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[class])
}

/// W.
fn total_weight(classes: &[usize], weights: Option<&[f64]>) -> f64 {
    classes.iter().map(|class| weight(weights, *class)).sum()
}
