//! What became of every case that a file keeps.

use serde::{Deserialize, Serialize};

use super::fuzz::Finding;
use super::words::{counted, grouped};
use super::{Outcome, Report};

/// Version of this report's format.
pub const VERSION: u32 = 1;

/// Every case of a file, repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// The file.
    pub file: String,
    /// Its cases, in the file's order.
    pub cases: Vec<ReplayRow>,
    /// The answer: wrong when a case is, else unjudged when a case is, else right.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
}

/// One case of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplayRow {
    /// The line it stands in, from 1.
    pub line: usize,
    /// What was found.
    #[serde(flatten)]
    pub again: Again,
}

/// What was found when a case was repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// It was judged.
    Report(Box<Report>),
    /// Whoever is under test gave no answer, and why.
    Failed(String),
    /// Whoever is under test has no such operator, by their own account.
    Refused(String),
}

impl Again {
    /// What it says of who is under test.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Report(report) => report.outcome,
            Self::Failed(_) => Outcome::Wrong,
            Self::Refused(_) => Outcome::Unjudged,
        }
    }

    /// The same in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Report(report) => report.sentence.clone(),
            Self::Failed(why) => format!("No answer: {why}"),
            Self::Refused(what) => format!("Cannot tell: it has no {what}, by its own account."),
        }
    }
}

impl From<Finding> for Again {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Wrong(report) => Self::Report(report),
            Finding::Failed(why) => Self::Failed(why),
        }
    }
}

impl ReplayReport {
    /// The report of these cases.
    #[must_use]
    pub fn new(file: String, cases: Vec<ReplayRow>) -> Self {
        let count = |outcome| {
            let of_outcome = cases.iter().filter(|case| case.again.outcome() == outcome);
            of_outcome.count()
        };
        let (wrong, unjudged) = (count(Outcome::Wrong), count(Outcome::Unjudged));
        let (outcome, what) = match (wrong, unjudged) {
            (0, 0) => (Outcome::Right, "every one agrees".to_owned()),
            (0, unjudged) => (
                Outcome::Unjudged,
                format!("{} could not be judged", grouped(unjudged)),
            ),
            (wrong, _) => (
                Outcome::Wrong,
                format!("something is wrong in {}", grouped(wrong)),
            ),
        };
        Self {
            version: VERSION,
            sentence: format!("{} of {file}: {what}.", counted(cases.len(), "case")),
            file,
            cases,
            outcome,
        }
    }
}
