//! Dual numbers under Monte Carlo arithmetic: how far rounding moves a derivative of a derivative.
//!
//! num-dual's numbers nest over types with its whole `DualNum`; see [`super::DualDoubleDouble`].

use std::f64::consts::FRAC_2_SQRT_PI;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::{Scalar, Stochastic};

/// A value and its derivative along one direction, by the operations of [`super::Dual`], each of them
/// perturbed.
#[derive(Clone, Copy, Debug)]
pub struct DualStochastic {
    value: Stochastic,
    /// 0 for a constant, which perturbed arithmetic multiplies and adds exactly.
    tangent: Stochastic,
}

impl DualStochastic {
    /// The variable that moves by `slope`.
    #[must_use]
    pub fn along(value: f64, slope: f64) -> Self {
        Self {
            value: Stochastic::constant(value),
            tangent: Stochastic::constant(slope),
        }
    }

    /// The derivative.
    #[must_use]
    pub fn tangent(&self) -> Stochastic {
        self.tangent
    }

    /// f(x) with f′(x) = `slope`: the chain rule.
    #[inline]
    fn chain(self, value: Stochastic, slope: Stochastic) -> Self {
        Self {
            value,
            tangent: self.tangent * slope,
        }
    }
}

/// A tangent times a value; half of all tangents are those of constants, and need no perturbation drawn.
#[inline]
fn scaled(tangent: Stochastic, factor: Stochastic) -> Stochastic {
    if tangent.primal() == 0.0 && factor.primal().is_finite() {
        Stochastic::zero()
    } else {
        tangent * factor
    }
}

impl Scalar for DualStochastic {
    #[inline]
    fn constant(value: f64) -> Self {
        Self {
            value: Stochastic::constant(value),
            tangent: Stochastic::zero(),
        }
    }
    #[inline]
    fn primal(self) -> f64 {
        self.value.primal()
    }
    #[inline]
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    #[inline]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), Stochastic::one() / self.value)
    }
    #[inline]
    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        // As in `Dual`: slope 0 at 0.
        let slope = if value.primal() > 0.0 {
            Stochastic::constant(0.5) / value
        } else {
            Stochastic::zero()
        };
        self.chain(value, slope)
    }
    #[inline]
    fn tanh(self) -> Self {
        let value = self.value.tanh();
        self.chain(value, Stochastic::one() - value * value)
    }
    #[inline]
    fn erf(self) -> Self {
        let slope = Stochastic::constant(FRAC_2_SQRT_PI) * (-(self.value * self.value)).exp();
        self.chain(self.value.erf(), slope)
    }
}

impl Add for DualStochastic {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            tangent: self.tangent + other.tangent,
        }
    }
}

impl Sub for DualStochastic {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DualStochastic {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            tangent: scaled(self.tangent, other.value) + scaled(other.tangent, self.value),
        }
    }
}

impl Div for DualStochastic {
    type Output = Self;
    /// (x/y)′ = (x′ − (x/y)·y′)/y.
    #[inline]
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        let difference = self.tangent - other.tangent * quotient;
        Self {
            value: quotient,
            tangent: difference * (Stochastic::one() / other.value),
        }
    }
}

impl Neg for DualStochastic {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            tangent: -self.tangent,
        }
    }
}

impl AddAssign for DualStochastic {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for DualStochastic {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dual, Format, with_perturbations};
    use super::*;

    /// Something with every operation in it.
    fn everything<S: Scalar>(x: S) -> S {
        let mut sum = (x * x).exp() - x.ln() / (S::one() + x.sqrt());
        sum += x.tanh() * x.erf();
        sum -= -x;
        sum
    }

    #[test]
    fn without_perturbations_it_is_the_dual_number() {
        let ours = everything(DualStochastic::along(0.75, -1.0));
        let theirs = everything(Dual::<1>::along(0.75, -1.0));
        assert_eq!(ours.primal().to_bits(), theirs.primal().to_bits(), "value");
        assert_eq!(
            ours.tangent().primal().to_bits(),
            theirs.tangent(0).to_bits(),
            "derivative"
        );
    }

    #[test]
    fn the_derivative_is_perturbed_by_rounding_and_no_more() {
        let exact = everything(Dual::<1>::along(0.75, -1.0)).tangent(0);
        let moved: Vec<f64> = (0..10)
            .map(|seed| {
                with_perturbations(seed, Format::F64, 4096.0, || {
                    let run = everything(DualStochastic::along(0.75, -1.0));
                    (run.tangent().primal() - exact) / exact
                })
            })
            .collect();
        let limit = 30.0 * 4096.0 * f64::EPSILON;
        assert!(
            moved.iter().all(|m| m.abs() > 0.0 && m.abs() < limit),
            "{moved:?}"
        );
    }
}
