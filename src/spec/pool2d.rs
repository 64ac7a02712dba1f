//! Pooling over sliding windows, as data.

use serde::{Deserialize, Serialize};

use super::extent::Window;

/// Attributes of `max_pool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool2dSpec {
    /// Rows and columns of a window.
    #[serde(with = "super::pair")]
    pub kernel: [usize; 2],
    /// Distance between windows; the kernel when left out.
    #[serde(
        with = "super::pair::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stride: Option<[usize; 2]>,
    /// Padding on each side, never chosen as the maximum.
    #[serde(with = "super::pair", default, skip_serializing_if = "super::is_zeros")]
    pub padding: [usize; 2],
    /// Distance between taps.
    #[serde(
        with = "super::pair",
        default = "super::ones",
        skip_serializing_if = "super::is_ones"
    )]
    pub dilation: [usize; 2],
    /// Whether the last, partial window is kept.
    #[serde(default, skip_serializing_if = "super::is_no")]
    pub ceil_mode: bool,
}

/// Attributes of `avg_pool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvgPool2dSpec {
    /// Rows and columns of a window.
    #[serde(with = "super::pair")]
    pub kernel: [usize; 2],
    /// Distance between windows; the kernel when left out.
    #[serde(
        with = "super::pair::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stride: Option<[usize; 2]>,
    /// Zeros on each side of the input.
    #[serde(with = "super::pair", default, skip_serializing_if = "super::is_zeros")]
    pub padding: [usize; 2],
    /// Whether the last, partial window is kept.
    #[serde(default, skip_serializing_if = "super::is_no")]
    pub ceil_mode: bool,
    /// Whether the divisor counts the padding.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub count_include_pad: bool,
}

impl MaxPool2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            dilation: self.dilation,
            ..pooling_window(self.kernel, self.stride, self.padding)
        }
    }
}

impl AvgPool2dSpec {
    /// The sliding window.
    #[must_use]
    pub fn window(&self) -> Window {
        pooling_window(self.kernel, self.stride, self.padding)
    }
}

fn pooling_window(kernel: [usize; 2], stride: Option<[usize; 2]>, padding: [usize; 2]) -> Window {
    Window {
        kernel,
        stride: stride.unwrap_or(kernel),
        padding,
        dilation: [1, 1],
    }
}
