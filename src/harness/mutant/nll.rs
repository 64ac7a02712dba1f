//! Faults in the backward of the negative log-likelihood, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum NllFault {
    Sign,
    BatchMeanMissing,
    EveryClass,
    OfProbabilities,
    ClassWeightsForgotten,
    OverCount,
}

/// Every mutant of the negative log-likelihood.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use NllFault as F;
    [
        Mutant::new(Fault::Nll(F::Sign), "sign", "the minus is left out", Some(Kind::Sign)),
        Mutant::new(Fault::Nll(F::BatchMeanMissing), "batch_mean_missing", "the loss is a mean over the batch, its gradient that of a sum", Some(Kind::Factor(Factor::Batch))),
        Mutant::new(Fault::Nll(F::EveryClass), "every_class", "every class gets the target's gradient", Some(Kind::ApproximateDerivative)),
        Mutant::new(Fault::Nll(F::OfProbabilities), "of_probabilities", "the softmax is added, which belongs to logits, not to log-probabilities", Some(Kind::ApproximateDerivative)),
        Mutant::new(Fault::Nll(F::ClassWeightsForgotten), "class_weights_forgotten", "the classes' weights take no part in the gradient", Some(Kind::ApproximateDerivative)),
        // (0.7 + 1.9 + 1.9)/3, for example.
        Mutant::new(Fault::Nll(F::OverCount), "over_count", "the sum is divided by the number of samples, and not by the sum of their weights", Some(Kind::Factor(Factor::Other(1.5)))),
    ]
};

/// −w[k]/W at the target class k.
pub(super) fn backward<S: Scalar>(
    y: &Tensor<S>,
    (classes, weights): (&[usize], Option<&[f64]>),
    scale: S,
    has: impl Fn(NllFault) -> bool,
) -> Tensor<S> {
    let weights = weights.filter(|_| !has(NllFault::ClassWeightsForgotten));
    let weight = |class: usize| weights.map_or(1.0, |weights| weights[class]);
    let total: f64 = classes.iter().map(|class| weight(*class)).sum();
    let mut total = S::constant(total);
    if has(NllFault::BatchMeanMissing) {
        total = S::one();
    }
    if has(NllFault::OverCount) {
        total = S::constant(classes.len() as f64);
    }
    let mut dy = y.clone();
    for (n, class) in classes.iter().enumerate() {
        for k in 0..y.shape()[1] {
            let mut slope = S::zero();
            if k == *class || has(NllFault::EveryClass) {
                slope = -S::constant(weight(*class));
            }
            if has(NllFault::OfProbabilities) {
                slope += S::constant(weight(*class)) * y[[n, k]].exp();
            }
            if has(NllFault::Sign) {
                slope = -slope;
            }
            dy[[n, k]] = slope / total * scale;
        }
    }
    dy
}
