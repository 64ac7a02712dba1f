//! Monte Carlo arithmetic: every result is perturbed by up to one unit roundoff.
//!
//! Source: D. S. Parker, *Monte Carlo Arithmetic*, UCLA CSD-970002 (1997). The spread of a few
//! perturbed runs measures how far rounding moves a result, cancellation included.
//!
//! The perturbation is a hash of the operation and its operands, as in Verrou's mode `random_det`
//! (F. Févotte, B. Lathuilière, *Debugging and optimization of HPC programs with the Verrou tool*,
//! Correctness 2019). Rounding is a function of the operands too: on the constant background of an
//! image, hundreds of units make the very same error, and a sum that meets the same term hundreds of
//! times is off by the same amount each time. Independent perturbations cancel there like a square
//! root: on digits through four 1×1 convolutions with tanh and an average over the image, the
//! largest errors of eight random networks were 1.0 to 1.9 times the bounds they gave, in f64 and in
//! f32 alike; of the bounds that perturbations by operands give, they are 0.08 to 0.17.

use std::cell::Cell;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::{Format, Scalar};

/// An `f64` whose every operation returns the result times 1 + u·ξ, and plus η·ξ where it underflows,
/// with ξ of mean 0 and variance 1/3 or slightly more.
///
/// Constants that the format does not hold are perturbed too. Unit roundoff u, smallest number η
/// and the seed of ξ belong to the thread, and are set by [`with_perturbations`].
#[derive(Clone, Copy, Debug)]
pub struct Stochastic(f64);

#[derive(Clone, Copy)]
struct Perturbations {
    seed: u64,
    format: Format,
    /// u, magnified.
    relative: f64,
    /// The bits of an `f64` that the format's numbers do not have.
    below_spacing: u64,
    /// η, magnified.
    absolute: f64,
    /// The format's smallest number with all its digits.
    smallest_normal: f64,
}

thread_local! {
    static PERTURBATIONS: Cell<Option<Perturbations>> = const { Cell::new(None) };
}

/// Ends the thread's perturbations, also when the work panics.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        PERTURBATIONS.set(None);
    }
}

/// Run `work` on this thread with the roundings of `format`, `magnification` times as large, drawn
/// from `seed`.
///
/// A run is the same bits on any number of threads.
///
/// # Panics
/// When called inside of itself: the outer perturbations would end with the inner ones.
pub fn with_perturbations<T>(
    seed: u64,
    format: Format,
    magnification: f64,
    work: impl FnOnce() -> T,
) -> T {
    let previous = PERTURBATIONS.replace(Some(Perturbations {
        seed,
        format,
        relative: format.unit_roundoff() * magnification,
        below_spacing: match format {
            Format::F64 => 0,
            Format::F32 => (1 << (f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS)) - 1,
        },
        absolute: format.smallest() * magnification,
        smallest_normal: format.smallest_normal(),
    }));
    assert!(
        previous.is_none(),
        "this thread's numbers are being perturbed already"
    );
    let _end = End;
    work()
}

/// How much of ξ all sums of one spacing have in common.
///
/// Terms with few bits are rounded at few places between two neighbours, and where all halves go to
/// one side, as they do when a factor slightly below 1 moves them there, errors have a mean: of
/// terms on a grid of half the spacing, a quarter of it, which 16 spreads of this size cover. Next to
/// what each term has of its own it shows in sums of a thousand terms and more.
const BIAS: f64 = 1.0 / 32.0;

/// The bit of an `f64` that is its sign.
const SIGN: u64 = 1 << 63;

/// What tells one operation's perturbations from another's.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Operation {
    Constant,
    Add,
    Bias,
    Multiply,
    Divide,
    Exp,
    Ln,
    Sqrt,
    Tanh,
    Erf,
}

impl Perturbations {
    /// ξ of this operation on these operands, uniform in [−1, 1).
    #[inline(always)]
    fn xi(&self, operation: Operation, a: u64, b: u64) -> f64 {
        // Odd constants of splitmix64 (S. Vigna, after G. Steele et al., OOPSLA 2014); the shifts
        // bring the high bits down, which a product never moves there.
        let mut hash = (self.seed ^ operation as u64) ^ a;
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^= b;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The top 52 bits as the fraction of a number in [2, 4), minus 3.
        f64::from_bits((hash >> 12) | (1024 << 52)) - 3.0
    }

