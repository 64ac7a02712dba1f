//! Holding one report against another.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::judge::Side as KinkSide;
use crate::report::cases::{Case, Cases};
use crate::report::detail::is_wrong_letter;
use crate::report::saved::Saved;
use crate::report::{Counts, Part, Report, TensorRow};

use super::{
    CaseDiff, CaseSide, DiffError, DiffReport, DigitsChange, SetupChange, Side, Trend, VERSION,
};

/// Digits that the fewest may move by before it is told of a tensor that is as right as before.
const TOLD_DIGITS: f64 = 1.0;

/// Fields that say what was checked, of reports that have no setup.
const ASKED: [&str; 6] = [
    "strategy",
    "seed",
    "precision",
    "subject",
    "coordinate",
    "files",
];

/// What became better or worse from `old` to `new`.
///
/// # Errors
/// [`DiffError`] when they are not of one kind, or of one without cases.
pub fn diff(old: &Saved, new: &Saved) -> Result<DiffReport, DiffError> {
    let (kind, other) = (old.kind(), new.kind());
    if kind != other {
        return Err(DiffError::Kinds(kind.words(), other.words()));
    }
    let (Some(own), Some(others)) = (cases(old), cases(new)) else {
        return Err(DiffError::NoCases(kind.words()));
    };
    let setup = setup_changes(&asked(old), &asked(new));
    let checks = match (old, new) {
        (Saved::Check(old), Saved::Check(new)) => Some((old.as_ref(), new.as_ref())),
        _ => None,
    };
    let (mut rows, mut same) = (Vec::new(), 0);
    for (suite, name) in names(&own, &others) {
        let find = |cases: &Cases| {
            let mut suites = cases.suites.iter();
            let suite = suites.find(|own| own.name == suite)?;
            suite.cases.iter().find(|case| case.name == name).cloned()
        };
        let row = compared(&suite, &name, find(&own), find(&others), checks);
        match row.trend {
            Trend::Same => same += 1,
            _ => rows.push(row),
        }
    }
    rows.sort_by_key(|row| match row.trend {
        Trend::Worse => 0,
        Trend::Mixed => 1,
        Trend::Better => 2,
        Trend::Changed | Trend::Same => 3,
    });
    let side = |cases: Cases| Side {
        title: cases.title,
        outcome: cases.outcome,
        sentence: cases.sentence,
        replay: cases.replay,
    };
    Ok(DiffReport {
        version: VERSION,
        old: side(own),
        new: side(others),
        setup,
        cases: rows,
        same,
        trend: Trend::Same,
        sentence: String::new(),
    }
    .judged())
}

fn cases(report: &Saved) -> Option<Cases> {
    match report {
        Saved::Check(report) => Some(Cases::from(report.as_ref())),
        Saved::Fuzz(report) => Some(Cases::from(report.as_ref())),
        Saved::Verify(report) => Some(Cases::from(report.as_ref())),
        Saved::Replay(report) => Some(Cases::from(report.as_ref())),
        Saved::Sweep(report) => Some(Cases::from(report.as_ref())),
        Saved::Power(report) => Some(Cases::from(report.as_ref())),
        Saved::Account(_) | Saved::Diff(_) => None,
    }
}

/// All suites and cases of both, in the new one's order, those that are gone last.
fn names(old: &Cases, new: &Cases) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let all = new.suites.iter().chain(&old.suites);
    all.flat_map(|suite| {
        let cases = suite.cases.iter();
        cases.map(|case| (suite.name.clone(), case.name.clone()))
    })
    .filter(|name| seen.insert(name.clone()))
    .collect()
}

