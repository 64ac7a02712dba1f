//! Slopes that somebody may take for those of activations beyond ReLU, tanh and the logistic function.

use crate::layer::{Activation, selu};
use crate::spec::{EluSpec, HardtanhSpec, LeakyReluSpec};

use super::activation::{AnySlope, At, MASK, SLOPE, Slopes, flag};
use super::kind::BugKind;
use super::smooth;

pub(super) const PRODUCT: &str = "the product rule: both factors depend on the input";
pub(super) const OUTPUT: &str =
    "the output's gradient times the output: the value stands where the slope belongs";
pub(super) const UNCHANGED: &str =
    "the output's gradient unchanged, as if the derivative were 1 everywhere";
pub(super) const OF_RELU: &str = "the derivative of a ReLU";
pub(super) const OF_SILU: &str = "the derivative of silu";

pub(super) type Named = (BugKind, &'static str, &'static str, AnySlope);

fn wrong(
    kind: BugKind,
    equals: &'static str,
    look: &'static str,
    slope: impl Fn(At) -> f64 + 'static,
) -> Named {
    (kind, equals, look, Box::new(slope))
}

/// A smooth function that is similar.
pub(super) fn similar(
    equals: &'static str,
    look: &'static str,
    slope: impl Fn(At) -> f64 + 'static,
) -> Named {
    wrong(BugKind::ApproximateDerivative, equals, look, slope)
}

/// Another branch.
fn branch(equals: &'static str, slope: impl Fn(At) -> f64 + 'static) -> Named {
    wrong(BugKind::WrongBranch, equals, MASK, slope)
}

/// The right slope and the wrong ones, most likely first; `None` for a softmax.
pub(super) fn slopes(activation: Activation) -> Option<Slopes> {
    Some(match activation {
        Activation::LeakyRelu(spec) => leaky_relu(spec),
        Activation::Elu(EluSpec { alpha }) => elu(1.0, alpha),
        Activation::Selu => elu(selu::LAMBDA, selu::ALPHA),
        Activation::Gelu(spec) => smooth::gelu(spec),
        Activation::Silu => smooth::silu(),
        Activation::Mish => smooth::mish(),
        Activation::Softplus(spec) => smooth::softplus(spec),
        Activation::Hardswish => hardswish(),
        Activation::Hardtanh(spec) => hardtanh(spec),
        Activation::Softmax(_) | Activation::LogSoftmax(_) => return None,
    })
}

fn leaky_relu(LeakyReluSpec { negative_slope: a }: LeakyReluSpec) -> Slopes {
    let either = move |is_above: bool| if is_above { 1.0 } else { a };
    let wrong = vec![
        branch(UNCHANGED, |_| 1.0),
        branch("the slopes with their branches exchanged", move |at| {
            either(at.x <= 0.0)
        }),
        branch(
            "the slope that belongs to the sign of the output's gradient, whatever the input is",
            move |at| either(at.dy > 0.0),
        ),
        branch("the derivative with slope 1 at 0", move |at| {
            either(at.x >= 0.0)
        }),
        similar(OF_RELU, "negative_slope", |at| flag(at.x > 0.0)),
        similar(
            "the slopes with the wrong sign where the input is negative",
            "the sign of negative_slope",
            move |at| if at.x > 0.0 { 1.0 } else { -a },
        ),
        similar(
            "the derivative with slope 0.01, whatever negative_slope is",
            "negative_slope",
            |at| if at.x > 0.0 { 1.0 } else { 0.01 },
        ),
        similar(
            "the slopes with negative_slope squared",
            "negative_slope is multiplied twice",
            move |at| if at.x > 0.0 { 1.0 } else { a * a },
        ),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(move |at| either(at.x > 0.0)), wrong)
}

