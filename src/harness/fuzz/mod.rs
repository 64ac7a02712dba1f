//! Random cases in large numbers: drawn, examined on several threads, and the first failure made as
//! small as it goes and kept.
//!
//! Case number i is a function of the run's seed and i alone, and the first failure is the one with
//! the smallest number, so that a run finds the same on any number of threads.

mod draw;
mod examiner;
mod join;
mod kept;
mod share;
mod shrink;
mod tested;

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::check::CheckError;
use crate::report::fuzz::{CaseOutcomes, Finding, FuzzFailure, FuzzReport, FuzzRun, FuzzShare};
use crate::spec::case::Precision;
use crate::spec::plan::PlanError;
use crate::spec::shard::Shard;

use super::random::Trial;

pub use draw::{DrawError, Strategy};
pub use examiner::{Examiner, Found, Own};
pub use join::{JoinError, report as joined};
pub use kept::{Kept, KeptError, Line, entries};
pub use share::share;
pub use tested::{Tested, told};

/// What is tried.
#[derive(Clone, Debug)]
pub struct FuzzOptions {
    /// What is drawn: a name of [`strategy::names`](super::strategy::names).
    pub strategy: String,
    /// New cases; `None` for as many as there is time for.
    pub cases: Option<usize>,
    /// When to stop; `None` for never.
    pub time: Option<Duration>,
    /// The seed that all cases come from.
    pub seed: u64,
    /// The arithmetic of the gradients under test.
    pub precision: Precision,
    /// Threads, each with an examiner of its own.
    pub jobs: usize,
    /// The directory of kept failures; `None` to keep nothing, and to try nothing first.
    pub regressions: Option<PathBuf>,
    /// The name of the program under test.
    pub subject: Option<String>,
}

/// Why random cases cannot be tried.
#[derive(Debug, Error)]
pub enum FuzzError {
    /// No case can be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A case does not fit together.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A check failed.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// Kept failures cannot be read, or a new one not be kept.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// The cases do not belong together.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// There is nothing to examine with.
    #[error("{0}")]
    Subject(String),
    /// It would have no end, or no beginning.
    #[error("{0}")]
    Options(&'static str),
}

/// Makes an examiner, for each thread one.
pub type Make<'a> = dyn Fn() -> Result<Box<dyn Examiner + 'a>, FuzzError> + Sync + 'a;

/// Who wants to know how far it is, and may end it.
pub trait Watch: Sync {
    /// So many cases have ended so.
    fn advance(&self, outcomes: CaseOutcomes);
    /// A failing case is being made smaller.
    fn shrinking(&self) {}
    /// Whether it has to end now.
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Try random cases, each with an examiner that `make` makes, one for each thread.
///
/// Earlier failures, kept in `NAME.txt` of the regressions' directory, come first. With a failure the
/// run ends, the case is made as small as it goes, and kept there.
///
/// # Errors
/// [`FuzzError`].
pub fn fuzz(
    options: &FuzzOptions,
    make: &Make<'_>,
    watch: &dyn Watch,
) -> Result<FuzzReport, FuzzError> {
    let whole = Shard::new(1, 1).expect("one of one");
    let share = share(options, whole, make, watch)?;
    let report = join::report(&[share])?;
    Ok(keep(report, options.regressions.as_deref())?)
}

/// Keep the report's failure in the directory `regressions`, unless it came from there.
///
/// # Errors
/// [`KeptError`].
pub fn keep(mut report: FuzzReport, regressions: Option<&Path>) -> Result<FuzzReport, KeptError> {
    if let Some(failure) = &mut report.failure
        && failure.file.is_none()
        && let (Some(directory), Some(line)) = (regressions, &failure.seed_line)
    {
        let kept = Kept::in_directory(directory, &report.strategy);
        kept.add(line, &failure.token, &failure.case)?;
        failure.file = Some(kept.path().display().to_string());
    }
    Ok(report)
}

/// Try one case alone, by an examiner that `make` makes.
///
/// # Errors
/// [`FuzzError`].
pub fn examine_one(
    options: &FuzzOptions,
    trial: &Trial,
    make: &Make<'_>,
) -> Result<FuzzReport, FuzzError> {
    let found = make()?.examine(trial)?;
    let share = FuzzShare {
        run: FuzzRun {
            cases: Some(0),
            ..share::run_of(options, &[])
        },
        kept: vec![share::tally(0, &found)],
        new: Vec::new(),
        interrupted: false,
        failure: found
            .failure()
            .map(|finding| failure_again(trial, finding, options.subject.as_deref())),
    };
    Ok(join::report(&[share])?)
}

/// A case that somebody knew before.
fn failure_again(trial: &Trial, finding: Finding, subject: Option<&str>) -> FuzzFailure {
    let token = trial.token();
    FuzzFailure {
        index: None,
        drawn: trial.case.to_string(),
        case: trial.case.to_string(),
        shrinks: Default::default(),
        test: test(&token, trial, subject),
        token,
        seed_line: None,
        file: None,
        finding,
        drawn_as: Vec::new(),
    }
}

/// A Rust test that repeats the case of `token`, for the program `subject` when one is under test.
fn test(token: &str, trial: &Trial, subject: Option<&str>) -> String {
    let call = match subject {
        None => format!("assert_replay(\n        \"{token}\",\n    )"),
        Some(command) => format!(
            "assert_replay_of(\n        \"{token}\",\n        gradproof::harness::Process::start({command:?}).expect(\"it starts\"),\n    )"
        ),
    };
    format!(
        "/// {}\n#[test]\nfn {}_{:08x}() {{\n    gradproof::harness::{call};\n}}\n",
        trial.case,
        trial.case.name(),
        crc32fast::hash(token.as_bytes()),
    )
}
