//! What a user's Rust tests call: functions, layers, operators and models of somebody else.

mod operators;
