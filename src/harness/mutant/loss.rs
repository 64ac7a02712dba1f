//! Faults in the losses' backward, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::loss::Loss;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, lift};

use super::catalogue::{Fault, Mutant};
use super::{entry_loss, nll};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum CrossEntropyFault {
    BatchMeanMissing,
    OneHotMissing,
    SmoothingForgotten,
    OverClasses,
    Sign,
    ClassWeightsForgotten,
    OverCount,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum SquaredErrorFault {
    FactorTwoMissing,
    OverBatchOnly,
    SumForMean,
    Sign,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum WeightedSumFault {
    Sign,
    SizeOnly,
    OverBatch,
}

/// Every mutant of the losses.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use CrossEntropyFault as C;
    use SquaredErrorFault as M;
    use WeightedSumFault as W;
    use Fault::{MeanSquaredError as Squared, SoftmaxCrossEntropy as Entropy, WeightedSum as Weighted};
    [
        Mutant::new(Entropy(C::BatchMeanMissing), "batch_mean_missing", "the loss is a mean over the batch, its gradient that of a sum", Some(Kind::Factor(Factor::Batch))),
        Mutant::new(Entropy(C::OneHotMissing), "one_hot_missing", "the target is not subtracted from the softmax", Some(Kind::ApproximateDerivative)),
        Mutant::new(Entropy(C::SmoothingForgotten), "smoothing_forgotten", "the target is subtracted as if it were not smoothed", Some(Kind::ApproximateDerivative)),
        // 1/4 for four classes.
        Mutant::new(Entropy(C::OverClasses), "over_classes", "the gradient is divided by the number of classes too", Some(Kind::Factor(Factor::Other(0.25)))),
        Mutant::new(Entropy(C::Sign), "sign", "the softmax is subtracted from the target", Some(Kind::Sign)),
        Mutant::new(Entropy(C::ClassWeightsForgotten), "class_weights_forgotten", "the classes' weights take no part in the gradient", Some(Kind::ApproximateDerivative)),
        // (0.7 + 1.9 + 1.9)/3, for example.
        Mutant::new(Entropy(C::OverCount), "over_count", "the sum is divided by the number of samples, and not by the sum of their weights", Some(Kind::Factor(Factor::Other(1.5)))),
        Mutant::new(Squared(M::FactorTwoMissing), "factor_two_missing", "the square's 2 is left out", Some(Kind::Factor(Factor::Half))),
        // 3 for three outputs of a sample, and 9 for three samples of them.
        Mutant::new(Squared(M::OverBatchOnly), "over_batch_only", "the sum is divided by the batch, and not by the number of entries", Some(Kind::Factor(Factor::Other(3.0)))),
        Mutant::new(Squared(M::SumForMean), "sum_for_mean", "the loss is a mean, its gradient that of a sum", Some(Kind::Factor(Factor::Other(9.0)))),
        Mutant::new(Squared(M::Sign), "sign", "the output is subtracted from the target", Some(Kind::Sign)),
        Mutant::new(Weighted(W::Sign), "sign", "the gradient has the other sign", Some(Kind::Sign)),
        Mutant::new(Weighted(W::SizeOnly), "size_only", "the weights have lost their signs", None),
        Mutant::new(Weighted(W::OverBatch), "over_batch", "the gradient is that of a mean over the batch", Some(Kind::Factor(Factor::OverBatch))),
    ]
};

/// Compute `scale` times the gradient with respect to the output y, on `branches` or on those of the values.
pub(super) fn backward<S: Scalar>(
    loss: &Loss,
    y: &Tensor<S>,
    branches: Option<&[u32]>,
    scale: S,
    fault: Option<Fault>,
) -> Tensor<S> {
    match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights,
        } => cross_entropy(
            y,
            (classes, class_weights.as_deref()),
            *label_smoothing,
            scale,
            |wrong| fault == Some(Fault::SoftmaxCrossEntropy(wrong)),
        ),
        Loss::MeanSquaredError { target } => squared_error(y, target, scale, |wrong| {
            fault == Some(Fault::MeanSquaredError(wrong))
        }),
        Loss::Nll {
            classes,
            class_weights,
        } => nll::backward(y, (classes, class_weights.as_deref()), scale, |wrong| {
            fault == Some(Fault::Nll(wrong))
        }),
        Loss::L1 { target } => entry_loss::absolute_error(y, target, branches, scale, |wrong| {
            fault == Some(Fault::L1(wrong))
        }),
        Loss::Huber { target, delta } => {
            entry_loss::huber(y, (target, *delta), branches, scale, |wrong| {
                fault == Some(Fault::Huber(wrong))
            })
        }
        Loss::BceWithLogits { target } => entry_loss::bce_with_logits(y, target, scale, |wrong| {
            fault == Some(Fault::BceWithLogits(wrong))
        }),
        Loss::WeightedSum { cotangent } => weighted_sum(cotangent, scale, |wrong| {
            fault == Some(Fault::WeightedSum(wrong))
        }),
    }
}

