//! Numbers as reports write them.

#[cfg(any(feature = "cli", feature = "pages"))]
use crate::spec::DataSpec;

use super::Number;
#[cfg(any(feature = "cli", feature = "pages"))]
use super::words::counted;

/// Two significant digits.
pub(super) fn short(number: Number) -> String {
    match number.0 {
        0.0 => "0".to_owned(),
        value if value.is_infinite() => "infinite".to_owned(),
        value => format!("{value:.1e}"),
    }
}

/// An error bound; an infinite one means that nothing is known.
pub(super) fn bounded(bound: Number) -> String {
    if bound.0.is_infinite() {
        "unknown".to_owned()
    } else {
        short(bound)
    }
}

/// A gap in units of its bound.
pub(super) fn in_bounds(ratio: f64) -> String {
    match ratio {
        0.0 => "0".to_owned(),
        ratio if (0.001..1000.0).contains(&ratio) => format!("{ratio:.3}"),
        ratio => format!("{ratio:.0e}"),
    }
}

/// Six significant digits.
#[cfg(any(test, feature = "cli", feature = "pages"))]
pub(super) fn six(number: Number) -> String {
    format!("{:.5e}", number.0)
}

/// How many samples of what.
#[cfg(any(feature = "cli", feature = "pages"))]
pub(super) fn samples(count: usize, data: &DataSpec) -> String {
    match (data, data.path()) {
        (DataSpec::Digits, _) => counted(count, "MNIST digit"),
        (_, None) => counted(count, "random sample"),
        (_, Some(path)) => format!("{} of {path}", counted(count, "sample")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_say_something() {
        let ratios = [0.0, 1e-5, 0.068, 12.0, 2.3e14, f64::INFINITY].map(in_bounds);
        assert_eq!(ratios, ["0", "1e-5", "0.068", "12.000", "2e14", "inf"]);
        let numbers = [0.0, 1.26e-17, f64::INFINITY, f64::NAN].map(Number);
        assert_eq!(numbers.map(short), ["0", "1.3e-17", "infinite", "NaN"]);
        assert_eq!(bounded(Number(f64::INFINITY)), "unknown");
        assert_eq!(six(Number(-0.001_234_567_8)), "-1.23457e-3");
    }
}
