//! `gradproof replay TOKEN`, or every token and seed of a file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::check::{
    Answered, Details, Manner, Posed, Silent, account, account_of_case, check, check_posed,
};
use crate::harness::fuzz::{Found, Kept, KeptError, Line, Strategy};
use crate::harness::{Replay, Trial};
use crate::report::account::AccountReport;
use crate::report::replay::Again;
use crate::report::{Outcome, ReplayReport, ReplayRow, Report, text};
use crate::spec::case::Precision;
use crate::spec::token::TokenError;

use super::ExitCode;
use super::check::run_case;
use super::detail::Detailed;
use super::foreign::Subject;
use super::output::Output;
use super::progress::Bar;
use super::saved;
use super::screen::Screen;

/// Repeat a check, to the byte, from the token in its report.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof replay gp1.jZL…\n  \
    gradproof replay gp1.jZL… --explain 'conv1.weight[0,0,2,3]'\n  \
    gradproof replay gp2.NYv… --subject 'python3 my_conv.py' --save case.json\n  \
    gradproof replay proptest-regressions/fuzz-conv2d.txt")]
pub(super) struct Arguments {
    /// The token: the last word of a text report, or "replay" in a JSON one; or a file, of which every
    /// token and every proptest seed is repeated
    #[arg(value_name = "TOKEN|FILE")]
    what: String,

    /// What the seeds of a file mean that have no token beside them: the name that 'gradproof fuzz' takes.
    /// The file fuzz-NAME.txt says so itself
    #[arg(long, value_name = "WHAT")]
    strategy: Option<String>,

    /// Show every number on the way to the verdict on this coordinate, such as 'weight[0,0,2,3]': the
    /// objective on both sides of it, branches, slopes, bounds, and what each source says
    #[arg(long, value_name = "COORDINATE")]
    explain: Option<String>,

    /// Write the case to FILE with all its numbers, in the format of 'gradproof verify', with output and
    /// gradients of who is under test; it outlives every change of how cases are drawn
    #[arg(long, value_name = "FILE", conflicts_with = "explain")]
    save: Option<PathBuf>,

    #[command(flatten)]
    subject: Subject,

    #[command(flatten)]
    detailed: Detailed,

    #[command(flatten)]
    output: Output,
}

