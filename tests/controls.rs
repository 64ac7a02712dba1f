//! It can fail: faults planted in a backward are caught, at every scale of the loss, and nothing else is.

#![expect(
    clippy::print_stdout,
    reason = "cargo test -- --nocapture shows where each mutant was caught, and where it is equivalent"
)]

use std::collections::{BTreeMap, BTreeSet};

use gradproof::harness::mutant::{Fault, Fixture, Mutant, Mutated, NumbersFault, SCALES, fixtures};
use gradproof::harness::{OperatorCase, config, strategy};
use gradproof::loss::Loss;
use gradproof::network::objective::Evaluation;
use gradproof::network::{Coordinate, Problem};
use gradproof::scalar::{Format, Scalar, Stochastic, with_perturbations};
use gradproof::source::{
    Backprop, Central, Dual, Estimate, FaultySource, Gradient, GradientSource, Point, Question,
    Reverse, SAFETY,
};
use gradproof::spec::case::Step;
use gradproof::spec::{MaxPool2dSpec, OpSpec};
use gradproof::tensor::{self, Tensor, values};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// A fault has to be seen on this many shapes at least, or the shapes say nothing about it.
const FEWEST_SHAPES: usize = 5;

const RIGHT: Mutated = Mutated {
    mutant: None,
    at: None,
};

fn references() -> [Box<dyn GradientSource>; 3] {
    [
        Box::new(Dual),
        Box::new(Reverse),
        Box::new(Central::new(Step::Auto)),
    ]
}

/// The same, each with the wrong sign.
fn negated_references() -> [Box<dyn GradientSource>; 3] {
    let central = Central::new(Step::Auto);
    [
        Box::new(FaultySource::new(Dual, negate)),
        Box::new(FaultySource::new(Reverse, negate)),
        Box::new(FaultySource::new(central, negate)),
    ]
}

fn negate(_: &Question<'_>, estimates: &mut [Estimate]) {
    for estimate in estimates {
        estimate.value = -estimate.value;
    }
}

fn mutated(mutant: Mutant) -> Mutated {
    Mutated {
        mutant: Some(mutant),
        at: None,
    }
}

fn ask(point: &Point, source: &dyn GradientSource) -> Gradient {
    point
        .ask(source, &point.all_coordinates(), &|_| ())
        .expect("every step can be taken")
}

/// How many coordinates lie further apart than the sum of their error bounds.
fn disagreements(a: &Gradient, b: &Gradient) -> usize {
    let pairs = a.estimates.iter().zip(&b.estimates);
    pairs
        .filter(|(a, b)| {
            let within = (a.value - b.value).abs() <= a.error + b.error;
            !within
        })
        .count()
}

/// Whether some derivative was changed by more than the sum of the bounds of `wrong` and of `answer`,
/// to which `wrong` is going to be compared.
fn is_visible(right: &Gradient, wrong: &Gradient, answer: &Gradient) -> bool {
    let pairs = right.estimates.iter().zip(&wrong.estimates);
    pairs
        .zip(&answer.estimates)
        .any(|((right, wrong), answer)| {
            (wrong.value - right.value).abs() > wrong.error + answer.error
        })
}

#[test]
fn the_naive_backward_is_ours_without_a_fault() {
    let cases = prop_oneof![
        strategy::operator().prop_map(|case| (case.to_string(), case.problem())),
        strategy::network().prop_map(|case| (case.to_string(), case.problem())),
    ];
    let outcome = TestRunner::new(config("naive_backward")).run(&cases, |(name, problem)| {
        let problem = problem.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let point = Point::new(problem, 1);
        let (ours, second) = (ask(&point, &Backprop), ask(&point, &RIGHT));
        prop_assert_eq!(disagreements(&ours, &second), 0, "{}", name);
        let outputs = [&Backprop as &dyn GradientSource, &RIGHT]
            .map(|source| source.output_gradients(&point.problem, &point.pattern));
        let [Some(ours), Some(second)] = outputs else {
            return Err(TestCaseError::fail("both pass them on"));
        };
        prop_assert_eq!(ours.len(), second.len(), "{}", name);
        for (ours, second) in ours.iter().zip(&second) {
            // A softmax of almost 1 leaves the rounding of 1 in a small difference.
            let largest = ours
                .iter()
                .fold(0.0, |largest: f64, dy| largest.max(dy.abs()));
            let gap = (ours - second)
                .iter()
                .fold(0.0, |gap: f64, difference| gap.max(difference.abs()));
            prop_assert!(
                gap <= 1e-12 * largest.max(0.1),
                "{}: {:e} of {:e}",
                name,
                gap,
                largest
            );
        }
        Ok(())
    });
    assert_eq!(outcome.map_err(|failure| failure.to_string()), Ok(()));
}

