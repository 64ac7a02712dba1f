//! `--subject CMD`: a program in any language under test.

use std::time::Duration;

use clap::Args;

use crate::harness::fuzz::{Examiner, FuzzError, Own, Tested};
use crate::harness::{Process, ProcessError};
use crate::spec::case::Precision;

use super::fuzz::time;

/// Who is under test.
#[derive(Debug, Clone, Args)]
pub(super) struct Subject {
    /// A program under test in place of gradproof's own backprop: it is started once, reads a request on
    /// each line of its standard input, and writes a reply on a line of its standard output
    #[arg(long, value_name = "CMD")]
    subject: Option<String>,

    /// How long a reply of that program may take, such as 10s or 500ms; 10s when left out, and 60s for the
    /// first after a start
    #[arg(long, value_name = "TIME", value_parser = time, requires = "subject")]
    timeout: Option<Duration>,
}

impl Subject {
    /// As somebody wrote it; `None` for our own backprop.
    pub(super) fn command(&self) -> Option<String> {
        self.subject.clone()
    }

    /// Find out before the work begins whether there is such a program.
    pub(super) fn try_out(&self, precision: Precision) -> Result<(), String> {
        self.process(precision)
            .map(drop)
            .map_err(|error| format!("--subject: {error}"))
    }

    /// The program, started; `None` for our own backprop.
    pub(super) fn process(&self, precision: Precision) -> Result<Option<Process>, ProcessError> {
        let Some(command) = &self.subject else {
            return Ok(None);
        };
        let process = Process::start(command)?.with_precision(precision);
        Ok(Some(match self.timeout {
            Some(timeout) => process.with_timeout(timeout),
            None => process,
        }))
    }

    /// One who examines cases of who is under test.
    pub(super) fn examiner(&self, precision: Precision) -> Result<Box<dyn Examiner>, FuzzError> {
        match self.process(precision) {
            Ok(None) => Ok(Box::new(Own)),
            Ok(Some(process)) => Ok(Box::new(Tested::new(process))),
            Err(error) => Err(FuzzError::Subject(error.to_string())),
        }
    }
}
