//! From numbers to a verdict.

pub mod blame;
pub mod diagnosis;
pub mod function;
pub mod law;
pub mod locate;
pub mod metrics;
pub mod number;
pub mod verdict;
pub mod words;

pub use blame::{Blame, Culprit, Grouping, Undecided, ValueGroup, Witness, blame};
pub use function::{Claim, ClaimError, Outcome, check_gradient, judge_claims};
pub use law::{Fit, LadderGap, Law, Segment};
pub use locate::{FaultyTensor, LayerFault, Locator, Place, Seen, locate, locate_forward};
pub use metrics::{Metrics, matching_digits, relative_error};
pub use number::Number;
pub use verdict::{Reference, Side, Unobservable, Unresolved, Verdict, judge};
