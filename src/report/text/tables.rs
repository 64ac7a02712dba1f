//! The report's tables.

use crate::spec::case::SourceName;

use super::super::words::grouped;
use super::super::{Comparison, CoordinateRow, Counts, Number, Part, Spread, TensorRow};
use super::{Cell, Look, Sheet, Tone, bounded, in_bounds, left, right, short};

/// A column that is shown when it holds anything: title, sum, and a row's number.
type Extra = (&'static str, usize, fn(&TensorRow) -> usize);

/// The tensors as they are shown: when something is wrong, what is wrong comes first, the worst at the top.
fn worst_first(part: &Part) -> Vec<&TensorRow> {
    let mut rows: Vec<&TensorRow> = part.tensors.iter().collect();
    let ratio = |row: &TensorRow| match (&row.closest, row.counts.invalid) {
        (_, 1..) => f64::INFINITY,
        (Some(closest), 0) => closest.ratio.0,
        (None, 0) => 0.0,
    };
    rows.sort_by(|a, b| {
        let is_wrong = |row: &TensorRow| row.counts.wrong() > 0;
        let by_ratio = ratio(b).total_cmp(&ratio(a));
        let wrong_first = is_wrong(b).cmp(&is_wrong(a));
        // All others stay in the network's order.
        wrong_first.then(if is_wrong(a) {
            by_ratio
        } else {
            std::cmp::Ordering::Equal
        })
    });
    rows
}

/// What colour a tensor's name has.
fn tone_of(counts: &Counts) -> Option<Tone> {
    if counts.wrong() > 0 {
        Some(Tone::Bad)
    } else if counts.unresolved > 0 || counts.unobservable > 0 {
        Some(Tone::Open)
    } else {
        None
    }
}

/// A number in this colour, or none when it is 0.
fn count(number: usize, tone: Tone) -> Cell {
    Cell::toned(grouped(number), (number > 0).then_some(tone))
}

/// The verdicts, and the digits in which the sources match.
pub(super) fn verdicts(part: &Part, look: Look) -> String {
    if part.tensors.is_empty() {
        return String::new();
    }
    let references = part.references();
    let counts = part.counts();
    let crossed = |row: &TensorRow| row.steps.map_or(0, |steps| steps.crossed);
    let extra: [(Extra, Tone); 5] = [
        (
            (
                "step\ncrosses kink",
                part.tensors.iter().map(crossed).sum(),
                |row| row.steps.map_or(0, |steps| steps.crossed),
            ),
            Tone::Open,
        ),
        (
            ("outside", counts.at_kink_outside, |row| {
                row.counts.at_kink_outside
            }),
            Tone::Bad,
        ),
        (
            ("unresolved", counts.unresolved, |row| row.counts.unresolved),
            Tone::Open,
        ),
        (
            ("unseen", counts.unobservable, |row| row.counts.unobservable),
            Tone::Open,
        ),
        (
            ("not finite", counts.invalid, |row| row.counts.invalid),
            Tone::Bad,
        ),
    ];
    let extra: Vec<(Extra, Tone)> = extra
        .into_iter()
        .filter(|((_, total, _), _)| *total > 0)
        .collect();
    let mut header = vec![
        left("tensor"),
        right("weights").rank(1),
        right("agree"),
        right("at kink"),
        right("disagree"),
    ];
    header.extend(extra.iter().map(|((name, ..), _)| right(*name).rank(2)));
    header.extend(references.iter().map(|source| {
        let column = right(format!("digits: {source}\nfewest median"));
        // Central differences match in the fewest digits, which people ask about.
        column.rank(if *source == SourceName::Central { 3 } else { 4 })
    }));

    let mut sheet = Sheet::new(header);
    let cells = |name: &str, weights: usize, counts: &Counts| {
        vec![
            Cell::toned(name.to_owned(), tone_of(counts)),
            grouped(weights).into(),
            grouped(counts.agree).into(),
            grouped(counts.at_kink_inside).into(),
            count(counts.disagree, Tone::Bad),
        ]
    };
    for row in worst_first(part) {
        let mut cells = cells(&row.name, row.coordinates, &row.counts);
        cells.extend(extra.iter().map(|((_, _, of), tone)| count(of(row), *tone)));
        cells.extend(row.against.iter().map(|against| digits(against).into()));
        sheet.row(cells);
    }
    let weights = part.tensors.iter().map(|row| row.coordinates).sum();
    let mut sums = cells("all", weights, &counts);
    sums.extend(
        extra
            .iter()
            .map(|((_, total, _), tone)| count(*total, *tone)),
    );
    sheet.row(sums);
    sheet.render(look)
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
pub(super) fn bounds(part: &Part, look: Look) -> String {
    if part.tensors.is_empty() {
        return String::new();
    }
    let mut sheet = Sheet::new([
        left("tensor"),
        right("gap").rank(1),
        right("error\nbound").rank(1),
        right("gap/bound"),
        left("where that is largest").rank(3),
        right("digits allowed\nfewest median").rank(4),
        right("errors caught\nfrom   median").rank(2),
    ]);
    for row in worst_first(part) {
        let (gap, bound, ratio, at) = match &row.closest {
            Some(closest) => {
                let ratio = in_bounds(closest.ratio.0);
                let is_within = closest.ratio.0 <= 1.0;
                (
                    short(closest.at.gap),
                    bounded(closest.at.bound),
                    Cell::toned(ratio, (!is_within).then_some(Tone::Bad)),
                    format!("{} {}", closest.at.coordinate, closest.reference),
                )
            }
            None => (String::new(), String::new(), "".into(), String::new()),
        };
        let pair = |spread: Option<Spread>, text: fn(f64) -> String| match spread {
            Some(Spread { worst, median }) => {
                format!("{:>6} {:>7}", text(worst.0), text(median.0))
            }
            None => String::new(),
        };
        sheet.row([
            Cell::toned(row.name.clone(), tone_of(&row.counts)),
            gap.into(),
            bound.into(),
            ratio,
            at.into(),
            pair(row.allowed, |digits| format!("{digits:.1}")).into(),
            pair(row.catches, |error| short(Number(error))).into(),
        ]);
    }
    let explanation = look.wrapped(
        "How close is close enough? The gap to a reference beside the error bound that rounding and truncation allow, the decimal digits that the gradient's own rounding allows, and the smallest relative error of one weight that would have been caught (in any weight, and in half of them):",
    );
    format!("{explanation}\n{}", sheet.render(look))
}

/// The metrics that people are used to.
pub(super) fn classical(part: &Part, look: Look) -> String {
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
    let title = look.fit(&format!(
        "{own} (a) against {reference} (n) in the metrics that people are used to, which decide nothing here:"
    ));
    let mut sheet = Sheet::new([
        left("tensor"),
        right("signs\ndiffer"),
        right("worst |a-n|\n/max(|a|,|n|)"),
        left("CS231n's\nrule says").rank(1),
        left("at").rank(3),
        right("||a-n||\n/||a+n||").rank(2),
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
        sheet.row([
            row.name.clone(),
            grouped(metrics.sign_mismatches),
            scientific(worst),
            worst.map_or("", |worst| rule_of_thumb(worst.0)).to_owned(),
            at,
            scientific(metrics.norm_ratio),
        ]);
    }
    format!("{title}\n{}", sheet.render(look))
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
pub(super) fn worst(part: &Part, look: Look) -> String {
    let rows = &part.worst;
    let Some(first) = rows.first() else {
        return String::new();
    };
    let mut header = vec![left("weight")];
    header.extend(first.values.iter().enumerate().map(|(number, value)| {
        // The gradient under test, then the references, of which one has to be there.
        right(value.source.to_string()).rank(number.saturating_sub(1))
    }));
    let mut sheet = Sheet::new(header);
    for row in rows {
        let digits = telling_digits(row);
        let mut cells = vec![Cell::from(row.coordinate.clone())];
        cells.extend(row.values.iter().map(|value| {
            let mark = if value.disagrees { "≠ " } else { "" };
            let text = format!(
                "{mark}{:.digits$e} ± {}",
                value.value.0,
                bounded(value.error)
            );
            Cell::toned(text, value.disagrees.then_some(Tone::Bad))
        }));
        sheet.row(cells);
    }
    let title = look.fit(
        "What speaks against it, worst first (value ± error bound; ≠ where it differs by more):",
    );
    format!("{title}\n{}", sheet.render(look))
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
