//! Random signs, one word of 64 for each coordinate: bit j is the coordinate's sign in projection j.
//!
//! A sign follows from seed, tensor, index and projection alone, so that none has to be kept: ten million
//! signs of eight projections would be as much memory as the parameters.

use crate::rng;

/// The signs of one tensor's coordinates.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    seed: u64,
}

impl Signs {
    /// Of the coordinates of parameter `number` under `seed`.
    #[must_use]
    pub fn new(seed: u64, number: usize) -> Self {
        Self {
            seed: rng::derive(seed, "projection", number as u64),
        }
    }

    /// The signs of the coordinate at `index`: splitmix64 (G. Steele, D. Lea, C. Flood, *Fast splittable
    /// pseudorandom number generators*, OOPSLA 2014), number `index` of the stream that begins at the seed.
    #[must_use]
    #[inline]
    pub fn word(self, index: usize) -> u64 {
        let mut word = (index as u64)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(self.seed);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// 1 or −1.
    #[must_use]
    #[inline]
    pub fn at(self, index: usize, projection: usize) -> f64 {
        sign(self.word(index), projection)
    }
}

/// 1 where bit `projection` of `word` is 0, else −1.
#[must_use]
#[inline]
pub fn sign(word: u64, projection: usize) -> f64 {
    // The bit becomes that of the sign.
    f64::from_bits(1.0_f64.to_bits() | (word >> projection) << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_fair_coins_and_do_not_know_each_other() {
        let (mut sums, mut products) = ([0.0; 8], [0.0; 8]);
        let (a, b) = (Signs::new(1, 0), Signs::new(1, 1));
        let count = 100_000;
        for index in 0..count {
            for j in 0..8 {
                let sign = a.at(index, j);
                assert!(sign.abs().to_bits() == 1.0_f64.to_bits(), "{sign}");
                sums[j] += sign;
                // With the next projection, with the next coordinate, and with another tensor.
                let others = [a.at(index, (j + 1) % 8), a.at(index + 1, j), b.at(index, j)];
                products[j] += others.iter().map(|other| sign * other).sum::<f64>();
            }
        }
        // Five standard deviations of √count, and of √3 times that.
        let reach = 5.0 * f64::from(count as u32).sqrt();
        for (sum, product) in sums.iter().zip(products) {
            assert!(sum.abs() < reach, "{sum} of {count}");
            assert!(product.abs() < 2.0 * reach, "{product} of {count}");
        }
    }
}
