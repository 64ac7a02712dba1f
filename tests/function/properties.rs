//! Properties of random smooth functions, and of kinks on them.
//!
//! `PROPTEST_CASES` says how many are tried; failures are kept in `proptest-regressions/`.

use std::cell::Cell;

use gradproof::harness::config;
use gradproof::source::{Detection, Estimate, Finding, LadderOptions, derivative, detect_kink};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use super::found;
use super::random::{Case, case, kept_beside, kept_slopes};

/// Units of rounding by which a derivative by duals may itself be wrong, in terms of the sizes
/// that appear in it.
const DUAL_ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Units of rounding of its last digit by which a function computes its values wrongly.
const WRONGLY: f64 = 16.0;

/// What one knows beforehand of a function on the scale of `h`.
///
/// Where saturated stages cancel, the values are a staircase whose steps may be longer than the
/// ladder: they are those of another function. That their last digits mean nothing is not in them,
/// and has to be said.
fn known(case: &Case, h: f64) -> LadderOptions {
    let off = case.rounding(h);
    let last_digit = f64::EPSILON / 2.0 * case.function.value(case.x).abs();
    LadderOptions {
        first_step: None,
        noise: (off > WRONGLY * last_digit).then_some(2.0 * off),
        ..LadderOptions::default()
    }
}

/// How much higher a step of rounding can be than what a few runs of Monte Carlo arithmetic show.
const STAIR: f64 = 8.0;

/// Times the noise that a kink has to add over its distance from the point to be seen beside it:
/// 16 noise levels of the highest differences, which show 0.044 of it, on a rung of four distances.
const BESIDE: f64 = 16.0 / 0.044 * 4.0;

/// A change of slope has to stay above 64 times the noise while the 128 cells are halved 8 times.
fn stands_out(change: f64, h: f64, noise: f64) -> bool {
    change * (2.0 * h / 128.0) / 256.0 > 64.0 * noise
}

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
    /// The largest error over its bound.
    worst: Cell<f64>,
}

impl Tally {
    fn count(&self, finding: Finding, truth: f64) -> Result<(), TestCaseError> {
        self.cases.set(self.cases.get() + 1);
        match finding {
            Finding::Smooth(estimate) => return self.within(estimate, truth, truth.abs()),
            Finding::Unresolved(_) => self.unresolved.set(self.unresolved.get() + 1),
            other => prop_assert!(false, "{other:?} for {truth:e}"),
        }
        Ok(())
    }

    /// Hold each estimate against its own truth; rounding is that of the larger one.
    fn each(&self, estimates: [Estimate; 2], truths: [f64; 2]) -> Result<(), TestCaseError> {
        self.cases.set(self.cases.get() + 1);
        let size = truths[0].abs().max(truths[1].abs());
        estimates
            .into_iter()
            .zip(truths)
            .try_for_each(|(estimate, truth)| self.within(estimate, truth, size))
    }

