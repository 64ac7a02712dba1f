//! Poolings over windows; they are made to fit later.

use proptest::array::uniform2;
use proptest::prelude::*;

use crate::spec::{AdaptiveAvgPool2dSpec, AvgPool2dSpec, MaxPool2dSpec, OpSpec};

use super::bias;

pub(super) fn max_pool_op() -> BoxedStrategy<OpSpec> {
    let dilation = prop_oneof![2 => Just([1, 1]), 1 => uniform2(1..=3_usize)];
    (
        uniform2(1..=3_usize),
        pooling_stride(),
        uniform2(0..=1_usize),
        any::<bool>(),
        dilation,
    )
        .prop_map(|(kernel, stride, padding, ceil_mode, dilation)| {
            OpSpec::MaxPool2d(MaxPool2dSpec {
                kernel,
                stride,
                padding,
                dilation,
                ceil_mode,
            })
        })
        .boxed()
}

pub(super) fn avg_pool_op() -> BoxedStrategy<OpSpec> {
    let modes = (any::<bool>(), bias());
    (
        uniform2(1..=3_usize),
        pooling_stride(),
        uniform2(0..=1_usize),
        modes,
    )
        .prop_map(
            |(kernel, stride, padding, (ceil_mode, count_include_pad))| {
                OpSpec::AvgPool2d(AvgPool2dSpec {
                    kernel,
                    stride,
                    padding,
                    ceil_mode,
                    count_include_pad,
                })
            },
        )
        .boxed()
}

pub(super) fn adaptive_avg_pool_op() -> BoxedStrategy<OpSpec> {
    uniform2(1..=4_usize)
        .prop_map(|output_size| OpSpec::AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec { output_size }))
        .boxed()
}

/// No stride, which means the kernel's size, or one per axis.
fn pooling_stride() -> BoxedStrategy<Option<[usize; 2]>> {
    proptest::option::of(uniform2(1..=3_usize)).boxed()
}
