//! Huber's loss: squared near the target, absolute beyond δ; mean over all entries.
//!
//! M number of entries of y · r = y − t
//!
//! ```text
//! L = 1/M · Σ ½·r²           where |r| ≤ δ,  dL/dy = r/M
//!             δ·(|r| − ½·δ)  elsewhere,      dL/dy = δ·sign(r)/M
//! ```

use crate::layer::Choices;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, values};

/// r < −δ.
const BELOW: u32 = 0;
/// |r| ≤ δ.
const WITHIN: u32 = 1;
/// r > δ.
const ABOVE: u32 = 2;

/// The piece that each entry lies on; NaN is passed on.
#[must_use]
pub fn choices<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>, delta: f64) -> Choices {
    let pieces = y.iter().zip(target).map(|(y, t)| match y.primal() - t {
        r if r < -delta => BELOW,
        r if r > delta => ABOVE,
        _ => WITHIN,
    });
    pieces.collect()
}

/// Compute L from y and the target t in the same shape.
#[must_use]
pub fn forward<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>, delta: f64, choices: &[u32]) -> S {
    let (half, delta) = (S::constant(0.5), S::constant(delta));
    let mut total = S::zero();
    for ((y, t), choice) in y.iter().zip(target).zip(choices) {
        let r = *y - S::constant(*t);
        total += match *choice {
            BELOW => delta * (-r - half * delta),
            WITHIN => half * r * r,
            _ => delta * (r - half * delta),
        };
    }
    total / S::constant(target.len() as f64)
}

/// Show `visit` how far every entry is from the ends of its piece.
pub fn margins<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    delta: f64,
    choices: &[u32],
    mut visit: impl FnMut(usize, u32, S),
) {
    let delta = S::constant(delta);
    let entries = values(y).iter().zip(target).zip(choices).enumerate();
    for (index, ((y, t), choice)) in entries {
        let r = *y - S::constant(*t);
        match *choice {
            BELOW => visit(index, WITHIN, -delta - r),
            WITHIN => {
                visit(index, BELOW, r + delta);
                visit(index, ABOVE, delta - r);
            }
            _ => visit(index, WITHIN, r - delta),
        }
    }
}

/// Compute `scale`·dL/dy in the shape of y.
#[must_use]
pub fn backward<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    delta: f64,
    choices: &[u32],
    scale: S,
) -> Tensor<S> {
    let share = scale / S::constant(target.len() as f64);
    let delta = S::constant(delta);
    let mut dy = y.clone();
    for ((dy, t), choice) in dy.iter_mut().zip(target).zip(choices) {
        let slope = match *choice {
            BELOW => -delta,
            WITHIN => *dy - S::constant(*t),
            _ => delta,
        };
        *dy = slope * share;
    }
    dy
}
