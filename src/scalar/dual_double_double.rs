//! Dual numbers in double-double: forward mode free of rounding.
//!
//! num-dual's numbers nest over types with its whole `DualNum`, some fifty operations down to Bessel
//! functions, of which layers use six; these are written here instead.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::{DoubleDouble, Scalar};

/// 2/√π.
const TWO_OVER_ROOT_PI: DoubleDouble =
    DoubleDouble::from_sum(std::f64::consts::FRAC_2_SQRT_PI, 1.533_545_961_316_588e-17);

/// A value and its derivatives along `N` directions, all in double-double.
#[derive(Clone, Copy, Debug)]
pub struct DualDoubleDouble<const N: usize> {
    value: DoubleDouble,
    /// `None` for a constant.
    tangents: Option<[DoubleDouble; N]>,
}

impl<const N: usize> DualDoubleDouble<N> {
    /// The variable whose tangent number `lane` is 1.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn variable(value: f64, lane: usize) -> Self {
        let mut tangents = [DoubleDouble::ZERO; N];
        tangents[lane] = DoubleDouble::ONE;
        Self {
            value: DoubleDouble::from_f64(value),
            tangents: Some(tangents),
        }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> DoubleDouble {
        self.value
    }

    /// The derivative along direction `lane`.
    ///
    /// # Panics
    /// When `lane` is not below `N`.
    #[must_use]
    pub fn tangent(&self, lane: usize) -> DoubleDouble {
        assert!(
            lane < N,
            "a dual number of {N} tangents has no tangent {lane}"
        );
        self.tangents
            .map_or(DoubleDouble::ZERO, |tangents| tangents[lane])
    }

    /// f(x) with f′(x) = `slope`: the chain rule.
    fn chain(self, value: DoubleDouble, slope: DoubleDouble) -> Self {
        Self {
            value,
            tangents: self
                .tangents
                .map(|tangents| tangents.map(|tangent| tangent * slope)),
        }
    }

    /// Add `factor` times the tangents of `other`; those of a constant are not even looked at.
    #[inline]
    fn add_tangents(&mut self, factor: DoubleDouble, other: &Self) {
        let Some(others) = &other.tangents else {
            return;
        };
        match &mut self.tangents {
            Some(sums) => {
                for (sum, tangent) in sums.iter_mut().zip(others) {
                    *sum += factor * *tangent;
                }
            }
            none => *none = Some(others.map(|tangent| factor * tangent)),
        }
    }
}

impl DualDoubleDouble<1> {
    /// The variable that moves by `slope` along the one direction.
    #[must_use]
    pub fn along(value: f64, slope: f64) -> Self {
        Self {
            value: DoubleDouble::from_f64(value),
            tangents: (slope != 0.0).then(|| [DoubleDouble::from_f64(slope)]),
        }
    }
}

impl<const N: usize> Scalar for DualDoubleDouble<N> {
    #[inline]
    fn constant(value: f64) -> Self {
        Self {
            value: DoubleDouble::from_f64(value),
            tangents: None,
        }
    }
    #[inline]
    fn primal(self) -> f64 {
        self.value.hi()
    }
    #[inline]
    fn add_product(&mut self, a: &Self, b: &Self) {
        self.value += a.value * b.value;
        self.add_tangents(b.value, a);
        self.add_tangents(a.value, b);
    }
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    fn ln(self) -> Self {
        self.chain(self.value.ln(), DoubleDouble::ONE / self.value)
    }
    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        // The slope at 0 is infinite; 0 is what hand-written code uses there, and keeps 0·∞ out.
        let slope = if value.hi() > 0.0 {
            DoubleDouble::from_f64(0.5) / value
        } else {
            DoubleDouble::ZERO
        };
        self.chain(value, slope)
    }
    fn tanh(self) -> Self {
        let value = self.value.tanh();
        self.chain(value, DoubleDouble::ONE - value * value)
    }
    fn erf(self) -> Self {
        let slope = TWO_OVER_ROOT_PI * (-(self.value * self.value)).exp();
        self.chain(self.value.erf(), slope)
    }
}

