//! A smooth ReLU, which is the identity where β·x is above a threshold, as in PyTorch.
//!
//! ```text
//! y = ln(1 + e^βx)/β,  dy/dx = σ(βx) = 1/(1 + e^−βx)    where β·x is at most the threshold
//! y = x,               dy/dx = 1                        elsewhere
//! ```
//!
//! y jumps at the threshold: by 2·10⁻⁹/β at PyTorch's 20. For x > 0 the logarithm is computed as
//! βx + ln(1 + e^−βx), so that nothing overflows.

use crate::scalar::{Scalar, logistic};
use crate::spec::SoftplusSpec;

/// Where the pieces meet.
#[must_use]
pub fn ends(softplus: SoftplusSpec) -> [f64; 1] {
    [softplus.threshold / softplus.beta]
}

/// The piece that x lies on: 1 beyond the threshold.
#[must_use]
pub fn piece(softplus: SoftplusSpec, x: f64) -> u32 {
    u32::from(softplus.beta * x > softplus.threshold)
}

/// Compute y on the piece.
#[must_use]
pub fn forward<S: Scalar>(softplus: SoftplusSpec, piece: u32, x: S) -> S {
    if piece == 1 {
        return x;
    }
    let beta = S::constant(softplus.beta);
    let z = beta * x;
    let logarithm = if z.primal() > 0.0 {
        z + (S::one() + (-z).exp()).ln()
    } else {
        (S::one() + z.exp()).ln()
    };
    logarithm / beta
}

/// dy/dx on the piece.
#[must_use]
pub fn slope<S: Scalar>(softplus: SoftplusSpec, piece: u32, x: S) -> S {
    if piece == 1 {
        S::one()
    } else {
        logistic(S::constant(softplus.beta) * x)
    }
}
