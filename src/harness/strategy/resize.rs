//! Zero paddings and upsamplings.

use proptest::array::{uniform2, uniform4};
use proptest::prelude::*;

use crate::harness::OperatorCase;
use crate::spec::{Interpolation, OpSpec, UpsampleSpec, ZeroPad2dSpec};

use super::{image, pooling_case, seed};

/// Zero paddings of up to three on each side, and croppings of one or two.
pub fn zero_pad2d() -> BoxedStrategy<OperatorCase> {
    (image(), zero_pad_op(), seed())
        .prop_map(pooling_case)
        .boxed()
}

/// Upsamplings by both modes, by sizes and by whole and broken factors, and downsamplings.
pub fn upsample() -> BoxedStrategy<OperatorCase> {
    (image(), upsample_op(), seed())
        .prop_map(pooling_case)
        .boxed()
}

/// One of either; its sizes are made to fit later.
pub(super) fn op() -> BoxedStrategy<OpSpec> {
    prop_oneof![zero_pad_op(), upsample_op()].boxed()
}

fn zero_pad_op() -> BoxedStrategy<OpSpec> {
    uniform4(-2..=3_isize)
        .prop_map(|padding| OpSpec::ZeroPad2d(ZeroPad2dSpec { padding }))
        .boxed()
}

fn upsample_op() -> BoxedStrategy<OpSpec> {
    let factors = &[2.0, 3.0, 1.0, 1.5, 1.25, 1.7, 2.3, 0.5, 0.75][..];
    let factors = uniform2(proptest::sample::select(factors));
    let by = prop_oneof![
        2 => uniform2(1..=9_usize).prop_map(|size| (Some(size), None)),
        3 => factors.prop_map(|factors| (None, Some(factors))),
    ];
    let mode = prop_oneof![Just(Interpolation::Nearest), Just(Interpolation::Bilinear)];
    (by, mode, any::<bool>(), any::<bool>())
        .prop_map(|((size, scale_factor), mode, align_corners, recompute)| {
            OpSpec::Upsample(UpsampleSpec {
                size,
                scale_factor,
                mode,
                align_corners: align_corners && mode == Interpolation::Bilinear,
                recompute_scale_factor: recompute && scale_factor.is_some(),
            })
        })
        .boxed()
}
