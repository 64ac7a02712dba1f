#![doc = include_str!("../README.md")]

#[cfg(feature = "proptest")]
pub mod harness;
pub mod layer;
pub mod loss;
pub mod network;
pub mod penalty;
pub mod rng;
pub mod scalar;
pub mod source;
pub mod spec;
pub mod tensor;
