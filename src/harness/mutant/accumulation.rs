//! Parameter gradients whose sums are added up in fewer bits, as by an accumulator in bf16.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::layer::{Layer, LayerGradients};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, lift, primal};

use super::backward::{Pass, layer_backward};
use super::catalogue::Fault;
use super::numbers::{NumbersFault, rounded};

/// A number whose sums keep `BITS` significant bits, and all else as many as `f64`.
#[derive(Clone, Copy, Debug)]
struct Accumulated<const BITS: i32>(f64);

/// The gradients that `right` holds, but those of parameters added up in fewer bits if that is the fault.
pub(super) fn alter<S: Scalar>(
    layer: &Layer,
    pass: &Pass<'_, S>,
    right: LayerGradients<S>,
) -> LayerGradients<S> {
    let parameters = match pass.fault {
        Some(Fault::Numbers(NumbersFault::Bf16Accumulation)) => again::<8, S>(layer, pass),
        Some(Fault::Numbers(NumbersFault::F16Accumulation)) => again::<11, S>(layer, pass),
        _ => return right,
    };
    LayerGradients {
        parameters,
        ..right
    }
}

/// The gradients of the layer's parameters, added up in `BITS` bits.
fn again<const BITS: i32, S: Scalar>(layer: &Layer, pass: &Pass<'_, S>) -> Vec<Tensor<S>> {
    let narrow = |tensor: &Tensor<S>| lift::<Accumulated<BITS>>(&primal(tensor));
    let parameters: Vec<Tensor<Accumulated<BITS>>> = pass.parameters.iter().map(narrow).collect();
    let (x, dy) = (narrow(pass.x), narrow(pass.dy));
    let gradients = layer_backward(
        layer,
        &Pass {
            parameters: &parameters,
            x: &x,
            dy: &dy,
            branches: pass.branches,
            fault: None,
        },
    );
    let wide = |tensor: &Tensor<Accumulated<BITS>>| lift(&primal(tensor));
    gradients.parameters.iter().map(wide).collect()
}

impl<const BITS: i32> Scalar for Accumulated<BITS> {
    fn constant(value: f64) -> Self {
        Self(value)
    }
    fn primal(self) -> f64 {
        self.0
    }
    fn exp(self) -> Self {
        Self(self.0.exp())
    }
    fn ln(self) -> Self {
        Self(self.0.ln())
    }
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }
    fn tanh(self) -> Self {
        Self(self.0.tanh())
    }
    fn erf(self) -> Self {
        Self(Scalar::erf(self.0))
    }
}

impl<const BITS: i32> Add for Accumulated<BITS> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(rounded(self.0 + other.0, BITS))
    }
}

impl<const BITS: i32> Sub for Accumulated<BITS> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(rounded(self.0 - other.0, BITS))
    }
}

impl<const BITS: i32> Mul for Accumulated<BITS> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl<const BITS: i32> Div for Accumulated<BITS> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
}

impl<const BITS: i32> Neg for Accumulated<BITS> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<const BITS: i32> AddAssign for Accumulated<BITS> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const BITS: i32> SubAssign for Accumulated<BITS> {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_are_no_longer_counted_beyond_the_bits() {
        let count = |most: usize| {
            let ones = std::iter::repeat_n(Accumulated::<8>::one(), most);
            ones.fold(Accumulated::zero(), |sum, one| sum + one)
                .primal()
        };
        for (most, expected) in [(200, 200.0), (256, 256.0), (1000, 256.0)] {
            let found = count(most);
            assert!((found - expected).abs() < 0.5, "{most} ones are {found}");
        }
    }
}
