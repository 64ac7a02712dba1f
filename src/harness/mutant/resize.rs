//! Faults in the backward of zero padding and upsampling, and the naive backward that they alter.

use crate::judge::diagnosis::{Axis, BugKind};
use crate::scalar::Scalar;
use crate::spec::{Interpolation, UpsampleSpec, ZeroPad2dSpec};
use crate::tensor::{Tensor, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::window::indices;

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ZeroPad2dFault {
    SidesSwapped,
    AxesSwapped,
    NotCropped,
    OffRows,
    OffColumns,
    LastRowDropped,
    LastColumnDropped,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum UpsampleFault {
    Overwritten,
    FirstAlone,
    Averaged,
    OtherMode,
    AlignCornersConfused,
    HalfPixelConfused,
    NotClamped,
    WeightsExchanged,
    AxesExchanged,
    ScaleRecomputed,
    LastRowDropped,
    LastColumnDropped,
}

const fn pad(
    fault: ZeroPad2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::ZeroPad2d(fault), name, words, Some(expected))
}

const fn resized(
    fault: UpsampleFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::Upsample(fault), name, words, Some(expected))
}

/// Every mutant of zero padding and upsampling.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use UpsampleFault as U;
    use ZeroPad2dFault as P;
    [
        pad(P::SidesSwapped, "sides_swapped", "left and right, and top and bottom, are exchanged", Kind::PaddingSwapped),
        pad(P::AxesSwapped, "axes_swapped", "rows are cropped by the paddings of columns, and columns by those of rows", Kind::PaddingSwapped),
        pad(P::NotCropped, "not_cropped", "dx begins where dy begins", Kind::PaddingIgnored),
        pad(P::OffRows, "off_rows", "dx begins one row too late in dy", Kind::Shifted(Axis::Rows)),
        pad(P::OffColumns, "off_columns", "dx begins one column too late in dy", Kind::Shifted(Axis::Columns)),
        pad(P::LastRowDropped, "last_row_dropped", "the last row of inputs takes no part", Kind::LastMissing(Axis::Rows)),
        pad(P::LastColumnDropped, "last_column_dropped", "the last column of inputs takes no part", Kind::LastMissing(Axis::Columns)),
        resized(U::Overwritten, "overwritten", "dx keeps the last output's share instead of the sum", Kind::Overwritten),
        resized(U::FirstAlone, "first_alone", "dx takes the first output's share alone", Kind::Overwritten),
        resized(U::Averaged, "averaged", "dx is divided by the outputs that an entry goes to", Kind::Averaged),
        resized(U::OtherMode, "other_mode", "dx is that of the other mode", Kind::ApproximateDerivative),
        resized(U::AlignCornersConfused, "align_corners_confused", "dx is that of bilinear with the other align_corners", Kind::ApproximateDerivative),
        resized(U::HalfPixelConfused, "half_pixel_confused", "the half of a pixel is left out by bilinear, and put in by nearest", Kind::ApproximateDerivative),
        resized(U::NotClamped, "not_clamped", "positions before the first entry stay there, and lose their share", Kind::ApproximateDerivative),
        resized(U::WeightsExchanged, "weights_exchanged", "each of two neighbours gets the other's weight", Kind::WeightsExchanged),
        resized(U::AxesExchanged, "axes_exchanged", "the distances along rows weight columns, and those along columns rows", Kind::Transposed),
        resized(U::ScaleRecomputed, "scale_recomputed", "the sizes' ratio is used instead of scale_factor, or the other way round", Kind::ApproximateDerivative),
        resized(U::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
        resized(U::LastColumnDropped, "last_column_dropped", "the last column of outputs takes no part", Kind::LastMissing(Axis::Columns)),
    ]
};

/// Compute dx of a zero padding: dy from where the entry went to, 0 when it was cut off.
pub(super) fn zero_pad2d<S: Scalar>(spec: ZeroPad2dSpec, pass: &Pass<'_, S>) -> Tensor<S> {
    use ZeroPad2dFault as F;
    let has = |fault| pass.fault == Some(Fault::ZeroPad2d(fault));
    let Pass { x, dy, .. } = *pass;
    let (x_shape, y_shape) = (x.shape(), dy.shape());
    let [left, right, top, bottom] = spec.padding;
    let mut begin = match () {
        () if has(F::SidesSwapped) => [bottom, right],
        () if has(F::AxesSwapped) => [left, top],
        () if has(F::NotCropped) => [0, 0],
        () => [top, left],
    };
    begin[0] += isize::from(has(F::OffRows));
    begin[1] += isize::from(has(F::OffColumns));
    let mut dx = zeros(x_shape);
    for [n, c, row, column] in indices(x_shape) {
        let dropped = has(F::LastRowDropped) && row + 1 == x_shape[2]
            || has(F::LastColumnDropped) && column + 1 == x_shape[3];
        let place = |axis: usize, at: usize| {
            let place = usize::try_from(at.cast_signed() + begin[axis]).ok();
            place.filter(|place| *place < y_shape[2 + axis])
        };
        if let Some((i, j)) = place(0, row).zip(place(1, column))
            && !dropped
        {
            dx[[n, c, row, column]] = dy[[n, c, i, j]];
        }
    }
    dx
}

