//! Kinks within a fixed step.

use std::f64::consts::{FRAC_PI_2, PI};

use gradproof::source::{Detection, detect_kink};

type Function = fn(f64) -> f64;

/// Chainer's default step.
const STEP: f64 = 1e-3;

#[track_caller]
fn detect(what: &str, f: impl FnMut(f64) -> f64, x: f64, h: f64) -> Detection {
    detect_kink(f, x, h).unwrap_or_else(|error| panic!("{what} at {x}, step {h}: {error}"))
}

/// Chainer, tests/chainer_tests/test_gradient_check.py,
/// NumericalGradientDetectNondifferentiableTest: whether numerical_grad must refuse.
#[test]
fn chainers_table() {
    let cubic: Function = |x| -3.0 * x * x * x + 2.0 * x * x + 1.0;
    let step: Function = |x| if x > 0.0 { 1.0 } else { 0.0 };
    let clip: Function = |x| x.clamp(0.0, 1.0);
    let segment: Function = |x| if x > -1.0 && x < 1.0 { f64::NAN } else { 1.0 };
    let pole = 3.0 * FRAC_PI_2;
    let table: [(&str, Function, &[f64], f64, bool); 27] = [
        ("zero", |_| 0.0, &[-100.0, 0.0, 100.0], STEP, false),
        ("zero", |_| 0.0, &[-100.0, 0.0, 100.0], 1e-4, false),
        ("linear", |x| 2.0 * x, &[-100.0, 100.0, 0.0], STEP, false),
        (
            "quadratic",
            |x| x * x + 2.0,
            &[-100.0, 100.0, 0.0],
            STEP,
            false,
        ),
        ("cubic", cubic, &[-100.0, 100.0, 0.0], STEP, false),
        ("cubic, too large epsilon", cubic, &[0.0], 1e-1, true),
        ("abs", f64::abs, &[0.0, 0.8 * STEP, -0.8 * STEP], STEP, true),
        (
            "abs",
            f64::abs,
            &[1.2 * STEP, -1.2 * STEP, 100.0, -100.0],
            STEP,
            false,
        ),
        (
            "abs, other entries",
            f64::abs,
            &[3.0, 1.0, 2.0],
            STEP,
            false,
        ),
        ("step", step, &[0.0, 0.8 * STEP, -0.8 * STEP], STEP, true),
        (
            "step",
            step,
            &[1.2 * STEP, -1.2 * STEP, 100.0, -100.0],
            STEP,
            false,
        ),
        ("clip", clip, &[0.0, 1.0], STEP, true),
        ("clip", clip, &[0.5], STEP, false),
        (
            "floor",
            f64::floor,
            &[0.0, 100.0 + 0.8 * STEP, 100.0 - 0.8 * STEP],
            STEP,
            true,
        ),
        (
            "floor",
            f64::floor,
            &[100.0 + 1.2 * STEP, 100.0 - 1.2 * STEP],
            STEP,
            false,
        ),
        ("exp", f64::exp, &[-100.0, 0.0, 13.0], STEP, false),
        ("log", f64::ln, &[100.0], STEP, false),
        ("log", f64::ln, &[1e-3], 1e-6, false),
        ("log", f64::ln, &[0.0], STEP, true),
        ("log, NaN everywhere", f64::ln, &[-10.0], STEP, false),
        ("tan", f64::tan, &[1.2 * STEP, 0.8 * STEP], STEP, false),
        ("tan", f64::tan, &[FRAC_PI_2, -FRAC_PI_2, pole], STEP, true),
        (
            "tan",
            f64::tan,
            &[pole + 0.8 * STEP, pole - 0.8 * STEP],
            STEP,
            true,
        ),
        ("tan", f64::tan, &[pole + 1e-3, pole - 1e-3], 1e-6, false),
        ("NaN segment", segment, &[0.0], STEP, false),
        ("NaN segment", segment, &[-1.0, 1.0], STEP, true),
        ("linear", |x| 2.0 * x, &[0.37, -1.4], STEP, false),
    ];
    for (what, f, points, h, refused) in table {
        for &x in points {
            let found = detect(what, f, x, h);
            // Chainer has one answer for a kink and for a step that is too large for a derivative.
            let refuses = found.is_kink() || matches!(found, Detection::StepTooLarge { .. });
            assert_eq!(refuses, refused, "{what} at {x}, step {h}: {found:?}");
            assert!(
                !found.is_kink() || !what.starts_with("cubic"),
                "a polynomial has no kink: {found:?}"
            );
        }
    }
    // 2x at ∞ is no kink either, but a question without sense.
    assert!(detect_kink(|x| 2.0 * x, f64::INFINITY, STEP).is_err());
}

