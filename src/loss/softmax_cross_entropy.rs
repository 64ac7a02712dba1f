//! Softmax cross-entropy, mean over the batch, weighted by class if there are weights.
//!
//! n sample of N · k class of K · t the target class · ε label smoothing · z the logits ·
//! w the classes' weights, 1 when left out
//!
//! ```text
//! q[n,k] = w[k]·((1 − ε)·[k = t(n)] + ε/K),  W = Σ_n w[t(n)]
//! L = 1/W · Σ_n (Σ_k q[n,k]·log Σ_k e^z[n,k] − Σ_k q[n,k]·z[n,k])
//! dL/dz[n,k] = (Σ_k q[n,k]·softmax(z[n])[k] − q[n,k])/W
//! ```
//!
//! The largest logit is subtracted first, so that nothing overflows; being the same on every
//! branch of the result, it needs no gradient.

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut, zeros};

/// Compute L from z (N, K).
#[must_use]
pub fn forward<S: Scalar>(
    z: &Tensor<S>,
    classes: &[usize],
    label_smoothing: f64,
    weights: Option<&[f64]>,
) -> S {
    let labels = z.shape()[1];
    let mut total = S::zero();
    for (z, class) in values(z).chunks_exact(labels).zip(classes) {
        let (shift, exponentials) = shifted_exponentials(z);
        let mut loss = sum(&exponentials).ln();
        if let Some(mass) = mass(*class, labels, label_smoothing, weights) {
            loss = S::constant(mass) * loss;
        }
        for (k, z) in z.iter().enumerate() {
            let q = target(k, *class, labels, label_smoothing) * weight(weights, k);
            // 0·∞ of a class that plays no part would be NaN.
            if q > 0.0 {
                loss -= S::constant(q) * (*z - shift);
            }
        }
        total += loss;
    }
    total / S::constant(total_weight(classes, weights))
}

/// Compute `scale`·dL/dz (N, K).
#[must_use]
pub fn backward<S: Scalar>(
    z: &Tensor<S>,
    classes: &[usize],
    label_smoothing: f64,
    weights: Option<&[f64]>,
    scale: S,
) -> Tensor<S> {
    let labels = z.shape()[1];
    let share = scale / S::constant(total_weight(classes, weights));
    let mut dz = zeros(z.shape());
    let rows = values(z)
        .chunks_exact(labels)
        .zip(values_mut(&mut dz).chunks_exact_mut(labels));
    for ((z, dz), class) in rows.zip(classes) {
        let (_, exponentials) = shifted_exponentials(z);
        let total = sum(&exponentials);
        let mass = mass(*class, labels, label_smoothing, weights);
        for (k, dz) in dz.iter_mut().enumerate() {
            let q = target(k, *class, labels, label_smoothing) * weight(weights, k);
            let mut p = exponentials[k] / total;
            if let Some(mass) = mass {
                p = S::constant(mass) * p;
            }
            *dz = (p - S::constant(q)) * share;
        }
    }
    dz
}

/// The largest logit, and e^(z − largest) of each.
fn shifted_exponentials<S: Scalar>(z: &[S]) -> (S, Vec<S>) {
    let largest = z
        .iter()
        .map(|z| z.primal())
        .fold(f64::NEG_INFINITY, f64::max);
    let shift = S::constant(largest);
    (shift, z.iter().map(|z| (*z - shift).exp()).collect())
}

fn sum<S: Scalar>(terms: &[S]) -> S {
    terms.iter().fold(S::zero(), |sum, term| sum + *term)
}

/// q[n,k] without its weight.
fn target(k: usize, class: usize, labels: usize, label_smoothing: f64) -> f64 {
    let spread = label_smoothing / labels as f64;
    if k == class {
        1.0 - label_smoothing + spread
    } else {
        spread
    }
}

/// Σ_k q[n,k]; `None` without weights, where it is 1.
fn mass(class: usize, labels: usize, label_smoothing: f64, weights: Option<&[f64]>) -> Option<f64> {
    let share = |(k, weight): (usize, &f64)| weight * target(k, class, labels, label_smoothing);
    weights.map(|weights| weights.iter().enumerate().map(share).sum())
}

fn weight(weights: Option<&[f64]>, class: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[class])
}

/// W.
fn total_weight(classes: &[usize], weights: Option<&[f64]>) -> f64 {
    classes.iter().map(|class| weight(weights, *class)).sum()
}
