//! A piecewise quadratic silu; at ±3 with the slope of the outer pieces, as in PyTorch.
//!
//! ```text
//! y = 0 where x ≤ −3, x where x ≥ 3, else x·(x + 3)/6
//! dy/dx = 0, 1, or (2x + 3)/6
//! ```
//!
//! The slope is added up in the order of the product rule, x + (x + 3): it rounds as a derivative of
//! the formula does.

use crate::scalar::Scalar;

/// Where the pieces meet.
pub const ENDS: [f64; 2] = [-3.0, 3.0];

/// The piece that x lies on, counted from below.
#[must_use]
pub fn piece(x: f64) -> u32 {
    match x {
        x if x <= -3.0 => 0,
        x if x >= 3.0 => 2,
        _ => 1,
    }
}

/// Compute y on the piece.
#[must_use]
pub fn forward<S: Scalar>(piece: u32, x: S) -> S {
    match piece {
        0 => S::zero(),
        1 => x * (x + S::constant(3.0)) / S::constant(6.0),
        _ => x,
    }
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(piece: u32, x: S) -> S {
    match piece {
        0 => S::zero(),
        1 => (x + (x + S::constant(3.0))) / S::constant(6.0),
        _ => S::one(),
    }
}
