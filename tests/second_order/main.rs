//! The second order: every way to a Hessian-vector product against the others and against
//! double-double, and faults that only the second order can see; and the Jacobian view.
//!
//! `PROPTEST_CASES` says how many random cases each property is tried on; failures are kept in
//! `proptest-regressions/`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

mod checks;
mod detached;
mod jacobian;
mod properties;

use gradproof::harness::NetworkCase;
use gradproof::harness::config;
use gradproof::source::Point;
use gradproof::spec::NetworkSpec;
use proptest::strategy::Strategy;
use proptest::test_runner::{TestCaseError, TestRunner};

type Outcome = Result<(), TestCaseError>;

/// Try `property` on random cases; `name` is that of the file that keeps its failures.
fn hold<S: Strategy>(name: &str, cases: S, property: impl Fn(S::Value) -> Outcome) {
    if let Err(failure) = TestRunner::new(config(name)).run(&cases, property) {
        panic!("{name}: {failure}");
    }
}

fn made<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::fail(error.to_string()))
}

/// The network of `toml` on two samples.
fn point(toml: &str) -> Point {
    let spec = NetworkSpec::from_toml(toml).unwrap();
    let case = NetworkCase {
        spec,
        batch: 2,
        seed: 1,
    };
    Point::new(case.problem().unwrap(), 1)
}
