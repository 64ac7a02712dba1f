//! The properties, one for each kind of bound.

use std::cell::RefCell;

use gradproof::harness::{DeepNetworkCase, config, strategy};
use gradproof::network::Coordinate;
use gradproof::network::objective::Evaluation;
use gradproof::rng::Stream;
use gradproof::scalar::{DoubleDouble, Format};
use gradproof::source::{
    Backprop, Central, Dual, GradientSource, Point, Reverse, Rounding, SAFETY, SAFETY_OTHER_ORDER,
};
use gradproof::spec::case::Step;
use gradproof::tensor::values;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::tally::Tally;

/// Networks that each property is tried on when `PROPTEST_CASES` does not say.
const CASES: u32 = 24;

/// Networks with more coordinates than this have dual numbers tried on a sample.
const MOST_COORDINATES: usize = 2048;

/// Dual numbers: coordinates of each leaf in a sample.
const SAMPLE_OF_DUAL: usize = 96;

/// Central differences: coordinates of a network in a sample, and of each leaf.
const SAMPLE_OF_CENTRAL: usize = 30;

type Outcome = Result<(), TestCaseError>;

/// Try `property` on random networks; `name` is that of the file that keeps its failures.
fn hold(name: &str, property: impl Fn(DeepNetworkCase) -> Outcome) {
    let mut config = config(name);
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if let Err(failure) = TestRunner::new(config).run(&strategy::deep_network(), property) {
        panic!("{name}: {failure}");
    }
}

fn made<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::fail(error.to_string()))
}

/// A point with the truth about it.
struct Known {
    case: DeepNetworkCase,
    point: Point,
    truth: Evaluation<DoubleDouble>,
}

impl Known {
    fn new(case: DeepNetworkCase, format: Format) -> Result<Self, TestCaseError> {
        let point = Point::new(made(case.problem(format))?, case.seed);
        let truth = point
            .problem
            .backpropagate::<DoubleDouble>(Some(&point.pattern));
        Ok(Self { case, point, truth })
    }

    /// `count` coordinates of every leaf, or all where there are fewer.
    fn sample(&self, count: usize) -> Vec<Coordinate> {
        let mut stream = Stream::new(self.case.seed, "bounds");
        let leaves = self.point.problem.leaves().into_iter();
        leaves
            .flat_map(|leaf| {
                let length = self.point.problem.leaf(leaf).len();
                let chosen = stream.sample(length, count.min(length));
                chosen
                    .into_iter()
                    .map(move |index| Coordinate { leaf, index })
            })
            .collect()
    }

    /// Hold the derivative with respect to `coordinate` against its bound.
    fn judge(
        &self,
        tally: &RefCell<Tally>,
        coordinate: Coordinate,
        value: f64,
        bound: f64,
    ) -> Outcome {
        let what = || {
            let name = self.point.problem.network.coordinate_name(coordinate);
            format!("{}, {name}", self.case)
        };
        let truth = values(self.truth.leaf(coordinate.leaf))[coordinate.index];
        tally.borrow_mut().judge(&what, value, truth, bound)
    }

    /// Hold the objective against its bound.
    fn judge_value(&self, tally: &RefCell<Tally>, value: f64, bound: f64) -> Outcome {
        let what = || format!("{}, the objective", self.case);
        let mut tally = tally.borrow_mut();
        tally.next_network();
        tally.judge(&what, value, self.truth.value, bound)
    }

    /// Ask `source`, and hold its answers; the objective is `safety` spreads off at most.
    fn ask(
        &self,
        tally: &RefCell<Tally>,
        source: &dyn GradientSource,
        safety: f64,
        coordinates: &[Coordinate],
    ) -> Outcome {
        let gradient = made(self.point.ask(source, coordinates, &|_| ()))?;
        let bound = safety * self.point.rounding.value();
        self.judge_value(tally, gradient.value, bound)?;
        for (position, coordinate) in coordinates.iter().enumerate() {
            // At a kink there is no derivative to be near.
            if gradient.kinks.binary_search(&position).is_err() {
                let estimate = gradient.estimates[position];
                self.judge(tally, *coordinate, estimate.value, estimate.error)?;
            }
        }
        Ok(())
    }
}

#[test]
fn backprop_dual_and_reverse_stay_within_their_bounds() {
    let [backprop, dual, reverse] =
        ["backprop", "dual", "reverse"].map(|name| RefCell::new(Tally::new(name)));
    hold("bounds_f64", |case| {
        let known = Known::new(case, Format::F64)?;
        let all = known.point.all_coordinates();
        known.ask(&backprop, &Backprop, SAFETY, &all)?;
        known.ask(&reverse, &Reverse, SAFETY_OTHER_ORDER, &all)?;
        let some = if all.len() > MOST_COORDINATES {
            known.sample(SAMPLE_OF_DUAL)
        } else {
            all
        };
        known.ask(&dual, &Dual, SAFETY, &some)
    });
    for tally in [backprop, dual, reverse] {
        let tally = tally.into_inner();
        tally.say();
        tally.hold_median();
    }
}

#[test]
fn backprop_in_f32_stays_within_its_bound() {
    let tally = RefCell::new(Tally::new("backprop in f32"));
    hold("bounds_f32", |case| {
        let known = Known::new(case, Format::F32)?;
        let Point {
            problem, pattern, ..
        } = &known.point;
        let rounding = Rounding::measure(problem, pattern, known.case.seed, Format::F32);
        let single = problem.backpropagate::<f32>(Some(pattern));
        known.judge_value(&tally, single.value.into(), SAFETY * rounding.value())?;
        for coordinate in known.point.all_coordinates() {
            let value = values(single.leaf(coordinate.leaf))[coordinate.index];
            let bound = SAFETY * rounding.derivative(coordinate);
            known.judge(&tally, coordinate, value.into(), bound)?;
        }
        Ok(())
    });
    let tally = tally.into_inner();
    tally.say();
    tally.hold_median();
}

#[test]
fn central_differences_stay_within_their_bound() {
    let tally = RefCell::new(Tally::new("central"));
    hold("bounds_central", |case| {
        let known = Known::new(case, Format::F64)?;
        let mut stream = Stream::new(known.case.seed, "central");
        let some = known.sample(SAMPLE_OF_CENTRAL);
        let chosen = stream.sample(some.len(), SAMPLE_OF_CENTRAL.min(some.len()));
        let some: Vec<Coordinate> = chosen.into_iter().map(|position| some[position]).collect();
        known.ask(&tally, &Central::new(Step::Auto), SAFETY, &some)
    });
    // Its bound is mostly one on truncation, which nobody promises to be near the error.
    tally.into_inner().say();
}
