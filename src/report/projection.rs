//! What random-sign projections found of a large network's gradient.

use serde::{Deserialize, Serialize};

use crate::judge::Number;
use crate::spec::case::SourceName;

/// The projections of one objective's gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectionPart {
    /// Projections of each tensor, k.
    pub projections: usize,
    /// How likely it is at most that errors in several coordinates of a tensor cancel in all of them: 2⁻ᵏ.
    /// An error in one coordinate alone shows in each.
    pub miss: Number,
    /// One row for each parameter tensor.
    pub tensors: Vec<ProjectionRow>,
    /// The gradient by an independent source, projected alike; `None` where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent: Option<IndependentRow>,
    /// Sources that were asked for, and take no part in projections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<SourceName>,
    /// Forward passes' worth of work until the last wrong coordinate was found; `None` when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_after: Option<f64>,
    /// Forward passes' worth of work for all derivatives along directions, and the forward pass itself.
    pub forward_equivalents: f64,
    /// Perturbed backward passes that the bounds come from, which are not counted there.
    pub perturbed_passes: usize,
}

/// The projections of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectionRow {
    /// PyTorch's name.
    pub name: String,
    /// PyTorch's layout.
    pub shape: Vec<usize>,
    /// Its parameters.
    pub parameters: usize,
    /// What became of it.
    pub outcome: Projected,
    /// Projections in which r·g and the exact derivative along r are the same within the bound.
    pub agree: usize,
    /// Projections in which they are not.
    pub disagree: usize,
    /// The largest gap, in units of its bound.
    pub gap: Number,
    /// The bound there.
    pub bound: Number,
    /// The smallest error of a single derivative that would have been seen.
    pub visible: Number,
    /// The largest derivative under test.
    pub largest: Number,
    /// The median of those that are not 0.
    pub median: Number,
    /// Forward passes' worth of work for the projections.
    pub projecting: f64,
    /// And for the search for what is wrong.
    pub searching: f64,
}

/// What became of a projected tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Projected {
    /// All projections agree.
    Agrees,
    /// So many coordinates are wrong; put right, it agrees in every projection.
    Wrong(usize),
    /// It disagrees at so many places that they were not told one by one.
    Throughout,
    /// Every derivative is smaller than an error that can be seen.
    Unseen,
    /// It disagrees where there is no derivative, and nothing else does.
    AtKink,
}

/// An independent source's gradient under the same projections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IndependentRow {
    /// Who.
    pub source: SourceName,
    /// The tensors in which it agrees with the exact derivatives in all projections.
    pub agree: usize,
    /// Those in which it does not.
    pub disagree: Vec<String>,
}

impl ProjectionPart {
    /// The rows that speak against the gradient.
    pub fn wrong(&self) -> impl Iterator<Item = &ProjectionRow> {
        self.tensors
            .iter()
            .filter(|row| matches!(row.outcome, Projected::Wrong(_) | Projected::Throughout))
    }
}
