//! Random cases in large numbers, of our own backprop and of somebody's programs.

#![cfg(feature = "cli")]

mod kept;
mod programs;
mod replayed;
mod runs;
mod shards;

use std::path::Path;

use assert_cmd::Command;
use gradproof::report::fuzz::FuzzReport;

/// What a run of the program wrote and how it ended.
struct Ran {
    out: String,
    err: String,
    code: i32,
}

/// Run the program in the folder `folder`.
fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::cargo_bin("gradproof")
        .expect("the program")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it runs");
    Ran {
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().expect("it was not killed"),
    }
}

/// Its report of random cases.
#[track_caller]
fn fuzzed(folder: &Path, arguments: &[&str]) -> (FuzzReport, i32) {
    let arguments = [&["fuzz"], arguments, &["--format", "json"]].concat();
    let ran = run(folder, &arguments);
    let report = serde_json::from_str(&ran.out);
    (
        report.unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err)),
        ran.code,
    )
}

/// The published subject in Python, with `from` replaced by `to`, in `folder`; the command that runs it.
fn python(folder: &Path, from: &str, to: &str) -> String {
    let text = include_str!("../subjects/conv2d.py");
    assert!(text.contains(from), "{from}");
    let path = folder.join("subject.py");
    std::fs::write(&path, text.replace(from, to)).expect("a temporary file");
    "python3 -SE subject.py".to_owned()
}
