//! Faults in a convolution's backward, and the naive backward that they alter.

use crate::judge::diagnosis::{Axis, BugKind, Factor};
use crate::layer::{Conv2d, LayerGradients};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::window::{Place, indices};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum Conv2dFault {
    DxKernelRotated,
    DxKernelMirroredRows,
    DxKernelMirroredColumns,
    DxKernelTransposed,
    DxOverwritten,
    DxZero,
    DkRotated,
    DkMirroredRows,
    DkMirroredColumns,
    DkTransposed,
    DkChannelsSwapped,
    DkChannelsRolled,
    DkOverwritten,
    DkFirstSample,
    DkOverPositions,
    DkOverBatch,
    DkSign,
    DkTwice,
    DbFirstSample,
    DbMeanOverSpace,
    DbZero,
    DbTwice,
    GroupsReadFirst,
    GroupsRolled,
    StrideIgnored,
    DilationIgnored,
    PaddingOffRows,
    PaddingOffColumns,
    PaddingOffBoth,
    PaddingIgnored,
    LastRowDropped,
    LastColumnDropped,
    BordersDropped,
}

const fn mutant(
    fault: Conv2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::Conv2d(fault), name, words, Some(expected))
}

/// Every mutant of the convolution.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use Conv2dFault as F;
    [
        mutant(F::DxKernelRotated, "dx_kernel_rotated", "dx multiplies with the kernel rotated by 180 degrees", Kind::KernelRotated),
        mutant(F::DxKernelMirroredRows, "dx_kernel_mirrored_rows", "dx multiplies with the kernel upside down", Kind::KernelMirrored(Axis::Rows)),
        mutant(F::DxKernelMirroredColumns, "dx_kernel_mirrored_columns", "dx multiplies with the kernel's columns reversed", Kind::KernelMirrored(Axis::Columns)),
        mutant(F::DxKernelTransposed, "dx_kernel_transposed", "dx multiplies with a square kernel's rows for columns", Kind::Transposed),
        mutant(F::DxOverwritten, "dx_overwritten", "dx keeps the last contribution instead of their sum", Kind::Overwritten),
        mutant(F::DxZero, "dx_zero", "dx is left at zero", Kind::Zero),
        mutant(F::DkRotated, "dk_rotated", "dk is rotated by 180 degrees", Kind::KernelRotated),
        mutant(F::DkMirroredRows, "dk_mirrored_rows", "dk is upside down", Kind::KernelMirrored(Axis::Rows)),
        mutant(F::DkMirroredColumns, "dk_mirrored_columns", "dk has its columns reversed", Kind::KernelMirrored(Axis::Columns)),
        mutant(F::DkTransposed, "dk_transposed", "dk of a square kernel has rows for columns", Kind::Transposed),
        mutant(F::DkChannelsSwapped, "dk_channels_swapped", "dk has input for output channels, where there are equally many", Kind::ChannelsSwapped),
        mutant(F::DkChannelsRolled, "dk_channels_rolled", "dk stands at the next output channel", Kind::ChannelsRolled),
        mutant(F::DkOverwritten, "dk_overwritten", "dk keeps the last sample's share instead of the batch's sum", Kind::Overwritten),
        mutant(F::DkFirstSample, "dk_first_sample", "dk is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DkOverPositions, "dk_over_positions", "dk is a mean over output positions", Kind::Factor(Factor::OverPositions)),
        mutant(F::DkOverBatch, "dk_over_batch", "dk is divided by the batch once more", Kind::Factor(Factor::OverBatch)),
        mutant(F::DkSign, "dk_sign", "dk has the other sign", Kind::Sign),
        mutant(F::DkTwice, "dk_twice", "dk is added twice", Kind::Factor(Factor::Two)),
        mutant(F::DbFirstSample, "db_first_sample", "db is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbMeanOverSpace, "db_mean_over_space", "db is a mean over output positions", Kind::Factor(Factor::OverPositions)),
        mutant(F::DbZero, "db_zero", "db is left at zero", Kind::Zero),
        mutant(F::DbTwice, "db_twice", "db is added twice", Kind::Factor(Factor::Two)),
        mutant(F::GroupsReadFirst, "groups_read_first", "every group meets the first group's input channels", Kind::GroupsRolled),
        mutant(F::GroupsRolled, "groups_rolled", "every group meets the next group's input channels", Kind::GroupsRolled),
        mutant(F::StrideIgnored, "stride_ignored", "windows are one step apart", Kind::StrideIgnored),
        mutant(F::DilationIgnored, "dilation_ignored", "taps are one step apart", Kind::DilationIgnored),
        mutant(F::PaddingOffRows, "padding_off_rows", "windows begin one row too early", Kind::Shifted(Axis::Rows)),
        mutant(F::PaddingOffColumns, "padding_off_columns", "windows begin one column too early", Kind::Shifted(Axis::Columns)),
        mutant(F::PaddingOffBoth, "padding_off_both", "windows begin one row and one column too early", Kind::Shifted(Axis::Both)),
        mutant(F::PaddingIgnored, "padding_ignored", "windows begin at the input's edge", Kind::PaddingIgnored),
        mutant(F::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
        mutant(F::LastColumnDropped, "last_column_dropped", "the last column of outputs takes no part", Kind::LastMissing(Axis::Columns)),
        mutant(F::BordersDropped, "borders_dropped", "the border of the outputs takes no part", Kind::BordersMissing),
    ]
};

/// Compute dx, dk and, if there is a bias, db: one product of dy with a tap at a time.
pub(super) fn backward<S: Scalar>(conv: &Conv2d, pass: &Pass<'_, S>) -> LayerGradients<S> {
    let has = |fault| pass.fault == Some(Fault::Conv2d(fault));
    let Pass { x, dy, .. } = *pass;
    let k = &pass.parameters[0];
    let y_shape = dy.shape();
    let place = place(conv, x.shape(), &has);
    let group_out = y_shape[1] / conv.groups;
    let mut dx = zeros(x.shape());
    let mut dk = zeros(k.shape());
    let mut db = zeros(&[y_shape[1]]);
    for [n, o, i, j] in indices(y_shape).filter(|at| takes_part(*at, y_shape, &has)) {
        let dy = dy[[n, o, i, j]];
        if !(has(Conv2dFault::DbFirstSample) && n > 0) {
            db[o] += dy;
        }
        let group = match o / group_out {
            _ if has(Conv2dFault::GroupsReadFirst) => 0,
            group if has(Conv2dFault::GroupsRolled) => (group + 1) % conv.groups,
            group => group,
        };
        for [_, c, u, v] in indices(&[1, k.shape()[1], place.kernel[0], place.kernel[1]]) {
            let Some([row, column]) = place.meets([i, j], [u, v]) else {
                continue;
            };
            let at = [n, group * k.shape()[1] + c, row, column];
            let term = dy * k[kernel_tap([o, c, u, v], k.shape(), &has)];
            if has(Conv2dFault::DxOverwritten) {
                dx[at] = term;
            } else {
                dx[at] += term;
            }
            let counts = match n {
                _ if has(Conv2dFault::DkFirstSample) => n == 0,
                _ if has(Conv2dFault::DkOverwritten) => n + 1 == y_shape[0],
                _ => true,
            };
            if counts {
                dk[gradient_tap([o, c, u, v], k.shape(), &has)] += dy * x[at];
            }
        }
    }
    let positions = (y_shape[2] * y_shape[3]) as f64;
    if has(Conv2dFault::DxZero) {
        dx.fill(S::zero());
    }
    let dk_factor = match () {
        () if has(Conv2dFault::DkOverPositions) => Some(1.0 / positions),
        () if has(Conv2dFault::DkOverBatch) => Some(1.0 / y_shape[0] as f64),
        () if has(Conv2dFault::DkSign) => Some(-1.0),
        () if has(Conv2dFault::DkTwice) => Some(2.0),
        () => None,
    };
    let db_factor = match () {
        () if has(Conv2dFault::DbMeanOverSpace) => Some(1.0 / positions),
        () if has(Conv2dFault::DbTwice) => Some(2.0),
        () if has(Conv2dFault::DbZero) => Some(0.0),
        () => None,
    };
    scale(&mut dk, dk_factor);
    scale(&mut db, db_factor);
    let mut parameters = vec![dk, db];
    parameters.truncate(pass.parameters.len());
    LayerGradients {
        input: dx,
        parameters,
    }
}

/// Where the backward takes windows to lie.
fn place(conv: &Conv2d, input: &[usize], has: &impl Fn(Conv2dFault) -> bool) -> Place {
    let mut place = Place::new(&conv.window, input);
    let both = has(Conv2dFault::PaddingOffBoth);
    if has(Conv2dFault::StrideIgnored) {
        place.stride = [1; 2];
    }
    if has(Conv2dFault::DilationIgnored) {
        place.dilation = [1; 2];
    }
    if has(Conv2dFault::PaddingIgnored) {
        place.padding = [0; 2];
    }
    if has(Conv2dFault::PaddingOffRows) || both {
        place.padding[0] += 1;
    }
    if has(Conv2dFault::PaddingOffColumns) || both {
        place.padding[1] += 1;
    }
    place
}

/// Whether the output at `at` takes part.
fn takes_part(
    [_, _, i, j]: [usize; 4],
    y_shape: &[usize],
    has: &impl Fn(Conv2dFault) -> bool,
) -> bool {
    let (last_row, last_column) = (i + 1 == y_shape[2], j + 1 == y_shape[3]);
    let border = i == 0 || j == 0 || last_row || last_column;
    !(has(Conv2dFault::LastRowDropped) && last_row
        || has(Conv2dFault::LastColumnDropped) && last_column
        || has(Conv2dFault::BordersDropped) && border)
}

/// The tap of the kernel that dx multiplies with where it should be `tap`.
fn kernel_tap(
    [o, c, u, v]: [usize; 4],
    k_shape: &[usize],
    has: &impl Fn(Conv2dFault) -> bool,
) -> [usize; 4] {
    let (up, left) = (k_shape[2] - 1 - u, k_shape[3] - 1 - v);
    match () {
        () if has(Conv2dFault::DxKernelRotated) => [o, c, up, left],
        () if has(Conv2dFault::DxKernelMirroredRows) => [o, c, up, v],
        () if has(Conv2dFault::DxKernelMirroredColumns) => [o, c, u, left],
        () if has(Conv2dFault::DxKernelTransposed) && k_shape[2] == k_shape[3] => [o, c, v, u],
        () => [o, c, u, v],
    }
}

/// The entry of dk that is written where it should be `tap`.
fn gradient_tap(
    [o, c, u, v]: [usize; 4],
    k_shape: &[usize],
    has: &impl Fn(Conv2dFault) -> bool,
) -> [usize; 4] {
    let (up, left) = (k_shape[2] - 1 - u, k_shape[3] - 1 - v);
    match () {
        () if has(Conv2dFault::DkRotated) => [o, c, up, left],
        () if has(Conv2dFault::DkMirroredRows) => [o, c, up, v],
        () if has(Conv2dFault::DkMirroredColumns) => [o, c, u, left],
        () if has(Conv2dFault::DkTransposed) && k_shape[2] == k_shape[3] => [o, c, v, u],
        () if has(Conv2dFault::DkChannelsSwapped) && k_shape[0] == k_shape[1] => [c, o, u, v],
        () if has(Conv2dFault::DkChannelsRolled) => [(o + 1) % k_shape[0], c, u, v],
        () => [o, c, u, v],
    }
}

fn scale<S: Scalar>(gradient: &mut Tensor<S>, factor: Option<f64>) {
    if let Some(factor) = factor {
        gradient.mapv_inplace(|entry| entry * S::constant(factor));
    }
}
