//! Logarithm of e^x as a share of the sum along an axis.
//!
//! k an entry along the axis, everything else fixed
//!
//! ```text
//! y[k] = x[k] − ln Σ_j e^x[j]
//! dx[k] = dy[k] − e^y[k]·Σ_j dy[j]
//! ```
//!
//! The largest input is subtracted first, so that nothing overflows.

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut};

use super::{Line, Saved, largest};

/// Compute y in the shape of x.
#[must_use]
pub fn forward<S: Scalar>(mut x: Tensor<S>, axis: usize) -> (Tensor<S>, Saved<S>) {
    let lines = Line::all(x.shape(), axis);
    let y = values_mut(&mut x);
    for line in lines {
        let shift = S::constant(largest(y, line));
        let mut total = S::zero();
        for k in line.entries() {
            y[k] -= shift;
            total += y[k].exp();
        }
        let logarithm = total.ln();
        for k in line.entries() {
            y[k] -= logarithm;
        }
    }
    (x.clone(), Saved::Output(x))
}

/// Compute dx from y.
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, mut dy: Tensor<S>, axis: usize) -> Tensor<S> {
    let (lines, y) = (Line::all(y.shape(), axis), values(y));
    let dx = values_mut(&mut dy);
    for line in lines {
        let mut total = S::zero();
        for k in line.entries() {
            total += dx[k];
        }
        for k in line.entries() {
            dx[k] -= y[k].exp() * total;
        }
    }
    dy
}
