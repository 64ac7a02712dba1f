//! It can fail: faults planted in a backward are caught, at every scale of the loss, and nothing else is.

#[path = "support/mutants.rs"]
mod mutants;

use gradproof::harness::{NetworkCase, OperatorCase, config, strategy};
use gradproof::network::Problem;
use gradproof::source::{
    Backprop, Central, Dual, Estimate, FaultySource, Gradient, GradientSource, Point, Question,
    Reverse,
};
use gradproof::spec::case::Step;
use gradproof::spec::{NetworkSpec, OpSpec};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use mutants::Mutant;

/// Factors of the loss. A tolerance that is right at one of them is wrong at the others.
const SCALES: [f64; 3] = [1.0, 1e-3, 1e-6];

/// A fault has to be seen on this many shapes at least, or the shapes say nothing about it.
const FEWEST_SHAPES: usize = 3;

fn references() -> [Box<dyn GradientSource>; 3] {
    [
        Box::new(Dual),
        Box::new(Central { step: Step::Auto }),
        Box::new(Reverse),
    ]
}

/// The same, each with the wrong sign.
fn negated_references() -> [Box<dyn GradientSource>; 3] {
    let central = Central { step: Step::Auto };
    [
        Box::new(FaultySource::new(Dual, negate)),
        Box::new(FaultySource::new(central, negate)),
        Box::new(FaultySource::new(Reverse, negate)),
    ]
}

fn negate(_: &Question<'_>, estimates: &mut [Estimate]) {
    for estimate in estimates {
        estimate.value = -estimate.value;
    }
}

