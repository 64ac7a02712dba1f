//! The logistic function.
//!
//! ```text
//! y = 1/(1 + e^−x),  dy/dx = y·(1 − y)
//! ```

use crate::scalar::{Scalar, logistic};
use crate::tensor::Tensor;

use super::Saved;

/// Compute y in the shape of x.
#[must_use]
pub fn forward<S: Scalar>(x: Tensor<S>) -> (Tensor<S>, Saved<S>) {
    let y = x.mapv_into(logistic);
    (y.clone(), Saved::Output(y))
}

/// Compute dx = dy·y·(1 − y).
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, mut dy: Tensor<S>) -> Tensor<S> {
    for (dy, y) in dy.iter_mut().zip(y) {
        *dy = *dy * *y * (S::one() - *y);
    }
    dy
}
