//! x within bounds, with slope 0 at both, as in PyTorch.
//!
//! ```text
//! y = min(max(x, min_val), max_val)
//! ```

use crate::scalar::Scalar;
use crate::spec::HardtanhSpec;

/// Where the pieces meet.
#[must_use]
pub fn ends(hardtanh: HardtanhSpec) -> [f64; 2] {
    [hardtanh.min_val, hardtanh.max_val]
}

/// The piece that x lies on, counted from below.
#[must_use]
pub fn piece(hardtanh: HardtanhSpec, x: f64) -> u32 {
    match x {
        x if x <= hardtanh.min_val => 0,
        x if x >= hardtanh.max_val => 2,
        _ => 1,
    }
}

/// Compute y on the piece.
#[must_use]
pub fn forward<S: Scalar>(hardtanh: HardtanhSpec, piece: u32, x: S) -> S {
    match piece {
        0 => S::constant(hardtanh.min_val),
        1 => x,
        _ => S::constant(hardtanh.max_val),
    }
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(piece: u32) -> S {
    S::constant(if piece == 1 { 1.0 } else { 0.0 })
}
