//! Faults in a one-dimensional convolution's backward: those of a convolution over images of one row.

use crate::judge::diagnosis::{Axis, BugKind, Factor};
use crate::layer::{Conv2d, LayerGradients};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, reshape};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::conv2d::{self, Conv2dFault};

const fn mutant(
    fault: Conv2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::Conv1d(fault), name, words, Some(expected))
}

/// Every mutant of the one-dimensional convolution.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use Conv2dFault as F;
    [
        mutant(F::DxKernelRotated, "dx_kernel_reversed", "dx multiplies with the kernel reversed", Kind::KernelRotated),
        mutant(F::DxOverwritten, "dx_overwritten", "dx keeps the last contribution instead of their sum", Kind::Overwritten),
        mutant(F::DkRotated, "dk_reversed", "dk is reversed", Kind::KernelRotated),
        mutant(F::DkFirstSample, "dk_first_sample", "dk is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbFirstSample, "db_first_sample", "db is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbMeanOverSpace, "db_mean_over_length", "db is a mean over output positions", Kind::Factor(Factor::OverPositions)),
        mutant(F::GroupsReadFirst, "groups_read_first", "every group meets the first group's input channels", Kind::GroupsRolled),
        mutant(F::StrideIgnored, "stride_ignored", "windows are one step apart", Kind::StrideIgnored),
        mutant(F::DilationIgnored, "dilation_ignored", "taps are one step apart", Kind::DilationIgnored),
        mutant(F::PaddingOffColumns, "padding_off", "windows begin one place too early", Kind::Shifted(Axis::Columns)),
        mutant(F::PaddingIgnored, "padding_ignored", "windows begin at the input's edge", Kind::PaddingIgnored),
        mutant(F::LastColumnDropped, "last_dropped", "the last output takes no part", Kind::LastMissing(Axis::Columns)),
    ]
};

/// Compute dx, dk and, if there is a bias, db, on images of one row.
pub(super) fn backward<S: Scalar>(conv: &Conv2d, pass: &Pass<'_, S>) -> LayerGradients<S> {
    let as_image = |tensor: &Tensor<S>| {
        let shape = tensor.shape();
        reshape(tensor.clone(), &[shape[0], shape[1], 1, shape[2]])
    };
    let mut parameters = pass.parameters.to_vec();
    parameters[0] = as_image(&parameters[0]);
    let fault = match pass.fault {
        Some(Fault::Conv1d(fault)) => Some(Fault::Conv2d(fault)),
        _ => None,
    };
    let image = Pass {
        parameters: &parameters,
        x: &as_image(pass.x),
        dy: &as_image(pass.dy),
        branches: None,
        fault,
    };
    let mut gradients = conv2d::backward(conv, &image);
    gradients.input = reshape(gradients.input, pass.x.shape());
    let dk = std::mem::replace(&mut gradients.parameters[0], pass.parameters[0].clone());
    gradients.parameters[0] = reshape(dk, pass.parameters[0].shape());
    gradients
}