/// What an output is made from along one axis: inputs, with their weights.
type Parts = Vec<(usize, f64)>;

/// Compute dx of an upsampling: every output's dy goes to what it was made from, by its weight.
pub(super) fn upsample<S: Scalar>(spec: UpsampleSpec, pass: &Pass<'_, S>) -> Tensor<S> {
    use UpsampleFault as F;
    let has = |fault| pass.fault == Some(Fault::Upsample(fault));
    let Pass { x, dy, .. } = *pass;
    let (x_shape, y_shape) = (x.shape(), dy.shape());
    let along = |axis: usize| -> Vec<Parts> {
        let sizes = [x_shape[2 + axis], y_shape[2 + axis]];
        (0..sizes[1])
            .map(|at| parts(spec, axis, sizes, at, has))
            .collect()
    };
    let (rows, columns) = (along(0), along(1));
    let total = |lines: &[Parts], entry: usize| {
        let mut total = S::zero();
        for (place, weight) in lines.iter().flatten() {
            if *place == entry {
                total += S::constant(*weight);
            }
        }
        total
    };
    let mut is_taken = x.mapv(|_| false);
    let mut dx = zeros(x_shape);
    for [n, c, i, j] in indices(y_shape) {
        let dropped = has(F::LastRowDropped) && i + 1 == y_shape[2]
            || has(F::LastColumnDropped) && j + 1 == y_shape[3];
        if dropped {
            continue;
        }
        for (u, (row, a)) in rows[i].iter().enumerate() {
            for (v, (column, b)) in columns[j].iter().enumerate() {
                let (mut a, mut b) = (*a, *b);
                if has(F::AxesExchanged) {
                    (a, b) = (columns[j][u].1, rows[i][v].1);
                }
                let is_part = a.abs() > 0.0 && b.abs() > 0.0;
                if !is_part {
                    continue;
                }
                let mut share = S::constant(a) * (S::constant(b) * dy[[n, c, i, j]]);
                if has(F::Averaged) {
                    share = share / (total(&rows, *row) * total(&columns, *column));
                }
                let place = [n, c, *row, *column];
                if has(F::FirstAlone) && is_taken[place] {
                    continue;
                }
                is_taken[place] = true;
                if has(F::Overwritten) {
                    dx[place] = share;
                } else {
                    dx[place] += share;
                }
            }
        }
    }
    dx
}

/// What output `at` of an axis is made from, for so many inputs and outputs.
fn parts(
    spec: UpsampleSpec,
    axis: usize,
    [inputs, outputs]: [usize; 2],
    at: usize,
    has: impl Fn(UpsampleFault) -> bool,
) -> Parts {
    use UpsampleFault as F;
    let is_nearest = (spec.mode == Interpolation::Nearest) != has(F::OtherMode);
    let uses_factor = spec.recompute_scale_factor == has(F::ScaleRecomputed);
    let factor = spec.scale_factor.filter(|_| uses_factor);
    let factor = factor.map(|factors| factors[axis]);
    let half_pixel = is_nearest == has(F::HalfPixelConfused);
    if is_nearest {
        let step = factor.map_or(inputs as f32 / outputs as f32, |factor| {
            (1.0 / factor) as f32
        });
        let place = match () {
            () if half_pixel => (at as f32 + 0.5) * step,
            () if outputs == inputs => at as f32,
            () if outputs == 2 * inputs => at as f32 / 2.0,
            () => at as f32 * step,
        };
        return vec![((place as usize).min(inputs - 1), 1.0)];
    }
    if inputs == outputs {
        return vec![(at, 1.0), (at, 0.0)];
    }
    let place = if spec.align_corners == has(F::AlignCornersConfused) {
        let step = factor.map_or(inputs as f64 / outputs as f64, |factor| 1.0 / factor);
        if half_pixel {
            step * (at as f64 + 0.5) - 0.5
        } else {
            step * at as f64
        }
    } else if outputs > 1 {
        (inputs as f64 - 1.0) / (outputs as f64 - 1.0) * at as f64
    } else {
        0.0
    };
    let last = inputs.cast_signed() - 1;
    let mut below = (f64::from(place as f32).floor() as isize).min(last);
    let mut share = (place - below as f64).clamp(0.0, 1.0);
    if below < 0 && has(F::NotClamped) {
        return vec![(0, 0.0), (0, share)];
    }
    if below < 0 {
        (below, share) = (0, 0.0);
    }
    if has(F::WeightsExchanged) {
        share = 1.0 - share;
    }
    vec![
        (below.unsigned_abs(), 1.0 - share),
        ((below + 1).min(last).unsigned_abs(), share),
    ]
}
