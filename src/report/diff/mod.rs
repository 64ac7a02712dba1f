//! What became better or worse from one report to the next, case by case.

mod compare;
pub mod markdown;
#[cfg(feature = "cli")]
pub mod text;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cases::State;
use super::numbers::in_bounds;
use super::words::{counted, grouped, listed};
use super::{Counts, Number, Outcome};
use crate::spec::case::SourceName;

pub use compare::diff;

/// Version of this report's format.
pub const VERSION: u32 = 1;

/// Names that a sentence has.
const MOST_NAMES: usize = 3;

/// What became better or worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiffReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// The first report.
    pub old: Side,
    /// The second.
    pub new: Side,
    /// What is not the same about what was checked; whatever else differs may come of it.
    pub setup: Vec<SetupChange>,
    /// The cases that are not the same, the worse first.
    pub cases: Vec<CaseDiff>,
    /// Cases that are the same.
    pub same: usize,
    /// All of it in a word.
    pub trend: Trend,
    /// All of it in a sentence.
    pub sentence: String,
}

/// One of the two reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Side {
    /// What it is of.
    pub title: String,
    /// Its answer.
    pub outcome: Outcome,
    /// The same in a sentence.
    pub sentence: String,
    /// The command that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// Something that is not the same about what was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetupChange {
    /// What: "seed".
    pub what: String,
    /// As it was.
    pub old: String,
    /// As it is.
    pub new: String,
}

/// From the first to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Something became worse, and nothing better.
    Worse,
    /// Something became worse, and something better.
    Mixed,
    /// Something became better, and nothing worse.
    Better,
    /// Numbers moved within their bounds, or cases appeared or went.
    Changed,
    /// Nothing changed.
    Same,
}

/// One case, or tensor, that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseDiff {
    /// What it belongs to: "data loss".
    pub suite: String,
    /// Its name.
    pub name: String,
    /// What became of it; [`Trend::Mixed`] when some of its coordinates became better and some worse.
    pub trend: Trend,
    /// As it was; `None` when it was not there.
    pub old: Option<CaseSide>,
    /// As it is; `None` when it is gone.
    pub new: Option<CaseSide>,
    /// The digits that match each reference of both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digits: Vec<DigitsChange>,
    /// Coordinates that are wrong now and were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// Coordinates that were wrong and are not now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<String>,
}

/// A case in one of the two reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseSide {
    /// What became of it.
    pub state: State,
    /// The same on a line.
    pub summary: String,
    /// A tensor's verdicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// A tensor's largest gap, in units of its bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Number>,
}

/// Matching digits against one reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DigitsChange {
    /// Against whom.
    pub reference: SourceName,
    /// The fewest, as they were; `None` when all derivatives are 0.
    pub old_fewest: Option<f64>,
    /// The fewest, as they are.
    pub new_fewest: Option<f64>,
    /// The median, as it was.
    pub old_median: Option<f64>,
    /// The median, as it is.
    pub new_median: Option<f64>,
}

/// Why two reports cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DiffError {
    /// They are of different kinds.
    #[error("the first is a report of {0}, and the second one of {1}: compare two of one kind")]
    Kinds(&'static str, &'static str),
    /// There is nothing to compare.
    #[error(
        "reports of {0} have no cases to compare: compare reports of checks, sweeps, random or dumped cases, or trials"
    )]
    NoCases(&'static str),
}

impl Trend {
    /// Whether something became worse.
    #[must_use]
    pub fn is_worse(self) -> bool {
        matches!(self, Self::Worse | Self::Mixed)
    }

