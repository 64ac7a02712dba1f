//! e^x, natural logarithm and hyperbolic tangent, and [`DoubleDouble`] as a [`Scalar`].
//!
//! Relative errors are below 10⁻³⁰, near the functions' zeros too; `tests/double_double` holds that
//! against published digits.

use super::super::Scalar;
use super::DoubleDouble;
use super::error_function::erf;

/// ln 2 in three parts: the first two have 42 bits, so that their product with an exponent is exact.
const LN_2: [f64; 3] = [
    0.693_147_180_559_890_3,
    5.497_923_018_707_21e-14,
    1.161_222_722_936_253_2e-26,
];

/// Terms of the series of e^x − 1 at arguments up to 2⁻⁹·ln 2: the next is below 10⁻³⁶ of the first.
const TERMS: usize = 10;

/// 1/1!, 1/2!, …
const INVERSE_FACTORIALS: [DoubleDouble; TERMS] = {
    let mut inverses = [DoubleDouble::ONE; TERMS];
    let mut n = 1;
    while n < TERMS {
        inverses[n] = inverses[n - 1].quotient(DoubleDouble::from_f64((n + 1) as f64));
        n += 1;
    }
    inverses
};

/// Halvings of the argument before the series, and doublings after it.
const DOUBLINGS: u32 = 8;

/// e^x − 1 for |x| up to ½·ln 2.
///
/// The argument is halved until few terms suffice, and each doubling is e^2x − 1 = 2s + s² with
/// s = e^x − 1, which keeps small results relatively exact (Hida, Li, Bailey, *Quad-Double
/// Arithmetic*, 2000, section 4.1).
fn exp_m1_near_zero(x: DoubleDouble) -> DoubleDouble {
    // x²/2 is below the last digit, and nothing can underflow.
    if x.hi().abs() < 1e-33 {
        return x;
    }
    let x = x.scaled(1.0 / f64::from(1_u32 << DOUBLINGS));
    let series = INVERSE_FACTORIALS
        .iter()
        .rev()
        .fold(DoubleDouble::ZERO, |sum, coefficient| {
            sum * x + *coefficient
        });
    (0..DOUBLINGS).fold(series * x, |s, _| s.scaled(2.0) + s * s)
}

/// 2^`exponent` for a normal number.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(u64::try_from(1023 + exponent).expect("a normal number") << 52)
}

/// x − k·ln 2.
fn minus_multiple_of_ln_2(x: DoubleDouble, k: f64) -> DoubleDouble {
    let [first, second, third] = LN_2;
    let x = x - DoubleDouble::from(k * first) - DoubleDouble::from(k * second);
    x - DoubleDouble::from_f64(k) * DoubleDouble::from_f64(third)
}

pub(super) fn exp(x: DoubleDouble) -> DoubleDouble {
    if x.hi().is_nan() {
        return DoubleDouble::NAN;
    }
    // e^710 overflows, and e^−746 is below half of the smallest number.
    if x.hi() > 710.0 {
        return DoubleDouble::from_f64(f64::INFINITY);
    }
    if x.hi() < -746.0 {
        return DoubleDouble::ZERO;
    }
    let k = (x.hi() / std::f64::consts::LN_2).round();
    let fraction = exp_m1_near_zero(minus_multiple_of_ln_2(x, k)) + DoubleDouble::ONE;
    // In two steps, because 2^k itself can be out of range where the result is not.
    let exponent = k as i32;
    let half = exponent / 2;
    fraction
        .scaled(power_of_two(half))
        .scaled(power_of_two(exponent - half))
}

pub(super) fn ln(x: DoubleDouble) -> DoubleDouble {
    const UP: i32 = 200;
    if x.hi().is_nan() || x.hi() < 0.0 {
        return DoubleDouble::NAN;
    }
    if x.hi() == 0.0 {
        return DoubleDouble::from_f64(f64::NEG_INFINITY);
    }
    if x.hi().is_infinite() {
        return x;
    }
    // Subnormal numbers have no exponent to read.
    if x.hi() < f64::MIN_POSITIVE {
        let scaled = ln(x.scaled(power_of_two(UP)));
        return minus_multiple_of_ln_2(scaled, f64::from(UP));
    }
    let mut exponent = i32::try_from(x.hi().to_bits() >> 52).expect("11 bits") - 1023;
    let half = exponent / 2;
    let mut fraction = x
        .scaled(power_of_two(-half))
        .scaled(power_of_two(half - exponent));
    if fraction.hi() > std::f64::consts::SQRT_2 {
        fraction = fraction.scaled(0.5);
        exponent += 1;
    }
    minus_multiple_of_ln_2(ln_near_one(fraction), f64::from(-exponent))
}

/// ln x for x in [1/√2, √2].
///
/// One step from the logarithm y in `f64`: ln x = y + ln(1 + c) with c = x·e^−y − 1, written as
/// (x − 1) + x·(e^−y − 1), which is small to within the last digit of x − 1, not of x.
fn ln_near_one(x: DoubleDouble) -> DoubleDouble {
    let above_one = x - DoubleDouble::ONE;
    let start = DoubleDouble::from_f64(libm::log1p(above_one.hi()));
    let c = above_one + x * exp_m1_near_zero(-start);
    // c is about 10⁻¹⁶ of the result, and c³ does not count.
    start + (c - (c * c).scaled(0.5))
}

pub(super) fn tanh(x: DoubleDouble) -> DoubleDouble {
    const TWO: DoubleDouble = DoubleDouble::from_f64(2.0);
    let size = x.abs();
    if size.hi() < 0.17 {
        let e = exp_m1_near_zero(x.scaled(2.0));
        return e / (e + TWO);
    }
    let magnitude = DoubleDouble::ONE - TWO / (exp(size.scaled(2.0)) + DoubleDouble::ONE);
    if x.hi() < 0.0 { -magnitude } else { magnitude }
}

impl Scalar for DoubleDouble {
    #[inline]
    fn constant(value: f64) -> Self {
        Self::from_f64(value)
    }
    #[inline]
    fn primal(self) -> f64 {
        self.hi()
    }
    fn exp(self) -> Self {
        exp(self)
    }
    fn ln(self) -> Self {
        ln(self)
    }
    fn sqrt(self) -> Self {
        Self::sqrt(self)
    }
    fn tanh(self) -> Self {
        tanh(self)
    }
    fn erf(self) -> Self {
        erf(self)
    }
}
