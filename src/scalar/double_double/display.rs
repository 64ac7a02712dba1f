//! Decimal digits, rounded correctly.

use std::fmt::{Display, Formatter, Result};

use super::DoubleDouble;

/// Digits before the decimal point of the largest `f64`, and one for a carry.
const BEFORE: usize = 310;
/// Digits after the decimal point of the smallest `f64`.
const AFTER: usize = 1074;

/// Digits after the point when none are asked for: 31 in all.
const DIGITS: usize = 30;

/// Scientific notation: one digit, a point, and as many digits as the precision says, or 30.
///
/// The two parts are added as exact decimals, and their sum is rounded to nearest, ties to even.
impl Display for DoubleDouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if !self.hi().is_finite() {
            return Display::fmt(&self.hi(), f);
        }
        let precision = f.precision().unwrap_or(DIGITS);
        let digits = decimal(self.abs());
        let first = digits.iter().position(|digit| *digit != 0);
        let (digits, exponent) = match first {
            None => (vec![0; precision + 1], 0),
            Some(first) => rounded(&digits, first, precision + 1),
        };
        let mut text = String::from(if self.hi().is_sign_negative() {
            "-"
        } else {
            ""
        });
        for (place, digit) in digits.iter().enumerate() {
            if place == 1 {
                text.push('.');
            }
            text.push(char::from(b'0' + digit.unsigned_abs()));
        }
        text.push_str(&format!("e{exponent}"));
        f.pad_integral(true, "", &text)
    }
}

/// All digits of x ≥ 0, from 10³⁰⁹ down to 10⁻¹⁰⁷⁴.
fn decimal(x: DoubleDouble) -> Vec<i8> {
    let exact = |part: f64| -> Vec<i8> {
        let sign = if part < 0.0 { -1 } else { 1 };
        format!("{:0width$.AFTER$}", part.abs(), width = BEFORE + 1 + AFTER)
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|digit| sign * (digit - b'0') as i8)
            .collect()
    };
    let mut digits = exact(x.hi());
    let mut carry = 0;
    for (digit, low) in digits.iter_mut().zip(exact(x.lo())).rev() {
        let sum = *digit + low + carry;
        *digit = sum.rem_euclid(10);
        carry = sum.div_euclid(10);
    }
    digits
}

/// `count` digits from position `first` on, and the decimal exponent of the first of them.
fn rounded(digits: &[i8], first: usize, count: usize) -> (Vec<i8>, i64) {
    let mut exponent = BEFORE as i64 - 1 - first as i64;
    let digit = |at: usize| digits.get(at).copied().unwrap_or(0);
    let mut kept: Vec<i8> = (first..first + count).map(digit).collect();
    let end = first + count;
    let rest_is_zero = digits.iter().skip(end + 1).all(|digit| *digit == 0);
    let up = match digit(end) {
        5 if rest_is_zero => kept[count - 1] % 2 == 1,
        next => next >= 5,
    };
    if up {
        match kept.iter().rposition(|digit| *digit != 9) {
            Some(place) => {
                kept[place] += 1;
                kept[place + 1..].fill(0);
            }
            None => {
                kept.fill(0);
                kept[0] = 1;
                exponent += 1;
            }
        }
    }
    (kept, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_exact_sum() {
        // 2⁵³ + 2⁻⁵³ = 9007199254740992.00000000000000011102230246251565404236316680908203125
        let sum = DoubleDouble::from_sum(f64::exp2(53.0), f64::exp2(-53.0));
        assert_eq!(sum.to_string(), "9.007199254740992000000000000000e15");
        assert_eq!(
            format!("{sum:.36}"),
            "9.007199254740992000000000000000111022e15"
        );
        // 1 − 10⁻³⁰ rounds up through all nines.
        let below = DoubleDouble::from_sum(1.0, -1e-32);
        assert_eq!(below.to_string(), "1.000000000000000000000000000000e0");
        assert_eq!(format!("{below:.3}"), "1.000e0");
        let smallest = DoubleDouble::from_f64(-5e-324);
        assert_eq!(format!("{smallest:.5}"), "-4.94066e-324");
        assert_eq!(
            format!("{:.2}", DoubleDouble::from_f64(f64::MAX)),
            "1.80e308"
        );
    }

    #[test]
    fn ties_go_to_even_and_zeros_keep_their_sign() {
        for (value, expected) in [
            (0.125, "1.2e-1"),
            (0.375, "3.8e-1"),
            (0.0, "0.0e0"),
            (-0.0, "-0.0e0"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format!("{:.1}", DoubleDouble::from_f64(value)), expected);
        }
        // A tie in the first part is none with the second.
        let above = DoubleDouble::from_sum(0.125, 1e-25);
        assert_eq!(format!("{above:.1}"), "1.3e-1");
    }
}
