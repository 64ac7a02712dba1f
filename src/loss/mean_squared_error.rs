//! Mean squared error over all entries.
//!
//! M number of entries of y
//!
//! ```text
//! L = 1/M · Σ (y − t)²,  dL/dy = 2·(y − t)/M
//! ```

use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Compute L from y and the target t in the same shape.
#[must_use]
pub fn forward<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>) -> S {
    let mut total = S::zero();
    for (y, t) in y.iter().zip(target) {
        let difference = *y - S::constant(*t);
        total += difference * difference;
    }
    total / S::constant(target.len() as f64)
}

/// Compute `scale`·dL/dy in the shape of y.
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>, scale: S) -> Tensor<S> {
    let share = S::constant(2.0) * scale / S::constant(target.len() as f64);
    let mut dy = y.clone();
    for (dy, t) in dy.iter_mut().zip(target) {
        *dy = (*dy - S::constant(*t)) * share;
    }
    dy
}
