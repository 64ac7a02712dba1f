//! The data of a case: a function of seed, purpose and position alone.
//!
//! Nothing here is drawn by proptest: data whose size depends on a drawn shape shrinks badly.

use crate::rng::Stream;
use crate::tensor::{self, Tensor};

/// Values are multiples of 2⁻⁶: short, and exact in `f32` too.
const BITS: i32 = 6;

/// A tensor of uniform multiples of 1/64 in [−`bound`, `bound`].
pub(super) fn uniform(shape: &[usize], seed: u64, purpose: &str, bound: f64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, purpose);
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.symmetric(bound, BITS));
    values
}

/// A tensor of random signs times multiples of 1/64 in [1/2, 3/2].
pub(super) fn cotangent(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, "cotangent");
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.signed_weight());
    values
}

/// One class below `labels` for each of `batch` samples.
pub(super) fn classes(batch: usize, labels: usize, seed: u64) -> Vec<usize> {
    let mut stream = Stream::new(seed, "classes");
    (0..batch).map(|_| stream.index(labels)).collect()
}
