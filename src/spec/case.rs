//! All that a check's result depends on, and its one-line token.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::scalar::Format;

use super::files::Files;
use super::token::{self, TokenError};
use super::{NetworkSpec, PenaltySpec};

/// A check, repeatable to the byte: network, seed, precision, and how to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The network.
    pub spec: NetworkSpec,
    /// Seed of parameters, samples, chosen coordinates and perturbations.
    pub seed: u64,
    /// The arithmetic of the gradient under test.
    pub precision: Precision,
    /// Samples in the batch.
    pub samples: usize,
    /// Steps of plain gradient descent before the check.
    pub train_steps: usize,
    /// Regularisation, judged apart from the data loss and together with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<PenaltySpec>,
    /// How far central differences step.
    pub step: Step,
    /// Which parameters are checked.
    pub coordinates: Selection,
    /// Who takes part.
    pub sources: Vec<SourceName>,
    /// Which derivatives are checked.
    #[serde(default, skip_serializing_if = "Order::is_first")]
    pub order: Order,
    /// Parameters and a gradient under test that come from files.
    #[serde(default, skip_serializing_if = "Files::is_empty")]
    pub files: Files,
}

/// Which derivatives are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The gradient.
    #[default]
    First,
    /// The gradient, and its derivative along random directions.
    Second,
}

impl Order {
    fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// The arithmetic of the gradient under test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Double precision.
    #[default]
    F64,
    /// Single precision: the gradient under test is computed in it, the references in `f64` at the same
    /// numbers.
    F32,
}

impl Precision {
    /// Every one, the default first.
    pub const ALL: [Self; 2] = [Self::F64, Self::F32];

    /// That of this format.
    #[must_use]
    pub fn of(format: Format) -> Self {
        match format {
            Format::F64 => Self::F64,
            Format::F32 => Self::F32,
        }
    }

    /// Its format.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::F64 => Format::F64,
            Self::F32 => Format::F32,
        }
    }
}

/// How far a central difference steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A ladder of powers of two, scaled to the coordinate, of which the error estimate chooses.
    #[default]
    Auto,
    /// The same step for every coordinate.
    Fixed(f64),
}

/// Which parameters are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// Every one.
    #[default]
    All,
    /// Every one where that takes little, and of large networks every tensor by random-sign projections.
    Auto,
    /// A seeded sample of this many, spread over all tensors.
    Sample(usize),
}

/// With [`Selection::Auto`] every parameter is checked on its own as long as a forward pass for each of
/// them is so many multiply-adds at most.
pub const MOST_ONE_BY_ONE: u64 = 100_000_000_000;

/// One of the ways to a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourceName {
    /// Hand-written backpropagation: the gradient under test.
    Backprop,
    /// Forward mode by num-dual.
    Dual,
    /// Reverse mode by dfdx.
    Reverse,
    /// Central differences.
    Central,
    /// A gradient that another program computed, which is then under test instead of backpropagation's.
    Given,
}

impl SourceName {
    /// Every source that can be asked for, the gradient under test first.
    pub const ALL: [Self; 4] = [Self::Backprop, Self::Dual, Self::Reverse, Self::Central];

    /// Whether it is the gradient under test, and no reference.
    #[must_use]
    pub fn is_under_test(self) -> bool {
        matches!(self, Self::Backprop | Self::Given)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backprop => "backprop",
            Self::Dual => "dual",
            Self::Reverse => "reverse",
            Self::Central => "central",
            Self::Given => "given",
        })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F64 => f.write_str("f64"),
            Self::F32 => f.write_str("f32"),
        }
    }
}

impl Case {
    /// The case in one line: `gp1.PAYLOAD.CHECKSUM`, the payload being deflated JSON in base64.
    #[must_use]
    pub fn token(&self) -> String {
        token::pack(token::CHECK, self)
    }
}

impl FromStr for Case {
    type Err = TokenError;

    fn from_str(token: &str) -> Result<Self, TokenError> {
        let unpacked = token::unpack(token)?;
        if unpacked.version != token::CHECK {
            return Err(TokenError::OfAnother {
                found: "a random case",
                wanted: "that of a check",
            });
        }
        unpacked.content()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::preset::preset;

    fn case() -> Case {
        Case {
            spec: preset("lenet5").expect("a preset"),
            seed: u64::MAX,
            precision: Precision::F64,
            samples: 4,
            train_steps: 0,
            penalty: Some(PenaltySpec::L2 { strength: 0.1 }),
            step: Step::Fixed(1e-3),
            coordinates: Selection::Sample(100),
            sources: SourceName::ALL.to_vec(),
            order: Order::First,
            files: Files::default(),
        }
    }

    #[test]
    fn a_token_is_one_word_and_reads_back() {
        for precision in Precision::ALL {
            let case = Case {
                precision,
                ..case()
            };
            let token = case.token();
            assert!(token.chars().all(|c| c.is_ascii_graphic()), "{token}");
            assert_eq!(token.parse(), Ok(case), "{token}");
        }
    }

    #[test]
    fn a_token_from_before_there_were_orders_is_read_and_is_of_the_first() {
        let second = Case {
            order: Order::Second,
            ..case()
        };
        assert_eq!(second.token().parse(), Ok(second));
        let json = serde_json::to_string(&case()).expect("a case is JSON");
        assert!(
            !json.contains("order") && !json.contains("files"),
            "the token stays what it was: {json}"
        );
    }

    #[test]
    fn a_token_from_before_there_was_auto_is_read_and_auto_has_its_own() {
        let auto = Case {
            coordinates: Selection::Auto,
            ..case()
        };
        assert_eq!(auto.token().parse(), Ok(auto));
        for (selection, json) in [
            (Selection::All, r#""all""#),
            (Selection::Auto, r#""auto""#),
            (Selection::Sample(7), r#"{"sample":7}"#),
        ] {
            assert_eq!(serde_json::from_str(json).ok(), Some(selection), "{json}");
        }
    }

    #[test]
    fn every_single_changed_or_missing_character_is_noticed() {
        let token = case().token();
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).expect("ASCII");
            assert!(other.parse::<Case>().is_err(), "changed at {at}: {other}");
            assert!(token[..at].parse::<Case>().is_err(), "cut at {at}");
        }
    }
}