/// Far below 0 the naive slope was 1 − 1 and some: 13 digits were left at −8, and the bounds are those of
/// our formula.
#[test]
fn the_naive_slope_of_mish_keeps_its_digits_far_below_0() {
    let x = vec![-30.0, -15.0, -8.091_796_875, -3.423_583_984_375, 3.4, 20.0];
    let shape = [1, x.len()];
    let cotangent = Tensor::from_elem(shape.to_vec(), 1.0);
    let x = Tensor::from_shape_vec(shape.to_vec(), x).expect("as many as the shape says");
    let loss = Loss::WeightedSum { cotangent };
    let problem = Problem::single(Some(OpSpec::Mish {}), Vec::new(), x, loss, 1.0);
    let point = Point::new(problem.expect("the shapes fit"), 1);
    let (ours, naive) = (ask(&point, &Backprop), ask(&point, &RIGHT));
    assert_eq!(
        disagreements(&ours, &naive),
        0,
        "{:?} and {:?}",
        ours.estimates,
        naive.estimates
    );
}

#[test]
fn nothing_is_flagged_without_a_fault() {
    for fixture in fixtures() {
        let name = &fixture.name;
        for scale in SCALES {
            let point = Point::new(fixture.at_scale(scale), 1);
            let ours = ask(&point, &Backprop);
            let second = ask(&point, &RIGHT);
            assert_eq!(
                disagreements(&ours, &second),
                0,
                "{name}, scale {scale:e}: naive"
            );
            for reference in references() {
                let answer = ask(&point, reference.as_ref());
                assert_eq!(
                    !answer.kinks.is_empty(),
                    fixture.has_ties && reference.name() == "central",
                    "{name}: {} has the kinks {:?}",
                    reference.name(),
                    answer.kinks
                );
                for backward in [&ours, &second] {
                    assert_eq!(
                        disagreements(backward, &answer),
                        0,
                        "{name}, scale {scale:e}: {}",
                        reference.name()
                    );
                }
            }
        }
    }
}

/// Where a mutant was tried at one scale, and what came of it.
#[derive(Clone, Default)]
struct Tally {
    /// Fixtures on which some derivative leaves its bound.
    visible: usize,
    /// Fixtures on which it changes last bits at most: there the mutant is the right backward.
    equivalent: usize,
    /// Fixtures with a change that exact sources see, and about which central differences, being at a
    /// kink, claim nothing.
    at_kinks: usize,
    /// The different networks among the fixtures on which it is visible, whatever their loss.
    shapes: BTreeSet<String>,
}

#[test]
fn every_planted_fault_is_caught_by_every_reference_at_every_scale() {
    let mutants: Vec<Mutant> = Mutant::all().collect();
    assert!(mutants.len() >= 40, "{} mutants", mutants.len());
    let mut tallies = vec![SCALES.map(|_| Tally::default()); mutants.len()];
    for fixture in fixtures() {
        for (number, scale) in SCALES.into_iter().enumerate() {
            let tried = Tried::new(&fixture, scale);
            for (mutant, tally) in mutants.iter().zip(&mut tallies) {
                if mutant.lives_in(&tried.point.problem) {
                    tried.tally(*mutant, &mut tally[number]);
                }
            }
        }
    }
    for (mutant, tallies) in mutants.iter().zip(&tallies) {
        let visible = tallies.each_ref().map(|tally| tally.visible);
        let equivalent = tallies.each_ref().map(|tally| tally.equivalent);
        println!("{mutant}: caught on {visible:?} problems, equivalent on {equivalent:?}");
        for (tally, scale) in tallies.iter().zip(SCALES) {
            assert!(
                tally.shapes.len() >= FEWEST_SHAPES,
                "{mutant} is visible on {:?} only, at scale {scale:e}",
                tally.shapes
            );
        }
        // What rounding to fewer bits changes depends on the bits, and so on the scale.
        if !mutant.name.starts_with("rounded_to_") {
            assert_eq!(visible, [visible[0]; 4], "{mutant}: problems by scale");
        }
    }
    let sum = |count: fn(&Tally) -> usize| tallies.iter().flatten().map(count).sum::<usize>();
    println!(
        "{} mutants at {} scales: visible {} times, of which central differences were at a kink \
         {} times, and caught otherwise by every reference; equivalent {} times",
        mutants.len(),
        SCALES.len(),
        sum(|tally| tally.visible),
        sum(|tally| tally.at_kinks),
        sum(|tally| tally.equivalent)
    );
}

/// A fixture at one scale with all that mutants are compared to.
struct Tried<'a> {
    fixture: &'a Fixture,
    point: Point,
    right: Gradient,
    answers: [(String, Gradient); 3],
}

