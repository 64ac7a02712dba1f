//! Hyperbolic tangent.
//!
//! ```text
//! y = tanh x,  dy/dx = 1 − y²
//! ```

use crate::scalar::Scalar;
use crate::tensor::Tensor;

use super::Saved;

/// Compute y in the shape of x.
#[must_use]
pub fn forward<S: Scalar>(x: Tensor<S>) -> (Tensor<S>, Saved<S>) {
    let y = x.mapv_into(S::tanh);
    (y.clone(), Saved::Output(y))
}

/// Compute dx = dy·(1 − y²).
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, mut dy: Tensor<S>) -> Tensor<S> {
    for (dy, y) in dy.iter_mut().zip(y) {
        *dy = *dy * (S::one() - *y * *y);
    }
    dy
}
