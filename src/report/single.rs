//! What is particular to a gradient in `f32`.

use serde::{Deserialize, Serialize};

use super::{Number, Spread};

/// The branches on which a gradient in `f32` was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SinglePart {
    /// Units that take another branch in `f32` than in `f64`.
    pub turned: usize,
    /// Those of them that are further from their kink than rounding reaches: the forward pass in `f32`
    /// is another one.
    pub beyond: usize,
    /// Coordinates that agree with the references on `f32`'s branches, and not on `f64`'s.
    pub carried: usize,
    /// Some of the units, those beyond first.
    pub units: Vec<TurnedRow>,
}

/// A unit that takes another branch in `f32` than in `f64`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TurnedRow {
    /// The unit's name.
    pub unit: String,
    /// How far it is from its kink in `f64`.
    pub margin: Number,
    /// How far rounding in `f32` may move it.
    pub bound: Number,
}

/// The decimal digits of one tensor's derivatives in `f32`, of those that are not 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigitsRow {
    /// How many derivatives are sure of 0, 1, 2, … whole digits, by the error bound that rounding in
    /// `f32` has at each.
    pub allowed: Vec<usize>,
    /// How many match the reference with the tightest bound to 0, 1, 2, … whole digits.
    pub got: Vec<usize>,
    /// The digits that the worst and the median one got; `None` when all are 0.
    pub spread: Option<Spread>,
    /// Where the fewest were got.
    pub fewest: Option<String>,
    /// Derivatives that were judged on `f32`'s branches, being others than `f64`'s.
    pub carried: usize,
    /// Derivatives at which an error of 1 % is sure to be seen.
    pub one_percent: usize,
}
