//! `gradproof replay TOKEN`, or every token and seed of a file.

use std::path::Path;

use clap::Args;

use crate::check::{Silent, all_sources, backprop, check_posed};
use crate::harness::fuzz::{Kept, KeptError, Strategy};
use crate::harness::{Replay, Trial};
use crate::report::{ReplayReport, ReplayRow, Report, text};
use crate::spec::case::Precision;

use super::ExitCode;
use super::check::run_case;
use super::output::Output;

/// Repeat a check, to the byte, from the token in its report.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof replay gp1.jZL…\n  \
    gradproof replay proptest-regressions/fuzz-conv2d.txt")]
pub(super) struct Arguments {
    /// The token: the last word of a text report, or "replay" in a JSON one; or a file, of which every
    /// token and every proptest seed is repeated
    #[arg(value_name = "TOKEN|FILE")]
    what: String,

    /// What the seeds of a file mean that have no token beside them: the name that 'gradproof fuzz' takes.
    /// The file fuzz-NAME.txt says so itself
    #[arg(long, value_name = "WHAT")]
    strategy: Option<String>,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Check what the token holds, and write the report.
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let path = Path::new(&self.what);
        if path.is_file() {
            return self.run_file(path);
        }
        let replay: Replay =
            self.what
                .parse()
                .map_err(|error: crate::spec::token::TokenError| match error {
                    crate::spec::token::TokenError::NotAToken(_)
                        if looks_like_a_path(&self.what) =>
                    {
                        format!("there is no file {}, and it is no token either", self.what)
                    }
                    error => error.to_string(),
                })?;
        match replay {
            Replay::Check(case) => run_case(&case, &self.output, None),
            Replay::Trial(trial) => {
                self.output.prepare()?;
                let report = examine(&trial)?;
                self.output.write(&report, text::render, &report.sentence)?;
                Ok(report.outcome.into())
            }
        }
    }

    fn run_file(&self, path: &Path) -> Result<ExitCode, String> {
        self.output.prepare()?;
        let lines = Kept::at(path)
            .read()
            .map_err(|error: KeptError| error.to_string())?;
        let strategy = self.strategy.clone().or_else(|| strategy_of(path));
        let mut rows = Vec::new();
        for line in lines {
            let place = format!("{}, line {}", path.display(), line.number);
            let report = match (line.replay, &strategy, line.seed) {
                (Some(Replay::Check(case)), ..) => {
                    let checked = crate::check::check(&case, &Silent);
                    checked.map_err(|error| format!("{place}: {error}"))?.report
                }
                (Some(Replay::Trial(trial)), ..) => {
                    examine(&trial).map_err(|error| format!("{place}: {error}"))?
                }
                (None, Some(name), Some(seed)) => {
                    let strategy = Strategy::named(name).map_err(|error| error.to_string())?;
                    let tree = strategy
                        .tree(&seed)
                        .map_err(|error| format!("{place}: {error}"))?;
                    let trial = Trial {
                        case: tree.current(),
                        precision: Precision::F64,
                    };
                    examine(&trial).map_err(|error| format!("{place}: {error}"))?
                }
                (None, ..) => {
                    return Err(format!(
                        "{place}: a seed alone says nothing without its strategy; use --strategy conv2d, say, or run the property test that the file is of"
                    ));
                }
            };
            rows.push(ReplayRow {
                line: line.number,
                report,
            });
        }
        if rows.is_empty() {
            return Err(format!(
                "{} holds no token and no seed: there is nothing to repeat",
                path.display()
            ));
        }
        let report = ReplayReport::new(path.display().to_string(), rows);
        self.output
            .write(&report, text::render_replay, &report.sentence)?;
        Ok(report.outcome.into())
    }
}

/// The case of `trial`, of gradproof's own backprop.
fn examine(trial: &Trial) -> Result<Report, String> {
    let posed = trial.posed().map_err(|error| error.to_string())?;
    let sources = all_sources(backprop(trial.precision), posed.setup.step);
    let checked = check_posed(posed, &sources, &Silent).map_err(|error| error.to_string())?;
    Ok(checked.report)
}

/// What the seeds of `fuzz-NAME.txt` are of.
fn strategy_of(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    name.strip_prefix("fuzz-").map(str::to_owned)
}

fn looks_like_a_path(text: &str) -> bool {
    text.contains(std::path::is_separator)
        || Path::new(text).extension().is_some_and(|e| e == "txt")
}
