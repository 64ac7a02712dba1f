//! Scaled exponential linear unit; at 0 with the slope of negative inputs, as in PyTorch.
//!
//! ```text
//! y = λ·x where x > 0, else λ·α·(e^x − 1)
//! dy/dx = λ where x > 0, else λ·α·e^x
//! ```
//!
//! Source of α and λ: G. Klambauer et al., *Self-Normalizing Neural Networks* (2017), as PyTorch
//! writes them.

use crate::scalar::Scalar;

/// What the output falls to is −λ·α.
pub const ALPHA: f64 = 1.673_263_242_354_377_2;

/// The factor of everything.
pub const LAMBDA: f64 = 1.050_700_987_355_480_5;

/// Where the pieces meet.
pub const ENDS: [f64; 1] = [0.0];

/// The piece that x lies on: 1 where it is positive, or NaN.
#[must_use]
pub fn piece(x: f64) -> u32 {
    u32::from(x > 0.0 || x.is_nan())
}

/// Compute y on the piece.
#[must_use]
pub fn forward<S: Scalar>(piece: u32, x: S) -> S {
    let lambda = S::constant(LAMBDA);
    if piece == 0 {
        lambda * (S::constant(ALPHA) * (x.exp() - S::one()))
    } else {
        lambda * x
    }
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(piece: u32, x: S) -> S {
    let lambda = S::constant(LAMBDA);
    if piece == 0 {
        lambda * (S::constant(ALPHA) * x.exp())
    } else {
        lambda
    }
}
