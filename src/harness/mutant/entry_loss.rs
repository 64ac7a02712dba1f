//! Faults in the backward of losses that are a mean over entries, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum AbsoluteErrorFault {
    Sign,
    SumForMean,
    OverBatchOnly,
    SignLost,
    OfSquaredError,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum HuberFault {
    Sign,
    SumForMean,
    Unclipped,
    DeltaMissing,
    Doubled,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum BceWithLogitsFault {
    Sign,
    SumForMean,
    TargetMissing,
    SigmoidMissing,
    SigmoidTwice,
}

/// Every mutant of these losses.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use AbsoluteErrorFault as A;
    use BceWithLogitsFault as B;
    use BugKind as Kind;
    use HuberFault as H;
    use Fault::{BceWithLogits as Bce, Huber, L1};
    [
        Mutant::new(L1(A::Sign), "sign", "the sign of the difference is the wrong way round", Some(Kind::Sign)),
        // 12 for a batch of three with four outputs.
        Mutant::new(L1(A::SumForMean), "sum_for_mean", "the loss is a mean, its gradient that of a sum", Some(Kind::Factor(Factor::Other(12.0)))),
        Mutant::new(L1(A::OverBatchOnly), "over_batch_only", "the gradient is divided by the batch size instead of the number of entries", Some(Kind::Factor(Factor::Other(4.0)))),
        Mutant::new(L1(A::SignLost), "sign_lost", "the slope is 1 on both sides of the target", Some(Kind::ApproximateDerivative)),
        Mutant::new(L1(A::OfSquaredError), "of_squared_error", "the gradient is that of the mean squared error", Some(Kind::ApproximateDerivative)),
        Mutant::new(Huber(H::Sign), "sign", "the difference is the wrong way round", Some(Kind::Sign)),
        Mutant::new(Huber(H::SumForMean), "sum_for_mean", "the loss is a mean, its gradient that of a sum", Some(Kind::Factor(Factor::Other(12.0)))),
        Mutant::new(Huber(H::Unclipped), "unclipped", "the difference is not clipped to delta", Some(Kind::WrongBranch)),
        Mutant::new(Huber(H::DeltaMissing), "delta_missing", "beyond delta the slope is that of |r| instead of delta times that", Some(Kind::ApproximateDerivative)),
        Mutant::new(Huber(H::Doubled), "doubled", "the 1/2 of the square is forgotten, so that its 2 does not cancel", Some(Kind::Factor(Factor::Two))),
        Mutant::new(Bce(B::Sign), "sign", "the logistic function is subtracted from the target", Some(Kind::Sign)),
        Mutant::new(Bce(B::SumForMean), "sum_for_mean", "the loss is a mean, its gradient that of a sum", Some(Kind::Factor(Factor::Other(12.0)))),
        Mutant::new(Bce(B::TargetMissing), "target_missing", "the target is not subtracted", Some(Kind::ApproximateDerivative)),
        Mutant::new(Bce(B::SigmoidMissing), "sigmoid_missing", "the target is subtracted from the logit itself", Some(Kind::ApproximateDerivative)),
        Mutant::new(Bce(B::SigmoidTwice), "sigmoid_twice", "the slope of the logistic function is multiplied in once more", Some(Kind::ApproximateDerivative)),
    ]
};

/// sign(y − t)/M; on replayed branches 0 means below the target, 1 at it and 2 above it.
pub(super) fn absolute_error<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    branches: Option<&[u32]>,
    scale: S,
    has: impl Fn(AbsoluteErrorFault) -> bool,
) -> Tensor<S> {
    use AbsoluteErrorFault as F;
    let divisor = match () {
        () if has(F::SumForMean) => 1,
        () if has(F::OverBatchOnly) => y.shape()[0],
        () => y.len(),
    };
    let entry = |index: usize, y: S, t: f64| {
        let side = match branches {
            Some(branches) => f64::from(branches[index]) - 1.0,
            None if y.primal() > t => 1.0,
            None if y.primal() < t => -1.0,
            None => 0.0,
        };
        match () {
            () if has(F::Sign) => S::constant(-side),
            () if has(F::SignLost) => S::constant(side.abs()),
            () if has(F::OfSquaredError) => S::constant(2.0) * (y - S::constant(t)),
            () => S::constant(side),
        }
    };
    mean_gradient(y, target, divisor, scale, entry)
}

/// y − t clipped to ±δ, over M; on replayed branches 0 means below −δ, 1 between and 2 above δ.
pub(super) fn huber<S: Scalar>(
    y: &Tensor<S>,
    (target, delta): (&Tensor<f64>, f64),
    branches: Option<&[u32]>,
    scale: S,
    has: impl Fn(HuberFault) -> bool,
) -> Tensor<S> {
    use HuberFault as F;
    let divisor = if has(F::SumForMean) { 1 } else { y.len() };
    let factor = match () {
        () if has(F::Sign) => -1.0,
        () if has(F::Doubled) => 2.0,
        () => 1.0,
    };
    let entry = |index: usize, y: S, t: f64| {
        let r = y - S::constant(t);
        let side = match branches {
            Some(branches) => f64::from(branches[index]) - 1.0,
            None if r.primal() > delta => 1.0,
            None if r.primal() < -delta => -1.0,
            None => 0.0,
        };
        let slope = match () {
            () if has(F::Unclipped) || side.abs() < 0.5 => r,
            () if has(F::DeltaMissing) => S::constant(side),
            () => S::constant(side * delta),
        };
        S::constant(factor) * slope
    };
    mean_gradient(y, target, divisor, scale, entry)
}

/// (1/(1 + e^−z) − t)/M.
pub(super) fn bce_with_logits<S: Scalar>(
    z: &Tensor<S>,
    target: &Tensor<f64>,
    scale: S,
    has: impl Fn(BceWithLogitsFault) -> bool,
) -> Tensor<S> {
    use BceWithLogitsFault as F;
    let divisor = if has(F::SumForMean) { 1 } else { z.len() };
    let entry = |_: usize, z: S, t: f64| {
        let p = S::one() / (S::one() + (-z).exp());
        let t = S::constant(t);
        match () {
            () if has(F::Sign) => t - p,
            () if has(F::TargetMissing) => p,
            () if has(F::SigmoidMissing) => z - t,
            () if has(F::SigmoidTwice) => (p - t) * p * (S::one() - p),
            () => p - t,
        }
    };
    mean_gradient(z, target, divisor, scale, entry)
}

/// scale·entry/divisor for every entry, which is given its index, output and target.
fn mean_gradient<S: Scalar>(
    y: &Tensor<S>,
    target: &Tensor<f64>,
    divisor: usize,
    scale: S,
    entry: impl Fn(usize, S, f64) -> S,
) -> Tensor<S> {
    let mut dy = y.clone();
    for (index, (dy, t)) in dy.iter_mut().zip(target).enumerate() {
        *dy = entry(index, *dy, *t) * scale / S::constant(divisor as f64);
    }
    dy
}
