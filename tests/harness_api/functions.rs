//! Functions and formulas with their gradients.

use gradproof::harness::{
    ClaimsError, Formula, assert_formula, assert_gradient, check_formula, check_gradient,
};
use gradproof::report::Outcome;
use gradproof::rng::Stream;
use gradproof::scalar::Scalar;

use super::message;

/// A random composition of smooth functions: Σ aₖ·g(bₖ·x + cₖ) with g of tanh, exp, x², and x·y.
#[derive(Debug)]
struct Random {
    terms: Vec<(usize, f64, Vec<f64>, f64)>,
}

impl Random {
    fn new(stream: &mut Stream, inputs: usize) -> Self {
        let mut terms = Vec::new();
        for _ in 0..1 + stream.index(6) {
            let weights = (0..inputs).map(|_| stream.symmetric(1.5, 10)).collect();
            terms.push((
                stream.index(4),
                stream.signed_weight(),
                weights,
                stream.symmetric(1.0, 10),
            ));
        }
        Self { terms }
    }

    fn gradient(&self, x: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; x.len()];
        for (kind, factor, weights, shift) in &self.terms {
            let z: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + shift;
            let slope = match kind {
                0 => 1.0 - z.tanh().powi(2),
                1 => z.exp(),
                2 => 2.0 * z,
                _ => 0.5 / (1.0 + z * z).sqrt() * 2.0 * z,
            };
            for (gradient, weight) in gradient.iter_mut().zip(weights) {
                *gradient += factor * slope * weight;
            }
        }
        gradient
    }
}

impl Formula for Random {
    fn eval<S: Scalar>(&self, x: &[S]) -> S {
        let mut sum = S::zero();
        for (kind, factor, weights, shift) in &self.terms {
            let mut z = S::constant(*shift);
            for (weight, x) in weights.iter().zip(x) {
                z += S::constant(*weight) * *x;
            }
            let value = match kind {
                0 => z.tanh(),
                1 => z.exp(),
                2 => z * z,
                _ => (S::one() + z * z).sqrt(),
            };
            sum += S::constant(*factor) * value;
        }
        sum
    }
}

fn randoms(count: u64) -> impl Iterator<Item = (Random, Vec<f64>)> {
    (0..count).map(|seed| {
        let mut stream = Stream::new(seed, "functions");
        let inputs = 1 + stream.index(6);
        let random = Random::new(&mut stream, inputs);
        let x = (0..inputs).map(|_| stream.symmetric(2.0, 12)).collect();
        (random, x)
    })
}

#[test]
fn right_gradients_are_not_accused_and_wrong_ones_are() {
    let mut judged = [0; 2];
    for (random, x) in randoms(1000) {
        let f = |x: &[f64]| random.eval(x);
        let by_values = check_gradient(f, |x| random.gradient(x), &x).expect("checked");
        let by_dual = check_formula(&random, |x| random.gradient(x), &x).expect("checked");
        for (report, judged) in [&by_values, &by_dual].into_iter().zip(&mut judged) {
            assert_ne!(
                report.outcome,
                Outcome::Wrong,
                "{random:?}: {}",
                report.message()
            );
            *judged += usize::from(report.outcome == Outcome::Right);
        }
        // One derivative a millionth too large, or too small by its own size.
        let right = random.gradient(&x);
        let at = right.len() / 2;
        if right[at].abs() > 1e-3 {
            let wrong = |x: &[f64]| {
                let mut gradient = random.gradient(x);
                gradient[at] *= 1.0 + 1e-6;
                gradient
            };
            let found = check_formula(&random, wrong, &x).expect("checked");
            assert_eq!(found.outcome, Outcome::Wrong, "{random:?}");
            assert_eq!(found.worst[0].coordinate, format!("x[{at}]"));
        }
    }
    assert!(
        judged[0] >= 980 && judged[1] >= 990,
        "of 1000 so many were judged: {judged:?}"
    );
}