    /// ξ of this operation: half of its variance is `shared` by all that have the same key, and the
    /// other half is its `own`.
    ///
    /// Results that become the same number have errors of one sign, but not of one size: where a
    /// tanh saturates, all its units are 1, and each is off by what it lacked to 1. Shared alone, an
    /// error vanishes wherever weights of both signs add up to little; its own alone, it cancels
    /// like a square root. Either part alone was exceeded; see `tests/bounds/named.rs`.
    #[inline(always)]
    fn xi_of_both(&self, operation: Operation, shared: [u64; 2], own: [u64; 2]) -> f64 {
        // Another seed, since both keys can be the same numbers.
        let other = Self {
            seed: !self.seed,
            ..*self
        };
        let sum = self.xi(operation, shared[0], shared[1]) + other.xi(operation, own[0], own[1]);
        sum * std::f64::consts::FRAC_1_SQRT_2
    }

    /// The bits of the format's number that `value` rounds to.
    #[inline(always)]
    fn cell(&self, value: f64) -> u64 {
        // Half of the spacing is added, and what is below the spacing cut off.
        (value.to_bits() + (self.below_spacing.div_ceil(2))) & !self.below_spacing
    }

    /// `value`·(1 + u·ξ).
    #[inline(always)]
    fn rounded(&self, value: f64, xi: f64) -> f64 {
        value + value * (self.relative * xi)
    }

    /// The same, plus η·ξ where the format's exponents end, unless the result `is_exactly_zero`.
    #[inline(always)]
    fn rounded_or_underflowed(&self, value: f64, xi: f64, is_exactly_zero: bool) -> f64 {
        let is_kept = (value.abs() >= self.smallest_normal) | is_exactly_zero;
        // A product with the smallest number takes a hundred times as long as others, so where nothing is
        // to be added, the factor is a zero, of the sign that makes the product −0, which alters nothing.
        let zero = f64::from_bits(!xi.to_bits() & SIGN);
        let absolute = if is_kept { zero } else { self.absolute };
        self.rounded(value, xi) + absolute * xi
    }

    /// a + b, which is exact when a term is 0, as it is for every dead ReLU and every dark pixel.
    ///
    /// The larger term is a multiple of the spacing that the sum is rounded to, or nearly so: the
    /// rounding error is that of the smaller term, and depends on nothing else but the spacing, which
    /// the sum's exponent gives. A constant term that is added again and again is off by the same amount
    /// each time, and a negative term by the opposite. What terms share that round to the same number of
    /// that spacing is the sign: all that are below half of it are lost. All terms share the [`BIAS`] of their spacing.
    ///
    /// Like [`Perturbations::product`] without branches, so that many are computed at once.
    #[inline(always)]
    fn sum(&self, a: f64, b: f64) -> f64 {
        const EXPONENT: u64 = 0x7ff << 52;
        let value = a + b;
        let smaller = if a.abs() < b.abs() { a } else { b };
        let spacing = f64::from_bits(value.to_bits() & EXPONENT);
        let (size, spacing_bits) = (smaller.abs(), spacing.to_bits());
        let xi = self.xi_of_both(
            Operation::Add,
            [self.cell(size + spacing), spacing_bits],
            [size.to_bits(), spacing_bits],
        ) + BIAS * self.xi(Operation::Bias, spacing_bits, 0);
        let sign = (smaller.to_bits() ^ value.to_bits()) & SIGN;
        let rounded = self.rounded(value, f64::from_bits(xi.to_bits() ^ sign));
        if smaller == 0.0 { value } else { rounded }
    }

    /// a·b, which is exactly zero when a factor is.
    #[inline(always)]
    fn product(&self, a: f64, b: f64) -> f64 {
        let xi = self.xi(Operation::Multiply, a.to_bits(), b.to_bits());
        self.rounded_or_underflowed(a * b, xi, (a == 0.0) | (b == 0.0))
    }
}

/// `value`, the result of a function of `x` that cannot underflow.
#[inline]
fn perturbed(value: f64, operation: Operation, x: f64) -> Stochastic {
    // Outside of `with_perturbations` the arithmetic is plain f64.
    let Some(perturbations) = PERTURBATIONS.get() else {
        return Stochastic(value);
    };
    let shared = [perturbations.cell(value), 0];
    let xi = perturbations.xi_of_both(operation, shared, [x.to_bits(), 0]);
    Stochastic(perturbations.rounded(value, xi))
}

