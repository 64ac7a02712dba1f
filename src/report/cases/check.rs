//! A check: a suite for each objective, a case for each tensor.

use crate::judge::Side;
use crate::report::failure::{fault, telling_digits};
use crate::report::numbers::bounded;
use crate::report::words::{counted, grouped, listed};
use crate::report::{
    Control, CoordinateRow, Counts, DiagnosisRow, Part, Projected, ProjectionRow, Report,
    SecondPart, TensorRow,
};

use super::{Case, Cases, State, Suite};

/// Coordinates that a case names.
const MOST_ROWS: usize = 10;

impl From<&Report> for Cases {
    fn from(report: &Report) -> Self {
        let mut suites = Vec::new();
        for part in &report.parts {
            suites.push(objective(part, &report.replay));
            suites.extend(part.second.as_ref().map(|second| products(part, second)));
        }
        suites.push(Suite {
            name: "control".to_owned(),
            cases: vec![control(&report.control)],
        });
        spread_time(report, &mut suites);
        Self {
            title: format!("gradproof check {}", report.setup.network),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: Some(format!("gradproof replay {}", report.replay)),
            suites,
        }
        .answered()
    }
}

/// The time of all sources, spread over the cases by their derivatives.
fn spread_time(report: &Report, suites: &mut [Suite]) {
    let Some(timing) = &report.timing else {
        return;
    };
    let of_part = |part: &Part| -> Vec<(String, usize)> {
        let rows = part.tensors.iter();
        let mut rows: Vec<(String, usize)> = rows
            .map(|row| (row.name.clone(), row.coordinates))
            .collect();
        if let Some(projection) = &part.projection {
            let projected = projection.tensors.iter();
            rows = projected
                .map(|row| (row.name.clone(), row.parameters))
                .collect();
        }
        rows
    };
    let parts: Vec<(&str, Vec<(String, usize)>)> = report
        .parts
        .iter()
        .map(|part| (part.name.title(), of_part(part)))
        .collect();
    let all: usize = parts
        .iter()
        .flat_map(|(_, rows)| rows)
        .map(|row| row.1)
        .sum();
    if all == 0 {
        return;
    }
    for suite in suites {
        let rows = parts.iter().find(|(title, _)| *title == suite.name);
        for (name, derivatives) in rows.into_iter().flat_map(|(_, rows)| rows) {
            if let Some(case) = suite.cases.iter_mut().find(|case| case.name == *name) {
                case.seconds = Some(timing.asking() * *derivatives as f64 / all as f64);
            }
        }
    }
}

fn objective(part: &Part, replay: &str) -> Suite {
    let mut cases = vec![value(part)];
    cases.extend(part.output.as_ref().map(|output| {
        let summary = format!(
            "{} of {} entries of the output differ",
            grouped(output.wrong),
            grouped(output.entries)
        );
        match &output.worst {
            Some(worst) if output.wrong > 0 => Case::new("output", State::Failed, summary)
                .with_details(format!(
                    "{} = {}, which should be {} ± {}",
                    worst.name,
                    worst.value.0,
                    worst.expected.0,
                    bounded(worst.bound)
                )),
            _ if output.wrong > 0 => Case::new("output", State::Failed, summary),
            _ => Case::new("output", State::Passed, summary),
        }
    }));
    match &part.projection {
        Some(projection) => cases.extend(projection.tensors.iter().map(|row| {
            let one_by_one = part.tensors.iter().find(|own| own.name == row.name);
            projected(part, row, one_by_one, replay)
        })),
        None => cases.extend(part.tensors.iter().map(|row| tensor(part, row, replay))),
    }
    Suite {
        name: part.name.title().to_owned(),
        cases,
    }
}

/// The objective's value, which the sources compute as well.
fn value(part: &Part) -> Case {
    let known = part.values.iter().filter_map(|value| {
        let number = value.value?;
        Some(format!("{} {}", value.source, number.0))
    });
    let known: Vec<String> = known.collect();
    let name = "value";
    if !part.values_agree {
        let summary = format!("the sources differ: {}", known.join(", "));
        return Case::new(name, State::Failed, summary);
    }
    let summary = format!("the sources agree: {}", known.join(", "));
    Case::new(name, State::Passed, summary)
}

