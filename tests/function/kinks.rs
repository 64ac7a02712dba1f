//! Points without derivative, as seen by the derivative.

use gradproof::judge::{self, Outcome, check_gradient};
use gradproof::source::{Finding, LadderOptions, Reason, Side};

use super::{close, found, found_from, smooth};

#[track_caller]
fn at_kink(what: &str, finding: Finding, left: f64, right: f64, most: f64) {
    let Finding::AtKink { left: l, right: r } = finding else {
        panic!("{what}: {finding:?}");
    };
    for (side, estimate, truth) in [("left", l, left), ("right", r, right)] {
        assert!(
            (estimate.value - truth).abs() <= estimate.error && estimate.error <= most,
            "{what}, {side}: {estimate:?} for {truth}"
        );
    }
}

fn relu(t: f64) -> f64 {
    t.max(0.0)
}

#[test]
fn slopes_on_both_sides() {
    at_kink("abs", found(f64::abs, 0.0), -1.0, 1.0, 1e-9);
    at_kink("relu", found(relu, 0.0), 0.0, 1.0, 1e-9);
    at_kink("max", found(|a: f64| a.max(0.7), 0.7), 0.0, 1.0, 1e-9);
    at_kink("e^|t|", found(|t: f64| t.abs().exp(), 0.0), -1.0, 1.0, 1e-8);
    let weak = |t: f64| t.sin() + 1e-6 * relu(t);
    at_kink(
        "a weak kink on a sine",
        found(weak, 0.0),
        1.0,
        1.0 + 1e-6,
        1e-8,
    );
    let away = |t: f64| 3.0 * t + 0.1 * (t - 0.3).abs();
    at_kink("a kink at 0.3", found(away, 0.3), 2.9, 3.1, 1e-8);
}

#[test]
fn a_kink_beside_the_point_does_not_spoil_its_slope() {
    for distance in [1e-2, 1e-4, 1e-6, 1e-8] {
        let finding = found(|t: f64| relu(t - distance) + t, 0.0);
        close("before the kink", finding, 1.0, 1e-13 / distance);
        let finding = found(|t: f64| relu(t + distance) + t, 0.0);
        close("behind the kink", finding, 2.0, 1e-13 / distance);
    }
}

#[test]
fn jax_gcm_813_the_central_quotient_is_the_mean_of_two_slopes() {
    // jax-gcm#813: the analytic slope −1.36e-7 is that on the left; on the right it is −2.30e-4, and
    // the central quotient −1.15e-4 was taken for a wrong gradient.
    let (left, right) = (-1.36e-7, -2.30e-4);
    let f = |t: f64| if t < 0.0 { left * t } else { right * t };
    at_kink("jax-gcm#813", found(f, 0.0), left, right, 1e-9);
    for (claimed, side) in [
        (left, judge::Side::Inside),
        (right, judge::Side::Inside),
        (-1.15e-4, judge::Side::Inside),
        (1.0e-4, judge::Side::Outside),
    ] {
        let checked = check_gradient(|x| f(x[0]), &[0.0], &[claimed], &LadderOptions::default());
        let outcome = checked.expect("one coordinate")[0].outcome;
        assert_eq!(outcome, Outcome::AtKink(side), "claimed {claimed:e}");
    }
}

#[test]
fn jax_gcm_816_a_symmetric_kink_is_no_accidental_pass() {
    // jax-gcm#816: the central quotient of a symmetric kink is the chosen gradient at every step.
    for slope in [0.0, 1.0, -0.35] {
        let f = |t: f64| slope * t + 0.2 * t.abs();
        at_kink("symmetric", found(f, 0.0), slope - 0.2, slope + 0.2, 1e-9);
    }
}

#[test]
fn roots_have_an_infinite_slope_at_zero() {
    for (what, f) in [("sqrt", f64::sqrt as fn(f64) -> f64), ("cbrt", f64::cbrt)] {
        let finding = found(f, 0.0);
        assert!(
            matches!(finding, Finding::Unresolved(Reason::InfiniteSlope { .. })),
            "{what}: {finding:?}"
        );
    }
    // x·ln x: the slope ln x + 1 grows more slowly than any power.
    let finding = found(|x: f64| if x > 0.0 { x * x.ln() } else { 0.0 }, 0.0);
    assert!(
        matches!(
            finding,
            Finding::Unresolved(Reason::InfiniteSlope {
                side: Side::Right,
                ..
            })
        ),
        "{finding:?}"
    );
    close(
        "√x at 1e-9",
        found(f64::sqrt, 1e-9),
        0.5 / 1e-9_f64.sqrt(),
        1e-5,
    );
    close(
        "√x at 1e-9, from 1e-9",
        found_from(1e-9, f64::sqrt, 1e-9),
        0.5 / 1e-9_f64.sqrt(),
        1e-5,
    );
}

#[test]
fn the_end_of_a_domain_has_a_one_sided_slope() {
    // x^1.5 ends at 0 with slope 0; √(1 + t) restricted to t ≥ 0 has slope 1/2.
    close("x^1.5", found(|x: f64| x.powf(1.5), 0.0), 0.0, 1e-3);
    let ends = |t: f64| if t < 0.0 { f64::NAN } else { (1.0 + t).sqrt() };
    close("ends on the left", found(ends, 0.0), 0.5, 1e-9);
    let ends = |t: f64| {
        if t > 0.0 {
            f64::INFINITY
        } else {
            (1.0 + t).sqrt()
        }
    };
    close("ends on the right", found(ends, 0.0), 0.5, 1e-9);
    let close_to_the_end = |x: f64| if x < 0.0 { f64::NAN } else { x.exp() };
    close(
        "1e-6 from the end",
        found(close_to_the_end, 1e-6),
        1e-6_f64.exp(),
        1e-6,
    );
}

#[test]
fn a_jump_is_no_slope() {
    let step = |t: f64| if t > 0.0 { 1.0 + t } else { t };
    let finding = found(step, 0.0);
    let Finding::Unresolved(Reason::Jump {
        side: Side::Right,
        height,
    }) = finding
    else {
        panic!("{finding:?}");
    };
    assert!((height - 1.0).abs() < 1e-6, "height {height}");
    let finding = found(|t: f64| if t < 0.0 { -2.0 } else { 1.0 }, 0.0);
    let Finding::Unresolved(Reason::Jump {
        side: Side::Left,
        height,
    }) = finding
    else {
        panic!("{finding:?}");
    };
    assert!((height + 3.0).abs() < 1e-6, "height {height}");
    // A staircase is flat between its steps.
    let flat = smooth("floor at 0.4", found(f64::floor, 0.4));
    assert!(flat.value.abs() <= flat.error, "{flat:?}");
}

#[test]
fn a_value_alone_is_no_function() {
    let alone = |t: f64| if t.abs() > 0.0 { f64::NAN } else { 1.0 };
    assert_eq!(
        found(alone, 0.0),
        Finding::Unresolved(Reason::NotFiniteNearby)
    );
}
