//! Wrong gradients of losses whose classes have weights, and of the negative log-likelihood with or without.

use super::kind::{BugKind, Factor};
use super::loss::{Wrong, difference, one};

/// The target classes of a batch and the weights of all classes.
pub(super) struct Weights<'a> {
    classes: &'a [usize],
    weights: Option<&'a [f64]>,
    /// The sum of the targets' weights, which a mean divides by.
    pub(super) total: f64,
}

impl<'a> Weights<'a> {
    pub(super) fn new(classes: &'a [usize], weights: Option<&'a [f64]>) -> Self {
        let mut new = Self {
            classes,
            weights,
            total: 0.0,
        };
        new.total = classes.iter().map(|class| new.of(*class)).sum();
        new
    }

    fn of(&self, class: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[class])
    }

    /// The mean weight of a sample.
    fn mean(&self) -> f64 {
        self.total / self.classes.len() as f64
    }
}

/// A logit whose class has a weight.
pub(super) struct WeightedLogit {
    /// softmax(z).
    p: f64,
    /// The target's share with smoothing, without a weight.
    q: f64,
    /// Whether this is the target class.
    hit: bool,
    /// The weight of the class.
    weight: f64,
    /// The weight of the target class.
    of_target: f64,
    /// Sum over classes of weight and share.
    mass: f64,
    /// The sum of the targets' weights.
    total: f64,
    /// The mean of the targets' weights.
    mean: f64,
}

/// The entries of a batch of logits.
pub(super) fn logits(z: &[f64], weights: &Weights<'_>, smoothing: f64) -> Vec<WeightedLogit> {
    let labels = z.len() / weights.classes.len();
    let spread = smoothing / labels as f64;
    let mut entries = Vec::with_capacity(z.len());
    for (z, class) in z.chunks_exact(labels).zip(weights.classes) {
        let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = z.iter().map(|z| (z - largest).exp()).sum();
        let share = |k: usize| spread + (1.0 - smoothing) * one(k == *class);
        let mass = (0..labels).map(|k| weights.of(k) * share(k)).sum();
        entries.extend(z.iter().enumerate().map(|(k, z)| WeightedLogit {
            p: (z - largest).exp() / total,
            q: share(k),
            hit: k == *class,
            weight: weights.of(k),
            of_target: weights.of(*class),
            mass,
            total: weights.total,
            mean: weights.mean(),
        }));
    }
    entries
}

/// All of them times the sum of the targets' weights.
pub(super) const WEIGHTED: [Wrong<WeightedLogit>; 5] = [
    (
        BugKind::Factor(Factor::Batch),
        "the gradient of a sum over the batch, where the mean divides by the sum of the targets' weights",
        "the loss is a mean",
        |at| {
            let (value, size) = difference(at.mass * at.p, at.weight * at.q);
            (value * at.total, size * at.total)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient without class weights",
        "the weights of the classes",
        |at| {
            let (value, size) = difference(at.p, at.q);
            (value * at.mean, size * at.mean)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the softmax alone: the target is not subtracted",
        "the - 1 at the target class",
        |at| (at.mass * at.p, at.mass * at.p),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient without label smoothing",
        "the target in backward is one-hot, and smoothed in forward",
        |at| difference(at.of_target * at.p, at.of_target * one(at.hit)),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient with the target's weight at every class",
        "with label smoothing every class has a share of the target, and its own weight",
        |at| difference(at.of_target * at.p, at.of_target * at.q),
    ),
];

/// A log-probability under the negative log-likelihood.
pub(super) struct Likelihood {
    y: f64,
    /// The weight of the sample's target class.
    weight: f64,
    /// Whether this is the target class.
    hit: bool,
    /// The sum of the targets' weights.
    total: f64,
    /// The mean of the targets' weights.
    mean: f64,
}

/// The entries of a batch of log-probabilities.
pub(super) fn likelihoods(y: &[f64], weights: &Weights<'_>) -> Vec<Likelihood> {
    let rows = y.chunks_exact(y.len() / weights.classes.len());
    let entries = rows.zip(weights.classes).flat_map(|(y, class)| {
        y.iter().enumerate().map(move |(k, y)| Likelihood {
            y: *y,
            weight: weights.of(*class),
            hit: k == *class,
            total: weights.total,
            mean: weights.mean(),
        })
    });
    entries.collect()
}

/// All of them times the sum of the targets' weights.
pub(super) const LIKELIHOOD: [Wrong<Likelihood>; 5] = [
    (
        BugKind::Factor(Factor::Batch),
        "the gradient of a sum over the batch, where the mean divides by the sum of the targets' weights",
        "the loss is a mean",
        |at| {
            let value = at.total * at.weight * one(at.hit);
            (-value, value)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the target's gradient at every class",
        "the loss depends on the target class alone",
        |at| (-at.weight, at.weight),
    ),
    (
        BugKind::ApproximateDerivative,
        "e^y less the target: the gradient with respect to logits",
        "the softmax belongs to the backward of the layer before",
        |at| difference(at.weight * at.y.exp(), at.weight * one(at.hit)),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient with respect to probabilities, -1/y at the target class",
        "the loss takes log-probabilities as they are",
        |at| (-at.weight * one(at.hit) / at.y, at.weight / at.y.abs()),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient without class weights",
        "the weight of the target class",
        |at| (-at.mean * one(at.hit), at.mean),
    ),
];
