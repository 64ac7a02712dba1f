//! Mish: D. Misra, *Mish: A Self Regularized Non-Monotonic Activation Function* (2019).
//!
//! ```text
//! y = x·t,  t = tanh(ln(1 + e^x))
//! dy/dx = t + x·(1 − t²)·σ(x),  σ(x) = 1/(1 + e^−x)
//! ```
//!
//! t is computed from one exponential that cannot overflow: with n = e^x where x < 0 and m = e^−x
//! elsewhere
//!
//! ```text
//! t = (n² + 2n)/(n² + 2n + 2) = (1 + 2m)/(1 + 2m + 2m²)
//! ```

use crate::scalar::{Scalar, logistic};

/// Compute y.
#[must_use]
pub fn forward<S: Scalar>(x: S) -> S {
    x * tanh_of_softplus(x)
}

/// dy/dx.
#[must_use]
pub fn slope<S: Scalar>(x: S) -> S {
    let t = tanh_of_softplus(x);
    t + x * ((S::one() - t * t) * logistic(x))
}

fn tanh_of_softplus<S: Scalar>(x: S) -> S {
    let two = S::constant(2.0);
    if x.primal() < 0.0 {
        let n = x.exp();
        let top = n * (n + two);
        top / (top + two)
    } else {
        let m = (-x).exp();
        let top = S::one() + two * m;
        top / (top + two * (m * m))
    }
}
