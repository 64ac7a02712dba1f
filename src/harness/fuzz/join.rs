//! The shares of a run, put together.

use thiserror::Error;

use crate::report::fuzz::{CaseOutcomes, CaseTally, FuzzReport, FuzzRun, FuzzShare, VERSION};
use crate::report::{Counts, Outcome};
use crate::spec::shard::Shard;

/// Why shares cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JoinError {
    /// There is none.
    #[error("there is no share to put together: name the files of all shares")]
    None,
    /// One is of another run.
    #[error(
        "share {share} is of another run: its {what} is another one than that of share 1; name shares of one run, with one seed and the same options"
    )]
    Other {
        /// Its number, from 1.
        share: usize,
        /// What is different.
        what: &'static str,
    },
    /// The cases are not those of the share.
    #[error("share {share} is damaged: {what}; write it again with --shard")]
    Damaged {
        /// Its number, from 1.
        share: usize,
        /// What is wrong.
        what: String,
    },
}

/// The report of the whole run, of which these are all shares, in order: that of one process that does
/// everything. Nothing is kept yet.
///
/// # Errors
/// [`JoinError`].
pub fn report(shares: &[FuzzShare]) -> Result<FuzzReport, JoinError> {
    let run = &shares.first().ok_or(JoinError::None)?.run;
    for (index, share) in shares.iter().enumerate() {
        check(share, index + 1, shares.len(), run)?;
    }
    let mut kept = joined(shares, |share| &share.kept);
    let mut new = joined(shares, |share| &share.new);
    // One process would have stopped at the first failure, and never seen what comes after it.
    let failing = |tallies: &[CaseTally]| tallies.iter().position(|tally| tally.ended.is_failure());
    let mut failure = None;
    if let Some(at) = failing(&kept) {
        kept.truncate(at + 1);
        new.clear();
        let owner = shares.iter().find(|share| share.kept.last() == kept.last());
        failure = owner.and_then(|share| share.failure.clone());
    } else if let Some(at) = failing(&new) {
        new.truncate(at + 1);
        let owner = shares.iter().find(|share| share.new.last() == new.last());
        failure = owner.and_then(|share| share.failure.clone());
    }
    let mut outcomes = CaseOutcomes::default();
    for tally in kept.iter().chain(&new) {
        outcomes.add(tally.ended);
    }
    let report = FuzzReport {
        version: VERSION,
        strategy: run.strategy.clone(),
        seed: run.seed,
        precision: run.precision,
        subject: run.subject.clone(),
        kept: kept.len(),
        cases: new.len(),
        outcomes,
        counts: Counts::total(kept.iter().chain(&new).map(|tally| &tally.counts)),
        interrupted: failure.is_none() && shares.iter().any(|share| share.interrupted),
        failure,
        outcome: Outcome::Unjudged,
        sentence: String::new(),
    };
    Ok(report.judged())
}

/// The cases of all shares, in order.
fn joined(shares: &[FuzzShare], of: impl Fn(&FuzzShare) -> &Vec<CaseTally>) -> Vec<CaseTally> {
    let mut all: Vec<CaseTally> = shares.iter().flat_map(of).copied().collect();
    all.sort_by_key(|tally| tally.index);
    all
}

/// Refuse a share of another run, and one whose cases are not its own.
fn check(share: &FuzzShare, number: usize, of: usize, run: &FuzzRun) -> Result<(), JoinError> {
    let own = &share.run;
    let differences = [
        (own.strategy != run.strategy, "strategy"),
        (own.cases != run.cases, "number of cases"),
        (own.is_timed != run.is_timed, "end by time"),
        (own.seed != run.seed, "seed"),
        (own.precision != run.precision, "precision"),
        (own.subject != run.subject, "subject"),
        (own.kept != run.kept, "list of earlier failures"),
    ];
    if let Some((_, what)) = differences.into_iter().find(|(differs, _)| *differs) {
        return Err(JoinError::Other {
            share: number,
            what,
        });
    }
    let damaged = |what: String| JoinError::Damaged {
        share: number,
        what,
    };
    let shard = Shard::new(number, of).ok_or(JoinError::None)?;
    for (tallies, what) in [(&share.kept, "kept"), (&share.new, "new")] {
        for (position, tally) in tallies.iter().enumerate() {
            if tally.index != shard.item(position) {
                return Err(damaged(format!(
                    "its {what} case {} is not the one that comes next, {}",
                    tally.index,
                    shard.item(position)
                )));
            }
        }
    }
    let mut all = share.kept.iter().chain(&share.new);
    let first = all.position(|tally| tally.ended.is_failure());
    let count = share.kept.len() + share.new.len();
    if first.is_some_and(|first| first + 1 != count) || first.is_some() != share.failure.is_some() {
        return Err(damaged(
            "it goes on behind its first failure, or does not tell it".to_owned(),
        ));
    }
    let is_whole = share.interrupted
        || own.is_timed
        || share.failure.is_some()
        || own
            .cases
            .is_none_or(|cases| shard.item(share.new.len()) >= cases);
    if !is_whole {
        return Err(damaged(format!(
            "it ends before its case {}",
            shard.item(share.new.len())
        )));
    }
    Ok(())
}
