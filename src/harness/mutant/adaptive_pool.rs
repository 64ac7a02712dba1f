//! Faults in an adaptive average pooling's backward, and the naive backward that they alter.

use crate::judge::diagnosis::{Axis, BugKind};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::window::indices;

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum AdaptiveAvgPool2dFault {
    Overwritten,
    DivisorOfFixedWindow,
    EndRoundedDown,
    FixedWindows,
    LastRowDropped,
    LastColumnDropped,
}

const fn mutant(
    fault: AdaptiveAvgPool2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::AdaptiveAvgPool2d(fault), name, words, Some(expected))
}

/// Every mutant of adaptive average pooling.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use AdaptiveAvgPool2dFault as F;
    use BugKind as Kind;
    [
        mutant(F::Overwritten, "overwritten", "dx keeps the last window's share instead of the sum", Kind::Overwritten),
        mutant(F::DivisorOfFixedWindow, "divisor_of_fixed_window", "every window is divided by the size of those that fit evenly", Kind::ApproximateDerivative),
        mutant(F::EndRoundedDown, "end_rounded_down", "windows end where the next begins, also where they overlap", Kind::ApproximateDerivative),
        mutant(F::FixedWindows, "fixed_windows", "windows are those of a plain pooling with as many outputs", Kind::ApproximateDerivative),
        mutant(F::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
        mutant(F::LastColumnDropped, "last_column_dropped", "the last column of outputs takes no part", Kind::LastMissing(Axis::Columns)),
    ]
};

/// Compute dx: each window's dy, divided by its entries, goes to all of them. An entry belongs to every
/// window whose share of the input it overlaps.
pub(super) fn backward<S: Scalar>(pass: &Pass<'_, S>) -> Tensor<S> {
    use AdaptiveAvgPool2dFault as F;
    let has = |fault| pass.fault == Some(Fault::AdaptiveAvgPool2d(fault));
    let Pass { x, dy, .. } = *pass;
    let (x_shape, y_shape) = (x.shape(), dy.shape());
    let is_in = |axis: usize, at: usize, position: usize| {
        let (input, output) = (x_shape[axis], y_shape[axis]);
        if has(F::FixedWindows) {
            let stride = input / output;
            let kernel = input - (output - 1) * stride;
            return (position * stride..position * stride + kernel).contains(&at);
        }
        let begins = (at + 1) * output > position * input;
        if has(F::EndRoundedDown) {
            return begins && at < (position + 1) * input / output;
        }
        begins && at * output < (position + 1) * input
    };
    let mut dx = zeros(x_shape);
    for [n, c, i, j] in indices(y_shape) {
        let dropped = has(F::LastRowDropped) && i + 1 == y_shape[2]
            || has(F::LastColumnDropped) && j + 1 == y_shape[3];
        if dropped {
            continue;
        }
        let entries: Vec<[usize; 2]> = indices(&[1, 1, x_shape[2], x_shape[3]])
            .map(|[_, _, row, column]| [row, column])
            .filter(|[row, column]| is_in(2, *row, i) && is_in(3, *column, j))
            .collect();
        let divisor = if has(F::DivisorOfFixedWindow) {
            let along = |axis: usize| (x_shape[axis] / y_shape[axis]).max(1);
            along(2) * along(3)
        } else {
            entries.len()
        };
        for [row, column] in entries {
            let share = dy[[n, c, i, j]] / S::constant(divisor as f64);
            let entry = &mut dx[[n, c, row, column]];
            if has(F::Overwritten) {
                *entry = share;
            } else {
                *entry += share;
            }
        }
    }
    dx
}
