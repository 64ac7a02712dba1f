//! The command line: one file a subcommand.

mod check;
mod completions;
mod detail;
mod diff;
mod exit_code;
mod explain;
mod foreign;
mod format;
mod fuzz;
mod interrupt;
mod list;
mod man;
mod merge;
mod output;
mod power;
mod progress;
mod replay;
mod report;
mod saved;
mod schema;
mod screen;
mod shard;
mod subject;
mod sweep;
mod verify;
mod welcome;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use exit_code::ExitCode;
use screen::Display;

/// Is the gradient of your convolutional network right?
#[derive(Debug, Parser)]
#[command(
    name = "gradproof",
    version,
    about = "Are the gradients of your convolutional network right?",
    long_about = "Are the gradients of your convolutional network right?\n\n\
        gradproof compares hand-written backpropagation with three other ways to the same gradient: \
        dual numbers (forward mode), dfdx (reverse mode, with a forward pass of its own), and central \
        differences. Every number carries an error bound that was measured, not guessed, so there is no \
        tolerance to set: two numbers agree when their distance is within the sum of their bounds.",
    after_help = "Without a command, gradproof runs 'gradproof check lenet5'.\n\n\
        Exit codes: 0 all agree · 1 something disagrees · 2 bad usage or input · 3 it could not be judged",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    display: Display,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the gradient of every parameter of a network, four ways
    Check(check::Arguments),
    /// Show how the gap at one weight changes with the step: rounding, truncation, a kink, or a bug
    Sweep(sweep::Arguments),
    /// Try random operators and networks, and make the first failure as small as it goes
    Fuzz(fuzz::Arguments),
    /// Judge outputs and gradients that a program in any language has dumped
    Verify(verify::Arguments),
    /// Put the shares of a run together that several processes have done
    Merge(merge::Arguments),
    /// Put the checker itself on trial: planted faults to catch, right networks not to accuse
    Power(power::Arguments),
    /// Show the networks, operators and losses that there are, with attributes and defaults
    List(list::Arguments),
    /// Explain a kind of bug, or another word of a report: what it is, how it comes about, how to mend it
    Explain(explain::Arguments),
    /// Repeat a check, to the byte, from the token in its report
    Replay(replay::Arguments),
    /// Write a saved report in another format
    Report(report::Arguments),
    /// Say what became better or worse from one saved report to another
    Diff(diff::Arguments),
    /// Print the JSON Schema of a report
    Schema(schema::Arguments),
    /// Write what a shell needs to complete commands and options
    Completions(completions::Arguments),
    /// Write the manual pages
    Man(man::Arguments),
}

/// Run the program on `arguments`, the first being its name.
pub fn run<I>(arguments: I) -> ExitCode
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let command = Cli::command().color(screen::colour_of_help(&arguments));
    let parsed = command.try_get_matches_from(&arguments);
    let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            // Nothing is left to be told when even this cannot be written.
            let _ = error.print();
            return if asked_for {
                ExitCode::Right
            } else {
                ExitCode::Usage
            };
        }
    };
    let screen = cli.display.screen();
    let result = match cli.command {
        None => welcome::run(screen),
        Some(Command::Check(arguments)) => arguments.run(screen),
        Some(Command::Sweep(arguments)) => arguments.run(screen),
        Some(Command::Fuzz(arguments)) => arguments.run(screen),
        Some(Command::Verify(arguments)) => arguments.run(screen),
        Some(Command::Merge(arguments)) => arguments.run(screen),
        Some(Command::Power(arguments)) => arguments.run(screen),
        Some(Command::List(arguments)) => arguments.run(screen),
        Some(Command::Explain(arguments)) => arguments.run(screen),
        Some(Command::Completions(arguments)) => arguments.run(Cli::command()),
        Some(Command::Man(arguments)) => arguments.run(Cli::command()),
        Some(Command::Replay(arguments)) => arguments.run(screen),
        Some(Command::Report(arguments)) => arguments.run(screen),
        Some(Command::Diff(arguments)) => arguments.run(screen),
        Some(Command::Schema(arguments)) => arguments.run(),
    };
    result.unwrap_or_else(|message| {
        output::complain(&message);
        ExitCode::Usage
    })
}
