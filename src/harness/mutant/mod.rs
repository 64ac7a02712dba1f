//! Faults that people make in a backward, to prove that a check can fail.
//!
//! They are switched on in a second hand-written backward, a naive one: one entry at a time, window
//! positions by signed arithmetic, no code in common with [`crate::layer`]. Without a fault it is
//! another right answer.
//!
//! ```
//! use gradproof::harness::mutant::{self, Mutant, Mutated};
//!
//! let fixture = &mutant::fixtures()[0];
//! let backprop = |mutant| Mutated { mutant, at: None }.backpropagate::<f64>(&fixture.problem, None);
//! let rotated = Mutant::named("conv2d.dk_rotated").unwrap();
//! let (right, wrong) = (backprop(None), backprop(Some(rotated)));
//! assert_eq!(right.input, wrong.input, "dx is left alone");
//! assert_eq!(right.parameters[0][[0, 0, 0, 0]], wrong.parameters[0][[0, 0, 2, 2]]);
//! ```

mod accumulation;
mod activation;
mod adaptive_pool;
mod backward;
mod catalogue;
mod conv1d;
mod conv2d;
mod conv_transpose2d;
mod detached;
mod entry_loss;
mod fixture;
mod function;
mod join;
mod linear;
mod loss;
mod mask;
mod nll;
mod normalization;
mod numbers;
mod penalty;
mod pooling;
mod resize;
mod source;
mod window;

pub use activation::{FlattenFault, ReluFault, SigmoidFault, TanhFault};
pub use adaptive_pool::AdaptiveAvgPool2dFault;
pub use catalogue::{Fault, Mutant};
pub use conv_transpose2d::ConvTranspose2dFault;
pub use conv2d::Conv2dFault;
pub use detached::{Detached, Kept};
pub use entry_loss::{AbsoluteErrorFault, BceWithLogitsFault, HuberFault};
pub use fixture::{Fixture, SCALES, fixtures};
pub use function::ActivationFault;
pub use join::{ConcatenationFault, ResidualFault};
pub use linear::LinearFault;
pub use loss::{CrossEntropyFault, SquaredErrorFault, WeightedSumFault};
pub use mask::{DropoutFault, PreluFault};
pub use nll::NllFault;
pub use normalization::NormalizationFault;
pub use numbers::NumbersFault;
pub use penalty::PenaltyFault;
pub use pooling::{AvgPool2dFault, MaxPool2dFault};
pub use resize::{UpsampleFault, ZeroPad2dFault};
pub use source::Mutated;
