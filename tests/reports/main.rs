//! Reports in every format, read back, and held against each other.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

mod diff;
mod files;
mod formats;
mod junit;
mod plots;
mod saved;
mod schema;

use std::path::Path;
use std::sync::LazyLock;

use assert_cmd::Command;
use gradproof::check::{Details, Manner, Silent, check_by, check_subject};
use gradproof::judge::diagnosis::BugKind;
use gradproof::judge::{Side, Unresolved};
use gradproof::report::power::{self, MutantRow, PowerReport, Trial};
use gradproof::report::{KinkRow, Number, Outcome, Report, Timing, json};
use gradproof::source::{Backprop, Estimate, FaultySource, Question};
use gradproof::spec::case::{Case, Precision, Selection, SourceName};

use crate::support::checks::check_of;

/// A layer's name with all that formats have to escape.
const ODD: &str = "a<b&\"c|`]]>%@d";

fn case() -> Case {
    Case {
        coordinates: Selection::Sample(60),
        ..check_of("mlp", 1)
    }
}

fn detailed(case: &Case) -> Report {
    let manner = Manner {
        details: Some(Details::default()),
        ..Manner::default()
    };
    check_by(case, &manner, &Silent).unwrap().report
}

/// A right report with every coordinate's numbers.
static RIGHT: LazyLock<Report> = LazyLock::new(|| detailed(&case()));

/// A wrong one: every derivative is a tenth too large.
static WRONG: LazyLock<Report> = LazyLock::new(|| {
    let fault = |_: &Question<'_>, estimates: &mut [Estimate]| {
        for estimate in estimates {
            estimate.value *= 1.1;
        }
    };
    let subject = FaultySource::new(Backprop, fault);
    let report = check_subject(&case(), Box::new(subject), &Silent)
        .unwrap()
        .report;
    assert_eq!(report.outcome, Outcome::Wrong);
    report
});

/// A right one with a kink inside and one outside of the slopes.
fn kinky() -> Report {
    let mut report = RIGHT.clone();
    let part = &mut report.parts[0];
    let row = &mut part.tensors[0];
    for (side, value) in [(Side::Inside, 0.5), (Side::Outside, 1.5)] {
        part.kinks.push(KinkRow {
            coordinate: format!("{}[0,0]", row.name),
            value: Number(value),
            left: Number(0.0),
            right: Number(1.0),
            side,
            units: vec!["relu1[0,3]".to_owned()],
            convention: "neither slope".to_owned(),
        });
    }
    row.counts.agree -= 2;
    row.counts.at_kink_inside += 1;
    row.counts.at_kink_outside += 1;
    report.outcome = Outcome::Wrong;
    report
}

/// The wrong report with an odd name, and numbers that are none.
fn odd() -> Report {
    let name = json::render(&ODD);
    let name = name.trim().trim_matches('"');
    let text = json::render(&*WRONG).replace("fc1", name);
    let mut report: Report = serde_json::from_str(&text).unwrap();
    let part = &mut report.parts[0];
    let not_finite = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for (value, odd) in part.worst[0].values.iter_mut().zip(not_finite) {
        value.value = Number(odd);
        value.error = Number(odd);
    }
    let closest = part.tensors[0].closest.as_mut().unwrap();
    closest.ratio = Number(f64::INFINITY);
    closest.at.bound = Number(f64::NAN);
    report
}

/// One that looked at nothing.
fn empty() -> Report {
    let mut report = RIGHT.clone();
    let part = &mut report.parts[0];
    part.tensors.clear();
    part.worst.clear();
    if let Some(detail) = &mut part.detail {
        detail.tensors.clear();
        detail.curves.clear();
    }
    report.outcome = Outcome::Unjudged;
    report
}

/// A trial of the checker, made up.
fn trial() -> PowerReport {
    let fault = |name: &str, missed| MutantRow {
        name: name.to_owned(),
        words: "turns a kernel".to_owned(),
        expected: Some(BugKind::Sign),
        cases: 5,
        equivalent: 1,
        caught: 4 - missed,
        missed,
        examples: vec!["one that was missed".to_owned(); missed],
        ..MutantRow::default()
    };
    let trial = Trial {
        networks: 3,
        unresolved: vec![(Unresolved::BoundTooWide, 2)],
        ..Trial::default()
    };
    PowerReport {
        version: power::VERSION,
        seed: 1,
        precision: Precision::F64,
        mutants: vec![fault("conv2d.sign", 0), fault("linear.sign", 1)],
        trial,
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    }
    .judged()
}

/// All of them, each with a name.
fn all() -> Vec<(&'static str, Report)> {
    let mut timed = WRONG.clone();
    let second = std::time::Duration::from_secs(1);
    timed.timing = Some(Timing::new(2 * second, &[(SourceName::Backprop, second)]));
    vec![
        ("right", RIGHT.clone()),
        ("wrong", WRONG.clone()),
        ("kinky", kinky()),
        ("odd", odd()),
        ("empty", empty()),
        ("timed", timed),
    ]
}

/// A run of the program: exit code, standard output, standard error.
struct Run {
    code: i32,
    out: Vec<u8>,
    err: String,
}

fn gradproof(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("gradproof").unwrap();
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Bad usage or input: exit code 2, and an error that holds all of `words`.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(!run.err.contains("panicked"), "{}", run.err);
    for word in words {
        assert!(run.err.contains(word), "'{word}' in: {}", run.err);
    }
}
