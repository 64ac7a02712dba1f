//! Wrong derivatives of softmax and its logarithm: what the other entries of a line have to do with one.

use crate::layer::Line;
use crate::spec::SoftmaxSpec;
use crate::tensor::{Tensor, values};

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;

const CROSS: &str = "the sum over the axis: every output depends on every input";

/// One entry of a line: its share p, its output y and their output's gradient, and sums over the line.
#[derive(Clone, Copy)]
struct At {
    p: f64,
    y: f64,
    dy: f64,
    /// Σ dy.
    sum: f64,
    /// Σ dy·p.
    mean: f64,
    /// Σ |dy|.
    size: f64,
}

type Dx = fn(At) -> f64;

/// dx as somebody may write it: after "equals", what to look at.
type Wrong = (&'static str, &'static str, Dx);

/// The wrong ways of a softmax, most likely first.
pub(super) fn softmax<'a>(spec: SoftmaxSpec, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let right = |at: At| at.p * (at.dy - at.mean);
    hypotheses(spec, context, f64::ln, right, &SOFTMAX)
}

/// The wrong ways of its logarithm, most likely first.
pub(super) fn log_softmax<'a>(spec: SoftmaxSpec, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let right = |at: At| at.dy - at.p * at.sum;
    hypotheses(spec, context, |y| y, right, &LOG_SOFTMAX)
}

fn hypotheses<'a>(
    spec: SoftmaxSpec,
    context: &'a Context<'a>,
    logarithm: fn(f64) -> f64,
    right: Dx,
    wrong: &'static [Wrong],
) -> Vec<Hypothesis<'a>> {
    let problem = context.problem;
    let (Some(dy), Some(axis)) = (&context.dy, spec.axis(problem.input.ndim())) else {
        return Vec::new();
    };
    let x = problem.input.clone();
    let y: Tensor<f64> = problem.network.forward(&problem.parameters, x, None).output;
    let mut at: Vec<Option<At>> = vec![None; dy.len()];
    for line in Line::all(y.shape(), axis) {
        let share = |k: usize| logarithm(values(&y)[k]).exp();
        let sum = |term: &dyn Fn(usize) -> f64| line.entries().map(term).sum::<f64>();
        let (all, size) = (sum(&|k| dy[k]), sum(&|k| dy[k].abs()));
        let mean = sum(&|k| dy[k] * share(k));
        for k in line.entries() {
            at[k] = Some(At {
                p: share(k),
                y: values(&y)[k],
                dy: dy[k],
                sum: all,
                mean,
                size,
            });
        }
    }
    let at: Vec<At> = at.into_iter().flatten().collect();
    let mut level: f64 = 64.0 * f64::EPSILON;
    for (index, at) in at.iter().enumerate() {
        let gap = (context.right[index] - right(*at)).abs();
        let error = context.error[index];
        if error.is_finite() && at.size > 0.0 {
            level = level.max(gap.max(error) / at.size);
        }
    }
    if level > 1e-3 {
        return Vec::new();
    }
    let at = std::rc::Rc::new(at);
    let hypotheses = wrong.iter().map(|(equals, look, dx)| {
        let at = at.clone();
        Hypothesis::entries(
            BugKind::ApproximateDerivative,
            *equals,
            *look,
            move |index| {
                let at = at[index];
                (dx(at), level * at.size * (1.0 + at.y.abs()))
            },
        )
    });
    hypotheses.collect()
}

const UNCHANGED: &str = "the output's gradient unchanged: the derivative is missing";

const SOFTMAX: [Wrong; 8] = [
    (
        "y(1 - y) times the output's gradient, the diagonal of the derivative alone",
        CROSS,
        |at| at.dy * at.p * (1.0 - at.p),
    ),
    (
        "y times the output's gradient: the sum is missing",
        CROSS,
        |at| at.dy * at.p,
    ),
    (UNCHANGED, CROSS, |at| at.dy),
    (
        "the derivative of log_softmax",
        "which of both functions forward computes",
        |at| at.dy - at.p * at.sum,
    ),
    (
        "y(dy - sum dy), with a sum that is not weighted by y",
        "the sum is of dy times y",
        |at| at.p * (at.dy - at.sum),
    ),
    (
        "y(dy + sum dy y), with the sum added",
        "the sign of the sum",
        |at| at.p * (at.dy + at.mean),
    ),
    (
        "dy - sum dy y: the factor y is missing",
        "the factor y",
        |at| at.dy - at.mean,
    ),
    (
        "-y sum dy y: the entry's own term is missing",
        CROSS,
        |at| -at.p * at.mean,
    ),
];

const LOG_SOFTMAX: [Wrong; 7] = [
    (
        "the output's gradient unchanged: the sum is missing",
        CROSS,
        |at| at.dy,
    ),
    (
        "(1 - e^y) times the output's gradient, the diagonal of the derivative alone",
        CROSS,
        |at| at.dy * (1.0 - at.p),
    ),
    (
        "the derivative of softmax",
        "which of both functions forward computes",
        |at| at.p * (at.dy - at.mean),
    ),
    (
        "dy - y sum dy, with y in place of e^y",
        "the sum's factor is the softmax, e^y",
        |at| at.dy - at.y * at.sum,
    ),
    (
        "dy + e^y sum dy, with the sum added",
        "the sign of the sum",
        |at| at.dy + at.p * at.sum,
    ),
    (
        "dy - e^y sum dy e^y, with a sum that is weighted",
        "the sum is of dy alone",
        |at| at.dy - at.p * at.mean,
    ),
    (
        "dy - sum dy: the factor e^y is missing",
        "the factor e^y",
        |at| at.dy - at.sum,
    ),
];
