//! Derivatives, gradients and kinks of functions known only by their values.
//!
//! Where a number comes from stands beside it.

mod detection;
mod gradients;
mod input;
mod kinks;
mod ladder;
mod noise;
mod properties;
mod published;
mod random;

use gradproof::source::{Estimate, Finding, LadderOptions, derivative};

/// The finding with nothing known beforehand.
fn found(f: impl FnMut(f64) -> f64, x: f64) -> Finding {
    derivative(f, x, &LadderOptions::default())
}

/// The finding on a ladder that begins at `step`.
fn found_from(step: f64, f: impl FnMut(f64) -> f64, x: f64) -> Finding {
    let options = LadderOptions {
        first_step: Some(step),
        ..LadderOptions::default()
    };
    derivative(f, x, &options)
}

/// The estimate of a smooth finding.
#[track_caller]
fn smooth(what: &str, finding: Finding) -> Estimate {
    match finding {
        Finding::Smooth(estimate) => estimate,
        other => panic!("{what}: {other:?}"),
    }
}

/// A derivative must be within its bound, and the bound must be useful.
#[track_caller]
fn close(what: &str, finding: Finding, truth: f64, most: f64) {
    let Estimate { value, error } = smooth(what, finding);
    let off = (value - truth).abs();
    assert!(
        off <= error,
        "{what}: {value:e} ± {error:e} does not contain {truth:e}"
    );
    assert!(
        error <= most,
        "{what}: the bound {error:e} is above {most:e}"
    );
}