/// "3 of 150 derivatives are wrong, 2 could not be judged".
pub(in crate::report) fn verdicts(counts: &Counts) -> String {
    let all = counts.all();
    let wrong = counts.wrong();
    let mut words = vec![match wrong {
        0 => format!("none of {} is wrong", counted(all, "derivative")),
        1 => format!("1 of {} is wrong", counted(all, "derivative")),
        _ => format!(
            "{} of {} are wrong",
            grouped(wrong),
            counted(all, "derivative")
        ),
    }];
    let rest = [
        (counts.invalid, "not a number"),
        (counts.at_kink_outside, "outside of the slopes at a kink"),
        (counts.at_kink_inside, "at a kink, between the slopes"),
        (counts.unresolved, "could not be judged"),
        (counts.unobservable, "cannot be seen"),
    ];
    let rest = rest.into_iter().filter(|(count, _)| *count > 0);
    words.extend(rest.map(|(count, words)| format!("{} {words}", grouped(count))));
    words.join(", ")
}

/// The state that verdicts put a tensor in.
pub(in crate::report) fn state(counts: &Counts) -> State {
    if counts.wrong() > 0 {
        State::Failed
    } else if counts.unresolved > 0 {
        State::Open
    } else if counts.unobservable > 0 && counts.unobservable == counts.all() {
        State::Skipped
    } else {
        State::Passed
    }
}

fn tensor(part: &Part, row: &TensorRow, replay: &str) -> Case {
    let state = state(&row.counts);
    let mut summary = verdicts(&row.counts);
    if let Some(worst) = worst_of(part, &row.name).first()
        && state == State::Failed
    {
        summary += &format!("; worst is {}", worst.coordinate);
    }
    let mut lines = Vec::new();
    match state {
        State::Failed => lines.extend(accusation(part, &row.name, replay)),
        State::Open => lines.extend(part.unresolved.iter().map(|row| {
            format!(
                "{} unresolved, such as {}: {}",
                grouped(row.count),
                row.example,
                row.reason.words()
            )
        })),
        State::Skipped => lines.extend(row.unobservable.iter().map(|hidden| hidden.words.clone())),
        State::Passed => (),
    }
    if state == State::Open {
        lines.push(format!("Replay: gradproof replay {replay}"));
    }
    Case::new(&row.name, state, summary).with_details(lines.join("\n"))
}

/// Whether a coordinate is of this tensor: `conv1.weight[0,0]` of `conv1.weight`.
pub(in crate::report) fn is_of(coordinate: &str, tensor: &str) -> bool {
    let rest = coordinate.strip_prefix(tensor);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

fn worst_of<'a>(part: &'a Part, tensor: &str) -> Vec<&'a CoordinateRow> {
    let rows = part.worst.iter();
    rows.filter(|row| is_of(&row.coordinate, tensor)).collect()
}

/// What is wrong with a tensor, who, where and what, and how it is repeated.
fn accusation(part: &Part, tensor: &str, replay: &str) -> Vec<String> {
    let mut lines: Vec<String> = worst_of(part, tensor)
        .into_iter()
        .take(MOST_ROWS)
        .map(coordinate)
        .collect();
    let outside = part
        .kinks
        .iter()
        .filter(|kink| kink.side == Side::Outside && is_of(&kink.coordinate, tensor));
    lines.extend(outside.map(|kink| {
        format!(
            "{} = {:e} is outside of the slopes {:e} and {:e} at a kink",
            kink.coordinate, kink.value.0, kink.left.0, kink.right.0
        )
    }));
    // Ten of all tensors are told with every source's number, and these may be of others.
    if lines.is_empty()
        && let Some(row) = part.tensors.iter().find(|row| row.name == tensor)
        && let Some(closest) = &row.closest
    {
        lines.push(format!(
            "furthest off, in units of its bound: {}, by {} from {}, where {} is allowed",
            closest.at.coordinate,
            bounded(closest.at.gap),
            closest.reference,
            bounded(closest.at.bound)
        ));
    }
    // What other tensors look like stands with them.
    let of_others = |row: &&DiagnosisRow| part.tensors.iter().any(|own| own.name == row.tensor);
    let others = part.diagnoses.iter().filter(|row| row.tensor != tensor);
    let others: Vec<String> = others
        .filter(of_others)
        .map(|row| format!("What: {}", row.diagnosis.sentence))
        .collect();
    lines.extend(
        fault(part)
            .into_iter()
            .filter(|line| !others.contains(line)),
    );
    lines.push(format!("Replay: gradproof replay {replay}"));
    lines
}

