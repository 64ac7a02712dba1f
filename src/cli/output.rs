//! Where a report goes: standard output, or a file that is never half written.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::AutoStream;
use clap::Args;

use crate::data::tensors::temporary;
use crate::report::Timing;
use crate::report::text::Look;
use crate::report::words::listed;
use crate::spec::case::SourceName;
use crate::spec::shard::Shard;

use super::format::{Ending, FORMAT_HELP, Format, Written, no_form};
use super::screen::Screen;
use super::shard::{ShareFile, file_of};

/// What stands for standard output among files.
const STANDARD: &str = "-";

/// How and where a report is written.
#[derive(Debug, Clone, Args)]
pub(super) struct Output {
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, help = FORMAT_HELP)]
    format: Option<Format>,

    /// Write the report to FILE instead of standard output, in the format that its ending names: .txt,
    /// .json, .html, .xml (junit), .md, .csv, .svg, .png. May be given several times; '-' is standard output.
    /// FILE is replaced whole, or not at all
    #[arg(long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// Leave out how long a check took, which json and junit say: the report is then the same bytes each
    /// time
    #[arg(long)]
    no_timing: bool,
}

impl Output {
    /// Standard output, as text.
    pub(super) fn standard() -> Self {
        Self {
            format: None,
            output: Vec::new(),
            no_timing: false,
        }
    }

    /// Whether the report is written in a form that shows single coordinates.
    pub(super) fn shows_detail(&self) -> bool {
        let targets = self.targets().unwrap_or_default();
        targets.iter().any(|(format, _)| format.shows_detail())
    }

    /// Whether the report is written in a form that shows nothing but single coordinates.
    pub(super) fn needs_detail(&self) -> bool {
        let targets = self.targets().unwrap_or_default();
        targets.iter().any(|(format, _)| *format == Format::Csv)
    }

    /// Find out before the work begins whether every file can be written after it, in a format that a
    /// report `R` has.
    pub(super) fn prepare<R: Written>(&self) -> Result<(), String> {
        for (format, place) in self.targets()? {
            if !R::FORMATS.contains(&format) {
                let asked = match place {
                    Some(path) => format!("--output {}: ", path.display()),
                    None => String::new(),
                };
                return Err(asked + &no_form::<R>(format));
            }
            match place {
                Some(path) => try_out(path)?,
                None if format.is_binary() && io::stdout().is_terminal() => {
                    return Err(format!(
                        "{format} is nothing that a terminal shows: name a file, as in --output report.{format}"
                    ));
                }
                None => (),
            }
        }
        Ok(())
    }

    /// Write `report` to where it was asked for; `sentence` is what is said when that is not standard
    /// output.
    pub(super) fn write<R: Written>(
        &self,
        report: &R,
        as_text: fn(&R, Look) -> String,
        sentence: &str,
        screen: Screen,
    ) -> Result<(), String> {
        let mut files = Vec::new();
        let mut is_said = false;
        for (format, place) in self.targets()? {
            let look = match place {
                None => screen.look,
                Some(_) => screen.of_file(),
            };
            let bytes = match format {
                Format::Text => as_text(report, look).into_bytes(),
                format => report.written(format)?,
            };
            match place {
                // What a program reads is there however little a person wants to be told.
                None if format == Format::Text && screen.is_silent() => is_said = true,
                None => {
                    is_said = true;
                    say_bytes(&bytes)?;
                }
                Some(path) => {
                    let written = Destination::of(path).and_then(|place| place.write(&bytes));
                    written.map_err(|error| cannot_write(path, &error))?;
                    files.push(path.display().to_string());
                }
            }
        }
        match files.len() {
            // Nothing disturbs what a program reads there.
            _ if is_said => Ok(()),
            0 => Ok(()),
            _ if screen.is_silent() => Ok(()),
            _ => {
                let sentence = screen.look.wrapped(sentence);
                let files = listed(&files);
                say(&format!("{sentence}\nThe report is in {files}.\n"))
            }
        }
    }

    /// How long a check took, if it is to be said.
    pub(super) fn timing(
        &self,
        total: Duration,
        sources: &[(SourceName, Duration)],
    ) -> Option<Timing> {
        self.is_timed().then(|| Timing::new(total, sources))
    }

