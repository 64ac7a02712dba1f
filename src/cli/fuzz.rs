//! `gradproof fuzz WHAT`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::harness::fuzz::{self, FuzzOptions, fuzz};
use crate::harness::{REGRESSIONS, strategy};
use crate::report::fuzz::{CaseOutcomes, FuzzReport, FuzzShare};
use crate::report::text;
use crate::report::words::counted;
use crate::spec::case::Precision;
use crate::spec::shard::Shard;

use super::ExitCode;
use super::foreign::Subject;
use super::interrupt::{Interrupt, words};
use super::output::{Output, remark};
use super::screen::Screen;
use super::shard::{Content, Sharding, ShareFile};
use super::subject::precision;

/// Cases that are tried when nothing is said about their number or time.
const CASES: usize = 256;

/// Try random operators and networks, and make the first failure as small as it goes.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof fuzz conv2d --cases 300 --seed 7\n  \
    gradproof fuzz all --time 1s --jobs 2\n  \
    gradproof fuzz conv2d --subject 'python3 my_conv.py'\n\n\
    Case number i follows from the seed and i alone, whatever the number of jobs. The first failure is kept in \
    proptest-regressions/fuzz-WHAT.txt, and tried first from then on.")]
pub(super) struct Arguments {
    /// What is drawn: an operator's or loss's name such as conv2d, 'operator' for any operator, 'loss'
    /// for any loss, 'network', or 'all'
    #[arg(value_name = "WHAT", default_value = "all", value_parser = what)]
    what: String,

    /// How many new cases are tried; 256 when there is no --time
    #[arg(long, value_name = "N")]
    cases: Option<usize>,

    /// The seed of all cases; one is drawn, and printed, when none is given
    #[arg(long, value_name = "S")]
    seed: Option<u64>,

    /// Start no new case after this time, such as 60s or 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Duration>,

    /// Threads; as many as the machine has processors when left out
    #[arg(long, value_name = "J")]
    jobs: Option<usize>,

    /// The arithmetic of the gradient under test, f64 or f32
    #[arg(long, value_name = "f64|f32", default_value = "f64", value_parser = precision)]
    precision: Precision,

    /// The directory in which failures are kept
    #[arg(long, value_name = "DIR", default_value = REGRESSIONS)]
    regressions: PathBuf,

    #[command(flatten)]
    subject: Subject,

    #[command(flatten)]
    sharding: Sharding,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Try the cases, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let share = self.sharding.share();
        let output = match share {
            Some(shard) => self.output.of_share(shard),
            None => self.output,
        };
        match share {
            Some(_) => output.prepare_share()?,
            None => output.prepare::<FuzzReport>()?,
        }
        if share.is_some() && self.seed.is_none() {
            return Err(
                "every share has to draw from one seed: use --seed S with --shard".to_owned(),
            );
        }
        let seed = self.seed.unwrap_or_else(drawn_seed);
        let cases = match (self.cases, self.time) {
            (None, None) => Some(CASES),
            (Some(0), _) => {
                return Err("--cases 0 would try nothing: use 1 or more".to_owned());
            }
            (cases, _) => cases,
        };
        let jobs = match self.jobs {
            Some(0) => return Err("--jobs 0 would do nothing: use 1 or more".to_owned()),
            Some(jobs) => jobs,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        if self.seed.is_none() && screen.is_talkative() {
            remark(&format!(
                "Seed: {seed} (repeat this run with --seed {seed})"
            ));
        }
        let options = FuzzOptions {
            strategy: self.what,
            cases,
            time: self.time,
            seed,
            precision: self.precision,
            jobs,
            regressions: Some(self.regressions),
            subject: self.subject.command(),
        };
        let watch = Interrupt::new(cases, self.time, screen)?;
        self.subject.try_out(options.precision)?;
        let make = || self.subject.examiner(options.precision);
        if let Some(shard) = share {
            let own = fuzz::share(&options, shard, &make, &watch);
            watch.finish();
            return tell(
                shard,
                own.map_err(|error| error.to_string())?,
                &output,
                screen,
            );
        }
        let report = fuzz(&options, &make, &watch);
        watch.finish();
        let report = report.map_err(|error| error.to_string())?;
        output.write(&report, text::fuzz::render, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }
}

/// Write what was found in one share.
fn tell(shard: Shard, own: FuzzShare, output: &Output, screen: Screen) -> Result<ExitCode, String> {
    let mut outcomes = CaseOutcomes::default();
    for tally in own.kept.iter().chain(&own.new) {
        outcomes.add(tally.ended);
    }
    let mut sentence = format!(
        "{} tried: {}.",
        counted(outcomes.total(), "case"),
        words(outcomes)
    );
    if own.interrupted {
        sentence += " It was interrupted.";
    }
    if let Some(failure) = &own.failure {
        sentence += &format!(
            "\nIt fails at {}.\nReplay: gradproof replay {}",
            failure.case, failure.token
        );
    }
    let code = match (&own.failure, own.interrupted) {
        (Some(_), _) => ExitCode::Wrong,
        (None, true) => ExitCode::Unjudged,
        (None, false) => ExitCode::Right,
    };
    let file = ShareFile::new(shard, Content::Fuzz(Box::new(own)));
    output.write_share(&file, &sentence, screen)?;
    Ok(code)
}

/// A seed that is short to type, and another one each time.
fn drawn_seed() -> u64 {
    RandomState::new().build_hasher().finish() >> 32
}

fn what(text: &str) -> Result<String, String> {
    match strategy::named(text) {
        Some(_) => Ok(text.to_owned()),
        None => {
            let names: Vec<&str> = strategy::names().collect();
            let near = crate::spec::nearest::nearest(text, &names);
            let hint = near.map_or(String::new(), |near| format!("did you mean '{near}'? "));
            Err(format!("{hint}there are {}", names.join(", ")))
        }
    }
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time.is_zero() => {
            Err("no time is left for a case; use for example 60s".to_owned())
        }
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}; use for example 60s, 5m or 1h30m")),
    }
}
