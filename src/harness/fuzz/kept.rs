//! Kept failures: lines that proptest and gradproof both read.
//!
//! `cc SEED # TOKEN shrinks to CASE`: proptest reads the seed, which its strategy gives a meaning;
//! the token is the smallest failing case whole, and outlives every strategy.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::harness::random::{Replay, Trial};
use crate::spec::case::Precision;
use crate::spec::token::{self, TokenError};

use super::draw::{DrawError, SEED_BYTES, Strategy};

/// The largest file of failures that is read.
const MOST_BYTES: u64 = 1 << 26;

/// What a new file begins with.
const HEADING: &str = "# Failures that gradproof has found: proptest's seed, gradproof's token, and the case.\n\
    # They are tried first. Keep this file under version control; 'gradproof replay FILE' repeats each.\n";

/// Why failures cannot be read or kept.
#[derive(Debug, Error)]
pub enum KeptError {
    /// The file cannot be read.
    #[error(
        "cannot read the kept failures in {path}: {error}; make the file readable, or name another directory with --regressions"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file cannot be written.
    #[error(
        "cannot keep the failure in {path}: {error}; its token is {token}, keep that yourself, or name another directory with --regressions"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// What would have been kept.
        token: String,
    },
    /// A line cannot be read.
    #[error("{path}, line {line}: {error}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        error: TokenError,
    },
}

/// A file of failures.
#[derive(Clone, Debug)]
pub struct Kept {
    path: PathBuf,
}

/// One line of a file of failures that has something to repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What its token repeats.
    pub replay: Option<Replay>,
    /// The seed that proptest reads.
    pub seed: Option<[u8; SEED_BYTES]>,
}

impl std::fmt::Display for Line {
    /// What it repeats, without what is said of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(seed) = &self.seed {
            f.write_str(&seed_line(seed))?;
        }
        match &self.replay {
            Some(replay) => write!(f, " {}", replay.token()),
            None => Ok(()),
        }
    }
}

impl Line {
    /// The random case that it repeats: that of its token, or else what `strategy` draws from its seed;
    /// `None` when it is of something else.
    ///
    /// # Errors
    /// The strategy's.
    pub fn trial(
        &self,
        strategy: &Strategy,
        precision: Precision,
    ) -> Result<Option<Trial>, DrawError> {
        match (&self.replay, &self.seed) {
            (Some(Replay::Trial(trial)), _) => Ok(Some(trial.as_ref().clone())),
            (Some(_), _) | (None, None) => Ok(None),
            (None, Some(seed)) => Ok(Some(Trial {
                case: strategy.tree(seed)?.current(),
                precision,
            })),
        }
    }
}

impl Kept {
    /// The failures of the strategy `name` in `directory`.
    #[must_use]
    pub fn in_directory(directory: &Path, name: &str) -> Self {
        Self {
            path: directory.join(format!("fuzz-{name}.txt")),
        }
    }

    /// The failures in the file `path`.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; nothing when there is no such file.
    ///
    /// # Errors
    /// [`KeptError`], when it cannot be read, or a line of it is damaged.
    pub fn read(&self) -> Result<Vec<Line>, KeptError> {
        match text_of(&self.path) {
            Ok(text) => entries(&text).map_err(|(line, error)| KeptError::Line {
                path: self.path.clone(),
                line,
                error,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(KeptError::Read {
                path: self.path.clone(),
                error,
            }),
        }
    }

    /// Add a failure, unless its token is there already. The file is replaced whole, or not at all.
    ///
    /// # Errors
    /// [`KeptError::Write`].
    pub fn add(&self, seed_line: &str, token: &str, case: &str) -> Result<(), KeptError> {
        self.write(seed_line, token, case)
            .map_err(|error| KeptError::Write {
                path: self.path.clone(),
                error,
                token: token.to_owned(),
            })
    }

    fn write(&self, seed_line: &str, token: &str, case: &str) -> io::Result<()> {
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(directory)?;
        // Two runs at once must not lose each other's failures; where a directory cannot be locked,
        // the last of them wins.
        let lock = File::open(directory).ok();
        if let Some(lock) = &lock {
            let _ = lock.lock();
        }
        let mut text = match text_of(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => HEADING.to_owned(),
            Err(error) => return Err(error),
        };
        if text.contains(token) {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text += &format!("{seed_line} # {token} shrinks to {case}\n");
        let mut file = tempfile::Builder::new()
            .prefix(".gradproof-")
            .tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        return Err(io::Error::other(format!(
            "it is larger than {MOST_BYTES} bytes"
        )));
    }
    Ok(text)
}

/// Every line of `text` that has a token or a seed.
///
/// # Errors
/// The number of the first line whose token is damaged, and how.
pub fn entries(text: &str) -> Result<Vec<Line>, (usize, TokenError)> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let token = line.split_whitespace().find(|word| is_token(word));
        let replay = token.map(str::parse).transpose();
        let replay = replay.map_err(|error| (number, error))?;
        let seed = seed_of(line);
        if replay.is_some() || seed.is_some() {
            lines.push(Line {
                number,
                replay,
                seed,
            });
        }
    }
    Ok(lines)
}

/// Whether a word means to be a token.
fn is_token(word: &str) -> bool {
    let digits = word
        .strip_prefix(token::MARK)
        .and_then(|rest| rest.split_once('.'))
        .map(|(digits, _)| digits);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// As proptest writes the seed of its ChaCha generator.
pub(super) fn seed_line(seed: &[u8; SEED_BYTES]) -> String {
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("cc {hex}")
}

fn seed_of(line: &str) -> Option<[u8; SEED_BYTES]> {
    let hex = line.strip_prefix("cc ")?.split_whitespace().next()?;
    if hex.len() != 2 * SEED_BYTES || !hex.is_ascii() {
        return None;
    }
    let mut seed = [0; SEED_BYTES];
    for (byte, at) in seed.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_written_as_it_is_read() {
        let seed: [u8; SEED_BYTES] = std::array::from_fn(|at| (at * 37 % 256) as u8);
        assert_eq!(seed_of(&seed_line(&seed)), Some(seed));
        for nothing in ["", "cc", "cc 12", "# cc 12", "xs 1 2 3 4"] {
            assert_eq!(seed_of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_damaged_token_is_named_by_its_line() {
        let text = "# heading\n\ncc 12 # gp2.AAAA.00000000 shrinks to nothing\n";
        let error = entries(text).expect_err("a damaged token");
        assert_eq!(error.0, 3, "{error:?}");
        assert_eq!(entries("# gp is no token, and gp2 neither\n"), Ok(vec![]));
    }
}
