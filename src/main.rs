//! The `gradproof` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    gradproof::cli::run(std::env::args_os()).into()
}
