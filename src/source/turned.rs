//! The units that take another branch in `f32` than in `f64`.
//!
//! Near a kink rounding decides which side a unit is on, and the gradient in `f32` is that of another
//! piece: right there, and far from the gradient in `f64`. How far rounding reaches is measured as it is
//! for a gradient: by the spread of the unit's margin under Monte Carlo arithmetic in `f32`.

use std::collections::BTreeMap;

use crate::network::{Live, Pattern, Problem, Unit};
use crate::scalar::{Format, Scalar, Stochastic};
use crate::tensor;

use super::rounding::{perturbed_runs, spread_of};
use super::{Point, SAFETY};

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
    let choices: BTreeMap<Unit, u32> = units
        .into_iter()
        .filter_map(|unit| Some((unit, choice(&point.problem, narrow, unit)?)))
        .collect();
    let exact = margins::<f64>(point, &choices);
    let runs = perturbed_runs(point.seed(), Format::F32, || {
        margins::<Stochastic>(point, &choices)
    });
    choices
        .into_iter()
        .map(|(unit, choice)| {
            let Some(margin) = exact.get(&unit).copied() else {
                return Turned {
                    unit,
                    choice,
                    margin: f64::INFINITY,
                    bound: 0.0,
                };
            };
            let moved = runs
                .iter()
                .filter_map(|run| Some(run.get(&unit)?.primal() - margin));
            Turned {
                unit,
                choice,
                margin,
                bound: SAFETY * spread_of(moved, Format::F32),
            }
        })
        .collect()
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

/// The margin of each unit to its choice in `choices`, in the arithmetic of `S`, on the branches that the
/// point takes in `f64`.
fn margins<S: Scalar>(point: &Point, choices: &BTreeMap<Unit, u32>) -> BTreeMap<Unit, S> {
    let Point {
        problem, pattern, ..
    } = point;
    let mut margins = BTreeMap::new();
    let mut note = |unit, choice, margin| {
        if choices.get(&unit) == Some(&choice) {
            margins.insert(unit, margin);
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
