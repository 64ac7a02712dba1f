//! Which source is the odd one out.

mod grouping;
mod sentence;
mod verdict;

pub use grouping::Grouping;
pub use verdict::{Blame, Culprit, Undecided, ValueGroup, Witness, blame};
