//! All that a check's result depends on, and its one-line token.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::scalar::Format;

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
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// Every one.
    #[default]
    All,
    /// A seeded sample of this many, spread over all tensors.
    Sample(usize),
}

/// One of the ways to a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
}

impl SourceName {
    /// Every source, the gradient under test first.
    pub const ALL: [Self; 4] = [Self::Backprop, Self::Dual, Self::Reverse, Self::Central];
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backprop => "backprop",
            Self::Dual => "dual",
            Self::Reverse => "reverse",
            Self::Central => "central",
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

/// What every token of this version begins with.
const MARK: &str = "gp";

/// The token format that this program writes, and the only one that there has been.
const VERSION: u32 = 1;

/// The largest case in JSON; a token that unpacks to more is damaged.
const MOST_BYTES: u64 = 1 << 20;

/// Why a token cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It does not look like one.
    #[error(
        "'{0}' is no replay token: a token looks like gp{VERSION}.….…, and is the last word of a report"
    )]
    NotAToken(String),
    /// It is of another version.
    #[error(
        "this token is of version {found}, and this gradproof reads version {VERSION}: use the gradproof that wrote it"
    )]
    Version {
        /// The token's version.
        found: u32,
    },
    /// It has been changed or cut.
    #[error("this token is damaged ({0}): copy it again, whole")]
    Damaged(String),
}

impl Case {
    /// The case in one line: `gp1.PAYLOAD.CHECKSUM`, the payload being deflated JSON in base64.
    #[must_use]
    pub fn token(&self) -> String {
        let json =
            serde_json::to_vec(self).expect("a case has string keys and finite numbers only");
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&json).expect("writing into memory");
        let packed = encoder.finish().expect("writing into memory");
        let payload = URL_SAFE_NO_PAD.encode(packed);
        format!(
            "{MARK}{VERSION}.{payload}.{:08x}",
            crc32fast::hash(payload.as_bytes())
        )
    }
}

impl FromStr for Case {
    type Err = TokenError;

    fn from_str(token: &str) -> Result<Self, TokenError> {
        let token = token.trim();
        let not_a_token = || TokenError::NotAToken(shortened(token));
        let (head, rest) = token.split_once('.').ok_or_else(not_a_token)?;
        let version: u32 = head
            .strip_prefix(MARK)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(not_a_token)?;
        if version != VERSION {
            return Err(TokenError::Version { found: version });
        }
        let damaged = |what: &dyn fmt::Display| TokenError::Damaged(what.to_string());
        let (payload, checksum) = rest
            .rsplit_once('.')
            .ok_or_else(|| damaged(&"its end is missing"))?;
        if checksum != format!("{:08x}", crc32fast::hash(payload.as_bytes())) {
            return Err(damaged(&"its checksum is wrong"));
        }
        let packed = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|error| damaged(&error))?;
        let mut json = Vec::new();
        let mut decoder = DeflateDecoder::new(packed.as_slice()).take(MOST_BYTES);
        decoder
            .read_to_end(&mut json)
            .map_err(|error| damaged(&error))?;
        serde_json::from_slice(&json).map_err(|error| damaged(&error))
    }
}

/// The beginning of what was given, for an error of one line.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let line: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > LONGEST {
        format!("{line}…")
    } else {
        line
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
            !json.contains("order"),
            "the token stays what it was: {json}"
        );
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

    #[test]
    fn another_version_is_told_from_damage() {
        let token = case().token().replacen("gp1", "gp7", 1);
        assert_eq!(
            token.parse::<Case>(),
            Err(TokenError::Version { found: 7 }),
            "{token}"
        );
        assert!(
            matches!("lenet5".parse::<Case>(), Err(TokenError::NotAToken(_))),
            "no token at all"
        );
    }
}