impl<const N: usize> Add for DualDoubleDouble<N> {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl<const N: usize> Sub for DualDoubleDouble<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const N: usize> Mul for DualDoubleDouble<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let mut product = self.chain(self.value * other.value, other.value);
        product.add_tangents(self.value, &other);
        product
    }
}

impl<const N: usize> Div for DualDoubleDouble<N> {
    type Output = Self;
    /// (x/y)′ = (x′ − (x/y)·y′)/y.
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        let mut numerator = self;
        numerator.add_tangents(-quotient, &other);
        numerator.chain(quotient, DoubleDouble::ONE / other.value)
    }
}

impl<const N: usize> Neg for DualDoubleDouble<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            tangents: self.tangents.map(|tangents| tangents.map(Neg::neg)),
        }
    }
}

impl<const N: usize> AddAssign for DualDoubleDouble<N> {
    fn add_assign(&mut self, other: Self) {
        self.value += other.value;
        match (&mut self.tangents, &other.tangents) {
            (Some(sums), Some(others)) => {
                for (sum, tangent) in sums.iter_mut().zip(others) {
                    *sum += *tangent;
                }
            }
            (none @ None, Some(others)) => *none = Some(*others),
            (_, None) => (),
        }
    }
}

impl<const N: usize> SubAssign for DualDoubleDouble<N> {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Dual = DualDoubleDouble<2>;

    fn close(got: DoubleDouble, wanted: DoubleDouble, what: &str) {
        assert!(
            (got - wanted).hi().abs() <= 1e-30 * wanted.hi().abs(),
            "{what}: {got} for {wanted}"
        );
    }

    #[test]
    fn tangents_follow_the_rules_of_calculus() {
        let (x, y) = (Dual::variable(0.75, 0), Dual::variable(2.5, 1));
        let [a, b, one] = [0.75, 2.5, 1.0].map(DoubleDouble::from_f64);
        close((x / y).tangent(0), one / b, "∂(x/y)/∂x = 1/y");
        close((x / y).tangent(1), -a / (b * b), "∂(x/y)/∂y = −x/y²");
        close((x * y).tangent(0), b, "∂(xy)/∂x = y");
        close((x * y).tangent(1), a, "∂(xy)/∂y = x");
        close((x - y).tangent(1), -one, "∂(x−y)/∂y = −1");
        close(x.exp().tangent(0), a.exp(), "exp′ = exp");
        close(x.ln().tangent(0), one / a, "ln′ = 1/x");
        close(
            y.sqrt().tangent(1),
            (b + b).sqrt() / (b + b) / DoubleDouble::from_f64(2.0).sqrt(),
            "√′ = 1/(2√x)",
        );
        let e = (a + a).exp();
        let cosh_twice = e + one / e + DoubleDouble::from_f64(2.0);
        close(
            x.tanh().tangent(0),
            DoubleDouble::from_f64(4.0) / cosh_twice,
            "tanh′ = 1/cosh²",
        );
    }

    #[test]
    fn a_product_added_in_place_is_the_product_added() {
        let (x, y) = (Dual::variable(0.75, 0), Dual::variable(2.5, 1));
        let c = Dual::constant(3.0);
        for (a, b) in [(x, y), (x, c), (c, y), (c, c), (x, x)] {
            for start in [c, x] {
                let (mut sum, expected) = (start, start + a * b);
                sum.add_product(&a, &b);
                close(sum.value(), expected.value(), "value");
                for lane in 0..2 {
                    close(sum.tangent(lane), expected.tangent(lane), "tangent");
                }
            }
        }
    }

    #[test]
    fn the_slope_of_the_root_at_zero_stays_finite() {
        let slope = Dual::variable(0.0, 0).sqrt().tangent(0);
        assert!(slope.hi().abs() == 0.0, "√′ at 0: {slope}");
    }
}