/// elu with the factor `lambda`.
fn elu(lambda: f64, alpha: f64) -> Slopes {
    let by = move |below: fn(f64) -> f64, factor: f64| {
        move |at: At| {
            if at.x > 0.0 {
                lambda
            } else {
                lambda * factor * below(at.x)
            }
        }
    };
    let wrong = vec![
        branch(UNCHANGED, |_| 1.0),
        branch(
            "the output's gradient times the slope of positive inputs, everywhere",
            move |_| lambda,
        ),
        branch("the slopes with their branches exchanged", move |at| {
            if at.x > 0.0 {
                lambda * alpha * at.x.exp()
            } else {
                lambda
            }
        }),
        branch("the slope of negative inputs everywhere", move |at| {
            lambda * alpha * at.x.exp()
        }),
        similar(
            "e^x where the input is negative, instead of alpha times that",
            "alpha",
            by(f64::exp, 1.0),
        ),
        similar(
            "the output where the input is negative, instead of the output plus alpha",
            "e^x is what is left when 1 has been added again",
            by(|x| x.exp() - 1.0, alpha),
        ),
        similar(OF_RELU, SLOPE, move |at| lambda * flag(at.x > 0.0)),
        similar(
            "alpha where the input is negative: the exponential is missing",
            SLOPE,
            by(|_| 1.0, alpha),
        ),
        similar(
            "alpha e^-x where the input is negative",
            "the sign of the exponent",
            by(|x| (-x).exp(), alpha),
        ),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(by(f64::exp, alpha)), wrong)
}

pub(super) fn hardswish_slope(x: f64) -> f64 {
    match x {
        x if x <= -3.0 => 0.0,
        x if x >= 3.0 => 1.0,
        x => (2.0 * x + 3.0) / 6.0,
    }
}

fn hardswish() -> Slopes {
    let middle = |x: f64, slope: f64| {
        if x.abs() < 3.0 {
            slope
        } else {
            hardswish_slope(x)
        }
    };
    let wrong = vec![
        similar(
            "min(max(x + 3, 0), 6)/6, the first term of the product rule",
            PRODUCT,
            move |at| middle(at.x, (at.x + 3.0) / 6.0),
        ),
        similar(
            "x/6 within 3 of 0, the second term of the product rule",
            PRODUCT,
            move |at| middle(at.x, at.x / 6.0),
        ),
        similar(
            "the derivative of hardsigmoid, 1/6 between -3 and 3",
            PRODUCT,
            |at| flag(at.x.abs() < 3.0) / 6.0,
        ),
        branch("x/3 + 1/2 everywhere, beyond 3 from 0 too", |at| {
            at.x / 3.0 + 0.5
        }),
        branch("the derivative at 3 and -3 of the inner piece", |at| {
            if at.x.abs() <= 3.0 {
                (2.0 * at.x + 3.0) / 6.0
            } else {
                hardswish_slope(at.x)
            }
        }),
        similar(OF_SILU, SLOPE, |at| smooth::silu_slope(at.x)),
        similar(OF_RELU, SLOPE, |at| flag(at.x > 0.0)),
        similar(UNCHANGED, SLOPE, |_| 1.0),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(|at| hardswish_slope(at.x)), wrong)
}

fn hardtanh(HardtanhSpec { min_val, max_val }: HardtanhSpec) -> Slopes {
    let is_between = move |x: f64| x > min_val && x < max_val;
    let wrong = vec![
        branch(UNCHANGED, |_| 1.0),
        branch("the slopes with their branches exchanged", move |at| {
            flag(!is_between(at.x))
        }),
        branch("the derivative with slope 1 at both ends", move |at| {
            flag(at.x >= min_val && at.x <= max_val)
        }),
        branch(
            "the slope 1 above min_val, and beyond max_val too",
            move |at| flag(at.x > min_val),
        ),
        branch(
            "the slope 1 below max_val, and beyond min_val too",
            move |at| flag(at.x < max_val),
        ),
        branch(
            "the slope 1 between -1 and 1, whatever the bounds are",
            |at| flag(at.x.abs() < 1.0),
        ),
        similar("the derivative of tanh", SLOPE, |at| {
            1.0 - at.x.tanh().powi(2)
        }),
        similar(OUTPUT, SLOPE, |at| at.y),
    ];
    (Box::new(move |at| flag(is_between(at.x))), wrong)
}
