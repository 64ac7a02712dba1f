//! The objective under which a single operator is checked.
//!
//! ```text
//! L = Σ r·y,  dL/dy = r
//! ```

use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Compute L from y and r in the same shape.
#[must_use]
pub fn forward<S: Scalar>(y: &Tensor<S>, cotangent: &Tensor<f64>) -> S {
    y.iter()
        .zip(cotangent)
        .fold(S::zero(), |sum, (y, r)| sum + S::constant(*r) * *y)
}

/// Compute `scale`·dL/dy.
#[must_use]
pub fn backward<S: Scalar>(cotangent: &Tensor<f64>, scale: S) -> Tensor<S> {
    cotangent.mapv(|r| S::constant(r) * scale)
}
