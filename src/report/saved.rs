//! Reports read back from JSON, whatever kind they are of.

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::account::AccountReport;
use super::diff::DiffReport;
use super::fuzz::{Finding, FuzzReport};
use super::power::PowerReport;
use super::replay::Again;
use super::schema::Kind;
use super::sweep::SweepReport;
use super::verify::VerifyReport;
use super::{Part, ReplayReport, Report, version};

/// Above this no count of anything can be: sums of such counts stay numbers.
const MOST: u64 = 1 << 50;

/// A report of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// Of a check.
    Check(Box<Report>),
    /// Of a run of random cases.
    Fuzz(Box<FuzzReport>),
    /// Of dumped cases.
    Verify(Box<VerifyReport>),
    /// Of a file of cases.
    Replay(Box<ReplayReport>),
    /// Of a sweep over steps.
    Sweep(Box<SweepReport>),
    /// Of a trial of the checker.
    Power(Box<PowerReport>),
    /// Of one coordinate.
    Account(Box<AccountReport>),
    /// Of two checks.
    Diff(Box<DiffReport>),
}

/// Why text is no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SavedError {
    /// It is no JSON.
    #[error("it is no JSON: {0}; name a file that --format json has written")]
    NotJson(String),
    /// It is no report, or a kind that is not known.
    #[error("it is no report of gradproof ({0}); name a file that --format json has written")]
    NoReport(&'static str),
    /// Of a newer version, or of none.
    #[error("{0}")]
    Version(String),
    /// A part of it is not what it has to be.
    #[error("it is damaged: as the report of {kind}, at {place}: {why}; write it anew")]
    Damaged {
        /// What it is of.
        kind: &'static str,
        /// Where.
        place: String,
        /// What is the matter.
        why: String,
    },
}

impl Saved {
    /// Read a report: its version is looked at before all else.
    ///
    /// # Errors
    /// [`SavedError`], which says where the text is no report, and why.
    pub fn read(text: &str) -> Result<Self, SavedError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| SavedError::NotJson(error.to_string()))?;
        let Value::Object(fields) = &value else {
            return Err(SavedError::NoReport("it is not an object"));
        };
        if fields.contains_key("shard") {
            return Err(SavedError::NoReport(
                "it is a share of a run, which 'gradproof merge' puts together",
            ));
        }
        let Some(version) = fields.get("version").and_then(Value::as_u64) else {
            return Err(SavedError::NoReport("it has no version"));
        };
        let has = |kind: &Kind| kind.mark().iter().all(|field| fields.contains_key(*field));
        let Some(kind) = Kind::ALL.into_iter().find(has) else {
            return Err(SavedError::NoReport("no kind of report has its fields"));
        };
        if let Some(why) = version::refusal(version, kind.version()) {
            return Err(SavedError::Version(why));
        }
        if let Some(place) = too_large(&value, String::new()) {
            return Err(damaged(kind, place, "no count can be as large"));
        }
        let saved = match kind {
            Kind::Check => Self::Check(typed(kind, text)?),
            Kind::Fuzz => Self::Fuzz(typed(kind, text)?),
            Kind::Verify => Self::Verify(typed(kind, text)?),
            Kind::Replay => Self::Replay(typed(kind, text)?),
            Kind::Sweep => Self::Sweep(typed(kind, text)?),
            Kind::Power => Self::Power(typed(kind, text)?),
            Kind::Account => Self::Account(typed(kind, text)?),
            Kind::Diff => Self::Diff(typed(kind, text)?),
        };
        match saved.contradiction() {
            None => Ok(saved),
            Some((place, why)) => Err(damaged(kind, place, why)),
        }
    }

    /// What it is a report of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Check(_) => Kind::Check,
            Self::Fuzz(_) => Kind::Fuzz,
            Self::Verify(_) => Kind::Verify,
            Self::Replay(_) => Kind::Replay,
            Self::Sweep(_) => Kind::Sweep,
            Self::Power(_) => Kind::Power,
            Self::Account(_) => Kind::Account,
            Self::Diff(_) => Kind::Diff,
        }
    }

    /// Where numbers of a report do not fit together, which no type says.
    fn contradiction(&self) -> Option<(String, &'static str)> {
        match self {
            Self::Check(report) => in_check(report),
            Self::Fuzz(report) => match report.failure.as_ref().map(|failure| &failure.finding) {
                Some(Finding::Wrong(report)) => within("failure.finding.", in_check(report)),
                _ => None,
            },
            Self::Replay(report) => {
                let mut cases = report.cases.iter().enumerate();
                cases.find_map(|(number, case)| match &case.again {
                    Again::Report(report) => within(&format!("cases[{number}]."), in_check(report)),
                    _ => None,
                })
            }
            Self::Sweep(report) => in_sweep(report),
            Self::Power(report) => {
                let mut rows = report.mutants.iter();
                let row = rows.position(|row| row.equivalent > row.cases)?;
                Some((
                    format!("mutants[{row}]"),
                    "more cases are equivalent than there are",
                ))
            }
            Self::Verify(_) | Self::Account(_) | Self::Diff(_) => None,
        }
    }
}

