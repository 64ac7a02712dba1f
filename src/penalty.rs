//! Regularisation of the weights, and its gradient.
//!
//! ```text
//! L2: ½·λ·Σw²,  gradient λ·w
//! L1:  λ·Σ|w|,  gradient λ·sign(w), and 0 at 0
//! ```
//!
//! Biases are left alone (Stanford CS231n, "Regularization"): only parameters called `weight` count.

use crate::scalar::Scalar;
use crate::spec::PenaltySpec;
use crate::tensor::{Tensor, values};

/// Whether the penalty sees the parameter of this name.
#[must_use]
pub fn applies_to(parameter: &str) -> bool {
    parameter.ends_with(".weight")
}

impl PenaltySpec {
    /// λ.
    #[must_use]
    pub fn strength(&self) -> f64 {
        match self {
            Self::L2 { strength } | Self::L1 { strength } => *strength,
        }
    }

    /// One weight's part of the penalty; at L1's kink a constant, so that duals see slope 0 there too.
    #[must_use]
    pub fn term<S: Scalar>(&self, w: S) -> S {
        let strength = S::constant(self.strength());
        match self {
            Self::L2 { .. } => S::constant(0.5) * strength * (w * w),
            Self::L1 { .. } => match self.branch(w.primal()) {
                Branch::Positive => strength * w,
                Branch::Negative => strength * -w,
                Branch::Kink => S::zero(),
            },
        }
    }

    /// The penalty of one parameter: the sum of its terms, unit by unit.
    ///
    /// One accumulator over the half a million weights of a wide layer would come so near to the
    /// spacing of `f32` that terms are lost, all in one direction: no spread of random roundings
    /// measures that.
    #[must_use]
    pub fn forward<S: Scalar>(&self, weight: &Tensor<S>) -> S {
        let weights_of_unit = weight.shape()[1..].iter().product();
        let units = values(weight).chunks_exact(weights_of_unit);
        units.fold(S::zero(), |total, weights| {
            let unit = weights.iter().map(|w| self.term(*w));
            total + unit.fold(S::zero(), |sum, term| sum + term)
        })
    }

    /// The derivative with respect to one weight.
    #[must_use]
    pub fn slope<S: Scalar>(&self, w: S) -> S {
        let strength = S::constant(self.strength());
        match self {
            Self::L2 { .. } => strength * w,
            Self::L1 { .. } => match self.branch(w.primal()) {
                Branch::Positive => strength,
                Branch::Negative => -strength,
                Branch::Kink => S::zero(),
            },
        }
    }

    /// The branch that this weight is on; L2 has one only.
    #[must_use]
    pub fn branch(&self, w: f64) -> Branch {
        match self {
            Self::L1 { .. } if w < 0.0 => Branch::Negative,
            Self::L1 { .. } if w == 0.0 => Branch::Kink,
            _ => Branch::Positive,
        }
    }
}

/// The pieces of a penalty's term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// w > 0, or a penalty without branches.
    Positive,
    /// w < 0 under L1.
    Negative,
    /// w = 0 under L1.
    Kink,
}
