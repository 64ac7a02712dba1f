//! From numbers to a verdict.

pub mod metrics;
pub mod verdict;

pub use metrics::{Metrics, matching_digits, relative_error};
pub use verdict::{Reference, Verdict, judge};