#[inline(always)]
fn perturbed_sum(a: f64, b: f64) -> Stochastic {
    Stochastic(match PERTURBATIONS.get() {
        Some(perturbations) => perturbations.sum(a, b),
        None => a + b,
    })
}

/// `value`, the result of a function of `x` that can underflow, unless it `is_exactly_zero`.
#[inline]
fn perturbed_function(
    value: f64,
    operation: Operation,
    x: f64,
    is_exactly_zero: bool,
) -> Stochastic {
    let Some(perturbations) = PERTURBATIONS.get() else {
        return Stochastic(value);
    };
    let shared = [perturbations.cell(value), 0];
    let xi = perturbations.xi_of_both(operation, shared, [x.to_bits(), 0]);
    Stochastic(perturbations.rounded_or_underflowed(value, xi, is_exactly_zero))
}

impl Scalar for Stochastic {
    const HAS_VECTORS: bool = true;

    #[inline(always)]
    fn add_product(&mut self, a: &Self, b: &Self) {
        self.0 = match PERTURBATIONS.get() {
            Some(perturbations) => perturbations.sum(self.0, perturbations.product(a.0, b.0)),
            None => self.0 + a.0 * b.0,
        };
    }
    #[inline]
    fn constant(value: f64) -> Self {
        match PERTURBATIONS.get() {
            Some(perturbations) if !perturbations.format.holds(value) => {
                perturbed_function(value, Operation::Constant, value, false)
            }
            _ => Self(value),
        }
    }
    #[inline(always)]
    fn zero() -> Self {
        Self(0.0)
    }
    #[inline]
    fn one() -> Self {
        Self(1.0)
    }
    #[inline(always)]
    fn primal(self) -> f64 {
        self.0
    }
    #[inline]
    fn exp(self) -> Self {
        let at_limit = self.0.is_infinite();
        perturbed_function(self.0.exp(), Operation::Exp, self.0, at_limit)
    }
    #[inline]
    fn ln(self) -> Self {
        perturbed(self.0.ln(), Operation::Ln, self.0)
    }
    #[inline]
    fn sqrt(self) -> Self {
        perturbed(self.0.sqrt(), Operation::Sqrt, self.0)
    }
    #[inline]
    fn tanh(self) -> Self {
        let at_zero = self.0 == 0.0;
        perturbed_function(self.0.tanh(), Operation::Tanh, self.0, at_zero)
    }
    #[inline]
    fn erf(self) -> Self {
        let at_zero = self.0 == 0.0;
        perturbed_function(libm::erf(self.0), Operation::Erf, self.0, at_zero)
    }
}

impl Add for Stochastic {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        perturbed_sum(self.0, other.0)
    }
}

impl Sub for Stochastic {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        perturbed_sum(self.0, -other.0)
    }
}

impl Mul for Stochastic {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self(match PERTURBATIONS.get() {
            Some(perturbations) => perturbations.product(self.0, other.0),
            None => self.0 * other.0,
        })
    }
}

impl Div for Stochastic {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        let value = self.0 / other.0;
        let Some(perturbations) = PERTURBATIONS.get() else {
            return Self(value);
        };
        let of_zero = self.0 == 0.0 || other.0.is_infinite();
        let xi = perturbations.xi(Operation::Divide, self.0.to_bits(), other.0.to_bits());
        Self(perturbations.rounded_or_underflowed(value, xi, of_zero))
    }
}

