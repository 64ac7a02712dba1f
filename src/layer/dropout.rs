//! Entries left out at random, and the rest scaled up; the mask is fixed, so that there is a gradient.
//!
//! p the share that is left out · m\[i] 0 or 1, a function of the seed and the position i alone
//!
//! ```text
//! y[i] = m[i]·x[i]/(1 − p),  dx[i] = m[i]·dy[i]/(1 − p)
//! ```
//!
//! Without `training` it passes everything on.

use crate::rng;
use crate::scalar::Scalar;
use crate::spec::DropoutSpec;
use crate::tensor::{Tensor, values_mut};

/// Whether the entry at row-major position `index` is passed on.
#[must_use]
pub fn keeps(dropout: DropoutSpec, index: usize) -> bool {
    // 53 bits of a hash, as a fraction of 1.
    let draw = (rng::derive(dropout.seed, "dropout", index as u64) >> 11) as f64 / f64::exp2(53.0);
    !dropout.training || draw >= dropout.p
}

/// By what entries that are passed on are multiplied.
#[must_use]
pub fn scale(dropout: DropoutSpec) -> f64 {
    if dropout.training {
        1.0 / (1.0 - dropout.p)
    } else {
        1.0
    }
}

/// Compute y in the shape of x.
#[must_use]
pub fn forward<S: Scalar>(dropout: DropoutSpec, x: Tensor<S>) -> Tensor<S> {
    masked(dropout, x)
}

/// Compute dx = m·dy/(1 − p).
#[must_use]
pub fn backward<S: Scalar>(dropout: DropoutSpec, dy: Tensor<S>) -> Tensor<S> {
    masked(dropout, dy)
}

fn masked<S: Scalar>(dropout: DropoutSpec, mut x: Tensor<S>) -> Tensor<S> {
    let scale = S::constant(scale(dropout));
    for (index, x) in values_mut(&mut x).iter_mut().enumerate() {
        *x = if keeps(dropout, index) {
            scale * *x
        } else {
            S::zero()
        };
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_a_share_of_p_is_left_out_and_other_seeds_leave_out_others() {
        let mask = |seed| {
            let spec = DropoutSpec {
                p: 0.25,
                seed,
                training: true,
            };
            (0..10_000)
                .map(|index| keeps(spec, index))
                .collect::<Vec<_>>()
        };
        let left_out = mask(1).iter().filter(|keeps| !**keeps).count();
        // Four standard deviations of √(10⁴·¼·¾).
        assert!(left_out.abs_diff(2500) < 174, "{left_out} of 10000");
        assert_eq!(mask(1), mask(1), "one seed, one mask");
        assert_ne!(mask(1), mask(2), "another seed");
    }
}
