//! The report as a table for a person.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::source::Forward;
use crate::spec::case::{Selection, SourceName, Step};
use crate::spec::{DataSpec, PenaltySpec};

use super::words::{counted, grouped, listed};
use super::{Comparison, Control, CoordinateRow, Number, Part, PartName, Report, Setup, TensorRow};

/// The whole report; its last line repeats the check.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    heading(&mut text, &report.setup, &report.parts);
    for part in &report.parts {
        render_part(&mut text, part);
    }
    line(&mut text, &control(&report.control));
    line(&mut text, "");
    line(&mut text, &wrapped(&report.sentence));
    line(&mut text, "");
    line(
        &mut text,
        &format!("Replay: gradproof replay {}", report.replay),
    );
    text
}

/// Columns that sentences are wrapped to.
const WIDTH: usize = 100;

pub(super) fn line(text: &mut String, content: &str) {
    text.push_str(content.trim_end());
    text.push('\n');
}

fn wrapped(sentence: &str) -> String {
    wrapped_to(WIDTH, sentence)
}

/// The text with line breaks between words, at most `width` columns a line.
pub(super) fn wrapped_to(width: usize, sentence: &str) -> String {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let last = lines.last_mut().expect("starts with one line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

fn heading(text: &mut String, setup: &Setup, parts: &[Part]) {
    let parameters = match setup.coordinates {
        Selection::All => format!("all {} parameters", grouped(setup.parameters)),
        Selection::Sample(_) => {
            format!(
                "{} of {} parameters",
                grouped(setup.checked),
                grouped(setup.parameters)
            )
        }
    };
    let samples = match setup.data {
        DataSpec::Digits => counted(setup.samples, "MNIST digit"),
        DataSpec::Random => counted(setup.samples, "random sample"),
    };
    let mut facts = vec![
        setup.network.clone(),
        parameters,
        samples,
        setup.precision.to_string(),
    ];
    facts.push(format!("seed {}", setup.seed));
    if setup.train_steps > 0 {
        facts.push(format!(
            "after {}",
            counted(setup.train_steps, "training step")
        ));
    }
    if let Some(penalty) = setup.penalty {
        facts.push(match penalty {
            PenaltySpec::L2 { strength } => format!("penalty l2={}", plain(strength)),
            PenaltySpec::L1 { strength } => format!("penalty l1={}", plain(strength)),
        });
    }
    line(text, &format!("gradproof · {}", facts.join(" · ")));

    let references: Vec<String> = parts
        .first()
        .map(Part::references)
        .unwrap_or_default()
        .into_iter()
        .map(|source| match (source, setup.step) {
            (SourceName::Backprop, _) => "backprop".to_owned(),
            (SourceName::Dual, _) => "dual (dual numbers)".to_owned(),
            (SourceName::Reverse, _) => "reverse (dfdx, with a forward pass of its own)".to_owned(),
            (SourceName::Central, Step::Auto) => {
                "central (central differences, step chosen)".to_owned()
            }
            (SourceName::Central, Step::Fixed(h)) => {
                format!("central (central differences, step {})", plain(h))
            }
        })
        .collect();
    line(
        text,
        &wrapped(&format!(
            "Hand-written backprop is held against {}.",
            listed(&references)
        )),
    );
}

fn render_part(text: &mut String, part: &Part) {
    line(text, "");
    line(text, &values(part));
    line(text, "");
    line(text, &verdicts(part));
    line(text, "");
    if let Some(position) = classical_reference(part) {
        line(text, &classical(part, position));
        line(text, "");
    }
    if !part.worst.is_empty() {
        line(
            text,
            "What speaks against it, worst first (value ± error bound; ≠ where it differs by more):",
        );
        line(text, &worst(&part.worst));
        line(text, "");
    }
}

/// The objective's value by each source.
fn values(part: &Part) -> String {
    let title = match part.name {
        PartName::DataLoss => "Data loss",
        PartName::Penalty => "Penalty",
        PartName::Total => "Data loss + penalty",
    };
    let Some(subject) = part.values.first() else {
        return title.to_owned();
    };
    if !part.values_agree {
        let all: Vec<String> = part
            .values
            .iter()
            .map(|value| format!("{} {}", value.source, plain(value.value.0)))
            .collect();
        return format!("{title}: the sources differ: {}", all.join(", "));
    }
    let independent: Vec<String> = part
        .values
        .iter()
        .filter(|value| value.forward == Forward::Independent)
        .map(|value| value.source.to_string())
        .collect();
    let agreement = if independent.is_empty() {
        "; every source here shares one forward pass".to_owned()
    } else {
        format!("; {} agrees within rounding", listed(&independent))
    };
    format!("{title} = {}{agreement}", plain(subject.value.0))
}

/// One line below the header, and nothing else that could distract from the numbers.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

pub(super) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    // The same bytes whatever the terminal.
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Numbers to the right, names to the left.
pub(super) fn align(table: &mut Table, left: &[usize]) {
    for (index, column) in table.column_iter_mut().enumerate() {
        if !left.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A column that is shown when it holds anything: title, sum, and a row's number.
type Extra = (&'static str, usize, fn(&TensorRow) -> usize);

fn verdicts(part: &Part) -> String {
    let references = part.references();
    let counts = part.counts();
    let mut header = vec![
        "tensor".to_owned(),
        "weights".to_owned(),
        "agree".to_owned(),
    ];
    header.extend(["at kink".to_owned(), "disagree".to_owned()]);
    let extra: [Extra; 3] = [
        ("kink only", counts.at_kink_unconfirmed, |row| {
            row.counts.at_kink_unconfirmed
        }),
        ("unresolved", counts.unresolved, |row| row.counts.unresolved),
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
            grouped(row.counts.at_kink),
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
        grouped(counts.at_kink),
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

fn classical(part: &Part, position: usize) -> String {
    let reference = part.references()[position];
    let mut text = format!(
        "Backprop (a) against {reference} (n) in the usual metrics. They do not decide; gap ≤ error bound does.\n"
    );
    let mut table = table();
    table.set_header([
        "tensor",
        "signs\ndiffer",
        "worst |a-n|\n/max(|a|,|n|)",
        "at",
        "gap\n|a-n|",
        "error\nbound",
        "||a-n||\n/||a+n||",
    ]);
    for row in &part.tensors {
        let comparison = &row.against[position];
        let metrics = &comparison.metrics;
        let (at, gap, bound) = match &comparison.worst {
            Some(worst) => (
                worst.coordinate.clone(),
                short(worst.gap),
                bounded(worst.bound),
            ),
            None => Default::default(),
        };
        let scientific = |value: Option<Number>| value.map(short).unwrap_or_default();
        table.add_row([
            row.name.clone(),
            grouped(metrics.sign_mismatches),
            scientific(metrics.worst.map(|worst| worst.0)),
            at,
            gap,
            bound,
            scientific(metrics.norm_ratio),
        ]);
    }
    align(&mut table, &[0, 3]);
    let _ = write!(text, "{table}");
    text
}

fn worst(rows: &[CoordinateRow]) -> String {
    let mut table = table();
    let mut header = vec!["weight".to_owned()];
    header.extend(
        rows.iter()
            .take(1)
            .flat_map(|row| &row.values)
            .map(|value| value.source.to_string()),
    );
    table.set_header(header);
    for row in rows {
        let mut cells = vec![row.coordinate.clone()];
        cells.extend(row.values.iter().map(|value| {
            let mark = if value.disagrees { "≠ " } else { "" };
            format!("{mark}{:.9e} ± {}", value.value.0, bounded(value.error))
        }));
        table.add_row(cells);
    }
    align(&mut table, &[0]);
    table.to_string()
}

/// Two significant digits.
pub(super) fn short(number: Number) -> String {
    match number.0 {
        0.0 => "0".to_owned(),
        value if value.is_infinite() => "infinite".to_owned(),
        value => format!("{value:.1e}"),
    }
}

/// An error bound; an infinite one means that nothing is known.
fn bounded(bound: Number) -> String {
    if bound.0.is_infinite() {
        "unknown".to_owned()
    } else {
        short(bound)
    }
}

/// All digits, and a power of ten instead of rows of zeros.
pub(super) fn plain(value: f64) -> String {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

fn control(control: &Control) -> String {
    match control {
        Control::Caught { coordinate, factor } => format!(
            "Can this check fail? {coordinate} was made {:.0} % too large on purpose: caught.",
            (factor - 1.0) * 100.0
        ),
        Control::Missed { coordinate, factor } => format!(
            "Can this check fail? {coordinate} was made {:.0} % too large on purpose: NOT caught.",
            (factor - 1.0) * 100.0
        ),
        Control::Impossible => {
            "Can this check fail? No weight was fit to plant a fault at.".to_owned()
        }
    }
}
