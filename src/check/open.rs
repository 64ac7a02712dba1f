//! What `f64` leaves open is computed again in double-double.

use std::collections::BTreeSet;

use crate::judge::verdict::within;
use crate::judge::{Unresolved, Verdict};
use crate::network::Coordinate;
use crate::network::objective::Evaluation;
use crate::report::{ExtendedRow, Number, Reason};
use crate::scalar::{DoubleDouble, Format};
use crate::source::{
    Estimate, Extended, GradientSource, Point, ROUNDOFF_RATIO, SAFETY, extended, extended_digits,
};
use crate::spec::case::SourceName;
use crate::tensor::values;

use super::Answer;
use super::compare::{largest, tensors};

/// Coordinates of one tensor that are computed again.
const MOST_OPEN: usize = 32;

/// In `f64` a gap of so many bounds can still be rounding, of which a few perturbed runs saw too little.
///
/// Not in `f32`: there a backward that adds up in `f16` or `bf16` comes within as many bounds, and in
/// double-double its formula is right.
fn plausible(format: Format) -> f64 {
    match format {
        Format::F64 => 64.0,
        Format::F32 => 1.0,
    }
}

/// Two formulas that agree to this part of the tensor's largest derivative are the same.
const SAME_FORMULA: f64 = 1e-20;

/// Rows that a part shows.
pub(super) const MOST_ROWS: usize = 10;

/// One coordinate in double-double.
struct Again {
    position: usize,
    reason: Reason,
    answer: Extended,
    /// By the formula under test.
    formula: Option<DoubleDouble>,
}

/// Decide again where the verdict was open, and show some derivatives to 31 digits; positions in
/// `elsewhere` were judged on other branches than the point's.
pub(super) fn decide(
    point: &Point,
    subject: &dyn GradientSource,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &mut [Verdict],
    elsewhere: &BTreeSet<usize>,
) -> Vec<ExtendedRow> {
    let mut wanted: Vec<(usize, Reason)> = Vec::new();
    for range in tensors(coordinates) {
        let open = range.filter(|position| is_open(answers, verdicts, *position));
        wanted.extend(
            open.take(MOST_OPEN)
                .map(|position| (position, Reason::Open)),
        );
    }
    wanted.extend(fewest_digits(answers, verdicts).map(|at| (at, Reason::FewestDigits)));
    wanted.retain(|(position, _)| !elsewhere.contains(position));
    wanted.sort_by_key(|(position, _)| *position);
    wanted.dedup_by_key(|(position, _)| *position);
    if wanted.is_empty() {
        return Vec::new();
    }
    let asked: Vec<Coordinate> = wanted.iter().map(|(at, _)| coordinates[*at]).collect();
    let formula: Option<Evaluation<DoubleDouble>> =
        subject.extended(&point.problem, &point.pattern);
    let again: Vec<Again> = extended(point, &asked)
        .into_iter()
        .zip(wanted)
        .map(|(answer, (position, reason))| {
            let Coordinate { leaf, index } = coordinates[position];
            Again {
                position,
                reason,
                answer,
                formula: formula
                    .as_ref()
                    .map(|evaluation| values(evaluation.leaf(leaf))[index]),
            }
        })
        .collect();
    let sizes: Vec<(std::ops::Range<usize>, f64)> = tensors(coordinates)
        .map(|range| (range.clone(), largest(answers, range)))
        .collect();
    for again in again.iter().filter(|again| again.reason == Reason::Open) {
        let size = sizes
            .iter()
            .find(|(range, _)| range.contains(&again.position))
            .map_or(0.0, |(_, size)| *size);
        let own = answers[0].gradient.estimates[again.position];
        // What rounding is left in double-double, in the formula and in the dual numbers.
        let spread = point.rounding.derivative(coordinates[again.position]);
        let rounding = 2.0 * SAFETY * spread * ROUNDOFF_RATIO;
        let before = verdicts[again.position];
        let reach = plausible(subject.format()) * own.error;
        if let Some(verdict) = verdict(again, before, own, size, rounding, reach) {
            verdicts[again.position] = verdict;
        }
    }
    again
        .iter()
        .map(|again| row(point, coordinates, answers, again))
        .collect()
}

