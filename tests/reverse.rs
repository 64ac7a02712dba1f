//! Reverse mode against backpropagation and dual numbers: every pair within the sum of its error
//! bounds, on layers, losses and penalties one at a time, and on whole networks.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Network, Objective, Parameters, Problem};
use gradproof::rng::Stream;
use gradproof::source::{
    Backprop, Dual, Forward, Gradient, GradientSource, Point, Reverse, SAFETY_OTHER_ORDER,
};
use gradproof::spec::plan::Plan;
use gradproof::spec::preset::preset;
use gradproof::spec::{
    AvgPool2dSpec, Conv2dSpec, DataSpec, LayerSpec, LinearSpec, LossSpec, MaxPool2dSpec,
    NetworkSpec, OpSpec, PenaltySpec,
};
use gradproof::tensor::{Tensor, from_values, zeros};

/// Random multiples of 2⁻¹⁶ in [−1, 1].
fn random(shape: &[usize], purpose: &str) -> Tensor<f64> {
    let mut stream = Stream::new(7, purpose);
    zeros(shape).mapv(|_: f64| stream.symmetric(1.0, 16))
}

/// Random signs times weights in [1/2, 3/2].
fn weighted_sum(output: &[usize]) -> Loss {
    let mut stream = Stream::new(7, "cotangent");
    Loss::WeightedSum {
        cotangent: zeros(output).mapv(|_: f64| stream.signed_weight()),
    }
}

/// The layers of `ops` on `input`, with seeded parameters, under a weighted sum.
fn network_of(ops: Vec<OpSpec>, input: Tensor<f64>) -> Problem {
    let spec = NetworkSpec {
        name: "test".to_owned(),
        input: input.shape()[1..].to_vec(),
        data: DataSpec::Random,
        loss: LossSpec::WeightedSum {},
        layers: ops
            .into_iter()
            .map(|op| LayerSpec { name: None, op })
            .collect(),
    };
    let plan = Plan::new(&spec, input.shape()[0]).unwrap();
    Problem {
        network: Network::new(&plan),
        parameters: Parameters::seeded(&plan, 7),
        objective: Objective {
            loss: Some(weighted_sum(&plan.output)),
            scale: 1.0,
            penalty: None,
        },
        input,
    }
}

fn single(op: OpSpec, input: Tensor<f64>) -> Problem {
    network_of(vec![op], input)
}

fn loss_alone(output: Tensor<f64>, loss: Loss) -> Problem {
    Problem::single(None, Vec::new(), output, loss, 1.0).unwrap()
}

/// Reverse's whole gradient.
fn reverse(problem: Problem) -> Gradient {
    let point = Point::new(problem, 7);
    let coordinates = point.all_coordinates();
    point.ask(&Reverse, &coordinates, &|_| ()).unwrap()
}

/// Hold reverse against backprop and dual at every coordinate.
fn assert_agrees(what: &str, problem: Problem) {
    let point = Point::new(problem, 7);
    let coordinates = point.all_coordinates();
    assert_within_bounds(what, &point, &coordinates, &Backprop);
    assert_within_bounds(what, &point, &coordinates, &Dual);
}

