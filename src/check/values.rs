//! The objective's value by every source.

use crate::report::{Number, SourceValue};
use crate::source::{Forward, Point};

use super::Answer;

/// The objective's value by each source.
pub(super) fn all(answers: &[Answer]) -> Vec<SourceValue> {
    let value = |answer: &Answer| SourceValue {
        source: answer.name,
        forward: answer.forward,
        value: answer.value().map(Number),
    };
    answers.iter().map(value).collect()
}

/// Whether the objective's values are one number: to the bit where forward pass and format are the same,
/// and else within rounding. Who does not know it is not asked.
pub(super) fn agree(point: &Point, answers: &[Answer]) -> bool {
    let reach = |answer: &Answer| answer.safety() * point.rounding_in(answer.format).value();
    let is_same = |a: &Answer, b: &Answer| {
        let (own, theirs) = (a.gradient.value, b.gradient.value);
        let is_shared = a.forward == Forward::Shared && b.forward == Forward::Shared;
        if is_shared && a.format == b.format {
            own.to_bits() == theirs.to_bits()
        } else {
            (own - theirs).abs() <= reach(a) + reach(b)
        }
    };
    let known: Vec<&Answer> = answers.iter().filter(|a| a.knows_value).collect();
    let Some((first, others)) = known.split_first() else {
        return true;
    };
    let shared = known.iter().filter(|a| a.forward == Forward::Shared);
    let mut alike = shared.clone().zip(shared.skip(1));
    first.gradient.value.is_finite()
        && others.iter().all(|other| is_same(first, other))
        && alike.all(|(a, b)| is_same(a, b))
}
