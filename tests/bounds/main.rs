//! No error exceeds its bound, and no bound is much larger than it has to be.
//!
//! The truth is the same formula in double-double, on the branches that the point takes in `f64`.
//! `PROPTEST_CASES` says how many random networks each property is tried on.

mod named;
mod properties;
mod tally;
