//! Activations that are cut into pieces: which piece an input lies on, and how far its ends are.

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut};

use super::{Branches, Choices, Saved};

impl Branches<'_> {
    /// Replace every x by `value` of its piece and itself, and keep both: the piece is that of another
    /// pass, or what `piece` says.
    pub(super) fn map<S: Scalar>(
        self,
        x: Tensor<S>,
        piece: impl Fn(f64) -> u32,
        value: impl Fn(u32, S) -> S,
    ) -> (Tensor<S>, Saved<S>) {
        let choices: Choices = match self {
            Self::Follow => values(&x).iter().map(|x| piece(x.primal())).collect(),
            Self::Replay(choices) => choices.to_vec(),
        };
        let mut y = x.clone();
        for (y, choice) in values_mut(&mut y).iter_mut().zip(&choices) {
            *y = value(*choice, *y);
        }
        (y, Saved::Pieces { choices, x })
    }
}

/// Compute dx = dy·slope of each unit's piece and input.
#[must_use]
pub(super) fn backward<S: Scalar>(
    choices: &[u32],
    x: &Tensor<S>,
    mut dy: Tensor<S>,
    slope: impl Fn(u32, S) -> S,
) -> Tensor<S> {
    let units = values_mut(&mut dy).iter_mut().zip(values(x)).zip(choices);
    for ((dy, x), choice) in units {
        *dy = *dy * slope(*choice, *x);
    }
    dy
}

/// Show `visit` every unit's distances from the `ends` between its own piece and its neighbours';
/// pieces are counted from below.
pub(super) fn margins<S: Scalar>(
    x: &Tensor<S>,
    ends: &[f64],
    choices: &[u32],
    mut visit: impl FnMut(usize, u32, S),
) {
    for (unit, (x, piece)) in values(x).iter().zip(choices).enumerate() {
        let end = |piece: u32| ends.get(piece as usize).map(|end| S::constant(*end));
        if let Some(above) = end(*piece) {
            visit(unit, piece + 1, above - *x);
        }
        if let Some((below, end)) = piece
            .checked_sub(1)
            .and_then(|below| Some((below, end(below)?)))
        {
            visit(unit, below, *x - end);
        }
    }
}
