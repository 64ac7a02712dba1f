//! Programs under test: right ones, and all that can go wrong with one.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gradproof::judge::diagnosis::BugKind;
use gradproof::report::Outcome;
use gradproof::report::fuzz::{Finding, FuzzReport};

use super::{fuzzed, python};

#[test]
fn the_published_subject_in_python_is_right() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let subject = python(folder.path(), "", "");
    let (report, code) = fuzzed(
        folder.path(),
        &[
            "conv2d",
            "--cases",
            "60",
            "--seed",
            "1",
            "--subject",
            &subject,
        ],
    );
    assert_eq!(
        (report.outcome, code),
        (Outcome::Right, 0),
        "{}",
        report.sentence
    );
    assert!(report.counts.agree > 1000, "{:?}", report.counts);
    // Of an operator that it has not it says so, and nobody is accused.
    let (report, code) = fuzzed(
        folder.path(),
        &["relu", "--cases", "5", "--seed", "1", "--subject", &subject],
    );
    assert_eq!(report.outcomes.refused, 5, "{report:?}");
    assert_eq!(code, 3, "{}", report.sentence);
}

#[test]
fn the_published_subject_in_c_is_right() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/subjects/linear.c");
    let compiled = Command::new("cc")
        .args(["-O2", "-Wall", "-Werror", "-o", "linear", source])
        .current_dir(folder.path())
        .status()
        .expect("a C compiler");
    assert!(compiled.success());
    let (report, code) = fuzzed(
        folder.path(),
        &[
            "linear",
            "--cases",
            "60",
            "--seed",
            "1",
            "--subject",
            "./linear",
        ],
    );
    assert_eq!(
        (report.outcome, code),
        (Outcome::Right, 0),
        "{}",
        report.sentence
    );
}

/// Faults of every part of the backward: each is found, made small, and most are named.
#[test]
fn planted_faults_are_found_made_small_and_named() {
    let mut named = 0;
    let faults = [
        (
            "dw[at_w] += r[\"data\"][at_y] * x",
            "dw[at_w] -= r[\"data\"][at_y] * x",
        ),
        ("dx[at_x] += r", "dx[at_x] = r"),
        ("dw[at_w] += r", "dw[at_w] = r"),
        ("db = [sum(v for", "db = [2 * sum(v for"),
        (
            "db = [sum(v for at, v in enumerate(r[\"data\"]) if at // (P * Q) % O == o)",
            "db = [sum(v for at, v in enumerate(r[\"data\"]) if at // (P * Q) % O == o) / N",
        ),
        (
            "\"weight\": (w[\"shape\"], dw)",
            "\"weight\": (w[\"shape\"], dw[::-1])",
        ),
        // Rounded to f32, which data of few bits would not show.
        (
            "\"weight\": (w[\"shape\"], dw)",
            "\"weight\": (w[\"shape\"], [__import__('struct').unpack('f', __import__('struct').pack('f', v))[0] for v in dw])",
        ),
    ];
    for (from, to) in faults {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let subject = python(folder.path(), from, to);
        let (report, code) = fuzzed(
            folder.path(),
            &[
                "conv2d",
                "--cases",
                "60",
                "--seed",
                "1",
                "--subject",
                &subject,
            ],
        );
        assert_eq!(
            (report.outcome, code),
            (Outcome::Wrong, 1),
            "{to}: {}",
            report.sentence
        );
        let failure = report.failure.expect("it fails");
        let Finding::Wrong(found) = &failure.finding else {
            panic!("{to}: {failure:?}");
        };
        let part = &found.parts[0];
        assert!(
            part.output.as_ref().is_some_and(|output| output.wrong == 0),
            "{to}"
        );
        let numbers: usize = part.tensors.iter().map(|tensor| tensor.coordinates).sum();
        assert!(
            numbers <= 60,
            "{to}: {} has {numbers} numbers",
            failure.case
        );
        let kinds: Vec<BugKind> = part
            .diagnoses
            .iter()
            .filter_map(|row| row.diagnosis.kind)
            .collect();
        named += usize::from(!kinds.is_empty());
    }
    assert!(
        named >= faults.len() - 1,
        "{named} of {} named",
        faults.len()
    );
}

