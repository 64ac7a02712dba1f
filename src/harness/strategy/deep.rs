//! Networks up to depth 8 and width 128.

use proptest::array::uniform2;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::data::digits;
use crate::harness::{DeepNetworkCase, Weights, fit};
use crate::spec::{
    Conv2dSpec, DataSpec, LayerSpec, LinearSpec, LossSpec, NetworkSpec, OpSpec, PenaltySpec,
};

use super::{
    MOST_SAMPLES, activation, avg_pool_op, bias, conv_window, loss, max_pool_op,
    normalization::normalization_op, seed, several,
};

/// The most layers with parameters.
const DEPTH: usize = 8;

/// The most features of a linear layer and channels of a convolution.
const WIDTH: usize = 128;

/// The most multiplications of one layer for one sample: of two large sizes one has to give way.
const MOST_PRODUCTS: usize = 1 << 19;

/// The first and the last of these have the objective's gradient in the range of everyday work, and
/// near the smallest numbers of `f32`.
const SCALES: [f64; 4] = [1.0, 1e-3, 1e-6, 1e-9];

/// A layer with parameters and what follows it; the layer is a convolution or linear by its place.
#[derive(Clone, Debug)]
struct Block {
    width: usize,
    conv: Conv2dSpec,
    /// Follows a convolution only.
    normalization: Option<OpSpec>,
    activation: Option<OpSpec>,
    /// Follows a convolution only.
    pooling: Option<OpSpec>,
}

/// What a network is fed with.
#[derive(Clone, Copy, Debug)]
enum Input {
    Features(usize),
    Image([usize; 3]),
    Digits,
}

/// Deep and wide networks, dense and convolutional, under any loss at scales from 1 to 1e-9, with
/// weights of both signs or of one, on random data or digits, with or without penalty.
pub fn deep_network() -> BoxedStrategy<DeepNetworkCase> {
    let shapes = (
        input(),
        several(MOST_SAMPLES),
        vec(block(), 0..DEPTH),
        0..DEPTH,
        2..=10_usize,
    );
    let objective = (loss(), proptest::sample::select(&SCALES[..]), penalty());
    let weights = prop_oneof![3 => Just(Weights::Signed), 1 => Just(Weights::Positive)];
    (shapes, objective, weights, seed())
        .prop_map(
            |((input, batch, blocks, convolutions, outputs), objective, weights, seed)| {
                let (loss, scale, penalty) = objective;
                DeepNetworkCase {
                    spec: spec(input, blocks, convolutions, outputs, loss),
                    batch,
                    seed,
                    weights,
                    scale,
                    penalty,
                }
            },
        )
        .boxed()
}

/// The network whose first `convolutions` blocks are convolutional, if it sees images, and the rest
/// linear.
fn spec(
    input: Input,
    blocks: Vec<Block>,
    convolutions: usize,
    outputs: usize,
    loss: LossSpec,
) -> NetworkSpec {
    let shape = match input {
        Input::Features(features) => vec![features],
        Input::Image(image) => image.to_vec(),
        Input::Digits => digits::SHAPE.to_vec(),
    };
    let mut ops = Vec::new();
    let mut linear = blocks.as_slice();
    if let [channels, rows, columns] = shape[..] {
        let convolutional;
        (convolutional, linear) = blocks.split_at(convolutions.min(blocks.len()));
        let mut image = [channels, rows, columns];
        for block in convolutional {
            image = add_convolution(block, image, &mut ops);
        }
        ops.push(OpSpec::Flatten {});
        add_linear(linear, image.iter().product(), outputs, &mut ops);
    } else {
        add_linear(linear, shape[0], outputs, &mut ops);
    }
    NetworkSpec {
        name: "deep".to_owned(),
        input: shape,
        data: match input {
            Input::Digits => DataSpec::Digits,
            _ => DataSpec::Random,
        },
        loss,
        layers: ops
            .into_iter()
            .map(|op| LayerSpec { name: None, op })
            .collect(),
    }
}

/// Add a block as convolution, made to fit `image`, and return the image behind it.
fn add_convolution(block: &Block, image: [usize; 3], ops: &mut Vec<OpSpec>) -> [usize; 3] {
    let fit = |op: &mut OpSpec, image| fit::fit(op, image).expect("windows are shrunk to images");
    let mut op = OpSpec::Conv2d(Conv2dSpec {
        out_channels: block.width,
        ..block.conv.clone()
    });
    let mut image_behind = fit(&mut op, image);
    if let OpSpec::Conv2d(conv) = &mut op {
        let products = image[0] / conv.groups
            * conv.kernel.iter().product::<usize>()
            * image_behind[1..].iter().product::<usize>();
        let most = (MOST_PRODUCTS / products) / conv.groups * conv.groups;
        conv.out_channels = conv.out_channels.min(most.max(conv.groups));
        image_behind[0] = conv.out_channels;
    }
    ops.push(op);
    if let Some(mut normalization) = block.normalization.clone() {
        fit(&mut normalization, image_behind);
        ops.push(normalization);
    }
    ops.extend(block.activation.clone());
    if let Some(mut pooling) = block.pooling.clone() {
        image_behind = fit(&mut pooling, image_behind);
        ops.push(pooling);
    }
    image_behind
}

/// Add blocks as linear layers, and one with `outputs` features behind them.
fn add_linear(blocks: &[Block], mut inputs: usize, outputs: usize, ops: &mut Vec<OpSpec>) {
    for block in blocks {
        let out_features = block.width.min((MOST_PRODUCTS / inputs).max(1));
        ops.push(OpSpec::Linear(LinearSpec {
            out_features,
            bias: block.conv.bias,
        }));
        ops.extend(block.activation.clone());
        inputs = out_features;
    }
    ops.push(OpSpec::Linear(LinearSpec {
        out_features: outputs,
        bias: true,
    }));
}

fn input() -> BoxedStrategy<Input> {
    prop_oneof![
        2 => width().prop_map(Input::Features),
        3 => (several(4), uniform2(2..=12_usize))
            .prop_map(|(channels, [rows, columns])| Input::Image([channels, rows, columns])),
        2 => Just(Input::Digits),
    ]
    .boxed()
}

fn block() -> BoxedStrategy<Block> {
    let groups = prop_oneof![3 => Just(1_usize), 1 => 2..=4_usize];
    let pooling = prop_oneof![
        2 => Just(None),
        1 => max_pool_op().prop_map(Some),
        1 => avg_pool_op().prop_map(Some),
    ];
    let activation = proptest::option::weighted(0.8, activation());
    let normalization = proptest::option::weighted(0.25, normalization_op());
    let between = (normalization, activation, pooling);
    (width(), groups, conv_window(), bias(), between)
        .prop_map(
            |(width, groups, conv, bias, (normalization, activation, pooling))| Block {
                width,
                conv: Conv2dSpec {
                    groups,
                    bias,
                    ..conv
                },
                normalization,
                activation,
                pooling,
            },
        )
        .boxed()
}

/// Small, middling and large, about equally often.
fn width() -> BoxedStrategy<usize> {
    prop_oneof![1..=8_usize, 9..=32_usize, 33..=WIDTH].boxed()
}

fn penalty() -> BoxedStrategy<Option<PenaltySpec>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(PenaltySpec::L2 { strength: 0.01 })),
        1 => Just(Some(PenaltySpec::L1 { strength: 0.01 })),
    ]
    .boxed()
}
