//! What became of the op-cases that somebody's program dumped.

use serde::{Deserialize, Serialize};

use crate::judge::Number;
use crate::judge::diagnosis::BugKind;

use super::words::{counted, grouped};
use super::{CoordinateRow, Outcome, OutputRow};

/// Version of this report's format.
pub const VERSION: u32 = 1;

/// Every case of one or more files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// The files, in the order in which they were named.
    pub files: Vec<String>,
    /// How many cases ended how.
    pub counts: CaseCounts,
    /// The cases, in the files' order.
    pub cases: Vec<CaseRow>,
    /// The answer: wrong when a case is.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
}

/// What became of a case, or of one gradient of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// Every number agrees within its bound.
    Agree,
    /// Some number does not.
    Disagree,
    /// It could not be judged.
    Unresolved,
    /// Every derivative is 0, whatever the backward does.
    Unobservable,
    /// The case is damaged, or its numbers do not fit together.
    Invalid,
    /// There is no such operator here.
    Unsupported,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseCounts {
    /// Those that agree.
    pub agree: usize,
    /// Those that do not.
    pub disagree: usize,
    /// Those that could not be judged.
    pub unresolved: usize,
    /// Those in which nothing can be seen.
    pub unobservable: usize,
    /// Damaged ones.
    pub invalid: usize,
    /// Those of operators that there are not here.
    pub unsupported: usize,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseRow {
    /// The file that it stands in.
    pub file: String,
    /// Its number in that file, from 0.
    pub index: usize,
    /// Its line, from 1, in a file of JSON lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The operator or loss; empty when the case cannot even be read.
    pub operator: String,
    /// What became of it.
    pub outcome: CaseOutcome,
    /// The same in a sentence.
    pub sentence: String,
    /// The output beside ours; `None` when none is told, and for a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputRow>,
    /// A loss's value beside ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossValue>,
    /// Each gradient that is told.
    pub tensors: Vec<GradientRow>,
    /// Inputs of which no gradient is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<String>,
    /// The coordinates that speak against it, worst first, ten at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worst: Vec<CoordinateRow>,
}

/// The value of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LossValue {
    /// Whether it is within rounding of ours.
    pub agrees: bool,
    /// Theirs, times the cotangent.
    pub value: Number,
    /// Ours.
    pub expected: Number,
}

/// One gradient of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GradientRow {
    /// The input that it is with respect to.
    pub name: String,
    /// What became of it.
    pub outcome: CaseOutcome,
    /// Its entries.
    pub coordinates: usize,
    /// Those that disagree.
    pub wrong: usize,
    /// The entry that is furthest off, in units of its bound; `None` when there was nothing to compare.
    pub worst: Option<WorstEntry>,
    /// What the fault looks like; `None` when it is right, or looks like nothing known.
    pub kind: Option<BugKind>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
}

/// An entry of a gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorstEntry {
    /// As in `weight[0,1,2,2]`.
    pub coordinate: String,
    /// Theirs.
    pub value: Number,
    /// Ours.
    pub expected: Number,
    /// How far rounding and truncation let it be from the reference that it is furthest from.
    pub bound: Number,
    /// Distance by bound: above 1 is a disagreement.
    pub ratio: Number,
}

impl CaseCounts {
    /// Count a case.
    fn add(&mut self, outcome: CaseOutcome) {
        *match outcome {
            CaseOutcome::Agree => &mut self.agree,
            CaseOutcome::Disagree => &mut self.disagree,
            CaseOutcome::Unresolved => &mut self.unresolved,
            CaseOutcome::Unobservable => &mut self.unobservable,
            CaseOutcome::Invalid => &mut self.invalid,
            CaseOutcome::Unsupported => &mut self.unsupported,
        } += 1;
    }

    /// Each with its words, without those that no case ended in.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        [
            (self.agree, "agrees", "agree"),
            (self.disagree, "disagrees", "disagree"),
            (
                self.unresolved,
                "could not be judged",
                "could not be judged",
            ),
            (
                self.unobservable,
                "shows nothing, since every derivative is 0",
                "show nothing, since every derivative is 0",
            ),
            (self.invalid, "is damaged", "are damaged"),
            (
                self.unsupported,
                "is of an operator that gradproof has not",
                "are of operators that gradproof has not",
            ),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| {
            let words = if count == 1 { one } else { many };
            format!("{} {words}", grouped(count))
        })
        .collect()
    }
}

impl VerifyReport {
    /// The report of these cases.
    #[must_use]
    pub fn new(files: Vec<String>, cases: Vec<CaseRow>) -> Self {
        let mut counts = CaseCounts::default();
        for case in &cases {
            counts.add(case.outcome);
        }
        let unjudged = counts.unresolved + counts.invalid + counts.unsupported;
        let (outcome, answer) = if counts.disagree > 0 {
            (Outcome::Wrong, "No".to_owned())
        } else if unjudged > 0 || counts.agree == 0 {
            (Outcome::Unjudged, "Cannot tell of all".to_owned())
        } else {
            (Outcome::Right, "Yes".to_owned())
        };
        let sentence = format!(
            "{answer}: of {}, {}.",
            counted(cases.len(), "case"),
            super::words::listed(&counts.in_words())
        );
        Self {
            version: VERSION,
            files,
            counts,
            cases,
            outcome,
            sentence,
        }
    }
}
