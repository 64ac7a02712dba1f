#![doc = include_str!("../README.md")]

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod data;
pub mod judge;
pub mod layer;
pub mod loss;
pub mod network;
pub mod penalty;
pub mod report;
pub mod rng;
pub mod scalar;
pub mod source;
pub mod spec;
pub mod tensor;