#[test]
fn the_message_has_the_point_the_worst_the_counts_the_blame_and_the_kind() {
    let f = |x: &[f64]| x.iter().map(|x| x * x * x).sum();
    let text = message(|| {
        let wrong = |x: &[f64]| x.iter().map(|x| -3.0 * x * x).collect();
        assert_gradient(f, wrong, &[1.0, 2.0, 0.5, -1.5]);
    });
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("At x = [1.0, 2.0, 0.5, -1.5] in tests/harness_api/functions.rs:"),
        "{text}"
    );
    assert!(text.contains("x[1]"), "{text}");
    assert!(
        text.contains("Counts: 4 of 4 derivatives differ, in x (4 of 4)"),
        "{text}"
    );
    assert!(
        text.contains("Who: the gradient does not belong to the function: "),
        "{text}"
    );
    assert!(
        text.contains("What: x: equals minus the right gradient"),
        "{text}"
    );
    assert!(
        text.ends_with("No: 4 of 4 derivatives are wrong, in x."),
        "{text}"
    );
}

#[test]
fn with_a_formula_the_odd_one_out_is_named() {
    struct Cubes;
    impl Formula for Cubes {
        fn eval<S: Scalar>(&self, x: &[S]) -> S {
            let mut sum = S::zero();
            for x in x {
                sum += *x * *x * *x;
            }
            sum
        }
    }
    let right = |x: &[f64]| -> Vec<f64> { x.iter().map(|x| 3.0 * x * x).collect() };
    assert_formula(&Cubes, right, &[1.0, 2.0, 0.1]);
    let text = message(|| {
        let wrong = |x: &[f64]| x.iter().map(|x| 3.0 * x * x * (1.0 + 1e-13)).collect();
        assert_formula(&Cubes, wrong, &[1.0, 2.0, 0.1]);
    });
    assert!(
        text.contains("Who: the gradient disagrees with dual numbers"),
        "{text}"
    );
    let text = message(|| assert_formula(&Cubes, |x| vec![0.0; x.len()], &[1.0, 2.0, 0.1]));
    assert!(
        text.contains("Who: the gradient is alone against dual numbers and central differences"),
        "{text}"
    );
}

#[test]
fn kinks_allow_what_lies_between_the_slopes() {
    let f = |x: &[f64]| x[0].abs() + x[1].max(0.0);
    for inside in [[-1.0, 0.0], [0.0, 0.5], [1.0, 1.0]] {
        assert_gradient(f, |_| inside.to_vec(), &[0.0, 0.0]);
    }
    let text = message(|| assert_gradient(f, |_| vec![1.5, 0.5], &[0.0, 0.0]));
    assert!(text.contains("at a kink, with the slopes"), "{text}");
    assert!(text.contains("1 of 2 derivatives differ"), "{text}");
}

#[test]
fn what_panics_changes_or_does_not_fit_is_told_so() {
    let sum = |x: &[f64]| x.iter().sum::<f64>();
    let ones = |x: &[f64]| vec![1.0; x.len()];
    let error = check_gradient(|_| panic!("no value"), ones, &[1.0]).expect_err("it panics");
    assert!(
        matches!(&error, ClaimsError::Panicked { who, why }
            if who == "the function" && why.contains("functions.rs") && why.ends_with("no value")),
        "{error}"
    );
    let error = check_gradient(sum, |_| panic!("no slope"), &[1.0]).expect_err("it panics");
    assert!(
        error.to_string().starts_with("the gradient failed"),
        "{error}"
    );
    // It panics only beside the point.
    let beside = |x: &[f64]| if x[0] > 1.0 { panic!("beyond 1") } else { x[0] };
    let error = check_gradient(beside, ones, &[1.0]).expect_err("it panics");
    assert!(error.to_string().contains("beyond 1"), "{error}");
    let mut calls = 0.0;
    let counting = |x: &[f64]| {
        calls += 1.0;
        x[0] + calls
    };
    let error = check_gradient(counting, ones, &[1.0]).expect_err("it changes");
    assert!(
        error
            .to_string()
            .contains("the function is not deterministic"),
        "{error}"
    );
    let error = check_gradient(sum, |_| vec![1.0], &[1.0, 2.0]).expect_err("too few");
    assert!(
        error.to_string().contains("1 entries and the point 2"),
        "{error}"
    );
    assert_eq!(check_gradient(sum, ones, &[]), Err(ClaimsError::Empty));
    let text = message(|| assert_gradient(sum, |_| vec![f64::NAN, 1.0], &[1.0, 2.0]));
    assert!(text.contains("1 not a number"), "{text}");
}
