//! Properties that hold for every operator and every small network.

use std::cell::RefCell;

use gradproof::check::{Silent, examine_second};
use gradproof::harness::{config, strategy};
use gradproof::network::{Coordinate, LeafName, Problem};
use gradproof::report::Counts;
use gradproof::rng::Stream;
use gradproof::scalar::{DoubleDouble, Format};
use gradproof::source::second::{
    Moving, ProductRounding, SecondOrder, along_twice, differences, direction, extended_product,
    hyper,
};
use gradproof::source::{Backprop, Estimate, Point, SAFETY, SAFETY_OTHER_ORDER};
use gradproof::tensor::values;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Outcome, hold, made};

const WAYS: [&str; 4] = [
    "backprop on duals",
    "hyper-dual numbers",
    "central differences",
    "u·Hv − v·Hu",
];

/// What was compared, and how near errors came to their bounds.
#[derive(Default)]
struct Tally {
    cases: usize,
    products: usize,
    nonzero: usize,
    /// Products that differences have no number for.
    without_difference: usize,
    /// Cases of which more than a hundredth of the products is open.
    open_cases: usize,
    /// The largest error/bound of each way.
    worst: [f64; 4],
    counts: Counts,
}

impl Tally {
    /// Hold every way against double-double at the point of `problem`, and have it judged.
    fn compare(&mut self, problem: Problem, moving: Moving, seed: u64, case: &str) -> Outcome {
        let point = Point::new(problem, seed);
        let (problem, pattern) = (&point.problem, &point.pattern);
        let coordinates = sample(&point, moving, seed);
        let [u, v] = [0, 1].map(|number| direction(problem, moving, seed, number));
        let mut twice = Vec::new();
        // Products that are no larger than their own rounding.
        let mut hidden = 0;
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
                self.nonzero += usize::from(truth.hi() != 0.0);
                self.without_difference += usize::from(by_differences[position].is_none());
                let spread = rounding.leaves.derivative(*coordinate);
                hidden += usize::from(truth.abs().hi() <= SAFETY_OTHER_ORDER * spread);
                let of = |value, safety| Estimate {
                    value,
                    error: safety * spread,
                };
                let ways = [
                    Some(of(values(product.leaves.leaf(leaf))[index], SAFETY)),
                    Some(of(by_hyper[position], SAFETY_OTHER_ORDER)),
                    by_differences[position],
                ];
                for (way, estimate) in ways.into_iter().enumerate() {
                    let Some(estimate) = estimate else { continue };
                    let name = || problem.network.coordinate_name(*coordinate);
                    self.hold(way, estimate, truth, || format!("{case}, {}", name()))?;
                }
            }
            let along = along_twice(problem, u, &product.leaves);
            twice.push((along, rounding.along_twice));
        }
        let apart = Estimate {
            value: twice[0].0 - twice[1].0,
            error: SAFETY * (twice[0].1 + twice[1].1),
        };
        self.hold(3, apart, DoubleDouble::ZERO, || case.to_owned())?;
        let part = made(examine_second(
            &point,
            &Backprop,
            moving,
            &coordinates,
            seed,
            &Silent,
        ))?;
        prop_assert!(!part.is_wrong(), "{case}: {}", part.sentence);
        let counts = part.counts();
        prop_assert!(
            counts.unresolved <= hidden,
            "{case}: {} products are open, and rounding hides {hidden}",
            counts.unresolved
        );
        self.counts = Counts::total([&self.counts, &counts]);
        self.open_cases += usize::from(100 * counts.unresolved > counts.all());
        self.cases += 1;
        Ok(())
    }

    fn hold(
        &mut self,
        way: usize,
        estimate: Estimate,
        truth: DoubleDouble,
        what: impl Fn() -> String,
    ) -> Outcome {
        let error = (DoubleDouble::from_f64(estimate.value) - truth).abs().hi();
        let bound = estimate.error + f64::MIN_POSITIVE;
        prop_assert!(
            error <= bound,
            "{}: {} says {} and not {truth}, off by {error:e}, bound {bound:e}",
            what(),
            WAYS[way],
            estimate.value
        );
        self.worst[way] = self.worst[way].max(error / bound);
        Ok(())
    }

    #[expect(
        clippy::print_stderr,
        reason = "how near errors come to their bounds is to be seen as well as bounded"
    )]
    fn conclude(self, what: &str) {
        eprintln!(
            "{what}: {} cases, {} products, {} of them not 0, {} without a difference; {:?}",
            self.cases, self.products, self.nonzero, self.without_difference, self.counts
        );
        for (way, worst) in WAYS.iter().zip(self.worst) {
            eprintln!("{what}: the largest error of {way} is {worst:.3} of its bound");
            assert!(worst > 0.0, "{way}: no error was seen");
        }
        assert!(
            3 * self.nonzero > self.products,
            "mostly zeros prove little"
        );
        // One network deep in saturation is nothing but rounding (1 of 83 was); half of them are not.
        let open = self.open_cases;
        assert!(2 * open < self.cases.max(1), "{open} networks are open");
        let none = self.without_difference;
        assert!(100 * none <= self.products, "{none} have no difference");
    }
}

/// All coordinates of small leaves, and a sample of larger ones.
fn sample(point: &Point, moving: Moving, seed: u64) -> Vec<Coordinate> {
    const MOST: usize = 500;
    let mut stream = Stream::new(seed, "second order");
    let leaves = point.problem.leaves().into_iter();
    leaves
        .filter(|leaf| moving == Moving::All || *leaf != LeafName::Input)
        .flat_map(|leaf| {
            let length = point.problem.leaf(leaf).len();
            let chosen = stream.sample(length, length.min(MOST));
            chosen
                .into_iter()
                .map(move |index| Coordinate { leaf, index })
        })
        .collect()
}

#[test]
fn every_way_is_right_on_operators() {
    let tally = RefCell::new(Tally::default());
    hold("second_order_operator", strategy::operator(), |case| {
        let problem = made(case.problem())?;
        let mut tally = tally.borrow_mut();
        tally.compare(problem, Moving::All, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("operators");
}

#[test]
fn every_way_is_right_on_networks() {
    let tally = RefCell::new(Tally::default());
    hold("second_order_network", strategy::network(), |case| {
        let problem = made(case.problem())?;
        let mut tally = tally.borrow_mut();
        tally.compare(problem, Moving::All, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("networks");
}

/// Up to depth 8 and width 128, on random data and on digits; fewer, since each takes a second. `.ci/run`
/// says how many, and tries four times as many.
#[test]
fn every_way_is_right_on_deep_networks() {
    let tally = RefCell::new(Tally::default());
    let mut config = config("second_order_deep");
    config.cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => (config.cases / 16).max(1),
        None => 4,
    };
    let outcome = TestRunner::new(config).run(&strategy::deep_network(), |case| {
        let problem = made(case.problem(Format::F64))?;
        let mut tally = tally.borrow_mut();
        tally.compare(problem, Moving::Parameters, case.seed, &case.to_string())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    tally.into_inner().conclude("deep networks");
}
