//! `gradproof diff OLD NEW`.

use std::path::PathBuf;

use clap::Args;

use crate::report::diff::{DiffReport, diff, text};

use super::ExitCode;
use super::output::Output;
use super::report::read;
use super::screen::Screen;

/// Say what became better or worse from one saved report to another.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof diff main.json branch.json\n  \
    gradproof diff main.json branch.json --output comment.md\n\n\
    Worse is a tensor with more wrong weights than before, or other ones; one that could be judged, or seen, \
    and cannot be any more; and one that is new and wrong. Digits and gaps that moved within their bounds are \
    told where they moved by a digit, or by a factor of 2, and are neither. What is not the same about the two \
    checks (seed, samples, network) is said first.\n\n\
    Exit codes: 0 nothing became worse · 1 something did · 2 bad usage, or a file that is no report")]
pub(super) struct Arguments {
    /// The report as it was, as JSON
    #[arg(value_name = "OLD.json")]
    old: PathBuf,

    /// The report as it is, as JSON
    #[arg(value_name = "NEW.json")]
    new: PathBuf,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Compare, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        self.output.prepare::<DiffReport>()?;
        let (old, new) = (read(&self.old)?, read(&self.new)?);
        let report = diff(&old, &new).map_err(|error| {
            let (old, new) = (self.old.display(), self.new.display());
            format!("{old} and {new} cannot be compared: {error}")
        })?;
        self.output
            .write(&report, text::render, &report.sentence, screen)?;
        Ok(if report.trend.is_worse() {
            ExitCode::Wrong
        } else {
            ExitCode::Right
        })
    }
}
