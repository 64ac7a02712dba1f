//! The classical metrics, which people are used to. They are printed, and never decide.

use serde::{Deserialize, Serialize};

use super::Number;

/// Decimal digits that `f64` can hold: equal numbers match to this many.
pub const MOST_DIGITS: f64 = 16.0;

/// |a − n|/max(|a|, |n|), 0 for two zeros (Stanford CS231n, "Gradient checks").
#[must_use]
pub fn relative_error(a: f64, n: f64) -> f64 {
    let largest = a.abs().max(n.abs());
    if largest == 0.0 {
        0.0
    } else {
        (a - n).abs() / largest
    }
}

/// −log₁₀ of the relative error, between 0 and [`MOST_DIGITS`]; NaN matches to 0 digits.
#[must_use]
pub fn matching_digits(a: f64, n: f64) -> f64 {
    let digits = -relative_error(a, n).log10();
    if digits.is_nan() {
        0.0
    } else {
        digits.clamp(0.0, MOST_DIGITS)
    }
}

/// How the gradient under test, a, compares with a reference, n, over one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metrics {
    /// Coordinates where a or n is not 0; all else below is about these.
    pub nonzero: usize,
    /// Matching digits at the worst coordinate; `None` when all are 0.
    pub fewest_digits: Option<f64>,
    /// Matching digits at the median coordinate; `None` when all are 0.
    pub median_digits: Option<f64>,
    /// Coordinates where a and n have opposite signs.
    pub sign_mismatches: usize,
    /// Largest |a − n|/max(|a|, |n|), with its position among the coordinates given.
    pub worst: Option<(Number, usize)>,
    /// ‖a − n‖/‖a + n‖ (Stanford UFLDL, "Gradient checking"); `None` when all are 0.
    pub norm_ratio: Option<Number>,
}

impl Metrics {
    /// Compare pairs (a, n).
    #[must_use]
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        let nonzero: Vec<(usize, f64, f64)> = pairs
            .iter()
            .enumerate()
            .filter(|(_, (a, n))| *a != 0.0 || *n != 0.0)
            .map(|(position, (a, n))| (position, *a, *n))
            .collect();
        let mut digits: Vec<f64> = nonzero
            .iter()
            .map(|(_, a, n)| matching_digits(*a, *n))
            .collect();
        digits.sort_by(f64::total_cmp);
        let worst = nonzero
            .iter()
            .map(|(position, a, n)| (Number(relative_error(*a, *n)), *position))
            // NaN counts as the largest error; of equal ones the first is named.
            .reduce(|worst, next| {
                if next.0.0.total_cmp(&worst.0.0).is_gt() {
                    next
                } else {
                    worst
                }
            });
        // Squares of what is divided by the largest neither overflow nor underflow.
        let largest = nonzero
            .iter()
            .map(|(_, a, n)| a.abs().max(n.abs()))
            .fold(0.0, f64::max);
        let norm = |combine: fn(f64, f64) -> f64| {
            nonzero
                .iter()
                .map(|(_, a, n)| combine(a / largest, n / largest).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        Self {
            nonzero: nonzero.len(),
            fewest_digits: digits.first().copied(),
            median_digits: digits.get(digits.len() / 2).copied(),
            sign_mismatches: nonzero
                .iter()
                .filter(|(_, a, n)| (*a < 0.0 && *n > 0.0) || (*a > 0.0 && *n < 0.0))
                .count(),
            worst,
            norm_ratio: (!nonzero.is_empty())
                .then(|| Number(norm(|a, n| a - n) / norm(|a, n| a + n))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, wanted: f64, what: &str) {
        assert!((got - wanted).abs() < 1e-12, "{what}: {got} for {wanted}");
    }

    #[test]
    fn digits_are_the_logarithm_of_the_relative_error() {
        near(matching_digits(1.0, 0.999), 3.0, "one part in a thousand");
        near(matching_digits(0.0, 0.0), MOST_DIGITS, "two zeros");
        near(matching_digits(1.0, -1.0), 0.0, "opposite signs");
        near(matching_digits(f64::NAN, 1.0), 0.0, "NaN");
        near(matching_digits(1e-9, 0.0), 0.0, "something against nothing");
    }

    #[test]
    fn a_tensor_is_described_by_its_worst_and_its_median() {
        let metrics = Metrics::of(&[(0.0, 0.0), (1.0, 1.0), (2.0, 1.98), (-3.0, 3.0), (4.0, 4.0)]);
        assert_eq!(metrics.nonzero, 4, "the pair of zeros says nothing");
        assert_eq!(metrics.sign_mismatches, 1, "-3 against 3");
        assert_eq!(metrics.worst, Some((Number(2.0), 3)), "|-3 - 3|/3");
        near(
            metrics.fewest_digits.unwrap_or(f64::NAN),
            0.0,
            "fewest digits",
        );
        near(
            metrics.median_digits.unwrap_or(f64::NAN),
            MOST_DIGITS,
            "median digits",
        );
        // ‖(0, 0.02, 6, 0)‖ / ‖(2, 3.98, 0, 8)‖
        let ratio = (0.02_f64.powi(2) + 36.0).sqrt() / (4.0 + 3.98_f64.powi(2) + 64.0).sqrt();
        near(
            metrics.norm_ratio.map_or(f64::NAN, |ratio| ratio.0),
            ratio,
            "norm ratio",
        );
    }

    #[test]
    fn huge_and_tiny_derivatives_are_compared_alike() {
        let pairs = [(1.0, 1.5), (-1.0, 1.0)];
        let ratio_at = |scale: f64| {
            let metrics = Metrics::of(&pairs.map(|(a, n)| (a * scale, n * scale)));
            assert_eq!(metrics.sign_mismatches, 1, "at scale {scale:e}");
            metrics.norm_ratio.map_or(f64::NAN, |ratio| ratio.0)
        };
        for scale in [1e-300, 1e-170, 1e170, 1e300] {
            near(
                ratio_at(scale),
                ratio_at(1.0),
                "the squares of these leave f64",
            );
        }
    }

    #[test]
    fn nan_is_the_worst() {
        let metrics = Metrics::of(&[(1.0, 2.0), (f64::NAN, 1.0)]);
        assert_eq!(metrics.worst.map(|worst| worst.1), Some(1), "{metrics:?}");
    }
}
