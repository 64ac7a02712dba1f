//! The formats of reports, and which report has which.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;

use crate::report::account::AccountReport;
use crate::report::fuzz::FuzzReport;
use crate::report::power::PowerReport;
use crate::report::replay::Again;
use crate::report::sweep::SweepReport;
use crate::report::verify::VerifyReport;
use crate::report::{ReplayReport, Report};
use crate::report::{html, json};

/// The help of --format, which every report has.
pub(super) const FORMAT_HELP: &str = "How the report is written to standard output, and to files whose ending does not say it: text, tables for people (unless you say otherwise), html, a page for browsers, or json for programs";

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people.
    Text,
    /// JSON for programs.
    Json,
    /// A page for browsers.
    Html,
}

/// What a file's ending says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing: there is none.
    None,
    /// The format that has it.
    Known(Format),
    /// No format has it.
    Unknown,
}

impl Format {
    const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Html];

    /// The ending of its files; `None` for what has none.
    pub(super) fn ending(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("txt"),
            Self::Json => Some("json"),
            Self::Html => Some("html"),
        }
    }

    /// Whether it is made of bytes that no terminal shows.
    pub(super) fn is_binary(self) -> bool {
        match self {
            Self::Text | Self::Json | Self::Html => false,
        }
    }

    /// Whether it shows single coordinates.
    pub(super) fn shows_detail(self) -> bool {
        match self {
            Self::Text => false,
            Self::Json | Self::Html => true,
        }
    }

    /// "text, json".
    pub(super) fn listed(formats: &[Self]) -> String {
        let names: Vec<String> = formats.iter().map(Self::to_string).collect();
        names.join(", ")
    }

    /// All endings.
    pub(super) fn endings() -> String {
        let endings = Self::ALL.iter().filter_map(|format| format.ending());
        let endings: Vec<String> = endings.map(|ending| format!(".{ending}")).collect();
        endings.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Html => "html",
        })
    }
}

impl Ending {
    /// Of this file.
    pub(super) fn of(path: &Path) -> Self {
        let Some(ending) = path.extension().map(OsStr::to_ascii_lowercase) else {
            return Self::None;
        };
        let known = Format::ALL
            .into_iter()
            .find(|format| format.ending().is_some_and(|own| ending == own));
        known.map_or(Self::Unknown, Self::Known)
    }
}

/// A report in the formats that make sense for it; its text is made where it is written.
pub(super) trait Written: Serialize {
    /// What it is of.
    const WHAT: &'static str;
    /// Its formats.
    const FORMATS: &'static [Format];

    /// Its bytes in `format`, which is not text.
    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        match format {
            Format::Json => Ok(json::render(self).into_bytes()),
            format => Err(format!(
                "{} has no {format} form; there are {}",
                Self::WHAT,
                Format::listed(Self::FORMATS)
            )),
        }
    }
}

/// What every report has.
pub(super) const BASIC: &[Format] = &[Format::Text, Format::Json];

/// What a check has.
const OF_CHECKS: &[Format] = &[Format::Text, Format::Json, Format::Html];

impl Written for Report {
    const WHAT: &'static str = "a check";
    const FORMATS: &'static [Format] = OF_CHECKS;

    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        match format {
            Format::Html => Ok(html::render(self).into_bytes()),
            _ => Ok(json::render(self).into_bytes()),
        }
    }
}

impl Written for Again {
    const WHAT: &'static str = "a repeated case";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for ReplayReport {
    const WHAT: &'static str = "a repeated file of cases";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for VerifyReport {
    const WHAT: &'static str = "a verification";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for FuzzReport {
    const WHAT: &'static str = "a run of random cases";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for PowerReport {
    const WHAT: &'static str = "a trial of the checker";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for SweepReport {
    const WHAT: &'static str = "a sweep";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for AccountReport {
    const WHAT: &'static str = "the account of one coordinate";
    const FORMATS: &'static [Format] = BASIC;
}
