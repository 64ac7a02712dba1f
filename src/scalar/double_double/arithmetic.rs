//! Sum, product, quotient and square root.
//!
//! u = 2⁻⁵³
//!
//! | operation | algorithm | relative error at most |
//! |---|---|---|
//! | a + b | `AccurateDWPlusDW`, algorithm 6 in \[JMP\] | 3u² + 13u³ |
//! | a · b | `DWTimesDW1`, algorithm 10 in \[JMP\], after Dekker 1971 | 5u² |
//! | a / b | `DWDivDW2`, algorithm 17 in \[JMP\] | 15u² + 56u³ |
//! | √a | one Newton step from the root in `f64` | tests hold 2⁻¹⁰³ |
//!
//! \[JMP\] M. Joldes, J.-M. Muller, V. Popescu, *Tight and Rigorous Error Bounds for Basic Building
//! Blocks of Double-Word Arithmetic*, ACM TOMS 44(2), 2017.
//!
//! The bounds hold while no low part underflows: for results beyond 2⁻⁹⁰⁰, say. Nearer to 0 the
//! error is a few multiples of the smallest `f64`.
//!
//! Errors are kept *negated*, so that an exact operation has the error +0, and subtracting it leaves
//! the sign of a zero as IEEE 754 has it.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// The unevaluated sum of two `f64`, of which the first is the sum rounded to nearest.
///
/// An infinity or NaN stands in the first, and the second is 0 then.
#[derive(Clone, Copy, Debug)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

/// a + b rounded, and the negated error (D. E. Knuth, *The Art of Computer Programming* 2, 4.2.2).
#[inline]
const fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a_part - a) + (b_part - b))
}

/// a − `negated` rounded, and the negated error, for |a| ≥ |`negated`| (T. J. Dekker, 1971).
#[inline]
const fn quick_two_difference(a: f64, negated: f64) -> (f64, f64) {
    let difference = a - negated;
    (difference, (difference - a) + negated)
}

/// The upper 26 bits of `a`, and the rest (G. W. Veltkamp, 1968).
#[inline]
const fn split(a: f64) -> (f64, f64) {
    // 2²⁷ + 1
    let shifted = 134_217_729.0 * a;
    let upper = shifted - (shifted - a);
    (upper, a - upper)
}

/// a·b rounded, and the negated error (T. J. Dekker, 1971).
///
/// `f64::mul_add` would take one operation for the error, but is a slow library call on processors
/// that are not known to have it.
#[inline]
const fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let (a_upper, a_lower) = split(a);
    let (b_upper, b_lower) = split(b);
    let error = (product - a_upper * b_upper) - a_upper * b_lower - a_lower * b_upper;
    (product, error - a_lower * b_lower)
}

/// Factors that bring the largest `f64` to where nothing overflows, and back.
const UP: f64 = (1_u64 << 60) as f64;
const DOWN: f64 = 1.0 / UP;

/// 2¹⁰⁰.
const TWO_TO_100: f64 = (1_u128 << 100) as f64;

impl DoubleDouble {
    /// 0.
    pub const ZERO: Self = Self::from_f64(0.0);
    /// 1.
    pub const ONE: Self = Self::from_f64(1.0);
    /// Not a number.
    pub const NAN: Self = Self::from_f64(f64::NAN);

    /// `value`, exactly.
    #[must_use]
    #[inline]
    pub const fn from_f64(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }

    /// a + b, exactly unless the smaller one underflows or the sum overflows.
    #[must_use]
    pub const fn from_sum(a: f64, b: f64) -> Self {
        let (hi, negated) = two_sum(a, b);
        if negated.is_finite() {
            Self { hi, lo: -negated }
        } else {
            Self::from_f64(hi)
        }
    }

    /// The nearest `f64`.
    #[must_use]
    #[inline]
    pub const fn hi(self) -> f64 {
        self.hi
    }

    /// What the number has beyond [`DoubleDouble::hi`].
    #[must_use]
    #[inline]
    pub const fn lo(self) -> f64 {
        self.lo
    }

