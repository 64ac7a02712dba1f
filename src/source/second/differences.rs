//! Central differences of a gradient.
//!
//! ```text
//! D(h) = (g(w + h·v) − g(w − h·v))/2h = H·v + h²·g‴/6 + O(h⁴)
//! ```
//!
//! Every coordinate has its own ladder of halved steps; one step serves them all, by two backward
//! passes. The divisor is exact, but w ± h·v may have to be rounded: what the realised direction lacks
//! to v moves D by as much as H times that, which counts as rounding.

use crate::network::{Coordinate, Leaves, Problem};
use crate::tensor::{Tensor, values};

use super::super::central::{Ladder, Stencil};
use super::super::line::Quotient;
use super::super::rounding::{perturbed_runs, tensor_spread};
use super::super::{Backprop, Estimate, Point, Rounding, SAFETY};
use super::product::{Derivatives, SecondOrder};
use crate::scalar::{Format, Stochastic};

/// Halvings of the first step that are tried.
const MOST_HALVINGS: i32 = 24;

/// The first step is the typical size of what moves by this.
const FIRST_STEP: f64 = 1.0 / 8.0;

/// H·v at each of `coordinates`, by differences of the gradient that `subject` computes; `None` where no
/// step gives finite numbers.
#[must_use]
pub fn differences(
    subject: &dyn SecondOrder,
    point: &Point,
    v: &Leaves<f64>,
    coordinates: &[Coordinate],
) -> Vec<Option<Estimate>> {
    let of = |rounding: &Rounding| -> Vec<f64> {
        let spreads = coordinates.iter();
        spreads
            .map(|coordinate| rounding.derivative(*coordinate))
            .collect()
    };
    let spread = |problem: &Problem| {
        let rounding = Rounding::measure(problem, &point.pattern, point.seed(), Format::F64);
        of(&rounding)
    };
    let pick = |derivatives: &Derivatives| {
        let of = |coordinate: &Coordinate| {
            values(derivatives.leaves.leaf(coordinate.leaf))[coordinate.index]
        };
        coordinates.iter().map(of).collect()
    };
    climb(subject, point, v, of(&point.rounding), spread, pick)
}

/// The same of the gradient with respect to every layer's output, in the layers' order.
#[must_use]
pub fn output_differences(
    subject: &dyn SecondOrder,
    point: &Point,
    v: &Leaves<f64>,
) -> Vec<Vec<Option<Estimate>>> {
    let Point {
        problem, pattern, ..
    } = point;
    let exact: Vec<Tensor<f64>> = problem.output_gradients(Some(pattern));
    let spread = |problem: &Problem| {
        let exact: Vec<Tensor<f64>> = problem.output_gradients(Some(pattern));
        let runs: Vec<Vec<Tensor<Stochastic>>> = perturbed_runs(point.seed(), Format::F64, || {
            problem.output_gradients(Some(pattern))
        });
        let mut spreads = Vec::new();
        for (layer, exact) in exact.iter().enumerate() {
            let perturbed: Vec<&[Stochastic]> =
                runs.iter().map(|run| values(&run[layer])).collect();
            spreads.extend(tensor_spread(exact, &perturbed, Format::F64));
        }
        spreads
    };
    let pick = |derivatives: &Derivatives| {
        let outputs = derivatives.outputs.iter();
        outputs.flat_map(values).copied().collect()
    };
    let mut all = climb(subject, point, v, spread(problem), spread, pick).into_iter();
    let layers = exact.iter();
    layers
        .map(|dy| all.by_ref().take(dy.len()).collect())
        .collect()
}

/// Climb all ladders at once: of the numbers that `pick` takes from a gradient, and that rounding moves by
/// `spread` where a problem is.
///
/// Rounding is measured at the end of the first step too, and the larger counts: a weight near 0 makes a
/// small gradient, and a small rounding, at the point only. `spreads` are those at the point.
fn climb(
    subject: &dyn SecondOrder,
    point: &Point,
    v: &Leaves<f64>,
    mut spreads: Vec<f64>,
    spread: impl Fn(&Problem) -> Vec<f64>,
    pick: impl Fn(&Derivatives) -> Vec<f64>,
) -> Vec<Option<Estimate>> {
    let (problem, pattern) = (&point.problem, &point.pattern);
    let mut h = first_step(problem, v);
    let Leaves { input, parameters } = problem.along(v, |w, v| w + h * v);
    let end = Problem {
        input,
        parameters,
        ..problem.clone()
    };
    for (largest, there) in spreads.iter_mut().zip(spread(&end)) {
        // What is not finite there says nothing about smaller steps.
        if there.is_finite() {
            *largest = largest.max(there);
        }
    }
    let mut ladders: Vec<(Ladder, bool)> =
        spreads.iter().map(|_| (Ladder::default(), true)).collect();
    for _ in 0..MOST_HALVINGS {
        let [above, below] = [h, -h].map(|step| problem.along(v, |w, v| w + step * v));
        let lacking = lacking(&above, &below, v, h);
        let drift = lacking.map(|lacking| pick(&Backprop.product(problem, pattern, &lacking)));
        let [above, below] =
            [above, below].map(|leaves| pick(&subject.gradient_at(problem, pattern, leaves)));
        let ends = above.iter().zip(&below);
        let ladders = ladders.iter_mut().zip(ends).zip(&spreads).enumerate();
        for (at, (((ladder, climbs), (above, below)), spread)) in ladders {
            if !*climbs {
                continue;
            }
            let slope = (above - below) / (2.0 * h);
            if !slope.is_finite() {
                ladder.restart();
                continue;
            }
            let drift = drift.as_ref().map_or(0.0, |drift| drift[at].abs());
            let rounding = SAFETY * spread / h + f64::EPSILON * slope.abs() + drift;
            *climbs = ladder.push(Stencil::TwoSided, h, Quotient { slope, rounding });
        }
        h *= 0.5;
    }
    ladders
        .iter()
        .map(|(ladder, _)| Some(ladder.best()?.0))
        .collect()
}

/// A power of two below the typical size of the entries that move.
fn first_step(problem: &Problem, v: &Leaves<f64>) -> f64 {
    let (mut squares, mut count) = (0.0, 0.0);
    for leaf in problem.leaves() {
        let pairs = values(problem.leaf(leaf)).iter().zip(values(v.leaf(leaf)));
        for (w, _) in pairs.filter(|(_, v)| **v != 0.0) {
            squares += w * w;
            count += 1.0;
        }
    }
    let size: f64 = squares / count;
    let size = if size.is_normal() { size.sqrt() } else { 1.0 };
    (FIRST_STEP * size).log2().floor().exp2()
}

/// What the direction that rounding left of h·v lacks to v; `None` when nothing.
fn lacking(
    above: &Leaves<f64>,
    below: &Leaves<f64>,
    v: &Leaves<f64>,
    h: f64,
) -> Option<Leaves<f64>> {
    let mut lacking = v.clone();
    let mut is_exact = true;
    let mut take = |lacking: &mut Tensor<f64>, above: &Tensor<f64>, below: &Tensor<f64>| {
        for ((v, above), below) in lacking.iter_mut().zip(above).zip(below) {
            *v = (above - below) / (2.0 * h) - *v;
            is_exact &= *v == 0.0;
        }
    };
    take(&mut lacking.input, &above.input, &below.input);
    let tensors = lacking.parameters.tensors.iter_mut();
    let ends = above
        .parameters
        .tensors
        .iter()
        .zip(&below.parameters.tensors);
    for (lacking, (above, below)) in tensors.zip(ends) {
        take(lacking, above, below);
    }
    (!is_exact).then_some(lacking)
}
