//! Attributes and output size of a one-dimensional convolution.

use serde::{Deserialize, Serialize};

use super::extent::{Rounding, ShapeError, Window};
use super::groups::check_groups;

/// Attributes of `conv1d`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv1dSpec {
    /// Number of kernels.
    pub out_channels: usize,
    /// Taps of a kernel.
    pub kernel: usize,
    /// Distance between windows.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub stride: usize,
    /// Zeros on each side of the input.
    #[serde(default, skip_serializing_if = "is_none")]
    pub padding: usize,
    /// Distance between taps.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub dilation: usize,
    /// Channel groups that do not see each other.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub groups: usize,
    /// Whether a bias is added.
    #[serde(default = "super::yes", skip_serializing_if = "super::is_yes")]
    pub bias: bool,
}

fn is_none(padding: &usize) -> bool {
    *padding == 0
}

impl Conv1dSpec {
    /// The sliding window, of one row.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            kernel: [1, self.kernel],
            stride: [1, self.stride],
            padding: [0, self.padding],
            dilation: [1, self.dilation],
        }
    }

    /// Shape of the output for an input of shape [batch, channels, length].
    ///
    /// # Errors
    /// [`ShapeError::Rank`], [`ShapeError::Groups`], and those of [`Window::output`].
    pub fn output(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let &[batch, channels, length] = input else {
            return Err(ShapeError::Rank {
                wanted: "[batch, channels, length]",
                got: input.to_vec(),
                hint: "",
            });
        };
        check_groups(self.groups, channels, self.out_channels)?;
        let [_, length] = self.window().output([1, length], Rounding::Floor)?;
        Ok(vec![batch, self.out_channels, length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_one_axis() {
        let spec = Conv1dSpec {
            out_channels: 4,
            kernel: 3,
            stride: 2,
            padding: 1,
            dilation: 2,
            groups: 2,
            bias: true,
        };
        // ⌊(7 + 2 − 5)/2⌋ + 1.
        assert_eq!(spec.output(&[5, 2, 7]), Ok(vec![5, 4, 3]));
        let refusal = |input: &[usize]| spec.output(input).expect_err("refused").to_string();
        assert!(refusal(&[5, 3, 7]).contains("the input channels = 3"));
        assert!(refusal(&[5, 2, 2]).contains("along the columns"));
    }
}
