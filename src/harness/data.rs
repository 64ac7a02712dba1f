//! The data of a case: a function of seed, purpose and position alone.
//!
//! Nothing here is drawn by proptest: data whose size depends on a drawn shape shrinks badly.

use crate::loss::Loss;
use crate::rng::Stream;
use crate::spec::LossSpec;
use crate::spec::plan::Plan;
use crate::tensor::{self, Tensor};

/// Values are multiples of 2⁻⁶: short, and exact in `f32` too.
pub(super) const SHORT: i32 = 6;

/// Bits of what is put behind a short number.
const LONG: i32 = 24;

/// The largest input and target of a network.
pub(super) const INPUT_BOUND: f64 = 2.0;

/// A tensor of uniform multiples of 2^−`bits` in [−`bound`, `bound`].
pub(super) fn uniform(
    shape: &[usize],
    seed: u64,
    purpose: &str,
    bound: f64,
    bits: i32,
) -> Tensor<f64> {
    let mut stream = Stream::new(seed, purpose);
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.symmetric(bound, bits));
    values
}

/// The loss of `plan`'s output with what it is compared with.
pub(super) fn loss(spec: &LossSpec, plan: &Plan, seed: u64) -> Loss {
    match spec {
        LossSpec::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights,
        } => Loss::SoftmaxCrossEntropy {
            classes: classes(plan.output[0], plan.output[1], seed),
            label_smoothing: *label_smoothing,
            class_weights: class_weights.clone(),
        },
        LossSpec::MeanSquaredError {} => Loss::MeanSquaredError {
            target: uniform(&plan.output, seed, "target", INPUT_BOUND, SHORT),
        },
        LossSpec::Nll { class_weights } => Loss::Nll {
            classes: classes(plan.output[0], plan.output[1], seed),
            class_weights: class_weights.clone(),
        },
        LossSpec::L1 {} => Loss::L1 {
            target: uniform(&plan.output, seed, "target", INPUT_BOUND, SHORT),
        },
        LossSpec::Huber { delta } => Loss::Huber {
            target: uniform(&plan.output, seed, "target", INPUT_BOUND, SHORT),
            delta: *delta,
        },
        LossSpec::BceWithLogits {} => Loss::BceWithLogits {
            target: shares(&plan.output, seed),
        },
        LossSpec::WeightedSum {} => Loss::WeightedSum {
            cotangent: cotangent(&plan.output, seed),
        },
    }
}

/// A tensor of random signs times multiples of 1/64 in [1/2, 3/2].
fn cotangent(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, "cotangent");
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| stream.signed_weight());
    values
}

/// The same for an operator alone; of odd seeds with 24 bits more behind each.
///
/// Products and sums of short numbers are exact in `f32` too, so that a backward which computes in it where
/// it should not would show nothing. In `f64` a convolution's are exact with the longer numbers as well.
pub(super) fn operators_cotangent(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut values = cotangent(shape, seed);
    if seed % 2 == 1 {
        let mut stream = Stream::new(seed, "bits of the cotangent");
        // Towards 1, so that they stay in [1/2, 3/2].
        values.mapv_inplace(|r: f64| {
            let more = stream.symmetric(1.0, LONG).abs() / 64.0;
            if r.abs() < 1.0 {
                r + more.copysign(r)
            } else {
                r - more.copysign(r)
            }
        });
    }
    values
}

/// A tensor of multiples of 1/8 in [0, 1], half of which are 0 or 1.
fn shares(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, "shares");
    let mut values = tensor::zeros(shape);
    values.mapv_inplace(|_: f64| match stream.index(16) {
        share @ 1..8 => share as f64 / 8.0,
        other => (other % 2) as f64,
    });
    values
}

/// One class below `labels` for each of `batch` samples.
fn classes(batch: usize, labels: usize, seed: u64) -> Vec<usize> {
    let mut stream = Stream::new(seed, "classes");
    (0..batch).map(|_| stream.index(labels)).collect()
}
