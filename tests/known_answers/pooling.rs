//! Published gradients of poolings; those of dilated ones have to wait until there are such poolings.

use gradproof::network::Problem;
use gradproof::spec::extent::{Rounding, Window};
use gradproof::spec::{AvgPool2dSpec, MaxPool2dSpec, OpSpec};
use gradproof::tensor::{Tensor, from_values, reshape, zeros};

use super::{assert_near, exact_gradients, plane, problem};

/// Burn, `crates/burn-backend-tests/tests/autodiff/maxpool2d.rs`.
const BURN_4: &str = "[[0.2479,0.6386,0.3166,0.5742],[0.7065,0.1940,0.6305,0.8959],[0.5416,0.8602,0.8129,0.1662],[0.3358,0.3059,0.8293,0.0990]]";
/// The same file.
const BURN_5: &str = "[[0.5388,0.0676,0.7122,0.8316,0.0653],[0.9154,0.1536,0.9089,0.8016,0.7518],[0.2073,0.0501,0.8811,0.5604,0.5075],[0.4384,0.9963,0.9698,0.4988,0.2609],[0.3391,0.2230,0.4610,0.5365,0.6880]]";
const COUNT_TO_36: &str = "[[1,2,3,4,5,6],[7,8,9,10,11,12],[13,14,15,16,17,18],[19,20,21,22,23,24],[25,26,27,28,29,30],[31,32,33,34,35,36]]";

