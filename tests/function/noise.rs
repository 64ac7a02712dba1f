//! Noise and oscillation.

use gradproof::source::{Estimate, Finding, LadderOptions, Reason, derivative, extrapolate};

use super::{close, found, found_from, smooth};

/// Noise in [−1, 1] that depends on nothing but the bits of the argument (splitmix64).
fn noise(t: f64) -> f64 {
    let mut z = t.to_bits().wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / 2.0_f64.powi(63) - 1.0
}

#[test]
fn a_slope_below_the_noise_is_not_resolved() {
    // gam, numeric_derivative.rs: slope 1e-7 under noise of 1e-9.
    // Not so at 40, where the first step is 2: there the function rises by 200 times the noise.
    for x in [0.0, 0.3, 1.7, -3.0] {
        let finding = found(|t| 1e-7 * t + 1e-9 * noise(t), x);
        assert!(
            matches!(
                finding,
                Finding::Unresolved(Reason::NoiseHidesSlope { .. } | Reason::Oscillates { .. })
            ),
            "at {x}: {finding:?}"
        );
    }
}

#[test]
fn a_measured_ladder_of_noise_is_not_resolved() {
    // gam, numeric_derivative.rs: central slopes at halved steps; the analytic one is 1.399835e-7.
    let measured = [
        2.271_176_597_9e-5,
        8.892_709_928_4e-5,
        -6.922_289_230_7e-6,
        -8.866_210_805_5e-5,
        1.734_289_639_9e-4,
        -4.049_012_432_0e-4,
        -7.138_875_389_5e-4,
        -3.285_832_917_8e-3,
        -7.769_620_424_4e-3,
        -9.193_932_419_3e-3,
        9.851_832_146_5e-3,
        1.692_677_906_2e-2,
    ];
    let finding = extrapolate(&measured);
    assert!(
        matches!(finding, Finding::Unresolved(Reason::DoesNotConverge { .. })),
        "{finding:?}"
    );
    for few in [&[][..], &[1.0], &[1.0, 1.0], &[f64::NAN, 1.0, 1.0, 1.0]] {
        assert!(
            matches!(extrapolate(few), Finding::Unresolved(_)),
            "{few:?}"
        );
    }
}

#[test]
fn an_oscillation_is_right_or_unresolved() {
    // gam, numeric_derivative.rs: sin(t/1e-7) at 0.
    let fast = |t: f64| (t / 1e-7).sin();
    match found(fast, 0.0) {
        Finding::Smooth(Estimate { value, error }) => {
            assert!((value - 1e7).abs() <= error, "{value} ± {error}");
        }
        Finding::Unresolved(_) => (),
        other => panic!("{other:?}"),
    }
    close("from 1e-7", found_from(1e-7, fast, 0.0), 1e7, 1.0);
    // Below the last rung of the ladder all is noise.
    let below = found(|t: f64| (t / 1e-30).sin(), 0.0);
    assert!(
        matches!(below, Finding::Unresolved(Reason::Oscillates { .. })),
        "{below:?}"
    );
}

#[test]
fn an_oscillation_with_a_period_of_the_steps_is_not_taken_for_a_constant() {
    // All values on the upper rungs are 0 exactly, or nearly so.
    for power in [4, 7, 12, 20] {
        let factor = 2.0_f64.powi(power) * std::f64::consts::PI;
        match found(|t: f64| (factor * t).sin(), 0.0) {
            Finding::Smooth(Estimate { value, error }) => {
                assert!(
                    (value - factor).abs() <= error,
                    "{value} ± {error} for {factor}"
                );
            }
            other => panic!("2^{power}: {other:?}"),
        }
    }
}

#[test]
fn noise_makes_the_bound_not_the_slope_wrong() {
    // Ceres, numeric_diff_test_utils: x² + U(±0.01) at 0, 1, 3, 4 and 50.
    for x in [0.0, 1.0, 3.0, 4.0, 50.0] {
        let f = |t: f64| t * t + 0.01 * noise(t);
        let estimate = smooth("a large first step", found_from(64.0, f, x));
        assert!(
            (estimate.value - 2.0 * x).abs() <= estimate.error,
            "{estimate:?} at {x}"
        );
        assert!(estimate.error < 0.02, "{estimate:?}");
        match found(f, x) {
            Finding::Smooth(Estimate { value, error }) => {
                assert!((value - 2.0 * x).abs() <= error, "{value} ± {error} at {x}");
            }
            Finding::Unresolved(_) => (),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn arithmetic_of_low_precision_is_seen_as_noise() {
    // The same sine in f32: its rounding is 1e-7 of its value.
    for x in [0.3, 1.1, -2.0] {
        let estimate = smooth("f32", found(|t: f64| f64::from((t as f32).sin()), x));
        assert!(
            (estimate.value - x.cos()).abs() <= estimate.error,
            "{estimate:?}"
        );
        assert!(
            estimate.error < 1e-3 && estimate.error > 1e-8,
            "{estimate:?}"
        );
    }
    // Cancellation makes a staircase whose steps are flat.
    let estimate = smooth("staircase", found(|t: f64| (1e8 + t) - 1e8, 0.0));
    assert!(
        (estimate.value - 1.0).abs() <= estimate.error,
        "{estimate:?}"
    );
}

#[test]
fn random_values_have_no_derivative() {
    // SciPy, differentiate: eˣ times a random number does not converge.
    for x in [0.0, 0.5, 2.0] {
        let finding = found(|t: f64| t.exp() * noise(t), x);
        assert!(matches!(finding, Finding::Unresolved(_)), "{finding:?}");
    }
}

#[test]
fn a_known_noise_level_widens_the_bound() {
    let options = LadderOptions {
        noise: Some(1e-6),
        ..LadderOptions::default()
    };
    let Estimate { value, error } = smooth("sin", derivative(f64::sin, 1.0, &options));
    assert!((value - 1.0_f64.cos()).abs() <= error);
    assert!((1e-6..1e-2).contains(&error), "{error}");
}
#[test]
fn a_stair_of_rounding_is_not_taken_for_the_staircase() {
    // 1 + w² is rounded to multiples of 2⁻⁵², so that ln(1 + w²) is a staircase of slope −1.9e-4,
    // each of whose steps e⁻ˣ tilts to −7.6e-5.
    let w = |x: f64| 0.239_715_361_6 * (0.105_209_743 * x + 1.304_439_665).tanh() - 0.215_657_841_4;
    let f = |x: f64| (-x).exp() * (1.0 + w(x) * w(x)).ln();
    let slope = 0.105_209_743
        * 0.239_715_361_6
        * (1.0 - (0.105_209_743 * 0.01 + 1.304_439_665_f64).tanh().powi(2));
    let w = w(0.01);
    let truth = (-0.01_f64).exp() * (2.0 * w * slope / (1.0 + w * w) - (1.0 + w * w).ln());
    let finding = found(f, 0.01);
    let Finding::Unresolved(Reason::TwoSlopes {
        large_steps,
        small_steps,
        ..
    }) = finding
    else {
        panic!("{finding:?}");
    };
    assert!(
        (large_steps / truth - 1.0).abs() < 1e-6,
        "{large_steps} for {truth}"
    );
    assert!((small_steps / -7.6e-5 - 1.0).abs() < 0.1, "{small_steps}");
    // Whoever knows of the rounding says so.
    let options = LadderOptions {
        noise: Some(f64::EPSILON),
        ..LadderOptions::default()
    };
    close(
        "with the noise stated",
        derivative(f, 0.01, &options),
        truth,
        1e-9,
    );
}
