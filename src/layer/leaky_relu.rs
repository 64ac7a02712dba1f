//! x, or a little of it where it is negative; at 0 with the slope of negative inputs, as in PyTorch.
//!
//! ```text
//! y = x where x > 0, else a·x
//! ```
//!
//! a is `negative_slope`.

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
pub fn forward<S: Scalar>(negative_slope: f64, piece: u32, x: S) -> S {
    if piece == 0 {
        S::constant(negative_slope) * x
    } else {
        x
    }
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(negative_slope: f64, piece: u32) -> S {
    S::constant(if piece == 0 { negative_slope } else { 1.0 })
}