/// Hold value and derivatives by reverse against those by `source`; return the largest gap of a
/// derivative in spreads of rounding.
fn assert_within_bounds(
    what: &str,
    point: &Point,
    coordinates: &[Coordinate],
    source: &dyn GradientSource,
) -> f64 {
    let reverse = point.ask(&Reverse, coordinates, &|_| ()).unwrap();
    let other = point.ask(source, coordinates, &|_| ()).unwrap();
    let name = source.name();
    for gradient in [&reverse, &other] {
        let count = gradient.estimates.len();
        assert_eq!(count, coordinates.len(), "{what}: estimates");
    }
    let mut worst = 0.0;
    let pairs = reverse.estimates.iter().zip(&other.estimates);
    for (coordinate, (reverse, other)) in coordinates.iter().zip(pairs) {
        let gap = (reverse.value - other.value).abs();
        let spread = point.rounding.derivative(*coordinate);
        assert!(
            gap <= reverse.error + other.error,
            "{what}, {}: reverse {:e} ± {:e}, {name} {:e} ± {:e}, gap {gap:e}, spread {spread:e}",
            point.problem.network.coordinate_name(*coordinate),
            reverse.value,
            reverse.error,
            other.value,
            other.error,
        );
        if gap > 0.0 {
            worst = f64::max(worst, gap / spread);
        }
    }
    let gap = (reverse.value - other.value).abs();
    let bound = SAFETY_OTHER_ORDER * point.rounding.value();
    assert!(
        gap <= bound,
        "{what}: value {:e} by reverse, {:e} by {name}, gap {gap:e}, bound {bound:e}",
        reverse.value,
        other.value
    );
    worst
}