impl Neg for Stochastic {
    type Output = Self;
    /// Exact in floating point, and therefore not perturbed.
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Stochastic {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Stochastic {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ 1/k, added up in perturbed arithmetic.
    fn harmonic(seed: u64, magnification: f64) -> f64 {
        with_perturbations(seed, Format::F64, magnification, || {
            let mut sum = Stochastic::zero();
            for k in 1..=100_u32 {
                sum += Stochastic::one() / Stochastic::constant(f64::from(k));
            }
            sum.primal()
        })
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
        let large = f64::exp2(29.0);
        assert!(
            harmonic(1, large).to_bits() == harmonic(1, large).to_bits(),
            "one seed, one result"
        );
        assert!(
            harmonic(1, large).to_bits() != harmonic(2, large).to_bits(),
            "another seed"
        );
    }

    #[test]
    fn the_same_operands_round_alike() {
        with_perturbations(1, Format::F32, 1.0, || {
            let [a, b] = [0.7, 0.3].map(Stochastic);
            let (first, second) = (a * b, a * b);
            assert_eq!(first.0.to_bits(), second.0.to_bits(), "the same product");
            let relative = |exact: f64, found: Stochastic| (found.0 - exact) / exact;
            assert!(
                relative(0.7 * 0.3, first).to_bits() != relative(0.7 / 0.3, a / b).to_bits(),
                "another operation"
            );
        });
    }

    #[test]
    fn perturbations_are_uniform() {
        const DRAWS: u32 = 100_000;
        let perturbations = Perturbations {
            seed: 1,
            format: Format::F64,
            relative: 0.0,
            below_spacing: 0,
            absolute: 0.0,
            smallest_normal: 0.0,
        };
        // Operands with few bits, whose hashes have the least to start from.
        let draws = (1..=DRAWS).map(|k| f64::from(k % 1000) / 64.0 * f64::from(k / 1000 + 1));
        let draws: Vec<f64> = draws
            .enumerate()
            .map(|(at, a)| perturbations.xi(Operation::Add, a.to_bits(), (at / 1000) as u64))
            .collect();
        let moment =
            |power: i32| draws.iter().map(|xi| xi.powi(power)).sum::<f64>() / f64::from(DRAWS);
        // Deviations of a mean over n draws: √(1/3)/√n and √(4/45)/√n.
        assert!(moment(1).abs() < 0.008, "mean {}", moment(1));
        assert!(
            (moment(2) - 1.0 / 3.0).abs() < 0.004,
            "variance {}",
            moment(2)
        );
        let product = |lag: usize| {
            let pairs = draws.iter().zip(&draws[lag..]);
            pairs.map(|(a, b)| a * b).sum::<f64>() / f64::from(DRAWS)
        };
        for lag in [1, 2, 1000] {
            assert!(product(lag).abs() < 0.005, "lag {lag}: {}", product(lag));
        }
    }

    #[test]
    fn the_spread_grows_with_the_magnification() {
        // Operands that differ draw other perturbations, so that only the spread is proportional.
        let exact = harmonic(1, 0.0);
        let spread = |magnification: f64| {
            let errors = (0..1000).map(|seed| harmonic(seed, magnification) - exact);
            errors.map(|error| error * error).sum::<f64>().sqrt()
        };
        let ratio = spread(f64::exp2(33.0)) / spread(f64::exp2(23.0));
        assert!(
            (900.0..1150.0).contains(&ratio),
            "2^10 times the perturbation spread it {ratio} times"
        );
    }

    #[test]
    fn what_underflows_is_perturbed_and_a_product_with_zero_is_not() {
        with_perturbations(1, Format::F32, 1.0, || {
            let small = Stochastic(1e-30);
            let lost = (small * small).0;
            assert!(
                lost.to_bits() != 1e-60_f64.to_bits() && lost.abs() <= Format::F32.smallest(),
                "{lost:e} for 1e-60"
            );
            assert!((Stochastic(-1000.0).exp()).0 != 0.0, "e^-1000");
            assert_eq!((small * Stochastic::zero()).0.to_bits(), 0, "a zero stays");
        });
    }

    #[test]
    fn constants_that_the_format_holds_are_kept() {
        with_perturbations(1, Format::F32, 1.0, || {
            assert_eq!(Stochastic::constant(0.375).0.to_bits(), 0.375_f64.to_bits());
            let tenth = Stochastic::constant(0.1).0;
            assert!(
                tenth.to_bits() != 0.1_f64.to_bits() && (tenth - 0.1).abs() < 6e-9,
                "{tenth}"
            );
        });
    }

    #[test]
    fn a_panic_ends_the_perturbations() {
        let panicked = std::panic::catch_unwind(|| {
            with_perturbations(1, Format::F64, 1.0, || panic!("inside"))
        });
        assert!(panicked.is_err(), "the panic is passed on");
        with_perturbations(2, Format::F64, 1.0, || ());
    }
}
