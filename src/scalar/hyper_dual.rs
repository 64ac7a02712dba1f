//! num-dual's hyper-dual numbers as a [`Scalar`]: second derivatives by a forward pass alone.
//!
//! Source: J. A. Fike, J. J. Alonso, *The Development of Hyper-Dual Numbers for Exact
//! Second-Derivative Calculations*, AIAA 2011-886.

use std::f64::consts::FRAC_2_SQRT_PI;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use num_dual::HyperDualSVec64;

use super::Scalar;

/// x + a·ε₁ + Σₖ bₖ·ε₂ₖ + Σₖ cₖ·ε₁·ε₂ₖ with ε₁² = ε₂ₖ·ε₂ₗ = 0: along one direction, along `N` more,
/// and the second derivative along both.
///
/// As in [`super::Dual`] the value is computed by the operations that `f64` uses, and is the same bits.
#[derive(Clone, Copy, Debug)]
pub struct HyperDual<const N: usize>(HyperDualSVec64<1, N>);

impl<const N: usize> HyperDual<N> {
    /// The variable that moves by `slope` along the first direction.
    #[must_use]
    pub fn along(value: f64, slope: f64) -> Self {
        let mut variable = HyperDualSVec64::from_re(value);
        if slope != 0.0 {
            variable = variable.derivative1(0);
            variable.eps1 *= slope;
        }
        Self(variable)
    }

    /// The same number, moving by 1 along direction `lane` of the second kind too.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn in_lane(self, lane: usize) -> Self {
        Self(self.0.derivative2(lane))
    }

    /// The second derivative along the first direction and direction `lane` of the second kind.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn mixed(&self, lane: usize) -> f64 {
        assert!(
            lane < N,
            "a hyper-dual number of {N} lanes has no lane {lane}"
        );
        self.0.eps1eps2.0.as_ref().map_or(0.0, |mixed| mixed[lane])
    }

    /// f(x) with f′(x) = `slope` and f″(x) = `bend`: the chain rule.
    #[inline]
    fn chain(self, value: f64, slope: f64, bend: f64) -> Self {
        let Self(x) = self;
        let squared = &x.eps1 * &x.eps2;
        Self(HyperDualSVec64::new(
            value,
            x.eps1 * slope,
            x.eps2 * slope,
            x.eps1eps2 * slope + squared * bend,
        ))
    }
}

/// `$sum += $factor · $eps`, in place; what is missing is 0, and not even looked at.
macro_rules! add_scaled {
    ($sum:expr, $factor:expr, $eps:expr) => {
        if let Some(eps) = &$eps.0 {
            let factor: f64 = $factor;
            match &mut $sum.0 {
                Some(sum) => {
                    for (sum, eps) in sum.as_mut_slice().iter_mut().zip(eps.as_slice()) {
                        *sum += factor * eps;
                    }
                }
                none => *none = Some(eps * factor),
            }
        }
    };
}

impl<const N: usize> Scalar for HyperDual<N> {
    #[inline]
    fn constant(value: f64) -> Self {
        Self(HyperDualSVec64::from_re(value))
    }
    #[inline]
    fn primal(self) -> f64 {
        self.0.re
    }
    /// The product rule in place.
    #[inline]
    fn add_product(&mut self, a: &Self, b: &Self) {
        let (Self(sum), Self(a), Self(b)) = (self, a, b);
        sum.re += a.re * b.re;
        for (x, y) in [(a, b), (b, a)] {
            add_scaled!(sum.eps1, y.re, x.eps1);
            add_scaled!(sum.eps2, y.re, x.eps2);
            add_scaled!(sum.eps1eps2, y.re, x.eps1eps2);
            if let Some(along) = &x.eps1.0 {
                add_scaled!(sum.eps1eps2, along[0], y.eps2);
            }
        }
    }
    #[inline]
    fn exp(self) -> Self {
        let value = self.0.re.exp();
        self.chain(value, value, value)
    }
    #[inline]
    fn ln(self) -> Self {
        let slope = self.0.re.recip();
        self.chain(self.0.re.ln(), slope, -slope * slope)
    }
    #[inline]
    fn sqrt(self) -> Self {
        let value = self.0.re.sqrt();
        // Both are infinite at 0; 0 is what hand-written code uses there, and keeps 0·∞ out.
        let slope = if value > 0.0 { 0.5 / value } else { 0.0 };
        let bend = if value > 0.0 {
            -0.5 * slope / self.0.re
        } else {
            0.0
        };
        self.chain(value, slope, bend)
    }
    #[inline]
    fn tanh(self) -> Self {
        let value = self.0.re.tanh();
        let slope = 1.0 - value * value;
        self.chain(value, slope, -2.0 * value * slope)
    }
    #[inline]
    fn erf(self) -> Self {
        let x = self.0.re;
        let slope = FRAC_2_SQRT_PI * (-x * x).exp();
        self.chain(libm::erf(x), slope, -2.0 * x * slope)
    }
}

