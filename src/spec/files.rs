//! Files of tensors that take part in a check, as data.

use serde::{Deserialize, Serialize};

/// The files that stand in for what gradproof would draw or compute itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The network's parameters, instead of seeded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<FileSpec>,
    /// The gradient under test, instead of that of the hand-written backward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradients: Option<FileSpec>,
}

/// A file of tensors, .npz or .safetensors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// The file, as it was named; it counts from the current folder.
    pub path: String,
    /// The content's checksum, which a replay holds against the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

impl From<String> for FileSpec {
    fn from(path: String) -> Self {
        Self {
            path,
            checksum: None,
        }
    }
}

impl Files {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parameters.is_none() && self.gradients.is_none()
    }
}
