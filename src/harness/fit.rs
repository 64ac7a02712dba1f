//! Makes layers that were drawn without regard to each other fit together.

use crate::spec::OpSpec;
use crate::spec::extent::{Rounding, ShapeError};

/// Rows and columns that an image in a network may be spread to.
const MOST_SPREAD: usize = 4;

/// Keep what can make images larger from making them grow from layer to layer.
pub(super) fn keep_small(op: &mut OpSpec, image: [usize; 3]) {
    let most = [image[1], image[2]].map(|size| size.max(MOST_SPREAD));
    let conv = match op {
        OpSpec::ConvTranspose2d(conv) => conv,
        OpSpec::ZeroPad2d(pad) => {
            // Rows come after columns.
            for (axis, sides) in pad.padding.chunks_exact_mut(2).rev().enumerate() {
                let grown = image[1 + axis].saturating_add_signed(sides.iter().sum());
                if grown > most[axis] {
                    sides.copy_from_slice(&[1, -1]);
                }
            }
            return;
        }
        OpSpec::Upsample(upsample) => {
            let grown = upsample.output([image[1], image[2]]);
            if grown.is_ok_and(|grown| (0..2).any(|axis| grown[axis] > most[axis])) {
                (upsample.size, upsample.scale_factor) = (Some(most), None);
                upsample.recompute_scale_factor = false;
            }
            return;
        }
        _ => return,
    };
    for axis in 0..2 {
        let size = image[1 + axis];
        let largest =
            |stride: usize, reach: usize, extra: usize| (size - 1) * stride + reach + extra + 1;
        let most = most[axis];
        let reach = conv.dilation[axis] * (conv.kernel[axis] - 1);
        if largest(conv.stride[axis], reach, conv.output_padding[axis]) > most {
            (conv.dilation[axis], conv.output_padding[axis]) = (1, 0);
        }
        if largest(conv.stride[axis], conv.kernel[axis] - 1, 0) > most {
            conv.stride[axis] = 1;
        }
        if largest(1, conv.kernel[axis] - 1, 0) > most {
            // Of an odd kernel the padding takes away what it adds.
            (conv.kernel[axis], conv.padding[axis]) = (3, 1);
        }
    }
}

/// Shrink the operator's window to the image (channels, rows, columns), and return the image behind it.
pub(super) fn fit(op: &mut OpSpec, image: [usize; 3]) -> Result<[usize; 3], ShapeError> {
    let [channels, rows, columns] = image;
    let size = [rows, columns];
    let (channels, window, rounding) = match op {
        OpSpec::Conv2d(conv) => {
            for (axis, size) in size.into_iter().enumerate() {
                conv.kernel[axis] = conv.kernel[axis].min(size);
                if conv.dilation[axis] * (conv.kernel[axis] - 1) >= size {
                    conv.dilation[axis] = 1;
                }
                // More would make the image grow from layer to layer.
                let span = conv.dilation[axis] * (conv.kernel[axis] - 1) + 1;
                conv.padding[axis] = conv.padding[axis].min(span / 2);
            }
            if !channels.is_multiple_of(conv.groups)
                || !conv.out_channels.is_multiple_of(conv.groups)
            {
                conv.groups = 1;
            }
            (conv.out_channels, conv.window(), Rounding::Floor)
        }
        OpSpec::ConvTranspose2d(conv) => {
            for axis in 0..2 {
                let (stride, dilation) = (conv.stride[axis], conv.dilation[axis]);
                // More could cut off the whole output.
                conv.padding[axis] = conv.padding[axis].min(dilation * (conv.kernel[axis] - 1) / 2);
                conv.output_padding[axis] = conv.output_padding[axis].min(stride.max(dilation) - 1);
            }
            if !channels.is_multiple_of(conv.groups)
                || !conv.out_channels.is_multiple_of(conv.groups)
            {
                conv.groups = 1;
            }
            return conv.output(image);
        }
        OpSpec::MaxPool2d(pool) => {
            (pool.kernel, pool.padding) = pooling(pool.kernel, pool.padding, size);
            for (axis, size) in size.into_iter().enumerate() {
                if pool.dilation[axis] * (pool.kernel[axis] - 1) >= size {
                    pool.dilation[axis] = 1;
                }
            }
            (channels, pool.window(), rounding(pool.ceil_mode))
        }
        OpSpec::AdaptiveAvgPool2d(pool) => {
            let [rows, columns] = pool.output_size;
            return Ok([channels, rows, columns]);
        }
        OpSpec::ZeroPad2d(pad) => {
            for (axis, sides) in pad.padding.chunks_exact_mut(2).rev().enumerate() {
                let cut: usize = sides.iter().map(|side| (*side).min(0).unsigned_abs()).sum();
                if cut >= size[axis] {
                    sides.copy_from_slice(&[1, 0]);
                }
            }
            let [rows, columns] = pad.output(size)?;
            return Ok([channels, rows, columns]);
        }
        OpSpec::Upsample(upsample) => {
            for (axis, factor) in upsample.scale_factor.iter_mut().flatten().enumerate() {
                if size[axis] as f64 * *factor < 1.0 {
                    *factor = 1.0;
                }
            }
            let [rows, columns] = upsample.output(size)?;
            return Ok([channels, rows, columns]);
        }
        OpSpec::AvgPool2d(pool) => {
            (pool.kernel, pool.padding) = pooling(pool.kernel, pool.padding, size);
            (channels, pool.window(), rounding(pool.ceil_mode))
        }
        OpSpec::GroupNorm(norm) => {
            if !channels.is_multiple_of(norm.groups) {
                norm.groups = 1;
            }
            return Ok(image);
        }
        OpSpec::LayerNorm(norm) => {
            let first = image.len() - norm.normalized_shape.len();
            norm.normalized_shape = image[first..].to_vec();
            return Ok(image);
        }
        _ => return Ok(image),
    };
    let [rows, columns] = window.output(size, rounding)?;
    Ok([channels, rows, columns])
}

/// Kernel and padding of a pooling that fits into `size`.
fn pooling(
    mut kernel: [usize; 2],
    mut padding: [usize; 2],
    size: [usize; 2],
) -> ([usize; 2], [usize; 2]) {
    for axis in 0..2 {
        kernel[axis] = kernel[axis].min(size[axis]);
        padding[axis] = padding[axis].min(kernel[axis] / 2);
    }
    (kernel, padding)
}

fn rounding(ceil_mode: bool) -> Rounding {
    if ceil_mode {
        Rounding::Ceil
    } else {
        Rounding::Floor
    }
}
