//! Points without a derivative, and what is said there; and one sum of squares.

use gradproof::loss::Loss;
use gradproof::network::{LeafName, Problem};
use gradproof::source::{Backprop, Central, Dual, GradientSource, Point, Reverse};
use gradproof::spec::case::Step;
use gradproof::spec::{LinearSpec, OpSpec, PenaltySpec};
use gradproof::tensor::{values, zeros};

use super::{array, assert_near, problem};

/// PyTorch and dfdx say 0, num-dual's `x.max(0)` 1, and a central difference ½ (measured).
#[test]
fn relu_at_zero_has_slope_zero_and_is_seen_as_a_kink() {
    let problem = problem(
        OpSpec::Relu {},
        Vec::new(),
        array("[[0.0,-0.0]]"),
        array("[[1,1]]"),
    );
    let point = Point::new(problem, 1);
    let coordinates = point.all_coordinates();
    let exact: [&dyn GradientSource; 3] = [&Backprop, &Dual, &Reverse];
    for source in exact {
        let gradient = point
            .ask(source, &coordinates, &|_| {})
            .expect("an exact source takes no steps");
        for estimate in gradient.estimates {
            assert_eq!(estimate.value.abs().to_bits(), 0, "{}", source.name());
        }
    }
    for step in [Step::Auto, Step::Fixed(0.125)] {
        let gradient = point
            .ask(&Central::new(step), &coordinates, &|_| {})
            .expect("the step is neither too large nor too small");
        assert_eq!(gradient.kinks, [0, 1], "{step:?}");
        for estimate in gradient.estimates {
            assert_eq!(estimate.value.to_bits(), 0.5_f64.to_bits(), "{step:?}");
            assert!(estimate.error.is_infinite(), "{step:?}: nothing is claimed");
        }
    }
}

/// dfdx says 0 for |x| at 0, as we do for the L1 penalty; a central difference finds 0 as well, by
/// the accident of symmetry, and has to see the kink.
#[test]
fn the_l1_penalty_at_zero_has_slope_zero_and_is_seen_as_a_kink() {
    let op = OpSpec::Linear(LinearSpec {
        out_features: 1,
        bias: false,
    });
    let mut problem = problem(op, vec![zeros(&[1, 1])], array("[[0]]"), array("[[1]]"));
    problem.objective.penalty = Some(PenaltySpec::L1 { strength: 1.0 });
    let weight = LeafName::Parameter(0);
    let ours = problem.backpropagate::<f64>(None);
    assert_eq!(ours.leaf(weight), &zeros::<f64>(&[1, 1]), "sign(0)");
    let point = Point::new(problem, 1);
    let coordinates: Vec<_> = point.problem.coordinates(weight).collect();
    let central = Central::new(Step::Auto);
    let gradient = point
        .ask(&central, &coordinates, &|_| {})
        .expect("steps from 1 downwards");
    assert_eq!(gradient.kinks, [0]);
}

/// numdifftools' and SciPy's gradient of Σ x² at (1, 2, 3): (2, 4, 6). Ours is 3·mean.
#[test]
fn a_sum_of_squares_has_twice_its_point_as_gradient() {
    let target = zeros(&[1, 3]);
    let loss = Loss::MeanSquaredError { target };
    let problem = Problem::single(None, Vec::new(), array("[[1,2,3]]"), loss, 3.0)
        .expect("a loss takes any shape");
    let expected = array("[[2,4,6]]");
    let ours = problem.backpropagate::<f64>(None);
    assert_near("backprop", &ours.input, &expected, 0.0);
    let point = Point::new(problem, 1);
    let coordinates = point.all_coordinates();
    let central = Central::new(Step::Auto);
    let sources: [&dyn GradientSource; 3] = [&Dual, &Reverse, &central];
    for source in sources {
        let gradient = point
            .ask(source, &coordinates, &|_| {})
            .expect("steps near 1");
        for (estimate, expected) in gradient.estimates.iter().zip(values(&expected)) {
            assert!(
                (estimate.value - expected).abs() <= estimate.error && estimate.error < 1e-12,
                "{}: {estimate:?} instead of {expected}",
                source.name()
            );
        }
    }
}
