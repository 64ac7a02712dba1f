//! One coordinate over a ladder of steps: the law that its gap follows.

use gradproof::check::{problem, sweep, sweep_at};
use gradproof::judge::Law;
use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Network, Objective, Parameters, Problem};
use gradproof::report::Outcome;
use gradproof::report::sweep::SweepReport;
use gradproof::source::{
    Backprop, Dual, Estimate, FaultySource, GradientSource, Point, Question, Reverse,
};
use gradproof::spec::case::{Case, SourceName};
use gradproof::spec::plan::Plan;
use gradproof::spec::{
    DataSpec, LayerSpec, LinearSpec, LossSpec, NetworkSpec, OpSpec, PenaltySpec,
};
use gradproof::tensor::{self, Tensor};

use crate::support::checks::check_of;

fn case(network: &str) -> Case {
    check_of(network, 4)
}

/// A sweep with a fault planted into backprop.
fn with_fault(
    point: &Point,
    coordinate: Coordinate,
    fault: impl Fn(&mut Estimate) + Sync,
) -> SweepReport {
    let faulty = FaultySource::new(
        Backprop,
        |question: &Question<'_>, estimates: &mut [Estimate]| {
            for (at, estimate) in question.coordinates.iter().zip(estimates) {
                if *at == coordinate {
                    fault(estimate);
                }
            }
        },
    );
    sources(point, coordinate, &faulty)
}

/// A sweep with `backprop` in its place.
fn sources(point: &Point, coordinate: Coordinate, backprop: &dyn GradientSource) -> SweepReport {
    let sources: [(SourceName, &dyn GradientSource); 3] = [
        (SourceName::Backprop, backprop),
        (SourceName::Dual, &Dual),
        (SourceName::Reverse, &Reverse),
    ];
    sweep_at(point, coordinate, &sources).expect("every source answers")
}

fn last_law(report: &SweepReport) -> Option<Law> {
    let segments = &report.sources[0].fit.segments;
    segments.last().map(|segment| segment.law)
}

#[test]
fn a_right_gradient_is_explained_at_every_step() {
    for (coordinate, at_kink) in [
        ("conv1.weight[0,0,2,3]", true),
        ("conv2.bias[3]", true),
        ("fc3.bias[3]", false),
    ] {
        let report = sweep(&case("lenet5"), coordinate).expect("a sweep");
        assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
        assert_eq!(report.coordinate, coordinate);
        for source in &report.sources {
            let kink = matches!(source.fit.law, Law::Kink { .. });
            assert_eq!(
                kink, at_kink,
                "{coordinate}, {}: {:?}",
                source.source, source.fit
            );
        }
        assert_eq!(last_law(&report), Some(Law::Rounding), "{coordinate}");
        assert!(report.sentence.starts_with("Yes"), "{}", report.sentence);
    }
}

#[test]
fn many_right_derivatives_are_never_called_wrong() {
    let mut judged = [0; 2];
    for network in ["lenet5", "lenet5-tanh", "mlp"] {
        let problem = problem(&case(network)).expect("a problem");
        let point = Point::new(problem, 1);
        for leaf in point.problem.leaves() {
            let size = point.problem.leaf(leaf).len();
            for index in [0, 2 * size / 3] {
                let coordinate = Coordinate { leaf, index };
                let report = sources(&point, coordinate, &Backprop);
                judged[usize::from(report.outcome == Outcome::Right)] += 1;
                assert_ne!(
                    report.outcome,
                    Outcome::Wrong,
                    "{network}: {}: {:?}",
                    report.sentence,
                    report.sources[0].fit
                );
            }
        }
    }
    let [unclear, right] = judged;
    assert!(20 * unclear < right, "{unclear} unclear, {right} right");
}

#[test]
fn a_fault_of_a_millionth_is_a_bug_of_its_size() {
    for (network, name) in [
        ("lenet5", "conv1.weight[0,0,2,3]"),
        ("lenet5", "fc3.bias[3]"),
        ("lenet5-tanh", "conv2.weight[3,1,2,2]"),
    ] {
        let problem = problem(&case(network)).expect("a problem");
        let coordinate = problem.network.coordinate(name).expect("a coordinate");
        let point = Point::new(problem, 1);
        let report = with_fault(&point, coordinate, |estimate| estimate.value *= 1.0 + 1e-6);
        let Law::Bug { plateau, decades } = report.sources[0].fit.law else {
            panic!("{name}: {:?}", report.sources[0].fit);
        };
        let planted = 1e-6 * report.sources[1].value.0.abs();
        assert!(
            (plateau - planted).abs() < 0.05 * planted,
            "{name}: {plateau:e} for {planted:e}"
        );
        assert!(decades >= 2.0, "{name}: {decades}");
        assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
        assert!(
            report
                .sentence
                .contains("dual and reverse agree with central differences"),
            "{}",
            report.sentence
        );
        assert!(matches!(
            report.sources[1].fit.law,
            Law::Kink { .. } | Law::Truncation { .. } | Law::Rounding
        ));
    }
}

