//! What is computed again by changes alone is the same number as by all layers behind a weight.

use std::cell::RefCell;

use gradproof::harness::strategy;
use gradproof::layer::Layer;
use gradproof::network::{Coordinate, Problem};
use gradproof::scalar::Format;
use gradproof::source::sweep::pass_at;
use gradproof::source::{Central, GradientSource, Ground, Passes, Point, SAFETY, whole_layers};
use gradproof::spec::case::Step;
use gradproof::tensor::values;
use proptest::prelude::*;

use super::{Outcome, hold_few, made};

/// Cases of each property when `PROPTEST_CASES` does not say.
const CASES: u32 = 48;

/// The same of deep networks, which take longer.
const DEEP_CASES: u32 = 12;

/// Coordinates of each tensor that are stepped.
const OF_EACH: usize = 3;

/// At most this share of passes may differ in their branches: such as have a unit within rounding of its
/// kink at the step's end.
const MOST_TURNED: f64 = 2e-3;

/// So many may without counting, lest one tie break a run of a few cases.
const FEW: usize = 5;

/// What was tried.
#[derive(Default)]
struct Tally {
    cases: usize,
    passes: usize,
    moved: usize,
    turned: usize,
    turned_otherwise: usize,
    derivatives: usize,
    grounds_otherwise: usize,
    with_whole_layers: usize,
    with_joins: usize,
}

