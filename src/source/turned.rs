//! The units that take another branch in `f32` than in `f64`.
//!
//! Near a kink rounding decides which side a unit is on, and the gradient in `f32` is that of another
//! piece: right there, and far from the gradient in `f64`. How far rounding reaches is measured as it is
//! for a gradient: by the spread of the unit's margin under Monte Carlo arithmetic in `f32`.

use std::collections::{BTreeMap, BTreeSet};

use crate::network::{Live, Pattern, Problem, Unit};
use crate::scalar::{Format, Scalar, Stochastic};
use crate::tensor;

use super::rounding::{perturbed_runs, spread_of};
use super::{Point, SAFETY, SAFETY_OTHER_ORDER};

/// Beyond this part of the largest margin in its layer no unit is that rounding in `f32` could turn.
const NEAR: f64 = 1e-3;

/// A unit that takes another branch in `f32` than in `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turned {
    /// The unit.
    pub unit: Unit,
    /// Its branch in `f32`.
    pub choice: u32,
    /// How far the unit is from that branch in `f64`; infinite when it is no neighbour.
    pub margin: f64,
    /// How far rounding in `f32` may move the margin.
    pub bound: f64,
}

impl Turned {
    /// Whether rounding explains the branch.
    #[must_use]
    pub fn is_by_rounding(&self) -> bool {
        self.margin.abs() <= self.bound
    }
}

/// The units of `point` that take another branch in `f32` than in `f64`, in the layers' order.
#[must_use]
pub fn turned(point: &Point) -> Vec<Turned> {
    let narrow = point.pattern_in(Format::F32);
    let units: Vec<Unit> = point.pattern.changed_from(0, narrow).collect();
    if units.is_empty() {
        return Vec::new();
    }
    let branches = units
        .into_iter()
        .filter_map(|unit| Some((unit, choice(&point.problem, narrow, unit)?)))
        .collect();
    measured(point, branches, SAFETY)
}

/// The units of `point` that rounding in the `f32` of other code may turn, each with the branch that it
/// may turn to, in the layers' order.
///
/// A unit that is exactly between two branches is none of them: what ties exactly does so in any code.
#[must_use]
pub fn turnable(point: &Point) -> Vec<Turned> {
    let mut largest: BTreeMap<usize, f64> = BTreeMap::new();
    let all = margins::<f64>(point, |_, _| true);
    for ((unit, _), margin) in &all {
        let largest = largest.entry(place(point, *unit)).or_default();
        *largest = largest.max(margin.abs());
    }
    let is_near = |(unit, _): &(Unit, u32), margin: f64| {
        let largest = largest.get(&place(point, *unit)).copied();
        margin != 0.0 && margin.abs() <= NEAR * largest.unwrap_or(0.0)
    };
    let near = all
        .into_iter()
        .filter(|(branch, margin)| is_near(branch, *margin));
    let branches = near.map(|(branch, _)| branch).collect();
    let mut units = measured(point, branches, SAFETY_OTHER_ORDER);
    units.retain(Turned::is_by_rounding);
    units
}

/// How far each unit of `branches` is from the branch beside it, and how far rounding in `f32` reaches, in
/// units of `safety` spreads.
fn measured(point: &Point, branches: BTreeSet<(Unit, u32)>, safety: f64) -> Vec<Turned> {
    if branches.is_empty() {
        return Vec::new();
    }
    let is_wanted = |unit, choice| branches.contains(&(unit, choice));
    let exact = margins::<f64>(point, is_wanted);
    let runs = perturbed_runs(point.seed(), Format::F32, || {
        margins::<Stochastic>(point, is_wanted)
    });
    let of_branch = |branch: &(Unit, u32)| {
        let (unit, choice) = *branch;
        let Some(margin) = exact.get(branch).copied() else {
            return Turned {
                unit,
                choice,
                margin: f64::INFINITY,
                bound: 0.0,
            };
        };
        let moved = runs
            .iter()
            .filter_map(|run| Some(run.get(branch)?.primal() - margin));
        Turned {
            unit,
            choice,
            margin,
            bound: safety * spread_of(moved, Format::F32),
        }
    };
    branches.iter().map(of_branch).collect()
}

/// The layer that the unit is in; behind the last that of the loss.
fn place(point: &Point, unit: Unit) -> usize {
    match unit {
        Unit::Layer { layer, .. } => layer,
        Unit::Loss { .. } | Unit::Penalty => point.problem.network.layers().len(),
    }
}

/// The unit's branch in a pass of this pattern.
fn choice(problem: &Problem, pattern: &Pattern, unit: Unit) -> Option<u32> {
    let (place, index) = match unit {
        Unit::Layer { layer, index } => (layer, index),
        Unit::Loss { index } => (problem.network.layers().len(), index),
        Unit::Penalty => return None,
    };
    pattern.at(place)?.get(index).copied()
}

/// The margin of each unit to each choice that `is_wanted`, in the arithmetic of `S`, on the branches that
/// the point takes in `f64`.
fn margins<S: Scalar>(
    point: &Point,
    is_wanted: impl Fn(Unit, u32) -> bool,
) -> BTreeMap<(Unit, u32), S> {
    let Point {
        problem, pattern, ..
    } = point;
    let mut margins = BTreeMap::new();
    let mut note = |unit, choice, margin| {
        if is_wanted(unit, choice) {
            margins.insert((unit, choice), margin);
        }
    };
    let mut look = |place: usize, x: &tensor::Tensor<S>| {
        if let Some(taken) = pattern.at(place) {
            problem.margins(place, x, taken, &mut note);
        }
    };
    let parameters = problem.parameters.lift();
    let mut live = Live::at_input(tensor::lift(&problem.input));
    let network = &problem.network;
    let trace = network.forward_from(0, &parameters, &mut live, Some(pattern), &mut look);
    look(network.layers().len(), &trace.output);
    margins
}
