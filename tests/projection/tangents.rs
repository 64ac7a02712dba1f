//! Derivatives along directions are those that dual numbers give on a whole pass.

use gradproof::network::{Leaves, Parameters};
use gradproof::rng::Stream;
use gradproof::scalar::Dual;
use gradproof::source::projection::Tangents;
use gradproof::spec::{NetworkSpec, PenaltySpec};
use gradproof::tensor::{Tensor, values_mut, zeros};

use super::{case, entries, gradient, small};

#[test]
fn along_random_directions_and_single_coordinates_of_every_operator() {
    for penalty in [None, Some(PenaltySpec::L2 { strength: 0.1 })] {
        let mut of_small = case(small(), 5, 3);
        of_small.penalty = penalty;
        let problem = gradproof::check::problem(&of_small).expect("it can be posed");
        let tangents = Tangents::at(&problem);
        let value = problem.value::<f64>(None);
        assert_eq!(
            tangents.value.to_bits(),
            value.to_bits(),
            "one forward pass"
        );
        assert!(tangents.pattern == problem.pattern(), "its branches");
        let backprop = gradient(&problem);
        let mut stream = Stream::new(1, "directions");
        for (number, own) in problem.parameters.tensors.iter().enumerate() {
            let mut direction = zeros(own.shape());
            direction.mapv_inplace(|_: f64| stream.symmetric(1.0, 10));
            let mut all = Leaves {
                input: zeros(problem.input.shape()),
                parameters: Parameters {
                    tensors: problem
                        .parameters
                        .tensors
                        .iter()
                        .map(|own| zeros(own.shape()))
                        .collect(),
                },
            };
            all.parameters.tensors[number] = direction.clone();
            let moved = problem.along(&all, Dual::<1>::along);
            let wanted = problem.value_at(moved, Some(&tangents.pattern)).tangent(0);
            let slope = tangents.along(&problem, number, &direction);
            assert!(
                (slope.value - wanted).abs() <= 1e-13 * wanted.abs().max(1.0),
                "parameter {number}: {} and not {wanted}",
                slope.value
            );
            assert!(slope.work > 0, "it takes work");
            let index = stream.index(entries(own));
            let mut unit: Tensor<f64> = zeros(own.shape());
            values_mut(&mut unit)[index] = 1.0;
            let single = tangents.along(&problem, number, &unit).value;
            let analytic = gradproof::tensor::values(&backprop[number])[index];
            assert!(
                (single - analytic).abs() <= 1e-13 * analytic.abs().max(1e-3),
                "parameter {number}, {index}: {single} and not {analytic}"
            );
        }
    }
}

#[test]
fn work_is_counted_in_forward_passes() {
    let problem = super::preset_problem("vgg8", 1);
    let tangents = Tangents::at(&problem);
    let of = |number: usize| {
        let direction = zeros(problem.parameters.tensors[number].shape());
        let slope = tangents.along(&problem, number, &direction);
        tangents.forward_equivalents(slope.work)
    };
    let last = problem.parameters.tensors.len() - 1;
    let (first, last) = (of(0), of(last));
    // A direction in the first kernel goes through all layers; one in the last bias through the loss.
    assert!((0.99..1.01).contains(&first), "{first}");
    assert!((0.0..0.001).contains(&last), "{last}");
}

#[test]
fn a_kink_is_met_by_what_moves_a_unit_at_its_kink_and_by_nothing_else() {
    let spec = NetworkSpec::from_toml(
        r#"
        name = "kinked"
        input = [6]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "linear", out_features = 5 },
            { op = "relu" },
            { op = "linear", out_features = 3 },
        ]
        "#,
    )
    .expect("a network");
    let mut problem = gradproof::check::problem(&case(spec, 2, 1)).expect("it can be posed");
    // Unit 3 of the ReLU is at 0 exactly.
    values_mut(&mut problem.parameters.tensors[0])[18..24].fill(0.0);
    values_mut(&mut problem.parameters.tensors[1])[3] = 0.0;
    let tangents = Tangents::at(&problem);
    for number in 0..4 {
        let shape = problem.parameters.tensors[number].shape().to_vec();
        for index in 0..entries(&problem.parameters.tensors[number]) {
            let mut unit: Tensor<f64> = zeros(&shape);
            values_mut(&mut unit)[index] = 1.0;
            let of_unit = (number == 0 && index / 6 == 3) || (number, index) == (1, 3);
            assert_eq!(
                tangents.meets_kink(&problem, number, &unit),
                of_unit,
                "parameter {number}, {index}"
            );
        }
    }
}
