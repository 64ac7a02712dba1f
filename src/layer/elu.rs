//! Exponential linear unit; at 0 with the slope of negative inputs, as in PyTorch.
//!
//! ```text
//! y = x where x > 0, else α·(e^x − 1)
//! dy/dx = 1 where x > 0, else α·e^x
//! ```
//!
//! The slope jumps at 0 unless α is 1, and its own slope even then.

use crate::scalar::Scalar;

/// Where the pieces meet.
pub const ENDS: [f64; 1] = [0.0];

/// The piece that x lies on: 1 where it is positive, or NaN.
#[must_use]
pub fn piece(x: f64) -> u32 {
    u32::from(x > 0.0 || x.is_nan())
}

/// Compute y on the piece.
#[must_use]
pub fn forward<S: Scalar>(alpha: f64, piece: u32, x: S) -> S {
    if piece == 0 {
        S::constant(alpha) * (x.exp() - S::one())
    } else {
        x
    }
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(alpha: f64, piece: u32, x: S) -> S {
    if piece == 0 {
        S::constant(alpha) * x.exp()
    } else {
        S::one()
    }
}
