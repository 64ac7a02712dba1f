//! Wrong gradients of the losses.

use std::rc::Rc;

use crate::loss::Loss;
use crate::tensor::{Tensor, values};

use super::class_weights::{self, LIKELIHOOD, WEIGHTED, Weights};
use super::entry_loss::{ABSOLUTE, BINARY, HUBER, Near, Pair, SQUARED};
use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;

/// A gradient that somebody may take for the right one, without the factor that all entries share:
/// kind, after "equals", what to look at, and a value with the sum of the magnitudes of its terms.
pub(super) type Wrong<T> = (BugKind, &'static str, &'static str, fn(&T) -> (f64, f64));

/// The wrong ways, most likely first.
pub(super) fn hypotheses<'a>(loss: &Loss, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let scale = context.problem.objective.scale;
    let output = values(&context.problem.input);
    let pairs = |target: &Tensor<f64>| -> Vec<Pair> {
        let pairs = output.iter().zip(target);
        pairs.map(|(y, t)| Pair { y: *y, t: *t }).collect()
    };
    let over = |target: &Tensor<f64>| scale / target.len() as f64;
    match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights: Some(class_weights),
        } => {
            let weights = Weights::new(classes, Some(class_weights));
            let entries = class_weights::logits(output, &weights, *label_smoothing);
            of_entries(&WEIGHTED, entries, scale / weights.total, context)
        }
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights: None,
        } => {
            let labels = context.shape[1];
            let share = scale / classes.len() as f64;
            let rows = output.chunks_exact(labels).zip(classes);
            let entries = rows
                .flat_map(|(z, class)| logits(z, *class, *label_smoothing))
                .collect();
            of_entries(&SOFTMAX, entries, share, context)
        }
        Loss::MeanSquaredError { target } => {
            of_entries(&SQUARED, pairs(target), 2.0 * over(target), context)
        }
        Loss::Nll {
            classes,
            class_weights,
        } => {
            let weights = Weights::new(classes, class_weights.as_deref());
            let entries = class_weights::likelihoods(output, &weights);
            of_entries(&LIKELIHOOD, entries, scale / weights.total, context)
        }
        Loss::L1 { target } => of_entries(&ABSOLUTE, pairs(target), over(target), context),
        Loss::Huber { target, delta } => {
            let entries = pairs(target).into_iter();
            let entries = entries
                .map(|pair| Near {
                    pair,
                    delta: *delta,
                })
                .collect();
            of_entries(&HUBER, entries, over(target), context)
        }
        Loss::BceWithLogits { target } => of_entries(&BINARY, pairs(target), over(target), context),
        Loss::WeightedSum { .. } => Vec::new(),
    }
}

fn of_entries<'a, T: 'a>(
    wrong: &'static [Wrong<T>],
    entries: Vec<T>,
    share: f64,
    context: &Context<'_>,
) -> Vec<Hypothesis<'a>> {
    // Error bounds as a share of the largest entry's terms, all of which are near 1 in a softmax.
    let largest = context.right.iter().fold(0.0, |a: f64, g| a.max(g.abs()));
    let errors = context.error.iter().filter(|error| error.is_finite());
    let error = errors.fold(0.0, |a: f64, error| a.max(*error));
    let level = error / largest.max(share.abs() * f64::EPSILON) + 32.0 * f64::EPSILON;
    let entries = Rc::new(entries);
    let hypotheses = wrong.iter().map(|(kind, equals, look, gradient)| {
        let entries = entries.clone();
        Hypothesis::entries(*kind, *equals, *look, move |index| {
            let (value, magnitude) = gradient(&entries[index]);
            (value * share, magnitude * share.abs() * level)
        })
    });
    hypotheses.collect()
}

/// One logit with what its gradient is made of.
struct Logit {
    /// The logit.
    z: f64,
    /// softmax(z).
    p: f64,
    /// The target's share with smoothing.
    q: f64,
    /// Whether this is the target class.
    hit: bool,
    /// Label smoothing.
    smoothing: f64,
    /// Number of classes.
    labels: f64,
}

fn logits(z: &[f64], class: usize, smoothing: f64) -> impl Iterator<Item = Logit> {
    let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = z.iter().map(|z| (z - largest).exp()).sum();
    let labels = z.len() as f64;
    z.iter().enumerate().map(move |(k, z)| {
        let hit = k == class;
        let spread = smoothing / labels;
        Logit {
            z: *z,
            p: (z - largest).exp() / total,
            q: spread + if hit { 1.0 - smoothing } else { 0.0 },
            hit,
            smoothing,
            labels,
        }
    })
}

pub(super) fn one(hit: bool) -> f64 {
    f64::from(u8::from(hit))
}

pub(super) fn difference(a: f64, b: f64) -> (f64, f64) {
    (a - b, a.abs() + b.abs())
}

const SOFTMAX: [Wrong<Logit>; 9] = [
    (
        BugKind::ApproximateDerivative,
        "softmax(z)/N: the target is not subtracted",
        "the - 1 at the target class",
        |at| (at.p, at.p),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient without label smoothing",
        "the target in backward is one-hot, and smoothed in forward",
        |at| difference(at.p, one(at.hit)),
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient with the smoothing spread over the other K - 1 classes instead of all K",
        "the target's share of a wrong class",
        |at| {
            let others = at.smoothing / (at.labels - 1.0);
            difference(at.p, if at.hit { 1.0 - at.smoothing } else { others })
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient at the target class alone, and 0 at the others",
        "the loop over classes: softmax(z) reaches every class",
        |at| {
            if at.hit {
                difference(at.p, at.q)
            } else {
                (0.0, 0.0)
            }
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "-q/softmax(z), the gradient with respect to the probabilities",
        "the softmax has a derivative of its own",
        |at| (-at.q / at.p, at.q / at.p),
    ),
    (
        BugKind::ApproximateDerivative,
        "the logits less the target: the softmax is missing",
        "backward needs softmax(z), not z",
        |at| difference(at.z, at.q),
    ),
    (
        BugKind::ApproximateDerivative,
        "the logistic function of each logit less the target",
        "backward belongs to a binary cross-entropy",
        |at| difference(1.0 / (1.0 + (-at.z).exp()), at.q),
    ),
    (
        BugKind::ApproximateDerivative,
        "(softmax(z) - q) times softmax(z)(1 - softmax(z))",
        "cross-entropy and softmax together have the gradient softmax(z) - q already",
        |at| {
            let slope = at.p * (1.0 - at.p);
            ((at.p - at.q) * slope, (at.p + at.q) * at.p * (1.0 + at.p))
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "softmax(z) + q: the target is added instead of subtracted",
        "the sign of the target",
        |at| (at.p + at.q, at.p + at.q),
    ),
];
