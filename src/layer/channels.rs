//! Where the planes and kernels of a convolution, transposed or not, stand in its tensors.

use std::ops::Range;

use crate::tensor::Tensor;

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    /// Input channels of a group.
    pub(crate) group_in: usize,
    /// Output channels of a group.
    pub(crate) group_out: usize,
    /// Rows and columns of the input.
    pub(crate) input: [usize; 2],
    /// Rows and columns of the output.
    pub(crate) output: [usize; 2],
    /// Taps of a kernel.
    pub(crate) taps: usize,
}

impl Sizes {
    /// Of a layer with `groups` groups, whose kernels have the shape `weight` behind both channel axes,
    /// from x to y. Sequences (N, C, L) are images of one row.
    pub(crate) fn new<S>(groups: usize, weight: &Tensor<S>, x: &Tensor<S>, y: &Tensor<S>) -> Self {
        let (in_channels, out_channels) = (x.shape()[1], y.shape()[1]);
        Self {
            batch: x.shape()[0],
            in_channels,
            out_channels,
            group_in: in_channels / groups,
            group_out: out_channels / groups,
            input: plane(x.shape()),
            output: plane(y.shape()),
            taps: weight.shape()[2..].iter().product(),
        }
    }

    /// The plane of channel `o` of sample `n` in the output.
    pub(crate) fn output_plane(&self, n: usize, o: usize) -> Range<usize> {
        let size = self.output[0] * self.output[1];
        let start = (n * self.out_channels + o) * size;
        start..start + size
    }

    /// The number of channel `c` of the group of output channel `o` among the input's.
    pub(crate) fn input_channel(&self, o: usize, c: usize) -> usize {
        o / self.group_out * self.group_in + c
    }

    /// The plane in the input that is channel `c` of the group of output channel `o`.
    pub(crate) fn input_plane(&self, n: usize, o: usize, c: usize) -> Range<usize> {
        let size = self.input[0] * self.input[1];
        let start = (n * self.in_channels + self.input_channel(o, c)) * size;
        start..start + size
    }
}

fn plane(shape: &[usize]) -> [usize; 2] {
    match *shape {
        [_, _, rows, columns] => [rows, columns],
        [_, _, length] => [1, length],
        ref shape => panic!("{shape:?} is neither an image's shape nor a sequence's"),
    }
}
