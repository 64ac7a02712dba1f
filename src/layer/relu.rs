//! max(x, 0), with slope 0 at 0 as in PyTorch.
//!
//! ```text
//! y = x where x > 0, else 0
//! ```
//!
//! NaN is passed on, not hidden.

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut};

use super::{Branches, Saved};

/// Compute y in the shape of x, and keep which units pass their input on.
#[must_use]
pub fn forward<S: Scalar>(mut x: Tensor<S>, branches: Branches<'_>) -> (Tensor<S>, Saved<S>) {
    let choices = match branches {
        Branches::Follow => values(&x)
            .iter()
            .map(|x| u32::from(passes(x.primal())))
            .collect(),
        Branches::Replay(choices) => choices.to_vec(),
    };
    zero_where_blocked(values_mut(&mut x), &choices);
    let input = x.shape().to_vec();
    (x, Saved::Choices { choices, input })
}

/// Whether a unit with this input passes it on; NaN does.
fn passes(x: f64) -> bool {
    x > 0.0 || x.is_nan()
}

/// Show `visit` every unit's distance from 0, on the side that it is on.
pub fn margins<S: Scalar>(x: &Tensor<S>, choices: &[u32], mut visit: impl FnMut(usize, u32, S)) {
    for (unit, (x, choice)) in values(x).iter().zip(choices).enumerate() {
        visit(unit, 1 - choice, if *choice == 0 { -*x } else { *x });
    }
}

/// Compute dx = dy where the unit passed its input on, else 0.
#[must_use]
pub fn backward<S: Scalar>(choices: &[u32], mut dy: Tensor<S>) -> Tensor<S> {
    zero_where_blocked(values_mut(&mut dy), choices);
    dy
}

/// Replace by 0 what the units of choice 0 do not pass on.
fn zero_where_blocked<S: Scalar>(entries: &mut [S], choices: &[u32]) {
    for (entry, choice) in entries.iter_mut().zip(choices) {
        if S::IS_QUICK {
            // Stored in any case: no branch that half of the units would mispredict.
            *entry = if *choice == 0 { S::zero() } else { *entry };
        } else if *choice == 0 {
            *entry = S::zero();
        }
    }
}
