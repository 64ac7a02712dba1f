//! Numbers in reports, finite or not.

use serde::{Deserialize, Serialize};

/// A number that JSON may not be able to hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "JsonNumber", into = "JsonNumber")]
pub struct Number(pub f64);

/// A finite number as it is, others by name: JSON has neither NaN nor infinity.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
enum JsonNumber {
    Finite(f64),
    Other(NonFinite),
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum NonFinite {
    NaN,
    Infinity,
    #[serde(rename = "-Infinity")]
    NegativeInfinity,
}

impl From<Number> for JsonNumber {
    fn from(Number(value): Number) -> Self {
        if value.is_finite() {
            Self::Finite(value)
        } else if value.is_nan() {
            Self::Other(NonFinite::NaN)
        } else if value > 0.0 {
            Self::Other(NonFinite::Infinity)
        } else {
            Self::Other(NonFinite::NegativeInfinity)
        }
    }
}

impl From<JsonNumber> for Number {
    fn from(number: JsonNumber) -> Self {
        Self(match number {
            JsonNumber::Finite(value) => value,
            JsonNumber::Other(NonFinite::NaN) => f64::NAN,
            JsonNumber::Other(NonFinite::Infinity) => f64::INFINITY,
            JsonNumber::Other(NonFinite::NegativeInfinity) => f64::NEG_INFINITY,
        })
    }
}
