//! Zero padding and upsampling: PyTorch's documented examples, and gradients that are short binary fractions.

use gradproof::network::Problem;
use gradproof::spec::{Interpolation, OpSpec, UpsampleSpec, ZeroPad2dSpec};
use gradproof::tensor::{Tensor, zeros};

use super::{assert_near, exact_gradients, plane, problem};

const TWO_BY_TWO: &str = "[[1,2],[3,4]]";
const COUNT_TO_9: &str = "[[1,2,3],[4,5,6],[7,8,9]]";
const COUNT_TO_16: &str = "[[1,2,3,4],[5,6,7,8],[9,10,11,12],[13,14,15,16]]";

fn twice(mode: Interpolation, align_corners: bool) -> OpSpec {
    OpSpec::Upsample(UpsampleSpec {
        size: None,
        scale_factor: Some([2.0, 2.0]),
        mode,
        align_corners,
        recompute_scale_factor: false,
    })
}

fn pad(padding: [isize; 4]) -> OpSpec {
    OpSpec::ZeroPad2d(ZeroPad2dSpec { padding })
}

fn output(problem: &Problem) -> Tensor<f64> {
    let network = &problem.network;
    network
        .forward(&problem.parameters, problem.input.clone(), None)
        .output
}

/// Under a cotangent of zeros of shape `size`.
fn resized(op: OpSpec, x: &str, size: [usize; 2]) -> Tensor<f64> {
    let cotangent = zeros(&[1, 1, size[0], size[1]]);
    output(&problem(op, Vec::new(), plane(x), cotangent))
}

/// `torch.nn.Upsample`'s documentation.
#[test]
fn pytorchs_examples_of_upsampling_are_met() {
    let nearest = resized(twice(Interpolation::Nearest, false), TWO_BY_TWO, [4, 4]);
    assert_eq!(nearest, plane("[[1,1,2,2],[1,1,2,2],[3,3,4,4],[3,3,4,4]]"));
    let bilinear = twice(Interpolation::Bilinear, false);
    let expected = "[[1,1.25,1.75,2],[1.5,1.75,2.25,2.5],[2.5,2.75,3.25,3.5],[3,3.25,3.75,4]]";
    assert_eq!(
        resized(bilinear.clone(), TWO_BY_TWO, [4, 4]),
        plane(expected)
    );
    let corners = twice(Interpolation::Bilinear, true);
    let expected = "[[1,1.3333,1.6667,2],[1.6667,2,2.3333,2.6667],[2.3333,2.6667,3,3.3333],[3,3.3333,3.6667,4]]";
    let ours = resized(corners.clone(), TWO_BY_TWO, [4, 4]);
    assert_near("2x2, corners aligned", &ours, &plane(expected), 5e-5);

    // The same numbers in the corner of a larger image: with aligned corners its values change.
    let larger = "[[1,2,0],[3,4,0],[0,0,0]]";
    let expected = "[[1,1.25,1.75,1.5,0.5,0],[1.5,1.75,2.25,1.875,0.625,0],[2.5,2.75,3.25,2.625,0.875,0],\
                    [2.25,2.4375,2.8125,2.25,0.75,0],[0.75,0.8125,0.9375,0.75,0.25,0],[0,0,0,0,0,0]]";
    assert_eq!(resized(bilinear, larger, [6, 6]), plane(expected));
    let expected = "[[1,1.4,1.8,1.6,0.8,0],[1.8,2.2,2.6,2.24,1.12,0],[2.6,3,3.4,2.88,1.44,0],\
                    [2.4,2.72,3.04,2.56,1.28,0],[1.2,1.36,1.52,1.28,0.64,0],[0,0,0,0,0,0]]";
    let ours = resized(corners, larger, [6, 6]);
    assert_near("3x3, corners aligned", &ours, &plane(expected), 1e-14);
}

/// Each entry is copied to a block of four: its gradient is the block's sum.
#[test]
fn nearest_adds_up_all_copies() {
    let op = twice(Interpolation::Nearest, false);
    let problem = problem(op, Vec::new(), plane(TWO_BY_TWO), plane(COUNT_TO_16));
    let dx = exact_gradients(&problem).input;
    assert_eq!(dx, plane("[[14,22],[46,54]]"));
}

/// Aᵀ·G·A with A = [1 0; 3/4 1/4; 1/4 3/4; 0 1].
#[test]
fn bilinear_shares_the_gradient_by_the_distances() {
    let op = twice(Interpolation::Bilinear, false);
    let problem = problem(op, Vec::new(), plane(TWO_BY_TWO), plane(COUNT_TO_16));
    let dx = exact_gradients(&problem).input;
    assert_eq!(dx, plane("[[16.5,23.5],[44.5,51.5]]"));
}

/// Columns 0, 1/2, 1, 3/2 and 2 of three, and one row: the first.
#[test]
fn aligned_corners_keep_the_ends() {
    let op = OpSpec::Upsample(UpsampleSpec {
        size: Some([1, 5]),
        scale_factor: None,
        mode: Interpolation::Bilinear,
        align_corners: true,
        recompute_scale_factor: false,
    });
    let x = plane("[[2,4,8],[9,9,9]]");
    let problem = problem(op, Vec::new(), x, plane("[1,2,4,8,16]"));
    assert_eq!(output(&problem), plane("[2,3,4,6,8]"));
    // 1 + 2/2, 2/2 + 4 + 8/2, 8/2 + 16.
    let dx = exact_gradients(&problem).input;
    assert_eq!(dx, plane("[[2,9,20],[0,0,0]]"));
}

/// `torch.nn.ZeroPad2d`'s documentation has these paddings: 2, and (1, 1, 2, 0).
#[test]
fn padding_puts_zeros_around_and_takes_their_gradient_away() {
    for (padding, y, cotangent, dx) in [
        (
            [1, 1, 2, 0],
            "[[0,0,0,0,0],[0,0,0,0,0],[0,1,2,3,0],[0,4,5,6,0],[0,7,8,9,0]]",
            "[[1,2,3,4,5],[6,7,8,9,10],[11,12,13,14,15],[16,17,18,19,20],[21,22,23,24,25]]",
            "[[12,13,14],[17,18,19],[22,23,24]]",
        ),
        // Below 0, rows and columns are cut off, and have no gradient.
        (
            [-1, 1, 0, -1],
            "[[2,3,0],[5,6,0]]",
            "[[1,2,3],[4,5,6]]",
            "[[0,1,2],[0,4,5],[0,0,0]]",
        ),
    ] {
        let problem = problem(
            pad(padding),
            Vec::new(),
            plane(COUNT_TO_9),
            plane(cotangent),
        );
        assert_eq!(output(&problem), plane(y), "{padding:?}");
        assert_eq!(exact_gradients(&problem).input, plane(dx), "{padding:?}");
    }
    let wide = resized(pad([2; 4]), COUNT_TO_9, [7, 7]);
    assert_eq!(wide[[0, 0, 2, 2]].to_bits(), 1.0_f64.to_bits(), "the first");
    assert_eq!(wide.sum().to_bits(), 45.0_f64.to_bits(), "and zeros");
}
