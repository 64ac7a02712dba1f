//! `gradproof verify FILE…`.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use rayon::prelude::*;

use crate::check::verify;
use crate::interchange::read_cases;
use crate::report::text;
use crate::report::verify::{CaseOutcome, VerifyReport};

use super::ExitCode;
use super::output::Output;
use super::progress::Bar;
use super::screen::Screen;

/// Judge outputs and gradients that a program in any language has dumped.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof verify cases.json\n  \
    gradproof verify forward.jsonl backward.jsonl.gz --format json --output report.json\n\n\
    A case is {\"op\", \"attrs\", \"inputs\", \"cotangent\", \"output\", \"gradients\"}, each array {\"shape\", \"data\"} in \
    row-major order, and the objective is the sum of cotangent times output; the README has a whole one.")]
pub(super) struct Arguments {
    /// Files of op-cases: JSON, JSON lines, or either compressed by gzip
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Judge every case, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        self.output.prepare::<VerifyReport>()?;
        let mut rows = Vec::new();
        let mut names = Vec::new();
        let bar = Bar::new(screen);
        let so_far = Mutex::new((0, 0, 0));
        let mut all = 0;
        for path in &self.files {
            let name = path.display().to_string();
            let entries = read_cases(path).map_err(|error| error.to_string())?;
            all += entries.len();
            let judged = entries.par_iter().enumerate().map(|(index, entry)| {
                let row = verify(&name, index, entry);
                let mut so_far = so_far.lock().unwrap_or_else(PoisonError::into_inner);
                match row.outcome {
                    CaseOutcome::Agree => so_far.0 += 1,
                    CaseOutcome::Disagree | CaseOutcome::Invalid => so_far.1 += 1,
                    _ => so_far.2 += 1,
                }
                let (right, wrong, other) = *so_far;
                let outcomes = format!("{right} agree, {wrong} wrong, {other} not judged");
                bar.count("cases", right + wrong + other, all, &outcomes);
                row
            });
            // In the file's order, whoever judged them.
            rows.par_extend(judged);
            names.push(name);
        }
        bar.finish();
        let report = VerifyReport::new(names, rows);
        self.output
            .write(&report, text::verify::render, &report.sentence, screen)?;
        let is_damaged =
            |outcome| matches!(outcome, CaseOutcome::Invalid | CaseOutcome::Unsupported);
        Ok(match ExitCode::from(report.outcome) {
            ExitCode::Unjudged if report.cases.iter().any(|case| is_damaged(case.outcome)) => {
                ExitCode::Usage
            }
            code => code,
        })
    }
}
