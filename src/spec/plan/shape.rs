//! The shape of what an operator makes of an input.

use super::super::extent::{Rounding, ShapeError, Window, checked_size};
use super::super::groups::check_groups;
use super::super::{Conv2dSpec, LinearSpec, OpSpec, activation};
use super::normalization;

/// The shape of the output of `op`, batch first.
pub(super) fn output_shape(op: &OpSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    match op {
        OpSpec::Conv1d(conv) => conv.output(input),
        OpSpec::Conv2d(conv) => conv_output(conv, input),
        OpSpec::ConvTranspose2d(conv) => {
            let [batch, channels, rows, columns] = image(input)?;
            Ok([&[batch][..], &conv.output([channels, rows, columns])?].concat())
        }
        OpSpec::Linear(linear) => linear_output(linear, input),
        OpSpec::Relu {} | OpSpec::Tanh {} | OpSpec::Sigmoid {} => Ok(input.to_vec()),
        OpSpec::LeakyRelu(_)
        | OpSpec::Elu(_)
        | OpSpec::Selu {}
        | OpSpec::Gelu(_)
        | OpSpec::Silu {}
        | OpSpec::Mish {}
        | OpSpec::Softplus(_)
        | OpSpec::Hardswish {}
        | OpSpec::Hardtanh(_)
        | OpSpec::Softmax(_)
        | OpSpec::LogSoftmax(_)
        | OpSpec::Prelu(_)
        | OpSpec::Dropout(_) => {
            activation::check(op, input)?;
            Ok(input.to_vec())
        }
        OpSpec::MaxPool2d(pool) => pool_output(&pool.window(), rounding(pool.ceil_mode), input),
        OpSpec::AvgPool2d(pool) => pool_output(&pool.window(), rounding(pool.ceil_mode), input),
        OpSpec::BatchNorm2d(norm) => normalization::batch_norm(norm, input),
        OpSpec::LayerNorm(norm) => normalization::layer_norm(norm, input),
        OpSpec::GroupNorm(norm) => normalization::group_norm(norm.groups, norm.eps, input),
        OpSpec::InstanceNorm(norm) => {
            image(input)?;
            normalization::group_norm(1, norm.eps, input)
        }
        OpSpec::AdaptiveAvgPool2d(pool) => {
            let [batch, channels, _, _] = image(input)?;
            let [rows, columns] = pool.output_size;
            Ok(vec![batch, channels, rows, columns])
        }
        // A plan goes through the layers of a block one by one.
        OpSpec::Residual(_) | OpSpec::Concatenation(_) => Err(ShapeError::EmptyBlock),
        OpSpec::ZeroPad2d(pad) => resized(input, |image| pad.output(image)),
        OpSpec::Upsample(upsample) => resized(input, |image| upsample.output(image)),
        OpSpec::Flatten {} => Ok(vec![input[0], checked_size("its input", &input[1..])?]),
    }
}

/// The same images with other rows and columns.
fn resized(
    input: &[usize],
    output: impl Fn([usize; 2]) -> Result<[usize; 2], ShapeError>,
) -> Result<Vec<usize>, ShapeError> {
    let [batch, channels, rows, columns] = image(input)?;
    let [rows, columns] = output([rows, columns])?;
    Ok(vec![batch, channels, rows, columns])
}

fn conv_output(conv: &Conv2dSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    let [batch, channels, rows, columns] = image(input)?;
    check_groups(conv.groups, channels, conv.out_channels)?;
    let [rows, columns] = conv.window().output([rows, columns], Rounding::Floor)?;
    Ok(vec![batch, conv.out_channels, rows, columns])
}

fn linear_output(linear: &LinearSpec, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    let &[batch, _] = input else {
        return Err(ShapeError::Rank {
            wanted: "[batch, features]",
            got: input.to_vec(),
            hint: ": put a 'flatten' layer before it",
        });
    };
    Ok(vec![batch, linear.out_features])
}

fn pool_output(
    window: &Window,
    rounding: Rounding,
    input: &[usize],
) -> Result<Vec<usize>, ShapeError> {
    let [batch, channels, rows, columns] = image(input)?;
    let size = [rows, columns];
    let [rows, columns] = window.output(size, rounding)?;
    window.check_pooling_padding()?;
    window.check_taps_meet_the_input(size)?;
    Ok(vec![batch, channels, rows, columns])
}

pub(super) fn image(shape: &[usize]) -> Result<[usize; 4], ShapeError> {
    shape.try_into().map_err(|_| ShapeError::Rank {
        wanted: "[batch, channels, rows, columns]",
        got: shape.to_vec(),
        hint: "",
    })
}

fn rounding(ceil_mode: bool) -> Rounding {
    if ceil_mode {
        Rounding::Ceil
    } else {
        Rounding::Floor
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{NetworkSpec, extent::MOST_ENTRIES};
    use super::super::Plan;

    fn refusal(input: &str, op: &str) -> String {
        let text = format!(
            "name = 'net'\ninput = {input}\nloss = {{ op = 'weighted_sum' }}\nlayers = [{{ {op} }}]"
        );
        let spec = NetworkSpec::from_toml(&text).expect("well written");
        Plan::new(&spec, 2).expect_err(op).to_string()
    }

    #[test]
    fn what_changes_the_size_of_images_needs_images_of_a_size_that_fits() {
        let large = format!("op = 'zero_pad2d', padding = {}", MOST_ENTRIES / 4);
        for (input, op, words) in [
            (
                "[8]",
                "op = 'zero_pad2d', padding = 1",
                "network 'net', layer 'pad1' (zero_pad2d): needs an input of shape [batch, channels, rows, columns], and gets [2, 8]",
            ),
            (
                "[2, 8]",
                "op = 'upsample', scale_factor = 2",
                "layer 'upsample1' (upsample): needs an input of shape",
            ),
            (
                "[2, 8]",
                "op = 'conv1d', out_channels = 1, kernel = 9",
                "layer 'conv1' (conv1d): a kernel of 9",
            ),
            ("[3, 4, 5]", "op = 'upsample', size = 0", "is 0"),
            (
                "[3, 4, 5]",
                "op = 'zero_pad2d', padding = [0, 0, -2, -2]",
                "leaves nothing of an input of [4, 5]",
            ),
            ("[3, 4, 5]", &large, "too large"),
            (
                "[3, 4, 5]",
                "op = 'upsample', size = 100000000000",
                "too large",
            ),
            // Each tensor fits, and the four neighbours of each output do not.
            (
                "[1, 2, 2]",
                "op = 'upsample', size = 4096, mode = 'bilinear'",
                "needs 167772168 numbers",
            ),
        ] {
            let refused = refusal(input, op);
            assert!(refused.contains(words), "{op}: {refused}");
        }
    }
}
