//! `gradproof schema [REPORT]`.

use clap::Args;

use crate::report::schema::Kind;

use super::ExitCode;
use super::output::say;

/// Print the JSON Schema of a report.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof schema check\n  \
    gradproof schema fuzz")]
pub(super) struct Arguments {
    /// Of which command: check (and replay of a token), fuzz, verify, replay (of a file), sweep, power,
    /// account (replay --explain), diff
    #[arg(value_name = "REPORT", default_value = "check", value_parser = kind)]
    report: Kind,
}

impl Arguments {
    /// Print it.
    pub(super) fn run(self) -> Result<ExitCode, String> {
        say(self.report.schema())?;
        Ok(ExitCode::Right)
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    let mut kinds = Kind::ALL.into_iter();
    kinds.find(|kind| kind.to_string() == text).ok_or_else(|| {
        let names: Vec<String> = Kind::ALL.iter().map(Kind::to_string).collect();
        format!("there are {}", names.join(", "))
    })
}
