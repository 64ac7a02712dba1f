//! For tests in Rust: a function, a layer, an operator or a whole model of yours, checked in a few lines.
//!
//! | you have | you call | it is held against |
//! |---|---|---|
//! | a function and its gradient, as closures | [`assert_gradient`] | differences of the function |
//! | a function for any [`Scalar`](crate::scalar::Scalar), and its gradient | [`assert_formula`] | dual numbers too, with measured rounding bounds |
//! | a layer with a backward by hand | [`assert_layer`] | differences of its own forward |
//! | an operator that gradproof knows, such as conv2d | [`assert_operator`] | gradproof's reference, over random shapes |
//! | a model with named parameters | [`assert_model`] | differences of its loss |
//!
//! Each of them has a `check_…` beside it that returns its report instead of panicking.
//!
//! # A function
//!
//! ```
//! # use gradproof::harness::assert_gradient;
//! let f = |x: &[f64]| (x[0] * x[1]).tanh();
//! let gradient = |x: &[f64]| {
//!     let slope = 1.0 - (x[0] * x[1]).tanh().powi(2);
//!     vec![slope * x[1], slope * x[0]]
//! };
//! assert_gradient(f, gradient, &[0.5, -1.25]);
//! ```
//!
//! There is no tolerance to choose: each derivative comes with the error bound of its differences, and at a
//! kink the claim has to lie between the slopes on both sides.
//!
//! # A layer
//!
//! Implement [`HandWritten`], in `f64` or `f32`, with state or without, and give [`assert_layer`] the
//! inputs. Forward is called many times, with one number moved, so a small input is best.
//!
//! ```
//! use gradproof::harness::{HandWritten, assert_layer, ndarray::ArrayD, random_array};
//!
//! struct Scale { factor: ArrayD<f32> }
//!
//! impl HandWritten<f32> for Scale {
//!     fn forward(&mut self, inputs: &[ArrayD<f32>]) -> ArrayD<f32> {
//!         &inputs[0] * &self.factor
//!     }
//!     fn backward(&mut self, inputs: &[ArrayD<f32>], dy: &ArrayD<f32>) -> Vec<ArrayD<f32>> {
//!         vec![dy * &self.factor, dy * &inputs[0]]
//!     }
//!     fn parameters(&mut self) -> Vec<(&'static str, &mut ArrayD<f32>)> {
//!         vec![("factor", &mut self.factor)]
//!     }
//! }
//!
//! let mut layer = Scale { factor: random_array(&[2, 3], 1) };
//! assert_layer(&mut layer, &[random_array(&[2, 3], 2)]);
//! ```
//!
//! # An operator
//!
//! A closure gets a [`Request`], which has the operator's attributes, its input `x`, its parameters and the
//! gradient of the output, and returns an [`Answer`]. The shapes come from [`strategy`]: stride, padding,
//! dilation, groups, ragged edges, ties, 1×1, batches of one. The first failure is made as small as it
//! goes, kept in `proptest-regressions/`, and tried first from then on.
//!
//! ```
//! use gradproof::harness::{Answer, assert_operator};
//!
//! assert_operator("sigmoid", |request| {
//!     let y = request["x"].mapv(|x| 1.0 / (1.0 + (-x).exp()));
//!     let dx = request.cotangent() * &y * (1.0 - &y);
//!     Ok(Answer::new(y).with("x", dx))
//! });
//! ```
//!
//! [`OperatorTest`] has the number of cases and their seed; [`Subject`] is for implementations that
//! compute in `f32`, or keep something between calls; and [`SubjectError::Unsupported`] is an answer too.
//!
//! # When it fails
//!
//! The message begins with what repeats it, a token for an operator. Then come the ten worst coordinates,
//! counts, who is to blame, where it is and what it looks like. `GRADPROOF_REPLAY=TOKEN cargo test` tries
//! that case alone, and [`assert_replay_of`] is the same as a test that stays. Panics of the code under
//! test are caught and told as its own, and so are answers that change from call to call.
//!
//! # Random cases of your own
//!
//! The strategies are [`proptest`]'s, and can be used with it: they draw shapes and a seed, and data is a
//! function of that seed and of the position alone, so that shapes shrink first.
//!
//! ```
//! use gradproof::harness::{config, strategy};
//! use proptest::test_runner::TestRunner;
//!
//! let mut config = config("doc");
//! # config.failure_persistence = None;
//! config.cases = 4;
//! TestRunner::new(config)
//!     .run(&strategy::conv2d(), |case| {
//!         let problem = case.problem().expect("strategies draw shapes that fit");
//!         let gradients = problem.backpropagate::<f64>(None);
//!         assert_eq!(gradients.input.shape(), case.input, "{case}");
//!         Ok(())
//!     })
//!     .unwrap();
//! ```

mod caught;
mod claims;
mod data;
mod deep;
mod describe;
pub mod explain;
mod fit;
mod float;
mod formula;
mod function;
pub mod fuzz;
mod hand_written;
mod layer_claims;
mod loss;
mod model;
pub mod mutant;
mod network;
mod operator;
mod operator_test;
mod page;
mod persistence;
pub mod power;
mod process;
pub mod random;
mod replay;
pub mod strategy;
mod subject;

pub use claims::{ClaimsError, Sampling};
pub use deep::{DeepNetworkCase, Weights};
pub use float::{Float, random_array};
pub use formula::{assert_formula, check_formula};
pub use function::{assert_gradient, check_gradient};
pub use hand_written::{HandWritten, assert_layer, check_layer};
pub use loss::LossCase;
pub use model::{Model, assert_model, check_model};
pub use network::NetworkCase;
pub use operator::OperatorCase;
pub use operator_test::{OperatorTest, assert_operator};
pub use page::failure_message;
pub use persistence::{REGRESSIONS, config, config_in};
pub use process::{Process, ProcessError, op_case};
pub use random::{RandomCase, Replay, Trial};
pub use replay::{assert_replay, assert_replay_of};
pub use subject::{Answer, Asked, Request, Subject, SubjectError};

pub use crate::source::Formula;

// So that one dev-dependency is enough, and its arrays are ours.
pub use ndarray;
