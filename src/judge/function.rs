//! A claimed gradient, held against the values of a function that is known only by them.

use thiserror::Error;

use crate::source::{Estimate, Finding, InputError, LadderOptions, Reason, gradient};

use super::verdict::Side;

/// One coordinate of a claimed gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The derivative that is claimed.
    pub claimed: f64,
    /// What the function's values say.
    pub finding: Finding,
    /// Whether the two fit.
    pub outcome: Outcome,
}

/// How a claimed derivative fits the values of the function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The claim is within the error bound.
    Agree,
    /// The claim is further away than the error bound.
    Disagree,
    /// There is a kink; the claim is held against the two one-sided slopes, give or take their bounds.
    AtKink(Side),
    /// The values do not say.
    Unresolved(Reason),
    /// The bound is as large as every derivative of the gradient: any claim of that size would agree.
    BoundTooWide,
    /// The claim is NaN or infinite.
    InvalidClaim,
    /// The question makes no sense.
    Invalid(InputError),
}

/// Why a gradient cannot be checked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// The gradient has another length than the point.
    #[error(
        "the gradient has {gradient} entries and the point {point}: give one derivative for each coordinate"
    )]
    Lengths {
        /// Entries of the claimed gradient.
        gradient: usize,
        /// Coordinates of the point.
        point: usize,
    },
    /// There is nothing to check.
    #[error(
        "the point has no coordinates: a check of nothing is not a pass, so give it at least one"
    )]
    Empty,
}

/// Hold a claimed gradient of `f` at `x` against the function's values.
///
/// A claim agrees when it is within the error bound. A bound that is as large as every derivative
/// of the gradient says nothing: its coordinate is [`Outcome::BoundTooWide`].
///
/// # Errors
/// [`ClaimError`], when lengths differ or are 0.
pub fn check_gradient(
    f: impl FnMut(&[f64]) -> f64,
    x: &[f64],
    claimed: &[f64],
    options: &LadderOptions,
) -> Result<Vec<Claim>, ClaimError> {
    if claimed.len() != x.len() {
        return Err(ClaimError::Lengths {
            gradient: claimed.len(),
            point: x.len(),
        });
    }
    if x.is_empty() {
        return Err(ClaimError::Empty);
    }
    let claimed: Vec<Estimate> = claimed
        .iter()
        .map(|&value| Estimate { value, error: 0.0 })
        .collect();
    Ok(judge_claims(&claimed, &gradient(f, x, options)))
}

/// Hold claimed derivatives, each with a bound on its own rounding error, against what the function's
/// values say.
#[must_use]
pub fn judge_claims(claimed: &[Estimate], findings: &[Finding]) -> Vec<Claim> {
    let values = claimed.iter().map(|claim| claim.value);
    let largest = findings
        .iter()
        .flat_map(|finding| match finding {
            Finding::Smooth(estimate) => [estimate.value, 0.0],
            Finding::AtKink { left, right } => [left.value, right.value],
            Finding::Unresolved(_) | Finding::Invalid(_) => [0.0; 2],
        })
        .chain(values.filter(|claim| claim.is_finite()))
        .fold(0.0, |largest: f64, slope| largest.max(slope.abs()));
    let checked = findings.iter().zip(claimed);
    checked
        .map(|(&finding, &claimed)| Claim {
            claimed: claimed.value,
            finding,
            outcome: outcome(claimed, finding, largest),
        })
        .collect()
}

fn outcome(claimed: Estimate, finding: Finding, largest: f64) -> Outcome {
    if !claimed.value.is_finite() {
        return Outcome::InvalidClaim;
    }
    match finding {
        Finding::Invalid(error) => Outcome::Invalid(error),
        Finding::Unresolved(reason) => Outcome::Unresolved(reason),
        Finding::AtKink { left, right } if between(claimed, left, right) => {
            Outcome::AtKink(Side::Inside)
        }
        Finding::AtKink { .. } => Outcome::AtKink(Side::Outside),
        Finding::Smooth(estimate) if !between(claimed, estimate, estimate) => Outcome::Disagree,
        Finding::Smooth(Estimate { error, .. })
            if largest > 0.0 && error + claimed.error >= largest =>
        {
            Outcome::BoundTooWide
        }
        Finding::Smooth(_) => Outcome::Agree,
    }
}

/// Whether a claim lies between two slopes, give or take their bounds. NaN does not.
///
/// Below the smallest normal number precision is absolute, which no relative bound covers.
fn between(claimed: Estimate, a: Estimate, b: Estimate) -> bool {
    let slack = f64::MIN_POSITIVE + claimed.error;
    let claimed = claimed.value;
    claimed >= (a.value - a.error).min(b.value - b.error) - slack
        && claimed <= (a.value + a.error).max(b.value + b.error) + slack
}
