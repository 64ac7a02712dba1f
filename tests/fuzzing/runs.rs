//! Seeds, threads, outcomes, and ends before the time.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gradproof::report::Outcome;

use super::{fuzzed, run};

#[test]
fn the_number_of_jobs_does_not_change_a_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let of = |jobs: &str| {
        let arguments = [
            "fuzz", "all", "--cases", "80", "--seed", "7", "--jobs", jobs, "--format", "json",
        ];
        run(folder.path(), &arguments).out
    };
    let one = of("1");
    assert!(one.contains("\"cases\": 80"), "{one}");
    assert_eq!(one, of("2"));
    assert_eq!(one, of("5"));
    assert!(
        !folder.path().join("proptest-regressions").exists(),
        "nothing to keep"
    );
}

#[test]
fn a_seed_is_drawn_and_told_and_gives_the_same_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = run(folder.path(), &["fuzz", "relu", "--cases", "5"]);
    let seed = first.err.split("--seed ").nth(1).expect("it is told");
    let seed = seed.split(')').next().expect("in brackets");
    let again = run(
        folder.path(),
        &["fuzz", "relu", "--cases", "5", "--seed", seed],
    );
    assert_eq!(first.out, again.out, "{}", first.err);
    assert_eq!(again.code, 0);
}

#[test]
fn an_end_by_time_counts_what_was_tried() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (report, code) = fuzzed(folder.path(), &["conv2d", "--time", "300ms", "--seed", "1"]);
    assert_eq!(code, 0, "{}", report.sentence);
    assert!(
        report.cases > 0 && report.outcomes.total() == report.cases,
        "{report:?}"
    );
    // With two ends the first counts, whichever it is.
    let both = [
        "conv2d", "--time", "300ms", "--cases", "100000", "--seed", "1", "--jobs", "3",
    ];
    let (report, code) = fuzzed(folder.path(), &both);
    assert_eq!(code, 0, "{}", report.sentence);
    assert!(
        report.cases > 0 && report.cases < 100_000,
        "{}",
        report.sentence
    );
}

#[test]
fn bad_options_are_named_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, words) in [
        (&["conv9d"][..], &["conv9d", "conv2d"][..]),
        (&["--cases", "0"], &["--cases 0"]),
        (&["--jobs", "0"], &["--jobs 0"]),
        (&["--time", "soon"], &["60s"]),
        (&["--time", "0s"], &["60s"]),
        (&["--timeout", "5s"], &["--subject"]),
        (&["--shard", "1/2"], &["--output"]),
        (&["--shard", "3/2", "--output", "x.json"], &["3/2", "2/8"]),
        (&["--shard", "1/2", "--output", "x.json"], &["--seed"]),
        (
            &["--subject", "no-such-program"],
            &["no-such-program", "PATH"],
        ),
        (&["--subject", "''"], &["cannot be started"]),
        (&["--subject", ""], &["empty"]),
        (&["--subject", "python 'x"], &["quote"]),
    ] {
        let ran = run(folder.path(), &[&["fuzz"], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {} {}", ran.out, ran.err);
        for word in words {
            assert!(ran.err.contains(word), "'{word}' in: {}", ran.err);
        }
    }
}

/// The first signal asks for what there is so far.
#[test]
fn an_interruption_tells_what_was_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("gradproof"))
        .args([
            "fuzz", "all", "--time", "10m", "--seed", "1", "--format", "json",
        ])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_secs(2));
    let start = Instant::now();
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("there is a kill");
    assert!(killed.success());
    let status = child.wait().expect("it ends");
    assert!(start.elapsed() < Duration::from_secs(60), "it ends soon");
    let report: gradproof::report::fuzz::FuzzReport =
        serde_json::from_reader(child.stdout.take().expect("piped")).expect("a whole report");
    assert!(report.interrupted, "{report:?}");
    assert_eq!(report.outcome, Outcome::Unjudged);
    assert_eq!(status.code(), Some(3), "{}", report.sentence);
    assert!(
        report.sentence.contains("Interrupted after"),
        "{}",
        report.sentence
    );
}
