//! `gradproof completions SHELL`.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::ExitCode;
use super::output::say;

/// Write what a shell needs to complete commands and options.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof completions bash\n  \
    gradproof completions zsh\n\n\
    For bash: gradproof completions bash > ~/.local/share/bash-completion/completions/gradproof")]
pub(super) struct Arguments {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Arguments {
    /// Write it to standard output.
    pub(super) fn run(self, mut command: Command) -> Result<ExitCode, String> {
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut command, name, &mut script);
        say(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::Right)
    }
}
