//! Every number on the way to the verdict on one coordinate.

use serde::{Deserialize, Serialize};

use crate::spec::case::SourceName;

use super::Number;
use super::sweep::Switched;

/// Version of this report's format.
pub const VERSION: u32 = 1;

/// How one coordinate was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// The network or operator.
    pub network: String,
    /// The coordinate's name.
    pub coordinate: String,
    /// Its value w.
    pub at: Number,
    /// The smallest step h that central differences rest on; `None` when they found none.
    pub step: Option<Number>,
    /// What lies under that step.
    pub ground: String,
    /// w − h, w and w + h.
    pub places: Vec<PlaceRow>,
    /// The slopes over this one step.
    pub slopes: Option<SlopesRow>,
    /// The nearest kink: how far from w, and whose.
    pub kink: Option<(Number, String)>,
    /// What every source says, the gradient under test first.
    pub sources: Vec<AccountRow>,
    /// How far roundings of one unit spread this derivative of our backprop.
    pub spread: Number,
    /// The verdict, in words.
    pub verdict: String,
    /// The token that repeats the case.
    pub replay: String,
}

/// The objective at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceRow {
    /// The coordinate's value there.
    pub at: Number,
    /// The objective.
    pub value: Number,
    /// The units that take another branch than at w.
    pub switched: Switched,
}

/// Difference quotients over one step, each with the bound on its rounding error alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlopesRow {
    /// (L(w + h) − L(w − h))/2h.
    pub central: (Number, Number),
    /// (L(w + h) − L(w))/h.
    pub forward: (Number, Number),
    /// (L(w) − L(w − h))/h.
    pub backward: (Number, Number),
}

/// What one source says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountRow {
    /// Who.
    pub source: SourceName,
    /// The derivative.
    pub value: Number,
    /// The bound on its error.
    pub error: Number,
    /// Its distance from the gradient under test.
    pub gap: Number,
    /// The sum of both bounds, which allows that distance.
    pub bound: Number,
    /// Whether it can say anything here.
    pub judges: bool,
}
