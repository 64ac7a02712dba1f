//! What proptest draws: shapes and a seed, never data.
//!
//! Batch and channel counts are 2 or more most of the time, since many faults hide at 1, and every
//! size shrinks towards 1.

mod branches;
mod conv1d;
mod deep;
mod function;
mod named;
mod normalization;
mod pool;
mod resize;

use proptest::array::uniform2;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::spec::{
    Conv2dSpec, ConvTranspose2dSpec, DataSpec, LayerSpec, LinearSpec, LossSpec, NetworkSpec,
    OpSpec, PreluSpec,
};

use super::{NetworkCase, OperatorCase, fit};

use pool::{adaptive_avg_pool_op, avg_pool_op, max_pool_op};

pub use branches::{concatenation, residual};
pub use conv1d::conv1d;
pub use deep::deep_network;
pub use function::dropout;
pub use named::{named, names};
pub use normalization::normalization;
pub use resize::{upsample, zero_pad2d};

/// The most samples in a batch.
const MOST_SAMPLES: usize = 3;

/// Convolutions: stride, padding and dilation per axis, groups, ragged edges, 1×1 kernels.
pub fn conv2d() -> BoxedStrategy<OperatorCase> {
    let channels = (groups(), several(3), several(3));
    let extra = uniform2(0..=4_usize);
    (
        several(MOST_SAMPLES),
        channels,
        conv_window(),
        extra,
        bias(),
        seed(),
    )
        .prop_map(
            |(batch, (groups, group_in, group_out), conv, extra, bias, seed)| {
                let conv = Conv2dSpec {
                    out_channels: groups * group_out,
                    groups,
                    bias,
                    ..conv
                };
                let [rows, columns] = [0, 1].map(|axis| {
                    let span = conv.dilation[axis] * (conv.kernel[axis] - 1) + 1;
                    (span + extra[axis])
                        .saturating_sub(2 * conv.padding[axis])
                        .max(1)
                });
                OperatorCase {
                    op: OpSpec::Conv2d(conv),
                    input: vec![batch, groups * group_in, rows, columns],
                    seed,
                }
            },
        )
        .boxed()
}

/// Transposed convolutions: the same, with output padding where stride or dilation allow it.
pub fn conv_transpose2d() -> BoxedStrategy<OperatorCase> {
    let shape = (several(MOST_SAMPLES), several(3), uniform2(1..=4_usize));
    (shape, conv_transpose_op(), seed())
        .prop_map(|((batch, group_in, [rows, columns]), mut op, seed)| {
            let groups = match &op {
                OpSpec::ConvTranspose2d(conv) => conv.groups,
                _ => 1,
            };
            let channels = groups * group_in;
            fit::fit(&mut op, [channels, rows, columns]).expect("the window has been made to fit");
            OperatorCase {
                op,
                input: vec![batch, channels, rows, columns],
                seed,
            }
        })
        .boxed()
}

/// Max-poolings: overlapping and gapped windows, padding, `ceil_mode`.
pub fn max_pool2d() -> BoxedStrategy<OperatorCase> {
    (image(), max_pool_op(), seed())
        .prop_map(pooling_case)
        .boxed()
}

/// Average poolings: the same, with padding counted or not.
pub fn avg_pool2d() -> BoxedStrategy<OperatorCase> {
    (image(), avg_pool_op(), seed())
        .prop_map(pooling_case)
        .boxed()
}

/// Adaptive average poolings: even shares and uneven ones, fewer outputs than inputs and more.
pub fn adaptive_avg_pool2d() -> BoxedStrategy<OperatorCase> {
    (image(), adaptive_avg_pool_op(), seed())
        .prop_map(pooling_case)
        .boxed()
}

/// Linear layers, with more inputs than the eight partial sums of a dot product at times.
pub fn linear() -> BoxedStrategy<OperatorCase> {
    let features = (several(20), several(5));
    (several(MOST_SAMPLES), features, bias(), seed())
        .prop_map(|(batch, (inputs, out_features), bias, seed)| OperatorCase {
            op: OpSpec::Linear(LinearSpec { out_features, bias }),
            input: vec![batch, inputs],
            seed,
        })
        .boxed()
}

/// Activations alone, softmax among them, and flatten.
pub fn elementwise() -> BoxedStrategy<OperatorCase> {
    let op = prop_oneof![
        1 => Just(OpSpec::Flatten {}),
        3 => activation(),
        1 => function::of_lines(),
    ];
    (image(), op, seed())
        .prop_map(|(input, op, seed)| OperatorCase {
            op,
            input: input.to_vec(),
            seed,
        })
        .boxed()
}

/// Learned slopes of negative inputs, one or one for each channel.
pub fn prelu() -> BoxedStrategy<OperatorCase> {
    (image(), any::<bool>(), seed())
        .prop_map(|(input, is_shared, seed)| OperatorCase {
            op: OpSpec::Prelu(PreluSpec {
                num_parameters: if is_shared { 1 } else { input[1] },
            }),
            input: input.to_vec(),
            seed,
        })
        .boxed()
}

/// Any single operator.
pub fn operator() -> BoxedStrategy<OperatorCase> {
    prop_oneof![
        3 => elementwise(),
        1 => prelu(),
        2 => linear(),
        2 => avg_pool2d(),
        2 => max_pool2d(),
        2 => normalization(),
        1 => adaptive_avg_pool2d(),
        4 => conv2d(),
        1 => conv1d(),
        1 => zero_pad2d(),
        2 => upsample(),
        3 => conv_transpose2d(),
        1 => residual(),
        1 => concatenation(),
    ]
    .boxed()
}

