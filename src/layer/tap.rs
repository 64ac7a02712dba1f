//! The taps of a convolution's kernel, and which entries of two planes each of them joins.
//!
//! A convolution slides over its input and writes its output; a transposed convolution reads its input
//! at the windows, and slides over its output. Both join the same pairs: the entry of the *windows'*
//! plane with one of the plane that they *slide over*.

use std::ops::Range;

use crate::scalar::{Scalar, axpy, dot};
use crate::spec::extent::Window;

/// A tap of the kernel, with the rectangle of windows for which it is inside of the plane they slide over.
pub(crate) struct Tap {
    /// Position in the kernel.
    pub(crate) at: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Position in the plane below of what it meets at the rectangle's first window.
    first: usize,
}

/// The two planes that a window joins.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    window: Window,
    /// Rows and columns of the plane that windows slide over.
    below: [usize; 2],
    /// Rows and columns of windows.
    windows: [usize; 2],
}

impl Planes {
    /// `windows` of them, over a plane of `below` rows and columns.
    pub(crate) fn new(window: Window, below: [usize; 2], windows: [usize; 2]) -> Self {
        Self {
            window,
            below,
            windows,
        }
    }

    /// Rows and columns of windows.
    pub(crate) fn windows(&self) -> [usize; 2] {
        self.windows
    }

    /// Rows and columns of the plane that windows slide over.
    pub(crate) fn below(&self) -> [usize; 2] {
        self.below
    }

    /// Taps of the kernel.
    pub(crate) fn kernel(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    /// Step from a window's column to that of the next.
    pub(crate) fn stride(&self) -> usize {
        self.window.stride[1]
    }

    /// The taps that are inside of the plane below for any window, in row-major order.
    pub(crate) fn taps(&self) -> Vec<Tap> {
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

    /// Rectangles that cover all windows, each with the taps that reach it: one when there is no padding.
    pub(crate) fn patches(&self) -> Vec<Patch> {
        let [height, width] = [0, 1].map(|axis| self.stretches(axis));
        let pairs = height
            .iter()
            .flat_map(|rows| width.iter().map(move |columns| (rows, columns)));
        let patches = pairs.map(|(rows, columns)| Patch {
            rows: rows.windows.clone(),
            columns: columns.windows.clone(),
            taps: rows
                .taps
                .iter()
                .flat_map(|(u, row)| {
                    let of_row = columns.taps.iter();
                    of_row.map(move |(v, column)| {
                        (u * self.window.kernel[1] + v, row * self.below[1] + column)
                    })
                })
                .collect(),
        });
        patches.collect()
    }

    fn stretches(&self, axis: usize) -> Vec<Stretch> {
        let (below, windows) = (self.below[axis], self.windows[axis]);
        let reached = |tap| self.window.positions(axis, tap, below, windows);
        let taps = 0..self.window.kernel[axis];
        let mut ends: Vec<usize> = taps
            .clone()
            .flat_map(|tap| <[usize; 2]>::from(reached(tap)))
            .chain([0, windows])
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let stretches = ends.windows(2).map(|ends| Stretch {
            windows: ends[0]..ends[1],
            taps: taps
                .clone()
                .filter_map(|tap| {
                    let met = self.window.input_index(axis, ends[0], tap, below)?;
                    Some((tap, met))
                })
                .collect(),
        });
        stretches.collect()
    }

    /// Each row of `patch`, as a range in the windows' plane, with the distance in the plane below from
    /// what the first row's first window meets.
    pub(crate) fn rows(&self, patch: &Patch) -> impl Iterator<Item = (Range<usize>, usize)> {
        let (width, step) = (self.windows[1], self.window.stride[0] * self.below[1]);
        let Range { start, end } = patch.columns.clone();
        let rows = patch.rows.clone().enumerate();
        rows.map(move |(met, row)| (row * width + start..row * width + end, met * step))
    }

    /// Each piece of a row of windows that `tap` reaches, as a range in their plane, with the position in
    /// the plane below of what its first entry meets.
    #[inline(always)]
    pub(crate) fn meetings(&self, tap: &Tap) -> impl Iterator<Item = (Range<usize>, usize)> {
        let (width, step) = (self.windows[1], self.window.stride[0] * self.below[1]);
        let (Range { start, end }, first) = (tap.columns.clone(), tap.first);
        let rows = tap.rows.clone().enumerate();
        rows.map(move |(met, row)| (row * width + start..row * width + end, first + met * step))
    }
}

/// A rectangle of windows that the same taps reach.
pub(crate) struct Patch {
    rows: Range<usize>,
    columns: Range<usize>,
    /// Those taps, in row-major order: position in the kernel, and position in the plane below of what
    /// it meets at the rectangle's first window.
    pub(crate) taps: Vec<(usize, usize)>,
}

/// Windows along one axis that the same taps reach: those taps, with what each meets at the first.
struct Stretch {
    windows: Range<usize>,
    taps: Vec<(usize, usize)>,
}

/// Σ_j a[j] · below[stride·j].
#[inline]
pub(crate) fn strided_dot<S: Scalar>(a: &[S], below: &[S], stride: usize) -> S {
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
#[inline]
pub(crate) fn scatter<S: Scalar>(below: &mut [S], k: S, a: &[S], stride: usize) {
    if stride == 1 {
        // Apart from the others, since the compiler does not vectorise a step that it cannot see.
        return axpy(&mut below[..a.len()], k, a, 1);
    }
    for (below, a) in below.iter_mut().step_by(stride).zip(a) {
        below.add_product(&k, a);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs of window and entry below that each tap joins.
    type Joined = Vec<(usize, usize, usize)>;

    #[test]
    fn patches_join_what_taps_join() {
        let (mut cases, mut untouched) = (0, 0);
        for kernel in 1..4 {
            for (stride, dilation) in [(1, 1), (2, 1), (1, 2), (3, 2)] {
                for padding in 0..6 {
                    let window = Window {
                        kernel: [kernel, 2],
                        stride: [stride, 1],
                        padding: [padding, 1],
                        dilation: [dilation, 1],
                    };
                    let windows = (5 + 2 * padding).checked_sub(dilation * (kernel - 1) + 1);
                    let Some(rows) = windows.map(|last| last / stride + 1) else {
                        continue;
                    };
                    let planes = Planes::new(window, [5, 4], [rows, 5]);
                    let (mut by_tap, mut by_patch) = (Joined::new(), Joined::new());
                    for tap in planes.taps() {
                        for (met, at) in planes.meetings(&tap) {
                            by_tap.extend(met.zip(at..).map(|(window, at)| (window, tap.at, at)));
                        }
                    }
                    let mut covered = vec![0; rows * 5];
                    for patch in planes.patches() {
                        untouched += usize::from(patch.taps.is_empty());
                        for (met, below) in planes.rows(&patch) {
                            covered[met.clone()]
                                .iter_mut()
                                .for_each(|times| *times += 1);
                            for (tap, first) in &patch.taps {
                                let at = below + first..;
                                by_patch.extend(met.clone().zip(at).map(|(w, at)| (w, *tap, at)));
                            }
                        }
                    }
                    assert!(covered.iter().all(|times| *times == 1), "{window:?}");
                    by_tap.sort_unstable();
                    by_patch.sort_unstable();
                    assert_eq!(by_patch, by_tap, "{window:?}");
                    cases += 1;
                }
            }
        }
        assert!(
            cases > 60 && untouched > 10,
            "{cases} windows, {untouched} patches in the padding"
        );
    }
}
