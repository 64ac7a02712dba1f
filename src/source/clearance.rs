//! How far a coordinate may move until a unit changes its branch, from dual numbers.
//!
//! A unit keeps its branch while its margin m is not below 0 (for ReLU |z|, for a pooling the maximum
//! minus another entry). Along the coordinate w, to first order,
//!
//! ```text
//! m(w + t) = m + t·dm/dw,  which is 0 at t = −m/(dm/dw)
//! ```
//!
//! and where only affine pieces come before the last unit that has branches, this is exact up to the
//! first crossing: a step that is shorter is then certified to cross no kink.

use rayon::prelude::*;

use crate::change::LANES as LANES_OF_CHANGE;
use crate::network::{Coordinate, Parameters, Pattern, Problem, Unit};
use crate::penalty::Branch;
use crate::scalar::Scalar;
use crate::spec::PenaltySpec;
use crate::tensor::{Tensor, values};

use super::behind::{self, Owner};
use super::change::{Pass, Still};
use super::dual::{LANES, Lanes, TASK, passes};

/// Ties are margins of so many unit roundoffs of the layer's largest input.
const TIE: f64 = 32.0 * f64::EPSILON;

/// The nearest kink on one side of a coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// How far it is; infinite when there is none.
    pub distance: f64,
    /// Whose it is.
    pub unit: Option<Unit>,
}

/// The nearest kinks around a coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clearance {
    /// Towards larger values.
    pub above: Room,
    /// Towards smaller values.
    pub below: Room,
    /// Whether the distances are exact, and not of first order only.
    pub is_exact: bool,
}

impl Clearance {
    /// The nearer of both.
    #[must_use]
    pub fn nearest(&self) -> Room {
        if self.above.distance < self.below.distance {
            self.above
        } else {
            self.below
        }
    }

    fn free(is_exact: bool) -> Self {
        let nothing = Room {
            distance: f64::INFINITY,
            unit: None,
        };
        Self {
            above: nothing,
            below: nothing,
            is_exact,
        }
    }

    /// Note that `margin`, which changes by `slope`, belongs to `unit`.
    #[inline]
    fn note(&mut self, unit: Unit, margin: f64, slope: f64) {
        let side = if slope < 0.0 {
            &mut self.above
        } else {
            &mut self.below
        };
        let distance = margin / slope.abs();
        if distance < side.distance {
            *side = Room {
                distance,
                unit: Some(unit),
            };
        }
    }
}

/// The clearance of each of `coordinates`, on the branches of `pattern`: by what changes alter with
/// `still`, else through all layers behind.
pub(super) fn clearances(
    problem: &Problem,
    pattern: &Pattern,
    coordinates: &[Coordinate],
    still: Option<&Still<'_>>,
) -> Vec<Clearance> {
    let is_free = problem.objective.loss.is_none() || problem.last_branching().is_none();
    // The plain way alone needs them.
    let parameters: Option<Parameters<Lanes>> =
        (!is_free && still.is_none()).then(|| problem.parameters.lift());
    let mut clearances = Vec::with_capacity(coordinates.len());
    for same_leaf in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        let leaf = same_leaf[0].leaf;
        let is_exact = is_exact(problem, behind::first_behind(&problem.network, leaf));
        let tasks = same_leaf.par_chunks(TASK);
        let mut of_leaf = match (still, &parameters) {
            _ if is_free => vec![Clearance::free(is_exact); same_leaf.len()],
            (Some(still), _) => {
                let tasks = tasks.map(|task| by_changes(still, still.pass(leaf), task, is_exact));
                tasks.collect::<Vec<_>>().concat()
            }
            (None, parameters) => {
                let parameters = parameters.as_ref().expect("made for the plain way");
                let owner = Owner::of(problem, leaf, parameters, Some(pattern));
                let tasks = tasks.map(|task| of_task(problem, pattern, &owner, task, is_exact));
                tasks.collect::<Vec<_>>().concat()
            }
        };
        for (clearance, coordinate) in of_leaf.iter_mut().zip(same_leaf) {
            if let Some(penalty) = problem.penalty_on(coordinate.leaf) {
                let w = values(problem.leaf(coordinate.leaf))[coordinate.index];
                note_penalty(clearance, penalty, w);
            }
        }
        clearances.extend(of_leaf);
    }
    clearances
}

