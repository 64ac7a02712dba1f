//! Two-dimensional convolution, as data.

use serde::{Deserialize, Serialize};

use super::extent::Window;

/// Attributes of `conv2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2dSpec {
    /// Number of kernels.
    pub out_channels: usize,
    /// Rows and columns of a kernel; one number stands for both, here and below.
    #[serde(with = "super::pair")]
    pub kernel: [usize; 2],
    /// Distance between windows.
    #[serde(
        with = "super::pair",
        default = "super::ones",
        skip_serializing_if = "super::is_ones"
    )]
    pub stride: [usize; 2],
    /// Zeros on each side of the input.
    #[serde(with = "super::pair", default, skip_serializing_if = "super::is_zeros")]
    pub padding: [usize; 2],
    /// Distance between taps.
    #[serde(
        with = "super::pair",
        default = "super::ones",
        skip_serializing_if = "super::is_ones"
    )]
    pub dilation: [usize; 2],
    /// Channel groups that do not see each other.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub groups: usize,
    /// Whether a bias is added.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub bias: bool,
}

impl Conv2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
        }
    }
}
