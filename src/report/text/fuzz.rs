//! A run of random cases as text.

use crate::report::fuzz::{Finding, FuzzFailure, FuzzReport};
use crate::report::words::{counted, grouped};

use super::{line, wrapped};

/// The whole report.
#[must_use]
pub fn render(report: &FuzzReport) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "gradproof fuzz {} · {} · {} · seed {}",
            report.strategy,
            report
                .subject
                .as_deref()
                .unwrap_or("gradproof's own backprop"),
            report.precision,
            report.seed
        ),
    );
    let outcomes = report.outcomes;
    let mut tried = format!("{} tried", counted(report.cases, "new case"));
    if report.kept > 0 {
        tried += &format!(
            ", after {} kept from earlier",
            counted(report.kept, "failure")
        );
    }
    let counts = [
        (outcomes.right, "right"),
        (outcomes.wrong, "wrong"),
        (outcomes.failed, "without an answer"),
        (outcomes.refused, "refused"),
        (outcomes.unseen, "in which nothing can be seen"),
        (outcomes.unjudged, "that could not be judged"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    line(
        &mut text,
        &wrapped(&format!("{tried}: {}.", counts.join(", "))),
    );
    let counts = report.counts;
    line(
        &mut text,
        &wrapped(&format!(
            "Derivatives: {} agree, {} at a kink, {} differ, {} unseen, {} unresolved.",
            grouped(counts.agree),
            grouped(counts.at_kink_inside),
            grouped(counts.wrong()),
            grouped(counts.unobservable),
            grouped(counts.unresolved)
        )),
    );
    line(&mut text, "");
    if let Some(failure) = &report.failure {
        render_failure(&mut text, failure, report.subject.as_deref());
    }
    line(&mut text, &wrapped(&report.sentence));
    text
}

fn render_failure(text: &mut String, failure: &FuzzFailure, subject: Option<&str>) {
    let which = match failure.index {
        Some(index) => format!("Case number {index} fails: {}.", failure.drawn),
        None => format!("A failure kept from earlier fails again: {}.", failure.case),
    };
    line(text, &wrapped(&which));
    if failure.shrinks.smaller > 0 {
        line(
            text,
            &wrapped(&format!(
                "Made smaller, in {} of {} trials: {}.",
                failure.shrinks.smaller, failure.shrinks.tried, failure.case
            )),
        );
    }
    line(text, "");
    match &failure.finding {
        Finding::Wrong(report) => text.push_str(&super::render(report)),
        Finding::Failed(why) => {
            line(text, &wrapped(&format!("No answer: {why}")));
            line(text, &format!("Replay: gradproof replay {}", failure.token));
        }
    }
    if let Some(subject) = subject {
        let quoted = shlex::try_quote(subject).unwrap_or(subject.into());
        line(
            text,
            &format!(
                "With that program: gradproof replay {} --subject {quoted}",
                failure.token
            ),
        );
    }
    line(text, "");
    if let Some(file) = &failure.file {
        line(
            text,
            &format!("Kept in {file}, and tried first from now on."),
        );
    }
    line(text, "As a Rust test:");
    line(text, "");
    for own in failure.test.lines() {
        line(text, &format!("    {own}"));
    }
    line(text, "");
}
