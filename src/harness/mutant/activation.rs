//! Faults in the backward of activations and of flattening, and the naive backward that they alter.

use crate::judge::diagnosis::BugKind;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, reshape, values};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ReluFault {
    BranchSwapped,
    MaskMissing,
    MaskOfDy,
    Leaky,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum TanhFault {
    SquareMissing,
    SquareOfInput,
    DerivativeMissing,
    SigmoidDerivative,
    TanhTwice,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum SigmoidFault {
    ComplementMissing,
    ComplementOnly,
    DerivativeMissing,
    TanhDerivative,
    SigmoidTwice,
    HardSigmoid,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum FlattenFault {
    ChannelsLast,
}

/// Every mutant of activations and flattening.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    const fn new(fault: Fault, name: &'static str, words: &'static str, expected: BugKind) -> Mutant {
        Mutant::new(fault, name, words, Some(expected))
    }
    [
        new(Fault::Relu(ReluFault::BranchSwapped), "branch_swapped", "it passes dy on where the input is not positive, and only there", Kind::WrongBranch),
        new(Fault::Relu(ReluFault::MaskMissing), "mask_missing", "it passes dy on everywhere", Kind::WrongBranch),
        new(Fault::Relu(ReluFault::MaskOfDy), "mask_of_dy", "it passes dy on where dy is positive", Kind::WrongBranch),
        new(Fault::Relu(ReluFault::Leaky), "leaky", "it passes a hundredth of dy on where it should pass nothing", Kind::ApproximateDerivative),
        new(Fault::Tanh(TanhFault::SquareMissing), "square_missing", "the slope is 1 − y", Kind::ApproximateDerivative),
        new(Fault::Tanh(TanhFault::SquareOfInput), "square_of_input", "the slope is 1 − x²", Kind::ApproximateDerivative),
        new(Fault::Tanh(TanhFault::DerivativeMissing), "derivative_missing", "the slope is 1", Kind::ApproximateDerivative),
        new(Fault::Tanh(TanhFault::SigmoidDerivative), "sigmoid_derivative", "the slope is the logistic function's, y·(1 − y)", Kind::ApproximateDerivative),
        new(Fault::Tanh(TanhFault::TanhTwice), "tanh_twice", "the slope is 1 − tanh²(y): y is taken for the input", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::ComplementMissing), "complement_missing", "the slope is y", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::ComplementOnly), "complement_only", "the slope is 1 − y", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::DerivativeMissing), "derivative_missing", "the slope is 1", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::TanhDerivative), "tanh_derivative", "the slope is the hyperbolic tangent's, 1 − y²", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::SigmoidTwice), "sigmoid_twice", "the slope is taken at y: y is taken for the input", Kind::ApproximateDerivative),
        new(Fault::Sigmoid(SigmoidFault::HardSigmoid), "hard_sigmoid", "the slope is 1/4 within ±2, and 0 outside", Kind::ApproximateDerivative),
        new(Fault::Flatten(FlattenFault::ChannelsLast), "channels_last", "dx is read as if the channel ran fastest", Kind::Transposed),
    ]
};

/// Compute dx of a ReLU: dy where the input is positive.
pub(super) fn relu<S: Scalar>(pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::Relu(fault));
    let mut dx = pass.dy.clone();
    for (number, (dx, x)) in dx.iter_mut().zip(pass.x).enumerate() {
        let x = x.primal();
        let open = match pass.branches {
            Some(branches) => branches[number] != 0,
            None => x > 0.0 || x.is_nan(),
        };
        let passes = match () {
            () if has(ReluFault::BranchSwapped) => !open,
            () if has(ReluFault::MaskMissing) => true,
            () if has(ReluFault::MaskOfDy) => dx.primal() > 0.0,
            () => open,
        };
        if !passes {
            let leak = if has(ReluFault::Leaky) { 0.01 } else { 0.0 };
            *dx = *dx * S::constant(leak);
        }
    }
    dx
}

/// Compute dx of a hyperbolic tangent from its input.
pub(super) fn tanh<S: Scalar>(pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::Tanh(fault));
    let slope = |x: S| {
        let (y, one) = (x.tanh(), S::one());
        match () {
            () if has(TanhFault::SquareMissing) => one - y,
            () if has(TanhFault::SquareOfInput) => one - x * x,
            () if has(TanhFault::DerivativeMissing) => one,
            () if has(TanhFault::SigmoidDerivative) => y * (one - y),
            () if has(TanhFault::TanhTwice) => one - y.tanh() * y.tanh(),
            () => (one - y) * (one + y),
        }
    };
    times_slope(pass, slope)
}

/// Compute dx of a logistic function from its input.
pub(super) fn sigmoid<S: Scalar>(pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::Sigmoid(fault));
    let one = S::one();
    let right = |x: S| one / ((one + (-x).exp()) * (one + x.exp()));
    let slope = |x: S| {
        let y = one / (one + (-x).exp());
        match () {
            () if has(SigmoidFault::ComplementMissing) => y,
            () if has(SigmoidFault::ComplementOnly) => one - y,
            () if has(SigmoidFault::DerivativeMissing) => one,
            () if has(SigmoidFault::TanhDerivative) => one - y * y,
            () if has(SigmoidFault::SigmoidTwice) => right(y),
            () if has(SigmoidFault::HardSigmoid) => {
                S::constant(if x.primal().abs() <= 2.0 { 0.25 } else { 0.0 })
            }
            () => right(x),
        }
    };
    times_slope(pass, slope)
}

fn times_slope<S: Scalar>(pass: &Pass<'_, S>, slope: impl Fn(S) -> S) -> Tensor<S> {
    let mut dx = pass.dy.clone();
    for (dx, x) in dx.iter_mut().zip(pass.x) {
        *dx = *dx * slope(*x);
    }
    dx
}

/// Give dy the input's shape.
pub(super) fn flatten<S: Scalar>(pass: &Pass<'_, S>) -> Tensor<S> {
    let shape = pass.x.shape();
    let mut dx = reshape(pass.dy.clone(), shape);
    if pass.fault == Some(Fault::Flatten(FlattenFault::ChannelsLast)) && shape.len() > 2 {
        let (channels, size) = (shape[1], shape[2..].iter().product::<usize>());
        let samples = dx
            .outer_iter_mut()
            .zip(values(pass.dy).chunks(channels * size));
        for (mut dx, dy) in samples {
            for (to, dx) in dx.iter_mut().enumerate() {
                *dx = dy[to % size * channels + to / size];
            }
        }
    }
    dx
}
