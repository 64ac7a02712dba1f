//! Other libraries' tensors under test: a closure over them, differentiated by their own backward, is a
//! [`Subject`](crate::harness::Subject).
//!
//! - [`dfdx`] is always there; [`candle`](https://crates.io/crates/candle-core) and
//!   [`burn`](https://crates.io/crates/burn) stand behind features of their names.
//! - `subject` makes one of a closure, which gets their tensors by name and returns what it computes.
//! - `operators` is one ready-made: it answers for every operator, loss and network that the library has,
//!   by the library's own operators and none of ours, and says of the rest that it has none.

mod composed;

#[cfg(feature = "burn")]
pub mod burn;
#[cfg(feature = "candle")]
pub mod candle;
pub mod dfdx;
