//! Other libraries' operators, swept over random shapes: what is known to be wrong is found again, and
//! nothing else is found.

mod known;
mod sweep;

#[cfg(feature = "burn")]
mod burn;
#[cfg(feature = "candle")]
mod candle;
mod dfdx;
