//! Double-double arithmetic: a number is the sum of two `f64`, about 106 bits or 31 digits.
//!
//! The same code run in it tells rounding from a wrong formula: where two derivatives differ in
//! `f64` by rounding alone, they agree here.

mod arithmetic;
mod display;
mod error_function;
mod functions;

pub use arithmetic::DoubleDouble;
