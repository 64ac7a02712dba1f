//! Questions that make no sense are named, not answered.

use gradproof::source::{Finding, InputError, LadderOptions, derivative, detect_kink};

use super::{found, found_from};

#[track_caller]
fn invalid(finding: Finding) -> InputError {
    match finding {
        Finding::Invalid(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn points_that_are_no_numbers() {
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(
            matches!(invalid(found(f64::sin, x)), InputError::Point { .. }),
            "{x}"
        );
        let detection = detect_kink(f64::sin, x, 1e-3);
        assert!(matches!(detection, Err(InputError::Point { .. })), "{x}");
    }
}

#[test]
fn steps_that_lead_nowhere() {
    for step in [0.0, -1e-3, f64::NAN, f64::INFINITY] {
        let error = invalid(found_from(step, f64::sin, 1.0));
        assert!(matches!(error, InputError::Step { .. }), "{step}: {error}");
        let detection = detect_kink(f64::sin, 1.0, step);
        assert!(
            matches!(detection, Err(InputError::Step { .. })),
            "{step}: {detection:?}"
        );
    }
    let error = invalid(found_from(1e-10, f64::sin, 1e9));
    let InputError::StepTooSmall { least, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(
        found_from(least, f64::sin, 1e9),
        Finding::Smooth(_) | Finding::Unresolved(_)
    ));
    let detection = detect_kink(f64::sin, 1e9, 1e-10);
    let Err(InputError::StepTooSmall { least, .. }) = detection else {
        panic!("{detection:?}");
    };
    assert!(detect_kink(f64::sin, 1e9, least).is_ok(), "{least}");
    let error = invalid(found_from(f64::MAX, f64::sin, 1.0));
    assert!(matches!(error, InputError::StepTooLarge { .. }), "{error}");
    assert!(detect_kink(f64::sin, 1.0, f64::MAX).is_err());
    assert!(matches!(found(|x| x, f64::MAX), Finding::Invalid(_)));
}

#[test]
fn noise_levels_that_are_none() {
    for noise in [-1.0, f64::NAN, f64::INFINITY] {
        let options = LadderOptions {
            noise: Some(noise),
            ..LadderOptions::default()
        };
        let error = invalid(derivative(f64::sin, 1.0, &options));
        assert!(
            matches!(error, InputError::Noise { .. }),
            "{noise}: {error}"
        );
    }
}

#[test]
fn values_that_are_no_numbers() {
    // SciPy, differentiate: a function that is NaN has no derivative.
    for (what, f, x) in [
        ("NaN", (|_| f64::NAN) as fn(f64) -> f64, 1.0),
        ("log at 0", f64::ln, 0.0),
        ("log at −10", f64::ln, -10.0),
        ("1/x at 0", f64::recip, 0.0),
    ] {
        let error = invalid(found(f, x));
        assert!(matches!(error, InputError::Value { .. }), "{what}: {error}");
    }
}

#[test]
fn messages_name_what_is_wrong() {
    let message = invalid(found(f64::ln, -10.0)).to_string();
    assert!(message.contains("NaN at x = -10"), "{message}");
    let message = invalid(found_from(0.0, f64::sin, 1.0)).to_string();
    assert!(
        message.contains("h = 0 is not a positive finite number"),
        "{message}"
    );
}
