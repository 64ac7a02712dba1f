//! The functions against digits that mpmath computed; `digits.py` wrote `digits.txt`.

use std::collections::BTreeMap;

use gradproof::scalar::{DoubleDouble, Scalar};

/// The largest relative error that is allowed; the issue asks for 1e-29.
const ALLOWED: f64 = 1e-31;

struct Line<'a> {
    function: &'a str,
    argument: DoubleDouble,
    digits: &'a str,
    value: DoubleDouble,
}

fn lines() -> Vec<Line<'static>> {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    include_str!("digits.txt")
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [function, hi, lo, digits, y_hi, y_lo] = fields[..] else {
                panic!("six fields: {line}");
            };
            Line {
                function,
                argument: DoubleDouble::from_sum(number(hi), number(lo)),
                digits,
                value: DoubleDouble::from_sum(number(y_hi), number(y_lo)),
            }
        })
        .collect()
}

fn apply(function: &str, x: DoubleDouble) -> DoubleDouble {
    match function {
        "exp" => x.exp(),
        "ln" => x.ln(),
        "sqrt" => x.sqrt(),
        "tanh" => x.tanh(),
        "erf" => x.erf(),
        other => panic!("no function {other}"),
    }
}

fn relative_error(got: DoubleDouble, wanted: DoubleDouble) -> f64 {
    ((got - wanted) / wanted).abs().hi()
}

#[test]
fn the_functions_are_right_to_thirty_digits() {
    let mut worst: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for line in lines() {
        let got = apply(line.function, line.argument);
        let error = relative_error(got, line.value);
        assert!(
            error <= ALLOWED,
            "{}({}) = {got}, and not {}: relative error {error:e}",
            line.function,
            line.argument,
            line.digits
        );
        let (largest, count) = worst.entry(line.function).or_default();
        *largest = largest.max(error);
        *count += 1;
    }
    assert!(
        worst.len() == 5 && worst.values().all(|(_, count)| *count >= 45),
        "every function at many arguments: {worst:?}"
    );
}

/// The first 37 digits of a number in scientific notation as a whole number, and the exponent.
fn mantissa(text: &str) -> (u128, i32) {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits = format!("{:0<37.37}", digits.replace(['-', '.'], ""));
    (
        digits.parse().expect("digits"),
        exponent.parse().expect("an exponent"),
    )
}

#[test]
fn the_table_s_sums_print_as_its_digits() {
    for line in lines() {
        let printed = format!("{:.37}", line.value);
        let (got, got_exponent) = mantissa(&printed);
        let (wanted, exponent) = mantissa(line.digits);
        // The nearest sum to 0.99…9 is 1.
        let got = match got_exponent - exponent {
            0 => got,
            1 => got * 10,
            _ => panic!("{printed} for {}", line.digits),
        };
        // A sum of two f64 has 107 bits or more: 32 digits.
        assert!(
            got.abs_diff(wanted) <= wanted / 10_u128.pow(32),
            "{printed} for {}",
            line.digits
        );
    }
}
