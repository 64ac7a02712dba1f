//! From numbers to a verdict.

pub mod diagnosis;
pub mod metrics;
pub mod number;
pub mod verdict;

pub use metrics::{Metrics, matching_digits, relative_error};
pub use number::Number;
pub use verdict::{Reference, Side, Unobservable, Unresolved, Verdict, judge};
