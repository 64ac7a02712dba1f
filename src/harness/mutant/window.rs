//! Where windows lie, by signed arithmetic, so that a fault can move them anywhere.

use crate::spec::extent::Window;

/// A window that a fault may have moved; rows first.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Taps.
    pub(super) kernel: [usize; 2],
    /// Distance between windows.
    pub(super) stride: [isize; 2],
    /// Rows and columns before the input.
    pub(super) padding: [isize; 2],
    /// Distance between taps.
    pub(super) dilation: [isize; 2],
    /// Rows and columns of the input.
    pub(super) input: [usize; 2],
}

impl Place {
    /// Where `window` lies on an image tensor of shape `input`.
    pub(super) fn new(window: &Window, input: &[usize]) -> Self {
        let signed = |sizes: [usize; 2]| sizes.map(|size| size as isize);
        Self {
            kernel: window.kernel,
            stride: signed(window.stride),
            padding: signed(window.padding),
            dilation: signed(window.dilation),
            input: [input[2], input[3]],
        }
    }

    /// The input's row and column that `tap` meets at output `position`; `None` outside of the input.
    pub(super) fn meets(&self, position: [usize; 2], tap: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let at = self.stride[axis] * position[axis] as isize
                + self.dilation[axis] * tap[axis] as isize
                - self.padding[axis];
            usize::try_from(at).ok().filter(|at| *at < self.input[axis])
        };
        Some([along(0)?, along(1)?])
    }

    /// What every tap meets at output `position`, in row-major order, as far as it is inside.
    pub(super) fn inside(&self, position: [usize; 2]) -> Vec<[usize; 2]> {
        indices(&[1, 1, self.kernel[0], self.kernel[1]])
            .filter_map(|[_, _, u, v]| self.meets(position, [u, v]))
            .collect()
    }
}

/// Every index of a tensor of rank 4, in row-major order.
pub(super) fn indices(shape: &[usize]) -> impl Iterator<Item = [usize; 4]> + use<> {
    let [a, b, c, d] = [shape[0], shape[1], shape[2], shape[3]];
    (0..a).flat_map(move |i| {
        (0..b).flat_map(move |j| (0..c).flat_map(move |k| (0..d).map(move |l| [i, j, k, l])))
    })
}
