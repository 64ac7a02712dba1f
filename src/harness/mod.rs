//! Random cases for property tests: shapes drawn by proptest, data made from a seed.
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
pub use persistence::{REGRESSIONS, config, config_in};
pub use process::{Process, ProcessError, TIMEOUT, op_case};
pub use random::{RandomCase, Replay, Trial};
pub use replay::{assert_replay, assert_replay_of};
pub use subject::{Answer, Asked, Request, Subject, SubjectError};

pub use crate::source::Formula;

// So that one dev-dependency is enough, and its arrays are ours.
pub use ndarray;
