//! Random cases in large numbers: drawn, examined on several threads, and the first failure made as
//! small as it goes and kept.
//!
//! Case number i is a function of the run's seed and i alone, and the first failure is the one with
//! the smallest number, so that a run finds the same on any number of threads.

mod draw;
mod examiner;
mod kept;
mod shrink;
mod tested;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::check::CheckError;
use crate::report::fuzz::{CaseOutcomes, Finding, FuzzFailure, FuzzReport, VERSION};
use crate::report::{Counts, Outcome};
use crate::spec::case::Precision;
use crate::spec::plan::PlanError;

use super::random::Trial;

pub use draw::{DrawError, Strategy};
pub use examiner::{Examiner, Found, Own};
pub use kept::{Kept, KeptError, Line, entries};
pub use tested::Tested;

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

/// One case that was examined.
struct Examined {
    index: usize,
    found: Found,
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
    if options.cases.is_none() && options.time.is_none() {
        return Err(FuzzError::Options(
            "without an end it would never stop: use --cases or --time",
        ));
    }
    if options.jobs == 0 {
        return Err(FuzzError::Options(
            "no job would do nothing: use --jobs 1 or more",
        ));
    }
    let strategy = Strategy::named(&options.strategy)?;
    let mut report = begun(options);
    let kept = options
        .regressions
        .as_ref()
        .map(|directory| Kept::in_directory(directory, &options.strategy));
    if let Some(kept) = &kept {
        try_kept(kept, &strategy, options, make, watch, &mut report)?;
    }
    if report.failure.is_none() && !report.interrupted {
        try_new(&strategy, options, make, watch, &mut report)?;
    }
    if let Some(failure) = &mut report.failure
        && failure.file.is_none()
        && let (Some(kept), Some(line)) = (&kept, &failure.seed_line)
    {
        kept.add(line, &failure.token, &failure.case)?;
        failure.file = Some(kept.path().display().to_string());
    }
    Ok(report.judged())
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
    let mut report = begun(options);
    let found = make()?.examine(trial)?;
    report.kept = 1;
    found.count(&mut report.outcomes, &mut report.counts);
    report.failure = found.failure().map(|finding| failure_again(trial, finding));
    Ok(report.judged())
}

/// The report before anything was tried.
fn begun(options: &FuzzOptions) -> FuzzReport {
    FuzzReport {
        version: VERSION,
        strategy: options.strategy.clone(),
        seed: options.seed,
        precision: options.precision,
        subject: options.subject.clone(),
        kept: 0,
        cases: 0,
        outcomes: CaseOutcomes::default(),
        counts: Counts::default(),
        interrupted: false,
        failure: None,
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    }
}

/// A case that somebody knew before.
fn failure_again(trial: &Trial, finding: Finding) -> FuzzFailure {
    let token = trial.token();
    FuzzFailure {
        index: None,
        drawn: trial.case.to_string(),
        case: trial.case.to_string(),
        shrinks: Default::default(),
        test: test(&token, trial),
        token,
        seed_line: None,
        file: None,
        finding,
        drawn_as: Vec::new(),
    }
}

/// Earlier failures; the first that fails again ends it.
fn try_kept(
    kept: &Kept,
    strategy: &Strategy,
    options: &FuzzOptions,
    make: &Make<'_>,
    watch: &dyn Watch,
    report: &mut FuzzReport,
) -> Result<(), FuzzError> {
    let lines = kept.read()?;
    if lines.is_empty() {
        return Ok(());
    }
    let mut examiner = make()?;
    for line in lines {
        if watch.is_interrupted() {
            report.interrupted = true;
            return Ok(());
        }
        let Some(trial) = line.trial(strategy, options.precision)? else {
            continue;
        };
        let found = examiner.examine(&trial)?;
        report.kept += 1;
        found.count(&mut report.outcomes, &mut report.counts);
        watch.advance(report.outcomes);
        if let Some(finding) = found.failure() {
            report.failure = Some(FuzzFailure {
                file: Some(kept.path().display().to_string()),
                ..failure_again(&trial, finding)
            });
            return Ok(());
        }
    }
    Ok(())
}

/// New cases, up to the first that fails.
fn try_new(
    strategy: &Strategy,
    options: &FuzzOptions,
    make: &Make<'_>,
    watch: &dyn Watch,
    report: &mut FuzzReport,
) -> Result<(), FuzzError> {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    // No case from here on is wanted: the number of the first that fails, or of the last there is.
    let limit = AtomicUsize::new(options.cases.unwrap_or(usize::MAX));
    let interrupted = AtomicBool::new(false);
    let progress = Mutex::new((report.outcomes, report.counts));
    let work = || -> Result<Vec<Examined>, FuzzError> {
        // A strategy cannot be shared between threads; each has its own.
        let strategy = Strategy::named(&options.strategy)?;
        let mut examiner = make()?;
        let mut examined = Vec::new();
        loop {
            let is_late = options.time.is_some_and(|time| start.elapsed() >= time);
            if watch.is_interrupted() {
                interrupted.store(true, Ordering::Relaxed);
            }
            if is_late || interrupted.load(Ordering::Relaxed) {
                break;
            }
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= limit.load(Ordering::Relaxed) {
                break;
            }
            let trial = Trial {
                case: strategy.case(options.seed, index)?,
                precision: options.precision,
            };
            let found = match examiner.examine(&trial) {
                Ok(found) => found,
                Err(error) => {
                    limit.store(0, Ordering::Relaxed);
                    return Err(error);
                }
            };
            if found.is_failure() {
                limit.fetch_min(index, Ordering::Relaxed);
            }
            {
                let mut progress = progress
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                let (outcomes, counts) = &mut *progress;
                found.count(outcomes, counts);
                watch.advance(*outcomes);
            }
            examined.push(Examined { index, found });
        }
        Ok(examined)
    };
    let mut all: Vec<Examined> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(examined) => all.extend(examined?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<_, FuzzError>(all)
    })?;
    all.sort_by_key(|examined| examined.index);
    report.interrupted = interrupted.into_inner();
    let mut first = None;
    for Examined { index, found } in all {
        report.cases += 1;
        found.count(&mut report.outcomes, &mut report.counts);
        if found.is_failure() {
            first = Some((index, found));
            break;
        }
    }
    if let Some((index, found)) = first {
        watch.shrinking();
        // What a failure is was found out, even when somebody is in a hurry.
        report.interrupted = false;
        report.failure = Some(shrink::failure(
            strategy, options, index, found, make, watch,
        )?);
    }
    Ok(())
}

/// A Rust test that repeats the case of `token`.
fn test(token: &str, trial: &Trial) -> String {
    format!(
        "/// {}\n#[test]\nfn {}_{:08x}() {{\n    gradproof::harness::assert_replay(\n        \"{token}\",\n    );\n}}\n",
        trial.case,
        trial.case.name(),
        crc32fast::hash(token.as_bytes()),
    )
}
