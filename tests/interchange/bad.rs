//! Bad cases: what is wrong, and the way out.

use std::path::Path;

use gradproof::interchange::read_cases;
use gradproof::report::verify::CaseOutcome;

use super::{case, judged};

const GOOD: &str = r#"{"op": "conv2d", "attrs": {"stride": [1, 1], "groups": 1},
    "inputs": {"x": {"shape": [1, 1, 1, 2], "data": [1, 2]},
               "weight": {"shape": [1, 1, 1, 1], "data": [3]}},
    "cotangent": {"shape": [1, 1, 1, 2], "data": [1, -1]},
    "output": {"shape": [1, 1, 1, 2], "data": [3, 6]},
    "gradients": {"x": {"shape": [1, 1, 1, 2], "data": [3, -3]},
                  "weight": {"shape": [1, 1, 1, 1], "data": [-1]}}}"#;

#[test]
fn every_slip_is_named_with_what_is_expected() {
    assert_eq!(judged(&case(GOOD)).outcome, CaseOutcome::Agree);
    for (from, to, words) in [
        ("\"conv2d\"", "\"conv2\"", &["conv2", "conv2d"][..]),
        ("\"stride\"", "\"strid\"", &["strid", "stride"]),
        ("[1, 1], \"groups\"", "[1, 1, 1], \"groups\"", &["pair"]),
        ("\"groups\": 1", "\"groups\": 2", &["groups"]),
        ("\"groups\": 1", "\"groups\": 0", &["groups"]),
        (
            "\"groups\": 1",
            "\"groups\": 1, \"kernel\": 2",
            &["kernel", "[1,1]"],
        ),
        (
            "\"stride\": [1, 1]",
            "\"stride\": 18446744073709551615",
            &["too large"],
        ),
        (
            "\"x\": {\"shape\": [1, 1, 1, 2], \"data\": [1, 2]}",
            "\"x\": {\"shape\": [1, 1, 1, 2], \"data\": [1]}",
            &["x has 1 numbers", "[1, 1, 1, 2]"],
        ),
        (
            "\"data\": [1, 2]}",
            "\"data\": [1, NaN]}",
            &["x[0,0,0,1]", "finite"],
        ),
        (
            "\"x\": {\"shape\": [1, 1, 1, 2], \"data\": [1, 2]}",
            "\"y\": {\"shape\": [1], \"data\": [1]}",
            &["no input 'x'"],
        ),
        (
            "\"weight\": {\"shape\": [1, 1, 1, 1], \"data\": [3]}",
            "\"weight\": {\"shape\": [1, 1, 1], \"data\": [3]}",
            &["[1, 1, 1]", "4 axes"],
        ),
        (
            "\"weight\": {\"shape\": [1, 1, 1, 1], \"data\": [3]}",
            "\"weight\": {\"shape\": [1, 2, 1, 1], \"data\": [3, 3]}",
            &["weight", "[1, 2, 1, 1]", "[1, 1, 1, 1]"],
        ),
        (
            "\"weight\": {\"shape\": [1, 1, 1, 1], \"data\": [3]}",
            "\"weight\": {\"shape\": [1, 1, 1, 1], \"data\": [3]}, \"bais\": {\"shape\": [1], \"data\": [0]}",
            &["bais"],
        ),
        (
            "\"cotangent\": {\"shape\": [1, 1, 1, 2], \"data\": [1, -1]},",
            "",
            &["cotangent"],
        ),
        (
            "\"cotangent\": {\"shape\": [1, 1, 1, 2]",
            "\"cotangent\": {\"shape\": [1, 1, 2, 1]",
            &["cotangent", "[1, 1, 2, 1]", "[1, 1, 1, 2]"],
        ),
        (
            "\"output\": {\"shape\": [1, 1, 1, 2]",
            "\"output\": {\"shape\": [2, 1, 1, 1]",
            &["output", "[2, 1, 1, 1]"],
        ),
        (
            "\"gradients\": {\"x\"",
            "\"gradients\": {\"w\"",
            &["gradient 'w'", "x, weight"],
        ),
        (
            "\"shape\": [1, 1, 1, 2], \"data\": [3, -3]",
            "\"shape\": [2], \"data\": [3, -3]",
            &["gradient of x", "[2]"],
        ),
        (
            "\"x\": {\"shape\": [1, 1, 1, 2], \"data\": [1, 2]}",
            "\"x\": {\"shape\": [1, 1, 0, 2], \"data\": []}",
            &["0"],
        ),
        (
            "\"x\": {\"shape\": [1, 1, 1, 2], \"data\": [1, 2]}",
            "\"x\": {\"shape\": [], \"data\": [1]}",
            &["input"],
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let row = judged(&case(&GOOD.replacen(from, to, 1)));
        let is_refused = matches!(row.outcome, CaseOutcome::Invalid | CaseOutcome::Unsupported);
        assert!(is_refused, "{to}: {row:?}");
        for word in words {
            assert!(row.sentence.contains(word), "'{word}' in: {}", row.sentence);
        }
    }
}

#[test]
fn gradients_that_are_not_told_are_listed_and_none_at_all_is_an_error() {
    let without = GOOD.replace(
        ",\n                  \"weight\": {\"shape\": [1, 1, 1, 1], \"data\": [-1]}}}",
        "}}",
    );
    let row = judged(&case(&without));
    assert_eq!(row.outcome, CaseOutcome::Agree, "{row:?}");
    assert_eq!(row.untold, ["weight"]);
    let at = GOOD.find("\"gradients\"").expect("above");
    for none in ["\"gradients\": {}}", "\"precision\": \"f64\"}"] {
        let row = judged(&case(&format!("{}{none}", &GOOD[..at])));
        assert_eq!(row.outcome, CaseOutcome::Invalid, "{row:?}");
        assert!(row.sentence.contains("gradients"), "{}", row.sentence);
    }
}

#[test]
fn files_that_hold_no_cases_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content, words) in [
        ("empty.json", &b""[..], "EOF"),
        ("words.json", b"hello\nworld\n", "no JSON"),
        ("none.json", b"{\"cases\": []}", "no case"),
        ("other.json", b"{\"weights\": [1, 2]}", "op-case file"),
        ("half.json", b"{\"cases\": [{\"op\": \"re", "EOF"),
        ("binary.json", b"\xff\xfe\x00", "UTF-8"),
        ("damaged.json.gz", b"\x1f\x8b\x08\x00abcdef", "cannot read"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("a temporary file");
        let error = read_cases(&path).expect_err(name).to_string();
        assert!(error.contains(name), "{error}");
        assert!(error.contains(words), "'{words}' in: {error}");
    }
    let error = read_cases(Path::new("nowhere.json")).expect_err("no file");
    assert!(error.to_string().contains("nowhere.json"), "{error}");
}

/// A line that cannot be read spoils no other.
#[test]
fn a_bad_line_is_named_and_the_others_are_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cases.jsonl");
    let good = GOOD.replace('\n', " ");
    std::fs::write(&path, format!("{good}\n\nnonsense\n{good}\n")).expect("a temporary file");
    let entries = read_cases(&path).expect("two of three lines are cases");
    let lines: Vec<Option<usize>> = entries.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [Some(1), Some(3), Some(4)]);
    let is_good: Vec<bool> = entries.iter().map(|entry| entry.case.is_ok()).collect();
    assert_eq!(is_good, [true, false, true]);
}