    /// What comes of several.
    fn of(all: impl Iterator<Item = Self> + Clone) -> Self {
        let any = |wanted: &[Self]| all.clone().any(|trend| wanted.contains(&trend));
        match (
            any(&[Self::Worse, Self::Mixed]),
            any(&[Self::Better, Self::Mixed]),
        ) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Worse,
            (false, true) => Self::Better,
            (false, false) if any(&[Self::Changed]) => Self::Changed,
            (false, false) => Self::Same,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Mixed => "worse and better",
            Self::Better => "better",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

impl CaseDiff {
    /// From what to what, on a line.
    fn summary(&self) -> String {
        match (&self.old, &self.new) {
            (None, Some(new)) => format!("it is new: {}", new.summary),
            (Some(old), None) => format!("it is gone; it was {}", old.state.words()),
            (Some(old), Some(new)) if old.state != new.state => format!(
                "it was {}, and is {}: {}",
                old.state.words(),
                new.state.words(),
                new.summary
            ),
            (Some(old), Some(new)) if old.summary != new.summary => {
                format!("{}; before: {}", new.summary, old.summary)
            }
            (Some(_), Some(new)) => format!("as before, {}", new.summary),
            (None, None) => String::new(),
        }
    }

    /// What else changed, line by line.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let named = |names: &[String]| match names.len().checked_sub(10) {
            None | Some(0) => names.join(", "),
            Some(more) => format!("{} and {} more", names[..10].join(", "), grouped(more)),
        };
        if !self.broken.is_empty() {
            lines.push(format!("newly wrong: {}", named(&self.broken)));
        }
        if !self.mended.is_empty() {
            lines.push(format!("mended: {}", named(&self.mended)));
        }
        let gap = |side: &Option<CaseSide>| side.as_ref().and_then(|side| side.gap);
        if let (Some(old), Some(new)) = (gap(&self.old), gap(&self.new))
            && old != new
        {
            lines.push(format!(
                "largest gap by its bound: {} → {}",
                in_bounds(old.0),
                in_bounds(new.0)
            ));
        }
        let digits = |digits: Option<f64>| match digits {
            // No digit at all is −0 as a logarithm.
            Some(digits) => format!("{:.1}", digits + 0.0),
            None => "all zero".to_owned(),
        };
        for change in &self.digits {
            let (old, new) = (digits(change.old_fewest), digits(change.new_fewest));
            let median = (digits(change.old_median), digits(change.new_median));
            if old != new || median.0 != median.1 {
                lines.push(format!(
                    "digits against {}: fewest {old} → {new}, median {} → {}",
                    change.reference, median.0, median.1
                ));
            }
        }
        lines
    }
}

impl DiffReport {
    /// The same with its answer.
    fn judged(mut self) -> Self {
        self.trend = Trend::of(self.cases.iter().map(|case| case.trend));
        self.sentence = self.answer();
        self
    }

    fn answer(&self) -> String {
        let of = |wanted: &[Trend]| -> Vec<&CaseDiff> {
            let cases = self.cases.iter();
            cases.filter(|case| wanted.contains(&case.trend)).collect()
        };
        let named = |cases: &[&CaseDiff]| {
            let mut names: Vec<String> = cases
                .iter()
                .take(MOST_NAMES)
                .map(|case| case.name.clone())
                .collect();
            if let Some(more) = cases.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
                names.push(format!("{} more", grouped(more)));
            }
            listed(&names)
        };
        let worse = of(&[Trend::Worse, Trend::Mixed]);
        let better = of(&[Trend::Better]);
        let changed = of(&[Trend::Changed]);
        let mut sentences = Vec::new();
        sentences.push(match (worse.len(), better.len()) {
            (0, 0) => "Nothing became better or worse.".to_owned(),
            (0, _) => format!("Better: {}. Nothing became worse.", named(&better)),
            (_, 0) => format!("Worse: {}.", named(&worse)),
            _ => format!("Worse: {}. Better: {}.", named(&worse), named(&better)),
        });
        if !changed.is_empty() {
            sentences.push(match changed.len() {
                1 => format!("{} changed otherwise.", named(&changed)),
                count => format!("{} others changed otherwise.", grouped(count)),
            });
        }
        if !self.setup.is_empty() {
            let what: Vec<String> = self
                .setup
                .iter()
                .map(|change| change.what.clone())
                .collect();
            sentences.push(format!(
                "They are not of the same check: {} differ{}.",
                listed(&what),
                if what.len() == 1 { "s" } else { "" }
            ));
        }
        sentences.push(match self.same {
            1 => "1 case is the same.".to_owned(),
            same => format!("{} are the same.", counted(same, "case")),
        });
        sentences.join(" ")
    }
}