#[test]
fn a_fault_that_stands_out_of_the_bounds_is_never_explained_away() {
    let mut outcomes = [0; 3];
    for network in ["lenet5", "lenet5-tanh", "mlp"] {
        let problem = problem(&case(network)).expect("a problem");
        let point = Point::new(problem, 1);
        for leaf in point.problem.leaves() {
            let index = 2 * point.problem.leaf(leaf).len() / 3;
            let coordinate = Coordinate { leaf, index };
            let right = sources(&point, coordinate, &Backprop);
            let value = right.sources[0].value.0;
            // A right derivative may be clearest at a step that crosses a kink without effect, but the gap
            // of a wrong one there can be a kink's: only steps that cross none speak against it.
            let smooth = right
                .rungs
                .iter()
                .filter(|rung| rung.above.count == 0 && rung.below.count == 0);
            let bound = smooth
                .map(|rung| rung.gaps[0].0 + rung.rounding.0 + right.sources[0].error.0)
                .fold(f64::INFINITY, f64::min);
            for factor in [-1.0, 0.0, 0.5, 1.01, 1.0 + 1e-4, 1.0 - 1e-6, 1.0 + 1e-8] {
                let size = (value * (factor - 1.0)).abs();
                let report = with_fault(&point, coordinate, |estimate| estimate.value *= factor);
                // Bounds double from one step to the next: at four of them the fault stands out at three
                // steps, and not at a single one, which may be a lucky step of truncation.
                if size > 4.0 * bound {
                    let what = format!("{network}, × {factor}: {}", report.sentence);
                    assert_ne!(report.outcome, Outcome::Right, "{what}");
                    outcomes[usize::from(report.outcome == Outcome::Wrong)] += 1;
                } else {
                    outcomes[2] += 1;
                }
            }
        }
    }
    let [unclear, wrong, hidden] = outcomes;
    assert!(
        wrong > 4 * unclear,
        "{wrong} found, {unclear} unclear, {hidden} below the bound"
    );
}

#[test]
fn a_derivative_that_is_no_number_or_missing_is_wrong() {
    let problem = problem(&case("mlp")).expect("a problem");
    let coordinate = problem
        .network
        .coordinate("fc2.bias[3]")
        .expect("a coordinate");
    let point = Point::new(problem, 1);
    for value in [f64::NAN, f64::INFINITY, 0.0] {
        let report = with_fault(&point, coordinate, |estimate| estimate.value = value);
        assert_eq!(
            report.outcome,
            Outcome::Wrong,
            "{value}: {}",
            report.sentence
        );
        assert!(report.sentence.starts_with("No"), "{}", report.sentence);
    }
}

#[test]
fn a_smooth_network_truncates_with_order_two() {
    for coordinate in [
        "conv1.weight[0,0,2,3]",
        "conv2.weight[3,1,2,2]",
        "fc1.weight[7,30]",
    ] {
        let report = sweep(&case("lenet5-tanh"), coordinate).expect("a sweep");
        let Law::Truncation { order } = report.sources[0].fit.law else {
            panic!("{coordinate}: {:?}", report.sources[0].fit);
        };
        assert!((order - 2.0).abs() < 0.1, "{coordinate}: {order}");
        assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    }
}

/// y = relu(W·x + b) under Σ r·y², with W·x + b at one unit z away from its kink.
fn relu_problem(w: f64, b: f64, penalty: Option<PenaltySpec>) -> Problem {
    relu_behind(&[], w, b, penalty)
}

/// The same with layers between W·x + b and the ReLU.
fn relu_behind(between: &[OpSpec], w: f64, b: f64, penalty: Option<PenaltySpec>) -> Problem {
    let layer = |name: &str, op| LayerSpec {
        name: Some(name.to_owned()),
        op,
    };
    let linear = LinearSpec {
        out_features: 2,
        bias: true,
    };
    let mut layers = vec![layer("fc1", OpSpec::Linear(linear))];
    let between = between.iter().cloned();
    layers.extend(between.map(|op| LayerSpec { name: None, op }));
    layers.push(layer("relu1", OpSpec::Relu {}));
    let spec = NetworkSpec {
        name: "by-hand".to_owned(),
        input: vec![2],
        data: DataSpec::Random,
        loss: LossSpec::MeanSquaredError {},
        layers,
    };
    let tensor = |shape: &[usize], values: &[f64]| -> Tensor<f64> {
        tensor::from_values(shape, values.to_vec()).expect("as many as there are")
    };
    Problem {
        network: Network::new(&Plan::new(&spec, 1).expect("it fits")),
        parameters: Parameters {
            tensors: vec![
                tensor(&[2, 2], &[0.5, 0.25, w, 0.5]),
                tensor(&[2], &[0.125, b]),
            ],
        },
        input: tensor(&[1, 2], &[1.0, 0.5]),
        objective: Objective {
            loss: Some(Loss::MeanSquaredError {
                target: tensor(&[1, 2], &[0.25, -1.0]),
            }),
            scale: 1.0,
            penalty,
        },
    }
}

