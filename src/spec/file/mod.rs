//! Network files: TOML, with errors that point at line, column and key.
//!
//! Serde forgets positions inside of a tagged enum, and a layer is one. So the parsed file is walked
//! first, key by key: serde's own derives say which names there are and what a value has to be, the
//! parser says where each stands.

mod error;
mod locate;
mod names;
mod node;
mod read;

pub use error::SpecError;
pub use names::{attributes, loss_attributes, losses, operators};

pub(super) use locate::planned;
pub(super) use read::read;
