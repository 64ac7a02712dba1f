//! Where a report goes: standard output, or a file that is never half written.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::AutoStream;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::data::tensors::temporary;
use crate::report::json;
use crate::report::text::Look;
use crate::spec::shard::Shard;

use super::screen::Screen;
use super::shard::{ShareFile, file_of};

/// How and where a report is written.
#[derive(Debug, Clone, Args)]
pub(super) struct Output {
    /// How the report is written: a table for people, or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Write the report to FILE instead of standard output; FILE is replaced whole, or not at all
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Output {
    /// Standard output, as text.
    pub(super) fn standard() -> Self {
        Self {
            format: Format::Text,
            output: None,
        }
    }

    /// Find out before the work begins whether the file can be written after it.
    pub(super) fn prepare(&self) -> Result<(), String> {
        match &self.output {
            Some(path) => Destination::of(path)
                .and_then(|place| place.try_out())
                .map_err(|error| cannot_write(path, &error)),
            None => Ok(()),
        }
    }

    /// Write `report` to where it was asked for; `sentence` is what is said when that is a file.
    pub(super) fn write<R: Serialize>(
        &self,
        report: &R,
        as_text: fn(&R, Look) -> String,
        sentence: &str,
        screen: Screen,
    ) -> Result<(), String> {
        let look = match self.output {
            None => screen.look,
            Some(_) => screen.of_file(),
        };
        let text = match self.format {
            Format::Text => as_text(report, look),
            Format::Json => json::render(report),
        };
        match &self.output {
            None if screen.is_silent() => Ok(()),
            None => say(&text),
            Some(path) => {
                let written = Destination::of(path).and_then(|place| place.write(&text));
                written.map_err(|error| cannot_write(path, &error))?;
                if screen.is_silent() {
                    return Ok(());
                }
                let sentence = screen.look.wrapped(sentence);
                say(&format!(
                    "{sentence}\nThe report is in {}.\n",
                    path.display()
                ))
            }
        }
    }
}

impl Output {
    /// The same for share `shard` of a run, which has a file of its own.
    pub(super) fn of_share(mut self, shard: Shard) -> Self {
        self.output = self.output.map(|path| file_of(&path, shard));
        self
    }

    /// Write a share's file; `sentence` is what is said of it.
    pub(super) fn write_share(
        &self,
        share: &ShareFile,
        sentence: &str,
        screen: Screen,
    ) -> Result<(), String> {
        let Some(path) = &self.output else {
            return Err("a share is written to a file: name it with --output".to_owned());
        };
        let text = share.to_text()?;
        let written = Destination::of(path).and_then(|place| place.write(&text));
        written.map_err(|error| cannot_write(path, &error))?;
        if screen.is_silent() {
            return Ok(());
        }
        say(&format!(
            "{sentence}\nShare {} is in {}; 'gradproof merge' puts all of them together.\n",
            share.shard,
            path.display()
        ))
    }
}

/// What stands at an output path.
enum Destination {
    /// A regular file, or nothing yet: written beside it, and renamed.
    File { path: PathBuf, directory: PathBuf },
    /// A device or pipe, which a rename would replace.
    Stream(PathBuf),
}

impl Destination {
    fn of(path: &Path) -> io::Result<Self> {
        // A link stays, and what it points at is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => Ok(Self::Stream(path)),
            _ => {
                let directory = match path.parent() {
                    Some(parent) if parent != Path::new("") => parent.to_owned(),
                    _ => PathBuf::from("."),
                };
                if path.file_name().is_none() {
                    return Err(io::ErrorKind::InvalidFilename.into());
                }
                Ok(Self::File { path, directory })
            }
        }
    }

    fn try_out(&self) -> io::Result<()> {
        match self {
            Self::File { directory, .. } => temporary(directory).map(drop),
            Self::Stream(path) => File::options().write(true).open(path).map(drop),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Self::File { path, directory } => {
                let mut file = temporary(directory)?;
                file.write_all(text.as_bytes())?;
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
            Self::Stream(path) => File::options()
                .write(true)
                .open(path)?
                .write_all(text.as_bytes()),
        }
    }
}

/// Write `text` to the file at `path`, whole or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    Destination::of(path)?.write(text)
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "cannot write --output {}: {error}; name a file in a directory that exists and can be written",
        path.display()
    )
}

/// Write to standard output; a reader that has gone away is no error.
pub(super) fn say(text: &str) -> Result<(), String> {
    // It passes colours on, or has old consoles show them; whether there are any is decided already.
    let mut out = AutoStream::always(io::stdout().lock());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}

/// Write an error to standard error.
pub(super) fn complain(message: &str) {
    // There is no other place to say it.
    let _ = writeln!(io::stderr().lock(), "error: {message}");
}

/// Write a remark to standard error.
pub(super) fn remark(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}
