//! The logistic function.
//!
//! ```text
//! y = 1/(1 + e^−x),  dy/dx = y·(1 − y)
//! ```
//!
//! For x < 0 it is computed as eˣ/(1 + eˣ), so that nothing overflows.

use crate::scalar::Scalar;
use crate::tensor::Tensor;

use super::Saved;

/// Compute y in the shape of x.
#[must_use]
pub fn forward<S: Scalar>(x: Tensor<S>) -> (Tensor<S>, Saved<S>) {
    let y = x.mapv_into(sigmoid);
    (y.clone(), Saved::Output(y))
}

fn sigmoid<S: Scalar>(x: S) -> S {
    if x.primal() < 0.0 {
        let e = x.exp();
        e / (S::one() + e)
    } else {
        S::one() / (S::one() + (-x).exp())
    }
}

/// Compute dx = dy·y·(1 − y).
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, mut dy: Tensor<S>) -> Tensor<S> {
    for (dy, y) in dy.iter_mut().zip(y) {
        *dy = *dy * *y * (S::one() - *y);
    }
    dy
}
