//! Which entries of a plane make up which entries of another one, by rows and by columns.

use crate::spec::extent::Window;

use super::correlation::COLUMNS;

/// How the planes that are read lead to the planes that are written.
///
/// What is read is first copied, with zeros around its rows: all entries of a written row are then sums
/// of the same terms, at places that move along with them. Where windows move by more than an entry,
/// each row is dealt out into as many parts, so that places are neighbours again.
pub(in super::super) struct Geometry {
    /// Rows and columns of a plane that is read.
    pub(super) read: [usize; 2],
    /// Rows and columns of a plane that is written.
    pub(super) written: [usize; 2],
    /// Taps of a kernel, and those of one of its rows.
    pub(super) taps: usize,
    pub(super) kernel_width: usize,
    /// Parts of a copied row.
    pub(super) parts: usize,
    /// Length of a part.
    pub(super) part: usize,
    /// Zeros before the first entry of a copied row.
    pub(super) lead: usize,
    /// Of each written row where its terms end in `row_terms`.
    pub(super) row_ends: Vec<usize>,
    /// Kernel row and row that is read.
    pub(super) row_terms: Vec<(usize, usize)>,
    pub(super) columns: Vec<Columns>,
}

/// Written columns that are sums of the same terms.
pub(super) struct Columns {
    /// The first of them, and the step to the next.
    pub(super) first: usize,
    pub(super) step: usize,
    pub(super) count: usize,
    /// Kernel column, and place in the copied row that the first of them meets.
    pub(super) terms: Vec<(usize, usize)>,
}

impl Geometry {
    /// `windows` read what they meet in the plane `below`, as in a convolution.
    pub(in super::super) fn sliding(
        window: Window,
        below: [usize; 2],
        windows: [usize; 2],
    ) -> Self {
        let [height, width] = window.kernel;
        let (stride, dilation) = (window.stride[1], window.dilation[1]);
        let part = dilation * (width - 1) / stride + windows[1].next_multiple_of(COLUMNS);
        let terms = (0..width).map(|v| {
            let at = dilation * v;
            (v, at % stride * part + at / stride)
        });
        let columns = Columns {
            first: 0,
            step: 1,
            count: windows[1],
            terms: terms.collect(),
        };
        let rows = (0..windows[0]).map(|i| {
            (0..height).filter_map(move |u| Some((u, window.input_index(0, i, u, below[0])?)))
        });
        Self {
            read: below,
            written: windows,
            taps: height * width,
            kernel_width: width,
            parts: stride,
            part,
            lead: window.padding[1],
            columns: vec![columns],
            ..Self::of_rows(rows)
        }
    }

    /// `windows` are spread over what they meet in the plane `below`, as in a convolution's backward pass.
    pub(in super::super) fn spreading(
        window: Window,
        below: [usize; 2],
        windows: [usize; 2],
    ) -> Self {
        let [height, width] = window.kernel;
        let [stride, padding, dilation] =
            [window.stride, window.padding, window.dilation].map(|axes| axes[1]);
        // Window j meets column s·j + d·v − p by tap v. That of column s·m + f is m + (f + p − d·v)/s.
        let lead = (dilation * (width - 1))
            .saturating_sub(padding)
            .div_ceil(stride);
        let columns: Vec<Columns> = (0..stride.min(below[1]))
            .map(|first| {
                let terms = (0..width).filter_map(|v| {
                    let at = (first + padding + stride * lead).checked_sub(dilation * v)?;
                    at.is_multiple_of(stride).then_some((v, at / stride))
                });
                Columns {
                    first,
                    step: stride,
                    count: (below[1] - first).div_ceil(stride),
                    terms: terms.collect(),
                }
            })
            .collect();
        let ends = columns.iter().flat_map(|columns| {
            let count = columns.count.next_multiple_of(COLUMNS);
            columns.terms.iter().map(move |(_, at)| at + count)
        });
        let part = ends.max().unwrap_or(0);
        let rows = (0..below[0]).map(|row| {
            (0..height).filter_map(move |u| {
                let at = (row + window.padding[0]).checked_sub(window.dilation[0] * u)?;
                let i = at / window.stride[0];
                (at.is_multiple_of(window.stride[0]) && i < windows[0]).then_some((u, i))
            })
        });
        Self {
            read: windows,
            written: below,
            taps: height * width,
            kernel_width: width,
            parts: 1,
            part,
            lead,
            columns,
            ..Self::of_rows(rows)
        }
    }

    fn of_rows(rows: impl Iterator<Item = impl Iterator<Item = (usize, usize)>>) -> Self {
        let (mut row_ends, mut row_terms) = (Vec::new(), Vec::new());
        for row in rows {
            row_terms.extend(row);
            row_ends.push(row_terms.len());
        }
        Self {
            read: [0, 0],
            written: [0, 0],
            taps: 0,
            kernel_width: 0,
            parts: 1,
            part: 0,
            lead: 0,
            row_ends,
            row_terms,
            columns: Vec::new(),
        }
    }

    /// Length of a copied row.
    pub(super) fn row(&self) -> usize {
        self.parts * self.part
    }
}
