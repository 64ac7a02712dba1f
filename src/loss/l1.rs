//! Mean absolute error over all entries, with slope 0 where an entry is equal to its target, as in
//! PyTorch.
//!
//! M number of entries of y
//!
//! ```text
//! L = 1/M · Σ |y − t|,  dL/dy = sign(y − t)/M
//! ```

use crate::layer::Choices;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, values};

/// The entry lies below its target.
const BELOW: u32 = 0;
/// The entry is equal to its target.
const AT: u32 = 1;
/// The entry lies above its target.
const ABOVE: u32 = 2;

/// Which side of its target each entry lies on; NaN is passed on.
#[must_use]
pub fn choices<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>) -> Choices {
    let sides = y.iter().zip(target).map(|(y, t)| match y.primal() - t {
        r if r < 0.0 => BELOW,
        0.0 => AT,
        _ => ABOVE,
    });
    sides.collect()
}

/// Compute L from y and the target t in the same shape.
#[must_use]
pub fn forward<S: Scalar>(y: &Tensor<S>, target: &Tensor<f64>, choices: &[u32]) -> S {
    let mut total = S::zero();
    for ((y, t), choice) in y.iter().zip(target).zip(choices) {
        let r = *y - S::constant(*t);
        match *choice {
            BELOW => total -= r,
            AT => (),
            _ => total += r,
        }
    }
    total / S::constant(target.len() as f64)
}

/// Show `visit` how far every entry is from its target.
pub fn margins<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    choices: &[u32],
    mut visit: impl FnMut(usize, u32, S),
) {
    let entries = values(y).iter().zip(target).zip(choices).enumerate();
    for (index, ((y, t), choice)) in entries {
        let r = *y - S::constant(*t);
        if *choice != BELOW {
            visit(index, BELOW, r);
        }
        if *choice != ABOVE {
            visit(index, ABOVE, -r);
        }
    }
}

/// Compute `scale`·dL/dy in the shape of y.
#[must_use]
pub fn backward<S: Scalar>(y: &Tensor<S>, choices: &[u32], scale: S) -> Tensor<S> {
    let share = scale / S::constant(y.len() as f64);
    let mut dy = y.clone();
    for (dy, choice) in dy.iter_mut().zip(choices) {
        *dy = match *choice {
            BELOW => -share,
            AT => S::zero(),
            _ => share,
        };
    }
    dy
}
