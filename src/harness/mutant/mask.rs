//! Faults in the backward of prelu and dropout, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::layer::{LayerGradients, dropout};
use crate::scalar::Scalar;
use crate::spec::DropoutSpec;
use crate::tensor::{Tensor, unflatten, values, values_mut, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum PreluFault {
    BranchSwapped,
    WeightOfAllInputs,
    WeightOfFirstSample,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum DropoutFault {
    ScaleMissing,
    MaskMissing,
    OtherMask,
}

/// Every mutant of prelu and dropout.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    const fn new(fault: Fault, name: &'static str, words: &'static str, expected: BugKind) -> Mutant {
        Mutant::new(fault, name, words, Some(expected))
    }
    [
        new(Fault::Prelu(PreluFault::BranchSwapped), "branch_swapped", "the slope is 1 where the input is negative, and the weight elsewhere", Kind::WrongBranch),
        new(Fault::Prelu(PreluFault::WeightOfAllInputs), "dw_of_all_inputs", "the weight's gradient sums over positive inputs too", Kind::WrongBranch),
        new(Fault::Prelu(PreluFault::WeightOfFirstSample), "dw_of_first_sample", "the weight's gradient sums over the first sample only", Kind::FirstSampleOnly),
        new(Fault::Dropout(DropoutFault::ScaleMissing), "scale_missing", "dx is not divided by 1 − p", Kind::Factor(Factor::Other(0.75))),
        new(Fault::Dropout(DropoutFault::MaskMissing), "mask_missing", "it passes dy/(1 − p) on everywhere", Kind::WrongBranch),
        new(Fault::Dropout(DropoutFault::OtherMask), "other_mask", "it draws another mask than forward did", Kind::WrongBranch),
    ]
};

/// Compute dx and da entry by entry.
pub(super) fn prelu<S: Scalar>(pass: &Pass<'_, S>) -> LayerGradients<S> {
    let has = |fault| pass.fault == Some(Fault::Prelu(fault));
    let weight = &pass.parameters[0];
    let mut dx = pass.dy.clone();
    let mut da: Tensor<S> = zeros(weight.shape());
    for (number, (dx, x)) in dx.iter_mut().zip(pass.x).enumerate() {
        let place = unflatten(number, pass.x.shape());
        let channel = if weight.len() == 1 { 0 } else { place[1] };
        let is_above = match pass.branches {
            Some(branches) => branches[number] != 0,
            None => x.primal() > 0.0 || x.primal().is_nan(),
        };
        let is_counted = !has(PreluFault::WeightOfFirstSample) || place[0] == 0;
        if is_counted && (!is_above || has(PreluFault::WeightOfAllInputs)) {
            values_mut(&mut da)[channel] += *x * *dx;
        }
        if is_above == has(PreluFault::BranchSwapped) {
            *dx = *dx * values(weight)[channel];
        }
    }
    LayerGradients {
        input: dx,
        parameters: vec![da],
    }
}

/// Compute dx of a dropout.
pub(super) fn dropout<S: Scalar>(spec: DropoutSpec, pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::Dropout(fault));
    let drawn = if has(DropoutFault::OtherMask) {
        DropoutSpec {
            seed: spec.seed.wrapping_add(1),
            ..spec
        }
    } else {
        spec
    };
    let mut dx = pass.dy.clone();
    for (number, dx) in dx.iter_mut().enumerate() {
        if !has(DropoutFault::MaskMissing) && !dropout::keeps(drawn, number) {
            *dx = S::zero();
        } else if spec.training && !has(DropoutFault::ScaleMissing) {
            *dx = *dx * S::constant(1.0 / (1.0 - spec.p));
        }
    }
    dx
}
