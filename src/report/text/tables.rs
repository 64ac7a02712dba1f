//! The report's tables.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::spec::case::SourceName;

use super::super::words::grouped;
use super::super::{Comparison, CoordinateRow, Number, Part, Spread, TensorRow};
use super::{bounded, short, wrapped};

/// One line below the header, and nothing else that could distract from the numbers.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

pub(crate) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    // The same bytes whatever the terminal.
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Numbers to the right, names to the left.
pub(crate) fn align(table: &mut Table, left: &[usize]) {
    for (index, column) in table.column_iter_mut().enumerate() {
        if !left.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A column that is shown when it holds anything: title, sum, and a row's number.
type Extra = (&'static str, usize, fn(&TensorRow) -> usize);

/// The verdicts, and the digits in which the sources match.
pub(super) fn verdicts(part: &Part) -> String {
    if part.tensors.is_empty() {
        return String::new();
    }
    let references = part.references();
    let counts = part.counts();
    let mut header = vec![
        "tensor".to_owned(),
        "weights".to_owned(),
        "agree".to_owned(),
    ];
    header.extend(["at kink".to_owned(), "disagree".to_owned()]);
    let crossed = |row: &TensorRow| row.steps.map_or(0, |steps| steps.crossed);
    let extra: [Extra; 5] = [
        (
            "step\ncrosses kink",
            part.tensors.iter().map(crossed).sum(),
            |row| row.steps.map_or(0, |steps| steps.crossed),
        ),
        ("outside", counts.at_kink_outside, |row| {
            row.counts.at_kink_outside
        }),
        ("unresolved", counts.unresolved, |row| row.counts.unresolved),
        ("unseen", counts.unobservable, |row| row.counts.unobservable),
        ("not finite", counts.invalid, |row| row.counts.invalid),
    ];
    let extra: Vec<Extra> = extra
        .into_iter()
        .filter(|(_, total, _)| *total > 0)
        .collect();
    header.extend(extra.iter().map(|(name, ..)| (*name).to_owned()));
    header.extend(
        references
            .iter()
            .map(|source| format!("digits: {source}\nfewest median")),
    );

    let mut table = table();
    table.set_header(header);
    for row in &part.tensors {
        let mut cells = vec![
            row.name.clone(),
            grouped(row.coordinates),
            grouped(row.counts.agree),
            grouped(row.counts.at_kink_inside),
            grouped(row.counts.disagree),
        ];
        cells.extend(extra.iter().map(|(_, _, of)| grouped(of(row))));
        cells.extend(row.against.iter().map(digits));
        table.add_row(cells);
    }
    let mut sums = vec![
        "all".to_owned(),
        grouped(part.tensors.iter().map(|row| row.coordinates).sum()),
        grouped(counts.agree),
        grouped(counts.at_kink_inside),
        grouped(counts.disagree),
    ];
    sums.extend(extra.iter().map(|(_, total, _)| grouped(*total)));
    sums.extend(references.iter().map(|_| String::new()));
    table.add_row(sums);
    align(&mut table, &[0]);
    table.to_string()
}

/// Fewest and median matching digits.
fn digits(comparison: &Comparison) -> String {
    match (
        comparison.metrics.fewest_digits,
        comparison.metrics.median_digits,
    ) {
        (Some(fewest), Some(median)) => format!("{fewest:>6.1} {median:>6.1}"),
        _ => "all zero".to_owned(),
    }
}

/// The reference that the classical metrics are about: central differences, or else the first.
fn classical_reference(part: &Part) -> Option<usize> {
    let references = part.references();
    let central = references
        .iter()
        .position(|source| *source == SourceName::Central);
    central.or(if references.is_empty() { None } else { Some(0) })
}

/// What is close enough: gaps beside their bounds.
pub(super) fn bounds(part: &Part) -> String {
    if part.tensors.is_empty() {
        return String::new();
    }
    let mut table = table();
    table.set_header([
        "tensor",
        "gap",
        "error\nbound",
        "gap/bound",
        "where that is largest",
        "digits allowed\nfewest median",
        "errors caught\nfrom   median",
    ]);
    for row in &part.tensors {
        let (gap, bound, ratio, at) = match &row.closest {
            Some(closest) => (
                short(closest.at.gap),
                bounded(closest.at.bound),
                match closest.ratio.0 {
                    0.0 => "0".to_owned(),
                    ratio if (0.001..1000.0).contains(&ratio) => format!("{ratio:.3}"),
                    ratio => format!("{ratio:.0e}"),
                },
                format!("{} {}", closest.at.coordinate, closest.reference),
            ),
            None => Default::default(),
        };
        let pair = |spread: Option<Spread>, text: fn(f64) -> String| match spread {
            Some(Spread { worst, median }) => {
                format!("{:>6} {:>7}", text(worst.0), text(median.0))
            }
            None => String::new(),
        };
        table.add_row([
            row.name.clone(),
            gap,
            bound,
            ratio,
            at,
            pair(row.allowed, |digits| format!("{digits:.1}")),
            pair(row.catches, |error| short(Number(error))),
        ]);
    }
    align(&mut table, &[0, 4]);
    let explanation = wrapped(
        "How close is close enough? The gap to a reference beside the error bound that rounding and truncation allow, the decimal digits that the gradient's own rounding allows, and the smallest relative error of one weight that would have been caught (in any weight, and in half of them):",
    );
    format!("{explanation}\n{table}")
}

/// The metrics that people are used to.
pub(super) fn classical(part: &Part) -> String {
    if part.tensors.is_empty() {
        return String::new();
    }
    let Some(position) = classical_reference(part) else {
        return String::new();
    };
    let reference = part.references()[position];
    let own = match part.values.first().map(|value| value.source) {
        Some(SourceName::Given) => "The given gradient",
        _ => "Backprop",
    };
    let mut text = format!(
        "{own} (a) against {reference} (n) in the metrics that people are used to, which decide nothing here:\n"
    );
    let mut table = table();
    table.set_header([
        "tensor",
        "signs\ndiffer",
        "worst |a-n|\n/max(|a|,|n|)",
        "CS231n's\nrule says",
        "at",
        "||a-n||\n/||a+n||",
    ]);
    for row in &part.tensors {
        let comparison = &row.against[position];
        let metrics = &comparison.metrics;
        let at = comparison
            .worst
            .as_ref()
            .map_or_else(String::new, |worst| worst.coordinate.clone());
        let scientific = |value: Option<Number>| value.map(short).unwrap_or_default();
        let worst = metrics.worst.map(|worst| worst.0);
        table.add_row([
            row.name.clone(),
            grouped(metrics.sign_mismatches),
            scientific(worst),
            worst.map_or("", |worst| rule_of_thumb(worst.0)).to_owned(),
            at,
            scientific(metrics.norm_ratio),
        ]);
    }
    align(&mut table, &[0, 3, 4]);
    let _ = write!(text, "{table}");
    text
}

/// What relative errors mean by Stanford CS231n's notes, "Gradient checks", for networks with kinks.
fn rule_of_thumb(relative_error: f64) -> &'static str {
    if relative_error <= 1e-7 {
        "happy"
    } else if relative_error <= 1e-4 {
        "usually okay"
    } else if relative_error <= 1e-2 {
        "uncomfortable"
    } else {
        "probably wrong"
    }
}

/// What speaks against the gradient, source by source.
pub(super) fn worst(part: &Part) -> String {
    let rows = &part.worst;
    let Some(first) = rows.first() else {
        return String::new();
    };
    let mut table = table();
    let mut header = vec!["weight".to_owned()];
    header.extend(first.values.iter().map(|value| value.source.to_string()));
    table.set_header(header);
    for row in rows {
        let digits = telling_digits(row);
        let mut cells = vec![row.coordinate.clone()];
        cells.extend(row.values.iter().map(|value| {
            let mark = if value.disagrees { "≠ " } else { "" };
            format!(
                "{mark}{:.digits$e} ± {}",
                value.value.0,
                bounded(value.error)
            )
        }));
        table.add_row(cells);
    }
    align(&mut table, &[0]);
    format!(
        "What speaks against it, worst first (value ± error bound; ≠ where it differs by more):\n{table}"
    )
}

/// Digits behind the point that show where the sources differ, and two more.
fn telling_digits(row: &CoordinateRow) -> usize {
    let finite = || row.values.iter().map(|value| value.value.0);
    let own = row.values.first().map_or(0.0, |value| value.value.0);
    let matching = finite().map(|theirs| crate::judge::matching_digits(own, theirs));
    let differing = matching.filter(|digits| *digits < crate::judge::metrics::MOST_DIGITS);
    let most = differing.fold(0.0, f64::max);
    (most.ceil() as usize + 2).clamp(4, 16)
}
