//! The checker on trial: faults that it has to catch, and right networks that it must not accuse.

mod catalogue;
mod networks;
mod recorded;

use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::check::CheckError;
use crate::report::Outcome;
use crate::report::power::{PowerReport, VERSION};
use crate::spec::case::Precision;
use crate::spec::plan::PlanError;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerOptions {
    /// Right networks, and a measure of how many problems each fault is planted in: 8 cases are one
    /// problem a fault, at each scale of the loss.
    pub cases: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// The arithmetic of faults and right networks alike; references are in `f64`.
    pub precision: Precision,
}

/// Why a trial cannot be held.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PowerError {
    /// Nothing would be tried.
    #[error("a trial of 0 cases would prove nothing: use --cases 1 or more")]
    NoCases,
    /// A random network does not fit together.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A check failed.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The random generator gave up.
    #[error("no random network could be drawn: {0}; use another --seed")]
    Draw(String),
}

/// How far a trial is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PowerProgress {
    /// Steps that are done.
    pub done: usize,
    /// Of so many.
    pub all: usize,
    /// Faults that were caught so far.
    pub caught: usize,
    /// Faults that were missed.
    pub missed: usize,
    /// Right networks that were accused.
    pub accused: usize,
}

impl PowerProgress {
    /// With one more step, in which this was found.
    fn add(&mut self, step: Step) {
        self.done += 1;
        self.caught += step.caught;
        self.missed += step.missed;
        self.accused += step.accused;
    }
}

/// What was found in one step.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    caught: usize,
    missed: usize,
    accused: usize,
}

/// Problems of one fault for each so many cases.
const CASES_PER_PROBLEM: usize = 8;

/// Plant every fault of the catalogue, and check random networks that are right.
///
/// `progress` is told after every step.
///
/// # Errors
/// [`PowerError`].
pub fn power(
    options: PowerOptions,
    progress: &(dyn Fn(PowerProgress) + Sync),
) -> Result<PowerReport, PowerError> {
    if options.cases == 0 {
        return Err(PowerError::NoCases);
    }
    let problems = options.cases.div_ceil(CASES_PER_PROBLEM);
    let plan = catalogue::plan(problems, options);
    let so_far = Mutex::new(PowerProgress {
        all: plan.len() + options.cases,
        ..PowerProgress::default()
    });
    let step = |step| {
        let mut so_far = so_far.lock().unwrap_or_else(PoisonError::into_inner);
        so_far.add(step);
        progress(*so_far);
    };
    let mutants = catalogue::run(&plan, &step)?;
    let trial = networks::run(options, &step)?;
    let report = PowerReport {
        version: VERSION,
        seed: options.seed,
        precision: options.precision,
        mutants,
        trial,
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    };
    Ok(report.judged())
}
