//! Binary cross-entropy of the logistic function of logits, mean over all entries.
//!
//! M number of entries · z the logits · t the targets, in [0, 1] · σ the logistic function
//!
//! ```text
//! L = −1/M · Σ (t·log σ(z) + (1 − t)·log σ(−z))
//! dL/dz = (σ(z) − t)/M = ((1 − t)·σ(z) − t·σ(−z))/M
//! ```
//!
//! −log σ(z) is computed as log(1 + e^−|z|) + max(−z, 0), so that nothing overflows, and dL/dz from
//! σ(z) and σ(−z), so that nothing cancels at large logits. Nor does it in the tangents of L: with the
//! shorter (1 − t)·z − log σ(z) a dual number's would be 1 − σ(−z), which is left with few digits where
//! z is far below 0.

use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Compute L from z and the target t in the same shape.
#[must_use]
pub fn forward<S: Scalar>(z: &Tensor<S>, target: &Tensor<f64>) -> S {
    let mut total = S::zero();
    for (z, t) in z.iter().zip(target) {
        total += S::constant(1.0 - t) * softplus(*z) + S::constant(*t) * softplus(-*z);
    }
    total / S::constant(target.len() as f64)
}

/// log(1 + eˣ).
fn softplus<S: Scalar>(x: S) -> S {
    if x.primal() > 0.0 {
        x + (S::one() + (-x).exp()).ln()
    } else {
        (S::one() + x.exp()).ln()
    }
}

/// Compute `scale`·dL/dz in the shape of z.
#[must_use]
pub fn backward<S: Scalar>(z: &Tensor<S>, target: &Tensor<f64>, scale: S) -> Tensor<S> {
    let share = scale / S::constant(target.len() as f64);
    let mut dz = z.clone();
    for (dz, t) in dz.iter_mut().zip(target) {
        let (hit, missed) = (logistic(-*dz), logistic(*dz));
        *dz = (S::constant(1.0 - t) * missed - S::constant(*t) * hit) * share;
    }
    dz
}

/// σ(x).
fn logistic<S: Scalar>(x: S) -> S {
    if x.primal() < 0.0 {
        let e = x.exp();
        e / (S::one() + e)
    } else {
        S::one() / (S::one() + (-x).exp())
    }
}
