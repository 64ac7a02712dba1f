//! Gaussian error linear unit, exact or by a hyperbolic tangent.
//!
//! Φ distribution and φ density of the standard normal distribution
//!
//! ```text
//! y = x·Φ(x) = x·(1 + erf(x/√2))/2          dy/dx = Φ(x) + x·φ(x)
//! y = x·(1 + tanh u)/2                      dy/dx = (1 + tanh u)/2 + x·(1 − tanh² u)/2·du/dx
//! u = √(2/π)·(x + 0.044715·x³)              du/dx = √(2/π)·(1 + 3·0.044715·x²)
//! ```

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use crate::scalar::Scalar;
use crate::spec::Approximation;

/// √(2/π), rounded: the function is defined by this number.
const INNER: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;

/// The share of the cube.
const CUBIC: f64 = 0.044_715;

/// 1/√(2π) in two parts: gradients in double-double need both.
const DENSITY_AT_0: [f64; 2] = [0.398_942_280_401_432_7, -2.492_327_202_277_73e-17];

/// Compute y.
#[must_use]
pub fn forward<S: Scalar>(approximate: Approximation, x: S) -> S {
    match approximate {
        Approximation::None => x * distribution(x),
        Approximation::Tanh => x * half_of_one_plus(inner(x).tanh()),
    }
}

/// dy/dx.
#[must_use]
pub fn slope<S: Scalar>(approximate: Approximation, x: S) -> S {
    match approximate {
        Approximation::None => distribution(x) + x * density(x),
        Approximation::Tanh => {
            let t = inner(x).tanh();
            let of_inner = S::constant(INNER) * (S::one() + S::constant(3.0 * CUBIC) * (x * x));
            half_of_one_plus(t) + x * (S::constant(0.5) * ((S::one() - t * t) * of_inner))
        }
    }
}

fn half_of_one_plus<S: Scalar>(t: S) -> S {
    S::constant(0.5) * (S::one() + t)
}

fn distribution<S: Scalar>(x: S) -> S {
    half_of_one_plus((x / S::constant(2.0).sqrt()).erf())
}

fn density<S: Scalar>(x: S) -> S {
    let [high, low] = DENSITY_AT_0.map(S::constant);
    (high + low) * (-(S::constant(0.5) * (x * x))).exp()
}

fn inner<S: Scalar>(x: S) -> S {
    S::constant(INNER) * (x + S::constant(CUBIC) * (x * x * x))
}