/// (Σ q/Σ_j e^(z[n,j] − z[n,k]) − q[n,k])/W.
fn cross_entropy<S: Scalar>(
    z: &Tensor<S>,
    (classes, weights): (&[usize], Option<&[f64]>),
    label_smoothing: f64,
    scale: S,
    has: impl Fn(CrossEntropyFault) -> bool,
) -> Tensor<S> {
    let labels = z.shape()[1];
    let weights = weights.filter(|_| !has(CrossEntropyFault::ClassWeightsForgotten));
    let weight = |class: usize| weights.map_or(1.0, |weights| weights[class]);
    let total_weight = S::constant(classes.iter().map(|class| weight(*class)).sum());
    let smoothing = if has(CrossEntropyFault::SmoothingForgotten) {
        0.0
    } else {
        label_smoothing
    };
    let divisor = match () {
        () if has(CrossEntropyFault::BatchMeanMissing) => S::one(),
        () if has(CrossEntropyFault::OverClasses) => total_weight * S::constant(labels as f64),
        () if has(CrossEntropyFault::OverCount) => S::constant(classes.len() as f64),
        () => total_weight,
    };
    let mut dz = z.clone();
    for (n, class) in classes.iter().enumerate() {
        let spread = smoothing / labels as f64;
        let q = |k: usize| {
            let mut q = spread;
            if k == *class {
                q += 1.0 - smoothing;
            }
            q * weight(k)
        };
        let mass = weights.map_or(1.0, |_| (0..labels).map(q).sum());
        for k in 0..labels {
            let mut total = S::zero();
            for j in 0..labels {
                total += (z[[n, j]] - z[[n, k]]).exp();
            }
            let softmax = S::constant(mass) / total;
            let q = if has(CrossEntropyFault::OneHotMissing) {
                0.0
            } else {
                q(k)
            };
            let difference = if has(CrossEntropyFault::Sign) {
                S::constant(q) - softmax
            } else {
                softmax - S::constant(q)
            };
            dz[[n, k]] = difference * scale / divisor;
        }
    }
    dz
}

/// 2·(y − t)/M.
fn squared_error<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    scale: S,
    has: impl Fn(SquaredErrorFault) -> bool,
) -> Tensor<S> {
    let factor = match () {
        () if has(SquaredErrorFault::FactorTwoMissing) => 1.0,
        () if has(SquaredErrorFault::Sign) => -2.0,
        () => 2.0,
    };
    let divisor = match () {
        () if has(SquaredErrorFault::OverBatchOnly) => y.shape()[0],
        () if has(SquaredErrorFault::SumForMean) => 1,
        () => y.len(),
    };
    let mut dy = y.clone();
    for (dy, t) in dy.iter_mut().zip(target) {
        let difference = *dy - S::constant(*t);
        *dy = S::constant(factor) * difference * scale / S::constant(divisor as f64);
    }
    dy
}

/// r.
fn weighted_sum<S: Scalar>(
    cotangent: &Tensor<f64>,
    scale: S,
    has: impl Fn(WeightedSumFault) -> bool,
) -> Tensor<S> {
    let r = match () {
        () if has(WeightedSumFault::Sign) => cotangent.mapv(|r| -r),
        () if has(WeightedSumFault::SizeOnly) => cotangent.mapv(f64::abs),
        () => cotangent.clone(),
    };
    let batch = if has(WeightedSumFault::OverBatch) {
        cotangent.shape()[0]
    } else {
        1
    };
    lift::<S>(&r).mapv(|r| r * scale / S::constant(batch as f64))
}
