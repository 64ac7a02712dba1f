//! Failures are kept, and tried again first.

use std::cell::RefCell;

use gradproof::harness::{OperatorCase, REGRESSIONS, config, config_in, strategy};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

/// Try the false claim that no convolution has a stride of 2 or more; the cases tried, in order.
fn refute(config: ProptestConfig) -> Vec<OperatorCase> {
    let tried = RefCell::new(Vec::new());
    let outcome = TestRunner::new(config).run(&strategy::conv2d(), |case| {
        let problem = case.problem().expect("strategies draw shapes that fit");
        let stride = match &problem.network.layers()[0].layer {
            gradproof::layer::Layer::Conv2d(conv) => conv.window.stride,
            other => panic!("{other:?} from a strategy of convolutions"),
        };
        tried.borrow_mut().push(case);
        prop_assert_eq!(stride, [1, 1]);
        Ok(())
    });
    assert!(outcome.is_err(), "the claim is false");
    tried.into_inner()
}

#[test]
fn a_failure_is_written_read_and_tried_first() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let first = refute(config_in(directory.path(), "false_claim"));

    let file = directory.path().join("false_claim.txt");
    let text = std::fs::read_to_string(&file).expect("the failure has been written");
    let seeds: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("cc "))
        .collect();
    assert_eq!(seeds.len(), 1, "{text}");
    assert!(seeds[0].contains("# shrinks to OperatorCase"), "{text}");

    let second = refute(config_in(directory.path(), "false_claim"));
    let strides = |case: &OperatorCase| case.to_string().contains("stride");
    let failed = first.iter().position(strides).expect("a case failed");
    assert_eq!(second[0], first[failed], "the kept failure comes first");
    let text = std::fs::read_to_string(&file).expect("the file is still there");
    let seeds = text.lines().filter(|line| line.starts_with("cc "));
    assert_eq!(
        seeds.count(),
        1,
        "a kept failure is not written again: {text}"
    );
}

#[test]
fn failures_go_to_the_top_level() {
    let expected = FileFailurePersistence::Direct("proptest-regressions/adjoint_conv2d.txt");
    let persistence = config("adjoint_conv2d").failure_persistence;
    let persistence = persistence.expect("failures are kept");
    assert_eq!(
        persistence.as_any().downcast_ref(),
        Some(&expected),
        "tests run in the directory of Cargo.toml"
    );
    assert!(
        std::path::Path::new(REGRESSIONS)
            .join("README.md")
            .is_file(),
        "{REGRESSIONS} is beside Cargo.toml"
    );
}