impl Arguments {
    /// Check what the token holds, and write the report.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let path = Path::new(&self.what);
        if path.is_file() {
            if self.explain.is_some() || self.save.is_some() {
                return Err(format!(
                    "--explain and --save are of one case, and {} is a file: give a token of it",
                    path.display()
                ));
            }
            return self.run_file(path, screen);
        }
        let replay = self.what.parse().map_err(|error: TokenError| match error {
            TokenError::NotAToken(_) if looks_like_a_path(&self.what) => {
                format!("there is no file {}, and it is no token either: name a file that there is, or copy the last word of a report", self.what)
            }
            error => error.to_string(),
        })?;
        if let Some(coordinate) = &self.explain {
            self.output.prepare::<AccountReport>()?;
            return self.explain(&replay, coordinate, screen);
        }
        if let Some(path) = &self.save {
            return self.save(&replay, path, screen);
        }
        match replay {
            Replay::Check(case) => {
                self.of_cases_alone("a check of a network")?;
                let manner = Manner {
                    details: self.detailed.wanted(&self.output)?,
                    ..Manner::default()
                };
                run_case(&case, &manner, &self.output, None, screen)
            }
            Replay::Trial(trial) => {
                self.output.prepare::<Report>()?;
                self.subject.try_out(trial.precision)?;
                let again = match self.detailed.wanted(&self.output)? {
                    None => self.again(&trial)?,
                    Some(details) => self.again_in_detail(&trial, details)?,
                };
                match &again {
                    Again::Report(report) => {
                        self.output.write(
                            report.as_ref(),
                            text::render_with,
                            &report.sentence,
                            screen,
                        )?;
                    }
                    again => {
                        self.output
                            .write(again, text::render_again, &again.sentence(), screen)?
                    }
                }
                Ok(again.outcome().into())
            }
        }
    }

    /// Refuse a program under test where there is none to ask.
    fn of_cases_alone(&self, what: &str) -> Result<(), String> {
        match self.subject.command() {
            Some(_) => Err(format!(
                "--subject answers random cases, and this token is of {what}; leave it out"
            )),
            None => Ok(()),
        }
    }

    fn explain(
        &self,
        replay: &Replay,
        coordinate: &str,
        screen: Screen,
    ) -> Result<ExitCode, String> {
        let report = match replay {
            Replay::Check(case) => {
                self.of_cases_alone("a check of a network")?;
                account_of_case(case, coordinate).map_err(|error| error.to_string())?
            }
            Replay::Trial(trial) => {
                let answered = saved::answered(trial, &self.subject)?;
                let name = saved::leaf_of(coordinate, &answered.posed);
                account(answered.posed, &answered.sources, &name)
                    .map_err(|error| error.to_string())?
            }
        };
        let sentence = format!("{}: {}.", report.coordinate, report.verdict);
        self.output
            .write(&report, text::account::render, &sentence, screen)?;
        Ok(ExitCode::Right)
    }

    fn save(&self, replay: &Replay, path: &Path, screen: Screen) -> Result<ExitCode, String> {
        let case = match replay {
            Replay::Check(case) => {
                self.of_cases_alone("a check of a network")?;
                saved::of_check(case)?
            }
            Replay::Trial(trial) => saved::of_trial(trial, &self.subject)?,
        };
        let name = path.display();
        super::output::write_whole(path, &(case.to_line() + "\n"))
            .map_err(|error| format!("cannot write --save {name}: {error}"))?;
        if screen.is_silent() {
            return Ok(ExitCode::Right);
        }
        super::output::say(&format!(
            "{name} has the case with all its numbers; 'gradproof verify {name}' judges them.\n"
        ))?;
        Ok(ExitCode::Right)
    }

    fn run_file(&self, path: &Path, screen: Screen) -> Result<ExitCode, String> {
        self.output.prepare::<ReplayReport>()?;
        self.subject.try_out(Precision::F64)?;
        let lines = Kept::at(path)
            .read()
            .map_err(|error: KeptError| error.to_string())?;
        let strategy = self.strategy.clone().or_else(|| strategy_of(path));
        let bar = Bar::new(screen);
        let (mut rows, mut wrong) = (Vec::new(), 0);
        let all = lines.len();
        for line in lines {
            let place = format!("{}, line {}", path.display(), line.number);
            let again = self
                .line(&line, strategy.as_deref())
                .map_err(|error| format!("{place}: {error}"))?;
            wrong += usize::from(again.outcome() == Outcome::Wrong);
            rows.push(ReplayRow {
                line: line.number,
                again,
            });
            bar.count("cases", rows.len(), all, &format!("{wrong} wrong"));
        }
        bar.finish();
        if rows.is_empty() {
            return Err(format!(
                "{} holds no token and no seed: there is nothing to repeat",
                path.display()
            ));
        }
        let report = ReplayReport::new(path.display().to_string(), rows);
        self.output
            .write(&report, text::render_replay, &report.sentence, screen)?;
        Ok(report.outcome.into())
    }

    fn line(&self, line: &Line, strategy: Option<&str>) -> Result<Again, String> {
        match (&line.replay, strategy, &line.seed) {
            (Some(Replay::Check(case)), ..) => {
                let checked = check(case, &Silent).map_err(|error| error.to_string())?;
                Ok(Again::Report(Box::new(checked.report)))
            }
            (Some(Replay::Trial(trial)), ..) => self.again(trial),
            (None, Some(name), Some(seed)) => {
                let strategy = Strategy::named(name).map_err(|error| error.to_string())?;
                let tree = strategy.tree(seed).map_err(|error| error.to_string())?;
                self.again(&Trial {
                    case: tree.current(),
                    precision: Precision::F64,
                })
            }
            _ => Err(
                "a seed alone says nothing without its strategy; use --strategy conv2d, say, or run the property test that the file is of"
                    .to_owned(),
            ),
        }
    }

    /// The case of `trial` once more, with the numbers behind the verdicts.
    fn again_in_detail(&self, trial: &Trial, details: Details) -> Result<Again, String> {
        let again = self.again(trial)?;
        if !matches!(again, Again::Report(_)) {
            return Ok(again);
        }
        let Answered { posed, sources } = saved::answered(trial, &self.subject)?;
        let curves = details.curves.iter();
        let curves = curves.map(|name| saved::leaf_of(name, &posed)).collect();
        let posed = Posed {
            details: Some(Details { curves }),
            ..posed
        };
        let checked = check_posed(posed, &sources, &Silent).map_err(|error| error.to_string())?;
        Ok(Again::Report(Box::new(checked.report)))
    }

    /// The case of `trial` once more.
    fn again(&self, trial: &Trial) -> Result<Again, String> {
        let examiner = self.subject.examiner(trial.precision);
        let found = examiner.and_then(|mut examiner| examiner.examine(trial));
        Ok(match found.map_err(|error| error.to_string())? {
            Found::Report(report) => Again::Report(report),
            Found::Failed(why) => Again::Failed(why),
            Found::Refused(what) => Again::Refused(what),
        })
    }
}

/// What the seeds of `fuzz-NAME.txt` are of.
fn strategy_of(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    name.strip_prefix("fuzz-").map(str::to_owned)
}

fn looks_like_a_path(text: &str) -> bool {
    text.contains(std::path::is_separator)
        || Path::new(text).extension().is_some_and(|e| e == "txt")
}
