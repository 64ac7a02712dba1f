//! A function and its gradient, both known by their values alone.

use std::panic::Location;

use crate::judge::judge_claims;
use crate::report::Outcome;
use crate::report::claim::ClaimReport;
use crate::source::{Estimate, LadderOptions, gradient};

use super::claims::{self, Claimed, ClaimsError, Words};
use super::page::claim_message;

/// Points with more coordinates are not written out.
const MOST_WRITTEN: usize = 16;

/// Hold a gradient against the values of its function at `x`: one-sided secants see kinks, and every
/// derivative has an error bound of its own.
///
/// ```
/// use gradproof::harness::assert_gradient;
///
/// let f = |x: &[f64]| x[0] * x[1].sin();
/// let gradient = |x: &[f64]| vec![x[1].sin(), x[0] * x[1].cos()];
/// assert_gradient(f, gradient, &[1.5, 0.25]);
/// ```
///
/// # Panics
/// When the gradient is wrong or cannot be judged: with the point, the ten worst coordinates, counts,
/// blame and kind.
#[track_caller]
pub fn assert_gradient(
    f: impl FnMut(&[f64]) -> f64,
    gradient: impl FnMut(&[f64]) -> Vec<f64>,
    x: &[f64],
) {
    match check_gradient(f, gradient, x) {
        Ok(report) if report.outcome == Outcome::Right => (),
        Ok(report) => panic!("{}", claim_message(&report)),
        Err(error) => panic!("{}\n{error}", repeat(x)),
    }
}

/// The same, returning what was found.
///
/// # Errors
/// [`ClaimsError`], when their code panics, answers twice differently, or gives another number of
/// derivatives.
#[track_caller]
pub fn check_gradient(
    mut f: impl FnMut(&[f64]) -> f64,
    mut gradient_under_test: impl FnMut(&[f64]) -> Vec<f64>,
    x: &[f64],
) -> Result<ClaimReport, ClaimsError> {
    let repeat = repeat(x);
    let claimed = claims_of(&mut f, &mut gradient_under_test, x)?;
    let mut panic = None;
    let along = |x: &[f64]| value_or_panic(&mut panic, || f(x));
    let findings = gradient(along, x, &LadderOptions::default());
    if let Some(error) = panic {
        return Err(error);
    }
    let estimates: Vec<Estimate> = claimed
        .iter()
        .map(|&value| Estimate { value, error: 0.0 })
        .collect();
    let array = Claimed {
        name: "x".to_owned(),
        shape: vec![x.len()],
        is_input: false,
        batch: 1,
        positions: (0..x.len()).collect(),
        claims: judge_claims(&estimates, &findings),
        errors: vec![0.0; x.len()],
    };
    let what = format!("the gradient of a function of {} numbers", x.len());
    Ok(claims::report(words(what, repeat), &[array]))
}

/// What is said of a function and its gradient.
pub(super) fn words(what: String, repeat: String) -> Words {
    Words {
        what,
        repeat,
        subject: "the gradient",
        function: "the function",
    }
}

/// The claimed gradient, after function and gradient have answered twice alike.
pub(super) fn claims_of(
    f: &mut impl FnMut(&[f64]) -> f64,
    gradient: &mut impl FnMut(&[f64]) -> Vec<f64>,
    x: &[f64],
) -> Result<Vec<f64>, ClaimsError> {
    if x.is_empty() {
        return Err(ClaimsError::Empty);
    }
    let mut value = || claims::run("the function", || f(x));
    claims::same("the function", &[value()?], &[value()?])?;
    let mut claimed = || claims::run("the gradient", || gradient(x));
    let first = claimed()?;
    claims::same("the gradient", &first, &claimed()?)?;
    if first.len() != x.len() {
        return Err(ClaimsError::Shape(format!(
            "the gradient has {} entries and the point {}: give one derivative for each coordinate",
            first.len(),
            x.len()
        )));
    }
    Ok(first)
}

/// The value; after a panic none is asked for any more.
pub(super) fn value_or_panic(panic: &mut Option<ClaimsError>, work: impl FnOnce() -> f64) -> f64 {
    if panic.is_some() {
        return f64::NAN;
    }
    claims::run("the function", work).unwrap_or_else(|error| {
        *panic = Some(error);
        f64::NAN
    })
}

/// What repeats a check at `x`.
#[track_caller]
pub(super) fn repeat(x: &[f64]) -> String {
    let place = Location::caller();
    if x.len() <= MOST_WRITTEN {
        return format!("At x = {x:?} in {place}, whose code is all that repeats this");
    }
    let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    format!(
        "At the point of {} coordinates with checksum {:08x} in {place}, whose code is all that repeats this",
        x.len(),
        crc32fast::hash(&bytes)
    )
}
