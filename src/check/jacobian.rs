//! The Jacobian view: every derivative of every output, by the backward under test (reverse mode) and by
//! dual numbers (forward mode), with the adjoint identity between both.
//!
//! For single operators and small networks: a backward pass for each output, a dual forward pass for
//! every 16 entries of the leaves.

use std::cell::LazyCell;

use serde::{Deserialize, Serialize};

use crate::judge::{Number, Reference, Unobservable, Unresolved, Verdict, judge};
use crate::network::{Coordinate, Problem};
use crate::report::{Counts, Symmetry};
use crate::rng::Stream;
use crate::scalar::{DoubleDouble, Format};
use crate::source::second::{Moving, along_twice, direction};
use crate::source::{
    Estimate, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER, SourceError, adjoint_spread,
    jacobian_columns, jacobian_vector, under_cotangent,
};
use crate::tensor::{self, Tensor, unflatten, values, values_mut};

/// What was found in a Jacobian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JacobianView {
    /// Entries of the output: rows.
    pub outputs: usize,
    /// Entries of input and parameters: columns.
    pub coordinates: usize,
    /// The verdicts on all entries.
    pub counts: Counts,
    /// The entries that disagree, ten at most, row by row.
    pub wrong: Vec<JacobianRow>,
    /// ⟨Jᵀ·c, u⟩ by the backward under test, ⟨c, J·u⟩ by dual numbers, at random c and u.
    pub adjoint: Symmetry,
}

/// An entry on which both ways differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JacobianRow {
    /// Index of the output's entry, batch first.
    pub output: Vec<usize>,
    /// The coordinate's name.
    pub coordinate: String,
    /// ∂y/∂w by the backward under test.
    pub backward: Number,
    /// ∂y/∂w by dual numbers.
    pub forward: Number,
    /// The sum of both error bounds.
    pub bound: Number,
}

/// An entry that is so much smaller than its own rounding is 0 in truth, such as the derivative of the mean of what a norm
/// has centred.
const CANCELLED: f64 = 1e-6;

/// Entries that are shown in full.
const MOST_ROWS: usize = 10;

impl JacobianView {
    /// Whether every entry agrees, or is 0 by cancellation, and the adjoint identity holds.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.adjoint.holds && self.counts.wrong() + self.counts.unresolved == 0
    }
}

/// Hold the Jacobian of the output of `problem`'s network by `subject` against that by dual numbers, with
/// respect to input and parameters; loss and penalty play no part. `seed` is that of perturbations and
/// directions.
///
/// # Errors
/// The subject's.
pub fn jacobian(
    problem: &Problem,
    subject: &dyn GradientSource,
    seed: u64,
) -> Result<JacobianView, SourceError> {
    let pattern = problem.pattern();
    let zero: Tensor<f64> = tensor::zeros(problem.network.output_shape());
    let outputs = zero.len();
    let coordinates = coordinates(problem);
    let columns = jacobian_columns(problem, &pattern, &coordinates);
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for row in 0..outputs {
        let mut unit = zero.clone();
        values_mut(&mut unit)[row] = 1.0;
        let point = Point::new(under_cotangent(problem, unit), seed);
        let answer = point.ask(subject, &coordinates, &|_| ())?;
        let largest = columns
            .iter()
            .map(|column| column[row].abs())
            .filter(|entry| entry.is_finite())
            .fold(0.0, f64::max);
        // Needed for an entry that is nothing but rounding, and for few rows.
        let truth = LazyCell::new(|| {
            let pattern = Some(&point.pattern);
            point.problem.backpropagate::<DoubleDouble>(pattern)
        });
        let mut verdicts = Vec::with_capacity(coordinates.len());
        for (position, own) in answer.estimates.iter().enumerate() {
            let forward = Estimate {
                value: columns[position][row],
                error: SAFETY * point.rounding.derivative(coordinates[position]),
            };
            let mut verdict = judge(*own, &[Reference::Smooth(forward)], None, largest);
            if verdict == Verdict::Unresolved(Unresolved::BoundTooWide) {
                let Coordinate { leaf, index } = coordinates[position];
                let truth = values(truth.leaf(leaf))[index].abs().hi();
                if truth <= CANCELLED * point.rounding.derivative(coordinates[position]) {
                    verdict = Verdict::Unobservable(Unobservable::Cancelled);
                }
            }
            if matches!(verdict, Verdict::Disagree | Verdict::Invalid) && wrong.len() < MOST_ROWS {
                wrong.push(JacobianRow {
                    output: unflatten(row, zero.shape()),
                    coordinate: problem.network.coordinate_name(coordinates[position]),
                    backward: Number(own.value),
                    forward: Number(forward.value),
                    bound: Number(own.error + forward.error),
                });
            }
            verdicts.push(verdict);
        }
        counts = Counts::total([&counts, &verdicts.iter().collect()]);
    }
    Ok(JacobianView {
        outputs,
        coordinates: coordinates.len(),
        counts,
        wrong,
        adjoint: adjoint(problem, subject, seed)?,
    })
}

fn coordinates(problem: &Problem) -> Vec<Coordinate> {
    let leaves = problem.leaves().into_iter();
    leaves.flat_map(|leaf| problem.coordinates(leaf)).collect()
}

/// ⟨Jᵀ·c, u⟩ = ⟨c, J·u⟩: both are Σ c·J·u, added up in another order.
fn adjoint(
    problem: &Problem,
    subject: &dyn GradientSource,
    seed: u64,
) -> Result<Symmetry, SourceError> {
    let mut stream = Stream::new(seed, "cotangent of the adjoint");
    let mut c: Tensor<f64> = tensor::zeros(problem.network.output_shape());
    c.mapv_inplace(|_| stream.signed_weight());
    let u = direction(problem, Moving::All, seed, 0);
    let point = Point::new(under_cotangent(problem, c.clone()), seed);
    let coordinates = coordinates(problem);
    let answer = point.ask(subject, &coordinates, &|_| ())?;
    let mut gradient = point.problem.backpropagate::<f64>(Some(&point.pattern));
    for (coordinate, estimate) in coordinates.iter().zip(&answer.estimates) {
        let leaf = gradient.leaf_mut(coordinate.leaf);
        values_mut(leaf)[coordinate.index] = estimate.value;
    }
    let backward = along_twice(&point.problem, &u, &gradient);
    let moved = jacobian_vector(problem, &point.pattern, &u);
    let terms = values(&c).iter().zip(values(&moved));
    let forward: f64 = terms.map(|(c, y)| c * y).sum();
    let size: f64 = values(&c)
        .iter()
        .zip(values(&moved))
        .map(|(c, y)| (c * y).abs())
        .sum();
    // The sum over outputs is one more, of n products: n + 1 roundings at most (N. J. Higham, *Accuracy
    // and Stability of Numerical Algorithms*, 2nd ed., lemma 8.4).
    let summed = (c.len() + 1) as f64 * Format::F64.unit_roundoff() * size;
    let spread = adjoint_spread(&point.problem, &point.pattern, &u, seed);
    let bound = (SAFETY + SAFETY_OTHER_ORDER) * spread + summed;
    Ok(Symmetry {
        first: Number(backward),
        second: Number(forward),
        bound: Number(bound),
        holds: (backward - forward).abs() <= bound + f64::MIN_POSITIVE,
    })
}
