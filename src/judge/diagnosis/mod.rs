//! What a wrong gradient looks like: the right tensor under one of a list of transformations.

// What is known, and what a transformation predicts.
mod entry_loss;
mod evidence;
mod hypothesis;
mod join;
mod kind;
mod terms;
mod window;

// The transformations: of any tensor, then of each layer, loss and penalty.
mod activation;
mod adaptive_pool;
mod class_weights;
mod conv2d;
mod conv_transpose2d;
mod factor;
mod function;
mod linear;
mod loss;
mod mask;
mod normalization;
mod penalty;
mod pool;
mod rearranged;
mod resize;
mod smooth;
mod softmax;

// What is no transformation.
mod accumulated;
mod positions;
mod precision;

mod array;
mod diagnose;

pub use array::{WrongArray, diagnose_array};
pub use diagnose::{Diagnosis, diagnose};
pub use evidence::Evidence;
pub use kind::{Axis, BugKind, Factor, Format};
pub use positions::{Along, Differences, Ratio};