/// fc1.weight[1,0].
const UNIT_WEIGHT: Coordinate = Coordinate {
    leaf: LeafName::Parameter(0),
    index: 2,
};

#[test]
fn a_kink_is_found_at_its_distance_and_named() {
    // The unit's input is w·1 + 0.5·0.5 + b = 1e-4.
    let distance = 1e-4;
    let point = Point::new(relu_problem(0.75, -1.0 + distance, None), 1);
    let report = sources(&point, UNIT_WEIGHT, &Backprop);
    let Law::Kink { at } = report.sources[0].fit.law else {
        panic!("{:?}", report.sources[0].fit);
    };
    assert!((distance..2.0 * distance).contains(&at), "{at:e}");
    let kink = report.kink.as_ref().expect("a kink");
    assert!(
        (kink.distance + distance).abs() < 1e-9 * distance,
        "{kink:?}"
    );
    assert_eq!(kink.unit, "relu1[0,1]");
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert!(
        report
            .sentence
            .contains("relu1[0,1] switches 1.00e-4 below"),
        "{}",
        report.sentence
    );
}

#[test]
fn a_kink_behind_a_bent_layer_is_found_to_first_order_within_its_step() {
    // tanh(t)/tanh′(t) is t to first order.
    let distance = 0.03;
    let problem = relu_behind(&[OpSpec::Tanh {}], 0.75, -1.0 + distance, None);
    let report = sources(&Point::new(problem, 1), UNIT_WEIGHT, &Backprop);
    let kink = report.kink.as_ref().expect("a kink");
    assert_eq!(kink.unit, "relu1[0,1]");
    assert!(
        (kink.distance + distance).abs() < distance * distance,
        "{kink:?}"
    );
    let smooth = report.rungs.iter().find(|rung| rung.switched() == 0);
    let step = smooth.expect("a step that crosses nothing").step;
    assert!((step..=2.0 * step).contains(&-kink.distance), "{kink:?}");
}

#[test]
fn at_a_kink_a_derivative_between_the_slopes_is_right_and_another_is_not() {
    let point = Point::new(relu_problem(0.75, -1.0, None), 1);
    let right = sources(&point, UNIT_WEIGHT, &Backprop);
    assert_eq!(right.outcome, Outcome::Right, "{}", right.sentence);
    assert!(
        matches!(right.sources[0].fit.law, Law::Kink { .. }),
        "{right:?}"
    );
    let wrong = with_fault(&point, UNIT_WEIGHT, |estimate| estimate.value -= 1e-3);
    assert_eq!(wrong.outcome, Outcome::Wrong, "{}", wrong.sentence);
}

#[test]
fn the_kink_of_an_l1_penalty_is_the_weights_zero() {
    let penalty = Some(PenaltySpec::L1 { strength: 0.01 });
    let w = f64::exp2(-10.0) * 1.25;
    let point = Point::new(relu_problem(w, 0.5, penalty), 1);
    let report = sources(&point, UNIT_WEIGHT, &Backprop);
    let kink = report.kink.as_ref().expect("a kink");
    assert_eq!(kink.unit, "penalty");
    assert!((kink.distance + w).abs() < 1e-15 * w, "{kink:?}");
    assert!(
        matches!(report.sources[0].fit.law, Law::Kink { .. }),
        "{report:?}"
    );
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    assert!(
        report.sentence.contains("L1 penalty"),
        "{}",
        report.sentence
    );
}

#[test]
fn loss_scales_change_nothing() {
    for scale in [1e-3, 1e-6, 1e-9] {
        let mut problem = problem(&case("mlp")).expect("a problem");
        problem.objective.scale = scale;
        let coordinate = problem
            .network
            .coordinate("fc3.weight[3,4]")
            .expect("a coordinate");
        let point = Point::new(problem, 1);
        let right = sources(&point, coordinate, &Backprop);
        assert_eq!(
            right.outcome,
            Outcome::Right,
            "{scale:e}: {}",
            right.sentence
        );
        let wrong = with_fault(&point, coordinate, |estimate| estimate.value *= 1.0 + 1e-5);
        assert_eq!(
            wrong.outcome,
            Outcome::Wrong,
            "{scale:e}: {}",
            wrong.sentence
        );
    }
}
