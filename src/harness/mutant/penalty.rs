//! Faults in the penalties' gradient, and the naive gradient that they alter.

use crate::judge::diagnosis::BugKind;
use crate::network::{LeafName, Problem};
use crate::scalar::Scalar;
use crate::spec::PenaltySpec;
use crate::tensor::Tensor;

use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum PenaltyFault {
    Missing,
    Doubled,
    OnBias,
    SignIsValue,
    SignFlipped,
}

/// Every mutant of the penalties.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use PenaltyFault as F;
    [
        Mutant::new(Fault::Penalty(F::Missing), "missing", "the penalty's gradient is left out", Some(Kind::PenaltyMissing)),
        Mutant::new(Fault::Penalty(F::Doubled), "doubled", "the penalty's gradient is added twice", Some(Kind::PenaltyDoubled)),
        Mutant::new(Fault::Penalty(F::OnBias), "on_bias", "the penalty's gradient is on the bias too", Some(Kind::PenaltyOnBias)),
        Mutant::new(Fault::Penalty(F::SignIsValue), "sign_is_value", "L1's gradient is λ·w and not λ·sign(w)", Some(Kind::ApproximateDerivative)),
        Mutant::new(Fault::Penalty(F::SignFlipped), "sign_flipped", "the penalty's gradient is subtracted", Some(Kind::PenaltySign)),
    ]
};

/// Add the penalty's gradient to that of parameter number `number`, of value `w`.
pub(super) fn add<S: Scalar>(
    problem: &Problem,
    number: usize,
    w: &Tensor<S>,
    gradient: &mut Tensor<S>,
    fault: Option<Fault>,
) {
    let has = |wrong| fault == Some(Fault::Penalty(wrong));
    let name = problem.network.leaf_name(LeafName::Parameter(number));
    let Some(penalty) = problem.objective.penalty else {
        return;
    };
    if !(name.ends_with(".weight") || has(PenaltyFault::OnBias)) || has(PenaltyFault::Missing) {
        return;
    }
    let factor = match () {
        () if has(PenaltyFault::Doubled) => 2.0,
        () if has(PenaltyFault::SignFlipped) => -1.0,
        () => 1.0,
    };
    for (gradient, w) in gradient.iter_mut().zip(w) {
        let slope = match penalty {
            PenaltySpec::L1 { .. } if !has(PenaltyFault::SignIsValue) => S::constant(sign(*w)),
            _ => *w,
        };
        *gradient += S::constant(factor * penalty.strength()) * slope;
    }
}

/// −1, 0 or 1.
fn sign<S: Scalar>(w: S) -> f64 {
    let w = w.primal();
    f64::from(i8::from(w > 0.0) - i8::from(w < 0.0))
}
