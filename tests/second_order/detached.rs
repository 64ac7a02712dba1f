//! Faults whose gradient is right: a factor of the backward is detached.

use gradproof::check::{Silent, examine_second};
use gradproof::harness::mutant::{Detached, Kept, Mutant, Mutated, fixtures};
use gradproof::network::{Coordinate, LeafName};
use gradproof::report::{Cause, SecondPart};
use gradproof::source::second::{Moving, SecondOrder, direction};
use gradproof::source::{Backprop, GradientSource, Point};
use gradproof::tensor::values;

use super::point;

const CONVOLUTIONAL: &str = r#"
    name = "convolutional"
    input = [2, 6, 6]
    data = "random"
    loss = { op = "softmax_cross_entropy" }
    layers = [
        { op = "conv2d", out_channels = 3, kernel = 3 },
        { op = "tanh" },
        { op = "avg_pool2d", kernel = 2 },
        { op = "batch_norm2d" },
        { op = "prelu" },
        { op = "flatten" },
        { op = "linear", out_features = 4 },
        { op = "gelu" },
        { op = "linear", out_features = 3 },
    ]"#;

const BRANCHED: &str = r#"
    name = "branched"
    input = [2, 5, 5]
    data = "random"
    loss = { op = "mean_squared_error" }
    layers = [
        { op = "conv2d", out_channels = 2, kernel = 3, padding = 1 },
        { op = "residual", layers = [
            { op = "silu" },
            { op = "conv2d", out_channels = 2, kernel = 3, padding = 1 },
        ] },
        { op = "concatenation", branches = [[], [{ op = "sigmoid" }]] },
        { op = "flatten" },
        { op = "linear", out_features = 2 },
    ]"#;

fn parameters(point: &Point) -> Vec<Coordinate> {
    let all = point.all_coordinates().into_iter();
    all.filter(|coordinate| coordinate.leaf != LeafName::Input)
        .collect()
}

fn examined(point: &Point, subject: &dyn GradientSource) -> SecondPart {
    let coordinates = parameters(point);
    examine_second(point, subject, Moving::Parameters, &coordinates, 1, &Silent).unwrap()
}

/// Whether a product of `subject` is far from ours.
fn is_seen(point: &Point, subject: &dyn SecondOrder) -> bool {
    (0..2).any(|number| {
        let v = direction(&point.problem, Moving::Parameters, 1, number);
        let of = |subject: &dyn SecondOrder| {
            let product = subject.product(&point.problem, &point.pattern, &v);
            let tensors = product.leaves.parameters.iter();
            tensors.flat_map(values).copied().collect::<Vec<f64>>()
        };
        let (theirs, ours) = (of(subject), of(&Backprop));
        let pairs = theirs.iter().zip(&ours);
        pairs.into_iter().any(|(a, b)| (a - b).abs() > 1e-6)
    })
}

#[test]
fn a_detached_factor_is_caught_and_its_layer_named() {
    let mut caught = 0;
    for toml in [CONVOLUTIONAL, BRANCHED] {
        let point = point(toml);
        let layers = point.problem.network.layers();
        for at in 0..=layers.len() {
            for kept in [Kept::Activation, Kept::Parameters] {
                let subject = Detached { kept, at };
                let name = layers.get(at).map_or("the loss", |layer| &layer.name);
                let part = examined(&point, &subject);
                if !is_seen(&point, &subject) {
                    assert!(!part.is_wrong(), "{name}, {kept:?}: {}", part.sentence);
                    continue;
                }
                caught += 1;
                assert!(part.is_wrong(), "{name}, {kept:?}: {}", part.sentence);
                assert_eq!(part.cause, Some(Cause::Derivative), "{name}, {kept:?}");
                assert!(
                    part.places.iter().any(|place| place == name),
                    "{name}, {kept:?}: {}",
                    part.sentence
                );
                // Where branches start from one activation, each reader of it is a suspect.
                assert!(part.places.len() <= 2, "{name}: {}", part.sentence);
                assert!(part.sentence.contains(name), "{}", part.sentence);
                assert!(!part.worst.is_empty(), "{name}: the products are shown");
            }
        }
        let right = examined(&point, &Backprop);
        assert!(
            !right.is_wrong() && right.places.is_empty(),
            "{}",
            right.sentence
        );
    }
    assert!(caught >= 15, "{caught} detached factors were seen");
}

/// The catalogue's faults are in the gradient's values: its dual numbers and its differences agree, on
/// something that is wrong.
#[test]
fn a_wrong_gradient_is_told_from_a_lost_derivative() {
    let (mut tried, mut told) = (0, 0);
    // Faults of formats and of narrow accumulators go by way of plain numbers, and do lose derivatives.
    let mutants: Vec<Mutant> = Mutant::all()
        .filter(|mutant| mutant.subject() != "numbers")
        .collect();
    // Some of each operator and of each network are enough.
    for fixture in fixtures()
        .iter()
        .filter(|fixture| !fixture.has_ties)
        .step_by(5)
    {
        let point = Point::new(fixture.problem.clone(), 1);
        let coordinates = point.all_coordinates();
        let here = mutants
            .iter()
            .filter(|mutant| mutant.lives_in(&point.problem));
        for mutant in here.step_by(6) {
            let subject = Mutated {
                mutant: Some(*mutant),
                at: None,
            };
            let part =
                examine_second(&point, &subject, Moving::All, &coordinates, 1, &Silent).unwrap();
            tried += 1;
            let what = format!("{mutant} on {}: {}", fixture.name, part.sentence);
            assert_ne!(part.cause, Some(Cause::Derivative), "{what}");
            assert!(part.places.is_empty(), "the first order says where: {what}");
            if part.cause == Some(Cause::Gradient) {
                assert!(
                    part.sentence.contains("the gradient itself is wrong"),
                    "{what}"
                );
                told += 1;
            }
        }
    }
    assert!(4 * told > tried, "{told} of {tried} faults were seen");
}

/// The naive backward without a fault shares no code with ours.
#[test]
fn another_right_backward_has_the_same_products() {
    let point = point(CONVOLUTIONAL);
    let subject = Mutated {
        mutant: None,
        at: None,
    };
    let part = examined(&point, &subject);
    assert!(!part.is_wrong() && !part.is_open(), "{}", part.sentence);
}
