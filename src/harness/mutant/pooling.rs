//! Faults in the poolings' backward, and the naive backward that they alter.

use crate::judge::diagnosis::{Axis, BugKind, Factor};
use crate::layer::{AvgPool2d, MaxPool2d};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};
use super::window::{Place, indices};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum MaxPool2dFault {
    Overwritten,
    ArgmaxLast,
    ArgmaxNext,
    Minimum,
    AllTied,
    Everywhere,
    LastRowDropped,
    LastColumnDropped,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum AvgPool2dFault {
    Overwritten,
    DivisorMissing,
    DivisorAtBorder,
    WholeWindowDivisor,
    StrideIgnored,
    PaddingOffBoth,
    LastRowDropped,
    LastColumnDropped,
}

const fn max_mutant(
    fault: MaxPool2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::MaxPool2d(fault), name, words, Some(expected))
}

const fn avg_mutant(
    fault: AvgPool2dFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::AvgPool2d(fault), name, words, Some(expected))
}

/// Every mutant of max-pooling.
#[rustfmt::skip]
pub(super) const MAX_MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use MaxPool2dFault as F;
    [
        max_mutant(F::Overwritten, "overwritten", "dx keeps the last window's share instead of the sum", Kind::Overwritten),
        max_mutant(F::ArgmaxLast, "argmax_last", "the last entry of the window gets the maximum's share", Kind::WrongBranch),
        max_mutant(F::ArgmaxNext, "argmax_next", "the entry behind the maximum gets its share", Kind::WrongBranch),
        max_mutant(F::Minimum, "minimum", "the smallest entry gets the maximum's share", Kind::WrongBranch),
        max_mutant(F::AllTied, "all_tied", "all equal maxima get a whole share", Kind::WrongBranch),
        max_mutant(F::Everywhere, "everywhere", "every entry of the window gets a whole share", Kind::WrongBranch),
        max_mutant(F::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
        max_mutant(F::LastColumnDropped, "last_column_dropped", "the last column of outputs takes no part", Kind::LastMissing(Axis::Columns)),
    ]
};

/// Every mutant of average pooling.
#[rustfmt::skip]
pub(super) const AVG_MUTANTS: &[Mutant] = &{
    use AvgPool2dFault as F;
    use BugKind as Kind;
    [
        avg_mutant(F::Overwritten, "overwritten", "dx keeps the last window's share instead of the sum", Kind::Overwritten),
        // 4 for a window of 2×2.
        avg_mutant(F::DivisorMissing, "divisor_missing", "dx is that of a sum", Kind::Factor(Factor::Other(4.0))),
        avg_mutant(F::DivisorAtBorder, "divisor_at_border", "padding is counted when it should not be, and not when it should", Kind::ApproximateDerivative),
        avg_mutant(F::WholeWindowDivisor, "whole_window_divisor", "windows that the border cuts are divided by their whole size", Kind::ApproximateDerivative),
        avg_mutant(F::StrideIgnored, "stride_ignored", "windows are one step apart", Kind::StrideIgnored),
        avg_mutant(F::PaddingOffBoth, "padding_off_both", "windows begin one row and one column too early", Kind::Shifted(Axis::Both)),
        avg_mutant(F::LastRowDropped, "last_row_dropped", "the last row of outputs takes no part", Kind::LastMissing(Axis::Rows)),
        avg_mutant(F::LastColumnDropped, "last_column_dropped", "the last column of outputs takes no part", Kind::LastMissing(Axis::Columns)),
    ]
};

