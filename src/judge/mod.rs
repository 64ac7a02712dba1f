//! From numbers to a verdict.

pub mod law;
pub mod metrics;
pub mod number;
pub mod verdict;

pub use law::{Fit, LadderGap, Law, Segment};
pub use metrics::{Metrics, matching_digits, relative_error};
pub use number::Number;
pub use verdict::{Reference, Verdict, judge};
