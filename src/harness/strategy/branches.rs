//! Blocks of branches: residual ones, with and without a projection, and concatenations.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::harness::{OperatorCase, fit};
use crate::spec::{
    AdaptiveAvgPool2dSpec, ConcatenationSpec, Conv2dSpec, LayerSpec, OpSpec, ResidualSpec,
};

use super::{image, seed};

/// What stands at one place of a network's first part; it is made to fit later.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// One operator.
    One(OpSpec),
    /// Layers, and what they give added to the input.
    Residual {
        layers: Vec<OpSpec>,
        /// Whether the shortcut is a projection even where the shapes do not ask for one.
        is_projected: bool,
    },
    /// Branches side by side.
    Concatenation(Vec<Vec<OpSpec>>),
}

/// Residual blocks on images, with and without a projection.
pub fn residual() -> BoxedStrategy<OperatorCase> {
    case(residual_block()).boxed()
}

/// Concatenations of two or three branches on images, some of which may be without layers.
pub fn concatenation() -> BoxedStrategy<OperatorCase> {
    case(concatenation_block()).boxed()
}

/// One operator mostly, or a block of branches.
pub(super) fn block() -> BoxedStrategy<Block> {
    prop_oneof![
        8 => super::block().prop_map(Block::One),
        1 => residual_block(),
        1 => concatenation_block(),
    ]
    .boxed()
}

fn residual_block() -> BoxedStrategy<Block> {
    (vec(super::block(), 1..=3), any::<bool>())
        .prop_map(|(layers, is_projected)| Block::Residual {
            layers,
            is_projected,
        })
        .boxed()
}

fn concatenation_block() -> BoxedStrategy<Block> {
    vec(vec(super::block(), 0..=2), 2..=3)
        .prop_map(Block::Concatenation)
        .boxed()
}

fn case(block: BoxedStrategy<Block>) -> BoxedStrategy<OperatorCase> {
    (image(), block, seed())
        .prop_map(|(input, block, seed)| {
            let [_, channels, rows, columns] = input;
            OperatorCase {
                op: place(block, [channels, rows, columns]).0,
                input: input.to_vec(),
                seed,
            }
        })
        .boxed()
}

/// The block as an operator on `image` (channels, rows, columns), and the image behind it.
///
/// # Panics
/// When a window does not fit after it has been made to.
pub(super) fn place(block: Block, image: [usize; 3]) -> (OpSpec, [usize; 3]) {
    match block {
        Block::One(mut op) => {
            let behind = fit_one(&mut op, image);
            (op, behind)
        }
        Block::Residual {
            layers,
            is_projected,
        } => {
            let (layers, behind) = chain(layers, image);
            let mut shortcut = Vec::new();
            if is_projected || behind[0] != image[0] {
                shortcut.push(layer(projection(behind[0])));
            }
            shortcut.extend(resized(image, behind));
            (OpSpec::Residual(ResidualSpec { layers, shortcut }), behind)
        }
        Block::Concatenation(branches) => {
            let mut placed: Vec<(Vec<LayerSpec>, [usize; 3])> = branches
                .into_iter()
                .map(|branch| chain(branch, image))
                .collect();
            let mut behind = placed[0].1;
            behind[0] = 0;
            for (layers, own) in &mut placed {
                layers.extend(resized(*own, behind));
                behind[0] += own[0];
            }
            let branches = placed.into_iter().map(|(layers, _)| layers).collect();
            let dim = 1;
            (
                OpSpec::Concatenation(ConcatenationSpec { branches, dim }),
                behind,
            )
        }
    }
}

fn fit_one(op: &mut OpSpec, image: [usize; 3]) -> [usize; 3] {
    fit::keep_small(op, image);
    fit::fit(op, image).expect("windows have been shrunk to the image")
}

fn chain(ops: Vec<OpSpec>, mut image: [usize; 3]) -> (Vec<LayerSpec>, [usize; 3]) {
    let mut layers = Vec::with_capacity(ops.len());
    for mut op in ops {
        image = fit_one(&mut op, image);
        layers.push(layer(op));
    }
    (layers, image)
}

fn layer(op: OpSpec) -> LayerSpec {
    LayerSpec { name: None, op }
}

fn projection(out_channels: usize) -> OpSpec {
    OpSpec::Conv2d(Conv2dSpec {
        out_channels,
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        bias: true,
    })
}

/// What brings an image to the rows and columns of `wanted`; nothing when it has them.
fn resized(image: [usize; 3], wanted: [usize; 3]) -> Option<LayerSpec> {
    let output_size = [wanted[1], wanted[2]];
    let pool = AdaptiveAvgPool2dSpec { output_size };
    (image[1..] != wanted[1..]).then(|| layer(OpSpec::AdaptiveAvgPool2d(pool)))
}
