//! Derivatives that others published, within the bound, and the bound within a limit.

use std::f64::consts::{E, PI};

use gradproof::source::extrapolate;

use super::{close, found, found_from, smooth};

/// sin(x)/x, 1 at 0.
fn sinc(x: f64) -> f64 {
    if x.abs() > 0.0 {
        (PI * x).sin() / (PI * x)
    } else {
        1.0
    }
}

/// sinc′(x), as Julia defines it.
fn cosc(x: f64) -> f64 {
    // Both terms are near 1/x, so that below some size of x only the series is right.
    let t = PI * x;
    if t.abs() < 0.5 {
        let mut sum = 0.0;
        let mut term = 1.0;
        for k in 1..12 {
            let k = f64::from(k);
            term *= -t * t / ((2.0 * k) * (2.0 * k + 1.0));
            sum += 2.0 * k * term;
        }
        if t.abs() > 0.0 { sum / x } else { 0.0 }
    } else {
        (t.cos() - t.sin() / t) / x
    }
}

#[test]
fn ceres_ridders_example() {
    // Ceres docs and numeric_diff_test_utils: f′(1) = 140.73773557129658.
    let finding = found(|x: f64| x.exp() / (x.sin() - x * x), 1.0);
    close("eˣ/(sin x − x²)", finding, 140.737_735_571_296_58, 1e-7);
    let value = smooth("eˣ/(sin x − x²)", finding).value;
    let relative = (value / 140.737_735_571_296_58 - 1.0).abs();
    assert!(relative < 1e-10, "relative error {relative:e}");
}

#[test]
fn ceres_tableau_is_extrapolated() {
    // The first column of the tableau in Ceres' docs, and the number that it ends with.
    let column = [
        141.678_097_131,
        140.971_663_667,
        140.796_145_400,
        140.752_333_523,
        140.741_384_778,
    ];
    close(
        "tableau",
        extrapolate(&column),
        140.737_735_571_296_58,
        1e-6,
    );
}

#[test]
fn gam_smooth_cases() {
    // gam, numeric_derivative.rs; derivatives by hand.
    let product = |t: f64| (2.0 + t).exp() * (1.0 + 0.3 * t).ln();
    close(
        "e^(2+t)·ln(1+0.3t)",
        found(product, 0.0),
        0.3 * (2.0_f64).exp(),
        1e-11,
    );
    let fast = |t: f64| -0.41386 * (t / 1.6647e-3).sin();
    let truth = -0.41386 / 1.6647e-3;
    close("−0.41386·sin(t/1.6647e-3)", found(fast, 0.0), truth, 1e-6);
    let value = smooth("fast sine", found(fast, 0.0)).value;
    assert!((value / truth - 1.0).abs() < 1e-6, "{value} for {truth}");
    let from = smooth("fast sine from 3e-4", found_from(3e-4, fast, 0.0)).value;
    assert!((from / truth - 1.0).abs() < 1e-9, "{from} for {truth}");
    let wave = |t: f64| (1.3 + t).sin() * (0.4 + t).exp();
    let truth = (0.4_f64).exp() * (1.3_f64.cos() + 1.3_f64.sin());
    close("sin(1.3+t)·e^(0.4+t)", found(wave, 0.0), truth, 1e-11);
    // d/dt at −1 is infinite, at 0 it is e^0.7·(1 + 1/2).
    let edge = |t: f64| (0.7 + t).exp() * (1.0 + t).sqrt();
    close(
        "e^(0.7+t)·√(1+t)",
        found(edge, 0.0),
        1.5 * (0.7_f64).exp(),
        1e-11,
    );
}

