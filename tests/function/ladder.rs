//! The ladder itself: how often the function is called, and where.

use std::cell::Cell;

use gradproof::source::{MOST_EVALUATIONS, MOST_KINK_EVALUATIONS, detect_kink};

use super::{found, found_from};

#[test]
fn evaluations_are_bounded() {
    let functions: [fn(f64) -> f64; 6] = [
        f64::sin,
        f64::abs,
        f64::sqrt,
        |t| (t / 1e-9).sin(),
        |t| if t.abs() > 1e-12 { f64::NAN } else { t },
        |_| 1.0,
    ];
    for f in functions {
        for x in [0.0, 1e-300, 1e-9, 0.7, -13.0, 1e9, 1e200] {
            let calls = Cell::new(0);
            let count = |t: f64| {
                calls.set(calls.get() + 1);
                f(t)
            };
            let _ = found(count, x);
            assert!(
                calls.get() <= MOST_EVALUATIONS,
                "{} calls at {x}",
                calls.get()
            );
            for h in [1e-3, 1.0, 1e250] {
                calls.set(0);
                let _ = detect_kink(count, x, h);
                assert!(
                    calls.get() <= MOST_KINK_EVALUATIONS,
                    "{} calls at {x}",
                    calls.get()
                );
            }
        }
    }
}

#[test]
fn no_point_is_further_away_than_the_first_step() {
    let _ = found_from(
        1e-3,
        |t: f64| {
            assert!((t - 5.0).abs() <= 1e-3, "{t}");
            t.exp()
        },
        5.0,
    );
    let outermost = Cell::new(0.0_f64);
    let _ = detect_kink(
        |t: f64| {
            outermost.set(outermost.get().max((t - 5.0).abs()));
            t.exp()
        },
        5.0,
        1e-3,
    );
    assert!(
        outermost.get() <= 1e-3 * (1.0 + 1e-9),
        "{}",
        outermost.get()
    );
}
