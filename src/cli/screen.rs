//! Who looks on: a terminal or a pipe, how wide, with or without colours, and how much they want to know.

use std::env;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args, ValueEnum};
use terminal_size::{Width, terminal_size_of};

use crate::report::text::{Look, Verbosity};

/// Columns of a terminal that does not tell.
const USUAL: usize = 80;

/// What every command has to say about how it speaks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Display")]
pub(super) struct Display {
    /// Colours: 'auto' shows them on a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE and
    /// FORCE_COLOR ask for them anywhere
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: When,

    /// Say the answer alone, and the line that repeats it; -qq says nothing, and the exit code all
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "verbose")]
    quiet: u8,

    /// Say everything: also the metrics that people are used to, all steps, and the time of each source
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// Who looks on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    /// How texts are rendered for standard output.
    pub(super) look: Look,
    /// Whether progress is shown on standard error.
    pub(super) shows_progress: bool,
}

impl Display {
    /// What this and the environment say.
    pub(super) fn screen(&self) -> Screen {
        let out = io::stdout();
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let window = out.is_terminal().then(|| {
            let told = terminal_size_of(&out).map(|(Width(width), _)| usize::from(width));
            let columns = || env::var("COLUMNS").ok()?.parse().ok();
            let told = told.filter(|width| *width > 0).or_else(columns);
            told.unwrap_or(USUAL)
        });
        let is_coloured = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => is_coloured(&out),
        };
        let is_talkative = self.quiet == 0;
        Screen {
            shows_progress: is_talkative && !is_dumb && io::stderr().is_terminal(),
            look: Look {
                window,
                is_coloured,
                // Files and pipes get UTF-8, as JSON is.
                is_unicode: window.is_none() || (!is_dumb && is_utf8()),
                verbosity: match (self.quiet, self.verbose) {
                    (_, true) => Verbosity::Verbose,
                    (0, false) => Verbosity::Usual,
                    (1, false) => Verbosity::Quiet,
                    (_, false) => Verbosity::Silent,
                },
            },
        }
    }
}

impl Screen {
    /// Whether there is room for remarks and progress beside the report.
    pub(super) fn is_talkative(self) -> bool {
        self.look.verbosity >= Verbosity::Usual
    }

    /// Whether everything is to be said.
    pub(super) fn is_verbose(self) -> bool {
        self.look.verbosity == Verbosity::Verbose
    }

    /// Whether nothing is.
    pub(super) fn is_silent(self) -> bool {
        self.look.verbosity == Verbosity::Silent
    }

    /// What a text in a file looks like: whole, whoever watches.
    pub(super) fn of_file(self) -> Look {
        Look {
            verbosity: self.look.verbosity.max(Verbosity::Usual),
            ..Look::plain()
        }
    }
}

/// By the customs of <https://no-color.org>, <https://bixense.com/clicolors> and <https://force-color.org>.
fn is_coloured(out: &io::Stdout) -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    let is_forced = is_set("FORCE_COLOR") && env::var_os("FORCE_COLOR").is_none_or(|v| v != "0");
    is_forced || AutoStream::choice(out) != ColorChoice::Never
}

/// Whether the locale's characters are those of Unicode; Windows' consoles take them whatever the locale.
fn is_utf8() -> bool {
    if cfg!(windows) {
        return true;
    }
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"));
    let locale = locale.unwrap_or_default().to_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

/// What clap's own messages look like, which come before the arguments are understood.
pub(super) fn colour_of_help(arguments: &[std::ffi::OsString]) -> clap::ColorChoice {
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    let mut told = None;
    while let Some(argument) = arguments.next() {
        told = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('='),
            None => told,
        };
    }
    match told {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}
