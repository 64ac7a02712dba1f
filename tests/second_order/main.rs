//! The second order: every way to a Hessian-vector product against the others and against
//! double-double.
//!
//! `PROPTEST_CASES` says how many random cases each property is tried on; failures are kept in
//! `proptest-regressions/`.

mod properties;
