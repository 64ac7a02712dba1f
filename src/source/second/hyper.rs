//! Second derivatives by num-dual's hyper-dual numbers: no backward pass takes part.

use rayon::prelude::*;

use crate::network::{Coordinate, Leaves, Pattern, Problem};
use crate::scalar::{HyperDual, Scalar};
use crate::tensor::values;

use super::super::behind::{self, Owner};

/// Second derivatives carried by one pass.
const LANES: usize = 8;

/// Coordinates that one task works on, for which the owner's parameters are copied once.
const TASK: usize = 64 * LANES;

type Lanes = HyperDual<LANES>;

/// (H·v)ᵢ for each of `coordinates`, on the branches of `pattern`: the objective's second derivative
/// along v and along the coordinate. `progress` is told of coordinates finished.
#[must_use]
pub fn hyper(
    problem: &Problem,
    pattern: &Pattern,
    v: &Leaves<f64>,
    coordinates: &[Coordinate],
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<f64> {
    let leaves = problem.along(v, Lanes::along);
    let mut found = Vec::with_capacity(coordinates.len());
    for same_leaf in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        let leaf = same_leaf[0].leaf;
        let input = leaves.input.clone();
        let owner = Owner::at(problem, leaf, &leaves.parameters, input, Some(pattern));
        let tasks: Vec<Vec<f64>> = same_leaf
            .par_chunks(TASK)
            .map(|task| {
                let products = products(problem, &owner, &leaves, task);
                progress(task.len());
                products
            })
            .collect();
        found.extend(tasks.into_iter().flatten());
    }
    found
}

/// The products at coordinates of one leaf.
fn products(
    problem: &Problem,
    owner: &Owner<'_, Lanes>,
    leaves: &Leaves<Lanes>,
    coordinates: &[Coordinate],
) -> Vec<f64> {
    let mut behind = owner.behind();
    let mut products = Vec::with_capacity(coordinates.len());
    for lanes in coordinates.chunks(LANES) {
        let mut penalty_value = Lanes::zero();
        let mut originals = Vec::with_capacity(LANES);
        for (lane, coordinate) in lanes.iter().enumerate() {
            let moving = values(leaves.leaf(coordinate.leaf))[coordinate.index];
            let variable = moving.in_lane(lane);
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
        let value = behind.evaluate(first..last + 1).loss + penalty_value;
        for (lane, (coordinate, original)) in lanes.iter().zip(originals).enumerate() {
            products.push(value.mixed(lane));
            behind.replace(coordinate.index, original);
        }
    }
    products
}