#[test]
fn finite_differences_jl_table() {
    // FiniteDifferences.jl, test/methods.jl: x, f, f′(x), and its looser bound on the value's error.
    type Row = (&'static str, fn(f64) -> f64, f64, f64, f64);
    let table: [Row; 8] = [
        ("x at 0", |x| x, 0.0, 1.0, 5e-15),
        ("exp at 0", f64::exp, 0.0, 1.0, 5e-13),
        ("sin at 0", f64::sin, 0.0, 1.0, 1e-14),
        ("cos at 0", f64::cos, 0.0, 0.0, 5e-14),
        ("exp at 1", f64::exp, 1.0, E, 5e-12),
        ("sin at 1", f64::sin, 1.0, 0.540_302_305_868_139_8, 5e-13),
        ("sinc at 0", sinc, 0.0, 0.0, 5e-12),
        ("cosc at 0", cosc, 0.0, -PI * PI / 3.0, 5e-9),
    ];
    for (what, f, x, truth, most) in table {
        let finding = found(f, x);
        close(what, finding, truth, 1e-9);
        let off = (smooth(what, finding).value - truth).abs();
        assert!(off <= most, "{what}: off by {off:e}");
    }
    // forward_fdm(5, 1; adapt = 0) is wrong by more than 1 here.
    close("log at 1e-3", found(f64::ln, 1e-3), 1000.0, 1e-7);
    close("abs at 1e-3", found(f64::abs, 1e-3), 1.0, 1e-9);
}

#[test]
fn ceres_functors() {
    // Ceres, numeric_diff_test_utils.cc: EasyFunctor's residuals x₁·x₂, (x₁·x₂)² and x₂·x₂, and the
    // relative error 1e-13 that it demands of Ridders' method.
    let (a, b) = ([1e-64, 2.0, 3.0, 4.0, 5.0], [9.0, 9.0, 5.0, 5.0, 1.0]);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let product = dot(&a, &b);
    for i in 0..5 {
        let with = |t: f64| {
            let mut a = a;
            a[i] = t;
            dot(&a, &b)
        };
        close("x₁·x₂", found(with, a[i]), b[i], 1e-9);
        let squared = |t: f64| with(t).powi(2);
        close("(x₁·x₂)²", found(squared, a[i]), 2.0 * product * b[i], 1e-6);
        let own = |t: f64| {
            let mut b = b;
            b[i] = t;
            dot(&b, &b)
        };
        close("x₂·x₂", found(own, b[i]), 2.0 * b[i], 1e-9);
    }
    // TranscendentalFunctor: sin(x₁·x₂) and exp(−x₁·x₂/10), in one coordinate; 3e-12 relative.
    let (p, q) = (0.7, 1.9);
    close(
        "sin(x₁x₂)",
        found(|t: f64| (t * q).sin(), p),
        q * (p * q).cos(),
        1e-10,
    );
    let decay = |t: f64| (-t * q / 10.0).exp();
    close(
        "exp(−x₁x₂/10)",
        found(decay, p),
        -q / 10.0 * (-p * q / 10.0).exp(),
        1e-11,
    );
    // ExponentialFunctor at 1 to 5; 2e-14 relative.
    for x in [1.0_f64, 2.0, 3.0, 4.0, 5.0] {
        close("exp", found(f64::exp, x), x.exp(), 2e-11 * x.exp());
    }
}

#[test]
fn numdifftools_and_scipy_cases() {
    close("log at 0.001", found(f64::ln, 0.001), 1000.0, 1e-7);
    close("x³ at 2", found(|x| x * x * x, 2.0), 12.0, 1e-11);
    // numdifftools: the directional derivative of Rosenbrock at (2, 3) along (1, −1)/√2.
    let rosenbrock = |x: f64, y: f64| (1.0 - x).powi(2) + 105.0 * (y - x * x).powi(2);
    let along = |t: f64| rosenbrock(2.0 + t / 2.0_f64.sqrt(), 3.0 - t / 2.0_f64.sqrt());
    close("Rosenbrock", found(along, 0.0), 743.876_333_808_248_3, 1e-8);
    // SciPy, differentiate: derivatives at 0.
    close("x", found(|x| x, 0.0), 1.0, 1e-12);
    close("sin 3x", found(|x: f64| (3.0 * x).sin(), 0.0), 3.0, 1e-9);
    close(
        "x + sin 10x",
        found(|x: f64| x + (10.0 * x).sin(), 0.0),
        11.0,
        1e-9,
    );
    let wave = |x: f64| (20.0 * x).sin() * (x - 1.0).powi(2);
    close("sin 20x·(x−1)²", found(wave, 0.0), 20.0, 1e-9);
    close("x − 2.5", found(|x| x - 2.5, 0.3), 1.0, 1e-12);
}
