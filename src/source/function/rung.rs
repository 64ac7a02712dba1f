//! One rung of the ladder: nine values, and the slopes that they give.

use super::noise::{difference, levels};

/// Distances δ on each side of the point.
pub(super) const PER_SIDE: usize = 4;

/// Values of a rung: the point is in the middle.
pub(super) const VALUES: usize = 2 * PER_SIDE + 1;

/// f at x + j·δ, |j| ≤ 4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rung {
    /// The step 4·δ to the outermost values.
    pub(super) step: f64,
    /// From left to right.
    pub(super) values: [f64; VALUES],
}

impl Rung {
    /// The value at the distance `t`·δ from the point of the polynomial through the values from
    /// number `first` to number `last`.
    pub(super) fn interpolate(&self, t: f64, first: usize, last: usize) -> f64 {
        // Newton's form on whole numbers: Σₖ C(s, k)·Δᵏ, s the distance to the first value.
        let s = t + PER_SIDE as f64 - first as f64;
        let mut differences = self.values[first..=last].to_vec();
        let mut binomial = 1.0;
        let mut sum = 0.0;
        for k in 0..=last - first {
            sum += binomial * differences[0];
            difference(&mut differences);
            binomial *= (s - k as f64) / (k + 1) as f64;
        }
        sum
    }
}

/// A slope read off one rung by one formula.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The step of the rung.
    pub(super) step: f64,
    /// The slope.
    pub(super) slope: f64,
    /// Its distance to the slope by the formula of the next lower order.
    pub(super) truncation: f64,
    /// The noise that the differences of the highest two orders show.
    pub(super) noise: f64,
    /// The largest value's size.
    pub(super) magnitude: f64,
    /// The largest value less the smallest.
    pub(super) variation: f64,
    /// Noise of size σ in the values makes an error of about `gain`·σ/`step` in the slope: the root
    /// of the sum of the squared coefficients.
    pub(super) gain: f64,
    /// Whether it looks to both sides.
    pub(super) both_sides: bool,
}

impl Rung {
    /// The slope from both sides, when all values are finite.
    pub(super) fn central(&self) -> Option<Reading> {
        let v = &self.values;
        let d = [v[5] - v[3], v[6] - v[2], v[7] - v[1], v[8] - v[0]];
        let spacing = self.step / PER_SIDE as f64;
        let eighth = (0.8 * d[0] - 0.2 * d[1] + 4.0 / 105.0 * d[2] - d[3] / 280.0) / spacing;
        let sixth = (0.75 * d[0] - 0.15 * d[1] + d[2] / 60.0) / spacing;
        // Not the eighth differences alone: those of an odd function are 0, whatever its noise.
        let noise = levels(v, 7).fold(0.0, f64::max);
        self.reading(v, [eighth, sixth], noise, 4.68)
    }

    /// The slope from the right, when the values there are finite.
    pub(super) fn right(&self) -> Option<Reading> {
        self.one_sided(&self.values[PER_SIDE..], 1.0)
    }

    /// The slope from the left, when the values there are finite.
    pub(super) fn left(&self) -> Option<Reading> {
        let mut outwards = self.values;
        outwards.reverse();
        self.one_sided(&outwards[PER_SIDE..], -1.0)
    }

    /// The slope along values that begin at the point; `direction` is the sign of their distances.
    fn one_sided(&self, values: &[f64], direction: f64) -> Option<Reading> {
        let mut differences = values.to_vec();
        let mut slopes = [0.0; 2];
        let spacing = direction * self.step / PER_SIDE as f64;
        let mut sum = 0.0;
        let mut sign = 1.0;
        for order in 1..=PER_SIDE {
            difference(&mut differences);
            sum += sign * differences[0] / order as f64;
            sign = -sign;
            slopes = [sum / spacing, slopes[0]];
        }
        // The least, since what is smooth adds to low orders more than to high ones.
        let noise = levels(values, PER_SIDE - 1).fold(f64::INFINITY, f64::min);
        self.reading(values, slopes, noise, 21.6)
    }

    fn reading(
        &self,
        values: &[f64],
        [slope, lower_order]: [f64; 2],
        noise: f64,
        gain: f64,
    ) -> Option<Reading> {
        let (least, largest) = range(values);
        let reading = Reading {
            step: self.step,
            slope,
            truncation: (slope - lower_order).abs(),
            noise,
            magnitude: largest.abs().max(least.abs()),
            variation: largest - least,
            gain,
            both_sides: values.len() == VALUES,
        };
        let finite = values.iter().all(|value| value.is_finite())
            && reading.slope.is_finite()
            && reading.truncation.is_finite()
            && reading.noise.is_finite();
        finite.then_some(reading)
    }
}

/// The smallest and the largest of some numbers.
pub(super) fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| {
            (least.min(*v), most.max(*v))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(f: impl Fn(f64) -> f64) -> Rung {
        Rung {
            step: 4.0,
            values: std::array::from_fn(|i| f(i as f64 - 4.0)),
        }
    }

    #[test]
    fn the_formulas_are_exact_for_polynomials_of_their_degree() {
        let octic = rung(|t| t.powi(8) - 3.0 * t.powi(7) + 5.0 * t + 2.0);
        let slope = octic.central().expect("finite").slope;
        assert!((slope - 5.0).abs() < 1e-9, "central: {slope}");
        let quartic = rung(|t| t.powi(4) - 3.0 * t.powi(3) + t * t - 7.0 * t + 1.0);
        for (side, reading) in [("right", quartic.right()), ("left", quartic.left())] {
            let slope = reading.expect("finite").slope;
            assert!((slope + 7.0).abs() < 1e-10, "{side}: {slope}");
        }
    }

    #[test]
    fn interpolation_meets_a_polynomial_between_its_values() {
        let f = |t: f64| t.powi(4) - 3.0 * t.powi(3) + t;
        for (first, last) in [(0, 8), (4, 8), (0, 4)] {
            let found = rung(f).interpolate(2.47, first, last);
            assert!((found - f(2.47)).abs() < 1e-9, "{first} to {last}: {found}");
        }
    }

    #[test]
    fn a_side_without_values_has_no_slope() {
        let root = rung(f64::sqrt);
        assert!(root.right().is_some() && root.left().is_none() && root.central().is_none());
    }
}
