//! A value-stable seeded generator, with draws that are short and exactly representable.
//!
//! The same seed gives the same numbers on every machine and in every version: replay depends on
//! it. Every purpose has a stream of its own, so that drawing more for one does not shift another.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random numbers for one purpose.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

/// A seed for `purpose` number `index`, derived from `seed`: FNV-1a over the purpose, then over the numbers.
#[must_use]
pub fn derive(seed: u64, purpose: &str, index: u64) -> u64 {
    let bytes = purpose
        .bytes()
        .chain(seed.to_le_bytes())
        .chain(index.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Stream {
    /// The stream of `purpose` under `seed`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(derive(seed, purpose, 0)))
    }

    /// A whole number below `bound`, without bias (rejection of the incomplete last interval).
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no whole number is below 0");
        let excess = (u64::MAX % bound + 1) % bound;
        loop {
            let draw = self.0.next_u64();
            if draw <= u64::MAX - excess {
                return draw % bound;
            }
        }
    }

    /// An index below `length`.
    ///
    /// # Panics
    /// When `length` is 0.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a usize")
    }

    /// A uniform multiple of 2^−`bits` in [−`bound`, `bound`].
    ///
    /// Up to 24 significant bits, so that a draw means the same in `f32`.
    pub fn symmetric(&mut self, bound: f64, bits: i32) -> f64 {
        let steps = whole((bound * f64::exp2(f64::from(bits))).floor());
        let draw = self.below(2 * steps + 1);
        (draw as f64 - steps as f64) * f64::exp2(f64::from(-bits))
    }

    /// A random sign times a multiple of 1/64 in [1/2, 3/2]: the weight of an output in an objective
    /// under which no output is invisible.
    pub fn signed_weight(&mut self) -> f64 {
        let magnitude = (32 + self.below(65)) as f64 / 64.0;
        if self.below(2) == 0 {
            magnitude
        } else {
            -magnitude
        }
    }

    /// `count` different numbers below `length`, in ascending order (Floyd's algorithm).
    ///
    /// # Panics
    /// When `count` is larger than `length`.
    pub fn sample(&mut self, length: usize, count: usize) -> Vec<usize> {
        assert!(count <= length, "{count} different numbers below {length}");
        let mut chosen = std::collections::BTreeSet::new();
        for last in length - count..length {
            let draw = self.index(last + 1);
            if !chosen.insert(draw) {
                chosen.insert(last);
            }
        }
        chosen.into_iter().collect()
    }
}

/// A non-negative whole number far below 2^53.
fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_never_change() {
        let mut stream = Stream::new(7, "golden");
        let drawn: Vec<u64> = (0..4).map(|_| stream.below(1000)).collect();
        assert_eq!(
            drawn, GOLDEN,
            "a change of the generator breaks every replay token"
        );
    }

    const GOLDEN: [u64; 4] = [133, 146, 57, 325];

    #[test]
    fn samples_are_different_ascending_and_in_range() {
        let mut stream = Stream::new(1, "sample");
        for count in 0..=10 {
            let sample = stream.sample(10, count);
            assert_eq!(sample.len(), count, "as many as asked for");
            assert!(sample.is_sorted_by(|a, b| a < b), "{sample:?}");
            assert!(sample.iter().all(|index| *index < 10), "{sample:?}");
        }
    }

    #[test]
    fn draws_survive_f32() {
        let mut stream = Stream::new(1, "f32");
        for _ in 0..1000 {
            let draw = stream.symmetric(0.2, 16);
            assert!(
                f64::from(draw as f32).to_bits() == draw.to_bits(),
                "{draw} in f32"
            );
            assert!(draw.abs() <= 0.2, "{draw} within its bound");
        }
    }
}
