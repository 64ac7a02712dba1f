//! Files of op-cases: JSON, JSON lines, and either of them compressed by gzip.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{CaseError, OpCase, tokens};

/// The largest file that is read, uncompressed.
const MOST_BYTES: u64 = 1 << 31;

/// How a gzip file begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a file of cases cannot be read.
#[derive(Debug, Error)]
pub enum FileError {
    /// It is not there, or damaged.
    #[error("cannot read {path}: {error}; name a file of op-cases that exists and can be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is too large.
    #[error("{path} is larger than {MOST_BYTES} bytes, uncompressed: split it")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It holds no cases.
    #[error("{path}: {what}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what is expected.
        what: String,
    },
}

/// A case of a file, or why it is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The line that it stands on, from 1, in a file of JSON lines.
    pub line: Option<usize>,
    /// The case.
    pub case: Result<OpCase, CaseError>,
}

/// Every case of the file at `path`: of an object with `cases`, of a list of cases, of a single case, or
/// of lines with a case each, as its content says. Compressed files are told by their content too.
///
/// # Errors
/// [`FileError`]; what is wrong with one case alone stands in its [`Entry`].
pub fn read_cases(path: &Path) -> Result<Vec<Entry>, FileError> {
    let content = |what: String| FileError::Content {
        path: path.to_owned(),
        what,
    };
    let text = text_of(path)?;
    let text = tokens::quoted(&text);
    let entries = cases_of(&text).map_err(content)?;
    if entries.is_empty() {
        return Err(content(
            "it holds no case: nothing would be judged".to_owned(),
        ));
    }
    Ok(entries)
}

fn text_of(path: &Path) -> Result<String, FileError> {
    let failed = |error| FileError::Read {
        path: path.to_owned(),
        error,
    };
    let mut start = Vec::new();
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    (&mut file)
        .take(2)
        .read_to_end(&mut start)
        .map_err(failed)?;
    let is_compressed = start == GZIP;
    let whole = io::Cursor::new(start).chain(file);
    let reader: Box<dyn Read> = if is_compressed {
        Box::new(MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    };
    let mut bytes = Vec::new();
    reader
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        failed(io::Error::other(format!(
            "it is not UTF-8 at byte {}",
            error.utf8_error().valid_up_to()
        )))
    })
}

/// The cases that `text` holds, or why it holds none.
fn cases_of(text: &str) -> Result<Vec<Entry>, String> {
    #[derive(Deserialize)]
    struct Cases<'a> {
        #[serde(borrow)]
        cases: Vec<&'a RawValue>,
    }
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    let lines: Vec<(usize, &str)> = (1..)
        .zip(trimmed.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    let is_json = |text: &str| serde_json::from_str::<&RawValue>(text).is_ok();
    // A single case may stand on one line as well as on many.
    if lines.len() > 1 && !is_json(trimmed) {
        if lines.iter().all(|(_, line)| !is_json(line)) {
            let error = serde_json::from_str::<&RawValue>(trimmed).err();
            let why = error.map_or(String::new(), |error| error.to_string());
            return Err(format!("it is no JSON ({why}), and no JSON lines either"));
        }
        let entry = |(line, text): (usize, &str)| Entry {
            line: Some(line),
            case: OpCase::from_json(text),
        };
        return Ok(lines.into_iter().map(entry).collect());
    }
    let raw: Vec<&RawValue> = if trimmed.starts_with('[') {
        serde_json::from_str(trimmed).map_err(|error| error.to_string())?
    } else {
        match serde_json::from_str::<Cases<'_>>(trimmed) {
            Ok(file) => file.cases,
            Err(error) => {
                let single: &RawValue =
                    serde_json::from_str(trimmed).map_err(|error| error.to_string())?;
                if !trimmed.contains("\"op\"") {
                    return Err(format!(
                        "{error}; an op-case file is an object with 'cases', a list of cases, a case, or a case a line"
                    ));
                }
                vec![single]
            }
        }
    };
    let entry = |raw: &RawValue| Entry {
        line: None,
        case: OpCase::from_json(raw.get()),
    };
    Ok(raw.into_iter().map(entry).collect())
}
