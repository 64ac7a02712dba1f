//! `gradproof power`.

use clap::Args;

use crate::harness::power::{PowerOptions, power};
use crate::report::power::{PowerReport, text};
use crate::report::words::grouped;
use crate::spec::case::Precision;

use super::ExitCode;
use super::output::Output;
use super::progress::Bar;
use super::screen::Screen;
use super::subject::precision;

/// Put the checker itself on trial: faults that it has to catch, right networks that it must not accuse.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof power\n  \
    gradproof power --cases 2000 --seed 7\n  \
    gradproof power --precision f32 --cases 500\n  \
    gradproof power --format json --output power.json\n\n\
    Exit codes: 0 every fault was caught, none misnamed or misplaced, and nothing right was accused · \
    1 otherwise · 2 bad usage")]
pub(super) struct Arguments {
    /// How many right networks are checked; every fault is planted in one problem more for each 8
    #[arg(long, value_name = "N", default_value_t = 40)]
    cases: usize,

    /// Everything random follows from this number
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// The arithmetic of the gradients on trial, f64 or f32
    #[arg(long, value_name = "f64|f32", default_value = "f64", value_parser = precision)]
    precision: Precision,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Hold the trial, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        self.output.prepare::<PowerReport>()?;
        let bar = Bar::new(screen);
        let options = PowerOptions {
            cases: self.cases,
            seed: self.seed,
            precision: self.precision,
        };
        let report = power(options, &|so_far| {
            let outcomes = format!(
                "{} caught, {} missed, {} accused",
                grouped(so_far.caught),
                grouped(so_far.missed),
                grouped(so_far.accused)
            );
            bar.count("trials", so_far.done, so_far.all, &outcomes);
        });
        bar.finish();
        let report = report.map_err(|error| error.to_string())?;
        self.output
            .write(&report, text::render, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }
}
