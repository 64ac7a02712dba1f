//! Wrong derivatives of prelu and dropout: which entries count, and with what slope.

use crate::layer::dropout;
use crate::layer::prelu::weight_of;
use crate::network::LeafName;
use crate::spec::DropoutSpec;
use crate::tensor::values;

use super::activation::{MASK, flag};
use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::{BugKind, Factor};
use super::terms::Terms;

/// Error of a product beyond that of the right one.
const OWN_ERROR: f64 = 32.0 * f64::EPSILON;

/// One entry: input, output's gradient, its weight, and whether its sample is the first or the last.
#[derive(Clone, Copy)]
struct At {
    x: f64,
    dy: f64,
    a: f64,
    is_first: bool,
    is_last: bool,
}

/// What is wrong, what to look at, and an entry's term.
type Wrong = (BugKind, &'static str, &'static str, fn(At) -> f64);

/// The wrong ways of a prelu, for its input or its weight, most likely first.
pub(super) fn prelu<'a>(context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let problem = context.problem;
    let (x, a) = (
        values(&problem.input),
        values(&problem.parameters.tensors[0]),
    );
    let weight_of = weight_of(problem.input.shape(), a.len());
    let sample = x.len() / context.batch();
    let terms = move |term: fn(At) -> f64| {
        let of_input = context.leaf == LeafName::Input;
        let mut terms = Terms::new(if of_input { x.len() } else { a.len() });
        for index in 0..x.len() {
            let at = At {
                x: x[index],
                dy: dy[index],
                a: a[weight_of(index)],
                is_first: index < sample,
                is_last: index + sample >= x.len(),
            };
            let to = if of_input { index } else { weight_of(index) };
            terms.put(to, term(at), 0);
        }
        terms
    };
    let (right, wrong): (fn(At) -> f64, &[Wrong]) = match context.leaf {
        LeafName::Input => (|at| if at.x > 0.0 { at.dy } else { at.a * at.dy }, &INPUT),
        LeafName::Parameter(_) => (|at| flag(at.x <= 0.0) * at.x * at.dy, &WEIGHT),
    };
    let Some(level) = terms(right).level(context) else {
        return Vec::new();
    };
    let terms = std::rc::Rc::new(terms);
    let hypotheses = wrong.iter().map(|(kind, equals, look, term)| {
        let terms = terms.clone();
        Hypothesis::sums(*kind, *equals, *look, level, move |_| terms(*term))
    });
    hypotheses.collect()
}

const INPUT: [Wrong; 5] = [
    (
        BugKind::WrongBranch,
        "the output's gradient unchanged, as if every input were positive",
        MASK,
        |at| at.dy,
    ),
    (
        BugKind::WrongBranch,
        "the slopes with their branches exchanged",
        MASK,
        |at| if at.x > 0.0 { at.a * at.dy } else { at.dy },
    ),
    (
        BugKind::WrongBranch,
        "the weight times the output's gradient everywhere",
        MASK,
        |at| at.a * at.dy,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of a ReLU",
        "the weight",
        |at| flag(at.x > 0.0) * at.dy,
    ),
    (
        BugKind::ApproximateDerivative,
        "the derivative of a leaky ReLU with slope 0.25, the weight's usual first value",
        "the weight",
        |at| if at.x > 0.0 { at.dy } else { 0.25 * at.dy },
    ),
];

const WEIGHT: [Wrong; 6] = [
    (
        BugKind::WrongBranch,
        "the sum over all inputs, positive ones too",
        MASK,
        |at| at.x * at.dy,
    ),
    (
        BugKind::WrongBranch,
        "the sum over positive inputs, where the weight takes no part",
        MASK,
        |at| flag(at.x > 0.0) * at.x * at.dy,
    ),
    (
        BugKind::FirstSampleOnly,
        "what the first sample alone gives",
        "the sum over the batch is missing, or a loop ends after the first sample",
        |at| flag(at.is_first && at.x <= 0.0) * at.x * at.dy,
    ),
    (
        BugKind::Overwritten,
        "what the last sample alone gives",
        "a contribution is stored with = where it should be added with +=",
        |at| flag(at.is_last && at.x <= 0.0) * at.x * at.dy,
    ),
    (
        BugKind::ApproximateDerivative,
        "the weight times what it should be",
        "the derivative in the weight is the input",
        |at| flag(at.x <= 0.0) * at.a * at.x * at.dy,
    ),
    (
        BugKind::ApproximateDerivative,
        "the sum of the output's gradient, without the input",
        "the derivative in the weight is the input",
        |at| flag(at.x <= 0.0) * at.dy,
    ),
];

/// The wrong ways of a dropout, most likely first.
pub(super) fn dropout<'a>(spec: DropoutSpec, context: &'a Context<'a>) -> Vec<Hypothesis<'a>> {
    let Some(dy) = &context.dy else {
        return Vec::new();
    };
    let scale = dropout::scale(spec);
    let entry = move |index: usize, factor: f64| {
        let value = factor * dy[index];
        let error = context.error.get(index).copied().unwrap_or_default();
        (value, error + OWN_ERROR * value.abs())
    };
    let other_mask = move |index: usize| {
        let (kept, _) = entry(index, scale);
        let is_left_out = context.wrong[index].abs() < 0.5 * kept.abs();
        entry(index, scale * flag(!is_left_out))
    };
    let mask = "the mask that forward has drawn: keep it, and do not draw again";
    vec![
        Hypothesis::scaled(
            BugKind::Factor(Factor::Other(scale.recip())),
            "the right gradient times 1 - p",
            "the factor 1/(1 - p) of what is kept",
            scale.recip(),
        ),
        Hypothesis::entries(
            BugKind::WrongBranch,
            "the output's gradient over 1 - p everywhere: the mask is missing",
            mask,
            move |index| entry(index, scale),
        ),
        Hypothesis::entries(
            BugKind::WrongBranch,
            "the output's gradient unchanged: mask and scale are missing",
            mask,
            move |index| entry(index, 1.0),
        ),
        Hypothesis::entries(
            BugKind::WrongBranch,
            "the output's gradient where the mask left it out, and 0 elsewhere",
            mask,
            move |index| {
                let is_left_out = !dropout::keeps(spec, index);
                entry(index, scale * flag(is_left_out))
            },
        ),
        Hypothesis::entries(
            BugKind::WrongBranch,
            "the output's gradient over 1 - p under another mask",
            mask,
            other_mask,
        ),
    ]
}
