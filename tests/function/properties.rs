//! Properties of random smooth functions, and of kinks on them.
//!
//! `PROPTEST_CASES` says how many are tried; failures are kept in `proptest-regressions/`.

use std::cell::Cell;

use gradproof::harness::config;
use gradproof::source::{Detection, Estimate, Finding, detect_kink};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::random::{Case, case};
use super::{found, found_from};

/// Units of rounding by which a derivative by duals may itself be wrong, in terms of the sizes
/// that appear in it.
const DUAL_ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Try `property` on random cases; `name` is that of the file that keeps its failures.
#[track_caller]
fn hold<S: Strategy>(
    name: &str,
    cases: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    if let Err(failure) = TestRunner::new(config(name)).run(&cases, property) {
        panic!("{name}: {failure}");
    }
}

/// How often something was found.
#[derive(Default)]
struct Tally {
    cases: Cell<u32>,
    unresolved: Cell<u32>,
    worst: Cell<f64>,
}

impl Tally {
    fn count(&self, finding: Finding, truth: f64) -> Result<(), TestCaseError> {
        self.cases.set(self.cases.get() + 1);
        match finding {
            Finding::Smooth(Estimate { value, error }) => {
                let off = (value - truth).abs();
                let allowed = error + DUAL_ROUNDING * truth.abs();
                if off > 0.0 {
                    self.worst.set(self.worst.get().max(off / allowed));
                }
                prop_assert!(off <= allowed, "{value:e} ± {error:e}, but {truth:e}");
            }
            Finding::Unresolved(_) => self.unresolved.set(self.unresolved.get() + 1),
            other => prop_assert!(false, "{other:?} for {truth:e}"),
        }
        Ok(())
    }

    /// Hold the share of unresolved cases, once there are enough to speak of one.
    fn finish(&self, most_unresolved: f64) {
        let share = f64::from(self.unresolved.get()) / f64::from(self.cases.get().max(1));
        assert!(
            self.cases.get() < 100 || share <= most_unresolved,
            "{share} of {} cases are unresolved",
            self.cases.get()
        );
    }
}

#[test]
fn the_true_derivative_is_within_the_bound() {
    let tally = Tally::default();
    hold("function_derivative", case(), |Case { function, x }| {
        tally.count(found(|t| function.value(t), x), function.slope(x))
    });
    tally.finish(0.05);
}

#[test]
fn the_true_derivative_is_within_the_bound_from_any_first_step() {
    let tally = Tally::default();
    let cases = (case(), -4.0..2.0_f64);
    hold(
        "function_first_step",
        cases,
        |(Case { function, x }, power)| {
            let step = function.width * 10.0_f64.powf(power);
            tally.count(
                found_from(step, |t| function.value(t), x),
                function.slope(x),
            )
        },
    );
    tally.finish(0.05);
}

#[test]
fn scaling_by_a_power_of_two_scales_the_finding() {
    hold("function_scaling", case(), |Case { function, x }| {
        let plain = found(|t| function.value(t), x);
        let h = function.width * 1e-2;
        let detection = detect_kink(|t| function.value(t), x, h);
        for power in [-10, -20, -30, 7] {
            let factor = 2.0_f64.powi(power);
            let scaled = found(|t| factor * function.value(t), x);
            match (plain, scaled) {
                (Finding::Smooth(a), Finding::Smooth(b)) => {
                    let same = (a.value * factor).to_bits() == b.value.to_bits()
                        && (a.error * factor).to_bits() == b.error.to_bits();
                    prop_assert!(same, "2^{power}: {a:?}, {b:?}");
                }
                (a, b) => prop_assert_eq!(
                    std::mem::discriminant(&a),
                    std::mem::discriminant(&b),
                    "2^{}: {:?}, {:?}",
                    power,
                    a,
                    b
                ),
            }
            let scaled = detect_kink(|t| factor * function.value(t), x, h);
            prop_assert_eq!(
                detection.map(|found| std::mem::discriminant(&found)),
                scaled.map(|found| std::mem::discriminant(&found)),
                "2^{}",
                power
            );
        }
        Ok(())
    });
}

