//! One operator at a time, under a weighted sum.

use gradproof::loss::Loss;
use gradproof::spec::{
    AvgPool2dSpec, BatchNorm2dSpec, Conv2dSpec, GroupNormSpec, InstanceNormSpec, LayerNormSpec,
    LinearSpec, MaxPool2dSpec, NetworkSpec, OpSpec,
};
use gradproof::tensor::{from_values, zeros};

use super::{assert_agrees, random, reverse, single};

pub(super) fn conv(out_channels: usize, kernel: [usize; 2]) -> Conv2dSpec {
    Conv2dSpec {
        out_channels,
        kernel,
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        bias: true,
    }
}

pub(super) fn linear(out_features: usize, bias: bool) -> OpSpec {
    OpSpec::Linear(LinearSpec { out_features, bias })
}

fn max_pool(kernel: [usize; 2]) -> MaxPool2dSpec {
    MaxPool2dSpec {
        kernel,
        stride: None,
        padding: [0, 0],
        dilation: [1, 1],
        ceil_mode: false,
    }
}

fn avg_pool(kernel: [usize; 2]) -> AvgPool2dSpec {
    AvgPool2dSpec {
        kernel,
        stride: None,
        padding: [0, 0],
        ceil_mode: false,
        count_include_pad: true,
    }
}

#[test]
fn plain_and_padded_convolutions_agree() {
    let past_half_of_the_kernel = Conv2dSpec {
        padding: [3, 2],
        ..conv(3, [3, 2])
    };
    let windows_wholly_in_padding = Conv2dSpec {
        padding: [4, 4],
        ..conv(2, [2, 2])
    };
    for (what, spec, input) in [
        ("plain", conv(4, [3, 3]), [2, 2, 7, 6]),
        ("one of everything", conv(1, [1, 1]), [1, 1, 1, 1]),
        ("one sample", conv(2, [2, 3]), [1, 3, 4, 5]),
        ("padding past half", past_half_of_the_kernel, [2, 2, 3, 4]),
        (
            "windows of padding",
            windows_wholly_in_padding,
            [2, 2, 2, 2],
        ),
    ] {
        assert_agrees(what, single(OpSpec::Conv2d(spec), random(&input, what)));
    }
}

#[test]
fn strided_dilated_and_grouped_convolutions_agree() {
    let stride_2 = Conv2dSpec {
        stride: [2, 2],
        ..conv(3, [3, 3])
    };
    let stride_past_the_kernel = Conv2dSpec {
        stride: [3, 2],
        ..conv(3, [2, 1])
    };
    let dilation = Conv2dSpec {
        dilation: [2, 3],
        padding: [1, 2],
        ..conv(3, [3, 2])
    };
    let groups = Conv2dSpec {
        groups: 2,
        ..conv(6, [2, 3])
    };
    let depthwise = Conv2dSpec {
        groups: 3,
        padding: [1, 1],
        ..conv(6, [3, 3])
    };
    let all_at_once = Conv2dSpec {
        stride: [2, 3],
        padding: [2, 1],
        dilation: [1, 2],
        groups: 2,
        bias: false,
        ..conv(4, [3, 2])
    };
    for (what, spec, input) in [
        ("stride 2", stride_2, [2, 2, 8, 7]),
        (
            "stride past the kernel",
            stride_past_the_kernel,
            [2, 2, 9, 7],
        ),
        ("dilation", dilation, [2, 2, 7, 6]),
        ("groups", groups, [3, 4, 5, 4]),
        ("depthwise", depthwise, [2, 3, 4, 5]),
        ("all at once, no bias", all_at_once, [3, 4, 6, 8]),
    ] {
        assert_agrees(what, single(OpSpec::Conv2d(spec), random(&input, what)));
    }
}

#[test]
fn linear_layers_agree() {
    for (what, input, op) in [
        ("plain", [3, 5], linear(4, true)),
        ("no bias", [2, 7], linear(3, false)),
        ("one of everything", [1, 1], linear(1, true)),
        ("one output", [4, 6], linear(1, true)),
    ] {
        assert_agrees(what, single(op, random(&input, what)));
    }
}