/// Margins up to this are ties as far as rounding can tell: another order of adding up may turn them over.
pub(crate) fn tie<S: Scalar>(x: &Tensor<S>) -> f64 {
    let largest = x.iter().map(|x| x.primal().abs()).fold(0.0, f64::max);
    TIE * largest
}

/// The margin, or 0 where it is a tie; rounding may have turned one below 0.
pub(crate) fn beyond_ties(margin: f64, tie: f64) -> f64 {
    if margin <= tie { 0.0 } else { margin }
}

/// Whether every unit's margin is a straight line in a parameter of the layer before `first`.
fn is_exact(problem: &Problem, first: usize) -> bool {
    match problem.last_branching() {
        Some(last) if last > first => problem.network.is_piecewise_affine(first..last),
        _ => true,
    }
}

/// The same as [`of_task`], but that only what a coordinate changes is looked at.
fn by_changes(
    still: &Still<'_>,
    mut pass: Pass<'_>,
    task: &[Coordinate],
    is_exact: bool,
) -> Vec<Clearance> {
    let mut clearances = vec![Clearance::free(is_exact); task.len()];
    let mut lanes: Vec<usize> = Vec::with_capacity(LANES_OF_CHANGE);
    let mut flush = |pass: &mut Pass<'_>, lanes: &mut Vec<usize>| {
        let coordinates: Vec<Coordinate> = lanes.iter().map(|at| task[*at]).collect();
        pass.tangents(&coordinates, |place, change| {
            still.margins(place, change, |unit, margin, slopes| {
                for (at, slope) in lanes.iter().zip(slopes) {
                    if *slope != 0.0 {
                        clearances[*at].note(unit, margin, *slope);
                    }
                }
            });
        });
        lanes.clear();
    };
    for (at, coordinate) in task.iter().enumerate() {
        let is_apart = lanes
            .first()
            .is_some_and(|first| pass.unit(task[*first]) != pass.unit(*coordinate));
        if is_apart || lanes.len() == LANES_OF_CHANGE {
            flush(&mut pass, &mut lanes);
        }
        if !pass.is_dead(*coordinate) {
            lanes.push(at);
        }
    }
    if !lanes.is_empty() {
        flush(&mut pass, &mut lanes);
    }
    clearances
}

fn of_task(
    problem: &Problem,
    pattern: &Pattern,
    owner: &Owner<'_, Lanes>,
    task: &[Coordinate],
    is_exact: bool,
) -> Vec<Clearance> {
    let mut clearances = vec![Clearance::free(is_exact); task.len()];
    let watch = |pass: usize, place: usize, x: &Tensor<Lanes>| {
        let Some(choices) = pattern.at(place) else {
            return;
        };
        let tie = tie(x);
        let first = pass * LANES;
        let end = task.len().min(first + LANES);
        let of_pass = &mut clearances[first..end];
        problem.margins(place, x, choices, |unit, _, margin| {
            let Some(slopes) = margin.tangents() else {
                return;
            };
            let value = beyond_ties(margin.primal(), tie);
            for (clearance, slope) in of_pass.iter_mut().zip(slopes) {
                if *slope != 0.0 {
                    clearance.note(unit, value, *slope);
                }
            }
        });
    };
    passes(problem, owner, task, watch);
    clearances
}

/// L1's kink is at 0, and any distance of it exact.
fn note_penalty(clearance: &mut Clearance, penalty: PenaltySpec, w: f64) {
    let toward_zero = match penalty {
        PenaltySpec::L2 { .. } => return,
        PenaltySpec::L1 { .. } => penalty.branch(w),
    };
    match toward_zero {
        Branch::Positive => clearance.note(Unit::Penalty, w, 1.0),
        Branch::Negative => clearance.note(Unit::Penalty, -w, -1.0),
        Branch::Kink => {
            clearance.note(Unit::Penalty, 0.0, 1.0);
            clearance.note(Unit::Penalty, 0.0, -1.0);
        }
    }
}