impl<'a> Tried<'a> {
    fn new(fixture: &'a Fixture, scale: f64) -> Self {
        let point = Point::new(fixture.at_scale(scale), 1);
        let answers = references().map(|source| {
            let answer = ask(&point, source.as_ref());
            (source.name().to_owned(), answer)
        });
        Self {
            fixture,
            right: ask(&point, &RIGHT),
            answers,
            point,
        }
    }

    /// Plant the mutant: where it changes a derivative by more than the bounds, every reference has
    /// to catch it, and nowhere else.
    fn tally(&self, mutant: Mutant, tally: &mut Tally) {
        let wrong = ask(&self.point, &mutated(mutant));
        let visible = is_visible(&self.right, &wrong, &self.right);
        for (reference, answer) in &self.answers {
            let what = || {
                let scale = self.point.problem.objective.scale;
                format!(
                    "{mutant} on {}, scale {scale:e}, against {reference}",
                    self.fixture.name
                )
            };
            let expected = is_visible(&self.right, &wrong, answer);
            let may_be_at_kink = self.fixture.has_ties && reference == "central";
            assert!(
                expected == visible || may_be_at_kink,
                "{}: too small",
                what()
            );
            tally.at_kinks += usize::from(expected != visible);
            assert_eq!(disagreements(&wrong, answer) > 0, expected, "{}", what());
        }
        if visible {
            let network = &self.point.problem.network;
            tally.shapes.insert(format!("{:?}", network.layers()));
            tally.visible += 1;
        } else {
            tally.equivalent += 1;
        }
    }
}

/// One mutated layer of several: those behind it, and the loss, are as they should be.
#[test]
fn a_fault_in_one_layer_leaves_the_layers_behind_it_alone() {
    let (mut planted, mut passed_on) = (0, 0);
    for fixture in fixtures() {
        let (name, point) = (&fixture.name, Point::new(fixture.problem.clone(), 1));
        let right = RIGHT.output_gradients(&point.problem, &point.pattern);
        let right = right.expect("passed on");
        let gradient = RIGHT.backpropagate::<f64>(&point.problem, None);
        for mutant in Mutant::all() {
            for layer in mutant.layers(&point.problem) {
                let source = Mutated {
                    mutant: Some(mutant),
                    at: Some(layer),
                };
                let wrong = source.output_gradients(&point.problem, &point.pattern);
                let wrong = wrong.expect("passed on");
                assert_eq!(
                    wrong[layer..],
                    right[layer..],
                    "{mutant} in layer {layer} of {name}"
                );
                passed_on += usize::from(wrong != right);
                let behind = point.problem.network.layers()[layer].parameter_range().end;
                assert_eq!(
                    source.backpropagate::<f64>(&point.problem, None).parameters[behind..],
                    gradient.parameters[behind..],
                    "{mutant} in layer {layer} of {name}"
                );
                planted += 1;
            }
        }
    }
    assert!(
        planted > 1000 && passed_on > 100,
        "{planted} faults, of which {passed_on} reach the layer before"
    );
}

/// Every mutant has one formula, whatever it is computed in: f64 and double-double differ by no more
/// than rounding does, as perturbed runs of that very formula measure it.
#[test]
fn a_mutant_in_double_double_is_the_same_mutant() {
    // Each in three problems of those that it lives in.
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    for fixture in fixtures() {
        let (name, point) = (&fixture.name, Point::new(fixture.problem.clone(), 1));
        let lives = Mutant::all().filter(|mutant| mutant.lives_in(&point.problem));
        for mutant in lives {
            let times = tried.entry(mutant.to_string()).or_default();
            *times += 1;
            if *times > 3 {
                continue;
            }
            let source = mutated(mutant);
            let plain = source.backpropagate::<f64>(&point.problem, Some(&point.pattern));
            let extended = source.extended(&point.problem, &point.pattern);
            let extended = extended.expect("in any arithmetic");
            let bounds = Bounds::measure(source, &point);
            for coordinate in point.all_coordinates() {
                // A partial sum halfway between two numbers of the narrow format goes either way.
                let halfway = match mutant.fault {
                    Fault::Numbers(NumbersFault::Bf16Accumulation) => f64::exp2(-8.0),
                    Fault::Numbers(NumbersFault::F16Accumulation) => f64::exp2(-11.0),
                    _ => 0.0,
                };
                let all = plain.leaf(coordinate.leaf).iter();
                let largest = all.fold(0.0_f64, |largest, g| largest.max(g.abs()));
                let plain = at(&plain, coordinate);
                let gap = (at(&extended, coordinate) - Scalar::constant(plain)).primal();
                let bound = bounds.of(coordinate, plain) + 2.0 * halfway * largest;
                assert!(
                    gap.abs() <= bound,
                    "{mutant} on {name}, {}: {gap:e}, and not {bound:e}, from {plain:e}",
                    point.problem.network.coordinate_name(coordinate)
                );
            }
        }
    }
}