fn activations() -> Vec<OpSpec> {
    let mut ops = vec![OpSpec::Relu {}, OpSpec::Tanh {}, OpSpec::Sigmoid {}];
    for attributes in [
        "op = 'leaky_relu', negative_slope = 0.1",
        "op = 'elu', alpha = 0.7",
        "op = 'selu'",
        "op = 'gelu'",
        "op = 'gelu', approximate = 'tanh'",
        "op = 'silu'",
        "op = 'mish'",
        "op = 'softplus'",
        "op = 'softplus', beta = 2.5, threshold = 10.0",
        "op = 'hardswish'",
        "op = 'hardtanh', min_val = -0.5, max_val = 2.0",
        "op = 'prelu'",
        "op = 'dropout', p = 0.25",
        "op = 'dropout', training = false",
        "op = 'softmax'",
        "op = 'softmax', dim = 1",
        "op = 'log_softmax', dim = 1",
        "op = 'log_softmax'",
    ] {
        let toml = format!(
            "name = 'one'\ninput = [1]\nloss = {{ op = 'weighted_sum' }}\nlayers = [{{ {attributes} }}]"
        );
        let mut spec = NetworkSpec::from_toml(&toml).unwrap();
        ops.push(spec.layers.remove(0).op);
    }
    ops
}

#[test]
fn activations_agree_also_at_zero_and_far_out() {
    let points = [
        -1000.0, -700.0, -40.0, -1.5, -0.0, 0.0, 1e-9, 0.25, 19.0, 40.0, 400.0, 1000.0,
    ];
    for op in activations() {
        let x = from_values(&[3, 4], points.to_vec()).unwrap();
        assert_agrees(op.name(), single(op.clone(), x));
        assert_agrees(op.name(), single(op, random(&[2, 3, 2, 2], "image")));
    }
}

#[test]
fn the_slope_of_relu_at_zero_is_zero() {
    let gradient = reverse(single(OpSpec::Relu {}, zeros(&[1, 2])));
    assert!(
        gradient
            .estimates
            .iter()
            .all(|slope| slope.value.abs() == 0.0),
        "{gradient:?}"
    );
}

#[test]
fn max_pools_agree() {
    let overlapping = MaxPool2dSpec {
        stride: Some([1, 2]),
        padding: [1, 1],
        ..max_pool([3, 2])
    };
    let ceil = MaxPool2dSpec {
        stride: Some([2, 2]),
        ceil_mode: true,
        ..max_pool([3, 3])
    };
    let dilated = MaxPool2dSpec {
        stride: Some([1, 2]),
        padding: [1, 0],
        dilation: [2, 3],
        ceil_mode: true,
        ..max_pool([3, 2])
    };
    for (what, pool, input) in [
        ("plain", max_pool([2, 2]), [2, 3, 4, 6]),
        ("dilated", dilated, [2, 2, 6, 7]),
        ("overlapping, padded", overlapping, [2, 2, 5, 5]),
        ("ceil mode", ceil, [2, 2, 6, 6]),
        ("one by one", max_pool([1, 1]), [1, 1, 1, 1]),
    ] {
        let op = OpSpec::MaxPool2d(pool);
        assert_agrees(what, single(op.clone(), random(&input, what)));
        assert_agrees(what, single(op.clone(), zeros(&input)));
        // Were padding a candidate, its 0 would be the maximum everywhere at the border.
        assert_agrees(what, single(op, zeros(&input).mapv(|_: f64| -3.0)));
    }
}

#[test]
fn a_tied_maximum_gives_its_gradient_to_the_first_entry() {
    let mut problem = single(OpSpec::MaxPool2d(max_pool([2, 2])), zeros(&[1, 1, 2, 2]));
    problem.objective.loss = Some(Loss::WeightedSum {
        cotangent: from_values(&[1, 1, 1, 1], vec![1.25]).unwrap(),
    });
    let slopes: Vec<f64> = reverse(problem)
        .estimates
        .iter()
        .map(|slope| slope.value)
        .collect();
    let expected: [f64; 4] = [1.25, 0.0, 0.0, 0.0];
    assert!(
        slopes
            .iter()
            .map(|x| x.to_bits())
            .eq(expected.map(f64::to_bits)),
        "{slopes:?} for {expected:?}"
    );
}

