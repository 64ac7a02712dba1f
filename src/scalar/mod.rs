//! The numbers that a layer may compute with.
//!
//! A layer is written once, for any [`Scalar`], and runs in `f64` and `f32`, on dual numbers
//! ([`Dual`], [`HyperDual`]), under Monte Carlo arithmetic ([`Stochastic`], [`DualStochastic`]) and in
//! double-double ([`DoubleDouble`], [`DualDoubleDouble`]).

mod double_double;
mod dual;
mod dual_double_double;
mod dual_stochastic;
mod format;
mod hyper_dual;
mod stochastic;
pub(crate) mod vector;

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

pub use double_double::DoubleDouble;
pub use dual::Dual;
pub use dual_double_double::DualDoubleDouble;
pub use dual_stochastic::DualStochastic;
pub use format::Format;
pub use hyper_dual::HyperDual;
pub use stochastic::{Stochastic, with_perturbations};

/// A number with the few operations that layers, losses and penalties use.
///
/// Comparison is left out on purpose. Equality of dual numbers looks at the real part alone, so an
/// assertion about "equal" duals says nothing about derivatives; and a branch has to say that it
/// looks at the value alone, by [`Scalar::primal`]. `Zero` is left out too, which keeps
/// `ndarray::dot` from compiling: its blocked `f64` kernel rounds otherwise than the plain loop
/// that duals would get.
pub trait Scalar:
    Copy
    + Debug
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// Whether an operation takes no longer than to load and store a number.
    const IS_QUICK: bool = false;
    /// Whether the compiler makes vector operations of a loop of [`Scalar::add_product`].
    const HAS_VECTORS: bool = Self::IS_QUICK;
    /// Whether a number is a vector itself, so that vector operations make up a single [`Scalar::add_product`].
    const IS_VECTOR: bool = false;

    /// A number that does not depend on any variable.
    fn constant(value: f64) -> Self;
    /// The value alone, without tangents.
    fn primal(self) -> f64;
    /// e^x.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Square root, with slope 0 at 0 for numbers that carry slopes.
    fn sqrt(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Error function, 2/√π·∫₀ˣ e^−t² dt.
    fn erf(self) -> Self;

    /// self + a·b, in place: what layers spend their time on.
    #[inline]
    fn add_product(&mut self, a: &Self, b: &Self) {
        *self += *a * *b;
    }

    /// Zero, as a constant.
    #[inline(always)]
    #[must_use]
    fn zero() -> Self {
        Self::constant(0.0)
    }

    /// One, as a constant.
    #[must_use]
    fn one() -> Self {
        Self::constant(1.0)
    }
}