/// Whether rounding in `f64` may be all that is the matter at this position.
fn is_open(answers: &[Answer], verdicts: &[Verdict], position: usize) -> bool {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let own = subject.gradient.estimates[position];
    match verdicts[position] {
        Verdict::Unresolved(Unresolved::BoundTooWide) => true,
        // Where central differences alone differ there is no formula to compare.
        Verdict::Disagree => {
            let exact = references
                .iter()
                .filter(|answer| answer.name != SourceName::Central)
                .map(|answer| answer.gradient.estimates[position]);
            let beyond = exact.filter(|theirs| !within(own, *theirs));
            beyond.clone().count() > 0
                && beyond.clone().all(|theirs| {
                    let bound = own.error + theirs.error;
                    (own.value - theirs.value).abs() <= plausible(subject.format) * bound
                })
        }
        _ => false,
    }
}

/// The agreeing position that matches central differences in the fewest digits.
fn fewest_digits(answers: &[Answer], verdicts: &[Verdict]) -> Option<usize> {
    let central = answers
        .iter()
        .find(|answer| answer.name == SourceName::Central)?;
    let own = &answers[0].gradient.estimates;
    let digits = |position: &usize| {
        let theirs = central.gradient.estimates[*position].value;
        crate::judge::matching_digits(own[*position].value, theirs)
    };
    (0..verdicts.len())
        .filter(|position| {
            verdicts[*position] == Verdict::Agree
                && own[*position].value != 0.0
                && central.estimate(*position).is_some()
        })
        .min_by(|a, b| digits(a).total_cmp(&digits(b)).then(a.cmp(b)))
}

/// What the derivative in double-double says about an open one, in a tensor whose largest is `size`;
/// `None` when it changes nothing. `rounding` is that of double-double, and as far as `reach` a gap can be
/// that of the gradient under test.
fn verdict(
    again: &Again,
    before: Verdict,
    own: Estimate,
    size: f64,
    rounding: f64,
    reach: f64,
) -> Option<Verdict> {
    let truth = again.answer.dual;
    let size = size.max(truth.abs().hi());
    if rounding >= size {
        return None;
    }
    let gap = (DoubleDouble::from_f64(own.value) - truth).abs().hi();
    let is_right = again
        .formula
        .map(|formula| (formula - truth).abs().hi() <= SAME_FORMULA * size + rounding);
    let is_near = gap <= own.error + f64::MIN_POSITIVE;
    match (is_right, before) {
        // A bug, however small.
        (Some(false), _) => Some(Verdict::Disagree),
        (Some(true), Verdict::Unresolved(_)) if gap <= reach => Some(Verdict::Agree),
        // Rounding, of which the perturbed runs saw too little. A gradient within its own bound is
        // right, and what disagrees with it is not: that stays a disagreement.
        (Some(true), Verdict::Disagree) if !is_near && gap <= reach => Some(Verdict::Agree),
        (None, Verdict::Unresolved(_)) if !is_near => Some(Verdict::Disagree),
        _ => None,
    }
}

fn row(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    again: &Again,
) -> ExtendedRow {
    let own = answers[0].gradient.estimates[again.position].value;
    let truth = again.answer.dual;
    let gap = (DoubleDouble::from_f64(own) - truth).abs().hi();
    let central = again.answer.central.as_ref();
    ExtendedRow {
        coordinate: point
            .problem
            .network
            .coordinate_name(coordinates[again.position]),
        reason: again.reason,
        value: truth.to_string(),
        formula_digits: again.formula.map(|formula| extended_digits(formula, truth)),
        central_digits: central.map(|central| extended_digits(central.value, truth)),
        plain_digits: extended_digits(DoubleDouble::from_f64(own), truth),
        condition: Number(gap / truth.abs().hi() / answers[0].format.unit_roundoff()),
    }
}
