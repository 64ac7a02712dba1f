//! Reports of other kinds, case by case.

use crate::judge::law::Law;
use crate::report::fuzz::{Finding, FuzzFailure, FuzzReport};
use crate::report::power::{MutantRow, PowerReport};
use crate::report::replay::Again;
use crate::report::sweep::SweepReport;
use crate::report::verify::{CaseOutcome, CaseRow, VerifyReport};
use crate::report::words::{counted, grouped};
use crate::report::{Outcome, ReplayReport};
use crate::report::{failure, numbers};

use super::check::coordinate;
use super::{Case, Cases, State, Suite};

impl From<&VerifyReport> for Cases {
    fn from(report: &VerifyReport) -> Self {
        let suites = report.files.iter().map(|file| {
            let own = report.cases.iter().filter(|case| case.file == *file);
            Suite {
                name: file.clone(),
                cases: own.map(op_case).collect(),
            }
        });
        Self {
            title: "gradproof verify".to_owned(),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: None,
            suites: suites.collect(),
        }
        .answered()
    }
}

fn op_case(row: &CaseRow) -> Case {
    let state = match row.outcome {
        CaseOutcome::Agree => State::Passed,
        CaseOutcome::Disagree => State::Failed,
        CaseOutcome::Unobservable => State::Skipped,
        CaseOutcome::Unresolved | CaseOutcome::Invalid | CaseOutcome::Unsupported => State::Open,
    };
    let operator = match row.operator.as_str() {
        "" => "unreadable",
        operator => operator,
    };
    let line = match row.line {
        Some(line) => format!(", line {line}"),
        None => String::new(),
    };
    let name = format!("case {}{line}: {operator}", row.index);
    let mut lines: Vec<String> = row.worst.iter().map(coordinate).collect();
    let diagnoses = row.tensors.iter().filter_map(|tensor| {
        let words = tensor.diagnosis.as_ref()?;
        Some(format!("What: {}: {words}", tensor.name))
    });
    lines.extend(diagnoses);
    Case::new(&name, state, row.sentence.clone()).with_details(lines.join("\n"))
}

impl From<&FuzzReport> for Cases {
    fn from(report: &FuzzReport) -> Self {
        let state = match report.outcome {
            Outcome::Right => State::Passed,
            Outcome::Wrong => State::Failed,
            Outcome::Unjudged => State::Open,
        };
        let details = report.failure.as_ref().map(found).unwrap_or_default();
        let name = format!("{} of {}", counted(report.cases, "case"), report.strategy);
        let failure = report.failure.as_ref();
        Self {
            title: format!("gradproof fuzz {}", report.strategy),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: failure.map(|failure| format!("gradproof replay {}", failure.token)),
            suites: vec![Suite {
                name: "random cases".to_owned(),
                cases: vec![Case::new(&name, state, report.sentence.clone()).with_details(details)],
            }],
        }
        .answered()
    }
}

fn found(failure: &FuzzFailure) -> String {
    let finding = match &failure.finding {
        Finding::Wrong(report) => failure::body(report),
        Finding::Failed(why) => format!("No answer: {why}"),
    };
    format!(
        "{}\n{finding}\nReplay: gradproof replay {}",
        failure.case, failure.token
    )
}

impl From<&Again> for Cases {
    fn from(again: &Again) -> Self {
        let state = match again {
            Again::Report(report) => return Self::from(report.as_ref()),
            Again::Failed(_) => State::Failed,
            Again::Refused(_) => State::Open,
        };
        Self {
            title: "gradproof replay".to_owned(),
            sentence: again.sentence(),
            outcome: again.outcome(),
            replay: None,
            suites: vec![Suite {
                name: "repeated case".to_owned(),
                cases: vec![Case::new("answer", state, again.sentence())],
            }],
        }
    }
}

impl From<&ReplayReport> for Cases {
    fn from(report: &ReplayReport) -> Self {
        let suites = report.cases.iter().flat_map(|row| {
            let mut own = Self::from(&row.again).suites;
            for suite in &mut own {
                suite.name = format!("line {}: {}", row.line, suite.name);
            }
            own
        });
        Self {
            title: format!("gradproof replay {}", report.file),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: Some(format!("gradproof replay {}", report.file)),
            suites: suites.collect(),
        }
        .answered()
    }
}

impl From<&PowerReport> for Cases {
    fn from(report: &PowerReport) -> Self {
        let trial = &report.trial;
        let state = match (trial.alarms.len(), trial.networks) {
            (0, 0) => State::Skipped,
            (0, _) => State::Passed,
            _ => State::Failed,
        };
        let summary = format!(
            "of {} {} accused",
            counted(trial.networks, "right network"),
            match trial.alarms.len() {
                1 => "1 was".to_owned(),
                count => format!("{} were", grouped(count)),
            }
        );
        let networks = Case::new("right networks", state, summary);
        Self {
            title: "gradproof power".to_owned(),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: None,
            suites: vec![
                Suite {
                    name: "planted faults".to_owned(),
                    cases: report.mutants.iter().map(mutant).collect(),
                },
                Suite {
                    name: "right networks".to_owned(),
                    cases: vec![networks.with_details(trial.alarms.join("\n"))],
                },
            ],
        }
        .answered()
    }
}

fn mutant(row: &MutantRow) -> Case {
    let faults = [
        (row.missed, "missed"),
        (row.misnamed, "misnamed"),
        (row.misplaced, "misplaced"),
    ];
    let state = if faults.iter().any(|(count, _)| *count > 0) {
        State::Failed
    } else if row.visible() == 0 {
        State::Skipped
    } else {
        State::Passed
    };
    let mut summary = format!(
        "{}: caught in {} of {} in which it shows",
        row.words,
        grouped(row.caught),
        counted(row.visible(), "case")
    );
    for (count, words) in faults.into_iter().filter(|(count, _)| *count > 0) {
        summary += &format!(", {} {words}", grouped(count));
    }
    Case::new(&row.name, state, summary).with_details(row.examples.join("\n"))
}

impl From<&SweepReport> for Cases {
    fn from(report: &SweepReport) -> Self {
        let cases = report.sources.iter().map(|source| {
            let state = match source.fit.law {
                _ if source.is_wrong() => State::Failed,
                Law::Unclear => State::Open,
                _ => State::Passed,
            };
            let summary = format!(
                "derivative {:e} ± {}",
                source.value.0,
                numbers::bounded(source.error)
            );
            Case::new(&source.source.to_string(), state, summary)
        });
        Self {
            title: format!("gradproof sweep {}", report.coordinate),
            sentence: report.sentence.clone(),
            outcome: report.outcome,
            replay: None,
            suites: vec![Suite {
                name: report.coordinate.clone(),
                cases: cases.collect(),
            }],
        }
        .answered()
    }
}
