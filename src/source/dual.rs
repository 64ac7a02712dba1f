//! Forward mode by num-dual: several tangents at once, through the part of the network behind the
//! layer that owns the weights.

use rayon::prelude::*;

use crate::network::{Coordinate, Parameters, Pattern, Problem};
use crate::scalar::{self, DoubleDouble, DualDoubleDouble, Scalar};
use crate::tensor::{Tensor, values};

use super::behind::{self, Owner};
use super::{Estimate, Forward, Gradient, GradientSource, Question, SAFETY, SourceError};

/// Tangents carried by one pass.
pub(super) const LANES: usize = 16;

/// Coordinates that one task works on, for which the owner's parameters are copied once.
pub(super) const TASK: usize = 64 * LANES;

/// Forward mode on num-dual's dual numbers.
#[derive(Clone, Copy, Debug)]
pub struct Dual;

pub(super) type Lanes = scalar::Dual<LANES>;

impl GradientSource for Dual {
    fn name(&self) -> &'static str {
        "dual"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let parameters: Parameters<Lanes> = question.problem.parameters.lift();
        let mut values = Vec::with_capacity(question.coordinates.len());
        for same_leaf in question.coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
            let owner = Owner::of(question.problem, same_leaf[0].leaf, &parameters, None);
            let tasks: Vec<Vec<f64>> = same_leaf
                .par_chunks(TASK)
                .map(|task| {
                    let derivatives = derivatives(question.problem, &owner, task);
                    (question.progress)(task.len());
                    derivatives
                })
                .collect();
            values.extend(tasks.into_iter().flatten());
        }
        let estimates = values
            .into_iter()
            .zip(question.coordinates)
            .map(|(value, coordinate)| Estimate {
                value,
                error: SAFETY * question.rounding.derivative(*coordinate),
            })
            .collect();
        let value = question.problem.value::<scalar::Dual<1>>(None).primal();
        Ok(Gradient {
            value,
            estimates,
            kinks: Vec::new(),
            steps: Vec::new(),
        })
    }
}

/// The derivatives with respect to `coordinates` on the branches of `pattern`, in that order.
#[must_use]
pub fn on_branches(problem: &Problem, pattern: &Pattern, coordinates: &[Coordinate]) -> Vec<f64> {
    let parameters: Parameters<Lanes> = problem.parameters.lift();
    let mut found = Vec::with_capacity(coordinates.len());
    for same_leaf in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        let owner = Owner::of(problem, same_leaf[0].leaf, &parameters, Some(pattern));
        let tasks: Vec<Vec<f64>> = same_leaf
            .par_chunks(TASK)
            .map(|task| derivatives(problem, &owner, task))
            .collect();
        found.extend(tasks.into_iter().flatten());
    }
    found
}

/// Numbers that carry several derivatives.
pub(super) trait Tangents: Scalar {
    /// One derivative.
    type Tangent;
    /// How many derivatives a number carries.
    const COUNT: usize;
    /// The variable whose derivative number `lane` is 1.
    fn variable(value: f64, lane: usize) -> Self;
    /// Derivative number `lane`.
    fn tangent(&self, lane: usize) -> Self::Tangent;
}

impl<const N: usize> Tangents for scalar::Dual<N> {
    type Tangent = f64;
    const COUNT: usize = N;
    fn variable(value: f64, lane: usize) -> Self {
        Self::variable(value, lane)
    }
    fn tangent(&self, lane: usize) -> f64 {
        self.tangent(lane)
    }
}

impl<const N: usize> Tangents for DualDoubleDouble<N> {
    type Tangent = DoubleDouble;
    const COUNT: usize = N;
    fn variable(value: f64, lane: usize) -> Self {
        Self::variable(value, lane)
    }
    fn tangent(&self, lane: usize) -> DoubleDouble {
        self.tangent(lane)
    }
}

/// The derivatives with respect to coordinates of one leaf, as many at a time as `L` carries.
pub(super) fn derivatives<L: Tangents>(
    problem: &Problem,
    owner: &Owner<'_, L>,
    coordinates: &[Coordinate],
) -> Vec<L::Tangent> {
    let mut derivatives = Vec::with_capacity(coordinates.len());
    passes(
        problem,
        owner,
        coordinates,
        |_, _, _| (),
        |lane, value| derivatives.push(value.tangent(lane)),
    );
    derivatives
}

/// Run as many dual passes as `coordinates` of one leaf need, in order.
///
/// `watch` is shown the number of the pass, and number and input of every layer behind the owner;
/// `take` gets the objective's value, and the lane of each coordinate.
pub(super) fn passes<L: Tangents>(
    problem: &Problem,
    owner: &Owner<'_, L>,
    coordinates: &[Coordinate],
    mut watch: impl FnMut(usize, usize, &Tensor<L>),
    mut take: impl FnMut(usize, &L),
) {
    let mut behind = owner.behind();
    for (pass, lanes) in coordinates.chunks(L::COUNT).enumerate() {
        let mut penalty_value = L::zero();
        let mut originals = Vec::with_capacity(L::COUNT);
        for (lane, coordinate) in lanes.iter().enumerate() {
            let w = values(problem.leaf(coordinate.leaf))[coordinate.index];
            let variable = L::variable(w, lane);
            if let Some(penalty) = problem.penalty_on(coordinate.leaf) {
                penalty_value += penalty.term(variable);
            }
            originals.push(behind.replace(coordinate.index, variable));
        }
        let units = lanes
            .iter()
            .map(|coordinate| behind::unit(&problem.network, *coordinate));
        let first = units.clone().min().unwrap_or(0);
        let last = units.max().unwrap_or(0);
        let outcome = behind.evaluate_watched(first..last + 1, |layer, x| watch(pass, layer, x));
        let value = outcome.loss + penalty_value;
        for (lane, (coordinate, original)) in lanes.iter().zip(originals).enumerate() {
            take(lane, &value);
            behind.replace(coordinate.index, original);
        }
    }
}
