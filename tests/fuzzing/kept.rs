//! Failures are kept, tried first, and survive whatever happens to the program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use gradproof::harness::fuzz::{Kept, entries};
use gradproof::report::Outcome;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence, PersistedSeed};

use super::{fuzzed, python, run};

/// The kernel's gradient takes the last contribution alone.
const OVERWRITTEN: (&str, &str) = ("dw[at_w] += r", "dw[at_w] = r");

const ARGUMENTS: [&str; 5] = ["conv2d", "--cases", "40", "--seed", "1"];

#[test]
fn a_failure_is_made_small_kept_and_tried_first_until_it_is_mended() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = OVERWRITTEN;
    let subject = python(folder.path(), from, to);
    let arguments = [&ARGUMENTS[..], &["--subject", &subject]].concat();
    let (first, code) = fuzzed(folder.path(), &arguments);
    assert_eq!(
        (first.outcome, code),
        (Outcome::Wrong, 1),
        "{}",
        first.sentence
    );
    let failure = first.failure.expect("it fails");
    assert!(failure.shrinks.smaller > 0, "{failure:?}");
    assert!(failure.case.len() <= failure.drawn.len(), "{failure:?}");
    assert!(
        failure.test.contains("assert_replay_of"),
        "{}",
        failure.test
    );

    let file = folder.path().join("proptest-regressions/fuzz-conv2d.txt");
    let text = std::fs::read_to_string(&file).expect("it is kept");
    assert!(
        text.contains(&failure.token) && text.starts_with('#'),
        "{text}"
    );

    // It comes first, and fails again with the same token and no new case.
    let (again, code) = fuzzed(folder.path(), &arguments);
    assert_eq!(
        (again.kept, again.cases, code),
        (1, 0, 1),
        "{}",
        again.sentence
    );
    assert_eq!(again.failure.expect("it fails again").token, failure.token);
    assert_eq!(
        std::fs::read_to_string(&file).expect("still there"),
        text,
        "kept once"
    );

    // Mended, it passes, and new cases follow.
    python(folder.path(), from, from);
    let (mended, code) = fuzzed(folder.path(), &arguments);
    assert_eq!(
        (mended.kept, mended.cases, code),
        (1, 40, 0),
        "{}",
        mended.sentence
    );
}

/// proptest reads the seed of the same line.
#[test]
fn proptest_reads_what_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let subject = python(folder.path(), OVERWRITTEN.0, OVERWRITTEN.1);
    let arguments = [&ARGUMENTS[..], &["--subject", &subject]].concat();
    let (report, _) = fuzzed(folder.path(), &arguments);
    let failure = report.failure.expect("it fails");
    let file = folder.path().join("proptest-regressions/fuzz-conv2d.txt");
    let path: &'static str = Box::leak(file.display().to_string().into_boxed_str());
    let persistence = FileFailurePersistence::Direct(path);
    let seeds: Vec<PersistedSeed> = persistence.load_persisted_failures2(None);
    assert_eq!(seeds.len(), 1, "one seed");
    let line = failure.seed_line.expect("a new failure has a seed");
    assert_eq!(format!("cc {}", seeds[0]), line);
}

#[test]
fn a_damaged_line_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let directory = folder.path().join("proptest-regressions");
    std::fs::create_dir(&directory).expect("a folder");
    let file = directory.join("fuzz-relu.txt");
    let text = "# a comment\ncc 12 # gp2.AAAA.00000000 shrinks to nothing\n";
    std::fs::write(&file, text).expect("written");
    let ran = run(
        folder.path(),
        &["fuzz", "relu", "--cases", "3", "--seed", "1"],
    );
    assert_eq!(ran.code, 2, "{}", ran.out);
    for words in ["fuzz-relu.txt", "line 2", "damaged"] {
        assert!(ran.err.contains(words), "'{words}' in: {}", ran.err);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("there"), text);
}

/// Killed at any moment, the program leaves a file that can be read, with all that was in it before.
#[test]
fn a_kill_leaves_every_earlier_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let regressions = folder.path().join("proptest-regressions");
    let mut earlier = Vec::new();
    let mut killed = 0;
    for round in 0..25_u64 {
        // Every seed has another smallest failure, since the answer fails by a seed of its own.
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("gradproof"))
            .args(["fuzz", "relu", "--cases", "5", "--jobs", "1"])
            .args(["--seed", &round.to_string(), "--subject", "false"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(3 * (round % 13)));
        killed += usize::from(child.kill().is_ok());
        child.wait().expect("it ends");
        earlier = held(&regressions, &earlier);
    }
    assert!(killed > 0, "{killed} kills");
    // One that is left alone keeps its failure beside whatever there was.
    let (report, _) = fuzzed(
        folder.path(),
        &["tanh", "--cases", "5", "--seed", "1", "--subject", "false"],
    );
    assert!(report.failure.expect("it fails").file.is_some());
    held(&regressions, &earlier);
}

/// The lines of the file, which can be read, and begin with `earlier`.
fn held(regressions: &Path, earlier: &[String]) -> Vec<String> {
    let kept = Kept::in_directory(regressions, "relu");
    let Ok(text) = std::fs::read_to_string(kept.path()) else {
        assert!(earlier.is_empty(), "the file is gone");
        return Vec::new();
    };
    entries(&text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(text.ends_with('\n'), "a whole last line: {text}");
    assert_eq!(lines.get(..earlier.len()), Some(earlier), "{text}");
    lines
}
