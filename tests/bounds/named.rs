//! Networks whose errors were larger than an earlier bound, by what that bound had left out.
//!
//! Largest error by bound, where an arithmetic of only one kind of perturbation was exceeded:
//!
//! | | independent | by operands | by results | all |
//! |---|---|---|---|---|
//! | [`POINTWISE`] | 1.94 | 0.12 | 0.12 | 0.17 |
//! | [`SATURATED`] | 0.20 | 0.25 | 1.38 | 0.20 |
//! | [`BACKGROUND`], without a common bias | 0.88 | 1.08 | 1.37 | 1.21 |

use gradproof::harness::{DeepNetworkCase, Weights};
use gradproof::scalar::{DoubleDouble, Format};
use gradproof::source::{Rounding, SAFETY};
use gradproof::spec::{NetworkSpec, PenaltySpec};
use gradproof::tensor::values;

/// 1×1 convolutions: every dark pixel of a digit is the same term in every sum over the image.
const POINTWISE: &str = r#"
    name = "pointwise"
    input = [1, 28, 28]
    data = "digits"
    loss = { op = "softmax_cross_entropy" }
    layers = [
        { op = "conv2d", out_channels = 4, kernel = 1 },
        { op = "tanh" },
        { op = "conv2d", out_channels = 4, kernel = 1 },
        { op = "tanh" },
        { op = "conv2d", out_channels = 4, kernel = 1 },
        { op = "tanh" },
        { op = "conv2d", out_channels = 4, kernel = 1 },
        { op = "tanh" },
        { op = "avg_pool2d", kernel = 28 },
        { op = "flatten" },
        { op = "linear", out_features = 10 },
    ]"#;

/// Hundreds of units see nothing but background.
const BACKGROUND: &str = r#"
    name = "background"
    input = [1, 28, 28]
    data = "digits"
    loss = { op = "mean_squared_error" }
    layers = [
        { op = "conv2d", out_channels = 6, kernel = 3 },
        { op = "tanh" },
        { op = "conv2d", out_channels = 6, kernel = 3 },
        { op = "sigmoid" },
        { op = "conv2d", out_channels = 6, kernel = 3 },
        { op = "tanh" },
        { op = "flatten" },
        { op = "linear", out_features = 10 },
    ]"#;

/// The same, averaged.
const AVERAGED: &str = r#"
    name = "averaged"
    input = [1, 28, 28]
    data = "digits"
    loss = { op = "weighted_sum" }
    layers = [
        { op = "conv2d", out_channels = 8, kernel = 5 },
        { op = "sigmoid" },
        { op = "avg_pool2d", kernel = 2 },
        { op = "conv2d", out_channels = 8, kernel = 5 },
        { op = "sigmoid" },
        { op = "avg_pool2d", kernel = 8 },
        { op = "flatten" },
        { op = "linear", out_features = 10 },
    ]"#;

/// Weights of one sign drive every tanh to 1, where the slope 1 − y² is nothing but what rounding
/// left of it; behind it the gradient is a sum over units with factors of both signs.
const SATURATED: &str = r#"
    name = "saturated"
    input = [3, 10, 2]
    loss = { op = "weighted_sum" }
    layers = [
        { op = "conv2d", out_channels = 1, kernel = 1, stride = [2, 1] },
        { op = "relu" },
        { op = "max_pool2d", kernel = [2, 1], stride = [1, 2], padding = [1, 0] },
        { op = "conv2d", out_channels = 112, kernel = [2, 1], stride = [2, 1], padding = [1, 0] },
        { op = "sigmoid" },
        { op = "conv2d", out_channels = 13, kernel = [3, 1], stride = [3, 1], padding = [1, 0], bias = false },
        { op = "avg_pool2d", kernel = [2, 1], count_include_pad = false },
        { op = "conv2d", out_channels = 65, kernel = 1, bias = false },
        { op = "tanh" },
        { op = "flatten" },
        { op = "linear", out_features = 8 },
    ]"#;

/// 540,960 weights, whose squares a penalty adds up: all of the later ones are small beside the sum.
const MANY_WEIGHTS: &str = r#"
    name = "many weights"
    input = [1, 28, 28]
    data = "digits"
    loss = { op = "mean_squared_error" }
    layers = [{ op = "flatten" }, { op = "linear", out_features = 690, bias = false }]
    "#;

fn case(toml: &str, weights: Weights, seed: u64) -> DeepNetworkCase {
    DeepNetworkCase {
        spec: NetworkSpec::from_toml(toml).expect("a network"),
        batch: 2,
        seed,
        weights,
        scale: 1.0,
        penalty: None,
    }
}

/// Hold every derivative and the objective of backprop in `format` against the bounds.
fn hold(case: &DeepNetworkCase, format: Format) {
    let problem = case.problem(format).expect("it fits");
    let pattern = problem.pattern();
    let rounding = Rounding::measure(&problem, &pattern, case.seed, format);
    let truth = problem.backpropagate::<DoubleDouble>(Some(&pattern));
    let judge = |what: &str, value: f64, truth: DoubleDouble, bound: f64| {
        let error = (DoubleDouble::from_f64(value) - truth).abs().hi();
        assert!(
            error <= bound,
            "{case} in {format:?}, {what}: {value:e} for {truth}, error {error:e}, bound {bound:e}"
        );
    };
    let (value, gradients): (f64, Vec<Vec<f64>>) = match format {
        Format::F64 => {
            let found = problem.backpropagate::<f64>(Some(&pattern));
            let leaves = problem.leaves().into_iter();
            let gradients = leaves.map(|leaf| values(found.leaf(leaf)).to_vec());
            (found.value, gradients.collect())
        }
        Format::F32 => {
            let found = problem.backpropagate::<f32>(Some(&pattern));
            let wide = |dw: &[f32]| dw.iter().copied().map(f64::from).collect();
            let leaves = problem.leaves().into_iter();
            let gradients = leaves.map(|leaf| wide(values(found.leaf(leaf))));
            (found.value.into(), gradients.collect())
        }
    };
    judge(
        "the objective",
        value,
        truth.value,
        SAFETY * rounding.value(),
    );
    for (leaf, found) in problem.leaves().into_iter().zip(gradients) {
        let truth = values(truth.leaf(leaf));
        for (coordinate, value) in problem.coordinates(leaf).zip(found) {
            let name = problem.network.coordinate_name(coordinate);
            let bound = SAFETY * rounding.derivative(coordinate);
            judge(&name, value, truth[coordinate.index], bound);
        }
    }
}

/// In both formats, with weights of both signs and of one.
fn hold_all(toml: &str, seed: u64) {
    for weights in [Weights::Signed, Weights::Positive] {
        for format in [Format::F64, Format::F32] {
            hold(&case(toml, weights, seed), format);
        }
    }
}

#[test]
fn a_term_that_a_sum_meets_hundreds_of_times() {
    hold_all(POINTWISE, 0);
}

#[test]
fn units_that_see_the_same_background() {
    hold_all(BACKGROUND, 1);
    hold_all(AVERAGED, 1);
}

#[test]
fn saturated_units_under_factors_of_both_signs() {
    hold(
        &case(SATURATED, Weights::Positive, 1_350_868_292),
        Format::F64,
    );
    hold_all(SATURATED, 0);
}

#[test]
fn a_penalty_that_adds_up_many_squares() {
    let penalty = Some(PenaltySpec::L2 { strength: 0.01 });
    for weights in [Weights::Signed, Weights::Positive] {
        hold(
            &DeepNetworkCase {
                penalty,
                ..case(MANY_WEIGHTS, weights, 0)
            },
            Format::F32,
        );
    }
}
