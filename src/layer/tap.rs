//! The taps of a convolution's kernel, and which entries of two planes each of them joins.
//!
//! A convolution slides over its input and writes its output; a transposed convolution reads its input
//! at the windows, and slides over its output. Both join the same pairs: the entry of the *windows'*
//! plane with one of the plane that they *slide over*.

use std::ops::Range;

use crate::scalar::{Scalar, dot};
use crate::spec::extent::Window;

/// A tap of the kernel, with the rectangle of windows for which it is inside of the plane they slide over.
pub(super) struct Tap {
    /// Position in the kernel.
    pub(super) at: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Position in the plane below of what it meets at the rectangle's first window.
    first: usize,
}

/// The two planes that a window joins.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    window: Window,
    /// Rows and columns of the plane that windows slide over.
    below: [usize; 2],
    /// Rows and columns of windows.
    windows: [usize; 2],
}

impl Planes {
    /// `windows` of them, over a plane of `below` rows and columns.
    pub(super) fn new(window: Window, below: [usize; 2], windows: [usize; 2]) -> Self {
        Self {
            window,
            below,
            windows,
        }
    }

    /// The taps that are inside of the plane below for any window, in row-major order.
    pub(super) fn taps(&self) -> Vec<Tap> {
        let reach = |axis: usize, tap: usize| {
            let (below, windows) = (self.below[axis], self.windows[axis]);
            let (start, end) = self.window.positions(axis, tap, below, windows);
            let first = self.window.input_index(axis, start, tap, below)?;
            (start < end).then_some((start..end, first))
        };
        let [height, width] = self.window.kernel;
        (0..height * width)
            .filter_map(|at| {
                let ((rows, row), (columns, column)) =
                    (reach(0, at / width)?, reach(1, at % width)?);
                Some(Tap {
                    at,
                    rows,
                    columns,
                    first: row * self.below[1] + column,
                })
            })
            .collect()
    }

    /// Each piece of a row of windows that `tap` reaches, as a range in their plane, with the position in
    /// the plane below of what its first entry meets.
    pub(super) fn meetings(&self, tap: &Tap) -> impl Iterator<Item = (Range<usize>, usize)> {
        let (width, step) = (self.windows[1], self.window.stride[0] * self.below[1]);
        let (Range { start, end }, first) = (tap.columns.clone(), tap.first);
        let rows = tap.rows.clone().enumerate();
        rows.map(move |(met, row)| (row * width + start..row * width + end, first + met * step))
    }
}

/// Σ_j a[j] · below[stride·j].
pub(super) fn strided_dot<S: Scalar>(a: &[S], below: &[S], stride: usize) -> S {
    if stride == 1 {
        return dot(a, &below[..a.len()]);
    }
    let mut sum = S::zero();
    for (a, below) in a.iter().zip(below.iter().step_by(stride)) {
        sum.add_product(a, below);
    }
    sum
}

/// below[stride·j] += k·a[j].
pub(super) fn scatter<S: Scalar>(below: &mut [S], k: S, a: &[S], stride: usize) {
    for (below, a) in below.iter_mut().step_by(stride).zip(a) {
        below.add_product(&k, a);
    }
}
