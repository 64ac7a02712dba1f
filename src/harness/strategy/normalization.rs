//! Normalisations.

use proptest::prelude::*;

use crate::harness::{OperatorCase, fit};
use crate::spec::{BatchNorm2dSpec, GroupNormSpec, InstanceNormSpec, LayerNormSpec, OpSpec};

use super::{bias, groups, image, seed};

/// Normalisations of every kind, of sets of one entry too.
pub fn normalization() -> BoxedStrategy<OperatorCase> {
    (image(), normalization_op(), seed())
        .prop_map(|(input, mut op, seed)| {
            let [_, channels, rows, columns] = input;
            fit::fit(&mut op, [channels, rows, columns]).expect("there is no window");
            OperatorCase {
                op,
                input: input.to_vec(),
                seed,
            }
        })
        .boxed()
}

/// Groups, and the axes of a layer norm, are made to fit later.
pub(super) fn normalization_op() -> BoxedStrategy<OpSpec> {
    let eps = prop_oneof![1 => Just(1e-5), 2 => Just(0.125)];
    let kind = prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    (kind, eps, bias(), groups(), 1..=3_usize, any::<bool>())
        .prop_map(|(kind, eps, affine, groups, axes, training)| match kind {
            0 => OpSpec::BatchNorm2d(BatchNorm2dSpec {
                eps,
                affine,
                training: training || affine,
                running_mean: None,
                running_var: None,
            }),
            1 => OpSpec::LayerNorm(LayerNormSpec {
                normalized_shape: vec![1; axes],
                eps,
                affine,
            }),
            2 => OpSpec::GroupNorm(GroupNormSpec {
                groups,
                eps,
                affine,
            }),
            _ => OpSpec::InstanceNorm(InstanceNormSpec { eps, affine }),
        })
        .boxed()
}