/// Compute dx of max-pooling: each window's dy goes to its maximum, the first in row-major order.
pub(super) fn max_pool2d<S: Scalar>(pool: &MaxPool2d, pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::MaxPool2d(fault));
    let Pass { x, dy, .. } = *pass;
    let y_shape = dy.shape();
    let place = Place::new(&pool.window, x.shape());
    let mut dx = zeros(x.shape());
    for (number, [n, c, i, j]) in indices(y_shape).enumerate() {
        let dropped = has(MaxPool2dFault::LastRowDropped) && i + 1 == y_shape[2]
            || has(MaxPool2dFault::LastColumnDropped) && j + 1 == y_shape[3];
        if dropped {
            continue;
        }
        let inside = place.inside([i, j]);
        let value = |at: &[usize; 2]| x[[n, c, at[0], at[1]]].primal();
        let best = match pass.branches {
            None => first_best(&inside, |at, best| {
                value(at) > value(best) || value(at).is_nan() && !value(best).is_nan()
            }),
            Some(branches) => {
                let at = branches[number] as usize;
                let mut met = inside.iter();
                met.position(|[row, column]| row * place.input[1] + column == at)
                    .expect("a pattern of this network")
            }
        };
        let receivers = match () {
            () if has(MaxPool2dFault::ArgmaxLast) => vec![inside[inside.len() - 1]],
            () if has(MaxPool2dFault::ArgmaxNext) => vec![inside[(best + 1) % inside.len()]],
            () if has(MaxPool2dFault::Minimum) => {
                vec![inside[first_best(&inside, |at, best| value(at) < value(best))]]
            }
            () if has(MaxPool2dFault::AllTied) => {
                let largest = value(&inside[best]);
                let tied = inside.iter().filter(|at| value(at) >= largest);
                tied.copied().collect()
            }
            () if has(MaxPool2dFault::Everywhere) => inside,
            () => vec![inside[best]],
        };
        for [row, column] in receivers {
            let entry = &mut dx[[n, c, row, column]];
            if has(MaxPool2dFault::Overwritten) {
                *entry = dy[[n, c, i, j]];
            } else {
                *entry += dy[[n, c, i, j]];
            }
        }
    }
    dx
}

/// The first of the entries that none is better than.
fn first_best(
    inside: &[[usize; 2]],
    is_better: impl Fn(&[usize; 2], &[usize; 2]) -> bool,
) -> usize {
    let better = |best: usize, number: usize| {
        if is_better(&inside[number], &inside[best]) {
            number
        } else {
            best
        }
    };
    (0..inside.len()).fold(0, better)
}

/// Compute dx of average pooling: each window's dy/D goes to all of its entries.
pub(super) fn avg_pool2d<S: Scalar>(pool: &AvgPool2d, pass: &Pass<'_, S>) -> Tensor<S> {
    let has = |fault| pass.fault == Some(Fault::AvgPool2d(fault));
    let Pass { x, dy, .. } = *pass;
    let y_shape = dy.shape();
    let right = Place::new(&pool.window, x.shape());
    let mut place = right;
    if has(AvgPool2dFault::StrideIgnored) {
        place.stride = [1; 2];
    }
    if has(AvgPool2dFault::PaddingOffBoth) {
        place.padding = place.padding.map(|padding| padding + 1);
    }
    let counts_padding = pool.count_include_pad != has(AvgPool2dFault::DivisorAtBorder);
    let mut dx = zeros(x.shape());
    for [n, c, i, j] in indices(y_shape) {
        let dropped = has(AvgPool2dFault::LastRowDropped) && i + 1 == y_shape[2]
            || has(AvgPool2dFault::LastColumnDropped) && j + 1 == y_shape[3];
        if dropped {
            continue;
        }
        let divisor = match () {
            () if has(AvgPool2dFault::DivisorMissing) => 1,
            () if has(AvgPool2dFault::WholeWindowDivisor) => place.kernel[0] * place.kernel[1],
            () if counts_padding => padded_entries(&right, [i, j]),
            () => right.inside([i, j]).len(),
        };
        let share = dy[[n, c, i, j]] / S::constant(divisor as f64);
        for [row, column] in place.inside([i, j]) {
            let entry = &mut dx[[n, c, row, column]];
            if has(AvgPool2dFault::Overwritten) {
                *entry = share;
            } else {
                *entry += share;
            }
        }
    }
    dx
}

/// How many taps meet the input or its padding.
fn padded_entries(place: &Place, position: [usize; 2]) -> usize {
    let inside = |[u, v]: [usize; 2]| {
        [(0, u), (1, v)].into_iter().all(|(axis, tap)| {
            let at = place.stride[axis] * position[axis] as isize + tap as isize;
            at < place.input[axis] as isize + 2 * place.padding[axis]
        })
    };
    indices(&[1, 1, place.kernel[0], place.kernel[1]])
        .filter(|[_, _, u, v]| inside([*u, *v]))
        .count()
}
