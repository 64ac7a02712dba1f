//! `gradproof man`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::{Man, generate_to};

use crate::data::tensors::create_folder;

use super::ExitCode;
use super::output::say;

/// Write the manual pages.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof man\n  \
    gradproof man --output man1\n\n\
    To read it: gradproof man | man -l -")]
pub(super) struct Arguments {
    /// Write gradproof.1 and a page for each command into the folder DIR; without it the first is written
    /// to standard output
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl Arguments {
    /// Write them.
    pub(super) fn run(self, command: Command) -> Result<ExitCode, String> {
        match &self.output {
            None => {
                let mut page = Vec::new();
                let rendered = Man::new(command).render(&mut page);
                rendered.map_err(|error| format!("cannot write the manual page: {error}"))?;
                say(&String::from_utf8_lossy(&page))?;
            }
            Some(folder) => {
                create_folder(folder).map_err(|error| format!("--output: {error}"))?;
                generate_to(command, folder).map_err(|error| {
                    format!(
                        "cannot write the manual pages to {}: {error}; name a folder that can be written",
                        folder.display()
                    )
                })?;
                say(&format!(
                    "The manual pages are in {0}; 'man {0}/gradproof.1' shows the first.\n",
                    folder.display()
                ))?;
            }
        }
        Ok(ExitCode::Right)
    }
}
