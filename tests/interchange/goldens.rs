//! PyTorch's published cases as somebody's dump: all agree, and no planted fault does.

use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use gradproof::interchange::{Array, Entry, OpCase, read_cases};
use gradproof::judge::diagnosis::BugKind;
use gradproof::report::verify::{CaseOutcome, VerifyReport};

use super::judged;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pytorch.json");

/// Cases of the file.
const CASES: usize = 284;

fn cases() -> Vec<OpCase> {
    let entries = read_cases(Path::new(FILE)).expect("the file is there");
    let case = |entry: Entry| entry.case.expect("each case can be read");
    entries.into_iter().map(case).collect()
}

/// The same cases in every form that a file may have.
fn forms(folder: &Path) -> Vec<PathBuf> {
    let cases = cases();
    let lines: String = cases.iter().map(|case| case.to_line() + "\n").collect();
    let list: Vec<String> = cases.iter().map(OpCase::to_line).collect();
    let list = format!("[{}]", list.join(",\n"));
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a temporary file");
        path
    };
    let compressed = |name: &str, text: &str| {
        let path = folder.join(name);
        let file = std::fs::File::create(&path).expect("a temporary file");
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(text.as_bytes()).expect("written");
        encoder.finish().expect("written");
        path
    };
    vec![
        write("cases.jsonl", &lines),
        write("list.json", &list),
        compressed("cases.jsonl.gz", &lines),
        compressed(
            "whole.json.gz",
            &std::fs::read_to_string(FILE).expect("there"),
        ),
    ]
}

#[test]
fn every_published_case_agrees_in_every_form_of_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut files = vec![PathBuf::from(FILE)];
    files.extend(forms(folder.path()));
    for file in files {
        let out = Command::cargo_bin("gradproof")
            .expect("the program")
            .args(["verify", "--format", "json"])
            .arg(&file)
            .assert()
            .code(0);
        let report: VerifyReport =
            serde_json::from_slice(&out.get_output().stdout).expect("a report");
        assert_eq!(report.counts.agree, CASES, "{}", file.display());
        assert_eq!(report.cases.len(), CASES, "{}", file.display());
        for (index, row) in report.cases.iter().enumerate() {
            assert_eq!(row.index, index, "in the file's order");
            assert!(row.untold.is_empty(), "{row:?}");
            let all = row.tensors.iter().all(|tensor| tensor.worst.is_some());
            assert!(all, "each tensor has its closest entry: {row:?}");
        }
    }
}

/// An array with each number changed.
fn changed(array: &Array, change: impl Fn(usize, f64) -> f64) -> Array {
    let mut tensor = array.tensor("changed").expect("as many as its shape says");
    for (index, value) in tensor.iter_mut().enumerate() {
        *value = change(index, *value);
    }
    Array::from(&tensor)
}

fn largest(array: &Array) -> f64 {
    let tensor = array.tensor("largest").expect("as many as its shape says");
    tensor
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// A change of the largest entry by a hundred-millionth, and of every sign, in each gradient of each case.
#[test]
fn a_fault_in_any_gradient_of_any_case_is_seen_and_laid_to_that_gradient() {
    let mut faults = 0;
    let mut signs = (0, 0);
    for (number, case) in cases().into_iter().enumerate() {
        let gradients = case.gradients.clone().expect("each case has them");
        for (name, gradient) in &gradients {
            let size = largest(gradient);
            // PyTorch's own rounding where everything cancels is no gradient to change.
            if size < 1e-6 {
                continue;
            }
            let at = gradient
                .tensor(name)
                .expect("read before")
                .iter()
                .position(|value| value.abs() >= size)
                .expect("the largest");
            let slightly = changed(gradient, |index, value| {
                if index == at {
                    value * (1.0 + 1e-8)
                } else {
                    value
                }
            });
            let negated = changed(gradient, |_, value| -value);
            for (is_sign, wrong) in [(false, slightly), (true, negated)] {
                let mut gradients = gradients.clone();
                gradients.insert(name.clone(), wrong);
                let row = judged(&OpCase {
                    gradients: Some(gradients),
                    ..case.clone()
                });
                let what = format!("case {number}, {} {name}", case.op);
                assert_eq!(row.outcome, CaseOutcome::Disagree, "{what}: {row:?}");
                for tensor in &row.tensors {
                    let is_own = tensor.name == *name;
                    assert_eq!(
                        tensor.outcome == CaseOutcome::Disagree,
                        is_own,
                        "{what}: {tensor:?}"
                    );
                }
                let tensor = row.tensors.iter().find(|tensor| tensor.name == *name);
                let tensor = tensor.expect("it is told");
                if is_sign {
                    signs.0 += 1;
                    signs.1 += usize::from(tensor.kind == Some(BugKind::Sign));
                } else {
                    assert_eq!(tensor.wrong, 1, "{what}");
                    let worst = tensor.worst.as_ref().expect("the wrong entry");
                    let mut index = at;
                    let mut places = Vec::new();
                    for extent in gradient.shape.iter().rev() {
                        places.push((index % extent).to_string());
                        index /= extent;
                    }
                    places.reverse();
                    let expected = format!("{name}[{}]", places.join(","));
                    assert_eq!(worst.coordinate, expected, "{what}");
                }
                faults += 1;
            }
        }
    }
    assert!(faults > 700, "{faults} faults");
    // Tensors of one or two entries can look like several things.
    assert!(signs.1 * 10 > signs.0 * 7, "{signs:?} signs named");
}

#[test]
fn a_wrong_output_is_seen_before_its_gradients() {
    let mut wrong = 0;
    for case in cases() {
        let output = case.output.clone().expect("each case has one");
        if largest(&output) < 1e-6 {
            continue;
        }
        let off = changed(
            &output,
            |index, value| {
                if index == 0 { value + 0.5 } else { value }
            },
        );
        let row = judged(&OpCase {
            output: Some(off),
            ..case.clone()
        });
        assert_eq!(row.outcome, CaseOutcome::Disagree, "{row:?}");
        match (&row.output, &row.loss) {
            (Some(output), _) => assert_eq!(output.wrong, 1, "{row:?}"),
            (None, Some(loss)) => assert!(!loss.agrees, "{row:?}"),
            (None, None) => panic!("an output was told: {row:?}"),
        }
        assert!(row.sentence.contains("forward"), "{}", row.sentence);
        wrong += 1;
    }
    assert!(wrong > 270, "{wrong} outputs");
}

/// Judged by what `f32` can hold, PyTorch's numbers rounded to it agree.
#[test]
fn numbers_of_f32_are_judged_by_its_own_bounds() {
    use gradproof::spec::case::Precision;
    let mut agree = 0;
    for case in cases() {
        if !matches!(case.op.as_str(), "conv2d" | "linear" | "tanh" | "mse") {
            continue;
        }
        let single = OpCase {
            precision: Some(Precision::F32),
            ..case.clone()
        };
        let row = judged(&single);
        assert_eq!(row.outcome, CaseOutcome::Agree, "{row:?}");
        agree += 1;
        let slightly = |array: &Array| changed(array, |_, value| value * (1.0 + 1e-3));
        let gradients = single.gradients.clone().expect("each case has them");
        let gradients = gradients
            .iter()
            .map(|(name, array)| (name.clone(), slightly(array)));
        let row = judged(&OpCase {
            gradients: Some(gradients.collect()),
            ..single
        });
        assert_eq!(row.outcome, CaseOutcome::Disagree, "{row:?}");
    }
    assert!(agree > 50, "{agree} cases");
}