/// Two hand-written formulas, without rounding.
#[test]
fn the_naive_backward_is_ours_to_28_digits() {
    for fixture in fixtures() {
        let (name, point) = (&fixture.name, Point::new(fixture.problem.clone(), 1));
        let [ours, naive] = [&Backprop as &dyn GradientSource, &RIGHT]
            .map(|source| source.extended(&point.problem, &point.pattern))
            .map(|evaluation| evaluation.expect("in any arithmetic"));
        for leaf in point.problem.leaves() {
            let (ours, naive) = (values(ours.leaf(leaf)), values(naive.leaf(leaf)));
            let largest = ours
                .iter()
                .fold(0.0, |largest: f64, dx| largest.max(dx.abs().hi()));
            for (ours, naive) in ours.iter().zip(naive) {
                let gap = (*ours - *naive).abs().hi();
                assert!(
                    gap <= 1e-28 * largest,
                    "{name}, {leaf:?}: {gap:e} of {largest:e}"
                );
            }
        }
    }
}

fn at<S: Scalar>(evaluation: &Evaluation<S>, coordinate: Coordinate) -> S {
    values(evaluation.leaf(coordinate.leaf))[coordinate.index]
}

/// How far rounding moves a mutated gradient, measured as `Rounding` does for the right one.
struct Bounds {
    runs: Vec<Evaluation<Stochastic>>,
}

impl Bounds {
    /// Perturbations are this much larger than the unit roundoff.
    const MAGNIFICATION: f64 = 4096.0;

    fn measure(source: Mutated, point: &Point) -> Self {
        let run = |seed| {
            with_perturbations(seed, Format::F64, Self::MAGNIFICATION, || {
                source.backpropagate(&point.problem, Some(&point.pattern))
            })
        };
        Self {
            runs: (0..6).map(run).collect(),
        }
    }

    fn of(&self, coordinate: Coordinate, value: f64) -> f64 {
        let spread = self.runs.iter().fold(0.0, |largest: f64, run| {
            largest.max((at(run, coordinate).primal() - value).abs() / Self::MAGNIFICATION)
        });
        SAFETY * spread.max(f64::EPSILON / 2.0 * value.abs())
    }
}

#[test]
fn a_faulty_reference_is_noticed() {
    for fixture in fixtures() {
        for scale in SCALES {
            let point = Point::new(fixture.at_scale(scale), 1);
            let ours = ask(&point, &Backprop);
            for reference in negated_references() {
                let answer = ask(&point, reference.as_ref());
                assert!(
                    disagreements(&ours, &answer) > 0 || answer.kinks.len() == ours.estimates.len(),
                    "{}, scale {scale:e}: negated {}",
                    fixture.name,
                    reference.name()
                );
            }
        }
    }
}

/// The last of two equal maxima is another subgradient, not a wrong one: exact sources, which follow
/// the convention, see the difference, and central differences say that there is a kink.
#[test]
fn another_choice_at_a_tie_is_told_from_a_fault() {
    let point = Point::new(all_equal(), 1);
    let last = Mutant::named("max_pool2d.argmax_last").expect("it is in the catalogue");
    let last = ask(&point, &mutated(last));
    assert_eq!(
        disagreements(&last, &ask(&point, &Dual)),
        2,
        "first and last entry"
    );
    assert_eq!(
        disagreements(&last, &ask(&point, &Reverse)),
        2,
        "first and last entry"
    );
    let central = ask(&point, &Central::new(Step::Auto));
    assert_eq!(
        central.kinks,
        [0, 1, 2, 3],
        "every entry decides alone when it grows"
    );
    assert_eq!(
        disagreements(&last, &central),
        0,
        "nothing is claimed at a kink"
    );
}

/// One window of four equal entries.
fn all_equal() -> Problem {
    let case = OperatorCase {
        op: OpSpec::MaxPool2d(MaxPool2dSpec {
            kernel: [2, 2],
            stride: None,
            padding: [0, 0],
            dilation: [1, 1],
            ceil_mode: false,
        }),
        input: vec![1, 1, 2, 2],
        seed: 1,
    };
    let mut problem = case.problem().expect("the shapes fit");
    problem.input = tensor::zeros(&[1, 1, 2, 2]) + 0.5;
    problem
}

/// On a pattern that the values would not give, the naive backward takes the pattern's branches, as
/// ours does.
#[test]
fn branches_are_replayed() {
    let tied = all_equal();
    let mut other = tied.clone();
    tensor::values_mut(&mut other.input)[3] = 1.0;
    let pattern = other.pattern();
    let ours = tied.backpropagate::<f64>(Some(&pattern));
    let naive = RIGHT.backpropagate::<f64>(&tied, Some(&pattern));
    assert_eq!(ours.input, naive.input, "dx goes to the last entry");
    assert!(values(&naive.input)[3].abs() > 0.0, "{:?}", naive.input);
}