/// A coordinate's values on a line.
pub(in crate::report) fn coordinate(row: &CoordinateRow) -> String {
    let own = row.values.first().map_or(0.0, |value| value.value.0);
    let digits = telling_digits(own, row.values.iter().map(|value| value.value.0));
    let values: Vec<String> = row
        .values
        .iter()
        .map(|value| {
            let mark = if value.disagrees { "≠ " } else { "" };
            format!(
                "{mark}{} {:.digits$e} ± {}",
                value.source,
                value.value.0,
                bounded(value.error)
            )
        })
        .collect();
    format!("{}: {}", row.coordinate, values.join(", "))
}

fn projected(
    part: &Part,
    row: &ProjectionRow,
    one_by_one: Option<&TensorRow>,
    replay: &str,
) -> Case {
    let projections = row.agree + row.disagree;
    let agree = format!(
        "{} of {} agree",
        row.agree,
        counted(projections, "projection")
    );
    let (state, summary) = match row.outcome {
        Projected::Agrees => (State::Passed, agree),
        Projected::Wrong(1) => (State::Failed, format!("1 derivative is wrong; {agree}")),
        Projected::Wrong(count) => (
            State::Failed,
            format!("{} derivatives are wrong; {agree}", grouped(count)),
        ),
        Projected::Throughout => (State::Failed, format!("it is wrong throughout; {agree}")),
        Projected::Unseen => (
            State::Skipped,
            "every derivative is smaller than an error that can be seen".to_owned(),
        ),
        Projected::AtKink => (
            State::Passed,
            format!("{agree}, and what disagrees has no derivative there"),
        ),
    };
    // Coordinates that were looked at one by one may say more than the projections.
    let state = match one_by_one.map(|row| self::state(&row.counts)) {
        Some(State::Failed) => State::Failed,
        _ => state,
    };
    let details = match state {
        State::Failed => accusation(part, &row.name, replay).join("\n"),
        _ => String::new(),
    };
    Case::new(&row.name, state, summary).with_details(details)
}

/// The second order of an objective.
fn products(part: &Part, second: &SecondPart) -> Suite {
    let mut cases: Vec<Case> = second
        .tensors
        .iter()
        .map(|row| {
            let state = state(&row.counts);
            let summary = verdicts(&row.counts).replace("derivative", "Hessian-vector product");
            let mut lines = Vec::new();
            if state == State::Failed {
                let rows = second.worst.iter();
                lines.extend(
                    rows.filter(|worst| is_of(&worst.coordinate, &row.name))
                        .map(|worst| {
                            let values = worst.values.iter().map(|value| {
                                let mark = if value.disagrees { "≠ " } else { "" };
                                format!(
                                    "{mark}{} {:e} ± {}",
                                    value.source,
                                    value.value.0,
                                    bounded(value.error)
                                )
                            });
                            let values: Vec<String> = values.collect();
                            format!(
                                "{} along direction {}: {}",
                                worst.coordinate,
                                worst.direction,
                                values.join(", ")
                            )
                        }),
                );
                lines.push(second.sentence.clone());
                if !second.places.is_empty() {
                    lines.push(format!("Where: {}", listed(&second.places)));
                }
            }
            Case::new(&row.name, state, summary).with_details(lines.join("\n"))
        })
        .collect();
    let symmetry = &second.symmetry;
    let summary = format!(
        "u·Hv = {:e}, v·Hu = {:e}, and rounding may move them apart by {}",
        symmetry.first.0,
        symmetry.second.0,
        bounded(symmetry.bound)
    );
    let state = if symmetry.holds {
        State::Passed
    } else {
        State::Failed
    };
    cases.push(Case::new("symmetry", state, summary));
    if !matches!(second.control, Control::Caught { .. }) {
        cases.push(control(&second.control));
    }
    Suite {
        name: format!("second order of the {}", part.name.title()),
        cases,
    }
}

/// The planted fault.
fn control(control: &Control) -> Case {
    let name = "planted fault";
    match control {
        Control::Caught { coordinate, factor } => Case::new(
            name,
            State::Passed,
            format!("{coordinate} times {factor} was caught"),
        ),
        Control::Missed { coordinate, factor } => Case::new(
            name,
            State::Open,
            format!("{coordinate} times {factor} was not caught: this check proves nothing"),
        ),
        Control::Impossible => Case::new(
            name,
            State::Skipped,
            "no weight was fit to plant a fault at".to_owned(),
        ),
    }
}
