//! What a wrong gradient looks like.

mod kind;

pub use kind::{Axis, BugKind, Factor, Format};
