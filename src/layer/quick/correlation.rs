//! Sums over kernels: a convolution's forward pass, and the way back to its input.

use std::ops::Range;

use crate::scalar::Scalar;
use crate::scalar::vector::{Kernel, vectorized};

use super::Geometry;
use super::geometry::Columns;

/// A sweep over a written row takes this many columns, or half of them.
pub(super) const COLUMNS: usize = 16;

/// Written channels times taps from which on it is worth while to copy what is read.
pub(in super::super) const QUICK_FROM: usize = 8;

/// Written channels of which a sweep takes care at once.
const CHANNELS: usize = 4;

/// y[n,o] = start[o] + Σ_{c,u,v} k[o,c,u,v] · x[n,c] at what (u,v) meets, in the order of (c,u,v).
///
/// c and o are the channels of one of the groups.
pub(in super::super) struct Correlation<'a, S> {
    pub(in super::super) geometry: &'a Geometry,
    pub(in super::super) batch: usize,
    pub(in super::super) groups: usize,
    /// Channels of a group that are read.
    pub(in super::super) read: usize,
    /// Channels of a group that are written.
    pub(in super::super) written: usize,
    pub(in super::super) weights: &'a [S],
    /// From a kernel to that of the next channel that is written, and that is read.
    pub(in super::super) steps: [usize; 2],
    /// What sums start from; zero when there is none.
    pub(in super::super) start: Option<&'a [S]>,
}

impl<S: Scalar> Correlation<'_, S> {
    /// Whether sums are the same as without the zeros around rows.
    ///
    /// A term 0·k does not alter any sum but −0, and a sum is that only if it starts from it; but with
    /// an infinite k it is no number.
    #[must_use]
    pub(in super::super) fn is_exact(&self) -> bool {
        let is_finite = |k: &S| k.primal().is_finite();
        let is_minus_zero = |b: &S| b.primal().to_bits() == (-0.0_f64).to_bits();
        self.weights.iter().all(is_finite)
            && !self
                .start
                .is_some_and(|start| start.iter().any(is_minus_zero))
    }

    /// Write the channels in `channels` of every sample's y.
    pub(in super::super) fn write(&self, x: &[S], channels: Range<usize>, y: &mut [S]) {
        let geometry = self.geometry;
        let terms = self.read * geometry.taps;
        let first = channels.start;
        let mut packed = Vec::with_capacity(channels.len() * terms);
        for block in blocks(self.written, channels) {
            for c in 0..self.read {
                for tap in 0..geometry.taps {
                    packed.extend(block.clone().map(|o| {
                        let (group, o) = (o / self.written, o % self.written);
                        let group = group * self.written * self.read * geometry.taps;
                        self.weights[group + o * self.steps[0] + c * self.steps[1] + tap]
                    }));
                }
            }
        }
        let rows = self.read * geometry.read[0];
        vectorized(Write {
            of: self,
            packed: &packed,
            copied: &mut vec![S::zero(); rows * geometry.row()],
            x,
            channels: first..first + packed.len() / terms.max(1),
            y,
        });
    }
}

/// `channels` cut where groups end, and into pieces of [`CHANNELS`] and less.
#[inline(always)]
fn blocks(of_group: usize, channels: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut start = channels.start;
    std::iter::from_fn(move || {
        let end = (start + CHANNELS)
            .min((start / of_group + 1) * of_group)
            .min(channels.end);
        let block = start..end;
        start = end;
        (!block.is_empty()).then_some(block)
    })
}

/// The work of [`Correlation::write`].
struct Write<'a, S> {
    of: &'a Correlation<'a, S>,
    /// Weights by block of channels, term, and channel of the block.
    packed: &'a [S],
    /// The planes of a group with zeros around their rows.
    copied: &'a mut [S],
    x: &'a [S],
    channels: Range<usize>,
    y: &'a mut [S],
}

impl<S: Scalar> Kernel for Write<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Correlation {
            geometry,
            batch,
            groups,
            read,
            written,
            start,
            ..
        } = *self.of;
        let terms = read * geometry.taps;
        let planes = read * geometry.read[0] * geometry.read[1];
        let plane = geometry.written[0] * geometry.written[1];
        for n in 0..batch {
            let (mut copied, mut weights) = (usize::MAX, self.packed);
            for block in blocks(written, self.channels.clone()) {
                let group = block.start / written;
                if group != copied {
                    let x = &self.x[(n * groups + group) * planes..][..planes];
                    copy(geometry, x, self.copied);
                    copied = group;
                }
                let (own, rest) = weights.split_at(block.len() * terms);
                weights = rest;
                let first = n * groups * written + block.start;
                let y = &mut self.y[first * plane..][..block.len() * plane];
                let start = start.map(|start| &start[block.clone()]);
                match block.len() {
                    1 => write_block::<S, 1>(geometry, own, self.copied, start, y),
                    2 => write_block::<S, 2>(geometry, own, self.copied, start, y),
                    3 => write_block::<S, 3>(geometry, own, self.copied, start, y),
                    _ => write_block::<S, CHANNELS>(geometry, own, self.copied, start, y),
                }
            }
        }
    }
}

