//! What became of dumped op-cases, as text.

use crate::report::verify::{CaseOutcome, CaseRow, GradientRow, VerifyReport, WorstEntry};
use crate::report::words::{counted, grouped};

use super::{
    Cell, Look, Sheet, Tone, Verbosity, answer, finished, in_bounds, left, line, right, short,
    title,
};

/// Cases that are shown whole; the others are counted.
const MOST_SHOWN: usize = 10;

/// The whole report: what does not agree, then the answer.
#[must_use]
pub fn render(report: &VerifyReport, look: Look) -> String {
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        body(&mut text, report, look);
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    finished(text, look)
}

fn body(text: &mut String, report: &VerifyReport, look: Look) {
    line(
        text,
        &title(
            &format!(
                "gradproof verify · {} · {}",
                report.files.join(" · "),
                counted(report.cases.len(), "case")
            ),
            look,
        ),
    );
    line(text, "");
    let of_interest =
        |case: &&CaseRow| !matches!(case.outcome, CaseOutcome::Agree | CaseOutcome::Unobservable);
    let shown: Vec<&CaseRow> = report.cases.iter().filter(of_interest).collect();
    let most = if look.is_verbose() {
        shown.len()
    } else {
        MOST_SHOWN
    };
    for case in shown.iter().take(most) {
        render_case(text, case, look);
    }
    if let Some(more) = shown.len().checked_sub(most).filter(|more| *more > 0) {
        line(
            text,
            &format!("… and {}; -v shows all of them.", counted(more, "case")),
        );
        line(text, "");
    }
}

fn render_case(text: &mut String, case: &CaseRow, look: Look) {
    let place = case
        .line
        .map_or(String::new(), |line| format!(", line {line}"));
    let operator = match case.operator.as_str() {
        "" => "unreadable",
        operator => operator,
    };
    let place = format!("{}, case {}{place}: {operator}: ", case.file, case.index);
    let word = look.paint(tone(case.outcome), word(case.outcome));
    line(text, &(place + &word));
    line(text, &look.wrapped(&case.sentence));
    if !case.tensors.is_empty() {
        let mut rows = Sheet::new([
            left("gradient of"),
            left(""),
            right("wrong"),
            left("worst at").rank(2),
            right("is").rank(1),
            right("should be").rank(1),
            right("distance/bound").rank(3),
        ]);
        for tensor in &case.tensors {
            rows.row(row(tensor));
        }
        line(text, &rows.render(look));
    }
    let diagnoses = case
        .tensors
        .iter()
        .filter_map(|tensor| tensor.diagnosis.as_ref());
    // The case's own sentence ends with the first.
    for diagnosis in diagnoses.filter(|words| !case.sentence.contains(words.as_str())) {
        line(text, &look.wrapped(&format!("{diagnosis}.")));
    }
    if !case.untold.is_empty() {
        line(
            text,
            &format!("No gradient is told of {}.", case.untold.join(", ")),
        );
    }
    line(text, "");
}

fn row(tensor: &GradientRow) -> Vec<Cell> {
    let worst = tensor.worst.as_ref();
    let of_worst = |text: fn(&WorstEntry) -> String| worst.map_or(String::new(), text);
    let tone = Some(tone(tensor.outcome));
    vec![
        tensor.name.clone().into(),
        Cell::toned(word(tensor.outcome).to_owned(), tone),
        format!("{}/{}", grouped(tensor.wrong), grouped(tensor.coordinates)).into(),
        of_worst(|worst| worst.coordinate.clone()).into(),
        of_worst(|worst| short(worst.value)).into(),
        of_worst(|worst| short(worst.expected)).into(),
        of_worst(|worst| in_bounds(worst.ratio.0)).into(),
    ]
}

fn tone(outcome: CaseOutcome) -> Tone {
    match outcome {
        CaseOutcome::Agree => Tone::Good,
        CaseOutcome::Disagree | CaseOutcome::Invalid => Tone::Bad,
        CaseOutcome::Unresolved | CaseOutcome::Unobservable | CaseOutcome::Unsupported => {
            Tone::Open
        }
    }
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
