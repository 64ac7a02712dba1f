//! A token's case again, as an assertion, and the message of one that fails.

use crate::check::{Details, Manner, Silent, all_sources, backprop, check_by, check_posed};
use crate::report::fuzz::{Finding, FuzzFailure, FuzzReport};
use crate::report::words::counted;
use crate::report::{Outcome, failure, html};
use crate::spec::token::TokenError;

use super::fuzz::{Found, FuzzError};
use super::operator_test::OperatorTest;
use super::page::{self, failure_message, with_page};
use super::random::{RandomCase, Replay, Trial};
use super::subject::Subject;

/// The environment variable that holds the token of the one case to try.
pub(super) const REPLAY: &str = "GRADPROOF_REPLAY";

/// What the environment asks for.
pub(super) fn asked_for() -> Option<Result<Replay, TokenError>> {
    let token = std::env::var(REPLAY).ok()?;
    let token = token.trim();
    (!token.is_empty()).then(|| token.parse())
}

/// Repeat the case of `token` with gradproof's own backprop.
///
/// This is what `gradproof fuzz` prints for a failure, to be pasted into a test file.
///
/// ```
/// use gradproof::harness::{Trial, assert_replay, fuzz::Strategy};
///
/// let case = Strategy::named("conv2d").unwrap().case(1, 0).unwrap();
/// let trial = Trial { case, precision: Default::default() };
/// assert_replay(&trial.token()); // "gp2.…"
/// ```
///
/// # Panics
/// When it fails again, and when it is no token.
#[track_caller]
pub fn assert_replay(token: &str) {
    let found = match token.parse() {
        Ok(Replay::Trial(trial)) => own(&trial).map_err(|error| error.to_string()),
        Ok(Replay::Check(case)) => check_by(&case, &manner(), &Silent)
            .map(|checked| Found::Report(Box::new(checked.report)))
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match found {
        Ok(Found::Report(report)) if report.outcome == Outcome::Wrong => {
            panic!("{}", failure_message(&report))
        }
        Ok(Found::Failed(why) | Found::Refused(why)) => panic!("{token}\n{why}"),
        Ok(Found::Report(_)) => (),
        Err(error) => panic!("{error}"),
    }
}

/// gradproof's own backprop on one case.
fn own(trial: &Trial) -> Result<Found, FuzzError> {
    let mut posed = trial.posed()?;
    posed.details = manner().details;
    let sources = all_sources(backprop(trial.precision), posed.setup.step);
    let checked = check_posed(posed, &sources, &Silent)?;
    Ok(Found::Report(Box::new(checked.report)))
}

/// With single coordinates where a page is to show them.
fn manner() -> Manner {
    Manner {
        details: page::is_wanted().then(Details::default),
        ..Manner::default()
    }
}

/// Repeat the case of `token` with somebody's own operator.
///
/// # Panics
/// When it fails again, when `subject` has no such operator, and when the token is not of a random case.
#[track_caller]
pub fn assert_replay_of(token: &str, subject: impl Subject) {
    let trial = match token.parse() {
        Ok(Replay::Trial(trial)) => trial,
        Ok(Replay::Check(_)) => panic!(
            "{token} is of a check of gradproof's own backprop: use assert_replay, or gradproof replay"
        ),
        Err(error) => panic!("{error}"),
    };
    let test = OperatorTest::new(trial.case.name()).keep_nothing();
    match test.check_one(&trial, subject) {
        Ok(report) if report.failure.is_some() || report.outcomes.refused > 0 => {
            panic!("{}", message(&report))
        }
        Ok(_) => (),
        Err(error) => panic!("{error}"),
    }
}

/// What a failed assertion says of `report`.
pub(super) fn message(report: &FuzzReport) -> String {
    let Some(failure) = &report.failure else {
        return report.sentence.clone();
    };
    let operator = match failure.token.parse() {
        Ok(Replay::Trial(trial)) => match trial.case {
            RandomCase::Operator(case) => Some(case.op.name()),
            RandomCase::Loss(_) | RandomCase::Network(_) => None,
        },
        _ => None,
    };
    let what = match &failure.finding {
        Finding::Wrong(report) => failure::body_of(report, operator),
        Finding::Failed(why) => format!("No answer that can be judged: {why}"),
    };
    let mut lines = vec![failure.token.clone(), case(report, failure), what];
    if let Some(file) = &failure.file {
        lines.push(format!("Kept in {file}, and tried first from now on."));
    }
    lines.push(format!(
        "Again: {REPLAY}=TOKEN cargo test, or gradproof::harness::assert_replay_of(\"TOKEN\", …)."
    ));
    let message = lines.join("\n");
    match &failure.finding {
        Finding::Wrong(report) => with_page(message, &failure.token, || html::render(report)),
        Finding::Failed(_) => message,
    }
}

/// Which case it is.
fn case(report: &FuzzReport, failure: &FuzzFailure) -> String {
    match failure.index {
        None => format!("{}, known from earlier", failure.case),
        Some(index) if failure.shrinks.smaller > 0 => format!(
            "{}; case {index} of seed {}, made smaller {}",
            failure.case,
            report.seed,
            counted(failure.shrinks.smaller, "time")
        ),
        Some(index) => format!("{}; case {index} of seed {}", failure.case, report.seed),
    }
}
