//! The parameters of an operator, and the numbers that it needs while it runs.

use super::super::{Interpolation, OpSpec, largest_adaptive_window};
use super::{PlannedParameter, normalization};

/// Entries of the matrix of all windows, which the reverse source gathers.
pub(super) fn window_entries(op: &OpSpec, input: &[usize], output: &[usize]) -> usize {
    let kernel = match op {
        OpSpec::Conv1d(conv) => [1, conv.kernel],
        OpSpec::Conv2d(conv) => conv.kernel,
        OpSpec::ConvTranspose2d(conv) => conv.kernel,
        OpSpec::MaxPool2d(pool) => pool.kernel,
        OpSpec::AvgPool2d(pool) => pool.kernel,
        OpSpec::AdaptiveAvgPool2d(_) => {
            [2, 3].map(|axis| largest_adaptive_window(input[axis], output[axis]))
        }
        OpSpec::Upsample(upsample) if upsample.mode == Interpolation::Bilinear => {
            return saturating_product(&[&[4], output].concat());
        }
        _ => return 0,
    };
    saturating_product(&[&kernel[..], &output[2..], &input[..2]].concat())
}

fn saturating_product(factors: &[usize]) -> usize {
    factors
        .iter()
        .fold(1, |product: usize, factor| product.saturating_mul(*factor))
}

/// PyTorch starts a prelu's slopes at 0.25: initial values are within ±1/√16.
const SLOPE_FAN_IN: usize = 16;

/// The parameters of `op` in PyTorch's names and layouts, for an input of shape `input`.
pub(super) fn parameters(op: &OpSpec, layer: &str, input: &[usize]) -> Vec<PlannedParameter> {
    let (weight, units, bias) = match op {
        OpSpec::Conv1d(conv) => (
            vec![conv.out_channels, input[1] / conv.groups, conv.kernel],
            conv.out_channels,
            conv.bias,
        ),
        OpSpec::Conv2d(conv) => {
            let [rows, columns] = conv.kernel;
            (
                vec![conv.out_channels, input[1] / conv.groups, rows, columns],
                conv.out_channels,
                conv.bias,
            )
        }
        OpSpec::ConvTranspose2d(conv) => {
            let [rows, columns] = conv.kernel;
            (
                vec![input[1], conv.out_channels / conv.groups, rows, columns],
                conv.out_channels,
                conv.bias,
            )
        }
        OpSpec::Linear(linear) => (
            vec![linear.out_features, input[1]],
            linear.out_features,
            linear.bias,
        ),
        OpSpec::Prelu(prelu) => {
            return vec![PlannedParameter {
                name: format!("{layer}.weight"),
                shape: vec![prelu.num_parameters],
                fan_in: SLOPE_FAN_IN,
            }];
        }
        op => return normalization::parameters(op, layer, input),
    };
    // An overflow is reported when the parameter's own size is checked.
    let fan_in = crate::tensor::size(&weight[1..]).unwrap_or(usize::MAX);
    let mut parameters = vec![PlannedParameter {
        name: format!("{layer}.weight"),
        shape: weight,
        fan_in,
    }];
    if bias {
        parameters.push(PlannedParameter {
            name: format!("{layer}.bias"),
            shape: vec![units],
            fan_in,
        });
    }
    parameters
}
