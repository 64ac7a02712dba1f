//! Attributes and output size of a transposed convolution.

use serde::{Deserialize, Serialize};

use super::extent::{AXES, MOST_ENTRIES, ShapeError, Window};
use super::groups::check_groups;

/// Attributes of `conv_transpose2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvTranspose2dSpec {
    /// Channels of the output.
    pub out_channels: usize,
    /// Rows and columns of a kernel; one number stands for both, here and below.
    #[serde(with = "super::pair")]
    pub kernel: [usize; 2],
    /// Distance in the output between what neighbouring inputs write.
    #[serde(
        with = "super::pair",
        default = "super::ones",
        skip_serializing_if = "super::is_ones"
    )]
    pub stride: [usize; 2],
    /// Rows and columns that are cut off on each side of the output.
    #[serde(with = "super::pair", default, skip_serializing_if = "super::is_zeros")]
    pub padding: [usize; 2],
    /// Rows and columns that are added at the end of the output: several inputs of a strided convolution
    /// have outputs of one size, and this says which of them is meant.
    #[serde(with = "super::pair", default, skip_serializing_if = "super::is_zeros")]
    pub output_padding: [usize; 2],
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

impl ConvTranspose2dSpec {
    /// The window that slides over the output.
    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
        }
    }

    /// Channels, rows and columns of the output for an input of so many:
    /// (input − 1)·s − 2p + d·(k − 1) + q + 1 along each axis, q the output padding
    /// (PyTorch's `ConvTranspose2d`).
    ///
    /// # Errors
    /// [`ShapeError::Groups`] and [`ShapeError::Zero`], [`ShapeError::OutputPadding`] unless q is
    /// smaller than stride or dilation, [`ShapeError::NothingLeft`] when the padding cuts off the whole
    /// output, [`ShapeError::TooLarge`] when a size overflows.
    pub fn output(&self, input: [usize; 3]) -> Result<[usize; 3], ShapeError> {
        check_groups(self.groups, input[0], self.out_channels)?;
        let mut output = [self.out_channels, 0, 0];
        for (axis, name) in AXES.into_iter().enumerate() {
            let input = input[1 + axis];
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            let (padding, dilation) = (self.padding[axis], self.dilation[axis]);
            let output_padding = self.output_padding[axis];
            for (value, what) in [
                (input, "input"),
                (kernel, "kernel"),
                (stride, "stride"),
                (dilation, "dilation"),
            ] {
                if value == 0 {
                    return Err(ShapeError::Zero {
                        what: format!("{what} along the {name}"),
                    });
                }
            }
            if output_padding >= stride.max(dilation) {
                return Err(ShapeError::OutputPadding {
                    axis: name,
                    output_padding,
                    stride,
                    dilation,
                });
            }
            let overflow = || ShapeError::TooLarge {
                what: format!(
                    "[input, kernel, stride, padding, dilation, output_padding] along the {name}"
                ),
                shape: vec![input, kernel, stride, padding, dilation, output_padding],
                limit: MOST_ENTRIES,
            };
            let spread = (input - 1).checked_mul(stride);
            let reach = (kernel - 1).checked_mul(dilation);
            let whole = spread
                .zip(reach)
                .and_then(|(spread, reach)| spread.checked_add(reach))
                .and_then(|size| size.checked_add(output_padding)?.checked_add(1))
                .filter(|size| *size <= MOST_ENTRIES && padding <= MOST_ENTRIES)
                .ok_or_else(overflow)?;
            output[1 + axis] = whole
                .checked_sub(2 * padding)
                .filter(|size| *size > 0)
                .ok_or(ShapeError::NothingLeft {
                    axis: name,
                    whole,
                    padding,
                })?;
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> ConvTranspose2dSpec {
        ConvTranspose2dSpec {
            out_channels: 4,
            kernel: [3, 2],
            stride: [2, 1],
            padding: [1, 0],
            output_padding: [1, 0],
            dilation: [1, 3],
            groups: 2,
            bias: true,
        }
    }

    /// A convolution of the output has the input's size again: what the transposed one goes back from.
    #[test]
    fn a_convolution_of_the_output_has_the_inputs_size() {
        use crate::spec::extent::Rounding;
        let mut sizes = 0;
        for kernel in 1..=4 {
            for stride in 1..=4 {
                for dilation in 1..=3 {
                    for padding in 0..=4 {
                        for output_padding in 0..stride {
                            for input in 1..=5 {
                                let spec = ConvTranspose2dSpec {
                                    kernel: [kernel, 1],
                                    stride: [stride, 1],
                                    padding: [padding, 0],
                                    output_padding: [output_padding, 0],
                                    dilation: [dilation, 1],
                                    ..spec()
                                };
                                let Ok([_, rows, 7]) = spec.output([2, input, 7]) else {
                                    continue;
                                };
                                let back = spec.window().output([rows, 7], Rounding::Floor);
                                assert_eq!(back, Ok([input, 7]), "{spec:?} on {input}");
                                sizes += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(sizes > 1000, "{sizes} sizes");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_numbers() {
        // (3−1)·2 − 2 + 2 + 1 + 1 = 6 and (4−1)·1 + 3 + 1 = 7.
        assert_eq!(spec().output([2, 3, 4]), Ok([4, 6, 7]));
        let refusal = |change: &dyn Fn(&mut ConvTranspose2dSpec), input| {
            let mut spec = spec();
            change(&mut spec);
            spec.output(input).expect_err("refused").to_string()
        };
        let too_padded = refusal(&|spec| spec.output_padding = [2, 0], [2, 3, 4]);
        for words in ["output_padding 2", "rows", "stride 2", "dilation 1"] {
            assert!(too_padded.contains(words), "'{words}' in: {too_padded}");
        }
        // A dilation of 3 allows an output padding of 2.
        let mut dilated = spec();
        dilated.output_padding = [1, 2];
        assert_eq!(dilated.output([2, 3, 4]), Ok([4, 6, 9]));
        let nothing = refusal(&|spec| spec.padding = [4, 0], [2, 3, 4]);
        for words in ["8 rows", "padding 4"] {
            assert!(nothing.contains(words), "'{words}' in: {nothing}");
        }
        let groups = refusal(&|_| (), [3, 3, 4]);
        assert!(groups.contains("the input channels = 3"), "{groups}");
        let huge = refusal(&|spec| spec.stride = [usize::MAX, 1], [2, 3, 4]);
        assert!(huge.contains("too large"), "{huge}");
        let huge = refusal(&|spec| spec.padding = [usize::MAX, 1], [2, 3, 4]);
        assert!(huge.contains("too large"), "{huge}");
        let zero = refusal(&|spec| spec.stride = [2, 0], [2, 3, 4]);
        assert!(zero.contains("stride along the columns is 0"), "{zero}");
    }
}
