//! What a trial of the checker itself found: faults that were planted, and right networks.

#[cfg(feature = "cli")]
pub mod text;

use serde::{Deserialize, Serialize};

use crate::judge::Unresolved;
use crate::judge::diagnosis::BugKind;

use crate::spec::case::Precision;

use super::{Counts, Outcome};

/// Version of the report's format.
pub const VERSION: u32 = 1;

/// How well the checker tells wrong gradients from right ones. It does not depend on time or threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PowerReport {
    /// Version of this format.
    #[serde(deserialize_with = "super::version::up_to::<_, VERSION>")]
    pub version: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// The arithmetic of the gradients on trial.
    #[serde(default)]
    pub precision: Precision,
    /// One row for each fault of the catalogue.
    pub mutants: Vec<MutantRow>,
    /// The right networks.
    pub trial: Trial,
    /// Right: every fault was caught and none misnamed, and nothing right was accused.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
}

/// What became of one fault, by number of cases: a problem at one scale of its loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MutantRow {
    /// Its name in the catalogue.
    pub name: String,
    /// What it does.
    pub words: String,
    /// The kind that it is of; `None` where no kind says it.
    pub expected: Option<BugKind>,
    /// Cases tried.
    pub cases: usize,
    /// Cases in which it changes no derivative by more than its bound.
    pub equivalent: usize,
    /// Cases in which it was caught at every derivative that it changes by more than its bound.
    pub caught: usize,
    /// Cases in which it was not.
    pub missed: usize,
    /// Caught cases in which the expected kind was named.
    pub named: usize,
    /// Caught cases in which another kind was named that gives the same numbers, with the expected one
    /// beside it.
    pub ambiguous: usize,
    /// Caught cases in which no kind was named.
    pub unnamed: usize,
    /// Caught cases in which a wrong kind was named.
    pub misnamed: usize,
    /// Caught cases in which the right layer was named, and no other.
    pub placed: usize,
    /// Caught cases in which another layer was accused.
    pub misplaced: usize,
    /// What went wrong, a few cases in words.
    pub examples: Vec<String>,
}

/// What was found on networks whose gradient is right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trial {
    /// Networks.
    pub networks: usize,
    /// Verdicts over all of them.
    pub counts: Counts,
    /// Why coordinates could not be judged.
    pub unresolved: Vec<(Unresolved, usize)>,
    /// Networks that were accused, in words.
    pub alarms: Vec<String>,
}

impl MutantRow {
    /// Cases in which the fault shows.
    #[must_use]
    pub fn visible(&self) -> usize {
        self.cases - self.equivalent
    }
}

impl PowerReport {
    /// The report with its outcome and sentence.
    #[must_use]
    pub fn judged(mut self) -> Self {
        let sum = |of: fn(&MutantRow) -> usize| self.mutants.iter().map(of).sum::<usize>();
        let (visible, missed) = (sum(MutantRow::visible), sum(|row| row.missed));
        let (misnamed, misplaced) = (sum(|row| row.misnamed), sum(|row| row.misplaced));
        let named = sum(|row| if row.expected.is_some() { row.named } else { 0 });
        let nameable = sum(|row| {
            if row.expected.is_some() {
                row.named + row.ambiguous + row.unnamed + row.misnamed
            } else {
                0
            }
        });
        let alarms = self.trial.alarms.len();
        let is_right = missed + misnamed + misplaced + alarms == 0;
        self.outcome = if !is_right {
            Outcome::Wrong
        } else if visible == 0 || self.trial.networks == 0 {
            Outcome::Unjudged
        } else {
            Outcome::Right
        };
        self.sentence = format!(
            "Of {visible} cases in which a planted fault changes a derivative by more than its bound, {} were caught; of {nameable} whose kind is known, {named} were named, {misnamed} wrongly; {misplaced} were placed in a wrong layer. Of {} right networks {alarms} were accused.",
            visible - missed,
            self.trial.networks,
        );
        self
    }
}