/// The slope changes that Chainer misses (c ≤ 0.3 at offset 0; measured), and smaller ones.
#[test]
fn small_changes_of_slope() {
    let backgrounds: [(&str, Function); 5] = [
        ("t", |t| t),
        ("sin", f64::sin),
        ("exp", f64::exp),
        ("1 + t − t³", |t| 1.0 + t - t * t * t),
        ("tanh(2t)/2", |t| (2.0 * t).tanh() / 2.0),
    ];
    for (what, background) in backgrounds {
        for (x, h) in [
            (0.0, 1e-3),
            (0.0, 1e-1),
            (0.7, 1e-3),
            (-3.0, 1e-5),
            (0.0, 1e-7),
        ] {
            for c in [1.0, 0.3, 0.1, 0.01, -0.01] {
                for offset in [0.0, 0.5, -0.5, 0.99, -0.99, 0.123, -0.77] {
                    let place = x + offset * h;
                    let f = |t: f64| background(t) + c * (t - place).max(0.0);
                    let found = detect(what, f, x, h);
                    let Detection::Kink { at, change } = found else {
                        panic!("{c}·relu at {offset}h on {what} at {x}, step {h}: {found:?}");
                    };
                    assert!((at - place).abs() < 1e-2 * h, "{what}: {at} for {place}");
                    assert!(
                        (change / c - 1.0).abs() < 0.2,
                        "{what} at {x}, {h}, {offset}: {change} for {c}"
                    );
                }
            }
        }
    }
}

#[test]
fn smooth_functions_have_no_kink() {
    let functions: [(&str, Function, &[f64]); 16] = [
        ("sin", f64::sin, &[0.0, 1.0, -2.5, 1e3, 1e6]),
        ("sin 50x", |x| (50.0 * x).sin(), &[0.0, 0.4, 3.0]),
        (
            "x⁷ − 3x⁴",
            |x| x.powi(7) - 3.0 * x.powi(4),
            &[0.0, 0.5, -2.0, 30.0],
        ),
        ("tanh 100x", |x| (100.0 * x).tanh(), &[0.0, 0.01, 1.0]),
        ("tanh 1e5x", |x| (1e5 * x).tanh(), &[0.0, 1e-5, 1e-4]),
        (
            "softplus 20x",
            |x| (20.0 * x).exp().ln_1p() / 20.0,
            &[0.0, 0.05, -0.1, 1.0],
        ),
        (
            "softplus 1e4x",
            |x| x.max(0.0) + (-1e4 * x.abs()).exp().ln_1p() / 1e4,
            &[0.0, 1e-4, -3e-4],
        ),
        ("sqrt", f64::sqrt, &[1.0, 0.11, 7.0, 1e8]),
        ("1/x", f64::recip, &[0.11, -0.11, 0.5, 1e5]),
        ("constant", |_| 0.1, &[0.0, 1.0, -7.7]),
        ("exp", f64::exp, &[-700.0, -30.0, 0.3, 30.0, 300.0]),
        ("log", f64::ln, &[0.11, 1.0, 1e10]),
        ("tan", f64::tan, &[0.0, 1.2, PI]),
        ("erf-like", |x| libm_erf(x), &[0.0, 0.7, 3.0]),
        ("|x|³", |x| x.abs().powi(3), &[0.0, 0.01]),
        (
            "e^(−1/x²)",
            |x| {
                if x.abs() > 0.0 {
                    (-1.0 / (x * x)).exp()
                } else {
                    0.0
                }
            },
            &[0.0, 0.3],
        ),
    ];
    for (what, f, points) in functions {
        for &x in points {
            for h in [1e-1, 1e-2, 1e-3, 1e-5, 1e-7] {
                let Ok(found) = detect_kink(f, x, h) else {
                    // The step is lost in the spacing of numbers.
                    assert!(
                        h < 1e-12 * x.abs().max(1.0) * 1e3,
                        "{what} at {x}, step {h}"
                    );
                    continue;
                };
                assert!(!found.is_kink(), "{what} at {x}, step {h}: {found:?}");
            }
        }
    }
}

/// The error function's shape without its crate: tanh of an odd polynomial.
fn libm_erf(x: f64) -> f64 {
    (1.13 * x + 0.100_6 * x * x * x).tanh()
}

#[test]
fn noise_is_no_kink() {
    let low_precision: [(&str, Function); 3] = [
        ("f32 sin", |x| f64::from((x as f32).sin())),
        ("f32 rounding of exp", |x| f64::from(x.exp() as f32)),
        ("cancellation", |x| (1e6 + x.sin()) - 1e6),
    ];
    for (what, f) in low_precision {
        for x in [0.3, 1.0, -2.2] {
            for h in [1e-1, 1e-2, 1e-3] {
                let found = detect(what, f, x, h);
                assert!(!found.is_kink(), "{what} at {x}, step {h}: {found:?}");
            }
        }
    }
}

#[test]
fn cusps_jumps_poles_and_edges() {
    let root = detect("√|x|", |x: f64| x.abs().sqrt(), 0.0, STEP);
    assert!(matches!(root, Detection::Jump { .. }), "{root:?}");
    let edge = detect("√x", f64::sqrt, 0.0, STEP);
    assert!(matches!(edge, Detection::Edge { .. }), "{edge:?}");
    let pole = detect("1/x", |x: f64| 1.0 / (x - 1e-4), 0.0, STEP);
    assert!(pole.is_kink(), "{pole:?}");
    let jump = detect(
        "sign",
        |x: f64| if x > 3e-4 { 2.0 } else { -1.0 },
        0.0,
        STEP,
    );
    let Detection::Jump { at, height } = jump else {
        panic!("{jump:?}");
    };
    assert!(
        (at - 3e-4).abs() < 1e-8 && (height - 3.0).abs() < 1e-9,
        "{jump:?}"
    );
}
