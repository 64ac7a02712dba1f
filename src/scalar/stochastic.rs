//! Monte Carlo arithmetic: every result is perturbed by up to one unit roundoff.
//!
//! Source: D. S. Parker, *Monte Carlo Arithmetic*, UCLA CSD-970002 (1997). The spread of a few
//! perturbed runs measures how far rounding moves a result, cancellation included.

use std::cell::RefCell;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::Scalar;

/// An `f64` whose every operation returns the rounded result times 1 + u·ξ, ξ uniform in [−1, 1).
///
/// The unit roundoff u and the stream of ξ belong to the thread, and are set by [`with_stream`].
#[derive(Clone, Copy, Debug)]
pub struct Stochastic(f64);

struct Stream {
    generator: Xoshiro256Plus,
    unit_roundoff: f64,
}

thread_local! {
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// Ends the thread's stream, also when the work panics.
struct EndStream;

impl Drop for EndStream {
    fn drop(&mut self) {
        STREAM.with(|cell| cell.replace(None));
    }
}

/// Run `work` on this thread with perturbations of `unit_roundoff`, drawn from `seed`.
///
/// The stream starts afresh at each call, so that a run is the same bits on any number of threads.
///
/// # Panics
/// When called inside of itself: two streams at once would mix.
pub fn with_stream<T>(seed: u64, unit_roundoff: f64, work: impl FnOnce() -> T) -> T {
    let generator = Xoshiro256Plus::seed_from_u64(seed);
    let stream = Stream {
        generator,
        unit_roundoff,
    };
    let previous = STREAM.with(|cell| cell.replace(Some(stream)));
    assert!(
        previous.is_none(),
        "a stream of perturbations is already in use on this thread"
    );
    let _end = EndStream;
    work()
}

/// `value`·(1 + u·ξ) with the next ξ of this thread's stream.
#[inline]
fn perturbed(value: f64) -> Stochastic {
    STREAM.with(|cell| {
        let mut stream = cell.borrow_mut();
        // Outside of `with_stream` the arithmetic is plain f64.
        let Some(stream) = stream.as_mut() else {
            return Stochastic(value);
        };
        // The top 52 bits as the fraction of a number in [2, 4), minus 3: uniform in [−1, 1).
        let xi = f64::from_bits((stream.generator.next_u64() >> 12) | (1024 << 52)) - 3.0;
        Stochastic(value + value * (stream.unit_roundoff * xi))
    })
}

impl Scalar for Stochastic {
    #[inline]
    fn constant(value: f64) -> Self {
        Self(value)
    }
    #[inline]
    fn primal(self) -> f64 {
        self.0
    }
    #[inline]
    fn exp(self) -> Self {
        perturbed(self.0.exp())
    }
    #[inline]
    fn ln(self) -> Self {
        perturbed(self.0.ln())
    }
    #[inline]
    fn sqrt(self) -> Self {
        perturbed(self.0.sqrt())
    }
    #[inline]
    fn tanh(self) -> Self {
        perturbed(self.0.tanh())
    }
    #[inline]
    fn erf(self) -> Self {
        perturbed(libm::erf(self.0))
    }
}

impl Add for Stochastic {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        perturbed(self.0 + other.0)
    }
}

impl Sub for Stochastic {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        perturbed(self.0 - other.0)
    }
}

impl Mul for Stochastic {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        perturbed(self.0 * other.0)
    }
}

impl Div for Stochastic {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        perturbed(self.0 / other.0)
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
    #[inline]
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
    fn harmonic(seed: u64, unit_roundoff: f64) -> f64 {
        with_stream(seed, unit_roundoff, || {
            let mut sum = Stochastic::zero();
            for k in 1..=100_u32 {
                sum += Stochastic::one() / Stochastic::constant(f64::from(k));
            }
            sum.primal()
        })
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
        let unit = f64::exp2(-24.0);
        assert!(
            harmonic(1, unit).to_bits() == harmonic(1, unit).to_bits(),
            "one seed, one result"
        );
        assert!(
            harmonic(1, unit).to_bits() != harmonic(2, unit).to_bits(),
            "another seed"
        );
    }

    #[test]
    fn the_spread_grows_with_the_unit_roundoff() {
        let exact = harmonic(1, 0.0);
        let small = (harmonic(1, f64::exp2(-30.0)) - exact).abs();
        let large = (harmonic(1, f64::exp2(-20.0)) - exact).abs();
        let ratio = large / small;
        assert!(
            (900.0..1150.0).contains(&ratio),
            "2^10 times the perturbation moved it {ratio} times"
        );
    }

    #[test]
    fn a_panic_ends_the_stream() {
        let panicked = std::panic::catch_unwind(|| with_stream(1, 0.5, || panic!("inside")));
        assert!(panicked.is_err(), "the panic is passed on");
        with_stream(2, 0.5, || ());
    }
}