/// What was checked, field by field.
fn asked(report: &Saved) -> BTreeMap<String, String> {
    fn fields(report: &impl Serialize) -> BTreeMap<String, String> {
        let value = serde_json::to_value(report).unwrap_or_default();
        let Value::Object(fields) = value else {
            return BTreeMap::new();
        };
        let setup = match fields.get("setup") {
            Some(Value::Object(setup)) => setup.clone(),
            _ => {
                let asked = fields.into_iter();
                asked
                    .filter(|(name, _)| ASKED.contains(&name.as_str()))
                    .collect()
            }
        };
        let words = |value: Value| match value {
            Value::String(text) => text,
            value => value.to_string(),
        };
        setup
            .into_iter()
            .map(|(name, value)| (name.replace('_', " "), words(value)))
            .collect()
    }
    match report {
        Saved::Check(report) => {
            // The setup alone: a report may hold millions of numbers.
            #[derive(Serialize)]
            struct Only<'a> {
                setup: &'a crate::report::Setup,
            }
            let mut fields = fields(&Only {
                setup: &report.setup,
            });
            let sources = report.parts.first().map(|part| {
                let sources = part.values.iter().map(|value| value.source.to_string());
                sources.collect::<Vec<_>>().join(", ")
            });
            fields.insert("sources".to_owned(), sources.unwrap_or_default());
            fields
        }
        Saved::Fuzz(report) => fields(report),
        Saved::Verify(report) => fields(report),
        Saved::Replay(report) => fields(report),
        Saved::Sweep(report) => fields(report),
        Saved::Power(report) => fields(report),
        Saved::Account(report) => fields(report),
        Saved::Diff(report) => fields(report),
    }
}

fn setup_changes(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Vec<SetupChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let none = "none".to_owned();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| SetupChange {
            what: name.clone(),
            old: old.get(name).unwrap_or(&none).clone(),
            new: new.get(name).unwrap_or(&none).clone(),
        })
        .collect()
}

fn compared(
    suite: &str,
    name: &str,
    old: Option<Case>,
    new: Option<Case>,
    checks: Option<(&Report, &Report)>,
) -> CaseDiff {
    let own = checks.and_then(|(old, _)| tensor(old, suite, name));
    let others = checks.and_then(|(_, new)| tensor(new, suite, name));
    let side = |case: &Case, tensor: Option<Tensor<'_>>| CaseSide {
        state: case.state,
        summary: case.summary.clone(),
        counts: tensor.map(|tensor| tensor.row.counts),
        gap: tensor.and_then(|tensor| Some(tensor.row.closest.as_ref()?.ratio)),
    };
    let mut row = CaseDiff {
        suite: suite.to_owned(),
        name: name.to_owned(),
        trend: Trend::Same,
        old: old.as_ref().map(|case| side(case, own)),
        new: new.as_ref().map(|case| side(case, others)),
        digits: Vec::new(),
        broken: Vec::new(),
        mended: Vec::new(),
    };
    if let (Some(own), Some(others)) = (own, others) {
        row.digits = digits(own.row, others.row);
        let is_same_choice = checks.is_some_and(|(old, new)| {
            (old.setup.seed, old.setup.coordinates) == (new.setup.seed, new.setup.coordinates)
        });
        row.broken = newly_wrong(own, others, is_same_choice);
        row.mended = newly_wrong(others, own, is_same_choice);
    }
    row.trend = trend(&row);
    row
}

/// A tensor of a check, with the objective that it was checked in.
#[derive(Clone, Copy)]
struct Tensor<'a> {
    part: &'a Part,
    row: &'a TensorRow,
}

fn tensor<'a>(report: &'a Report, suite: &str, name: &str) -> Option<Tensor<'a>> {
    let mut parts = report.parts.iter();
    let part = parts.find(|part| part.name.title() == suite)?;
    let row = part.tensors.iter().find(|row| row.name == name)?;
    Some(Tensor { part, row })
}

