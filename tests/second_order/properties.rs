//! Properties that hold for every operator and every small network.

use std::cell::RefCell;

use gradproof::harness::{config, strategy};
use gradproof::network::{Coordinate, LeafName, Problem};
use gradproof::scalar::DoubleDouble;
use gradproof::source::second::{
    Moving, ProductRounding, SecondOrder, along_twice, differences, direction, extended_product,
    hyper,
};
use gradproof::source::{Backprop, Estimate, Point, SAFETY};
use gradproof::tensor::values;
use proptest::prelude::*;
use proptest::strategy::Strategy;
use proptest::test_runner::{TestCaseError, TestRunner};

type Outcome = Result<(), TestCaseError>;

/// Try `property` on random cases; `name` is that of the file that keeps its failures.
fn hold<S: Strategy>(name: &str, cases: S, property: impl Fn(S::Value) -> Outcome) {
    if let Err(failure) = TestRunner::new(config(name)).run(&cases, property) {
        panic!("{name}: {failure}");
    }
}

fn made<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::fail(error.to_string()))
}

/// The largest error by bound of each way, and how many numbers it was asked for.
#[derive(Default)]
struct Tally {
    cases: usize,
    products: usize,
    nonzero: usize,
    worst: [f64; 4],
    resolved: usize,
}

const WAYS: [&str; 4] = ["backprop on duals", "hyper-dual", "central differences", "u·Hv − v·Hu"];

impl Tally {
    /// Hold every way against the truth at the point of `problem`.
    fn compare(&mut self, problem: Problem, seed: u64, case: &str) -> Outcome {
        let point = Point::new(problem, seed);
        let (problem, pattern) = (&point.problem, &point.pattern);
        let coordinates = point.all_coordinates();
        let [u, v] = [0, 1].map(|number| direction(problem, Moving::All, seed, number));
        let mut twice = Vec::new();
        for [u, v] in [[&u, &v], [&v, &u]] {
            let rounding = ProductRounding::measure(problem, pattern, [u, v], seed);
            let product = Backprop.product(problem, pattern, v);
            let truth = extended_product(problem, pattern, v);
            let by_hyper = hyper(problem, pattern, v, &coordinates, &|_| ());
            let by_differences = differences(&Backprop, &point, v, &coordinates);
            self.products += coordinates.len();
            for (position, coordinate) in coordinates.iter().enumerate() {
                let Coordinate { leaf, index } = *coordinate;
                let truth = values(truth.leaf(leaf))[index];
                let error = SAFETY * rounding.leaves.derivative(*coordinate);
                self.nonzero += usize::from(truth.hi() != 0.0);
                let own = Estimate { value: values(product.leaves.leaf(leaf))[index], error };
                let of_hyper = Estimate { value: by_hyper[position], error };
                let ways = [Some(own), Some(of_hyper), by_differences[position]];
                self.resolved += usize::from(ways[2].is_some());
                for (way, estimate) in ways.into_iter().enumerate() {
                    let Some(estimate) = estimate else { continue };
                    let what = || {
                        let name = problem.network.coordinate_name(*coordinate);
                        format!("{case}, {name}: {}", WAYS[way])
                    };
                    self.hold(way, estimate, truth, what)?;
                }
            }
            twice.push((along_twice(problem, u, &product.leaves), rounding.along_twice));
        }
        let estimate = Estimate {
            value: twice[0].0 - twice[1].0,
            error: SAFETY * (twice[0].1 + twice[1].1),
        };
        self.cases += 1;
        self.hold(3, estimate, DoubleDouble::ZERO, || format!("{case}: {}", WAYS[3]))
    }

    fn hold(&mut self, way: usize, estimate: Estimate, truth: DoubleDouble, what: impl Fn() -> String) -> Outcome {
        let error = (DoubleDouble::from_f64(estimate.value) - truth).abs().hi();
        let bound = estimate.error + f64::MIN_POSITIVE;
        if error > 0.0 && error > 0.6 * bound {
            eprintln!("{} is {} and not {truth}, off by {error:e}, bound {bound:e}", what(), estimate.value);
        }
        if error > 0.0 {
            self.worst[way] = self.worst[way].max(error / bound);
        }
        Ok(())
    }

    fn conclude(self, what: &str) {
        eprintln!(
            "{what}: {} cases, {} products, {} of them not 0, {} resolved by differences; worst error/bound {:?}",
            self.cases, self.products, self.nonzero, self.resolved, self.worst
        );
    }
}

#[test]
fn every_way_is_right_on_operators() {
    let tally = RefCell::new(Tally::default());
    hold("second_order_operator", strategy::operator(), |case| {
        tally.borrow_mut().compare(made(case.problem())?, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("operators");
}

#[test]
fn every_way_is_right_on_networks() {
    let tally = RefCell::new(Tally::default());
    hold("second_order_network", strategy::network(), |case| {
        tally.borrow_mut().compare(made(case.problem())?, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("networks");
}