fn conv(out_channels: usize, kernel: [usize; 2]) -> Conv2dSpec {
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

fn linear(out_features: usize, bias: bool) -> OpSpec {
    OpSpec::Linear(LinearSpec { out_features, bias })
}

fn max_pool(kernel: [usize; 2]) -> MaxPool2dSpec {
    MaxPool2dSpec {
        kernel,
        stride: None,
        padding: [0, 0],
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
fn its_forward_is_its_own() {
    assert_eq!(
        Reverse.forward(),
        Forward::Independent,
        "what the report says of it"
    );
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

#[test]
fn activations_agree_also_at_zero_and_far_out() {
    let points = [
        -1000.0, -700.0, -40.0, -1.5, -0.0, 0.0, 1e-9, 0.25, 19.0, 40.0, 400.0, 1000.0,
    ];
    for op in [OpSpec::Relu {}, OpSpec::Tanh {}, OpSpec::Sigmoid {}] {
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
    for (what, pool, input) in [
        ("plain", max_pool([2, 2]), [2, 3, 4, 6]),
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
fn cross_entropy_agrees_alone() {
    let small = random(&[3, 4], "logits");
    let large = small.mapv(|z| 800.0 * z);
    for label_smoothing in [0.0, 0.1] {
        let loss = |classes: &[usize]| Loss::SoftmaxCrossEntropy {
            classes: classes.to_vec(),
            label_smoothing,
        };
        for (what, logits) in [
            ("small logits", small.clone()),
            ("large logits", large.clone()),
            ("equal logits", zeros(&[3, 4])),
        ] {
            assert_agrees(what, loss_alone(logits, loss(&[2, 0, 3])));
        }
        assert_agrees("one class", loss_alone(zeros(&[2, 1]), loss(&[0, 0])));
        assert_agrees("one sample", loss_alone(random(&[1, 2], "one"), loss(&[1])));
    }
}

#[test]
fn squared_error_and_weighted_sum_agree_alone_at_both_ranks() {
    for shape in [&[3, 4][..], &[2, 3, 2, 4], &[1, 1]] {
        let target = random(shape, "target");
        let output = random(shape, "output");
        let squared_error = Loss::MeanSquaredError { target };
        assert_agrees("squared error", loss_alone(output.clone(), squared_error));
        assert_agrees("weighted sum", loss_alone(output, weighted_sum(shape)));
    }
}

#[test]
fn penalties_agree_with_a_loss_and_alone() {
    for penalty in [
        PenaltySpec::L2 { strength: 0.01 },
        PenaltySpec::L1 { strength: 0.01 },
    ] {
        let mut problem = network_of(
            vec![OpSpec::Flatten {}, linear(3, true)],
            random(&[2, 1, 2, 3], "image"),
        );
        problem.objective.penalty = Some(penalty);
        // L1's kink, where the slope is 0 by convention.
        problem.parameters.tensors[0][[1, 2]] = 0.0;
        assert_agrees(&format!("{penalty:?} and a loss"), problem.clone());
        problem.objective.loss = None;
        assert_agrees(&format!("{penalty:?} alone"), problem);
    }
}

#[test]
fn nothing_to_differentiate_has_gradient_zero() {
    let mut problem = network_of(Vec::new(), random(&[2, 3], "input"));
    problem.objective.loss = None;
    let gradient = reverse(problem);
    assert_eq!(gradient.estimates.len(), 6, "one for each input");
    assert!(
        gradient.value.abs() == 0.0
            && gradient
                .estimates
                .iter()
                .all(|slope| slope.value.abs() == 0.0),
        "{gradient:?}"
    );
}

#[test]
fn the_scale_multiplies_value_and_gradient() {
    let mut problem = single(
        OpSpec::Conv2d(conv(2, [2, 2])),
        random(&[2, 2, 3, 3], "scale"),
    );
    for scale in [1e-6, -3.0] {
        problem.objective.scale = scale;
        assert_agrees(&format!("scale {scale}"), problem.clone());
    }
}

#[test]
fn nan_is_not_hidden() {
    let mut image = random(&[1, 1, 4, 4], "nan");
    image[[0, 0, 1, 2]] = f64::NAN;
    for op in [
        OpSpec::Relu {},
        OpSpec::Tanh {},
        OpSpec::Sigmoid {},
        OpSpec::MaxPool2d(max_pool([2, 2])),
        OpSpec::AvgPool2d(avg_pool([2, 2])),
        OpSpec::Conv2d(conv(1, [2, 2])),
    ] {
        let name = op.name();
        let gradient = reverse(single(op, image.clone()));
        assert!(gradient.value.is_nan(), "{name}: {}", gradient.value);
    }
}

#[test]
fn coordinates_are_answered_in_the_order_asked_for() {
    let op = OpSpec::Conv2d(conv(2, [2, 2]));
    let point = Point::new(single(op, random(&[1, 2, 3, 3], "order")), 7);
    let at = |leaf, index| Coordinate { leaf, index };
    let asked = [
        at(LeafName::Parameter(1), 1),
        at(LeafName::Input, 4),
        at(LeafName::Parameter(0), 7),
        at(LeafName::Input, 0),
    ];
    let finished = AtomicUsize::new(0);
    let progress = |count| {
        finished.fetch_add(count, Ordering::Relaxed);
    };
    let some = point.ask(&Reverse, &asked, &progress).unwrap();
    let all = point.all_coordinates();
    let every = point.ask(&Reverse, &all, &|_| ()).unwrap();
    for (coordinate, estimate) in asked.iter().zip(&some.estimates) {
        let position = all.iter().position(|other| other == coordinate).unwrap();
        assert_eq!(*estimate, every.estimates[position], "{coordinate:?}");
    }
    assert_eq!(finished.into_inner(), asked.len(), "progress reported");
}

#[test]
fn whole_networks_agree() {
    let batch = 4;
    for name in ["lenet5", "lenet5-tanh", "mlp"] {
        let plan = Plan::new(&preset(name).unwrap(), batch).unwrap();
        let problem = Problem {
            network: Network::new(&plan),
            parameters: Parameters::seeded(&plan, 1),
            input: random(&plan.input, "images").mapv(f64::abs),
            objective: Objective {
                loss: Some(Loss::SoftmaxCrossEntropy {
                    classes: (0..batch).map(|n| n * 3 % 10).collect(),
                    label_smoothing: 0.0,
                }),
                scale: 1.0,
                penalty: Some(PenaltySpec::L2 { strength: 0.001 }),
            },
        };
        let point = Point::new(problem, 7);
        let all = point.all_coordinates();
        // Duals cost a pass for every few coordinates: a sample of those is enough here.
        let some: Vec<Coordinate> = all.iter().step_by(53).copied().collect();
        let worst = assert_within_bounds(name, &point, &all, &Backprop);
        let worst = worst.max(assert_within_bounds(name, &point, &some, &Dual));
        assert!(
            worst <= SAFETY_OTHER_ORDER,
            "{name}: the largest gap is {worst:.1} spreads"
        );
    }
}
