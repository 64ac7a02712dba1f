//! What a run of random cases found.

use serde::{Deserialize, Serialize};

use crate::spec::case::Precision;

use super::words::{counted, grouped};
use super::{Counts, Outcome, Report};

/// Version of this report's format.
pub const VERSION: u32 = 1;

/// The result of a run of random cases. With a number of cases for its end, it does not depend on time,
/// threads or machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FuzzReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// What was drawn: an operator's name, "network", "all".
    pub strategy: String,
    /// The seed that all cases come from.
    pub seed: u64,
    /// Arithmetic of the gradients under test.
    pub precision: Precision,
    /// The program under test; gradproof's own backprop when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Earlier failures that were tried first.
    pub kept: usize,
    /// New cases that were tried; with a failure, up to the first that fails.
    pub cases: usize,
    /// What became of them, earlier failures included.
    pub outcomes: CaseOutcomes,
    /// The derivatives of all cases.
    pub counts: Counts,
    /// Whether it ended before its time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The first failure, made as small as it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FuzzFailure>,
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseOutcomes {
    /// Output and gradient are right.
    pub right: usize,
    /// Something disagrees.
    pub wrong: usize,
    /// Nothing of it can be seen: every derivative is 0, whatever the backward does.
    pub unseen: usize,
    /// It could not be judged.
    pub unjudged: usize,
    /// The program under test gave no answer: it crashed, hung, or wrote what cannot be read.
    pub failed: usize,
    /// The program under test says that it has no such operator.
    pub refused: usize,
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Output and gradient are right.
    Right,
    /// Something disagrees.
    Wrong,
    /// Nothing of it can be seen.
    Unseen,
    /// It could not be judged.
    Unjudged,
    /// There was no answer.
    Failed,
    /// There is no such operator.
    Refused,
}

/// One case of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseTally {
    /// Its number, from 0, among the new cases or the kept ones.
    pub index: usize,
    /// What became of it.
    pub ended: Ended,
    /// Its derivatives.
    pub counts: Counts,
}

/// What all shares of a run have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FuzzRun {
    /// What is drawn.
    pub strategy: String,
    /// New cases, of all shares together; `None` for as many as there is time for.
    pub cases: Option<usize>,
    /// Whether time may end it before.
    pub is_timed: bool,
    /// The seed that all cases come from.
    pub seed: u64,
    /// Arithmetic of the gradients under test.
    pub precision: Precision,
    /// The program under test; gradproof's own backprop when none is named.
    pub subject: Option<String>,
    /// The earlier failures, as a checksum of what the file says.
    pub kept: u32,
}

/// What one process found in its share of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FuzzShare {
    /// The run.
    pub run: FuzzRun,
    /// Its earlier failures, in order, up to the first that fails again.
    pub kept: Vec<CaseTally>,
    /// Its new cases, in order, up to the first that fails.
    pub new: Vec<CaseTally>,
    /// Whether it ended before its time.
    pub interrupted: bool,
    /// Its first failure, made as small as it goes.
    pub failure: Option<FuzzFailure>,
}

/// A failing case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FuzzFailure {
    /// Its number among the new cases, from 0; `None` for an earlier failure that fails again.
    pub index: Option<usize>,
    /// The case as it was drawn.
    pub drawn: String,
    /// The same made as small as it goes.
    pub case: String,
    /// Smaller cases that were tried on the way, and how many of them failed as well.
    pub shrinks: Shrinks,
    /// The token that repeats the small case.
    pub token: String,
    /// The line that proptest reads: the seed of the case as it was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed_line: Option<String>,
    /// The file in which it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is wrong with the small case.
    pub finding: Finding,
    /// A Rust test that repeats it.
    pub test: String,
}

/// How a case was made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shrinks {
    /// Cases that were tried.
    pub tried: usize,
    /// Those that failed as well, and so were smaller examples.
    pub smaller: usize,
}

/// What is wrong with a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Numbers are.
    Wrong(Box<Report>),
    /// There was no answer, and why.
    Failed(String),
}

impl Ended {
    /// Whether it speaks against who is under test.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Wrong | Self::Failed)
    }
}

impl CaseOutcomes {
    /// Count a case.
    pub fn add(&mut self, ended: Ended) {
        *match ended {
            Ended::Right => &mut self.right,
            Ended::Wrong => &mut self.wrong,
            Ended::Unseen => &mut self.unseen,
            Ended::Unjudged => &mut self.unjudged,
            Ended::Failed => &mut self.failed,
            Ended::Refused => &mut self.refused,
        } += 1;
    }

    /// All cases.
    #[must_use]
    pub fn total(&self) -> usize {
        self.right + self.wrong + self.unseen + self.unjudged + self.failed + self.refused
    }
}

impl FuzzReport {
    /// The same with its answer.
    #[must_use]
    pub fn judged(mut self) -> Self {
        let outcomes = self.outcomes;
        self.outcome = if self.failure.is_some() || outcomes.wrong + outcomes.failed > 0 {
            Outcome::Wrong
        } else if outcomes.right > 0 && outcomes.unjudged == 0 && !self.interrupted {
            Outcome::Right
        } else {
            Outcome::Unjudged
        };
        self.sentence = self.answer();
        self
    }

    fn answer(&self) -> String {
        let who = match &self.subject {
            Some(subject) => format!("'{subject}'"),
            None => "gradproof's own backprop".to_owned(),
        };
        let tried = counted(self.outcomes.total(), "case");
        if let Some(failure) = &self.failure {
            let what = match &failure.finding {
                Finding::Wrong(report) => report.sentence.clone(),
                Finding::Failed(_) => "There was no answer to judge.".to_owned(),
            };
            return format!("{who} fails at {}. {what}", failure.case);
        }
        let agreed = format!(
            "{} derivatives in {} {} agree",
            grouped(self.counts.agree),
            grouped(self.outcomes.right),
            if self.outcomes.right == 1 {
                "case"
            } else {
                "cases"
            },
        );
        if self.interrupted {
            return format!(
                "Interrupted after {tried} of {who}: {agreed}, and nothing was found wrong so far."
            );
        }
        match self.outcome {
            Outcome::Right => {
                let refused = match self.outcomes.refused {
                    0 => String::new(),
                    refused => format!(
                        " It has no answer to {} by its own account.",
                        counted(refused, "case")
                    ),
                };
                format!("{who} is right in all {tried}: {agreed}.{refused}")
            }
            _ if self.outcomes.total() == 0 => "Cannot tell: no case was tried.".to_owned(),
            _ if self.outcomes.refused == self.outcomes.total() => {
                format!("Cannot tell: {who} has none of what was asked for, by its own account.")
            }
            _ => format!(
                "Cannot tell: {} of {tried} could not be judged.",
                grouped(self.outcomes.unjudged)
            ),
        }
    }
}
