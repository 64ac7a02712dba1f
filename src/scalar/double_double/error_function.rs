//! erf x = 2/√π·∫₀ˣ e^−t² dt.

use super::DoubleDouble;
use super::functions::exp;

/// 1/√π.
const INVERSE_ROOT_PI: DoubleDouble =
    DoubleDouble::from_sum(0.564_189_583_547_756_3, 7.667_729_806_582_94e-18);

/// From here on 1 − erf x is the smaller number to compute.
const FAR: f64 = 3.0;

/// Levels of the continued fraction, which is right to 10⁻³³ from [`FAR`] on after 79 of them.
const LEVELS: u32 = 80;

pub(super) fn erf(x: DoubleDouble) -> DoubleDouble {
    let size = x.abs();
    if size.hi().is_nan() || size.hi() < FAR {
        return series(x);
    }
    let magnitude = DoubleDouble::ONE - complement(size);
    if x.hi() < 0.0 { -magnitude } else { magnitude }
}

/// erf x = 2/√π·e^−x²·Σₙ 2ⁿ·x²ⁿ⁺¹/(1·3·5⋯(2n+1)), whose terms all have the sign of x: nothing cancels
/// (Abramowitz, Stegun, 7.1.6).
fn series(x: DoubleDouble) -> DoubleDouble {
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    let mut odd = 1.0;
    // From 2x² on the terms fall, and those left out add up to less than twice the first of them.
    while term.hi().abs() > sum.hi().abs() * 1e-34 {
        odd += 2.0;
        term = term * square.scaled(2.0) / DoubleDouble::from_f64(odd);
        sum += term;
    }
    (INVERSE_ROOT_PI * exp(-square)).scaled(2.0) * sum
}

/// 1 − erf x = e^−x²/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))) (Laplace; Abramowitz, Stegun, 7.1.14).
fn complement(x: DoubleDouble) -> DoubleDouble {
    // Below the smallest number, and ∞/∞ at infinity.
    if x.hi() > 28.0 {
        return DoubleDouble::ZERO;
    }
    let fraction = (1..=LEVELS).rev().fold(x, |below, level| {
        x + DoubleDouble::from_f64(f64::from(level) / 2.0) / below
    });
    INVERSE_ROOT_PI * exp(-(x * x)) / fraction
}
