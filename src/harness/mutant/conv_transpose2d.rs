//! Faults in a transposed convolution's backward, and the naive backward that they alter.

use crate::judge::diagnosis::{Axis, BugKind};
use crate::layer::{ConvTranspose2d, LayerGradients};
use crate::scalar::Scalar;
use crate::tensor::{values, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::window::{Place, indices};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ConvTranspose2dFault {
    DxKernelRotated,
    DxChannelsSwapped,
    DxOverwritten,
    DxZero,
    DkRotated,
    DkChannelsSwapped,
    DkOverwritten,
    DkFirstSample,
    DbFirstSample,
    DbZero,
    GroupsReadFirst,
    StrideIgnored,
    DilationIgnored,
    PaddingOffRows,
    PaddingOffBoth,
    PaddingIgnored,
    OutputPaddingIgnored,
    LastRowDropped,
}

const fn mutant(
    fault: ConvTranspose2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::ConvTranspose2d(fault), name, words, Some(expected))
}

/// Every mutant of the transposed convolution.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use ConvTranspose2dFault as F;
    [
        mutant(F::DxKernelRotated, "dx_kernel_rotated", "dx multiplies with the kernel rotated by 180 degrees", Kind::KernelRotated),
        mutant(F::DxChannelsSwapped, "dx_channels_swapped", "dx reads the kernel as if it had the output channels first", Kind::ChannelsSwapped),
        mutant(F::DxOverwritten, "dx_overwritten", "dx keeps the last contribution instead of their sum", Kind::Overwritten),
        mutant(F::DxZero, "dx_zero", "dx is left at zero", Kind::Zero),
        mutant(F::DkRotated, "dk_rotated", "dk is rotated by 180 degrees", Kind::KernelRotated),
        mutant(F::DkChannelsSwapped, "dk_channels_swapped", "dk has output for input channels, where there are equally many", Kind::ChannelsSwapped),
        mutant(F::DkOverwritten, "dk_overwritten", "dk keeps the last sample's share instead of the batch's sum", Kind::Overwritten),
        mutant(F::DkFirstSample, "dk_first_sample", "dk is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbFirstSample, "db_first_sample", "db is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbZero, "db_zero", "db is left at zero", Kind::Zero),
        mutant(F::GroupsReadFirst, "groups_read_first", "every group meets the first group's output channels", Kind::GroupsRolled),
        mutant(F::StrideIgnored, "stride_ignored", "windows are one step apart", Kind::StrideIgnored),
        mutant(F::DilationIgnored, "dilation_ignored", "taps are one step apart", Kind::DilationIgnored),
        mutant(F::PaddingOffRows, "padding_off_rows", "windows begin one row too early", Kind::Shifted(Axis::Rows)),
        mutant(F::PaddingOffBoth, "padding_off_both", "windows begin one row and one column too early", Kind::Shifted(Axis::Both)),
        mutant(F::PaddingIgnored, "padding_ignored", "windows begin at the output's edge", Kind::PaddingIgnored),
        mutant(F::OutputPaddingIgnored, "output_padding_ignored", "the rows and columns that output_padding adds take no part", Kind::OutputPaddingIgnored),
        mutant(F::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
    ]
};

/// Compute dx, dk and, if there is a bias, db: one product of dy with a tap at a time.
pub(super) fn backward<S: Scalar>(conv: &ConvTranspose2d, pass: &Pass<'_, S>) -> LayerGradients<S> {
    use ConvTranspose2dFault as F;
    let has = |fault| pass.fault == Some(Fault::ConvTranspose2d(fault));
    let Pass { x, dy, .. } = *pass;
    let k = &pass.parameters[0];
    let (x_shape, y_shape, k_shape) = (x.shape(), dy.shape(), k.shape());
    let (channels, group_out) = (k_shape[0], k_shape[1]);
    let place = place(conv, y_shape, &has);
    let takes_part = |[a, b]: [usize; 2]| {
        let cut = |axis: usize, at: usize| at + conv.output_padding[axis] >= y_shape[2 + axis];
        !(has(F::LastRowDropped) && a + 1 == y_shape[2]
            || has(F::OutputPaddingIgnored) && (cut(0, a) || cut(1, b)))
    };
    let mut dx = zeros(x_shape);
    let mut dk = zeros(k_shape);
    let mut db = zeros(&[y_shape[1]]);
    for [n, c, i, j] in indices(x_shape) {
        let group = match c / (channels / conv.groups) {
            _ if has(F::GroupsReadFirst) => 0,
            group => group,
        };
        for [_, o, u, v] in indices(&[1, group_out, k_shape[2], k_shape[3]]) {
            let Some([a, b]) = place.meets([i, j], [u, v]) else {
                continue;
            };
            if !takes_part([a, b]) {
                continue;
            }
            let dy = dy[[n, group * group_out + o, a, b]];
            let turned = [c, o, k_shape[2] - 1 - u, k_shape[3] - 1 - v];
            let read = match () {
                () if has(F::DxKernelRotated) => k[turned],
                () if has(F::DxChannelsSwapped) => {
                    values(k)[((o * channels + c) * k_shape[2] + u) * k_shape[3] + v]
                }
                () => k[[c, o, u, v]],
            };
            if has(F::DxOverwritten) {
                dx[[n, c, i, j]] = dy * read;
            } else {
                dx[[n, c, i, j]] += dy * read;
            }
            let written = match () {
                () if has(F::DkRotated) => turned,
                () if has(F::DkChannelsSwapped) && channels == group_out => [o, c, u, v],
                () => [c, o, u, v],
            };
            let counts = match n {
                _ if has(F::DkFirstSample) => n == 0,
                _ if has(F::DkOverwritten) => n + 1 == x_shape[0],
                _ => true,
            };
            if counts {
                dk[written] += dy * x[[n, c, i, j]];
            }
        }
    }
    for [n, o, a, b] in indices(y_shape) {
        if takes_part([a, b]) && !(has(F::DbFirstSample) && n > 0) {
            db[o] += dy[[n, o, a, b]];
        }
    }
    if has(F::DxZero) {
        dx.fill(S::zero());
    }
    if has(F::DbZero) {
        db.fill(S::zero());
    }
    let mut parameters = vec![dk, db];
    parameters.truncate(pass.parameters.len());
    LayerGradients {
        input: dx,
        parameters,
    }
}

/// Where the backward takes windows to lie on the output.
fn place(
    conv: &ConvTranspose2d,
    output: &[usize],
    has: &impl Fn(ConvTranspose2dFault) -> bool,
) -> Place {
    let mut place = Place::new(&conv.window, output);
    let both = has(ConvTranspose2dFault::PaddingOffBoth);
    if has(ConvTranspose2dFault::StrideIgnored) {
        place.stride = [1; 2];
    }
    if has(ConvTranspose2dFault::DilationIgnored) {
        place.dilation = [1; 2];
    }
    if has(ConvTranspose2dFault::PaddingIgnored) {
        place.padding = [0; 2];
    }
    if has(ConvTranspose2dFault::PaddingOffRows) || both {
        place.padding[0] += 1;
    }
    if both {
        place.padding[1] += 1;
    }
    place
}
