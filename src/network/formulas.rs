//! By which formulas somebody else may compute what we compute.
//!
//! Ours are chosen so that nothing cancels. The usual ones are right as well, and lose digits: 1 − y² of
//! a tanh near ±1, y + α of an elu far below 0, σ(z) − t of a cross-entropy that is nearly met. What they
//! lose is a rounding of the cotangent as a whole, or of a loss's share for one entry, however small the
//! derivative is. Who judges code that is not ours has to grant it that.

use crate::layer::Layer;
use crate::loss::Loss;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Whose formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formulas {
    /// Ours.
    Ours,
    /// The usual ones: ours with the roundings of those.
    Usual,
}

impl Formulas {
    /// Whether what `layer` sends back may carry the rounding of its whole cotangent.
    pub(super) fn rounds_like_its_cotangent(self, layer: &Layer) -> bool {
        let is_smooth = matches!(layer, Layer::Tanh | Layer::Sigmoid | Layer::Activation(_));
        self == Self::Usual && is_smooth
    }
}

/// 0, with the rounding of a number of this size: none in exact arithmetic, and one perturbation under
/// Monte Carlo arithmetic.
pub(super) fn rounding_of<S: Scalar>(size: S) -> S {
    size * S::one() - size
}

/// Add to the loss's gradient `dz` what probabilities near to their targets lose.
pub(super) fn round_probabilities<S: Scalar>(loss: &Loss, scale: S, dz: &mut Tensor<S>) {
    let terms = match loss {
        Loss::SoftmaxCrossEntropy { classes, .. } => classes.len(),
        Loss::BceWithLogits { target } => target.len(),
        _ => return,
    };
    let share = scale / S::constant(terms as f64);
    for dz in dz.iter_mut() {
        *dz += rounding_of(share);
    }
}
