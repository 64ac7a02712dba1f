//! What lies under the steps of a central difference.

use serde::{Deserialize, Serialize};

use crate::network::Unit;

use super::super::Estimate;

/// How far a coordinate was stepped, and over what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stepped {
    /// The smallest step that the estimate rests on.
    #[serde(with = "crate::interchange::number")]
    pub h: f64,
    /// What lies within it.
    pub ground: Ground,
    /// How the objective was computed at its ends.
    #[serde(default)]
    pub passes: Passes,
}

/// How a perturbed objective is computed: the same number but for rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passes {
    /// By what the perturbation alters, where that is possible: the fast way.
    #[default]
    Changes,
    /// By all layers behind the perturbed weight: the plain way, and the reference for the other.
    Whole,
}

/// What lies between the ends of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// No kink: only affine pieces come before the units that have branches, so that their distances
    /// are exact, and the step is shorter than the nearest.
    Certified,
    /// No kink in sight: both ends take the branches of the point, and the nearest kink is predicted to
    /// be at least twice as far away.
    Margin,
    /// No kink on the one side that was stepped to; on the other one is too near.
    OneSided,
    /// Units change their branch at the point itself, and the slopes on both sides are one number all
    /// the same.
    Tie,
    /// Kinks, between the ends of a step that somebody chose; the quotient is a mixture of slopes.
    Crossed {
        /// Some of the units that take another branch at an end.
        units: Vec<Unit>,
        /// How many do.
        count: usize,
        /// Whether units change their branch at the point itself as well, as at [`Ground::Tie`].
        at_tie: bool,
    },
    /// The point itself is at a kink, as far as `f64` can tell.
    Kink(Kink),
    /// No step leads to a finite objective.
    NotFinite,
}

impl Ground {
    /// Whether units change their branch at the point itself, and the slopes on both sides are one
    /// number all the same.
    #[must_use]
    pub fn is_tie(&self) -> bool {
        matches!(self, Self::Tie | Self::Crossed { at_tie: true, .. })
    }
}

/// A point without derivative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kink {
    /// The slope towards smaller values.
    pub left: Estimate,
    /// The slope towards larger values.
    pub right: Estimate,
    /// The units that change their branch there.
    pub units: Vec<Unit>,
}

impl Kink {
    /// Whether a derivative of `value` ± `error` can lie between the one-sided slopes.
    #[must_use]
    pub fn holds(&self, value: f64, error: f64) -> bool {
        let (left, right) = (self.left, self.right);
        let lowest = (left.value - left.error).min(right.value - right.error);
        let highest = (left.value + left.error).max(right.value + right.error);
        value >= lowest - error && value <= highest + error
    }
}