/// Copy the planes `x` between the zeros of `copied`.
#[inline(always)]
fn copy<S: Scalar>(geometry: &Geometry, x: &[S], copied: &mut [S]) {
    let (part, parts, lead) = (geometry.part, geometry.parts, geometry.lead);
    let rows = x.chunks_exact(geometry.read[1]);
    for (row, copied) in rows.zip(copied.chunks_exact_mut(geometry.row().max(1))) {
        if parts == 1 {
            // What lies beyond is met by no tap.
            let count = row.len().min(part.saturating_sub(lead));
            copied[lead.min(part)..][..count].copy_from_slice(&row[..count]);
        } else {
            for (column, x) in row.iter().enumerate() {
                let at = lead + column;
                if at / parts < part {
                    copied[at % parts * part + at / parts] = *x;
                }
            }
        }
    }
}

/// Write the planes of `O` channels.
#[inline(always)]
fn write_block<S: Scalar, const O: usize>(
    geometry: &Geometry,
    weights: &[S],
    x: &[S],
    start: Option<&[S]>,
    y: &mut [S],
) {
    let (weights, _) = weights.as_chunks::<O>();
    let mut initial = [S::zero(); O];
    if let Some(start) = start {
        initial.copy_from_slice(start);
    }
    let plane = geometry.written[0] * geometry.written[1];
    let mut first_term = 0;
    for (row, end) in geometry.row_ends.iter().enumerate() {
        let rows = &geometry.row_terms[first_term..*end];
        first_term = *end;
        for columns in &geometry.columns {
            let mut column = 0;
            while column < columns.count {
                let at = row * geometry.written[1] + columns.first + column * columns.step;
                let left = columns.count - column;
                // A loop over eight columns of numbers that are not quick is not vectorised.
                if left > COLUMNS / 2 || !S::IS_QUICK {
                    let sums =
                        sums::<S, O, COLUMNS>(geometry, columns, rows, column, weights, x, initial);
                    store(&sums, left, columns.step, plane, at, y);
                    column += COLUMNS;
                } else {
                    let sums = sums::<S, O, { COLUMNS / 2 }>(
                        geometry, columns, rows, column, weights, x, initial,
                    );
                    store(&sums, left, columns.step, plane, at, y);
                    column += COLUMNS / 2;
                }
            }
        }
    }
}

/// The sums of `O` channels and `J` columns, from number `column` on.
#[inline(always)]
fn sums<S: Scalar, const O: usize, const J: usize>(
    geometry: &Geometry,
    columns: &Columns,
    rows: &[(usize, usize)],
    column: usize,
    weights: &[[S; O]],
    x: &[S],
    initial: [S; O],
) -> [[S; J]; O] {
    let mut sums = initial.map(|start| [start; J]);
    let (width, length) = (geometry.kernel_width, geometry.row());
    // Without any entries where no tap meets anything.
    let channels = weights.chunks_exact(geometry.taps);
    for (weights, x) in channels.zip(x.chunks_exact((geometry.read[0] * length).max(1))) {
        for (u, row) in rows {
            let weights = &weights[u * width..][..width];
            let x = &x[row * length..][..length];
            for (v, at) in &columns.terms {
                let weights = &weights[*v];
                let x: &[S; J] = x[at + column..]
                    .first_chunk()
                    .expect("copied rows go on beyond the last column");
                for o in 0..O {
                    for j in 0..J {
                        sums[o][j].add_product(&weights[o], &x[j]);
                    }
                }
            }
        }
    }
    sums
}

/// Write the first `left` sums of each channel to its plane, from `at` on.
#[inline(always)]
fn store<S: Scalar, const O: usize, const J: usize>(
    sums: &[[S; J]; O],
    left: usize,
    step: usize,
    plane: usize,
    at: usize,
    y: &mut [S],
) {
    for o in 0..O {
        let y = &mut y[o * plane + at..];
        if step == 1 && left >= J {
            y[..J].copy_from_slice(&sums[o]);
        } else {
            for (j, sum) in sums[o].iter().enumerate().take(left) {
                y[j * step] = *sum;
            }
        }
    }
}
