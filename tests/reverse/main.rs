//! Reverse mode against backpropagation and dual numbers: every pair within the sum of its error
//! bounds, on layers, losses and penalties one at a time, and on whole networks.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

mod layers;
mod objective;
mod resize;
mod transposed;

use std::sync::atomic::{AtomicUsize, Ordering};

use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Network, Objective, Parameters, Problem};
use gradproof::rng::Stream;
use gradproof::source::{
    Backprop, Dual, Forward, Gradient, GradientSource, Point, Reverse, SAFETY_OTHER_ORDER,
};
use gradproof::spec::plan::Plan;
use gradproof::spec::preset::preset;
use gradproof::spec::{DataSpec, LayerSpec, LossSpec, NetworkSpec, OpSpec, PenaltySpec};
use gradproof::tensor::{Tensor, zeros};

use layers::conv;

/// Random multiples of 2⁻¹⁶ in [−1, 1].
fn random(shape: &[usize], purpose: &str) -> Tensor<f64> {
    let mut stream = Stream::new(7, purpose);
    zeros(shape).mapv(|_: f64| stream.symmetric(1.0, 16))
}

/// Random signs times weights in [1/2, 3/2].
fn weighted_sum(output: &[usize]) -> Loss {
    let mut stream = Stream::new(7, "cotangent");
    Loss::WeightedSum {
        cotangent: zeros(output).mapv(|_: f64| stream.signed_weight()),
    }
}

/// The layers of `ops` on `input`, with seeded parameters, under a weighted sum.
fn network_of(ops: Vec<OpSpec>, input: Tensor<f64>) -> Problem {
    let spec = NetworkSpec {
        name: "test".to_owned(),
        input: input.shape()[1..].to_vec(),
        data: DataSpec::Random,
        loss: LossSpec::WeightedSum {},
        layers: ops
            .into_iter()
            .map(|op| LayerSpec { name: None, op })
            .collect(),
    };
    let plan = Plan::new(&spec, input.shape()[0]).unwrap();
    Problem {
        network: Network::new(&plan),
        parameters: Parameters::seeded(&plan, 7),
        objective: Objective {
            loss: Some(weighted_sum(&plan.output)),
            scale: 1.0,
            penalty: None,
        },
        input,
    }
}

fn single(op: OpSpec, input: Tensor<f64>) -> Problem {
    network_of(vec![op], input)
}

/// Reverse's whole gradient.
fn reverse(problem: Problem) -> Gradient {
    let point = Point::new(problem, 7);
    let coordinates = point.all_coordinates();
    point.ask(&Reverse, &coordinates, &|_| ()).unwrap()
}

/// Hold reverse against backprop and dual at every coordinate.
fn assert_agrees(what: &str, problem: Problem) {
    let point = Point::new(problem, 7);
    let coordinates = point.all_coordinates();
    assert_within_bounds(what, &point, &coordinates, &Backprop);
    assert_within_bounds(what, &point, &coordinates, &Dual);
}

/// Hold value and derivatives by reverse against those by `source`; return the largest gap of a
/// derivative in spreads of rounding.
fn assert_within_bounds(
    what: &str,
    point: &Point,
    coordinates: &[Coordinate],
    source: &dyn GradientSource,
) -> f64 {
    let reverse = point.ask(&Reverse, coordinates, &|_| ()).unwrap();
    let other = point.ask(source, coordinates, &|_| ()).unwrap();
    let name = source.name();
    for gradient in [&reverse, &other] {
        let count = gradient.estimates.len();
        assert_eq!(count, coordinates.len(), "{what}: estimates");
    }
    let mut worst = 0.0;
    let pairs = reverse.estimates.iter().zip(&other.estimates);
    for (coordinate, (reverse, other)) in coordinates.iter().zip(pairs) {
        let gap = (reverse.value - other.value).abs();
        let spread = point.rounding.derivative(*coordinate);
        assert!(
            gap <= reverse.error + other.error,
            "{what}, {}: reverse {:e} ± {:e}, {name} {:e} ± {:e}, gap {gap:e}, spread {spread:e}",
            point.problem.network.coordinate_name(*coordinate),
            reverse.value,
            reverse.error,
            other.value,
            other.error,
        );
        if gap > 0.0 {
            worst = f64::max(worst, gap / spread);
        }
    }
    let gap = (reverse.value - other.value).abs();
    let bound = SAFETY_OTHER_ORDER * point.rounding.value();
    assert!(
        gap <= bound,
        "{what}: value {:e} by reverse, {:e} by {name}, gap {gap:e}, bound {bound:e}",
        reverse.value,
        other.value
    );
    worst
}

#[test]
fn its_forward_is_its_own() {
    assert_eq!(
        Reverse.forward(),
        Forward::Independent,
        "what the report says of it"
    );
}

#[test]
fn coordinates_are_answered_in_the_order_asked_for() {
    let op = OpSpec::Conv2d(conv(2, [2, 2]));
    let point = Point::new(single(op, random(&[1, 2, 3, 3], "order")), 7);
    let at = |leaf, index| Coordinate { leaf, index };
    let asked = [
        at(LeafName::Parameter(1), 1),
        at(LeafName::Input, 4),
        at(LeafName::Parameter(0), 7),
        at(LeafName::Input, 0),
    ];
    let finished = AtomicUsize::new(0);
    let progress = |count| {
        finished.fetch_add(count, Ordering::Relaxed);
    };
    let some = point.ask(&Reverse, &asked, &progress).unwrap();
    let all = point.all_coordinates();
    let every = point.ask(&Reverse, &all, &|_| ()).unwrap();
    for (coordinate, estimate) in asked.iter().zip(&some.estimates) {
        let position = all.iter().position(|other| other == coordinate).unwrap();
        assert_eq!(*estimate, every.estimates[position], "{coordinate:?}");
    }
    assert_eq!(finished.into_inner(), asked.len(), "progress reported");
}

#[test]
fn whole_networks_agree() {
    let batch = 4;
    for name in ["lenet5", "lenet5-tanh", "mlp"] {
        let plan = Plan::new(&preset(name).unwrap(), batch).unwrap();
        let problem = Problem {
            network: Network::new(&plan),
            parameters: Parameters::seeded(&plan, 1),
            input: random(&plan.input, "images").mapv(f64::abs),
            objective: Objective {
                loss: Some(Loss::SoftmaxCrossEntropy {
                    classes: (0..batch).map(|n| n * 3 % 10).collect(),
                    label_smoothing: 0.0,
                    class_weights: None,
                }),
                scale: 1.0,
                penalty: Some(PenaltySpec::L2 { strength: 0.001 }),
            },
        };
        let point = Point::new(problem, 7);
        let all = point.all_coordinates();
        // Duals cost a pass for every few coordinates: a sample of those is enough here.
        let some: Vec<Coordinate> = all.iter().step_by(53).copied().collect();
        let worst = assert_within_bounds(name, &point, &all, &Backprop);
        let worst = worst.max(assert_within_bounds(name, &point, &some, &Dual));
        assert!(
            worst <= SAFETY_OTHER_ORDER,
            "{name}: the largest gap is {worst:.1} spreads"
        );
    }
}
