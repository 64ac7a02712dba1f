#![doc = include_str!("../README.md")]

// The modules in flow order, each of which uses only what stands before it; tests/layering.rs holds that.

// Numbers: depend on nothing of ours.
pub mod scalar;

pub mod tensor;

pub mod rng;

// What to check, as data.
pub mod spec;

// What a network is made of.
pub mod layer;

pub mod change;

pub mod loss;

pub mod data;

pub mod penalty;

pub mod network;

// The same in files, that other programs write and read.
pub mod interchange;

// The ways to one gradient, and the verdict on them.
pub mod source;

pub mod judge;

pub mod report;

// Use: the driver, random cases, the program.
pub mod check;

#[cfg(feature = "proptest")]
pub mod harness;

#[cfg(feature = "proptest")]
pub mod adapter;

#[cfg(feature = "cli")]
pub mod cli;
