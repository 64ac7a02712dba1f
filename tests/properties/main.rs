//! Properties that hold for every convolution, pooling, linear layer and small network.
//!
//! `PROPTEST_CASES` says how many random cases each is tried on; failures are kept in
//! `proptest-regressions/`.

mod adjoint;
mod agreement;
mod batch;
mod changes;
mod crossing;
mod exact;
mod names;
mod persistence;

use gradproof::harness::config;
use gradproof::tensor::Tensor;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

type Outcome = Result<(), TestCaseError>;

/// Try `property` on random cases; `name` is that of the file that keeps its failures.
fn hold<S: Strategy>(name: &str, cases: S, property: impl Fn(S::Value) -> Outcome) {
    run(config(name), name, cases, property);
}

/// The same on `by_default` cases when `PROPTEST_CASES` does not say: for what takes longer.
fn hold_few<S: Strategy>(
    name: &str,
    by_default: u32,
    cases: S,
    property: impl Fn(S::Value) -> Outcome,
) {
    let mut config = config(name);
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = by_default;
    }
    run(config, name, cases, property);
}

fn run<S: Strategy>(config: Config, name: &str, cases: S, property: impl Fn(S::Value) -> Outcome) {
    if let Err(failure) = TestRunner::new(config).run(&cases, property) {
        panic!("{name}: {failure}");
    }
}

/// An operator's or a network's problem; a case whose shapes do not fit is a failure of its strategy.
fn made<T, E: std::fmt::Display>(problem: Result<T, E>) -> Result<T, TestCaseError> {
    problem.map_err(|error| TestCaseError::fail(error.to_string()))
}

/// The bits of every entry: equality of which tells -0 from 0, and NaN from nothing.
fn bits(tensor: &Tensor<f64>) -> Vec<u64> {
    tensor.iter().map(|value| value.to_bits()).collect()
}
