//! Sums that were added up in fewer bits.
//!
//! Every partial sum is then rounded, and what is off is no longer a rounding of the result: it grows
//! with the number of terms and with how much of them cancels. Both are known from how the right gradient
//! rounds in `f64`, of which this is the same with a larger unit roundoff.

use crate::source::{SAFETY, SAFETY_OTHER_ORDER};

use super::evidence::Context;
use super::kind::{BugKind, Format};
use super::precision::{Exponents, Found, differences, is_patternless, root_mean_square};

/// With fewer entries that are off, chance has formats and patterns too.
const FEWEST: usize = 16;

/// The same, where sizes alone tell.
const FEWEST_BY_SIZE: usize = 64;

/// Cosine of the angle to the right gradient from which on it is the same gradient, but for errors: sums
/// of hundreds of terms lose many of them.
const SAME_DIRECTION: f64 = 0.5;

/// The differences are of the expected size within this factor: less than what lies between formats.
const LIKE_EXPECTED: f64 = 2.83;

/// The largest difference is at most this many times the expected one.
const TAIL: f64 = 10.0;

/// Sums of which every value is one of the format in which they were added up.
pub(super) fn in_format(context: &Context<'_>) -> Option<Found> {
    found(context, held)
}

/// Sums whose errors are as large as adding up in a format makes them: parts of them may have been added
/// up elsewhere.
pub(super) fn of_expected_size(context: &Context<'_>) -> Option<Found> {
    found(context, by_size)
}

/// The format by `find`, if enough entries are off.
fn found(context: &Context<'_>, find: fn(&Context<'_>) -> Option<Format>) -> Option<Found> {
    let informative = (0..context.right.len())
        .filter(|index| !context.agrees(*index))
        .count();
    let is_enough = informative >= FEWEST
        && informative * 2 > context.right.iter().filter(|g| g.abs() > 0.0).count();
    let is_finite = context.wrong.iter().all(|wrong| wrong.is_finite());
    if !is_enough || !is_finite || !is_same(context) {
        return None;
    }
    let format = find(context)?;
    Some(Found {
        kind: BugKind::Rounded(format),
        equals: format!(
            "the right gradient but for the errors of sums that are added up in {}",
            format.name()
        ),
        look: format!("an accumulator, or a matrix product, in {}", format.name()),
        informative,
    })
}

/// Whether it is the right gradient, but for errors.
fn is_same(context: &Context<'_>) -> bool {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let largest = context.right.iter().fold(0.0, |a: f64, g| a.max(g.abs()));
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v / largest).collect() };
    let (wrong, right) = (scaled(context.wrong), scaled(context.right));
    let sizes = (dot(&wrong, &wrong) * dot(&right, &right)).sqrt();
    dot(&wrong, &right) >= SAME_DIRECTION * sizes
}

/// The format of the fewest bits that holds every value, and hardly any of the right ones.
fn held(context: &Context<'_>) -> Option<Format> {
    [Format::Bf16, Format::F16].into_iter().find(|format| {
        let holds = |value: &&f64| format.holds(**value, Exponents::Any);
        let nonzero = || context.right.iter().filter(|g| g.abs() > 0.0);
        context.wrong.iter().all(|wrong| holds(&wrong))
            && 2 * nonzero().filter(holds).count() < nonzero().count()
    })
}

/// The format whose errors are as large as the differences, where these have no pattern.
fn by_size(context: &Context<'_>) -> Option<Format> {
    if context.right.len() < FEWEST_BY_SIZE {
        return None;
    }
    // The reference's bounds are so many spreads of one unit roundoff of f64.
    let spreads = (SAFETY * SAFETY_OTHER_ORDER).sqrt();
    let shares: Vec<f64> = differences(context)
        .into_iter()
        .zip(context.right_error)
        .map(|(difference, error)| {
            if difference.abs() > 0.0 {
                difference / (error / spreads)
            } else {
                0.0
            }
        })
        .collect();
    if !shares.iter().all(|share| share.is_finite()) || !is_patternless(&shares, context) {
        return None;
    }
    let size = root_mean_square(&shares);
    let largest = shares.iter().fold(0.0, |a: f64, share| a.max(share.abs()));
    [Format::Bf16, Format::F16].into_iter().find(|format| {
        let ratio = size * f64::EPSILON / 2.0 / format.unit_roundoff();
        (LIKE_EXPECTED.recip()..=LIKE_EXPECTED).contains(&ratio) && largest <= TAIL * size
    })
}
