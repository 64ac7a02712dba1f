//! The four operations against whole numbers, whose sums and products `i128` holds exactly, and
//! against each other.

use gradproof::harness::config;
use gradproof::scalar::{DoubleDouble, Scalar};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// The whole number, which has at most 106 bits.
fn from_integer(value: i128) -> DoubleDouble {
    let hi = value as f64;
    DoubleDouble::from_sum(hi, (value - hi as i128) as f64)
}

/// |got − exact| ≤ 2^`bits`·|exact|.
fn within(got: DoubleDouble, exact: i128, bits: i32) -> Result<(), TestCaseError> {
    let error = (got.hi() as i128 - exact) + got.lo() as i128;
    let allowed = f64::exp2(f64::from(bits)) * exact.abs() as f64;
    prop_assert!(
        error.abs() as f64 <= allowed,
        "{got:?} for {exact}: {error} away"
    );
    Ok(())
}

/// Whole numbers of every length up to `bits`.
fn integers(bits: u32) -> impl Strategy<Value = i128> {
    let bound = 1_i128 << bits;
    (-bound..=bound, 0..bits).prop_map(|(value, shift)| value >> shift)
}

/// Numbers of every size from 2⁻¹⁰⁰ to 2¹⁰⁰, with both parts full.
fn numbers() -> impl Strategy<Value = DoubleDouble> {
    (integers(105), -205_i32..-5).prop_map(|(value, exponent)| {
        from_integer(value) * DoubleDouble::from_f64(f64::exp2(f64::from(exponent)))
    })
}

fn hold<S: Strategy>(
    name: &str,
    cases: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let mut config = config(name);
    config.cases = config.cases.max(2000);
    if let Err(failure) = TestRunner::new(config).run(&cases, property) {
        panic!("{name}: {failure}");
    }
}

#[test]
fn sums_are_right_to_104_bits_however_much_cancels() {
    hold(
        "double_double_sum",
        (integers(105), integers(105)),
        |(a, b)| {
            within(from_integer(a) + from_integer(b), a + b, -104)?;
            within(from_integer(a) - from_integer(b), a - b, -104)
        },
    );
}

#[test]
fn products_are_right_to_103_bits() {
    hold(
        "double_double_product",
        (integers(63), integers(63)),
        |(a, b)| {
            let (x, y) = (from_integer(a), from_integer(b));
            // 5u² = 2^-103.7
            within(x * y, a * b, -103)?;
            let mut sum = DoubleDouble::zero();
            sum.add_product(&x, &y);
            within(sum, a * b, -103)
        },
    );
}

#[test]
fn quotients_undo_products_to_102_bits() {
    hold(
        "double_double_quotient",
        (integers(52), integers(52)),
        |(a, b)| {
            prop_assume!(b != 0);
            within(from_integer(a * b) / from_integer(b), a, -102)
        },
    );
}

#[test]
fn roots_undo_squares_to_103_bits() {
    hold("double_double_root", integers(52), |a| {
        within(from_integer(a * a).sqrt(), a.abs(), -103)
    });
}

#[test]
fn operations_undo_each_other() {
    hold(
        "double_double_identities",
        (numbers(), numbers()),
        |(a, b)| {
            let size = a.abs().hi().max(b.abs().hi());
            let small = |rest: DoubleDouble, of: f64, what: &str| -> Result<(), TestCaseError> {
                let allowed = f64::exp2(-102.0) * of;
                prop_assert!(
                    rest.abs().hi() <= allowed,
                    "{what}: {a} and {b} leave {rest}"
                );
                Ok(())
            };
            small(a + b - a - b, size, "a + b − a − b")?;
            small(a * b - b * a, 0.0, "a·b − b·a")?;
            small(
                (a + b) * (a - b) - (a * a - b * b),
                size * size,
                "(a+b)(a−b) = a² − b²",
            )?;
            if b.hi() != 0.0 {
                small(a / b * b - a, a.abs().hi() * 8.0, "a/b·b − a")?;
            }
            small(
                a.abs().sqrt() * a.abs().sqrt() - a.abs(),
                a.abs().hi(),
                "√a·√a − a",
            )
        },
    );
}

#[test]
fn the_first_part_is_the_nearest_f64() {
    hold("double_double_nearest", (numbers(), numbers()), |(a, b)| {
        for x in [a + b, a * b] {
            let nearest = (x.hi() + x.lo()).to_bits() == x.hi().to_bits();
            prop_assert!(nearest, "{x:?} is not normalised");
        }
        Ok(())
    });
}
