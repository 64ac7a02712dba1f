//! A linear layer, as data.

use serde::{Deserialize, Serialize};

/// Attributes of `linear`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearSpec {
    /// Number of outputs.
    pub out_features: usize,
    /// Whether a bias is added.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub bias: bool,
}
