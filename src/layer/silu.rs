//! Sigmoid linear unit, also called swish.
//!
//! ```text
//! y = x·σ(x),  dy/dx = σ(x)·(1 + x·(1 − σ(x))),  σ(x) = 1/(1 + e^−x)
//! ```

use crate::scalar::{Scalar, logistic};

/// Compute y.
#[must_use]
pub fn forward<S: Scalar>(x: S) -> S {
    x * logistic(x)
}

/// dy/dx.
#[must_use]
pub fn slope<S: Scalar>(x: S) -> S {
    let sigma = logistic(x);
    sigma * (S::one() + x * (S::one() - sigma))
}
