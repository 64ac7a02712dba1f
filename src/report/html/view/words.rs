//! Numbers in words.

use crate::report::Number;

pub(super) fn shape(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    sizes.join("×")
}

/// Gap by bound.
pub(super) fn ratio_words(ratio: f64) -> String {
    match ratio {
        0.0 => "0".to_owned(),
        ratio if ratio.is_infinite() => "∞".to_owned(),
        ratio if (0.001..1000.0).contains(&ratio) => format!("{ratio:.3}"),
        ratio => format!("{ratio:.0e}"),
    }
}

/// Two significant digits.
pub(super) fn short(number: Number) -> String {
    match number.0 {
        0.0 => "0".to_owned(),
        value if value.is_infinite() => "infinite".to_owned(),
        value => format!("{value:.1e}"),
    }
}

pub(super) fn bounded(bound: Number) -> String {
    if bound.0.is_infinite() {
        "unknown".to_owned()
    } else {
        short(bound)
    }
}

/// Six significant digits.
pub(super) fn six(number: Number) -> String {
    format!("{:.5e}", number.0)
}