/// Problems on which each fault has something to break.
fn problems() -> Vec<(String, Problem)> {
    let operators = [
        (
            r#"op = "conv2d", out_channels = 3, kernel = 3"#,
            vec![2, 2, 5, 4],
        ),
        (
            r#"op = "conv2d", out_channels = 2, kernel = [3, 2], stride = [2, 1], padding = [1, 0]"#,
            vec![3, 2, 6, 5],
        ),
        (
            r#"op = "conv2d", out_channels = 4, kernel = 2, dilation = [2, 1], groups = 2"#,
            vec![2, 4, 5, 5],
        ),
        (
            r#"op = "conv2d", out_channels = 6, kernel = [2, 3], stride = [1, 3], padding = 2, dilation = 2, groups = 3"#,
            vec![2, 3, 4, 6],
        ),
        (
            r#"op = "conv2d", out_channels = 4, kernel = 3, stride = 2, padding = 1, dilation = [1, 2], groups = 2, bias = false"#,
            vec![2, 2, 5, 7],
        ),
        (
            r#"op = "conv2d", out_channels = 3, kernel = 1, stride = 2"#,
            vec![2, 2, 4, 5],
        ),
        (r#"op = "max_pool2d", kernel = 2"#, vec![2, 2, 5, 4]),
        (
            r#"op = "max_pool2d", kernel = 3, stride = [1, 2], padding = 1"#,
            vec![2, 2, 5, 5],
        ),
        (
            r#"op = "max_pool2d", kernel = [2, 3], stride = 1, ceil_mode = true"#,
            vec![2, 3, 4, 5],
        ),
        (
            r#"op = "max_pool2d", kernel = 3, stride = 2, ceil_mode = true"#,
            vec![2, 2, 6, 6],
        ),
        (
            r#"op = "avg_pool2d", kernel = 2, padding = 1"#,
            vec![2, 2, 5, 4],
        ),
        (
            r#"op = "avg_pool2d", kernel = 3, stride = [1, 2], padding = 1, count_include_pad = false"#,
            vec![2, 2, 5, 5],
        ),
        (
            r#"op = "avg_pool2d", kernel = [3, 2], stride = 2, padding = [1, 0], ceil_mode = true"#,
            vec![2, 3, 6, 5],
        ),
        (
            r#"op = "avg_pool2d", kernel = 3, stride = 1"#,
            vec![2, 2, 4, 5],
        ),
        (r#"op = "linear", out_features = 3"#, vec![3, 5]),
        (r#"op = "linear", out_features = 4"#, vec![2, 9]),
        (r#"op = "relu""#, vec![2, 2, 3, 3]),
        (r#"op = "sigmoid""#, vec![2, 2, 3, 3]),
    ];
    let operators = operators
        .into_iter()
        .zip(1000..)
        .map(|((op, input), seed)| {
            let op = operator(op);
            let case = OperatorCase { op, input, seed };
            (case.to_string(), case.problem().expect("the shapes fit"))
        });
    let networks = [
        (
            r#"
            name = "conv, relu, max-pool, linear"
            input = [2, 7, 7]
            loss = { op = "softmax_cross_entropy" }
            layers = [
                { op = "conv2d", out_channels = 4, kernel = 3, padding = 1, groups = 2 },
                { op = "relu" },
                { op = "max_pool2d", kernel = 3, stride = 2 },
                { op = "flatten" },
                { op = "linear", out_features = 4 },
            ]"#,
            3,
        ),
        (
            r#"
            name = "two convolutions, average pool, linear"
            input = [2, 6, 5]
            loss = { op = "mean_squared_error" }
            layers = [
                { op = "conv2d", out_channels = 3, kernel = [3, 2], dilation = [1, 2] },
                { op = "tanh" },
                { op = "avg_pool2d", kernel = 2, stride = 1, padding = 1 },
                { op = "conv2d", out_channels = 2, kernel = 2, stride = 2 },
                { op = "relu" },
                { op = "flatten" },
                { op = "linear", out_features = 3 },
            ]"#,
            2,
        ),
        (
            r#"
            name = "perceptron"
            input = [6]
            loss = { op = "softmax_cross_entropy", label_smoothing = 0.125 }
            layers = [
                { op = "linear", out_features = 5 },
                { op = "relu" },
                { op = "linear", out_features = 3 },
            ]"#,
            4,
        ),
    ];
    let networks = networks.into_iter().zip(1..).map(|((toml, batch), seed)| {
        let spec = NetworkSpec::from_toml(toml).expect("the network is well written");
        let case = NetworkCase { spec, batch, seed };
        (case.to_string(), case.problem().expect("the shapes fit"))
    });
    operators.chain(networks).collect()
}

fn operator(attributes: &str) -> OpSpec {
    let toml = format!(
        "name = 'op'\ninput = [1]\nloss = {{ op = 'weighted_sum' }}\nlayers = [{{ {attributes} }}]"
    );
    let mut spec = NetworkSpec::from_toml(&toml).expect("the operator is well written");
    spec.layers.remove(0).op
}

fn at_scale(problem: &Problem, scale: f64) -> Point {
    let mut problem = problem.clone();
    problem.objective.scale = scale;
    Point::new(problem, 1)
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

/// Our backward with the gradient values of the naive one.
fn naive(mutant: Option<Mutant>) -> impl GradientSource {
    let fault = move |question: &Question<'_>, estimates: &mut [Estimate]| {
        let naive = mutants::backward(question.problem, mutant);
        for (estimate, coordinate) in estimates.iter_mut().zip(question.coordinates) {
            estimate.value = naive.at(*coordinate);
        }
    };
    FaultySource::new(Backprop, fault)
}

/// Whether every derivative is the same bits, -0 and 0 being one.
fn is_same(a: &Gradient, b: &Gradient) -> bool {
    let values = |gradient: &Gradient| -> Vec<u64> {
        let estimates = gradient.estimates.iter();
        estimates
            .map(|estimate| (estimate.value + 0.0).to_bits())
            .collect()
    };
    values(a) == values(b)
}

#[test]
fn the_naive_backward_is_ours_without_a_fault() {
    let cases = prop_oneof![
        strategy::operator().prop_map(|case| (case.to_string(), case.problem())),
        strategy::network().prop_map(|case| (case.to_string(), case.problem())),
    ];
    let outcome = TestRunner::new(config("naive_backward")).run(&cases, |(name, problem)| {
        let problem = problem.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let point = at_scale(&problem, 1.0);
        let (ours, second) = (ask(&point, &Backprop), ask(&point, &naive(None)));
        prop_assert_eq!(disagreements(&ours, &second), 0, "{}", name);
        Ok(())
    });
    assert_eq!(outcome.map_err(|failure| failure.to_string()), Ok(()));
}

#[test]
fn nothing_is_flagged_without_a_fault() {
    for (name, problem) in problems() {
        for scale in SCALES {
            let point = at_scale(&problem, scale);
            let ours = ask(&point, &Backprop);
            let second = ask(&point, &naive(None));
            assert_eq!(
                disagreements(&ours, &second),
                0,
                "{name}, scale {scale:e}: naive"
            );
            for reference in references() {
                let answer = ask(&point, reference.as_ref());
                assert!(answer.kinks.is_empty(), "{name}: kinks {:?}", answer.kinks);
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

#[test]
fn every_planted_fault_is_caught_by_every_reference_at_every_scale() {
    let mut shapes = [0; mutants::ALL.len()];
    for (name, problem) in problems() {
        let [visible, at_milli, at_micro] = SCALES.map(|scale| caught(&name, &problem, scale));
        assert_eq!(visible, at_milli, "{name}: visible at scale 1, and at 1e-3");
        assert_eq!(visible, at_micro, "{name}: visible at scale 1, and at 1e-6");
        for (shapes, visible) in shapes.iter_mut().zip(visible) {
            *shapes += usize::from(visible);
        }
    }
    for (mutant, shapes) in mutants::ALL.into_iter().zip(shapes) {
        assert!(
            shapes >= FEWEST_SHAPES,
            "{mutant:?} is visible on {shapes} shapes only"
        );
    }
}

/// Which faults change anything, each of which every reference has to catch.
fn caught(name: &str, problem: &Problem, scale: f64) -> [bool; mutants::ALL.len()] {
    let point = at_scale(problem, scale);
    let right = ask(&point, &naive(None));
    let answers =
        references().map(|source| (source.name().to_owned(), ask(&point, source.as_ref())));
    mutants::ALL.map(|mutant| {
        let wrong = ask(&point, &naive(Some(mutant)));
        // A fault without effect here (a stride of 1 ignored) leaves the very same bits.
        let visible = !is_same(&wrong, &right);
        for (reference, answer) in &answers {
            assert_eq!(
                disagreements(&wrong, answer) > 0,
                visible,
                "{mutant:?} on {name}, scale {scale:e}, against {reference}"
            );
        }
        visible
    })
}

#[test]
fn a_faulty_reference_is_noticed() {
    for (name, problem) in problems() {
        for scale in SCALES {
            let point = at_scale(&problem, scale);
            let ours = ask(&point, &Backprop);
            for reference in negated_references() {
                let answer = ask(&point, reference.as_ref());
                assert!(
                    disagreements(&ours, &answer) > 0,
                    "{name}, scale {scale:e}: negated {}",
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
    let case = OperatorCase {
        op: operator(r#"op = "max_pool2d", kernel = 2"#),
        input: vec![1, 1, 2, 2],
        seed: 1,
    };
    let mut problem = case.problem().expect("the shapes fit");
    problem.input.fill(0.5);
    let point = at_scale(&problem, 1.0);
    let last = ask(&point, &naive(Some(Mutant::ArgmaxIsLast)));
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
    let central = ask(&point, &Central { step: Step::Auto });
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