impl<const N: usize> Add for HyperDual<N> {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl<const N: usize> Sub for HyperDual<N> {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl<const N: usize> Mul for HyperDual<N> {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl<const N: usize> Div for HyperDual<N> {
    type Output = Self;
    /// With q = x/y: q′ = (x′ − q·y′)/y along either direction, and
    /// q″ = (x″ − q₁′·y₂′ − q₂′·y₁′ − q·y″)/y along both.
    #[inline]
    fn div(self, other: Self) -> Self {
        let (Self(x), Self(y)) = (self, other);
        let (quotient, reciprocal) = (x.re / y.re, y.re.recip());
        let eps1 = (x.eps1 - y.eps1 * quotient) * reciprocal;
        let eps2 = (x.eps2 - y.eps2 * quotient) * reciprocal;
        let crossed = &eps1 * &y.eps2 + &y.eps1 * &eps2;
        let mixed = (x.eps1eps2 - y.eps1eps2 * quotient - crossed) * reciprocal;
        Self(HyperDualSVec64::new(quotient, eps1, eps2, mixed))
    }
}

impl<const N: usize> Neg for HyperDual<N> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<const N: usize> AddAssign for HyperDual<N> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        let (Self(sum), Self(other)) = (self, other);
        sum.re += other.re;
        add_scaled!(sum.eps1, 1.0, other.eps1);
        add_scaled!(sum.eps2, 1.0, other.eps2);
        add_scaled!(sum.eps1eps2, 1.0, other.eps1eps2);
    }
}

impl<const N: usize> SubAssign for HyperDual<N> {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, wanted: f64, what: &str) {
        assert!(
            (got - wanted).abs() <= 8.0 * f64::EPSILON * wanted.abs(),
            "{what}: {got} for {wanted}"
        );
    }

    /// ∂²f/∂x² at x.
    fn bend(x: f64, f: impl Fn(HyperDual<2>) -> HyperDual<2>) -> f64 {
        f(HyperDual::along(x, 1.0).in_lane(1)).mixed(1)
    }

    #[test]
    fn second_derivatives_follow_the_rules_of_calculus() {
        let x = 0.75_f64;
        close(bend(x, |x| x * x * x), 6.0 * x, "(x³)″ = 6x");
        close(bend(x, Scalar::exp), x.exp(), "exp″ = exp");
        close(bend(x, Scalar::ln), -1.0 / (x * x), "ln″ = −1/x²");
        close(
            bend(x, Scalar::sqrt),
            -0.25 * x.powf(-1.5),
            "√″ = −x^−1.5/4",
        );
        let t = x.tanh();
        close(
            bend(x, Scalar::tanh),
            -2.0 * t * (1.0 - t * t),
            "tanh″ = −2·tanh·(1 − tanh²)",
        );
        close(
            bend(x, Scalar::erf),
            -2.0 * x * FRAC_2_SQRT_PI * (-x * x).exp(),
            "erf″ = −4x/√π·e^−x²",
        );
        let reciprocal = |x| HyperDual::one() / x;
        close(bend(x, reciprocal), 2.0 / (x * x * x), "(1/x)″ = 2/x³");
    }

    #[test]
    fn mixed_derivatives_are_along_the_first_direction_and_each_lane() {
        // f(x, y) = x·y/(x + y) has ∂²f/∂x∂y = 2xy/(x + y)³ and ∂²f/∂x² = −2y²/(x + y)³.
        let (x, y) = (0.75_f64, 2.5_f64);
        let f = |x: HyperDual<2>, y: HyperDual<2>| x * y / (x + y);
        let value = f(
            HyperDual::along(x, 1.0).in_lane(0),
            HyperDual::along(y, 0.0).in_lane(1),
        );
        let cube = (x + y).powi(3);
        close(value.mixed(0), -2.0 * y * y / cube, "∂²f/∂x²");
        close(value.mixed(1), 2.0 * x * y / cube, "∂²f/∂x∂y");
    }

    #[test]
    fn a_product_added_in_place_is_the_product_added() {
        let x = HyperDual::<2>::along(0.75, 1.0).in_lane(0);
        let y = HyperDual::<2>::along(2.5, -1.0).in_lane(1);
        let c = HyperDual::<2>::constant(3.0);
        let only = HyperDual::<2>::along(1.5, 1.0);
        for (a, b) in [(x, y), (x, c), (c, y), (c, c), (x, x), (only, y), (y, only)] {
            for start in [c, x, x * y] {
                let (mut sum, expected) = (start, start + a * b);
                sum.add_product(&a, &b);
                close(sum.primal(), expected.primal(), "value");
                for lane in 0..2 {
                    close(sum.mixed(lane), expected.mixed(lane), "mixed");
                    let bend = |z: HyperDual<2>| (z * x * y).mixed(lane);
                    close(bend(sum), bend(expected), "what follows from the slopes");
                }
            }
        }
    }

    #[test]
    fn nothing_becomes_nan_where_hand_written_code_stays_finite() {
        for x in [356.0, 1000.0] {
            close(bend(x, Scalar::tanh), 0.0, "tanh″ far out");
        }
        close(bend(0.0, Scalar::sqrt), 0.0, "√″ at 0");
    }
}
