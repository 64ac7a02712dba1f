//! What writes to each output of a transposed convolution: the indices that `gather` goes by.
//!
//! c channel · h×w input · (a,b) output · (u,v) tap · s stride · p padding · d dilation
//!
//! Input (i,j) writes to (a,b) through tap (u,v) where s·i = a + p − d·u and s·j = b + p − d·v: so i is
//! known from a and u, and there is none when the division leaves a rest. Rows of an activation are
//! numbered as in [`super::window`], and the row past the last is zero.

use crate::layer::ConvTranspose2d;
use crate::spec::extent::Window;

/// Rows by channel, tap and output: (C·kh·kw, H′·W′).
pub(super) fn writers(window: Window, input: &[usize], output: &[usize]) -> Vec<usize> {
    let (channels, height, width) = (input[1], input[2], input[3]);
    let nothing = channels * height * width;
    let along = |axis: usize, size: usize, at: usize, tap: usize| {
        let distance = (at + window.padding[axis]).checked_sub(tap * window.dilation[axis])?;
        let stride = window.stride[axis];
        (distance % stride == 0 && distance / stride < size).then_some(distance / stride)
    };
    let mut rows = Vec::with_capacity(channels * output[2] * output[3]);
    for channel in 0..channels {
        for u in 0..window.kernel[0] {
            for v in 0..window.kernel[1] {
                for a in 0..output[2] {
                    for b in 0..output[3] {
                        let writer = along(0, height, a, u).zip(along(1, width, b, v));
                        rows.push(
                            writer.map_or(nothing, |(i, j)| (channel * height + i) * width + j),
                        );
                    }
                }
            }
        }
    }
    rows
}

/// Positions in the weight (C, O/G, kh, kw) in the order (O, C/G, kh, kw).
pub(super) fn weight_by_output(
    conv: &ConvTranspose2d,
    channels: usize,
    outputs: usize,
) -> Vec<usize> {
    let taps = conv.window.kernel[0] * conv.window.kernel[1];
    let (group_in, group_out) = (channels / conv.groups, outputs / conv.groups);
    let mut places = Vec::with_capacity(outputs * group_in * taps);
    for group in 0..conv.groups {
        for output in 0..group_out {
            for channel in group * group_in..(group + 1) * group_in {
                let kernel = (channel * group_out + output) * taps;
                places.extend(kernel..kernel + taps);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs in a row, kernel 1×3, stride 2: 0 writes to 0, 1, 2, and 1 to 2, 3, 4. One column is cut
    /// off at the beginning, none at the end where one more stands: the outputs are 1, 2, 3, 4.
    #[test]
    fn writers_are_those_that_a_drawing_shows() {
        let window = Window {
            kernel: [1, 3],
            stride: [1, 2],
            padding: [0, 1],
            dilation: [1, 1],
        };
        let by_tap = [
            2, 1, 2, 2, // tap 0: to 0 and 2
            0, 2, 1, 2, // tap 1: to 1 and 3
            2, 0, 2, 1, // tap 2: to 2 and 4
        ];
        assert_eq!(writers(window, &[1, 1, 1, 2], &[1, 1, 1, 4]), by_tap);
    }

    #[test]
    fn the_weight_is_read_by_output_channel() {
        let conv = ConvTranspose2d {
            window: Window {
                kernel: [1, 2],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
            },
            output_padding: [0, 0],
            groups: 2,
        };
        // (4, 1, 1, 2): inputs 0 and 1 lead to output 0, 2 and 3 to output 1.
        assert_eq!(weight_by_output(&conv, 4, 2), [0, 1, 2, 3, 4, 5, 6, 7]);
        // (2, 2, 1, 2) in one group each: input 0 leads to outputs 0 and 1.
        assert_eq!(weight_by_output(&conv, 2, 4), [0, 1, 2, 3, 4, 5, 6, 7]);
        let one_group = ConvTranspose2d { groups: 1, ..conv };
        // (2, 2, 1, 2): output 0 has the kernels at 0 and 4, output 1 those at 2 and 6.
        assert_eq!(weight_by_output(&one_group, 2, 2), [0, 1, 4, 5, 2, 3, 6, 7]);
    }
}
