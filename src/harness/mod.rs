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
mod data;
mod deep;
mod describe;
mod fit;
pub mod fuzz;
mod loss;
pub mod mutant;
mod network;
mod operator;
mod persistence;
pub mod power;
mod process;
pub mod random;
pub mod strategy;
mod subject;

pub use deep::{DeepNetworkCase, Weights};
pub use loss::LossCase;
pub use network::NetworkCase;
pub use operator::OperatorCase;
pub use persistence::{REGRESSIONS, config, config_in};
pub use process::{Process, ProcessError, TIMEOUT, op_case};
pub use random::{RandomCase, Replay, Trial};
pub use subject::{Answer, Asked, Request, Subject, SubjectError};