#[test]
fn objectives_of_operators_by_changes_are_those_of_whole_passes() {
    let tally = RefCell::new(Tally::default());
    hold_few("changes_operator", CASES, strategy::operator(), |case| {
        let problem = made(case.problem())?;
        tally
            .borrow_mut()
            .add(problem, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("operators");
}

#[test]
fn objectives_of_networks_by_changes_are_those_of_whole_passes() {
    let tally = RefCell::new(Tally::default());
    hold_few("changes_network", CASES, strategy::network(), |case| {
        let problem = made(case.problem())?;
        tally
            .borrow_mut()
            .add(problem, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("networks");
}

#[test]
fn objectives_of_branches_by_changes_are_those_of_whole_passes() {
    let tally = RefCell::new(Tally::default());
    let cases = prop_oneof![strategy::residual(), strategy::concatenation()];
    hold_few("changes_branches", CASES, cases, |case| {
        let problem = made(case.problem())?;
        tally
            .borrow_mut()
            .add(problem, case.seed, &case.to_string())
    });
    let tally = tally.into_inner();
    assert!(tally.with_joins > 0, "branches meet");
    tally.conclude("branches");
}

#[test]
fn objectives_of_deep_networks_by_changes_are_those_of_whole_passes() {
    let tally = RefCell::new(Tally::default());
    hold_few(
        "changes_deep",
        DEEP_CASES,
        strategy::deep_network(),
        |case| {
            let problem = made(case.problem(Format::F64))?;
            if problem.parameters.count() > 20_000 {
                return Ok(());
            }
            tally
                .borrow_mut()
                .add(problem, case.seed, &format!("{case:?}"))
        },
    );
    tally.into_inner().conclude("deep networks");
}

impl Tally {
    fn add(&mut self, problem: Problem, seed: u64, name: &str) -> Outcome {
        let layers = problem.network.layers();
        self.cases += 1;
        self.with_whole_layers += usize::from(!whole_layers(&problem.network).is_empty());
        self.with_joins += usize::from(
            layers
                .iter()
                .any(|layer| matches!(layer.layer, Layer::Join(_))),
        );
        let point = Point::new(problem, seed);
        let mut chosen: Vec<Coordinate> = Vec::new();
        for leaf in point.problem.leaves() {
            let count = point.problem.leaf(leaf).len();
            let stride = (count / OF_EACH).max(1);
            let first = seed as usize % stride;
            chosen.extend(
                point
                    .problem
                    .coordinates(leaf)
                    .skip(first)
                    .step_by(stride)
                    .take(OF_EACH),
            );
        }
        for coordinate in &chosen {
            self.objectives(&point, *coordinate, name)?;
        }
        self.derivatives(&point, &chosen, name)
    }

    /// At steps of all sizes the objective is the same to its rounding bound, and so are the branches.
    fn objectives(&mut self, point: &Point, coordinate: Coordinate, name: &str) -> Outcome {
        let w = values(point.problem.leaf(coordinate.leaf))[coordinate.index];
        let size = f64::exp2(w.abs().max(0.25).log2().floor());
        let steps = [
            0.0, 1.0, -1.0, 0.25, -0.25, 1e-2, -1e-2, 1e-4, -1e-4, 1e-8, -1e-8,
        ];
        let places: Vec<f64> = steps.iter().map(|step| w + step * size).collect();
        let by = |passes| pass_at(point, coordinate, &places, passes);
        let (changes, whole) = (by(Passes::Changes), by(Passes::Whole));
        let origin = whole[0].value;
        for ((a, b), place) in changes.iter().zip(&whole).zip(&places) {
            // A large step can make the objective larger, and its rounding with it.
            let growth = (b.value.abs() / origin.abs().max(f64::MIN_POSITIVE)).clamp(1.0, 1e3);
            let bound = 2.0 * SAFETY * point.rounding.value() * growth;
            prop_assert!(
                (a.value - b.value).abs() <= bound,
                "{name}: {} at {place:e}: {:e} by changes and {:e} by whole passes, further apart than {bound:e}",
                point.problem.network.coordinate_name(coordinate),
                a.value,
                b.value,
            );
            self.passes += 1;
            self.moved += usize::from(b.value.to_bits() != origin.to_bits());
            self.turned += usize::from(!b.same_pattern);
            self.turned_otherwise += usize::from(a.same_pattern != b.same_pattern);
        }
        Ok(())
    }

    /// Central differences of both ways agree within their bounds, and find the same ground.
    fn derivatives(&mut self, point: &Point, coordinates: &[Coordinate], name: &str) -> Outcome {
        let by = |passes| {
            let central = Central {
                step: Step::Auto,
                passes,
            };
            made(point.ask(&central as &dyn GradientSource, coordinates, &|_| ()))
        };
        let (changes, whole) = (by(Passes::Changes)?, by(Passes::Whole)?);
        for (at, coordinate) in coordinates.iter().enumerate() {
            let (a, b) = (changes.estimates[at], whole.estimates[at]);
            let (over, beside) = (&changes.steps[at].ground, &whole.steps[at].ground);
            self.derivatives += 1;
            let kind = std::mem::discriminant::<Ground>;
            if kind(over) != kind(beside) {
                self.grounds_otherwise += 1;
                continue;
            }
            let (apart, bound) = ((a.value - b.value).abs(), a.error + b.error);
            prop_assert!(
                apart <= bound || bound.is_infinite(),
                "{name}: {}: {a:?} by changes, {b:?} by whole passes",
                point.problem.network.coordinate_name(*coordinate),
            );
        }
        Ok(())
    }

    #[expect(
        clippy::print_stdout,
        reason = "what was tried is asked for by --nocapture"
    )]
    fn conclude(&self, what: &str) {
        let Self {
            cases,
            passes,
            moved,
            turned,
            turned_otherwise,
            derivatives,
            grounds_otherwise,
            with_whole_layers,
            with_joins,
        } = self;
        println!(
            "{what}: {cases} cases ({with_joins} with joins, {with_whole_layers} with layers as a whole), {passes} passes, {moved} moved, {turned} with other branches, {turned_otherwise} of them by one way only; {derivatives} derivatives, {grounds_otherwise} on other grounds"
        );
        assert!(
            *moved > passes / 4,
            "{what}: most passes move the objective"
        );
        let most = |of: usize| FEW + (MOST_TURNED * of as f64) as usize;
        assert!(
            *turned_otherwise <= most(*passes),
            "{what}: branches differ"
        );
        assert!(
            *grounds_otherwise <= most(*derivatives),
            "{what}: grounds differ"
        );
    }
}
