//! A run of random cases as text.

use crate::report::fuzz::{Finding, FuzzFailure, FuzzReport};
use crate::report::words::{counted, grouped};

use super::{Look, Tone, Verbosity, answer, finished, line, repeat, title};

/// The whole report.
#[must_use]
pub fn render(report: &FuzzReport, look: Look) -> String {
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        body(&mut text, report, look);
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    if let Some(failure) = &report.failure {
        if look.verbosity >= Verbosity::Usual {
            line(&mut text, "");
        }
        let what = match report.subject.as_deref() {
            Some(subject) => {
                let quoted = shlex::try_quote(subject).unwrap_or(subject.into());
                format!("{} --subject {quoted}", failure.token)
            }
            None => failure.token.clone(),
        };
        line(&mut text, &repeat("Replay", "replay", &what, look));
    }
    finished(text, look)
}

/// What was tried, and what failed.
fn body(text: &mut String, report: &FuzzReport, look: Look) {
    line(
        text,
        &title(
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
            look,
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
        text,
        &look.wrapped(&format!("{tried}: {}.", counts.join(", "))),
    );
    let counts = report.counts;
    line(
        text,
        &look.wrapped(&format!(
            "Derivatives: {} agree, {} at a kink, {} differ, {} unseen, {} unresolved.",
            grouped(counts.agree),
            grouped(counts.at_kink_inside),
            grouped(counts.wrong()),
            grouped(counts.unobservable),
            grouped(counts.unresolved)
        )),
    );
    line(text, "");
    if let Some(failure) = &report.failure {
        render_failure(text, failure, look);
    }
}

fn render_failure(text: &mut String, failure: &FuzzFailure, look: Look) {
    let which = match failure.index {
        Some(index) => format!("Case number {index} fails: {}.", failure.drawn),
        None => format!("A failure kept from earlier fails again: {}.", failure.case),
    };
    line(text, &look.wrapped(&which));
    if failure.shrinks.smaller > 0 {
        line(
            text,
            &look.wrapped(&format!(
                "Made smaller, in {} of {} trials: {}.",
                failure.shrinks.smaller, failure.shrinks.tried, failure.case
            )),
        );
    }
    line(text, "");
    match &failure.finding {
        Finding::Wrong(report) => text.push_str(&super::render_with(report, look)),
        Finding::Failed(why) => {
            let why = look.wrapped(&format!("No answer: {why}"));
            line(text, &look.lead(Tone::Bad, &why));
        }
    }
    line(text, "");
    if let Some(file) = &failure.file {
        line(
            text,
            &look.fit(&format!("Kept in {file}, and tried first from now on.")),
        );
    }
    line(text, "As a Rust test:");
    line(text, "");
    for own in failure.test.lines() {
        line(text, &format!("    {own}"));
    }
    line(text, "");
}
