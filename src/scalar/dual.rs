//! num-dual's numbers as a [`Scalar`]: forward mode with `N` tangents at once.

use std::f64::consts::FRAC_2_SQRT_PI;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use num_dual::DualSVec64;

use super::Scalar;

/// A value and its derivatives along `N` directions: x + Σₖ ẋₖ·εₖ with εₖ·εₗ = 0.
///
/// The primal is computed by the very operations that `f64` uses, so that it is bit-identical to
/// an `f64` evaluation. That is why division and the elementary functions are written here:
/// num-dual divides by multiplying with a reciprocal, and its tanh has the slope NaN from 356 on.
#[derive(Clone, Copy, Debug)]
pub struct Dual<const N: usize>(DualSVec64<N>);

impl<const N: usize> Dual<N> {
    /// The variable whose tangent number `lane` is 1.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn variable(value: f64, lane: usize) -> Self {
        Self(DualSVec64::from_re(value).derivative(lane))
    }

    /// A number with this derivative along each direction.
    #[must_use]
    pub fn with_tangents(value: f64, tangents: &[f64; N]) -> Self {
        let mut number = DualSVec64::<N>::from_re(value).derivative(0);
        if let Some(eps) = &mut number.eps.0 {
            eps.as_mut_slice().copy_from_slice(tangents);
        }
        Self(number)
    }

    /// The derivative along direction `lane`.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn tangent(&self, lane: usize) -> f64 {
        assert!(
            lane < N,
            "a dual number of {N} tangents has no tangent {lane}"
        );
        self.0.eps.0.as_ref().map_or(0.0, |eps| eps[lane])
    }

    /// The derivatives along all directions; `None` for a constant.
    #[must_use]
    pub fn tangents(&self) -> Option<&[f64]> {
        self.0.eps.0.as_ref().map(|eps| eps.as_slice())
    }

    /// f(x) with f′(x) = `slope`: the chain rule.
    #[inline]
    fn chain(self, value: f64, slope: f64) -> Self {
        Self(DualSVec64::new(value, self.0.eps * slope))
    }
}

impl Dual<1> {
    /// The variable that moves by `slope` along the one direction.
    #[must_use]
    pub fn along(value: f64, slope: f64) -> Self {
        let mut variable = DualSVec64::from_re(value);
        if slope != 0.0 {
            variable = variable.derivative(0);
            variable.eps *= slope;
        }
        Self(variable)
    }
}

impl<const N: usize> Scalar for Dual<N> {
    const IS_VECTOR: bool = N > 1;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self(DualSVec64::from_re(value))
    }
    #[inline]
    fn primal(self) -> f64 {
        self.0.re
    }
    /// The product rule in place: no tangents are copied, and those of constants not even looked at.
    #[inline(always)]
    fn add_product(&mut self, a: &Self, b: &Self) {
        self.0.re += a.0.re * b.0.re;
        for (factor, eps) in [(b.0.re, &a.0.eps), (a.0.re, &b.0.eps)] {
            let Some(eps) = &eps.0 else { continue };
            match &mut self.0.eps.0 {
                Some(sum) => {
                    for (sum, eps) in sum.as_mut_slice().iter_mut().zip(eps.as_slice()) {
                        *sum += factor * eps;
                    }
                }
                none => *none = Some(eps * factor),
            }
        }
    }
    #[inline]
    fn exp(self) -> Self {
        let value = self.0.re.exp();
        self.chain(value, value)
    }
    #[inline]
    fn ln(self) -> Self {
        self.chain(self.0.re.ln(), self.0.re.recip())
    }
    #[inline]
    fn sqrt(self) -> Self {
        let value = self.0.re.sqrt();
        // The slope at 0 is infinite; 0 is what hand-written code uses there, and keeps 0·∞ out.
        let slope = if value > 0.0 { 0.5 / value } else { 0.0 };
        self.chain(value, slope)
    }
    #[inline]
    fn tanh(self) -> Self {
        let value = self.0.re.tanh();
        self.chain(value, 1.0 - value * value)
    }
    #[inline]
    fn erf(self) -> Self {
        let slope = FRAC_2_SQRT_PI * (-self.0.re * self.0.re).exp();
        self.chain(libm::erf(self.0.re), slope)
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;
    /// (x/y)′ = (x′ − (x/y)·y′)/y.
    #[inline]
    fn div(self, other: Self) -> Self {
        let quotient = self.0.re / other.0.re;
        let eps = (self.0.eps - other.0.eps * quotient) * other.0.re.recip();
        Self(DualSVec64::new(quotient, eps))
    }
}

impl<const N: usize> Neg for Dual<N> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<const N: usize> AddAssign for Dual<N> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0.re += other.0.re;
        match (&mut self.0.eps.0, other.0.eps.0) {
            (Some(sum), Some(eps)) => *sum += eps,
            (none @ None, Some(eps)) => *none = Some(eps),
            (_, None) => (),
        }
    }
}

impl<const N: usize> SubAssign for Dual<N> {
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
            (got - wanted).abs() <= 4.0 * f64::EPSILON * wanted.abs(),
            "{what}: {got} for {wanted}"
        );
    }

    #[test]
    fn tangents_follow_the_rules_of_calculus() {
        let x = Dual::<2>::variable(0.75, 0);
        let y = Dual::<2>::variable(2.5, 1);
        let q = x / y;
        close(q.tangent(0), 1.0 / 2.5, "∂(x/y)/∂x = 1/y");
        close(q.tangent(1), -0.75 / 6.25, "∂(x/y)/∂y = -x/y²");
        close((x * y).tangent(1), 0.75, "∂(xy)/∂y = x");
        close(x.exp().tangent(0), 0.75_f64.exp(), "exp′ = exp");
        close(x.ln().tangent(0), 1.0 / 0.75, "ln′ = 1/x");
        close(y.sqrt().tangent(1), 0.5 / 2.5_f64.sqrt(), "√′ = 1/(2√x)");
        close(
            x.tanh().tangent(0),
            1.0 - 0.75_f64.tanh().powi(2),
            "tanh′ = 1 − tanh²",
        );
        close(
            x.erf().tangent(0),
            FRAC_2_SQRT_PI * (-0.5625_f64).exp(),
            "erf′ = 2/√π·e^−x²",
        );
    }

    #[test]
    fn a_product_added_in_place_is_the_product_added() {
        let (x, y) = (Dual::<2>::variable(0.75, 0), Dual::<2>::variable(2.5, 1));
        let c = Dual::<2>::constant(3.0);
        for (a, b) in [(x, y), (x, c), (c, y), (c, c), (x, x)] {
            for start in [c, x] {
                let (mut sum, expected) = (start, start + a * b);
                sum.add_product(&a, &b);
                close(sum.primal(), expected.primal(), "value");
                close(sum.tangent(0), expected.tangent(0), "first tangent");
                close(sum.tangent(1), expected.tangent(1), "second tangent");
            }
        }
    }

    #[test]
    fn slopes_stay_finite_where_num_dual_says_nan() {
        for value in [356.0, 1000.0] {
            close(
                Dual::<1>::variable(value, 0).tanh().tangent(0),
                0.0,
                "tanh′ far out",
            );
        }
        close(
            Dual::<1>::variable(0.0, 0).sqrt().tangent(0),
            0.0,
            "√′ at 0",
        );
    }
}