fn trend(row: &CaseDiff) -> Trend {
    use super::State;
    let (old, new) = match (&row.old, &row.new) {
        (Some(old), Some(new)) => (old, new),
        // What was not there cannot have been wrong.
        (None, Some(new)) if new.state == State::Failed => return Trend::Worse,
        _ => return Trend::Changed,
    };
    let by_state = match new.state.cmp(&old.state) {
        std::cmp::Ordering::Greater => Some(Trend::Worse),
        std::cmp::Ordering::Less => Some(Trend::Better),
        std::cmp::Ordering::Equal => None,
    };
    let by_coordinates = match (row.broken.is_empty(), row.mended.is_empty()) {
        (false, false) => Some(Trend::Mixed),
        (false, true) => Some(Trend::Worse),
        (true, false) => Some(Trend::Better),
        (true, true) => None,
    };
    let by_counts = match (&old.counts, &new.counts) {
        (Some(old), Some(new)) => counted(old, new),
        _ => None,
    };
    let told = by_state.or(by_coordinates).or(by_counts);
    let has_moved = || {
        let (before, after) = (old.gap.map(|gap| gap.0), new.gap.map(|gap| gap.0));
        let by_gap = match (before, after) {
            // Below a thousandth of the bound nobody minds.
            (Some(before), Some(after)) => {
                let (before, after) = (before.max(1e-3), after.max(1e-3));
                !(0.5..=2.0).contains(&(after / before))
            }
            (before, after) => before.is_some() != after.is_some(),
        };
        let by_digits =
            row.digits
                .iter()
                .any(|change| match (change.old_fewest, change.new_fewest) {
                    (Some(old), Some(new)) => (old - new).abs() >= TOLD_DIGITS,
                    (old, new) => old.is_some() != new.is_some(),
                });
        old.counts != new.counts || by_gap || by_digits
    };
    match told {
        Some(trend) => trend,
        None if has_moved() => Trend::Changed,
        None => Trend::Same,
    }
}

/// By what verdicts there are more or fewer, the gravest first.
fn counted(old: &Counts, new: &Counts) -> Option<Trend> {
    let grave: [fn(&Counts) -> usize; 3] = [
        Counts::wrong,
        |counts| counts.unresolved,
        |counts| counts.unobservable,
    ];
    grave.iter().find_map(|of| match of(new).cmp(&of(old)) {
        std::cmp::Ordering::Greater => Some(Trend::Worse),
        std::cmp::Ordering::Less => Some(Trend::Better),
        std::cmp::Ordering::Equal => None,
    })
}

fn digits(old: &TensorRow, new: &TensorRow) -> Vec<DigitsChange> {
    let changes = new.against.iter().filter_map(|new| {
        let mut against = old.against.iter();
        let old = against.find(|old| old.reference == new.reference)?;
        Some(DigitsChange {
            reference: new.reference,
            old_fewest: old.metrics.fewest_digits,
            new_fewest: new.metrics.fewest_digits,
            old_median: old.metrics.median_digits,
            new_median: new.metrics.median_digits,
        })
    });
    changes.collect()
}

/// Coordinates that are wrong in `new` and were checked and not wrong in `old`, as far as that is known.
fn newly_wrong(old: Tensor<'_>, new: Tensor<'_>, is_same_choice: bool) -> Vec<String> {
    if let (Some(old), Some(new)) = (in_detail(old), in_detail(new)) {
        let wrong = new.iter().filter(|(_, is_wrong)| **is_wrong);
        let was_right = wrong.filter(|(name, _)| old.get(*name) == Some(&false));
        return was_right.map(|(name, _)| name.clone()).collect();
    }
    let (before, after) = (named_wrong(old), named_wrong(new));
    let is_whole = before.len() == old.row.counts.wrong();
    if !is_same_choice || !is_whole {
        return Vec::new();
    }
    after.difference(&before).cloned().collect()
}

/// Every coordinate that was checked, and whether it is wrong.
fn in_detail(tensor: Tensor<'_>) -> Option<BTreeMap<String, bool>> {
    let mut tensors = tensor.part.detail.as_ref()?.tensors.iter();
    let detail = tensors.find(|detail| detail.name == tensor.row.name)?;
    let letters = detail.verdicts.chars().enumerate();
    let all = letters.map(|(position, letter)| {
        let name = detail.coordinate(position);
        (name, is_wrong_letter(letter))
    });
    Some(all.collect())
}

/// The wrong coordinates that the rows name.
fn named_wrong(tensor: Tensor<'_>) -> BTreeSet<String> {
    use crate::report::cases::is_of;
    let Tensor { part, row } = tensor;
    let worst = part.worst.iter().map(|row| &row.coordinate);
    let outside = part
        .kinks
        .iter()
        .filter(|row| row.side == KinkSide::Outside);
    worst
        .chain(outside.map(|row| &row.coordinate))
        .filter(|coordinate| is_of(coordinate, &row.name))
        .cloned()
        .collect()
}
