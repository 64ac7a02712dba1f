//! Wrong gradients of losses that are a mean over entries.

use super::kind::BugKind;
use super::loss::{Wrong, difference, one};

/// An output and its target.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) y: f64,
    pub(super) t: f64,
}

pub(super) const SQUARED: [Wrong<Pair>; 5] = [
    (
        BugKind::ApproximateDerivative,
        "2y/M: the target is not subtracted",
        "the difference y - t",
        |at| (at.y, at.y.abs()),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of the absolute error, sign(y - t)/M",
        "backward belongs to another loss",
        |at| {
            let sign = one(at.y > at.t) - one(at.y < at.t);
            (0.5 * sign, 0.5 * sign.abs())
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the squared error itself, (y - t)^2/M",
        "backward returns the loss instead of its derivative",
        |at| {
            let (gap, magnitude) = difference(at.y, at.t);
            (0.5 * gap * gap, magnitude * magnitude)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "2|y - t|/M: the sign of the difference is lost",
        "an absolute value where a sign belongs",
        |at| {
            let (gap, magnitude) = difference(at.y, at.t);
            (gap.abs(), magnitude)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "2(y + t)/M: the target is added instead of subtracted",
        "the sign of the target",
        |at| (at.y + at.t, at.y.abs() + at.t.abs()),
    ),
];

pub(super) const ABSOLUTE: [Wrong<Pair>; 3] = [
    (
        BugKind::ApproximateDerivative,
        "1/M on both sides of the target",
        "the sign of the difference",
        |at| (one(at.y > at.t) + one(at.y < at.t), 1.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of the squared error, 2(y - t)/M",
        "backward belongs to another loss",
        |at| {
            let (gap, magnitude) = difference(at.y, at.t);
            (2.0 * gap, 2.0 * magnitude)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the absolute error itself, |y - t|/M",
        "backward returns the loss instead of its derivative",
        |at| {
            let (gap, magnitude) = difference(at.y, at.t);
            (gap.abs(), magnitude)
        },
    ),
];

/// An output and its target under Huber's loss.
#[derive(Clone, Copy)]
pub(super) struct Near {
    pub(super) pair: Pair,
    pub(super) delta: f64,
}

impl Near {
    /// y − t with the size of its terms.
    fn gap(&self) -> (f64, f64) {
        difference(self.pair.y, self.pair.t)
    }
}

pub(super) const HUBER: [Wrong<Near>; 4] = [
    (
        BugKind::WrongBranch,
        "(y - t)/M everywhere: the difference is not clipped to delta",
        "the branch beyond delta",
        Near::gap,
    ),
    (
        BugKind::WrongBranch,
        "delta times the sign of y - t, over M, everywhere",
        "the branch near the target",
        |at| (at.delta * at.gap().0.signum(), at.delta),
    ),
    (
        BugKind::ApproximateDerivative,
        "sign(y - t)/M beyond delta instead of delta times that",
        "the factor delta of the linear branch",
        |at| {
            let (gap, magnitude) = at.gap();
            if gap.abs() > at.delta {
                (gap.signum(), 1.0)
            } else {
                (gap, magnitude)
            }
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "delta on both sides beyond it: the sign of the difference is lost",
        "the sign of the linear branch",
        |at| {
            let (gap, magnitude) = at.gap();
            (gap.min(at.delta), magnitude)
        },
    ),
];

/// 1/(1 + e^−y).
fn logistic(at: &Pair) -> f64 {
    1.0 / (1.0 + (-at.y).exp())
}

pub(super) const BINARY: [Wrong<Pair>; 5] = [
    (
        BugKind::ApproximateDerivative,
        "the logistic function over M: the target is not subtracted",
        "the - t",
        |at| (logistic(at), 1.0),
    ),
    (
        BugKind::ApproximateDerivative,
        "the logits less the target: the logistic function is missing",
        "backward needs the probabilities, not the logits",
        |at| difference(at.y, at.t),
    ),
    (
        BugKind::ApproximateDerivative,
        "the right gradient times p(1 - p), p the logistic function",
        "cross-entropy and logistic function together have the gradient p - t already",
        |at| {
            let p = logistic(at);
            ((p - at.t) * p * (1.0 - p), 1.0)
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "the gradient with respect to the probabilities, (p - t)/(p(1 - p))",
        "the logistic function has a derivative of its own",
        |at| {
            let p = logistic(at);
            let slope = (p - at.t) / (p * (1.0 - p));
            (slope, 1.0 / (p * (1.0 - p)))
        },
    ),
    (
        BugKind::ApproximateDerivative,
        "p + t: the target is added instead of subtracted",
        "the sign of the target",
        |at| (logistic(at) + at.t, 1.0 + at.t),
    ),
];
