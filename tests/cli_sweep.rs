//! `gradproof sweep` as its users meet it.

#![cfg(feature = "cli")]

use std::fs;

use assert_cmd::Command;
use gradproof::report::json;
use gradproof::report::sweep::SweepReport;
use tempfile::TempDir;

/// A run of the program: exit code, standard output, standard error.
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn sweep_with(threads: &str, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("gradproof").expect("the program is built with the tests");
    let output = command
        .arg("sweep")
        .args(arguments)
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .expect("it starts");
    Run {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

fn sweep(arguments: &[&str]) -> Run {
    sweep_with("2", arguments)
}

const LENET: [&str; 2] = ["lenet5", "conv1.weight[0,0,2,3]"];

#[test]
fn a_right_derivative_is_tabled_drawn_and_explained() {
    let run = sweep(&LENET);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for words in [
        "conv1.weight[0,0,2,3] = ",
        "backprop",
        "dual",
        "reverse",
        "rounding",
        "both logarithmic",
        "● backprop, dual and reverse together",
        "░ steps across a kink",
        "Yes: the derivative at",
    ] {
        assert!(run.out.contains(words), "'{words}' in: {}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "no escape sequences in a pipe");
    let widest = run.out.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?} columns: {}", run.out);
    assert_eq!(run.err, "", "nothing else is said");
}

#[test]
fn small_negative_slopes_fit_80_columns_too() {
    let run = sweep(&["mlp", "fc2.weight[1,2]"]);
    assert!(run.out.contains(" -"), "a negative slope: {}", run.out);
    let widest = run.out.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?} columns: {}", run.out);
}

#[test]
fn every_option_is_taken() {
    for options in [
        &["--seed", "7"][..],
        &["--samples", "2", "--train-steps", "3"],
        &["--penalty", "l2=0.001"],
        &["--penalty", "l1=0.01"],
    ] {
        let run = sweep(&[&LENET[..], options].concat());
        assert_eq!(run.code, 0, "{options:?}: {}{}", run.out, run.err);
        let usual = sweep(&LENET);
        assert_ne!(run.out, usual.out, "{options:?} changes something");
    }
}

#[test]
fn bad_coordinates_are_refused_with_the_way_out() {
    for (coordinate, words) in [
        (
            "conv1.wieght[0,0,0,0]",
            &["did you mean 'conv1.weight'?", "fc3.bias"][..],
        ),
        ("conv1.weight[0,0]", &["2 indices", "[6, 1, 5, 5]"]),
        (
            "conv1.weight[6,0,0,0]",
            &["[6, 1, 5, 5]", "index 0 is at most 5"],
        ),
        (
            "conv1.weight[0,0,0,0",
            &["brackets", "'conv1.weight[0,0,0,0]'"],
        ),
        ("conv1.weight", &["brackets"]),
        ("conv1.weight[-1,0,0,0]", &["brackets"]),
    ] {
        let run = sweep(&["lenet5", coordinate]);
        assert_eq!(run.code, 2, "{coordinate}: {}{}", run.out, run.err);
        assert_eq!(run.out, "", "{coordinate}");
        for word in words {
            assert!(run.err.contains(word), "'{word}' in: {}", run.err);
        }
    }
    let run = sweep(&["lenet5"]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("COORDINATE"), "{}", run.err);
    let run = sweep(&["lenet6", "conv1.bias[0]"]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("did you mean 'lenet5'?"), "{}", run.err);
}

#[test]
fn json_reads_back() {
    let run = sweep(&[&LENET[..], &["--format", "json", "--penalty", "l2=0.001"]].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let report: SweepReport = serde_json::from_str(&run.out).expect("a report");
    assert_eq!(json::render(&report), run.out, "the same bytes");
    assert_eq!(report.coordinate, LENET[1]);
    assert_eq!(report.sources.len(), 3);
    assert!(report.rungs.len() > 40, "{} steps", report.rungs.len());
}

#[test]
fn a_report_goes_to_a_file_whole() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("sweep.txt");
    let file = path.to_str().expect("a path in UTF-8");
    let run = sweep(&[&LENET[..], &["--output", file]].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.starts_with("Yes: the derivative at"), "{}", run.out);
    let written = fs::read_to_string(&path).expect("the report");
    assert_eq!(written, sweep(&LENET).out, "the same as on standard output");
    let nowhere = sweep(&[&LENET[..], &["--output", "/nowhere/at/all"]].concat());
    assert_eq!(nowhere.code, 2, "{}{}", nowhere.out, nowhere.err);
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    for format in ["text", "json"] {
        let arguments = [&LENET[..], &["--format", format]].concat();
        let one = sweep_with("1", &arguments);
        assert!(!one.out.is_empty(), "a report");
        assert_eq!(one.out, sweep_with("2", &arguments).out, "{format}");
    }
}