#[test]
fn no_kink_is_seen_on_a_smooth_function() {
    let cases = (case(), -6.0..0.0_f64);
    hold(
        "function_false_alarm",
        cases,
        |(Case { function, x }, power)| {
            let h = function.width * 10.0_f64.powf(power);
            // Values that overflow end the function.
            prop_assume!(function.value(x - h).is_finite() && function.value(x + h).is_finite());
            let found = detect_kink(|t| function.value(t), x, h);
            prop_assert!(
                found.is_ok_and(|found| !found.is_kink()),
                "step {h:e}: {found:?}"
            );
            Ok(())
        },
    );
}

/// Of all slopes and values around a point: what a change of slope is small or large against.
fn steepness(case: &Case, h: f64) -> f64 {
    let f = |t: f64| case.function.value(t);
    let slopes = (-8..=8).map(|i| case.function.slope(case.x + f64::from(i) / 8.0 * h).abs());
    slopes
        .fold(0.0, f64::max)
        .max(f(case.x).abs() / case.function.width)
}

#[test]
fn a_change_of_slope_is_found_wherever_it_is() {
    let cases = (case(), -5.0..-2.0_f64, -2.0..1.0_f64, -0.99..0.99_f64);
    hold(
        "function_kink_found",
        cases,
        |(case, power, change, offset)| {
            let h = case.function.width * 10.0_f64.powf(power);
            let c = steepness(&case, h) * 10.0_f64.powf(change);
            let place = case.x + offset * h;
            // On this step the background has to be smooth, rather than an oscillation.
            let background = detect_kink(|t| case.function.value(t), case.x, h);
            prop_assume!(background == Ok(Detection::Smooth));
            let f = |t: f64| case.function.value(t) + c * (t - place).max(0.0);
            let found = detect_kink(f, case.x, h);
            let Ok(Detection::Kink { at, change }) = found else {
                prop_assert!(false, "c = {c:e} at {offset}h, step {h:e}: {found:?}");
                return Ok(());
            };
            prop_assert!(
                (at - place).abs() < 0.02 * h,
                "{at} for {place}, step {h:e}"
            );
            prop_assert!((change / c - 1.0).abs() < 0.5, "{change} for {c}");
            Ok(())
        },
    );
}

#[test]
#[ignore = "falls short: where the kink's slopes are 1e12 times what else there is, a one-sided bound is too small in about 1 of 5000 cases"]
fn both_slopes_of_a_kink_are_within_their_bounds() {
    let cases = (case(), -2.0..1.0_f64, prop::bool::ANY);
    hold("function_kink_slopes", cases, |(case, change, up)| {
        let size = steepness(&case, 1e-6 * case.function.width) * 10.0_f64.powf(change);
        let c = if up { size } else { -size };
        let x = case.x;
        let finding = found(|t| case.function.value(t) + c * (t - x).abs(), x);
        let slope = case.function.slope(x);
        match finding {
            Finding::AtKink { left, right } => {
                for (side, estimate, truth) in
                    [("left", left, slope - c), ("right", right, slope + c)]
                {
                    let off = (estimate.value - truth).abs();
                    let allowed = estimate.error + DUAL_ROUNDING * (slope.abs() + size);
                    prop_assert!(off <= allowed, "{side}: {estimate:?} for {truth:e}");
                }
            }
            other => prop_assert!(
                size <= 0.0,
                "{other:?} with a change of ±{c:e} at slope {slope:e}"
            ),
        }
        Ok(())
    });
}

#[test]
#[ignore = "falls short: beside a kink that is far steeper than the function, a kink is seen at the point in about 1 of 5000 cases"]
fn a_kink_beside_the_point_leaves_the_bound_true() {
    let tally = Tally::default();
    let cases = (case(), -2.0..1.0_f64, -6.0..0.0_f64, prop::bool::ANY);
    hold(
        "function_kink_beside",
        cases,
        |(case, change, distance, above)| {
            let size = steepness(&case, 1e-6 * case.function.width) * 10.0_f64.powf(change);
            let distance = case.function.width * 10.0_f64.powf(distance);
            let place = case.x + if above { distance } else { -distance };
            let f = |t: f64| case.function.value(t) + size * (t - place).max(0.0);
            let truth = case.function.slope(case.x) + if above { 0.0 } else { size };
            tally.count(found(f, case.x), truth)
        },
    );
    tally.finish(0.05);
}
