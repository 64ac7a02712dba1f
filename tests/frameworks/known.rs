//! What is known to be wrong.

use gradproof::harness::Request;

/// Something that a sweep has found.
pub(crate) struct Known {
    /// What is wrong.
    pub(crate) what: &'static str,
    /// Whether a request is concerned.
    pub(crate) is: fn(&Request<'_>) -> bool,
}
