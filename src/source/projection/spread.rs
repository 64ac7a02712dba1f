//! How far rounding moves the projections of a gradient: Monte Carlo arithmetic as in
//! `source::rounding`, with the same perturbations, layer by layer, so that no perturbed gradient
//! is ever whole.

use rayon::prelude::*;

use crate::network::{Coordinate, LeafName, Pattern, Problem, Roundings};
use crate::rng::{self, Stream};
use crate::scalar::{Format, Scalar, Stochastic, with_perturbations};
use crate::tensor::values;

use super::super::rounding::{RUNS, magnification, spread_of};
use super::PROJECTIONS;
use super::signs::{Signs, sign};

/// Coordinates of a tensor that its median of spread by derivative is taken from.
const MOST_SAMPLED: usize = 4096;

/// A perturbed backward pass, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs<'a> {
    pub(super) problem: &'a Problem,
    pub(super) pattern: &'a Pattern,
    pub(super) roundings: Roundings,
    /// Seed of the perturbations.
    pub(super) seed: u64,
    /// How many runs go side by side.
    pub(super) width: usize,
}

/// What was seen of one run.
struct Run<T> {
    /// How far the objective is off.
    value: f64,
    /// What was looked at, by parameter.
    seen: Vec<Option<T>>,
}

impl Runs<'_> {
    /// Spread of the objective, and of each projection of each parameter's gradient; 0 where all runs are
    /// the same.
    pub(super) fn projected(&self, seed: u64) -> (f64, Vec<[f64; PROJECTIONS]>) {
        let runs = self.look(|number, exact, perturbed| {
            let signs = Signs::new(seed, number);
            let mut sums = [0.0; PROJECTIONS];
            for (index, (exact, perturbed)) in exact.iter().zip(perturbed).enumerate() {
                let off = perturbed.primal() - exact;
                let word = signs.word(index);
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum += sign(word, j) * off;
                }
            }
            sums
        });
        let off = |number: usize, j: usize| {
            let of_run = runs.iter().map(move |run| run.seen[number]);
            of_run.map(move |sums| sums.map_or(0.0, |sums| sums[j]))
        };
        let parameters = 0..self.problem.parameters.tensors.len();
        let projected = parameters
            .map(|number| std::array::from_fn(|j| spread_of(off(number, j), Format::F64)));
        (self.value(&runs), projected.collect())
    }

    /// Spread of the objective, and of the derivatives at `coordinates`, with the floor that each tensor's
    /// median sets.
    pub(super) fn at(&self, coordinates: &[Coordinate]) -> (f64, Vec<f64>) {
        let chosen = |number: usize| -> Vec<usize> {
            let own = coordinates
                .iter()
                .filter(|at| at.leaf == LeafName::Parameter(number));
            let mut chosen: Vec<usize> = own.map(|at| at.index).collect();
            if !chosen.is_empty() {
                let size = self.problem.parameters.tensors[number].len();
                let mut stream = Stream::new(self.seed, "median");
                chosen.extend(stream.sample(size, size.min(MOST_SAMPLED)));
            }
            chosen
        };
        let runs = self.look(|number, exact, perturbed| -> Vec<(f64, f64)> {
            let look = |index: usize| (exact[index], perturbed[index].primal() - exact[index]);
            chosen(number).into_iter().map(look).collect()
        });
        let mut spreads = vec![0.0; coordinates.len()];
        for number in 0..self.problem.parameters.tensors.len() {
            let own = coordinates.iter().enumerate();
            let own = own.filter(|(_, at)| at.leaf == LeafName::Parameter(number));
            let own: Vec<usize> = own.map(|(position, _)| position).collect();
            let Some(Some(first)) = runs.first().map(|run| &run.seen[number]) else {
                continue;
            };
            let exact: Vec<f64> = first.iter().map(|(exact, _)| *exact).collect();
            let spread = |entry: usize| {
                let off = runs.iter().filter_map(|run| run.seen[number].as_ref());
                spread_of(off.map(move |seen| seen[entry].1), Format::F64)
            };
            let all: Vec<f64> = (0..exact.len()).map(spread).collect();
            let pairs = exact.iter().zip(&all).skip(own.len());
            let mut ratios: Vec<f64> = pairs
                .filter(|(exact, _)| **exact != 0.0)
                .map(|(exact, spread)| spread / exact.abs())
                .filter(|ratio| ratio.is_finite())
                .collect();
            let floor = if ratios.is_empty() {
                0.0
            } else {
                let middle = ratios.len() / 2;
                *ratios.select_nth_unstable_by(middle, f64::total_cmp).1
            };
            for (entry, position) in own.into_iter().enumerate() {
                spreads[position] = all[entry].max(exact[entry].abs() * floor);
            }
        }
        (self.value(&runs), spreads)
    }

    fn value<T>(&self, runs: &[Run<T>]) -> f64 {
        spread_of(runs.iter().map(|run| run.value), Format::F64)
    }

    /// Show `look` the gradient of every parameter, exact and perturbed, of each run.
    fn look<T: Send + Clone>(
        &self,
        look: impl Fn(usize, &[f64], &[Stochastic]) -> T + Sync,
    ) -> Vec<Run<T>> {
        let numbers: Vec<u64> = (0..RUNS).collect();
        let mut looked = Vec::with_capacity(numbers.len());
        for together in numbers.chunks(self.width.max(1)) {
            looked.extend(self.side_by_side(together, &look));
        }
        looked
    }

    fn side_by_side<T: Send + Clone>(
        &self,
        runs: &[u64],
        look: &(impl Fn(usize, &[f64], &[Stochastic]) -> T + Sync),
    ) -> Vec<Run<T>> {
        let (problem, replay) = (self.problem, Some(self.pattern));
        let mut exact = problem.streamed::<f64>(replay, self.roundings);
        let seed = |run: u64| rng::derive(self.seed, "rounding", run);
        let (format, magnification) = (Format::F64, magnification(Format::F64));
        let mut passes: Vec<_> = runs
            .par_iter()
            .map(|run| {
                let begin = || problem.streamed::<Stochastic>(replay, self.roundings);
                let pass = with_perturbations(seed(*run), format, magnification, begin);
                let looked = Run {
                    value: pass.value().primal() - exact.value(),
                    seen: vec![None; problem.parameters.tensors.len()],
                };
                (*run, pass, looked)
            })
            .collect();
        while let Some(exact) = exact.step() {
            passes.par_iter_mut().for_each(|(run, pass, looked)| {
                let step = || pass.step();
                let step = with_perturbations(seed(*run), format, magnification, step);
                for ((number, perturbed), (_, exact)) in step.into_iter().flatten().zip(&exact) {
                    looked.seen[number] = Some(look(number, values(exact), values(&perturbed)));
                }
            });
        }
        passes.into_iter().map(|(_, _, looked)| looked).collect()
    }
}
