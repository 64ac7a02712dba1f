//! The command line: one file a subcommand.

mod check;
mod detail;
mod diff;
mod exit_code;
mod foreign;
mod format;
mod fuzz;
mod interrupt;
mod list;
mod merge;
mod output;
mod power;
mod progress;
mod replay;
mod report;
mod saved;
mod schema;
mod shard;
mod subject;
mod sweep;
mod verify;

use clap::{Parser, Subcommand};

pub use exit_code::ExitCode;

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
    /// Repeat a check, to the byte, from the token in its report
    Replay(replay::Arguments),
    /// Write a saved report in another format
    Report(report::Arguments),
    /// Say what became better or worse from one saved report to another
    Diff(diff::Arguments),
    /// Print the JSON Schema of a report
    Schema(schema::Arguments),
}

/// Run the program on `arguments`, the first being its name.
pub fn run<I>(arguments: I) -> ExitCode
where
    I: IntoIterator,
    I::Item: Into<std::ffi::OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
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
    let result = match cli.command {
        None => check::Arguments::lenet5().run(),
        Some(Command::Check(arguments)) => arguments.run(),
        Some(Command::Sweep(arguments)) => arguments.run(),
        Some(Command::Fuzz(arguments)) => arguments.run(),
        Some(Command::Verify(arguments)) => arguments.run(),
        Some(Command::Merge(arguments)) => arguments.run(),
        Some(Command::Power(arguments)) => arguments.run(),
        Some(Command::List(arguments)) => arguments.run(),
        Some(Command::Replay(arguments)) => arguments.run(),
        Some(Command::Report(arguments)) => arguments.run(),
        Some(Command::Diff(arguments)) => arguments.run(),
        Some(Command::Schema(arguments)) => arguments.run(),
    };
    result.unwrap_or_else(|message| {
        output::complain(&message);
        ExitCode::Usage
    })
}
