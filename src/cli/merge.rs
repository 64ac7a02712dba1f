//! `gradproof merge FILE…`.

use std::path::PathBuf;

use clap::Args;

use crate::check::{PartAnswers, check_answers};
use crate::harness::fuzz::{joined, keep};
use crate::harness::{REGRESSIONS, Replay};
use crate::report::fuzz::{FuzzReport, FuzzShare};
use crate::report::{Report, text};
use crate::spec::case::Case;

use super::ExitCode;
use super::detail::Detailed;
use super::output::Output;
use super::progress::Bar;
use super::screen::Screen;
use super::shard::{Content, ShareFile};

/// Put the shares of a run together: the report is, to the byte, that of one process that does everything.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof fuzz conv2d --cases 500 --seed 7 --shard 1/2 --output share-1.json\n  \
    gradproof fuzz conv2d --cases 500 --seed 7 --shard 2/2 --output share-2.json\n  \
    gradproof merge share-1.json share-2.json --format json --output report.json")]
pub(super) struct Arguments {
    /// The files of all shares, in any order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The directory in which a failure of random cases is kept
    #[arg(long, value_name = "DIR", default_value = REGRESSIONS)]
    regressions: PathBuf,

    #[command(flatten)]
    detailed: Detailed,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Put them together, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let mut shares = Vec::new();
        for path in &self.files {
            shares.push((path.display().to_string(), ShareFile::read(path)?));
        }
        shares.sort_by_key(|(_, share)| share.shard);
        complete(&shares)?;
        let mut fuzzed = Vec::new();
        let mut checked = Vec::new();
        for (name, share) in shares {
            match share.content {
                Content::Fuzz(own) => fuzzed.push((name, *own)),
                Content::Check { token, parts } => checked.push((name, token, parts)),
            }
        }
        match (fuzzed.first(), checked.first()) {
            (Some((random, _)), Some((check, ..))) => Err(format!(
                "{random} is a share of random cases, and {check} one of a check: they are not of one run; name the files of one"
            )),
            (Some(_), None) => self.merge_cases(fuzzed, screen),
            _ => self.merge_check(checked, screen),
        }
    }

    fn merge_cases(
        &self,
        shares: Vec<(String, FuzzShare)>,
        screen: Screen,
    ) -> Result<ExitCode, String> {
        self.output.prepare::<FuzzReport>()?;
        let (names, shares): (Vec<String>, Vec<FuzzShare>) = shares.into_iter().unzip();
        let report = joined(&shares).map_err(|error| format!("{error} ({})", names.join(", ")))?;
        let report = keep(report, Some(&self.regressions)).map_err(|error| error.to_string())?;
        self.output
            .write(&report, text::fuzz::render, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }

    fn merge_check(
        &self,
        shares: Vec<(String, String, Vec<PartAnswers>)>,
        screen: Screen,
    ) -> Result<ExitCode, String> {
        let (first, token) = match shares.first() {
            Some((name, token, _)) => (name.clone(), token.clone()),
            None => {
                return Err("there is nothing to merge: name the files of all shares".to_owned());
            }
        };
        if let Some((other, ..)) = shares.iter().find(|(_, own, _)| *own != token) {
            return Err(format!(
                "{other} and {first} are shares of different checks: name the files of one"
            ));
        }
        let replay: Replay = token
            .parse()
            .map_err(|error| format!("{first}: the token of the check: {error}"))?;
        let case: Box<Case> = match replay {
            Replay::Check(case) => case,
            Replay::Trial(_) => return Err(format!("{first}: its token is of no check")),
        };
        self.output.prepare::<Report>()?;
        let parts: Vec<Vec<PartAnswers>> = shares.into_iter().map(|(.., parts)| parts).collect();
        let details = self.detailed.wanted(&self.output)?;
        let bar = Bar::new(screen);
        let checked = check_answers(&case, &parts, details, &bar);
        bar.finish();
        let report = checked.map_err(|error| error.to_string())?.report;
        self.output
            .write(&report, text::render_with, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }
}

/// Refuse shares of which one is missing, there twice, or one of another number.
fn complete(shares: &[(String, ShareFile)]) -> Result<(), String> {
    let Some((first, share)) = shares.first() else {
        return Err("there is nothing to merge: name the files of all shares".to_owned());
    };
    let of = share.shard.of();
    if let Some((other, share)) = shares.iter().find(|(_, share)| share.shard.of() != of) {
        return Err(format!(
            "{first} is one of {of} shares, and {other} one of {}: they are not of one run; name the files of one",
            share.shard.of()
        ));
    }
    for pair in shares.windows(2) {
        if pair[0].1.shard == pair[1].1.shard {
            return Err(format!(
                "{} and {} are both share {}: name each share once",
                pair[0].0, pair[1].0, pair[0].1.shard
            ));
        }
    }
    let missing: Vec<String> = (1..=of)
        .filter(|number| {
            shares
                .iter()
                .all(|(_, share)| share.shard.number() != *number)
        })
        .map(|number| format!("{number}/{of}"))
        .collect();
    match missing.len() {
        0 => Ok(()),
        _ => Err(format!(
            "share {} is missing: name the files of all {of} shares",
            missing.join(", ")
        )),
    }
}
