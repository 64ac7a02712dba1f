//! Faults in a linear layer's backward, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::layer::LayerGradients;
use crate::scalar::Scalar;
use crate::tensor::{values, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum LinearFault {
    DxTransposed,
    DxHalf,
    DwTransposed,
    DwFirstSample,
    DwOverwritten,
    DwSign,
    DwOverBatch,
    DbFirstSample,
    DbZero,
}

const fn mutant(
    fault: LinearFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::Linear(fault), name, words, Some(expected))
}

/// Every mutant of the linear layer.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use LinearFault as F;
    [
        mutant(F::DxTransposed, "dx_transposed", "dx reads the weight as if it were in×out", Kind::Transposed),
        mutant(F::DxHalf, "dx_half", "dx is halved", Kind::Factor(Factor::Half)),
        mutant(F::DwTransposed, "dw_transposed", "dW of a square weight is transposed", Kind::Transposed),
        mutant(F::DwFirstSample, "dw_first_sample", "dW is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DwOverwritten, "dw_overwritten", "dW keeps the last sample's share instead of the batch's sum", Kind::Overwritten),
        mutant(F::DwSign, "dw_sign", "dW has the other sign", Kind::Sign),
        mutant(F::DwOverBatch, "dw_over_batch", "dW is divided by the batch once more", Kind::Factor(Factor::OverBatch)),
        mutant(F::DbFirstSample, "db_first_sample", "db is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbZero, "db_zero", "db is left at zero", Kind::Zero),
    ]
};

/// Compute dx, dW and, if there is a bias, db.
pub(super) fn backward<S: Scalar>(pass: &Pass<'_, S>) -> LayerGradients<S> {
    let has = |fault| pass.fault == Some(Fault::Linear(fault));
    let Pass { x, dy, .. } = *pass;
    let w = &pass.parameters[0];
    let (batch, outputs, inputs) = (x.shape()[0], w.shape()[0], w.shape()[1]);
    let mut dx = zeros(x.shape());
    let mut dw = zeros(w.shape());
    let mut db = zeros(&[outputs]);
    for n in 0..batch {
        for o in 0..outputs {
            for i in 0..inputs {
                let weight = if has(LinearFault::DxTransposed) {
                    values(w)[i * outputs + o]
                } else {
                    w[[o, i]]
                };
                dx[[n, i]] += dy[[n, o]] * weight;
                let to = if has(LinearFault::DwTransposed) && inputs == outputs {
                    [i, o]
                } else {
                    [o, i]
                };
                let left_out = has(LinearFault::DwFirstSample) && n > 0
                    || has(LinearFault::DwOverwritten) && n + 1 < batch;
                if !left_out {
                    dw[to] += dy[[n, o]] * x[[n, i]];
                }
            }
            if !(has(LinearFault::DbFirstSample) && n > 0 || has(LinearFault::DbZero)) {
                db[o] += dy[[n, o]];
            }
        }
    }
    if has(LinearFault::DxHalf) {
        dx.mapv_inplace(|dx: S| dx * S::constant(0.5));
    }
    if has(LinearFault::DwSign) {
        dw.mapv_inplace(|dw: S| -dw);
    }
    if has(LinearFault::DwOverBatch) {
        dw.mapv_inplace(|dw: S| dw / S::constant(batch as f64));
    }
    let mut parameters = vec![dw, db];
    parameters.truncate(pass.parameters.len());
    LayerGradients {
        input: dx,
        parameters,
    }
}
