//! The formats of reports, and which report has which.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;

use crate::report::account::AccountReport;
use crate::report::cases::Cases;
use crate::report::diff::{self, DiffReport};
use crate::report::fuzz::FuzzReport;
use crate::report::plot::{self, Figure};
use crate::report::power::PowerReport;
use crate::report::replay::Again;
use crate::report::sweep::SweepReport;
use crate::report::verify::VerifyReport;
use crate::report::{ReplayReport, Report, csv, github, html, json, junit, markdown};

/// The help of --format, which every report has.
pub(super) const FORMAT_HELP: &str = "How the report is written to standard output, and to files whose ending does not say it: text (tables for people, unless you say otherwise), html (a page for browsers), json, junit (XML), markdown (a comment on GitHub), github (annotations of a workflow), csv (a line for each weight), svg or png (plots); what a report has no form for is refused";

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people.
    Text,
    /// JSON for programs.
    Json,
    /// A page for browsers.
    Html,
    /// JUnit XML for test reports.
    Junit,
    /// Markdown for a comment.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
    /// A line for each coordinate.
    Csv,
    /// A plot as lines.
    Svg,
    /// A plot as pixels.
    Png,
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
    const ALL: [Self; 9] = [
        Self::Text,
        Self::Json,
        Self::Html,
        Self::Junit,
        Self::Markdown,
        Self::Github,
        Self::Csv,
        Self::Svg,
        Self::Png,
    ];

    /// The ending of its files; `None` for what has none.
    pub(super) fn ending(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("txt"),
            Self::Json => Some("json"),
            Self::Html => Some("html"),
            Self::Junit => Some("xml"),
            Self::Markdown => Some("md"),
            Self::Github => None,
            Self::Csv => Some("csv"),
            Self::Svg => Some("svg"),
            Self::Png => Some("png"),
        }
    }

    /// Whether it is made of bytes that no terminal shows.
    pub(super) fn is_binary(self) -> bool {
        self == Self::Png
    }

    /// Whether it shows single coordinates.
    pub(super) fn shows_detail(self) -> bool {
        match self {
            Self::Text | Self::Junit | Self::Markdown | Self::Github => false,
            Self::Json | Self::Html | Self::Csv | Self::Svg | Self::Png => true,
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
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
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
        let text = (format == Format::Json).then(|| json::render(self));
        bytes::<Self>(text, format)
    }
}

/// Why a report has no such form.
pub(super) fn no_form<R: Written + ?Sized>(format: Format) -> String {
    format!(
        "{} has no {format} form; there are {}",
        R::WHAT,
        Format::listed(R::FORMATS)
    )
}

fn bytes<R: Written + ?Sized>(text: Option<String>, format: Format) -> Result<Vec<u8>, String> {
    text.map(String::into_bytes)
        .ok_or_else(|| no_form::<R>(format))
}

/// What every report has.
pub(super) const BASIC: &[Format] = &[Format::Text, Format::Json];

/// What reports of cases have.
const OF_CASES: &[Format] = &[
    Format::Text,
    Format::Json,
    Format::Html,
    Format::Junit,
    Format::Markdown,
    Format::Github,
];

/// A report of cases in one of [`OF_CASES`]; `None` in another.
fn of_cases<R>(report: &R, format: Format) -> Option<String>
where
    R: Serialize,
    for<'a> Cases: From<&'a R>,
{
    match format {
        Format::Json => Some(json::render(report)),
        Format::Html => Some(html::render_cases(report)),
        Format::Junit => Some(junit::render(report)),
        Format::Markdown => Some(markdown::render_cases(report)),
        Format::Github => Some(github::render(report)),
        _ => None,
    }
}

/// A plot, or a report of cases.
fn plotted<'a, R>(report: &'a R, format: Format) -> Result<Vec<u8>, String>
where
    R: Written,
    for<'b> Cases: From<&'b R>,
    Figure<'a>: From<&'a R>,
{
    let plotted = match format {
        Format::Svg => plot::svg(report).map(String::into_bytes),
        Format::Png => plot::png(report),
        format => return bytes::<R>(of_cases(report, format), format),
    };
    plotted.map_err(|error| error.to_string())
}

impl Written for Report {
    const WHAT: &'static str = "a check";
    const FORMATS: &'static [Format] = &Format::ALL;

    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        match format {
            Format::Html => Ok(html::render(self).into_bytes()),
            Format::Markdown => Ok(markdown::render(self).into_bytes()),
            Format::Csv => csv::render(self)
                .map(String::into_bytes)
                .map_err(|error| error.to_string()),
            format => plotted(self, format),
        }
    }
}

impl Written for Again {
    const WHAT: &'static str = "a repeated case";
    const FORMATS: &'static [Format] = OF_CASES;

    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        match self {
            Self::Report(report) => report.written(format),
            again => bytes::<Self>(of_cases(again, format), format),
        }
    }
}

macro_rules! written_as_cases {
    ($($report:ty: $what:literal),* $(,)?) => {$(
        impl Written for $report {
            const WHAT: &'static str = $what;
            const FORMATS: &'static [Format] = OF_CASES;

            fn written(&self, format: Format) -> Result<Vec<u8>, String> {
                bytes::<Self>(of_cases(self, format), format)
            }
        }
    )*};
}

written_as_cases! {
    ReplayReport: "a repeated file of cases",
    VerifyReport: "a verification",
    FuzzReport: "a run of random cases",
    PowerReport: "a trial of the checker",
}

impl Written for SweepReport {
    const WHAT: &'static str = "a sweep";
    const FORMATS: &'static [Format] = &[
        Format::Text,
        Format::Json,
        Format::Html,
        Format::Junit,
        Format::Markdown,
        Format::Github,
        Format::Svg,
        Format::Png,
    ];

    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        match format {
            Format::Html => Ok(html::render_sweep(self).into_bytes()),
            format => plotted(self, format),
        }
    }
}

impl Written for AccountReport {
    const WHAT: &'static str = "the account of one coordinate";
    const FORMATS: &'static [Format] = BASIC;
}

impl Written for DiffReport {
    const WHAT: &'static str = "a comparison";
    const FORMATS: &'static [Format] = &[Format::Text, Format::Json, Format::Markdown];

    fn written(&self, format: Format) -> Result<Vec<u8>, String> {
        let text = match format {
            Format::Json => Some(json::render(self)),
            Format::Markdown => Some(diff::markdown::render(self)),
            _ => None,
        };
        bytes::<Self>(text, format)
    }
}
