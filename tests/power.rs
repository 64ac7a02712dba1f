//! The checker on trial: faults are caught, placed and named, and right networks are not accused.
//!
//! `gradproof power --cases 2000` tries hundreds of times as much; `POWER_CASES` does the same here, and
//! `.ci/run` tries twice as much.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use assert_cmd::Command;
use gradproof::harness::power::{PowerError, PowerOptions, power};
use gradproof::report::Outcome;
use gradproof::report::power::{PowerReport, text};
use gradproof::report::text::Look;
use gradproof::spec::case::Precision;

/// Right networks that are tried, and faults in one problem for each eight.
fn cases() -> usize {
    let given = std::env::var("POWER_CASES").ok();
    given.map_or(8, |cases| cases.parse().unwrap())
}

/// Seed of the trials.
const SEED: u64 = 11;

#[test]
fn every_fault_is_caught_placed_and_named_and_nothing_right_is_accused() {
    every_fault_is_caught_in(in_f64());
}

#[test]
fn in_f32_too() {
    every_fault_is_caught_in(&trial(Precision::F32));
}

/// The trial in `f64`, on as many threads as there are; held once, since it takes a while.
fn in_f64() -> &'static PowerReport {
    static REPORT: OnceLock<PowerReport> = OnceLock::new();
    REPORT.get_or_init(|| trial(Precision::F64))
}

fn trial(precision: Precision) -> PowerReport {
    let steps = AtomicUsize::new(0);
    let options = PowerOptions {
        cases: cases(),
        seed: SEED,
        precision,
    };
    let report = power(options, &|so_far| {
        assert!(so_far.done <= so_far.all, "{so_far:?}");
        assert_eq!((so_far.missed, so_far.accused), (0, 0), "{so_far:?}");
        steps.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert!(steps.into_inner() > cases(), "progress is told");
    report
}

fn every_fault_is_caught_in(report: &PowerReport) {
    let words = text::render(report, Look::plain());
    assert_eq!(report.outcome, Outcome::Right, "{words}");
    assert!(report.mutants.len() >= 40, "a catalogue");
    let sum = |of: fn(&gradproof::report::power::MutantRow) -> usize| -> usize {
        report.mutants.iter().map(of).sum()
    };
    let (caught, visible) = (sum(|row| row.caught), sum(|row| row.visible()));
    assert_eq!(caught, visible, "{words}");
    assert_eq!(sum(|row| row.misnamed + row.misplaced), 0, "{words}");
    let nameable = report.mutants.iter().filter(|row| row.expected.is_some());
    let (named, of) = nameable.fold((0, 0), |(named, of), row| {
        (named + row.named + row.ambiguous, of + row.caught)
    });
    assert!(10 * named >= 9 * of, "{named} of {of} are named\n{words}");
    let counts = &report.trial.counts;
    assert_eq!(counts.wrong(), 0, "{words}");
    assert!(
        100 * counts.unresolved <= counts.all() && counts.agree > counts.all() / 2,
        "{words}"
    );
    let explained: usize = report.trial.unresolved.iter().map(|(_, count)| count).sum();
    assert_eq!(explained, counts.unresolved, "each with a reason");
}

#[test]
fn no_cases_prove_nothing() {
    let options = PowerOptions {
        cases: 0,
        seed: 1,
        precision: Precision::F64,
    };
    assert_eq!(power(options, &|_| ()), Err(PowerError::NoCases));
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let cases = cases().to_string();
    let seed = SEED.to_string();
    let mut command = Command::cargo_bin("gradproof").unwrap();
    command
        .args([
            "power", "--cases", &cases, "--seed", &seed, "--format", "json",
        ])
        .env("RAYON_NUM_THREADS", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "all caught, none accused");
    let on_one: PowerReport = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = |report: &PowerReport| serde_json::to_string(report).unwrap();
    assert_eq!(bytes(&on_one), bytes(in_f64()), "one thread and several");
}