fn max_pool(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> MaxPool2dSpec {
    MaxPool2dSpec {
        kernel,
        stride: Some(stride),
        padding,
        dilation: [1, 1],
        ceil_mode: false,
    }
}

fn avg_pool(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> AvgPool2dSpec {
    AvgPool2dSpec {
        kernel,
        stride: Some(stride),
        padding,
        ceil_mode: false,
        count_include_pad: true,
    }
}

/// Σ y of a max-pooling of `x`.
fn sum_of_maxima(spec: MaxPool2dSpec, x: &str) -> Problem {
    let rounding = if spec.ceil_mode {
        Rounding::Ceil
    } else {
        Rounding::Floor
    };
    let window = spec.window();
    sum(OpSpec::MaxPool2d(spec), window, rounding, plane(x))
}

/// Σ y of an average pooling of `x`.
fn sum_of_means(spec: AvgPool2dSpec, x: Tensor<f64>) -> Problem {
    let window = spec.window();
    sum(OpSpec::AvgPool2d(spec), window, Rounding::Floor, x)
}

fn sum(op: OpSpec, window: Window, rounding: Rounding, x: Tensor<f64>) -> Problem {
    let [rows, columns] = window
        .output([x.shape()[2], x.shape()[3]], rounding)
        .expect("the window fits");
    let ones = zeros::<f64>(&[x.shape()[0], x.shape()[1], rows, columns]) + 1.0;
    problem(op, Vec::new(), x, ones)
}

#[test]
fn burns_maxima_take_the_gradient_exactly() {
    for (spec, x, dx) in [
        (
            max_pool([3, 3], [1, 1], [0, 0]),
            BURN_4,
            "[[0,0,0,0],[0,0,0,2],[0,2,0,0],[0,0,0,0]]",
        ),
        (
            max_pool([2, 2], [1, 1], [1, 1]),
            BURN_4,
            "[[1,3,0,2],[3,0,0,4],[1,4,0,1],[2,0,3,1]]",
        ),
        (
            max_pool([4, 2], [1, 2], [2, 1]),
            BURN_5,
            "[[0,0,0,3,0],[4,0,2,1,0],[0,0,0,0,0],[2,4,0,0,0],[0,0,0,0,2]]",
        ),
        (
            MaxPool2dSpec {
                ceil_mode: true,
                ..max_pool([3, 3], [2, 2], [0, 0])
            },
            COUNT_TO_36,
            "[[0,0,0,0,0,0],[0,0,0,0,0,0],[0,0,1,0,1,1],[0,0,0,0,0,0],[0,0,1,0,1,1],[0,0,1,0,1,1]]",
        ),
    ] {
        let problem = sum_of_maxima(spec.clone(), x);
        assert_eq!(exact_gradients(&problem).input, plane(dx), "{spec:?}");
    }
}

/// MyGrad's one-dimensional max-pooling, width 3 and stride 1.
#[test]
fn mygrads_rows_take_the_gradient_exactly() {
    for (x, cotangent, dx) in [
        ("[17,10,15,28,25,23]", "[0,1,2,3]", "[0,0,0,6,0,0]"),
        ("[44,26,18,16,39,34]", "[4,5,6,7]", "[4,5,0,0,13,0]"),
    ] {
        let op = OpSpec::MaxPool2d(max_pool([1, 3], [1, 1], [0, 0]));
        let problem = problem(op, Vec::new(), plane(x), plane(cotangent));
        assert_eq!(exact_gradients(&problem).input, plane(dx), "{x}");
    }
}

/// dfdx gives [[1,2,0,0],[0,0,0,1]] here, a sum of 4 for 3 outputs; the first of two equal maxima
/// has it all with us, as with PyTorch.
#[test]
fn the_first_of_equal_maxima_takes_the_whole_gradient() {
    let problem = sum_of_maxima(
        max_pool([2, 2], [1, 1], [0, 0]),
        "[[1,1,0.5,0.2],[0.2,0.2,0.5,1.2]]",
    );
    let dx = plane("[[1,1,0,0],[0,0,0,1]]");
    assert_eq!(exact_gradients(&problem).input, dx);
}

/// Burn, `crates/burn-backend-tests/tests/autodiff/avgpool2d.rs`.
#[test]
fn burns_means_share_the_gradient() {
    let ramp = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0];
    let nine_dx = ramp.iter().flat_map(|row| ramp.map(|column| row * column));
    let dx = from_values(&[1, 1, 6, 6], nine_dx.map(|g| g / 9.0).collect());
    let problem = sum_of_means(avg_pool([3, 3], [1, 1], [0, 0]), plane(COUNT_TO_36));
    let ours = problem.backpropagate::<f64>(None).input;
    assert_near("k3", &ours, &dx.expect("6 rows of 6"), 1e-15);

    let x = || zeros::<f64>(&[1, 1, 4, 6]);
    let spec = avg_pool([3, 4], [1, 2], [1, 2]);
    let dx = [1.0 / 3.0, 0.5, 0.5, 1.0 / 3.0]
        .map(|row| [row; 6])
        .concat();
    let dx = from_values(&[1, 1, 4, 6], dx).expect("4 rows of 6");
    let problem = sum_of_means(spec.clone(), x());
    let ours = problem.backpropagate::<f64>(None).input;
    assert_near("k(3,4), counting padding", &ours, &dx, 1e-15);

    // Published as 0.41667 and 0.58333: 5/12 and 7/12.
    let outer = [5.0, 5.0, 10.0 / 3.0, 10.0 / 3.0, 5.0, 5.0].map(|eighths| eighths / 8.0);
    let inner = [7.0, 7.0, 14.0 / 3.0, 14.0 / 3.0, 7.0, 7.0].map(|eighths| eighths / 8.0);
    let dx = from_values(&[1, 1, 4, 6], [outer, inner, inner, outer].concat());
    let spec = AvgPool2dSpec {
        count_include_pad: false,
        ..spec
    };
    let ours = sum_of_means(spec, x()).backpropagate::<f64>(None).input;
    let dx = dx.expect("4 rows of 6");
    assert_near("k(3,4), not counting padding", &ours, &dx, 1e-15);
}

/// Burn issue 5308: an even number of channels went wrong there.
#[test]
fn every_channel_shares_the_gradient_alike() {
    let third = 1.0 / 3.0;
    let row = [third, 2.0 * third, third, 2.0 * third, third, third];
    for channels in 1..=4 {
        let x = zeros::<f64>(&[1, channels, 1, 6]);
        let spec = avg_pool([1, 3], [1, 2], [0, 1]);
        let ours = sum_of_means(spec, x).backpropagate::<f64>(None).input;
        let dx = from_values(&[channels, 6], row.repeat(channels)).expect("a row each");
        let dx = reshape(dx, &[1, channels, 1, 6]);
        assert_near("k3 s2 p1", &ours, &dx, 1e-15);
    }
}
