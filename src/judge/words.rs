//! Numbers and lists in sentences.

/// "a, b and c".
#[must_use]
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// 44426 as "44,426".
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// "1 digit", "4 digits".
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 999, 1000, 44426, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "44,426", "1,234,567"]);
    }

    #[test]
    fn lists_read_as_in_a_sentence() {
        let names = ["a", "b", "c"].map(ToString::to_string);
        assert_eq!(
            [listed(&[]), listed(&names[..1]), listed(&names)],
            ["", "a", "a, b and c"]
        );
        assert_eq!(
            [counted(1, "digit"), counted(0, "digit")],
            ["1 digit", "0 digits"]
        );
    }
}
