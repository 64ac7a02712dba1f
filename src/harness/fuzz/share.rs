//! The cases of one share of a run: the earlier failures, then new ones.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use crate::harness::random::Trial;
use crate::report::fuzz::{CaseOutcomes, CaseTally, FuzzFailure, FuzzRun, FuzzShare};
use crate::spec::shard::Shard;

use super::{
    Found, FuzzError, FuzzOptions, Kept, Line, Make, Strategy, Watch, failure_again, shrink,
};

/// Try the cases of `shard`: every so many, of the earlier failures and of the new cases. What fails is
/// made small, and not kept.
///
/// # Errors
/// [`FuzzError`].
pub fn share(
    options: &FuzzOptions,
    shard: Shard,
    make: &Make<'_>,
    watch: &dyn Watch,
) -> Result<FuzzShare, FuzzError> {
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
    let directory = options.regressions.as_ref();
    let kept = directory.map(|directory| Kept::in_directory(directory, &options.strategy));
    let lines = kept.as_ref().map_or(Ok(Vec::new()), Kept::read)?;
    let strategy = Strategy::named(&options.strategy)?;
    let mut own = FuzzShare {
        run: run_of(options, &lines),
        kept: Vec::new(),
        new: Vec::new(),
        interrupted: false,
        failure: None,
    };
    let mut outcomes = CaseOutcomes::default();
    if let Some(kept) = &kept {
        let again = try_kept(&lines, &strategy, options, shard, make, watch, &mut own)?;
        own.failure = again.map(|failure| FuzzFailure {
            file: Some(kept.path().display().to_string()),
            ..failure
        });
        own.kept.iter().for_each(|tally| outcomes.add(tally.ended));
    }
    if own.failure.is_none() && !own.interrupted {
        try_new(&strategy, options, shard, make, watch, outcomes, &mut own)?;
    }
    Ok(own)
}

/// What all shares of a run have in common.
pub(super) fn run_of(options: &FuzzOptions, lines: &[Line]) -> FuzzRun {
    let texts: Vec<String> = lines.iter().map(Line::to_string).collect();
    FuzzRun {
        strategy: options.strategy.clone(),
        cases: options.cases,
        is_timed: options.time.is_some(),
        seed: options.seed,
        precision: options.precision,
        subject: options.subject.clone(),
        kept: crc32fast::hash(texts.join("\n").as_bytes()),
    }
}

/// What is remembered of a case.
pub(super) fn tally(index: usize, found: &Found) -> CaseTally {
    CaseTally {
        index,
        ended: found.ended(),
        counts: found.counts(),
    }
}

/// Earlier failures; the first that fails again ends it.
fn try_kept(
    lines: &[Line],
    strategy: &Strategy,
    options: &FuzzOptions,
    shard: Shard,
    make: &Make<'_>,
    watch: &dyn Watch,
    own: &mut FuzzShare,
) -> Result<Option<FuzzFailure>, FuzzError> {
    let mut examiner = None;
    let mut outcomes = CaseOutcomes::default();
    let mut trials = Vec::new();
    for line in lines {
        trials.extend(line.trial(strategy, options.precision)?);
    }
    for (index, trial) in trials.iter().enumerate() {
        if !shard.has(index) {
            continue;
        }
        if watch.is_interrupted() {
            own.interrupted = true;
            return Ok(None);
        }
        let examiner = match &mut examiner {
            Some(examiner) => examiner,
            none => none.insert(make()?),
        };
        let found = examiner.examine(trial)?;
        own.kept.push(tally(index, &found));
        outcomes.add(found.ended());
        watch.advance(outcomes);
        if let Some(finding) = found.failure() {
            return Ok(Some(failure_again(
                trial,
                finding,
                options.subject.as_deref(),
            )));
        }
    }
    Ok(None)
}

/// New cases, up to the first of the share that fails.
fn try_new(
    strategy: &Strategy,
    options: &FuzzOptions,
    shard: Shard,
    make: &Make<'_>,
    watch: &dyn Watch,
    outcomes: CaseOutcomes,
    own: &mut FuzzShare,
) -> Result<(), FuzzError> {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    // No case from here on is wanted: the number of the first that fails, or of the last there is.
    let limit = AtomicUsize::new(options.cases.unwrap_or(usize::MAX));
    let interrupted = AtomicBool::new(false);
    let progress = Mutex::new(outcomes);
    // Of failures the first alone is of interest, and reports are large.
    let first: Mutex<Option<(usize, Found)>> = Mutex::new(None);
    let work = || -> Result<Vec<CaseTally>, FuzzError> {
        // A strategy cannot be shared between threads; each has its own.
        let strategy = Strategy::named(&options.strategy)?;
        let mut examiner = make()?;
        let mut tallies = Vec::new();
        loop {
            let is_late = options.time.is_some_and(|time| start.elapsed() >= time);
            if watch.is_interrupted() {
                interrupted.store(true, Ordering::Relaxed);
            }
            if is_late || interrupted.load(Ordering::Relaxed) {
                break;
            }
            let index = shard.item(next.fetch_add(1, Ordering::Relaxed));
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
            tallies.push(tally(index, &found));
            {
                let mut outcomes = progress
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                outcomes.add(found.ended());
                watch.advance(*outcomes);
            }
            if found.is_failure() {
                limit.fetch_min(index, Ordering::Relaxed);
                let mut first = first
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
                    *first = Some((index, found));
                }
            }
        }
        Ok(tallies)
    };
    let mut all: Vec<CaseTally> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(tallies) => all.extend(tallies?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<_, FuzzError>(all)
    })?;
    all.sort_by_key(|tally| tally.index);
    let first = first
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    // What others did beyond the first failure depends on who was quicker.
    if let Some((index, _)) = &first {
        all.retain(|tally| tally.index <= *index);
    }
    own.new = all;
    own.interrupted = interrupted.into_inner() && first.is_none();
    if let Some((index, found)) = first {
        watch.shrinking();
        let failure = shrink::failure(strategy, options, index, found, make, watch)?;
        own.failure = Some(failure);
    }
    Ok(())
}
