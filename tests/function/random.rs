//! Random smooth functions, whose derivative dual numbers know.

use gradproof::scalar::{Dual, Format, Scalar, Stochastic, with_perturbations};
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

/// Spacings of numbers around u over which a slope has to stay what it is.
const SPACINGS: f64 = 1024.0;

/// Runs of Monte Carlo arithmetic.
const RUNS: u64 = 6;

impl Case {
    /// Whether the slope is still there a few spacings of u = t/width + shift away.
    ///
    /// Where a phase varies by a radian within some spacings, what is computed is not the function:
    /// that share of its values is as good as random.
    fn keeps_its_slope(&self) -> bool {
        let f = &self.function;
        let aside = SPACINGS * f64::EPSILON * (self.x.abs() + f.width);
        let slope = f.slope(self.x);
        [-aside, aside].iter().all(|d| {
            let there = f.slope(self.x + d);
            (there - slope).abs() <= 1e-8 * there.abs().max(slope.abs())
        })
    }

    /// How far rounding inside of the function moves its values at the point and `h` beside it.
    ///
    /// Where saturated stages cancel, that is far more than the last digit of the value.
    pub(super) fn rounding(&self, h: f64) -> f64 {
        let f = &self.function;
        let mut largest = 0.0_f64;
        for t in [self.x - h, self.x, self.x + h] {
            for seed in 0..RUNS {
                let moved: Stochastic =
                    with_perturbations(seed, Format::F64, 1.0, || f.apply(Stochastic::constant(t)));
                largest = largest.max((moved.primal() - f.value(t)).abs());
            }
        }
        largest
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
                && case.keeps_its_slope()
        })
}

/// A kink `distance` widths above the point, of 10^`change` times the steepness, and
/// a smooth function that once was taken to have a kink at the point itself.
pub(super) fn kept_beside() -> (Case, f64, f64, bool) {
    let first = Chain(vec![
        (Stage::Cubic, 1.723_572_928, 1.625_287_825),
        (Stage::Tanh, -1.217_286_171, 0.218_280_696),
        (Stage::Log, 0.295_279_649, 0.747_876_644),
    ]);
    let second = Chain(vec![(Stage::Tanh, 5.045_260_794, -0.756_991_705)]);
    let function = Smooth {
        first,
        second,
        join: Join::Sum,
        width: 49_194.374_851_136_91,
        shift: -0.815_399_451,
        height: 632.827_271_665,
    };
    let x = 255_316.014_961_042_76;
    (Case { function, x }, 0.799_223_751, -3.437_059_865, true)
}

/// A kink of 10^`change` times the steepness, downwards, at the point of a function that is far
/// narrower than the first step: once the slope on the right was read at steps on which the one on
/// the left could not be.
pub(super) fn kept_slopes() -> (Case, f64, bool) {
    let first = Chain(vec![
        (Stage::Tanh, -7.055_793_799, -0.062_604_257),
        (Stage::Exp, -7.396_596_976, 0.939_848_277),
    ]);
    let second = Chain(vec![
        (Stage::Tanh, -8.642_692_859, 1.753_049_677),
        (Stage::Bell, -9.190_758_273, -1.813_644_119),
        (Stage::Softplus, -6.745_457_958, 1.142_040_935),
    ]);
    let function = Smooth {
        first,
        second,
        join: Join::Product,
        width: 0.000_505_510_364,
        shift: 0.449_510_125,
        height: 504_329.451_902_953,
    };
    let x = 0.000_891_385_566_801_773_2;
    (Case { function, x }, -0.086_203_461, false)
}