    /// |x|.
    #[must_use]
    #[inline]
    pub const fn abs(self) -> Self {
        if self.hi.is_sign_negative() {
            self.negated()
        } else {
            self
        }
    }

    /// `hi` − `negated`, for |hi| ≥ |negated|; `otherwise` where that is not finite.
    #[inline]
    const fn renormalised(hi: f64, negated: f64, otherwise: f64) -> Self {
        let (hi, negated) = quick_two_difference(hi, negated);
        if negated.is_finite() {
            Self { hi, lo: -negated }
        } else {
            Self::from_f64(otherwise)
        }
    }

    #[inline]
    const fn negated(self) -> Self {
        Self {
            hi: -self.hi,
            lo: -self.lo,
        }
    }

    #[inline]
    pub(super) const fn sum(self, other: Self) -> Self {
        let (high, high_error) = two_sum(self.hi, other.hi);
        let (low, low_error) = two_sum(self.lo, other.lo);
        let (hi, error) = quick_two_difference(high, high_error - low);
        Self::renormalised(hi, error + low_error, high)
    }

    #[inline]
    pub(super) const fn product(self, other: Self) -> Self {
        let (product, error) = two_product(self.hi, other.hi);
        let cross = self.hi * other.lo + self.lo * other.hi;
        let (hi, negated) = quick_two_difference(product, error - cross);
        if negated.is_finite() {
            Self { hi, lo: -negated }
        } else {
            self.product_of_extremes(other)
        }
    }

    /// The product where [`split`] overflows, or a factor is not finite.
    #[cold]
    const fn product_of_extremes(self, other: Self) -> Self {
        let plain = self.hi * other.hi;
        if !plain.is_finite() {
            return Self::from_f64(plain);
        }
        let (larger, smaller) = if self.hi.abs() > other.hi.abs() {
            (self, other)
        } else {
            (other, self)
        };
        if larger.hi.abs() < 1.0 / DOWN {
            // Nothing is left to scale down: rounding alone went beyond the largest number.
            return Self::from_f64(plain);
        }
        larger.scaled(DOWN).product(smaller).scaled(UP)
    }

    /// The product with a power of two: exact unless it underflows.
    #[inline]
    pub(super) const fn scaled(self, power_of_two: f64) -> Self {
        let hi = self.hi * power_of_two;
        if hi.is_finite() {
            let lo = self.lo * power_of_two;
            Self { hi, lo }
        } else {
            Self::from_f64(hi)
        }
    }

    pub(super) const fn quotient(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        if !first.is_finite() || first == 0.0 || other.hi.is_infinite() {
            return Self::from_f64(first);
        }
        let remainder = self.sum(other.product(Self::from_f64(-first)));
        if !remainder.hi.is_finite() {
            // A product at the end of the range overflowed; away from it nothing does.
            return self.scaled(DOWN).quotient(other.scaled(DOWN));
        }
        Self::renormalised(first, -(remainder.hi / other.hi), first)
    }

    /// √x; −0 at −0, and NaN below.
    #[must_use]
    pub fn sqrt(self) -> Self {
        // The square of the root of a smaller number would lose its low part.
        if self.hi > 0.0 && self.hi < 1e-200 {
            let scaled = self.scaled(TWO_TO_100).scaled(TWO_TO_100);
            return scaled.sqrt().scaled(1.0 / TWO_TO_100);
        }
        let root = self.hi.sqrt();
        if !root.is_finite() || root == 0.0 {
            return Self::from_f64(root);
        }
        let (square, negated) = two_product(root, root);
        let remainder = (self.hi - square) + (self.lo + negated);
        Self::renormalised(root, -(remainder / (2.0 * root)), root)
    }
}

impl From<f64> for DoubleDouble {
    #[inline]
    fn from(value: f64) -> Self {
        Self::from_f64(value)
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        self.sum(other)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self.sum(other.negated())
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        self.product(other)
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.quotient(other)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        self.negated()
    }
}

impl AddAssign for DoubleDouble {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for DoubleDouble {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
