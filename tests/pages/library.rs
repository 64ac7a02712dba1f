//! `GRADPROOF_REPORT=DIR cargo test`: a failing assertion of a user's test leaves its page in DIR.

use std::process::Command;

use gradproof::check::{Silent, check};
use gradproof::harness::{Answer, OperatorTest, assert_gradient, failure_message};

use crate::support::pages::case;

/// Names the assertion that this test, started once more, is to fail with.
const FAILS_WITH: &str = "GRADPROOF_TEST_FAILS_WITH";

fn a_wrong_gradient() {
    let f = |x: &[f64]| x[0] * x[0];
    assert_gradient(f, |x| vec![x[0]], &[1.5]);
}

fn a_wrong_operator() {
    let test = OperatorTest::new("tanh").cases(20).keep_nothing();
    test.assert(|request| {
        let y = request["x"].mapv(f64::tanh);
        let dx = request.cotangent() * (1.0 - &y);
        Ok(Answer::new(y).with("x", dx))
    });
}

fn a_check_of_ones_own() {
    let report = check(&case("mlp"), &Silent).expect("a preset").report;
    panic!("{}", failure_message(&report));
}

#[test]
fn a_failing_assertion_leaves_its_page() {
    match std::env::var(FAILS_WITH).as_deref() {
        Ok("a_wrong_gradient") => return a_wrong_gradient(),
        Ok("a_wrong_operator") => return a_wrong_operator(),
        Ok("a_check_of_ones_own") => return a_check_of_ones_own(),
        _ => (),
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages");
    for (test, words) in [
        ("a_wrong_gradient", "differences of the function"),
        ("a_wrong_operator", "Every weight"),
        ("a_check_of_ones_own", "fc1.weight"),
    ] {
        let run = |folder: &str| {
            let tests = std::env::current_exe().expect("these tests");
            let output = Command::new(tests)
                .args(["--exact", "--nocapture"])
                .arg("pages::library::a_failing_assertion_leaves_its_page")
                .env(FAILS_WITH, test)
                .env("GRADPROOF_REPORT", folder)
                .output();
            let output = output.expect("it runs");
            assert!(!output.status.success(), "{test} fails");
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        let said = run(&pages.display().to_string());
        let page = said.lines().find_map(|line| line.strip_prefix("Page: "));
        let page = std::fs::read_to_string(page.expect(&said)).expect("there");
        assert!(page.contains(words), "{test}: {words}");
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        assert!(
            !run("").contains("Page: "),
            "an empty name asks for nothing"
        );
        let nowhere = run("/dev/null/pages");
        assert!(
            nowhere.contains("GRADPROOF_REPORT: cannot write /dev/null/pages"),
            "{nowhere}"
        );
    }
    let pages = std::fs::read_dir(&pages).expect("a folder").count();
    assert_eq!(pages, 3, "one a test");
}