/// Small networks: convolutions, poolings, activations and blocks of branches, then linear layers,
/// under any loss.
pub fn network() -> BoxedStrategy<NetworkCase> {
    let image = (several(3), uniform2(2..=6_usize));
    let hidden = proptest::option::of((1..=4_usize, activation()));
    let head = (hidden, 2..=4_usize, bias());
    (
        several(MOST_SAMPLES),
        image,
        vec(branches::block(), 0..=4),
        head,
        loss(),
        seed(),
    )
        .prop_map(
            |(batch, (channels, [rows, columns]), blocks, (hidden, outputs, bias), loss, seed)| {
                let mut ops = Vec::new();
                let mut image = [channels, rows, columns];
                for block in blocks {
                    let (op, behind) = branches::place(block, image);
                    image = behind;
                    ops.push(op);
                }
                ops.push(OpSpec::Flatten {});
                if let Some((out_features, activation)) = hidden {
                    ops.push(OpSpec::Linear(LinearSpec { out_features, bias }));
                    ops.push(activation);
                }
                ops.push(OpSpec::Linear(LinearSpec {
                    out_features: outputs,
                    bias: true,
                }));
                NetworkCase {
                    spec: NetworkSpec {
                        name: "random".to_owned(),
                        input: vec![channels, rows, columns],
                        data: DataSpec::Random,
                        loss,
                        layers: ops
                            .into_iter()
                            .map(|op| LayerSpec { name: None, op })
                            .collect(),
                    },
                    batch,
                    seed,
                }
            },
        )
        .boxed()
}

/// One layer of a network's first part; its window is made to fit later.
fn block() -> BoxedStrategy<OpSpec> {
    let conv = (groups(), several(4), conv_window(), bias());
    let conv = conv.prop_map(|(groups, out_channels, conv, bias)| {
        OpSpec::Conv2d(Conv2dSpec {
            out_channels,
            groups,
            bias,
            ..conv
        })
    });
    prop_oneof![
        3 => activation(),
        1 => avg_pool_op(),
        1 => max_pool_op(),
        1 => normalization::normalization_op(),
        3 => conv,
        1 => conv_transpose_op(),
        1 => adaptive_avg_pool_op(),
        1 => resize::op(),
    ]
    .boxed()
}

fn activation() -> BoxedStrategy<OpSpec> {
    prop_oneof![
        2 => Just(OpSpec::Relu {}),
        1 => Just(OpSpec::Tanh {}),
        1 => Just(OpSpec::Sigmoid {}),
        3 => function::of_entries(),
    ]
    .boxed()
}

fn loss() -> BoxedStrategy<LossSpec> {
    prop_oneof![
        Just(LossSpec::WeightedSum {}),
        Just(LossSpec::MeanSquaredError {}),
        Just(LossSpec::Nll {
            class_weights: None
        }),
        Just(LossSpec::L1 {}),
        prop_oneof![Just(1.0), Just(0.75)].prop_map(|delta| LossSpec::Huber { delta }),
        Just(LossSpec::BceWithLogits {}),
        prop_oneof![Just(0.0), Just(0.125)].prop_map(|label_smoothing| {
            LossSpec::SoftmaxCrossEntropy {
                label_smoothing,
                class_weights: None,
            }
        }),
    ]
    .boxed()
}

/// A convolution's window, with the rest of the attributes to be filled in.
fn conv_window() -> BoxedStrategy<Conv2dSpec> {
    (
        uniform2(1..=3_usize),
        uniform2(1..=3_usize),
        uniform2(0..=2_usize),
        uniform2(1..=2_usize),
    )
        .prop_map(|(kernel, stride, padding, dilation)| Conv2dSpec {
            out_channels: 1,
            kernel,
            stride,
            padding,
            dilation,
            groups: 1,
            bias: true,
        })
        .boxed()
}

/// A transposed convolution; its paddings are made to fit later.
fn conv_transpose_op() -> BoxedStrategy<OpSpec> {
    let channels = (groups(), several(2));
    (channels, conv_window(), uniform2(0..=2_usize), bias())
        .prop_map(|((groups, group_out), conv, output_padding, bias)| {
            OpSpec::ConvTranspose2d(ConvTranspose2dSpec {
                out_channels: groups * group_out,
                kernel: conv.kernel,
                stride: conv.stride,
                padding: conv.padding,
                output_padding,
                dilation: conv.dilation,
                groups,
                bias,
            })
        })
        .boxed()
}

/// Batch, channels, rows and columns.
fn image() -> BoxedStrategy<[usize; 4]> {
    (several(MOST_SAMPLES), several(3), uniform2(1..=7_usize))
        .prop_map(|(batch, channels, [rows, columns])| [batch, channels, rows, columns])
        .boxed()
}

fn pooling_case((input, mut op, seed): ([usize; 4], OpSpec, u64)) -> OperatorCase {
    let [_, channels, rows, columns] = input;
    fit::fit(&mut op, [channels, rows, columns]).expect("the window has been shrunk to the image");
    OperatorCase {
        op,
        input: input.to_vec(),
        seed,
    }
}

/// 1 at times, and from 2 to `most` otherwise.
fn several(most: usize) -> BoxedStrategy<usize> {
    prop_oneof![1 => Just(1), 6 => 2..=most].boxed()
}

fn groups() -> BoxedStrategy<usize> {
    prop_oneof![2 => Just(1_usize), 1 => 2..=3_usize].boxed()
}

/// Mostly present.
fn bias() -> BoxedStrategy<bool> {
    proptest::bool::weighted(0.75).boxed()
}

fn seed() -> BoxedStrategy<u64> {
    (0..=u64::from(u32::MAX)).boxed()
}