fn damaged(kind: Kind, place: String, why: impl Into<String>) -> SavedError {
    SavedError::Damaged {
        kind: kind.words(),
        place,
        why: why.into(),
    }
}

fn typed<R: DeserializeOwned>(kind: Kind, text: &str) -> Result<Box<R>, SavedError> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json)
        .map(Box::new)
        .map_err(|error| {
            let place = match error.path().to_string().as_str() {
                "." => "its top".to_owned(),
                path => path.to_owned(),
            };
            damaged(kind, place, error.into_inner().to_string())
        })
}

/// Where a whole number stands that is no count; seeds are any.
fn too_large(value: &Value, place: String) -> Option<String> {
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(count) if count > MOST => Some(place),
            _ => None,
        },
        Value::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(number, value)| too_large(value, format!("{place}[{number}]"))),
        Value::Object(fields) => {
            fields
                .iter()
                .filter(|(name, _)| *name != "seed")
                .find_map(|(name, value)| {
                    let dot = if place.is_empty() { "" } else { "." };
                    too_large(value, format!("{place}{dot}{name}"))
                })
        }
        _ => None,
    }
}

fn within(place: &str, found: Option<(String, &'static str)>) -> Option<(String, &'static str)> {
    found.map(|(own, why)| (format!("{place}{own}"), why))
}

fn in_check(report: &Report) -> Option<(String, &'static str)> {
    let mut parts = report.parts.iter().enumerate();
    parts.find_map(|(number, part)| within(&format!("parts[{number}]."), in_part(part)))
}

fn in_part(part: &Part) -> Option<(String, &'static str)> {
    let references = part.values.len().saturating_sub(1);
    let mut rows = part.tensors.iter();
    if let Some(row) = rows.position(|row| row.against.len() < references) {
        let why = "it is not compared with each reference";
        return Some((format!("tensors[{row}].against"), why));
    }
    let mut rows = part.crossed.iter();
    if let Some(row) = rows.position(|row| row.count < row.switches.len()) {
        return Some((
            format!("crossed[{row}]"),
            "it names more kinks than there are",
        ));
    }
    let units = part.single.as_ref();
    if units.is_some_and(|single| single.turned < single.units.len()) {
        return Some(("single".to_owned(), "it names more units than there are"));
    }
    let detail = part.detail.as_ref()?;
    for (number, tensor) in detail.tensors.iter().enumerate() {
        let place = format!("detail.tensors[{number}]");
        let all = tensor
            .shape
            .iter()
            .try_fold(1_usize, |all, axis| all.checked_mul(*axis));
        let Some(all) = all else {
            return Some((place, "its shape has more entries than can be"));
        };
        let is_ascii = tensor.verdicts.is_ascii();
        let fits = match &tensor.indices {
            None => tensor.len() == all,
            Some(indices) => {
                indices.len() == tensor.len() && indices.iter().all(|index| *index < all)
            }
        };
        if !is_ascii || !fits {
            return Some((place, "its verdicts are not those of its coordinates"));
        }
        let is_whole = |count: usize| count == tensor.len();
        let mut sources = tensor.sources.iter();
        if !sources.all(|own| is_whole(own.values.len()) && is_whole(own.errors.len())) {
            return Some((place, "a source has not one number for each coordinate"));
        }
    }
    let mut curves = detail.curves.iter().enumerate();
    curves.find_map(|(number, curve)| {
        within(
            &format!("detail.curves[{number}].sweep."),
            in_sweep(&curve.sweep),
        )
    })
}

fn in_sweep(report: &SweepReport) -> Option<(String, &'static str)> {
    let mut rungs = report.rungs.iter();
    let rung = rungs.position(|rung| rung.gaps.len() != report.sources.len())?;
    Some((
        format!("rungs[{rung}].gaps"),
        "there is not one gap for each source",
    ))
}
