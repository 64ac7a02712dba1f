//! Activations with their attributes.

use proptest::prelude::*;

use crate::harness::OperatorCase;
use crate::spec::{
    Approximation, DropoutSpec, EluSpec, GeluSpec, HardtanhSpec, LeakyReluSpec, OpSpec,
    SoftmaxSpec, SoftplusSpec,
};

/// Functions of each entry alone. Slopes and bounds are short, so that products with them are exact.
pub(super) fn of_entries() -> BoxedStrategy<OpSpec> {
    let sample = |values: &'static [f64]| proptest::sample::select(values);
    let leaky = sample(&[0.125, 0.25, 0.0, 1.5]);
    let elu = sample(&[1.0, 0.5, 1.75]);
    let gelu = prop_oneof![Just(Approximation::None), Just(Approximation::Tanh)];
    let softplus = (sample(&[1.0, 0.5, 3.0]), sample(&[20.0, 5.0]));
    let hardtanh = (sample(&[-1.0, -2.5, 0.0]), sample(&[1.0, 0.5, 3.0]));
    prop_oneof![
        leaky.prop_map(|negative_slope| OpSpec::LeakyRelu(LeakyReluSpec { negative_slope })),
        elu.prop_map(|alpha| OpSpec::Elu(EluSpec { alpha })),
        Just(OpSpec::Selu {}),
        gelu.prop_map(|approximate| OpSpec::Gelu(GeluSpec { approximate })),
        Just(OpSpec::Silu {}),
        Just(OpSpec::Mish {}),
        softplus.prop_map(|(beta, threshold)| OpSpec::Softplus(SoftplusSpec { beta, threshold })),
        Just(OpSpec::Hardswish {}),
        hardtanh.prop_map(|(min_val, max_val)| OpSpec::Hardtanh(HardtanhSpec { min_val, max_val })),
    ]
    .boxed()
}

/// Functions of the entries along an axis.
pub(super) fn of_lines() -> BoxedStrategy<OpSpec> {
    let dim = proptest::sample::select(&[-1_isize, 1, 2, -2][..]);
    prop_oneof![
        dim.clone()
            .prop_map(|dim| OpSpec::Softmax(SoftmaxSpec { dim })),
        dim.prop_map(|dim| OpSpec::LogSoftmax(SoftmaxSpec { dim })),
    ]
    .boxed()
}

/// Dropout under a seeded mask, or switched off.
pub fn dropout() -> BoxedStrategy<OperatorCase> {
    let p = proptest::sample::select(&[0.5, 0.25, 0.75, 0.0][..]);
    (
        super::image(),
        p,
        0..=u64::from(u16::MAX),
        any::<bool>(),
        super::seed(),
    )
        .prop_map(|(input, p, mask, training, seed)| OperatorCase {
            op: OpSpec::Dropout(DropoutSpec {
                p,
                seed: mask,
                training: training || mask % 4 != 0,
            }),
            input: input.to_vec(),
            seed,
        })
        .boxed()
}
