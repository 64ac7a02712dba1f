//! The judgement of one objective.

use serde::{Deserialize, Serialize};

use crate::judge::{Blame, Number, Place};
use crate::source::Forward;
use crate::spec::case::SourceName;

use super::detail::Detail;
use super::words::{grouped, listed};
use super::{
    CoordinateRow, Counts, CrossedRow, DiagnosisRow, ExtendedRow, KinkRow, LawRow, ProjectionPart,
    SecondPart, SinglePart, StepCounts, TensorRow, UnresolvedRow,
};

/// What was differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    /// The loss without regularisation.
    DataLoss,
    /// The regularisation alone.
    Penalty,
    /// Both.
    Total,
}

/// The judgement of one objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// What was differentiated.
    pub name: PartName,
    /// The objective's value by each source, the gradient under test first.
    pub values: Vec<SourceValue>,
    /// Whether these values agree within rounding.
    pub values_agree: bool,
    /// The output of somebody else's forward pass, beside ours; `None` when none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputRow>,
    /// How the objective was computed at the ends of steps; `None` when central differences were not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes: Option<PassesRow>,
    /// One row for each parameter tensor.
    pub tensors: Vec<TensorRow>,
    /// The coordinates that speak against the gradient, worst first, ten at most.
    pub worst: Vec<CoordinateRow>,
    /// Why coordinates could not be judged, with the number of those.
    pub unresolved: Vec<UnresolvedRow>,
    /// Coordinates at which there is no derivative, ten at most, those outside first.
    pub kinks: Vec<KinkRow>,
    /// Coordinates at which the chosen step crosses kinks, the furthest off first, five at most.
    pub crossed: Vec<CrossedRow>,
    /// The same derivatives in double-double.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<ExtendedRow>,
    /// What is particular to a gradient in `f32`; `None` for one in `f64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single: Option<SinglePart>,
    /// The second order; `None` when it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondPart>,
    /// The projections of a large network; `None` where coordinates were checked one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<ProjectionPart>,
    /// Whose fault it is, when something disagrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    /// Layers whose forward pass differs from that of an independent source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forward: Vec<String>,
    /// In which layer the fault is, when the gradient under test is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What the fault looks like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnoses: Vec<DiagnosisRow>,
    /// What the gaps do over a ladder of steps, three at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawRow>,
    /// Every number behind these rows; `None` when nobody wanted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// How the objective was computed at the ends of steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassesRow {
    /// Coordinates for which only what a step alters was computed again.
    pub changes: usize,
    /// Coordinates for which all layers behind were.
    pub whole: usize,
    /// The layers that were computed as a whole for the former too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whole_layers: Vec<String>,
}

/// Somebody else's output, beside ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutputRow {
    /// Its entries.
    pub entries: usize,
    /// Those that differ from ours by more than rounding explains.
    pub wrong: usize,
    /// The entry that is furthest off, in units of its bound.
    pub worst: Option<OutputEntry>,
}

/// An entry of an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutputEntry {
    /// As in `output[0,1,2,2]`.
    pub name: String,
    /// Theirs.
    pub value: Number,
    /// Ours.
    pub expected: Number,
    /// How far rounding lets them be apart.
    pub bound: Number,
}

/// The objective's value as a source computes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceValue {
    /// Who.
    pub source: SourceName,
    /// Whose forward pass it uses.
    pub forward: Forward,
    /// The value; `None` when the source does not know it.
    pub value: Option<Number>,
}

impl Part {
    /// The verdicts over all tensors.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::total(self.tensors.iter().map(|row| &row.counts))
    }

    /// What lies under the steps of central differences, in a sentence; empty when they were not asked.
    #[must_use]
    pub fn steps_in_words(&self) -> String {
        let counts = self.tensors.iter().filter_map(|row| row.steps);
        let counts: Vec<StepCounts> = counts.collect();
        let sum = |of: fn(&StepCounts) -> usize| counts.iter().map(of).sum::<usize>();
        let kinds = [
            (sum(|c| c.certified), "certified to cross no kink"),
            (
                sum(|c| c.margin),
                "free of kinks by their predicted distance",
            ),
            (
                sum(|c| c.one_sided),
                "to one side only, a kink being too near on the other",
            ),
            (sum(|c| c.crossed), "across kinks"),
            (sum(|c| c.at_kink), "at a kink"),
            (sum(|c| c.not_finite), "without a finite objective"),
        ];
        let named: Vec<String> = kinds
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} {words}", grouped(count)))
            .collect();
        if named.is_empty() {
            String::new()
        } else {
            format!("Steps of central differences: {}.", listed(&named))
        }
    }

    /// The references, in the order of every row's comparisons.
    #[must_use]
    pub fn references(&self) -> Vec<SourceName> {
        self.values
            .iter()
            .skip(1)
            .map(|value| value.source)
            .collect()
    }
}

impl PartName {
    /// As in a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::DataLoss => "data loss",
            Self::Penalty => "penalty",
            Self::Total => "data loss + penalty",
        }
    }
}