#[test]
fn average_pools_agree() {
    let padded = AvgPool2dSpec {
        stride: Some([2, 1]),
        padding: [1, 1],
        ..avg_pool([3, 2])
    };
    // The last windows reach beyond the padding, which never counts.
    let ceil = AvgPool2dSpec {
        stride: Some([2, 2]),
        padding: [1, 1],
        ceil_mode: true,
        ..avg_pool([3, 3])
    };
    for (what, pool, input) in [
        ("plain", avg_pool([2, 2]), [2, 3, 4, 6]),
        ("padded", padded, [2, 2, 5, 4]),
        ("ceil mode", ceil, [2, 2, 6, 4]),
        ("one by one", avg_pool([1, 1]), [1, 1, 1, 1]),
    ] {
        for count_include_pad in [true, false] {
            let op = OpSpec::AvgPool2d(AvgPool2dSpec {
                count_include_pad,
                ..pool.clone()
            });
            assert_agrees(what, single(op, random(&input, what)));
        }
    }
}

#[test]
fn normalisations_agree_also_on_equal_entries_and_on_one() {
    let batch = BatchNorm2dSpec {
        eps: 1e-5,
        affine: true,
        training: true,
        running_mean: None,
        running_var: None,
    };
    let running = BatchNorm2dSpec {
        training: false,
        running_mean: Some(vec![0.5, -1.0]),
        running_var: Some(vec![2.0, 0.0]),
        ..batch.clone()
    };
    let defaults = BatchNorm2dSpec {
        running_mean: None,
        running_var: None,
        affine: false,
        ..running.clone()
    };
    let layer = |normalized_shape: &[usize], affine| {
        OpSpec::LayerNorm(LayerNormSpec {
            normalized_shape: normalized_shape.to_vec(),
            eps: 1e-5,
            affine,
        })
    };
    let group = |groups, affine| {
        OpSpec::GroupNorm(GroupNormSpec {
            groups,
            eps: 1e-3,
            affine,
        })
    };
    let instance = |affine| OpSpec::InstanceNorm(InstanceNormSpec { eps: 1e-5, affine });
    for (op, input) in [
        (OpSpec::BatchNorm2d(batch), &[3, 2, 2, 3][..]),
        (OpSpec::BatchNorm2d(running), &[3, 2, 2, 3]),
        (OpSpec::BatchNorm2d(defaults), &[2, 3, 1, 2]),
        (layer(&[3], true), &[4, 3]),
        (layer(&[4, 3], true), &[2, 4, 3]),
        (layer(&[3, 2], false), &[2, 4, 3, 2]),
        (layer(&[1], true), &[3, 1]),
        (group(2, true), &[2, 4, 2, 3]),
        (group(3, true), &[4, 6]),
        (group(1, false), &[2, 3, 2, 2]),
        (instance(true), &[2, 3, 2, 2]),
        (instance(false), &[2, 3, 3, 1]),
        (instance(true), &[2, 3, 1, 1]),
    ] {
        let what = format!("{op:?}");
        assert_agrees(&what, single(op.clone(), random(input, "norm")));
        assert_agrees(&what, single(op.clone(), zeros(input)));
        let far = random(input, "norm").mapv(|x| 1000.0 + x);
        assert_agrees(&what, single(op, far));
    }
}

#[test]
fn nan_is_not_hidden() {
    let mut image = random(&[1, 1, 4, 4], "nan");
    image[[0, 0, 1, 2]] = f64::NAN;
    let others = [
        OpSpec::MaxPool2d(max_pool([2, 2])),
        OpSpec::AvgPool2d(avg_pool([2, 2])),
        OpSpec::Conv2d(conv(1, [2, 2])),
    ];
    for op in activations().into_iter().chain(others) {
        let name = op.name();
        let gradient = reverse(single(op, image.clone()));
        assert!(gradient.value.is_nan(), "{name}: {}", gradient.value);
    }
}