/// A program that reads a line, and then does what `does` says, in Python.
fn after_a_line(folder: &Path, does: &str) -> String {
    let text = format!("import sys, time, os, json\nfor line in sys.stdin:\n    {does}\n");
    std::fs::write(folder.join("odd.py"), text).expect("a temporary file");
    "python3 -SE odd.py".to_owned()
}

/// What is said of such a program.
fn said(does: &str, more: &[&str]) -> (String, FuzzReport) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let subject = after_a_line(folder.path(), does);
    let arguments = [
        "relu",
        "--cases",
        "4",
        "--seed",
        "1",
        "--jobs",
        "1",
        "--subject",
        &subject,
    ];
    let (report, code) = fuzzed(folder.path(), &[&arguments, more].concat());
    assert_eq!(code, 1, "{does}: {}", report.sentence);
    let failure = report.failure.clone().expect("it fails");
    assert!(
        report.sentence.contains(&failure.case),
        "which case: {}",
        report.sentence
    );
    match failure.finding {
        Finding::Failed(why) => (why, report),
        Finding::Wrong(found) => (found.sentence, report),
    }
}

const REPLY: &str = "c = json.loads(line); x = c['inputs']['x']; y = {'shape': x['shape'], 'data': [max(v, 0) for v in x['data']]}";

#[test]
fn whatever_goes_wrong_is_said() {
    let all = [
        (
            "sys.exit(3)".to_owned(),
            &["ended without a reply", "exit status: 3"][..],
        ),
        (
            "raise ValueError('no such thing')".to_owned(),
            &[
                "ended",
                "its last words on standard error: ValueError: no such thing",
            ],
        ),
        (
            "os.kill(os.getpid(), 9)".to_owned(),
            &["ended", "signal: 9"],
        ),
        (
            "os.close(1); time.sleep(30)".to_owned(),
            &["closed its output"],
        ),
        (
            "print('hello', flush=True)".to_owned(),
            &["no reply", "\"hello\"", "standard error"],
        ),
        ("print('{}', flush=True)".to_owned(), &["no 'output'"]),
        (
            "sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush()".to_owned(),
            &["not UTF-8"],
        ),
        (
            "sys.stdout.write('x' * 9_000_000); sys.stdout.flush(); time.sleep(30)".to_owned(),
            &["more than", "bytes"],
        ),
        (
            "print(json.dumps({'error': 'out of cake'}), flush=True)".to_owned(),
            &["says: out of cake"],
        ),
        (
            format!("{REPLY}; print(json.dumps({{'output': y, 'gradients': {{}}}}), flush=True)"),
            &["no gradient of x"],
        ),
        (
            format!(
                "{REPLY}; print(json.dumps({{'output': y, 'gradients': {{'w': y}}}}), flush=True)"
            ),
            &["'w'", "x"],
        ),
        (
            format!(
                "{REPLY}; print(json.dumps({{'output': {{'shape': [1], 'data': [0]}}, 'gradients': {{'x': y}}}}), flush=True)"
            ),
            &["output has the shape [1]"],
        ),
        (
            format!(
                "{REPLY}; print(json.dumps({{'output': y, 'gradients': {{'x': {{'shape': [9], 'data': [0]}}}}}}), flush=True)"
            ),
            &["x has 1 numbers", "[9]"],
        ),
        (
            format!(
                "{REPLY}; print(json.dumps({{'output': y, 'gradients': {{'x': {{'shape': [1], 'data': [0]}}}}}}), flush=True)"
            ),
            &["gradient of x has the shape [1]"],
        ),
        (
            format!(
                "{REPLY}; z = {{'shape': x['shape'], 'data': [float('nan') for v in x['data']]}}; print(json.dumps({{'output': y, 'gradients': {{'x': z}}}}), flush=True)"
            ),
            &["not finite"],
        ),
        (
            format!(
                "{REPLY}; z = {{'shape': x['shape'], 'data': [None for v in x['data']]}}; print(json.dumps({{'output': y, 'gradients': {{'x': z}}}}), flush=True)"
            ),
            &["not finite"],
        ),
    ];
    // Side by side, since most of the time is waited for.
    std::thread::scope(|scope| {
        for (does, words) in all {
            scope.spawn(move || {
                let (why, _) = said(&does, &[]);
                for word in words {
                    assert!(why.contains(word), "{does}\n'{word}' in: {why}");
                }
            });
        }
    });
}

