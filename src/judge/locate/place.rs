//! Where a gradient goes wrong, as plain data.

use serde::{Deserialize, Serialize};

/// Where a gradient goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// Who has a fault of its own, from the loss backwards; the penalty last.
    pub culprits: Vec<LayerFault>,
    /// Layers whose gradients are wrong only because of what reaches them, from the loss backwards.
    pub inherited: Vec<String>,
    /// Layers whose gradients are right, from the loss backwards.
    pub clean: Vec<String>,
    /// How closely could be looked.
    pub seen: Seen,
}

/// A layer, or the loss or the penalty, with a fault of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerFault {
    /// The layer's number; `None` for the loss and the penalty.
    pub number: Option<usize>,
    /// The layer's name, "loss" or "penalty".
    pub layer: String,
    /// What it gets wrong.
    pub tensors: Vec<FaultyTensor>,
}

/// A gradient that is wrong, given what reached its layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FaultyTensor {
    /// With respect to what: "conv2.weight", "conv2's input", "the network's output".
    pub name: String,
    /// The parameter's number among the network's; `None` for an activation.
    pub parameter: Option<usize>,
    /// The activation's number: 0 is the network's input, and k + 1 the output of layer number k;
    /// `None` for a parameter.
    pub activation: Option<usize>,
    /// Entries beyond their bounds.
    pub wrong: usize,
    /// Entries compared.
    pub of: usize,
}

/// How closely could be looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The gradient of every layer's output.
    Outputs,
    /// The gradients of the leaves alone: the source shows no others. A culprit is wrong by itself, as
    /// right ones beside or before it show, but for the last: where `or_in` names others, that is the
    /// layer nearest to the loss of those that may be wrong by what reaches them.
    Leaves {
        /// Where the last culprit's fault may be just as well: what lies from it to the next layer,
        /// towards the loss, whose own gradients are right, and that layer, whose input's is not seen.
        or_in: Vec<String>,
    },
}

impl Place {
    /// Whether everything is right.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.culprits.is_empty() && self.inherited.is_empty()
    }
}
