//! What is particular to a gradient in `f32`: how many digits it can have, and on which branches it is.

use super::super::words::{counted, grouped, listed};
use super::super::{DigitsRow, Number, Part, Spread, TurnedRow};
use super::{Look, Sheet, left, right, short};

/// How many digits `f32` allows, and how many the gradient has.
pub(super) fn digits(part: &Part, look: Look) -> String {
    let rows: Vec<&DigitsRow> = part
        .tensors
        .iter()
        .filter_map(|row| row.digits.as_ref())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut sheet = Sheet::new([
        left("tensor"),
        right("f32 is sure of\nfewest median").rank(1),
        right("the gradient has\nfewest  median"),
        left("fewest at").rank(3),
        right("1 % is\nseen at").rank(2),
    ]);
    let pair = |spread: Option<Spread>| match spread {
        Some(Spread { worst, median }) => format!("{:>6.1} {:>7.1}", worst.0, median.0),
        None => "all zero".to_owned(),
    };
    for row in &part.tensors {
        let Some(digits) = &row.digits else { continue };
        sheet.row([
            row.name.clone(),
            pair(row.allowed),
            pair(digits.spread),
            digits.fewest.clone().unwrap_or_default(),
            grouped(digits.one_percent),
        ]);
    }
    let mut text = look.wrapped(
        "Digits in f32: how many decimal digits its rounding leaves for sure, and how many the gradient has, both at the worst weight and at the median one; and at how many weights an error of 1 % is sure to be seen:",
    );
    text += &format!("\n{}\n\n", sheet.render(look));
    text += &look.wrapped(&histogram(&rows));
    let blind: Vec<String> = part
        .tensors
        .iter()
        .filter(|row| row.counts.agree > 0)
        .filter(|row| {
            row.digits
                .as_ref()
                .is_some_and(|digits| digits.one_percent == 0)
        })
        .map(|row| row.name.clone())
        .collect();
    if !blind.is_empty() {
        text += "\n";
        text += &look.wrapped(&format!(
            "In {} f32's own error bounds are too wide for 1 % to be seen anywhere: nothing but f64 can tell more there.",
            listed(&blind)
        ));
    }
    text
}

/// Whole digits by number of derivatives, over all tensors.
fn histogram(rows: &[&DigitsRow]) -> String {
    let sum = |of: fn(&DigitsRow) -> &Vec<usize>| {
        let mut sum: Vec<usize> = Vec::new();
        for row in rows {
            let counts = of(row);
            sum.resize(sum.len().max(counts.len()), 0);
            sum.iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum += count);
        }
        sum
    };
    let words = |counts: &[usize]| {
        let most = counts.len().saturating_sub(1);
        let present = counts
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, count)| **count > 0);
        let words: Vec<String> = present
            .map(|(digits, count)| {
                let digits = match digits {
                    0 => "none".to_owned(),
                    digits if digits == most => format!("{digits} or more"),
                    digits => digits.to_string(),
                };
                format!("{digits} at {}", grouped(*count))
            })
            .collect();
        listed(&words)
    };
    let (allowed, got) = (sum(|row| &row.allowed), sum(|row| &row.got));
    let all: usize = got.iter().sum();
    let derivatives = match all {
        1 => "the one derivative that is not 0".to_owned(),
        all => format!("the {} derivatives that are not 0", grouped(all)),
    };
    format!(
        "Whole digits of {derivatives}: f32 is sure of {}; the gradient has {}.",
        words(&allowed),
        words(&got)
    )
}

/// The units that rounding turns.
pub(super) fn branches(part: &Part, look: Look) -> String {
    let Some(single) = part.single.as_ref().filter(|single| single.turned > 0) else {
        return String::new();
    };
    let mut text = look.wrapped(&format!(
        "Rounding in f32 turns {} to another branch than in f64. {} {} with the references on f32's branches, and not on f64's.",
        counted(single.turned, "unit"),
        counted(single.carried, "weight"),
        if single.carried == 1 {
            "agrees"
        } else {
            "agree"
        },
    ));
    for row in &single.units {
        text += "\n    ";
        text += &look.hanging(&unit(row));
    }
    let rest = single.turned - single.units.len();
    if rest > 0 {
        text += &format!("\n    and {} more", grouped(rest));
    }
    if single.beyond > 0 {
        text += "\n";
        text += &look.wrapped(&format!(
            "{} of them further from the kink than rounding in f32 reaches: the forward pass in f32 is another one.",
            if single.beyond == 1 {
                "One is".to_owned()
            } else {
                format!("{} are", grouped(single.beyond))
            },
        ));
    }
    text
}

fn unit(row: &TurnedRow) -> String {
    let Number(margin) = row.margin;
    let verdict = if margin.abs() <= row.bound.0 {
        ""
    } else {
        "NOT "
    };
    format!(
        "{} is {} from its kink in f64, {verdict}within the {} that f32 may be off",
        row.unit,
        short(row.margin),
        short(row.bound)
    )
}
