//! Transposed and one-dimensional convolutions, and adaptive poolings, under a weighted sum.

use gradproof::spec::{AdaptiveAvgPool2dSpec, Conv1dSpec, ConvTranspose2dSpec, OpSpec};

use super::{assert_agrees, random, single};

fn conv(out_channels: usize, kernel: [usize; 2]) -> ConvTranspose2dSpec {
    ConvTranspose2dSpec {
        out_channels,
        kernel,
        stride: [1, 1],
        padding: [0, 0],
        output_padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        bias: true,
    }
}

#[test]
fn transposed_convolutions_agree() {
    let stride = ConvTranspose2dSpec {
        stride: [2, 3],
        output_padding: [1, 2],
        ..conv(3, [3, 2])
    };
    // Between what neighbouring inputs write there are outputs with the bias alone.
    let gaps = ConvTranspose2dSpec {
        stride: [3, 3],
        ..conv(2, [1, 2])
    };
    let padded = ConvTranspose2dSpec {
        padding: [2, 1],
        dilation: [2, 1],
        ..conv(3, [3, 3])
    };
    let groups = ConvTranspose2dSpec {
        groups: 2,
        ..conv(6, [2, 3])
    };
    let depthwise = ConvTranspose2dSpec {
        groups: 3,
        padding: [1, 1],
        ..conv(3, [3, 3])
    };
    let all_at_once = ConvTranspose2dSpec {
        stride: [2, 1],
        padding: [1, 2],
        output_padding: [1, 1],
        dilation: [1, 2],
        groups: 2,
        bias: false,
        ..conv(4, [3, 3])
    };
    for (what, spec, input) in [
        ("plain", conv(4, [3, 3]), [2, 2, 4, 3]),
        ("one of everything", conv(1, [1, 1]), [1, 1, 1, 1]),
        ("stride", stride, [2, 2, 3, 4]),
        ("gaps", gaps, [2, 2, 3, 2]),
        ("padded", padded, [2, 2, 4, 3]),
        ("groups", groups, [3, 4, 3, 2]),
        ("depthwise", depthwise, [2, 3, 4, 3]),
        ("all at once, no bias", all_at_once, [3, 4, 3, 4]),
    ] {
        assert_agrees(
            what,
            single(OpSpec::ConvTranspose2d(spec), random(&input, what)),
        );
    }
}

#[test]
fn one_dimensional_convolutions_agree() {
    for (what, groups, stride, bias, input) in [
        ("plain", 1, 1, true, [2, 3, 7]),
        ("strided", 1, 2, true, [2, 2, 8]),
        ("groups, no bias", 2, 3, false, [3, 4, 9]),
    ] {
        let op = OpSpec::Conv1d(Conv1dSpec {
            out_channels: 4,
            kernel: 3,
            stride,
            padding: 1,
            dilation: 2,
            groups,
            bias,
        });
        assert_agrees(what, single(op, random(&input, what)));
    }
}

#[test]
fn adaptive_average_pools_agree() {
    for (what, output_size, input) in [
        ("global", [1, 1], [2, 3, 4, 5]),
        ("even", [2, 3], [2, 2, 4, 6]),
        ("overlapping", [3, 2], [2, 2, 5, 7]),
        ("more outputs than inputs", [4, 5], [2, 2, 3, 2]),
        ("the input itself", [3, 4], [1, 2, 3, 4]),
    ] {
        let op = OpSpec::AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec { output_size });
        assert_agrees(what, single(op, random(&input, what)));
    }
}
