//! Tokens: data in one word, versioned and with a checksum.
//!
//! `gpVERSION.PAYLOAD.CHECKSUM`, the payload being deflated JSON in base64, the checksum CRC-32.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// What every token begins with.
pub const MARK: &str = "gp";

/// The version of a check's token: a [`Case`](super::case::Case).
pub const CHECK: u32 = 1;

/// The version of the token of a random case: an operator, a network or a function of a harness.
pub const RANDOM: u32 = 2;

/// The largest token in JSON; one that unpacks to more is damaged.
const MOST_BYTES: u64 = 1 << 20;

/// Why a token cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It does not look like one.
    #[error(
        "'{0}' is no replay token: a token looks like gp{CHECK}.….…, and is the last word of a report"
    )]
    NotAToken(String),
    /// It is from before the first version.
    #[error(
        "this token is of version {found}, which is too old: the oldest that there has been is {CHECK}; copy it again, whole"
    )]
    TooOld {
        /// The token's version.
        found: u32,
    },
    /// It is of a version to come.
    #[error(
        "this token is of version {found}, which is too new: this gradproof reads up to version {RANDOM}; update gradproof, or use the one that wrote it"
    )]
    TooNew {
        /// The token's version.
        found: u32,
    },
    /// It is of another thing than was asked for.
    #[error(
        "this is the token of {found}, and {wanted} is wanted here: copy the one from the report that you mean"
    )]
    OfAnother {
        /// What it is of.
        found: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// It has been changed or cut.
    #[error("this token is damaged ({0}): copy it again, whole")]
    Damaged(String),
}

/// Pack `content` into a token of `version`.
///
/// # Panics
/// When `content` is no JSON, as with maps whose keys are no strings.
#[must_use]
pub fn pack<T: Serialize>(version: u32, content: &T) -> String {
    let json = serde_json::to_vec(content).expect("string keys and finite numbers only");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).expect("writing into memory");
    let packed = encoder.finish().expect("writing into memory");
    let payload = URL_SAFE_NO_PAD.encode(packed);
    format!(
        "{MARK}{version}.{payload}.{:08x}",
        crc32fast::hash(payload.as_bytes())
    )
}

/// A token whose checksum is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Its version: [`CHECK`] or [`RANDOM`].
    pub version: u32,
    json: Vec<u8>,
}

/// Unpack a token.
///
/// # Errors
/// [`TokenError`], when it is none, of an unknown version, or damaged.
pub fn unpack(token: &str) -> Result<Unpacked, TokenError> {
    let token = token.trim();
    let not_a_token = || TokenError::NotAToken(shortened(token));
    let (head, rest) = token.split_once('.').ok_or_else(not_a_token)?;
    let version: u32 = head
        .strip_prefix(MARK)
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(not_a_token)?;
    match version {
        CHECK | RANDOM => {}
        found if found < CHECK => return Err(TokenError::TooOld { found }),
        found => return Err(TokenError::TooNew { found }),
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
    Ok(Unpacked { version, json })
}

impl Unpacked {
    /// What was packed.
    ///
    /// # Errors
    /// [`TokenError::Damaged`], when it is something else.
    pub fn content<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        serde_json::from_slice(&self.json).map_err(|error| TokenError::Damaged(error.to_string()))
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

    #[test]
    fn too_old_and_too_new_are_told_apart() {
        for (version, error) in [
            (0, TokenError::TooOld { found: 0 }),
            (3, TokenError::TooNew { found: 3 }),
            (u32::MAX, TokenError::TooNew { found: u32::MAX }),
        ] {
            assert_eq!(unpack(&pack(version, &"x")), Err(error), "{version}");
        }
        for nothing in ["lenet5", "gp", "gp.x.y", "gp+1.x.y", "gp99999999999.x.y"] {
            assert!(
                matches!(unpack(nothing), Err(TokenError::NotAToken(_))),
                "{nothing}"
            );
        }
    }
}
