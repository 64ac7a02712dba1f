//! Faults where branches meet, and the naive backward that they alter.

use crate::judge::diagnosis::BugKind;
use crate::layer::Join;
use crate::scalar::Scalar;
use crate::tensor::{Tensor, unflatten, zeros};

use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ResidualFault {
    ShortcutDropped,
    ShortcutDoubled,
    ShortcutSign,
    LayersDropped,
    Halved,
}

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum ConcatenationFault {
    BranchDropped,
    BranchDoubled,
    FirstForAll,
    OffsetByOne,
}

/// Every mutant of a sum and of a concatenation.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    const fn sum(fault: ResidualFault, name: &'static str, words: &'static str, expected: BugKind) -> Mutant {
        Mutant::new(Fault::Residual(fault), name, words, Some(expected))
    }
    const fn parts(fault: ConcatenationFault, name: &'static str, words: &'static str, expected: BugKind) -> Mutant {
        Mutant::new(Fault::Concatenation(fault), name, words, Some(expected))
    }
    [
        sum(ResidualFault::ShortcutDropped, "shortcut_dropped", "nothing goes back through the shortcut", Kind::BranchDropped),
        sum(ResidualFault::ShortcutDoubled, "shortcut_doubled", "the shortcut's gradient is counted twice", Kind::BranchDoubled),
        sum(ResidualFault::ShortcutSign, "shortcut_sign", "the shortcut's gradient is taken away", Kind::BranchSign),
        sum(ResidualFault::LayersDropped, "layers_dropped", "nothing goes back through the layers", Kind::BranchDropped),
        sum(ResidualFault::Halved, "halved", "the gradient is shared out evenly, as if a mean had been taken", Kind::BranchesHalved),
        parts(ConcatenationFault::BranchDropped, "branch_dropped", "nothing goes back through the last branch", Kind::BranchDropped),
        parts(ConcatenationFault::BranchDoubled, "branch_doubled", "the last branch's gradient is counted twice", Kind::BranchDoubled),
        parts(ConcatenationFault::FirstForAll, "first_for_all", "every branch gets the part that begins at 0", Kind::PartsMisplaced),
        parts(ConcatenationFault::OffsetByOne, "offset_by_one", "every branch's part begins one too early", Kind::PartsMisplaced),
    ]
};

/// Compute the gradient of each input, of the shapes `inputs`, entry by entry.
pub(super) fn backward<S: Scalar>(
    join: &Join,
    dy: &Tensor<S>,
    inputs: &[&[usize]],
    fault: Option<Fault>,
) -> Vec<Tensor<S>> {
    match join {
        Join::Sum => sum(dy, fault),
        Join::Concatenation { axis } => parts(*axis, dy, inputs, fault),
        Join::Constant(_) => Vec::new(),
    }
}

fn sum<S: Scalar>(dy: &Tensor<S>, fault: Option<Fault>) -> Vec<Tensor<S>> {
    let fault = match fault {
        Some(Fault::Residual(fault)) => Some(fault),
        _ => None,
    };
    let (layers, shortcut) = match fault {
        None => (1.0, 1.0),
        Some(ResidualFault::ShortcutDropped) => (1.0, 0.0),
        Some(ResidualFault::ShortcutDoubled) => (1.0, 2.0),
        Some(ResidualFault::ShortcutSign) => (1.0, -1.0),
        Some(ResidualFault::LayersDropped) => (0.0, 1.0),
        Some(ResidualFault::Halved) => (0.5, 0.5),
    };
    let times = |factor: f64| dy.mapv(|dy| dy * S::constant(factor));
    vec![times(layers), times(shortcut)]
}

fn parts<S: Scalar>(
    axis: usize,
    dy: &Tensor<S>,
    inputs: &[&[usize]],
    fault: Option<Fault>,
) -> Vec<Tensor<S>> {
    let has = |fault_here| fault == Some(Fault::Concatenation(fault_here));
    let mut before = 0;
    let mut gradients = Vec::with_capacity(inputs.len());
    for (number, shape) in inputs.iter().enumerate() {
        let is_last = number + 1 == inputs.len();
        let mut dx = zeros(shape);
        for (flat, dx) in dx.iter_mut().enumerate() {
            let mut place = unflatten(flat, shape);
            if !has(ConcatenationFault::FirstForAll) {
                place[axis] += before;
            }
            if has(ConcatenationFault::OffsetByOne) {
                let size = dy.shape()[axis];
                place[axis] = (place[axis] + size - 1) % size;
            }
            *dx = dy[&place[..]];
            if is_last && has(ConcatenationFault::BranchDropped) {
                *dx = S::zero();
            }
            if is_last && has(ConcatenationFault::BranchDoubled) {
                *dx += *dx;
            }
        }
        before += shape[axis];
        gradients.push(dx);
    }
    gradients
}
