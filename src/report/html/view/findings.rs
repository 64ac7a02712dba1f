//! What is said of verdicts, of who is to blame, and of single coordinates.

use serde::Serialize;

use crate::report::failure::telling_digits;
use crate::report::numbers::{bounded, short};
use crate::report::words::{counted, grouped, listed};
use crate::report::{CoordinateRow, Counts, ExtendedRow, Part};
use crate::source::Forward;
use crate::spec::case::SourceName;

/// How many derivatives got one verdict.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) count: String,
    /// `good`, `bad` or `open`.
    pub(super) mood: &'static str,
}

/// A coordinate that speaks against the gradient.
#[derive(Debug, Serialize)]
pub(super) struct WorstView {
    pub(super) coordinate: String,
    pub(super) values: Vec<Value>,
}

/// A derivative.
#[derive(Debug, Serialize)]
pub(super) struct Value {
    pub(super) value: String,
    pub(super) error: String,
    pub(super) differs: bool,
}

/// Two sources held against each other.
#[derive(Debug, Serialize)]
pub(super) struct Pair {
    pub(super) text: String,
    /// `same`, `good`, `bad` or `none`.
    pub(super) mood: &'static str,
}

pub(super) fn tiles(counts: &Counts) -> Vec<Tile> {
    let tile = |label, count: usize, mood| Tile {
        label,
        count: grouped(count),
        mood: if count == 0 { "none" } else { mood },
    };
    let all = [
        tile("agree", counts.agree, "good"),
        tile("differ", counts.disagree, "bad"),
        tile(
            "at a kink, between the slopes",
            counts.at_kink_inside,
            "good",
        ),
        tile(
            "at a kink, outside of the slopes",
            counts.at_kink_outside,
            "bad",
        ),
        tile("unresolved", counts.unresolved, "open"),
        tile("unobservable", counts.unobservable, "open"),
        tile("not a number", counts.invalid, "bad"),
    ];
    // What nobody looks for when there is none of it is left out.
    let (first, others) = all.split_at(2);
    let seen = others.iter().filter(|tile| tile.mood != "none");
    first.iter().chain(seen).cloned().collect()
}

pub(super) fn faults(part: &Part) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    lines.extend(part.blame.iter().map(|blame| ("Who", blame.sentence())));
    if !part.forward.is_empty() {
        lines.push((
            "Where",
            format!("the forward pass differs in {}.", listed(&part.forward)),
        ));
    }
    lines.extend(part.place.iter().map(|place| ("Where", place.sentence())));
    let diagnoses = part.diagnoses.iter();
    lines.extend(diagnoses.map(|row| ("What", row.diagnosis.sentence.clone())));
    lines.extend(
        part.laws
            .iter()
            .map(|row| ("Over the steps", row.sentence.clone())),
    );
    if let Some(output) = part.output.as_ref().filter(|output| output.wrong > 0) {
        let worst = output.worst.as_ref().map_or_else(String::new, |worst| {
            format!(
                "; furthest off is {} = {:e}, which should be {:e} ± {}",
                worst.name,
                worst.value.0,
                worst.expected.0,
                short(worst.bound)
            )
        });
        lines.push((
            "Output",
            format!(
                "{} of {} entries differ{worst}.",
                grouped(output.wrong),
                grouped(output.entries)
            ),
        ));
    }
    lines
}

pub(super) fn sources(row: &CoordinateRow) -> Vec<SourceName> {
    row.values.iter().map(|value| value.source).collect()
}

pub(super) fn worst(row: &CoordinateRow) -> WorstView {
    let own = row.values.first().map_or(0.0, |value| value.value.0);
    let digits = telling_digits(own, row.values.iter().map(|value| value.value.0));
    WorstView {
        coordinate: row.coordinate.clone(),
        values: row
            .values
            .iter()
            .map(|value| Value {
                value: format!("{:.digits$e}", value.value.0),
                error: bounded(value.error),
                differs: value.disagrees,
            })
            .collect(),
    }
}

/// Each source against each other, where the report has it.
pub(super) fn blame(part: &Part) -> (Vec<SourceName>, Vec<Vec<Pair>>) {
    let names: Vec<SourceName> = part.values.iter().map(|value| value.source).collect();
    let Some(detail) = &part.detail else {
        return (names, Vec::new());
    };
    let cell = |first: SourceName, second: SourceName| {
        if first == second {
            return Pair {
                text: String::new(),
                mood: "same",
            };
        }
        let pair = detail.pairs.iter().find(|pair| {
            (pair.first, pair.second) == (first, second)
                || (pair.second, pair.first) == (first, second)
        });
        match pair {
            Some(pair) if pair.compared == 0 => Pair {
                text: "nothing to compare".to_owned(),
                mood: "none",
            },
            Some(pair) if pair.differ == 0 => Pair {
                text: format!("all {} agree", grouped(pair.compared)),
                mood: "good",
            },
            Some(pair) => Pair {
                text: format!(
                    "{} of {} differ",
                    grouped(pair.differ),
                    grouped(pair.compared)
                ),
                mood: "bad",
            },
            None => Pair {
                text: "not asked".to_owned(),
                mood: "none",
            },
        }
    };
    let rows = names
        .iter()
        .map(|first| names.iter().map(|second| cell(*first, *second)).collect())
        .collect();
    (names, rows)
}

/// Who is independent of whom.
pub(super) fn independent(part: &Part) -> String {
    let of = |forward: Forward| -> Vec<String> {
        let values = part.values.iter().filter(|value| value.forward == forward);
        values.map(|value| value.source.to_string()).collect()
    };
    let (shared, own) = (of(Forward::Shared), of(Forward::Independent));
    match (shared.len(), own.len()) {
        (0 | 1, _) => String::new(),
        (_, 0) => format!(
            "{} differentiate one forward pass: they can all agree on a wrong one.",
            listed(&shared)
        ),
        (_, number) => format!(
            "{} differentiate one forward pass and would all agree on a wrong one; {} of {} own.",
            listed(&shared),
            listed(&own)
                + if number == 1 {
                    " has another,"
                } else {
                    " have others,"
                },
            if number == 1 { "its" } else { "their" }
        ),
    }
}

/// What could not be seen or judged, and what double-double says.
pub(super) fn remarks(part: &Part) -> Vec<String> {
    let hidden = part
        .tensors
        .iter()
        .filter_map(|row| Some(format!("{}.", row.unobservable.as_ref()?.words)));
    let open = part.unresolved.iter().map(|row| {
        format!(
            "Unresolved at {}, such as {}: {}.",
            counted(row.count, "weight"),
            row.example,
            row.reason.words()
        )
    });
    hidden
        .chain(open)
        .chain(part.extended.iter().map(extended))
        .collect()
}

pub(super) fn extended(row: &ExtendedRow) -> String {
    let formula = row.formula_digits.map_or_else(String::new, |digits| {
        format!("the formula under test agrees with it to {digits:.0} digits, ")
    });
    let central = row.central_digits.map_or_else(
        || "central differences meet a kink".to_owned(),
        |digits| format!("central differences to {digits:.0}"),
    );
    format!(
        "In double-double, where rounding plays no part, {} is {}: {formula}{central}, and the plain number to {:.1}.",
        row.coordinate, row.value, row.plain_digits
    )
}
