//! The op-case file: one operator with its inputs, and what somebody computed for it, in JSON that a
//! program in any language can write.
//!
//! ```json
//! {"op": "conv2d",
//!  "attrs": {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1},
//!  "inputs": {"x": {"shape": [1, 1, 2, 2], "data": [1, 2, 3, 4]},
//!             "weight": {"shape": [1, 1, 1, 1], "data": [3]},
//!             "bias": {"shape": [1], "data": [0]}},
//!  "cotangent": {"shape": [1, 1, 2, 2], "data": [1, -1, 1, 1]},
//!  "output": {"shape": [1, 1, 2, 2], "data": [3, 6, 9, 12]},
//!  "gradients": {"x": {"shape": [1, 1, 2, 2], "data": [3, -3, 3, 3]},
//!                "weight": {"shape": [1, 1, 1, 1], "data": [6]},
//!                "bias": {"shape": [1], "data": [2]}}}
//! ```
//!
//! The objective is Σ cotangent·output. Data is row-major, images are NCHW, weights of convolutions OIHW,
//! and of transposed ones IOHW. Attributes have PyTorch's names, and its defaults when left out. A loss
//! has its `target` among the attributes, and a single number as output and cotangent. A request is a
//! case without output and gradients; [`Reply`] is what comes back. `precision` is `f64`, or `f32` for
//! numbers computed in single precision.

mod array;
mod attributes;
mod case;
mod error;
mod files;
mod loss;
pub mod number;
mod problem;
mod tokens;

pub use array::Array;
pub use case::{Answer, OpCase, Reply};
pub use error::CaseError;
pub use files::{Entry, FileError, read_cases};
pub use problem::{NETWORK, Posed, Told, own_name};
