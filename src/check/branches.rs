//! The branches that a given gradient in `f32` is on.
//!
//! Another program adds up in another order, so that near a kink its rounding may turn a unit that neither
//! `f64` nor our `f32` turns. Its branches are not known, but units that rounding can turn are few, and what
//! each of them does to the gradient is known: those are turned that bring the references nearer to it.
//! That only proposes branches; whether the gradient agrees on them is judged as on any other.

use rayon::prelude::*;

use crate::network::{Coordinate, Pattern};
use crate::source::{Point, Turned, turnable};
use crate::tensor::values;

use super::Answer;

/// Units that are tried, the nearest to their kinks first.
const MOST_TRIED: usize = 256;

/// By this part at least a unit has to bring the references nearer.
const NEARER: f64 = 0.99;

/// The units that have to be on another branch than in `f64` for the references to come nearest to the
/// gradient under test at the positions in `suspects`.
pub(super) fn of_given(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    suspects: &[usize],
) -> Vec<Turned> {
    let Some((own, reference)) = answers.split_first().and_then(|(own, references)| {
        let exact = references
            .iter()
            .find(|answer| answer.gradient.steps.is_empty());
        Some((own, exact.or(references.first())?))
    }) else {
        return Vec::new();
    };
    let mut units = if suspects.is_empty() {
        Vec::new()
    } else {
        turnable(point)
    };
    if units.is_empty() {
        return units;
    }
    let distance = |unit: &Turned| unit.margin.abs() / unit.bound;
    units.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    units.truncate(MOST_TRIED);

    // Everything in units of the bounds.
    let bound = |position: usize| {
        own.gradient.estimates[position].error + reference.gradient.estimates[position].error
    };
    let mut gap: Vec<f64> = suspects
        .iter()
        .map(|at| {
            let gap = own.gradient.estimates[*at].value - reference.gradient.estimates[*at].value;
            gap / bound(*at)
        })
        .map(|gap| if gap.is_finite() { gap } else { 0.0 })
        .collect();
    let here = derivatives(point, &point.pattern, coordinates, suspects);
    let shifts: Vec<Vec<f64>> = units
        .par_iter()
        .map(|unit| {
            let pattern = point.pattern.with(unit.unit, unit.choice);
            let there = derivatives(point, &pattern, coordinates, suspects);
            let shifts = here.iter().zip(there).zip(suspects);
            shifts
                .map(|((here, there), at)| (there - here) / bound(*at))
                .map(|shift| if shift.is_finite() { shift } else { 0.0 })
                .collect()
        })
        .collect();
    let mut left: Vec<usize> = (0..units.len()).collect();
    let mut turned = Vec::new();
    loop {
        let nearness = |unit: &usize| -> f64 {
            let pairs = gap.iter().zip(&shifts[*unit]);
            pairs
                .map(|(gap, shift)| (gap - shift) * (gap - shift))
                .sum()
        };
        let before: f64 = gap.iter().map(|gap| gap * gap).sum();
        let best = left.iter().map(|unit| (nearness(unit), *unit));
        let Some((after, unit)) = best.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            break;
        };
        if after > NEARER * before {
            break;
        }
        for (gap, shift) in gap.iter_mut().zip(&shifts[unit]) {
            *gap -= shift;
        }
        // A unit takes one branch.
        left.retain(|other| units[*other].unit != units[unit].unit);
        turned.push(units[unit]);
    }
    turned
}

/// The derivatives at the positions in `suspects` on the branches of `pattern`.
fn derivatives(
    point: &Point,
    pattern: &Pattern,
    coordinates: &[Coordinate],
    suspects: &[usize],
) -> Vec<f64> {
    let gradient = point.problem.backpropagate::<f64>(Some(pattern));
    let derivative = |position: &usize| {
        let Coordinate { leaf, index } = coordinates[*position];
        values(gradient.leaf(leaf))[index]
    };
    suspects.iter().map(derivative).collect()
}
