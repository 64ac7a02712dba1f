//! The floating-point formats whose rounding is measured.
//!
//! A result that is not representable is off by at most
//!
//! ```text
//! fl(x) = x·(1 + δ) + η,  |δ| ≤ u,  |η| ≤ the smallest number, and η = 0 unless x underflows
//! ```
//!
//! Source: N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 2.8.

/// A binary format of IEEE 754.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Double precision.
    #[default]
    F64,
    /// Single precision.
    F32,
}

impl Format {
    /// Unit roundoff u: 2⁻⁵³ or 2⁻²⁴.
    #[must_use]
    pub fn unit_roundoff(self) -> f64 {
        match self {
            Self::F64 => f64::EPSILON / 2.0,
            Self::F32 => f64::from(f32::EPSILON) / 2.0,
        }
    }

    /// The smallest number of full precision; results below it underflow.
    #[must_use]
    pub fn smallest_normal(self) -> f64 {
        match self {
            Self::F64 => f64::MIN_POSITIVE,
            Self::F32 => f64::from(f32::MIN_POSITIVE),
        }
    }

    /// The smallest number above 0, which is also the spacing of numbers below
    /// [`Format::smallest_normal`].
    #[must_use]
    pub fn smallest(self) -> f64 {
        self.smallest_normal() * 2.0 * self.unit_roundoff()
    }

    /// `value` to the format's nearest number: 0 or infinity where its exponents end.
    #[must_use]
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::F64 => value,
            Self::F32 => f64::from(value as f32),
        }
    }

    /// Whether `value` is one of the format's numbers.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.round(value).to_bits() == value.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_number_is_that_of_the_type() {
        assert_eq!(Format::F64.smallest().to_bits(), 1, "5e-324");
        assert_eq!(
            (Format::F32.smallest() as f32).to_bits(),
            1,
            "1e-45, {:e}",
            Format::F32.smallest()
        );
    }

    #[test]
    fn short_numbers_are_held_and_decimals_are_not() {
        for (value, held) in [(0.375, true), (-0.0, true), (0.1, false), (1e-50, false)] {
            assert!(Format::F64.holds(value), "{value} in f64");
            assert_eq!(Format::F32.holds(value), held, "{value} in f32");
        }
    }

    #[test]
    fn what_leaves_the_exponents_is_zero_or_infinite() {
        for (value, rounded) in [(1e-50, 0.0), (1e39, f64::INFINITY), (-1e39, -f64::INFINITY)] {
            let found = Format::F32.round(value);
            assert_eq!(
                found.to_bits(),
                f64::to_bits(rounded),
                "{value:e}: {found:e}"
            );
        }
        assert_eq!(
            Format::F64.round(0.1).to_bits(),
            0.1_f64.to_bits(),
            "itself"
        );
    }
}
