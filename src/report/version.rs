//! A report's version, which is looked at before all else.

use serde::de::{Deserialize, Deserializer, Error};

/// A version up to `NEWEST`; of a newer one, what to do.
pub(super) fn up_to<'de, D: Deserializer<'de>, const NEWEST: u32>(
    deserializer: D,
) -> Result<u32, D::Error> {
    let version = u32::deserialize(deserializer)?;
    match refusal(version.into(), NEWEST) {
        None => Ok(version),
        Some(why) => Err(D::Error::custom(why)),
    }
}

/// Why a report of this version cannot be read by who reads up to `newest`.
pub(super) fn refusal(version: u64, newest: u32) -> Option<String> {
    if version == 0 {
        Some("there is no version 0 of a report".to_owned())
    } else if version > newest.into() {
        Some(format!(
            "the report is of version {version}, and this gradproof reads up to version {newest}: read it with the gradproof that wrote it, or a newer one"
        ))
    } else {
        None
    }
}