#[test]
fn a_program_that_hangs_is_stopped_and_its_case_is_told() {
    let start = Instant::now();
    let (why, report) = said("time.sleep(600)", &["--timeout", "300ms"]);
    assert!(
        why.contains("no reply within 0.3 s") && why.contains("--timeout"),
        "{why}"
    );
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "it has had enough soon"
    );
    assert_eq!(report.outcomes.failed, 1, "{report:?}");
}

/// Standard error may say what it likes, and as much.
#[test]
fn noise_on_standard_error_does_no_harm() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let does = format!(
        "{REPLY}; r = c['cotangent']['data']; sys.stderr.write('noise ' * 50_000); g = {{'shape': x['shape'], 'data': [b if a > 0 else 0 for a, b in zip(x['data'], r)]}}; print(json.dumps({{'output': y, 'gradients': {{'x': g}}}}), flush=True)"
    );
    let subject = after_a_line(folder.path(), &does);
    let (report, code) = fuzzed(
        folder.path(),
        &["relu", "--cases", "6", "--seed", "1", "--subject", &subject],
    );
    assert_eq!(
        (report.outcome, code),
        (Outcome::Right, 0),
        "{}",
        report.sentence
    );
}

/// It crashes on images with three or more rows: the next case finds it started again, and the failure
/// is made as small as that.
#[test]
fn a_crash_is_survived_and_made_small() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let subject = python(
        folder.path(),
        "    y, dx, dw =",
        "    if H >= 3: sys.exit(7)\n    y, dx, dw =",
    );
    let (report, code) = fuzzed(
        folder.path(),
        &[
            "conv2d",
            "--cases",
            "60",
            "--seed",
            "2",
            "--subject",
            &subject,
        ],
    );
    assert_eq!(code, 1, "{}", report.sentence);
    let failure = report.failure.expect("it fails");
    assert!(
        failure.shrinks.tried > failure.shrinks.smaller,
        "some smaller cases pass: {failure:?}"
    );
    assert!(failure.case.contains("on 1×1×3×1"), "{}", failure.case);
}

#[test]
fn answers_that_change_are_said_to_change() {
    let does = format!(
        "{REPLY}; import random; g = {{'shape': x['shape'], 'data': [random.random() for v in x['data']]}}; print(json.dumps({{'output': y, 'gradients': {{'x': g}}}}), flush=True)"
    );
    let (why, _) = said(&does, &[]);
    assert!(why.contains("not deterministic"), "{why}");
}

#[test]
fn the_readme_has_both_subjects_as_they_are() {
    let readme = include_str!("../../README.md");
    for text in [
        include_str!("../subjects/conv2d.py"),
        include_str!("../subjects/linear.c"),
    ] {
        assert!(readme.contains(text.trim_end()), "{text}");
    }
}

/// The op-case in the README is one that agrees.
#[test]
fn the_readmes_case_agrees() {
    let readme = include_str!("../../README.md");
    let at = readme.find("{\"op\": \"conv2d\",").expect("a case");
    let text = readme[at..].split("```").next().expect("in a block");
    let case = gradproof::interchange::OpCase::from_json(text).expect("it can be read");
    let entry = gradproof::interchange::Entry {
        line: None,
        case: Ok(case),
    };
    let row = gradproof::check::verify("README.md", 0, &entry);
    assert_eq!(
        row.outcome,
        gradproof::report::verify::CaseOutcome::Agree,
        "{row:?}"
    );
}
