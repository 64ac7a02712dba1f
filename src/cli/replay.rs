//! `gradproof replay TOKEN`.

use clap::Args;

use crate::spec::case::Case;

use super::ExitCode;
use super::check::run_case;
use super::output::Output;

/// Repeat a check, to the byte, from the token in its report.
#[derive(Debug, Clone, Args)]
pub(super) struct Arguments {
    /// The token: the last word of a text report, or "replay" in a JSON one
    #[arg(value_name = "TOKEN")]
    token: String,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Check what the token holds, and write the report.
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let case: Case = self
            .token
            .parse()
            .map_err(|error: crate::spec::token::TokenError| error.to_string())?;
        run_case(&case, &self.output)
    }
}