    /// Whether a report is to say how long it took.
    pub(super) fn is_timed(&self) -> bool {
        !self.no_timing
    }

    /// In which format what is to be written where; `None` is standard output.
    fn targets(&self) -> Result<Vec<(Format, Option<&Path>)>, String> {
        let usual = self.format.unwrap_or(Format::Text);
        if self.output.is_empty() {
            return Ok(vec![(usual, None)]);
        }
        let mut targets: Vec<(Format, Option<&Path>)> = Vec::new();
        let mut clash = None;
        let mut is_followed = false;
        for path in &self.output {
            let place = (path.as_os_str() != STANDARD).then_some(path.as_path());
            if targets.iter().any(|(_, other)| *other == place) {
                return Err(format!(
                    "--output {} is given twice: name each file once",
                    path.display()
                ));
            }
            let format = match (place, Ending::of(path), self.format) {
                (None, ..) | (_, Ending::None, _) => usual,
                (_, Ending::Known(format), Some(asked)) if format != asked => {
                    clash = clash.or(Some((path, format)));
                    format
                }
                (_, Ending::Known(format), _) => format,
                (_, Ending::Unknown, Some(asked)) => asked,
                (_, Ending::Unknown, None) => {
                    return Err(format!(
                        "--output {}: no format has this ending; use {}, or say with --format what it is to be",
                        path.display(),
                        Format::endings()
                    ));
                }
            };
            is_followed |= self.format == Some(format);
            targets.push((format, place));
        }
        match (self.format, clash) {
            (Some(asked), Some((path, format))) if !is_followed => Err(format!(
                "--format {asked} and --output {} clash, which is {format} by its ending: leave --format out, or name a file that ends in {}",
                path.display(),
                asked
                    .ending()
                    .map_or("something else".to_owned(), |ending| format!(".{ending}"))
            )),
            _ => Ok(targets),
        }
    }
}

impl Output {
    /// The same for share `shard` of a run, which has a file of its own.
    pub(super) fn of_share(mut self, shard: Shard) -> Self {
        for path in &mut self.output {
            *path = file_of(path, shard);
        }
        self
    }

    /// The one file of a share, which has a form of its own.
    fn share_file(&self) -> Result<&Path, String> {
        match &self.output[..] {
            [path] if path.as_os_str() != STANDARD => Ok(path),
            [] | [_] => Err("a share is written to a file: name it with --output".to_owned()),
            _ => Err(
                "a share is written to one file, for 'gradproof merge': give --output once"
                    .to_owned(),
            ),
        }
    }

    /// Find out before the work begins whether a share's file can be written after it.
    pub(super) fn prepare_share(&self) -> Result<(), String> {
        try_out(self.share_file()?)
    }

    /// Write a share's file; `sentence` is what is said of it.
    pub(super) fn write_share(
        &self,
        share: &ShareFile,
        sentence: &str,
        screen: Screen,
    ) -> Result<(), String> {
        let path = self.share_file()?;
        let text = share.to_text()?;
        let written = Destination::of(path).and_then(|place| place.write(text.as_bytes()));
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

fn try_out(path: &Path) -> Result<(), String> {
    Destination::of(path)
        .and_then(|place| place.try_out())
        .map_err(|error| cannot_write(path, &error))
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

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File { path, directory } => {
                let mut file = temporary(directory)?;
                file.write_all(bytes)?;
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
            Self::Stream(path) => File::options().write(true).open(path)?.write_all(bytes),
        }
    }
}

/// Write `text` to the file at `path`, whole or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    Destination::of(path)?.write(text.as_bytes())
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!(
        "cannot write --output {}: {error}; name a file in a directory that exists and can be written",
        path.display()
    )
}

/// Write to standard output; a reader that has gone away is no error.
pub(super) fn say(text: &str) -> Result<(), String> {
    say_bytes(text.as_bytes())
}

fn say_bytes(bytes: &[u8]) -> Result<(), String> {
    // It passes colours on, or has old consoles show them; whether there are any is decided already.
    let mut out = AutoStream::always(io::stdout().lock());
    match out.write_all(bytes).and_then(|()| out.flush()) {
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
