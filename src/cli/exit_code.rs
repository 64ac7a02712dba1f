//! What the program tells the shell.

use crate::report::Outcome;

/// The program's exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: every coordinate agrees; or only help was asked for.
    Right,
    /// 1: something disagrees.
    Wrong,
    /// 2: bad usage or input.
    Usage,
    /// 3: it could not be judged.
    Unjudged,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Right => Self::Right,
            Outcome::Wrong => Self::Wrong,
            Outcome::Unjudged => Self::Unjudged,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(match code {
            ExitCode::Right => 0,
            ExitCode::Wrong => 1,
            ExitCode::Usage => 2,
            ExitCode::Unjudged => 3,
        })
    }
}
