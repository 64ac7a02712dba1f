//! Forward mode by num-dual: several tangents at once, through the part of the network behind the
//! layer that owns the weights.

use std::ops::Range;

use rayon::prelude::*;

use crate::network::{Coordinate, Parameters, Pattern, Problem};
use crate::scalar::{self, DoubleDouble, DualDoubleDouble, Scalar};
use crate::tensor::{Tensor, values};

use super::behind::{self, Behind, Owner};
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
    /// Whether any derivative is not 0.
    fn is_moved(&self) -> bool;
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
    fn is_moved(&self) -> bool {
        let mut tangents = self.tangents().unwrap_or_default().iter();
        tangents.any(|tangent| *tangent != 0.0)
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
    fn is_moved(&self) -> bool {
        (0..N).any(|lane| self.tangent(lane).primal() != 0.0)
    }
}

/// The derivatives with respect to coordinates of one leaf, as many at a time as `L` carries.
///
/// Those of one output unit run together: where that unit is off, none of them goes on.
pub(super) fn derivatives<L: Tangents>(
    problem: &Problem,
    owner: &Owner<'_, L>,
    coordinates: &[Coordinate],
) -> Vec<L::Tangent> {
    let mut behind = owner.behind();
    let mut derivatives = Vec::with_capacity(coordinates.len());
    let unit = |coordinate: &Coordinate| behind::unit(&problem.network, *coordinate);
    for of_unit in coordinates.chunk_by(|a, b| unit(a) == unit(b)) {
        for lanes in of_unit.chunks(L::COUNT) {
            let set = Set::new(problem, &mut behind, lanes);
            let outcome = behind.evaluate_moved(set.units(problem), L::is_moved);
            let loss = outcome.map_or(L::zero(), |outcome| outcome.loss);
            let value = loss + set.penalty;
            derivatives.extend((0..lanes.len()).map(|lane| value.tangent(lane)));
            set.undo(&mut behind);
        }
    }
    derivatives
}

/// Run as many dual passes as `coordinates` of one leaf need, in order, and show `watch` the number of the
/// pass, and number and input of every layer behind the owner.
pub(super) fn passes<L: Tangents>(
    problem: &Problem,
    owner: &Owner<'_, L>,
    coordinates: &[Coordinate],
    mut watch: impl FnMut(usize, usize, &Tensor<L>),
) {
    let mut behind = owner.behind();
    for (pass, lanes) in coordinates.chunks(L::COUNT).enumerate() {
        let set = Set::new(problem, &mut behind, lanes);
        behind.evaluate_watched(set.units(problem), |layer, x| watch(pass, layer, x));
        set.undo(&mut behind);
    }
}

/// Coordinates that have been made the variables of a dual pass.
struct Set<'a, L> {
    lanes: &'a [Coordinate],
    originals: Vec<L>,
    /// The penalty's terms of these coordinates.
    penalty: L,
}

impl<'a, L: Tangents> Set<'a, L> {
    fn new(problem: &Problem, behind: &mut Behind<'_, L>, lanes: &'a [Coordinate]) -> Self {
        let mut penalty = L::zero();
        let mut originals = Vec::with_capacity(lanes.len());
        for (lane, coordinate) in lanes.iter().enumerate() {
            let w = values(problem.leaf(coordinate.leaf))[coordinate.index];
            let variable = L::variable(w, lane);
            if let Some(of_leaf) = problem.penalty_on(coordinate.leaf) {
                penalty += of_leaf.term(variable);
            }
            originals.push(behind.replace(coordinate.index, variable));
        }
        Self {
            lanes,
            originals,
            penalty,
        }
    }

    /// The output units of the owner that they belong to.
    fn units(&self, problem: &Problem) -> Range<usize> {
        let unit = |coordinate: &Coordinate| behind::unit(&problem.network, *coordinate);
        let units = self.lanes.iter().map(unit);
        let first = units.clone().min().unwrap_or(0);
        first..units.max().unwrap_or(0) + 1
    }

    fn undo(self, behind: &mut Behind<'_, L>) {
        for (coordinate, original) in self.lanes.iter().zip(self.originals) {
            behind.replace(coordinate.index, original);
        }
    }
}
