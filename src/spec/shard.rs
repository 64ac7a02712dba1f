//! A share of a run that several processes do together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Share `number` of `of`, counted from 1, as it is written: `2/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: usize,
    of: usize,
}

/// Why a text is no share.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{0}' is no share of a run: write K/N with K from 1 to N, such as 2/8")]
pub struct ShardError(String);

impl Shard {
    /// Share `number`, from 1, of `of`; `None` when there is no such share.
    #[must_use]
    pub fn new(number: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self.number
    }

    /// How many shares there are.
    #[must_use]
    pub fn of(self) -> usize {
        self.of
    }

    /// Whether item number `index`, from 0, belongs to it: neighbours go to different shares, so that
    /// large ones are spread evenly.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        index % self.of == self.number - 1
    }

    /// The item that is number `own`, from 0, of this share; the largest number there is instead of one
    /// that is larger.
    #[must_use]
    pub fn item(self, own: usize) -> usize {
        own.saturating_mul(self.of).saturating_add(self.number - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        numbers
            .and_then(|(number, of)| Self::new(number, of))
            .ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_belongs_to_one_share() {
        for of in 1..=7 {
            for index in 0..50 {
                let owners: Vec<usize> = (1..=of)
                    .filter(|number| Shard::new(*number, of).is_some_and(|shard| shard.has(index)))
                    .collect();
                assert_eq!(owners.len(), 1, "{index} of {of}: {owners:?}");
            }
            for number in 1..=of {
                let shard = Shard::new(number, of).expect("a share");
                let own: Vec<usize> = (0..5).map(|own| shard.item(own)).collect();
                let found: Vec<usize> = (0..).filter(|index| shard.has(*index)).take(5).collect();
                assert_eq!(own, found, "{shard}");
            }
        }
    }

    #[test]
    fn shares_are_read_as_they_are_written_and_others_refused() {
        let shard: Shard = "2/8".parse().expect("a share");
        assert_eq!(shard.to_string(), "2/8");
        for bad in [
            "",
            "1",
            "0/3",
            "4/3",
            "1/0",
            "-1/2",
            "1/2/3",
            "a/b",
            "1/99999999999999999999",
        ] {
            let error = bad.parse::<Shard>().expect_err(bad).to_string();
            assert!(error.contains(bad) && error.contains("2/8"), "{error}");
        }
    }
}