macro_rules! float_scalar {
    ($float:ty, $erf:path) => {
        impl Scalar for $float {
            const IS_QUICK: bool = true;
            #[inline(always)]
            fn add_product(&mut self, a: &Self, b: &Self) {
                *self += *a * *b;
            }
            #[inline(always)]
            fn constant(value: f64) -> Self {
                value as $float
            }
            #[inline]
            fn primal(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn exp(self) -> Self {
                <$float>::exp(self)
            }
            #[inline]
            fn ln(self) -> Self {
                <$float>::ln(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }
            #[inline]
            fn tanh(self) -> Self {
                <$float>::tanh(self)
            }
            #[inline]
            fn erf(self) -> Self {
                $erf(self)
            }
        }
    };
}

float_scalar!(f32, libm::erff);
float_scalar!(f64, libm::erf);

/// 1/(1 + e^−x), for x < 0 as eˣ/(1 + eˣ), so that nothing overflows.
#[must_use]
pub fn logistic<S: Scalar>(x: S) -> S {
    if x.primal() < 0.0 {
        let e = x.exp();
        e / (S::one() + e)
    } else {
        S::one() / (S::one() + (-x).exp())
    }
}

/// Σ aᵢ·bᵢ over eight interleaved partial sums, combined pairwise.
///
/// The order is fixed, so that every `Scalar` rounds its primal alike, and the partial sums are
/// independent, so that the compiler can keep them in vector registers.
#[must_use]
#[inline]
pub fn dot<S: Scalar>(a: &[S], b: &[S]) -> S {
    dot_in_kernel(a, b)
}

/// [`dot`] as a part of its caller.
#[inline(always)]
pub(crate) fn dot_in_kernel<S: Scalar>(a: &[S], b: &[S]) -> S {
    const LANES: usize = 8;
    let mut lanes = [S::zero(); LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            lanes[lane].add_product(&x[lane], &y[lane]);
        }
    }
    for (lane, (x, y)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[lane].add_product(x, y);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// `y[j] += k·x[stride·j]` for every j.
#[inline]
pub fn axpy<S: Scalar>(y: &mut [S], k: S, x: &[S], stride: usize) {
    if stride == 1 {
        for (y, x) in y.iter_mut().zip(x) {
            y.add_product(&k, x);
        }
    } else {
        for (y, x) in y.iter_mut().zip(x.iter().step_by(stride)) {
            y.add_product(&k, x);
        }
    }
}

/// Four [`axpy`] one after the other: the same sums, to the bit.
///
/// In one sweep y is loaded and stored once for four products, and its entries, which do not wait for
/// each other, fill the vector registers. The compiler sees that in a function whose argument y is: a
/// slice that it was cut out of could be one of x's too. So this is a part of its caller.
///
/// Where an operation takes long, the four that an entry waits for would take longer than loads and stores.
///
/// # Panics
/// When an x is shorter than y asks for.
#[inline(always)]
pub fn axpy_of_four<S: Scalar>(y: &mut [S], k: [S; 4], x: [&[S]; 4], stride: usize) {
    if !S::IS_QUICK {
        for (k, x) in k.into_iter().zip(x) {
            axpy(y, k, x, stride);
        }
        return;
    }
    let [a, b, c, d] = x;
    if stride == 1 {
        // Of one length, so that no index is checked in the loop.
        let [a, b, c, d] = [a, b, c, d].map(|x| &x[..y.len()]);
        for j in 0..y.len() {
            y[j].add_product(&k[0], &a[j]);
            y[j].add_product(&k[1], &b[j]);
            y[j].add_product(&k[2], &c[j]);
            y[j].add_product(&k[3], &d[j]);
        }
    } else {
        for (j, y) in y.iter_mut().enumerate() {
            y.add_product(&k[0], &a[j * stride]);
            y.add_product(&k[1], &b[j * stride]);
            y.add_product(&k[2], &c[j * stride]);
            y.add_product(&k[3], &d[j * stride]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_of_integers_is_exact_at_every_length() {
        for length in 0..40_u32 {
            let a: Vec<f64> = (0..length).map(f64::from).collect();
            let expected: u32 = (0..length).map(|i| i * i).sum();
            assert!(
                dot(&a, &a).to_bits() == f64::from(expected).to_bits(),
                "Σ i² up to {length}"
            );
        }
    }

    #[test]
    fn four_axpys_in_one_sweep_are_four_axpys() {
        let numbers = |count: u32, seed: f64| -> Vec<f64> {
            (0..count).map(|i| (f64::from(i) + seed).sin()).collect()
        };
        for length in 0..20 {
            for stride in 1..4 {
                let x = [1.0, 2.0, 3.0, 4.0].map(|seed| numbers(60, seed));
                let k = [0.1, -0.7, 1e-9, 3.0];
                let mut one_by_one = numbers(length, 5.0);
                let mut at_once = one_by_one.clone();
                for (k, x) in k.iter().zip(&x) {
                    axpy(&mut one_by_one, *k, x, stride);
                }
                axpy_of_four(&mut at_once, k, x.each_ref().map(Vec::as_slice), stride);
                let bits = |y: &[f64]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(&at_once),
                    bits(&one_by_one),
                    "{length} entries, stride {stride}"
                );
            }
        }
    }

    #[test]
    fn axpy_with_a_stride_skips_inputs() {
        let mut y = [1.0, 1.0];
        axpy(&mut y, 2.0, &[1.0, 9.0, 3.0], 2);
        assert!(
            y.map(f64::to_bits) == [3.0_f64, 7.0].map(f64::to_bits),
            "{y:?}"
        );
    }
}
