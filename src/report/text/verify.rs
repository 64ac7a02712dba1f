//! What became of dumped op-cases, as text.

use crate::report::verify::{CaseOutcome, CaseRow, GradientRow, VerifyReport};
use crate::report::words::{counted, grouped};

use super::{align, line, short, table, wrapped};

/// Cases that are shown whole; the others are counted.
const MOST_SHOWN: usize = 10;

/// The whole report: what does not agree, then the answer.
#[must_use]
pub fn render(report: &VerifyReport) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "gradproof verify · {} · {}",
            report.files.join(" · "),
            counted(report.cases.len(), "case")
        ),
    );
    line(&mut text, "");
    let of_interest =
        |case: &&CaseRow| !matches!(case.outcome, CaseOutcome::Agree | CaseOutcome::Unobservable);
    let shown: Vec<&CaseRow> = report.cases.iter().filter(of_interest).collect();
    for case in shown.iter().take(MOST_SHOWN) {
        render_case(&mut text, case);
    }
    if let Some(more) = shown.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        line(
            &mut text,
            &format!(
                "… and {}; --format json has all of them.",
                counted(more, "case")
            ),
        );
        line(&mut text, "");
    }
    line(&mut text, &wrapped(&report.sentence));
    text
}

fn render_case(text: &mut String, case: &CaseRow) {
    let place = case
        .line
        .map_or(String::new(), |line| format!(", line {line}"));
    let operator = match case.operator.as_str() {
        "" => "unreadable",
        operator => operator,
    };
    line(
        text,
        &format!(
            "{}, case {}{place}: {operator}: {}",
            case.file,
            case.index,
            word(case.outcome)
        ),
    );
    line(text, &wrapped(&case.sentence));
    if !case.tensors.is_empty() {
        let mut rows = table();
        rows.set_header([
            "gradient of",
            "",
            "wrong",
            "worst at",
            "is",
            "should be",
            "distance/bound",
        ]);
        for tensor in &case.tensors {
            rows.add_row(row(tensor));
        }
        align(&mut rows, &[0, 1, 3]);
        line(text, &rows.to_string());
    }
    let diagnoses = case
        .tensors
        .iter()
        .filter_map(|tensor| tensor.diagnosis.as_ref());
    // The case's own sentence ends with the first.
    for diagnosis in diagnoses.filter(|words| !case.sentence.contains(words.as_str())) {
        line(text, &wrapped(&format!("{diagnosis}.")));
    }
    if !case.untold.is_empty() {
        line(
            text,
            &format!("No gradient is told of {}.", case.untold.join(", ")),
        );
    }
    line(text, "");
}

fn row(tensor: &GradientRow) -> Vec<String> {
    let worst = tensor.worst.as_ref();
    vec![
        tensor.name.clone(),
        word(tensor.outcome).to_owned(),
        format!("{}/{}", grouped(tensor.wrong), grouped(tensor.coordinates)),
        worst.map_or(String::new(), |worst| worst.coordinate.clone()),
        worst.map_or(String::new(), |worst| short(worst.value)),
        worst.map_or(String::new(), |worst| short(worst.expected)),
        worst.map_or(String::new(), |worst| format!("{:.2}", worst.ratio.0)),
    ]
}

fn word(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Agree => "agrees",
        CaseOutcome::Disagree => "disagrees",
        CaseOutcome::Unresolved => "could not be judged",
        CaseOutcome::Unobservable => "shows nothing",
        CaseOutcome::Invalid => "damaged",
        CaseOutcome::Unsupported => "not supported",
    }
}