    fn within(&self, estimate: Estimate, truth: f64, size: f64) -> Result<(), TestCaseError> {
        let Estimate { value, error } = estimate;
        let off = (value - truth).abs();
        let allowed = error + DUAL_ROUNDING * size;
        if off > 0.0 {
            self.worst.set(self.worst.get().max(off / allowed));
        }
        prop_assert!(off <= allowed, "{value:e} ± {error:e}, but {truth:e}");
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
    hold("function_derivative", case(), |case| {
        let Case { function, x } = &case;
        let options = known(&case, 1e-3 * function.width);
        tally.count(
            derivative(|t| function.value(t), *x, &options),
            function.slope(*x),
        )
    });
    tally.finish(0.05);
}

#[test]
fn the_true_derivative_is_within_the_bound_from_any_first_step() {
    let tally = Tally::default();
    let cases = (case(), -4.0..2.0_f64);
    hold("function_first_step", cases, |(case, power)| {
        let Case { function, x } = &case;
        let options = LadderOptions {
            first_step: Some(function.width * 10.0_f64.powf(power)),
            ..known(&case, 1e-3 * function.width)
        };
        tally.count(
            derivative(|t| function.value(t), *x, &options),
            function.slope(*x),
        )
    });
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
    hold("function_false_alarm", cases, |(case, power)| {
        let Case { function, x } = &case;
        let h = function.width * 10.0_f64.powf(power);
        // Values that overflow end the function.
        prop_assume!(function.value(x - h).is_finite() && function.value(x + h).is_finite());
        let found = detect_kink(|t| function.value(t), *x, h);
        // A step of a staircase made by rounding is a jump.
        let stair = |at: f64, height: f64| {
            let function = function.clone();
            height <= STAIR * Case { function, x: at }.rounding(0.0).max(case.rounding(h))
        };
        let right = match found {
            Ok(Detection::Jump { at, height }) => stair(at, height),
            Ok(found) => !found.is_kink(),
            Err(_) => false,
        };
        prop_assert!(right, "step {h:e}: {found:?}");
        Ok(())
    });
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
            if !stands_out(c, h, case.rounding(h)) && !found.is_ok_and(|found| found.is_kink()) {
                return Ok(());
            }
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

/// Hold the findings where a kink of 10^`change` times the steepness is at the point.
fn slopes_at_a_kink(
    tally: &Tally,
    (case, change, up): (Case, f64, bool),
) -> Result<(), TestCaseError> {
    let size = steepness(&case, 1e-6 * case.function.width) * 10.0_f64.powf(change);
    let c = if up { size } else { -size };
    let x = case.x;
    let slope = case.function.slope(x);
    let truths = [slope - c, slope + c];
    let f = |t: f64| case.function.value(t) + c * (t - x).abs();
    match derivative(f, x, &known(&case, 1e-3 * case.function.width)) {
        Finding::AtKink { left, right } => tally.each([left, right], truths),
        // One slope, that is said to be known less well than the two are apart.
        Finding::Smooth(estimate) => tally.each([estimate; 2], truths),
        other => tally.count(other, slope),
    }
}

/// Hold the findings where such a kink is 10^`distance` widths above or below the point.
fn slope_beside_a_kink(
    tally: &Tally,
    (case, change, distance, above): (Case, f64, f64, bool),
) -> Result<(), TestCaseError> {
    let size = steepness(&case, 1e-6 * case.function.width) * 10.0_f64.powf(change);
    let distance = case.function.width * 10.0_f64.powf(distance);
    let place = case.x + if above { distance } else { -distance };
    let f = |t: f64| case.function.value(t) + size * (t - place).max(0.0);
    let slope = case.function.slope(case.x);
    let options = known(&case, 1e-3 * case.function.width);
    let noise = options
        .noise
        .unwrap_or(f64::EPSILON * case.function.value(case.x).abs());
    match derivative(f, case.x, &options) {
        // What the kink adds over its distance is not above the noise: it may as well be here.
        Finding::AtKink { left, right } if size * distance <= BESIDE * noise => {
            tally.each([left, right], [slope, slope + size])
        }
        finding => tally.count(finding, slope + if above { 0.0 } else { size }),
    }
}

#[test]
fn both_slopes_of_a_kink_are_within_their_bounds() {
    let tally = Tally::default();
    let cases = (case(), -2.0..1.0_f64, prop::bool::ANY);
    hold("function_kink_slopes", cases, |case| {
        slopes_at_a_kink(&tally, case)
    });
    tally.finish(0.05);
}

#[test]
fn a_kink_beside_the_point_leaves_the_bound_true() {
    let tally = Tally::default();
    let cases = (case(), -2.0..1.0_f64, -6.0..0.0_f64, prop::bool::ANY);
    hold("function_kink_beside", cases, |case| {
        slope_beside_a_kink(&tally, case)
    });
    tally.finish(0.05);
}

#[test]
fn kept_failures_hold() {
    let tally = Tally::default();
    for held in [
        slope_beside_a_kink(&tally, kept_beside()),
        slopes_at_a_kink(&tally, kept_slopes()),
    ] {
        held.expect("a case that once broke its property");
    }
    assert_eq!(tally.unresolved.get(), 0, "both were found");
}
