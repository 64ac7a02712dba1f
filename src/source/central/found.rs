//! What a central difference says at one coordinate.

use crate::network::Unit;

use super::super::Estimate;
use super::{Ground, Passes, Stepped};

/// Units that are kept of those that a step crosses.
const MOST_UNITS: usize = 8;

/// What is found at one coordinate.
pub(super) struct Found {
    pub(super) estimate: Estimate,
    pub(super) stepped: Stepped,
}

impl Found {
    pub(super) fn smooth(estimate: Estimate, h: f64, ground: Ground) -> Self {
        Self {
            estimate,
            stepped: Stepped {
                h,
                ground,
                passes: Passes::default(),
            },
        }
    }

    /// A quotient across kinks of `units`.
    pub(super) fn crossed(slope: f64, h: f64, mut units: Vec<Unit>, at_tie: bool) -> Self {
        let count = units.len();
        units.truncate(MOST_UNITS);
        let ground = Ground::Crossed {
            units,
            count,
            at_tie,
        };
        Self::silent(slope, h, ground)
    }

    /// A quotient that says nothing about the derivative.
    pub(super) fn silent(slope: f64, h: f64, ground: Ground) -> Self {
        let estimate = Estimate {
            value: slope,
            error: f64::INFINITY,
        };
        Self {
            estimate,
            stepped: Stepped {
                h,
                ground,
                passes: Passes::default(),
            },
        }
    }
}
