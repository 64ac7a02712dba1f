//! Derivatives of a function that is known only by its values.
//!
//! A black box has no branch pattern that could certify a segment free of kinks. What decides
//! instead is a ladder of halved steps h, with nine values on each rung, x + j·δ for |j| ≤ 4 and
//! δ = h/4, of which five are shared with the rung above:
//!
//! ```text
//! central   D(h) = (4/5·d₁ − 1/5·d₂ + 4/105·d₃ − 1/280·d₄)/δ,  dⱼ = f(x + j·δ) − f(x − j·δ)
//! right     R(h) = (Δ − Δ²/2 + Δ³/3 − Δ⁴/4)/δ of f(x), f(x + δ), … f(x + 4δ);  left: L(h), mirrored
//! ```
//!
//! (B. Fornberg, *Mathematics of Computation* 51, 1988). The truncation error is bounded by the
//! distance to the formula of the next lower order, as in C. J. F. Ridders, *Advances in
//! Engineering Software* 4(2), 1982. Noise is measured on the function itself: k-th differences of
//! values with independent errors of size σ have the variance C(2k, k)·σ², whatever the smooth
//! part does (J. J. Moré and S. M. Wild, *Estimating computational noise*, SIAM J. Sci. Comput.
//! 33(3), 2011). [`derivative`] takes the rung with the least bound that no finer rung refutes,
//! and says *at a kink* when the left and the right derivative, read at the same scale, are further
//! apart than their bounds, and the highest central differences have room for that on every finer rung.
//!
//! [`detect_kink`] answers the other question: is there a point without derivative within a fixed
//! step? It halves a window around the worst place: over a kink the change of slope stays what it
//! is, over a smooth place it halves with the window.

mod derivative;
mod finding;
mod formula;
mod gradient;
mod kink;
mod noise;
mod rung;
mod series;
mod tableau;

pub use derivative::{LadderOptions, MOST_EVALUATIONS, derivative};
pub use finding::{Finding, InputError, Reason, Side};
pub use formula::{Formula, FormulaGradient, formula_gradient};
pub use gradient::gradient;
pub use kink::{Detection, MOST_KINK_EVALUATIONS, detect_kink};
pub use tableau::extrapolate;
