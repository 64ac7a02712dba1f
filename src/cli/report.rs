//! `gradproof report FILE`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::report::diff;
use crate::report::saved::Saved;
use crate::report::text::Look;
use crate::report::{power, sweep, text};

use super::ExitCode;
use super::format::Written;
use super::output::Output;
use super::screen::Screen;

/// Write a saved report in another format.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof report report.json\n  \
    gradproof report report.json --output summary.md --output junit.xml\n\n\
    The files are the same bytes as if they had been written at once. Exit codes: 0 whatever the report \
    says · 2 bad usage, or a file that is no report")]
pub(super) struct Arguments {
    /// A report of any command that was written as JSON
    #[arg(value_name = "FILE.json")]
    file: PathBuf,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Read the report, and write it.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let output = &self.output;
        match read(&self.file)? {
            Saved::Check(mut report) => {
                if !output.is_timed() {
                    report.timing = None;
                }
                write(
                    output,
                    report.as_ref(),
                    text::render_with,
                    &report.sentence,
                    screen,
                )
            }
            Saved::Fuzz(report) => write(
                output,
                report.as_ref(),
                text::fuzz::render,
                &report.sentence,
                screen,
            ),
            Saved::Verify(report) => write(
                output,
                report.as_ref(),
                text::verify::render,
                &report.sentence,
                screen,
            ),
            Saved::Replay(report) => write(
                output,
                report.as_ref(),
                text::render_replay,
                &report.sentence,
                screen,
            ),
            Saved::Sweep(report) => write(
                output,
                report.as_ref(),
                sweep::text::render,
                &report.sentence,
                screen,
            ),
            Saved::Power(report) => write(
                output,
                report.as_ref(),
                power::text::render,
                &report.sentence,
                screen,
            ),
            Saved::Account(report) => write(
                output,
                report.as_ref(),
                text::account::render,
                &report.verdict,
                screen,
            ),
            Saved::Diff(report) => write(
                output,
                report.as_ref(),
                diff::text::render,
                &report.sentence,
                screen,
            ),
        }?;
        Ok(ExitCode::Right)
    }
}

fn write<R: Written>(
    output: &Output,
    report: &R,
    as_text: fn(&R, Look) -> String,
    sentence: &str,
    screen: Screen,
) -> Result<(), String> {
    output.prepare::<R>()?;
    output.write(report, as_text, sentence, screen)
}

/// The report in this file.
pub(super) fn read(path: &Path) -> Result<Saved, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        format!("cannot read {name}: {error}; name a file that --format json has written")
    })?;
    Saved::read(&text).map_err(|error| format!("{name}: {error}"))
}
