//! What is said of single coordinates.

use serde::{Deserialize, Serialize};

use crate::judge::diagnosis::Diagnosis;
use crate::judge::{Law, Number, Side, Unresolved};
use crate::spec::case::SourceName;

/// Coordinates that could not be judged for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnresolvedRow {
    /// Why.
    pub reason: Unresolved,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub example: String,
}

/// A coordinate without derivative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KinkRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The gradient under test.
    pub value: Number,
    /// The slope towards smaller values.
    pub left: Number,
    /// The slope towards larger values.
    pub right: Number,
    /// Whether the gradient lies between them, or between what the tied branches allow.
    pub side: Side,
    /// The units that change their branch there.
    pub units: Vec<String>,
    /// Which of the slopes the gradient follows.
    pub convention: String,
}

/// A coordinate at which a step that somebody chose crosses kinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrossedRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The step.
    pub step: Number,
    /// The gradient under test.
    pub value: Number,
    /// The central difference.
    pub central: Number,
    /// Digits in which both match.
    pub digits: f64,
    /// Kinks between the ends of the step.
    pub count: usize,
    /// Whether there are more: only the nearest are counted then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub are_more: bool,
    /// Some of them, those that move the difference most first.
    pub switches: Vec<Switch>,
    /// By how much those that are counted together move the difference, to first order.
    pub explained: Number,
}

/// A unit that switches between the ends of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Switch {
    /// The unit's name.
    pub unit: String,
    /// How far from the point.
    pub at: Number,
    /// By how much the slope changes there.
    pub slope_change: Number,
    /// By how much that moves the central difference, to first order.
    pub share: Number,
}

/// One derivative computed once more in double-double, where rounding plays no part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExtendedRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// Why it was computed again.
    pub reason: Reason,
    /// The derivative to 31 digits, by dual numbers.
    pub value: String,
    /// Digits in which the formula under test agrees with it; `None` when the formula runs in `f64` only.
    pub formula_digits: Option<f64>,
    /// Digits in which central differences agree with it; `None` at a kink.
    pub central_digits: Option<f64>,
    /// Digits in which the gradient in `f64` agrees with it.
    pub plain_digits: f64,
    /// By how much rounding is magnified: its relative error by the unit roundoff.
    pub condition: Number,
}

/// Why a derivative is computed in double-double.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It matches central differences in the fewest digits of all that agree.
    FewestDigits,
    /// The verdict in `f64` was open.
    Open,
}

/// One coordinate with what every source says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoordinateRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The derivative by each source, the gradient under test first.
    pub values: Vec<CoordinateValue>,
}

/// What one source says at one coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoordinateValue {
    /// Who.
    pub source: SourceName,
    /// The derivative.
    pub value: Number,
    /// The bound on its error.
    pub error: Number,
    /// Whether it differs from the gradient under test by more than both bounds.
    pub disagrees: bool,
}

/// What one wrong gradient of a culprit looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiagnosisRow {
    /// With respect to what: `conv2.weight`, "conv2's input".
    pub tensor: String,
    /// The culprit.
    pub layer: String,
    /// What it looks like.
    pub diagnosis: Diagnosis,
}

/// What the gap to central differences does over a ladder of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LawRow {
    /// The coordinate's name.
    pub coordinate: String,
    /// The law of the gradient under test.
    pub law: Law,
    /// What that means.
    pub sentence: String,
}
