//! Random smooth functions, whose derivative dual numbers know.

use gradproof::scalar::{Dual, Scalar};
use proptest::prelude::*;

/// A smooth step of a computation.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Exp,
    Sin,
    Tanh,
    Softplus,
    Cubic,
    Root,
    Log,
    Bell,
}

/// Stages one after another, each after an affine map.
#[derive(Clone, Debug)]
struct Chain(Vec<(Stage, f64, f64)>);

/// How two chains become one function.
#[derive(Clone, Copy, Debug)]
enum Join {
    Sum,
    Product,
}

/// height·(a(u) ∘ b(u)) with u = t/width + shift.
#[derive(Clone, Debug)]
pub(super) struct Smooth {
    first: Chain,
    second: Chain,
    join: Join,
    /// The length on which the function varies, before sharper stages.
    pub(super) width: f64,
    shift: f64,
    height: f64,
}

/// A function, a point, and the function's length there.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) function: Smooth,
    pub(super) x: f64,
}

fn sin<S: Scalar>(u: S) -> S {
    let at = u.primal();
    S::constant(at.sin()) + S::constant(at.cos()) * (u - S::constant(at))
}

/// ln(1 + w), whose values are a staircase when 1 + w is rounded first.
fn ln_1p<S: Scalar>(w: S) -> S {
    let at = w.primal();
    S::constant(at.ln_1p()) + S::constant((1.0 + at).recip()) * (w - S::constant(at))
}

fn softplus<S: Scalar>(u: S) -> S {
    // ln(1 + eᵘ) = u + ln(1 + e⁻ᵘ): the form that does not overflow.
    if u.primal() > 0.0 {
        u + ln_1p((-u).exp())
    } else {
        ln_1p(u.exp())
    }
}

impl Stage {
    fn apply<S: Scalar>(self, u: S) -> S {
        match self {
            Self::Exp => u.exp(),
            Self::Sin => sin(u),
            Self::Tanh => u.tanh(),
            Self::Softplus => softplus(u),
            Self::Cubic => u + u * u * S::constant(0.5) - u * u * u * S::constant(0.25),
            Self::Root => (S::one() + u * u).sqrt(),
            Self::Log => ln_1p(u * u),
            Self::Bell => S::one() / (S::one() + u * u),
        }
    }
}

impl Chain {
    fn apply<S: Scalar>(&self, mut u: S) -> S {
        for (stage, factor, offset) in &self.0 {
            u = stage.apply(u * S::constant(*factor) + S::constant(*offset));
        }
        u
    }
}

impl Smooth {
    fn apply<S: Scalar>(&self, t: S) -> S {
        let u = t * S::constant(self.width.recip()) + S::constant(self.shift);
        let (a, b) = (self.first.apply(u), self.second.apply(u));
        let joined = match self.join {
            Join::Sum => a + b,
            Join::Product => a * b,
        };
        joined * S::constant(self.height)
    }

    pub(super) fn value(&self, t: f64) -> f64 {
        self.apply(t)
    }

    /// f′(x) by dual numbers.
    pub(super) fn slope(&self, x: f64) -> f64 {
        self.apply(Dual::<1>::variable(x, 0)).tangent(0)
    }
}

fn chain() -> impl Strategy<Value = Chain> {
    let stage = prop_oneof![
        Just(Stage::Exp),
        Just(Stage::Sin),
        Just(Stage::Tanh),
        Just(Stage::Softplus),
        Just(Stage::Cubic),
        Just(Stage::Root),
        Just(Stage::Log),
        Just(Stage::Bell),
    ];
    // Factors of up to 10 make stages sharper than the width, tanh and softplus above all.
    let affine = (-1.0..1.0_f64, prop::bool::ANY, -2.0..2.0_f64).prop_map(|(power, up, offset)| {
        let factor = 10.0_f64.powf(power);
        (if up { factor } else { -factor }, offset)
    });
    prop::collection::vec((stage, affine), 1..4).prop_map(|stages| {
        Chain(
            stages
                .into_iter()
                .map(|(stage, (factor, offset))| (stage, factor, offset))
                .collect(),
        )
    })
}

/// Functions whose widths, heights and points are of many magnitudes.
pub(super) fn case() -> impl Strategy<Value = Case> {
    let join = prop_oneof![Just(Join::Sum), Just(Join::Product)];
    (
        (chain(), chain(), join),
        (-8.0..6.0_f64, -6.0..6.0_f64, -1.0..1.0_f64),
        (-3.0..3.0_f64, prop::bool::weighted(0.1)),
    )
        .prop_map(
            |((first, second, join), (width, height, shift), (away, origin))| {
                let width = 10.0_f64.powf(width);
                // From a thousandth of a width to some widths from 0, or 0 itself.
                let x = if origin {
                    0.0
                } else {
                    width * away.signum() * 10.0_f64.powf(away.abs() - 2.0)
                };
                let function = Smooth {
                    first,
                    second,
                    join,
                    width,
                    shift,
                    height: 10.0_f64.powf(height),
                };
                Case { function, x }
            },
        )
        .prop_filter("values of some size around the point", |case| {
            let f = &case.function;
            let near = f.width / 4.0;
            [-near, 0.0, near]
                .iter()
                .all(|d| (1e-100..1e100).contains(&f.value(case.x + d).abs()))
                && f.slope(case.x).is_finite()
                // Not so steep that the spacing of points is seen in the values.
                && (f.slope(case.x) * case.x).abs() * f64::EPSILON
                    < 1e-6 * f.value(case.x).abs()
        })
}
