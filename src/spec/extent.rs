//! Output sizes of convolution and pooling, and what can be wrong with a shape.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A sliding window: one number per axis, rows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Taps of the kernel.
    pub kernel: [usize; 2],
    /// Distance between neighbouring windows.
    pub stride: [usize; 2],
    /// Rows and columns added on each side of the input.
    pub padding: [usize; 2],
    /// Distance between neighbouring taps.
    pub dilation: [usize; 2],
}

/// How the last, partial window of a pooling is treated (PyTorch's `ceil_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// It is dropped.
    Floor,
    /// It is kept when it starts inside the input or its leading padding.
    Ceil,
}

/// What is wrong with a shape; every variant names the numbers that clash.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// A size that must not be zero is.
    #[error("{what} is 0: every size has to be at least 1")]
    Zero {
        /// The size's name.
        what: String,
    },
    /// A product of sizes does not fit, or needs more memory than a check may take.
    #[error("{what} = {shape:?} is too large: at most {limit} numbers fit")]
    TooLarge {
        /// What has this shape.
        what: String,
        /// The shape.
        shape: Vec<usize>,
        /// The largest number of entries.
        limit: usize,
    },
    /// The kernel does not fit into its input.
    #[error(
        "a kernel of {span} along the {axis} (size {kernel}, dilation {dilation}) does not fit into an input of {input} with padding {padding}: \
         enlarge the input or the padding, or shrink the kernel"
    )]
    KernelTooLarge {
        /// "rows" or "columns".
        axis: &'static str,
        /// Taps.
        kernel: usize,
        /// Distance between taps.
        dilation: usize,
        /// dilation·(kernel − 1) + 1.
        span: usize,
        /// Input size.
        input: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// Pooling may be padded by half of its kernel at most.
    #[error(
        "padding {padding} is more than half of the kernel ({kernel}) along the {axis}: a window would lie wholly in padding"
    )]
    PaddingTooLarge {
        /// "rows" or "columns".
        axis: &'static str,
        /// Padding on each side.
        padding: usize,
        /// The kernel's span.
        kernel: usize,
    },
    /// Groups have to divide both channel counts.
    #[error("groups = {groups} does not divide {what} = {channels}")]
    Groups {
        /// Number of groups.
        groups: usize,
        /// "the input channels" or "out_channels".
        what: &'static str,
        /// Number of channels.
        channels: usize,
    },
    /// An operator got an input of the wrong rank.
    #[error("needs an input of shape {wanted}, and gets {got:?}{hint}")]
    Rank {
        /// The axes that it needs.
        wanted: &'static str,
        /// The shape that it gets.
        got: Vec<usize>,
        /// A way out.
        hint: &'static str,
    },
}

const AXES: [&str; 2] = ["rows", "columns"];

impl Window {
    /// Rows and columns of the output for an input of `input` rows and columns.
    ///
    /// ⌊(n + 2p − d(k−1) − 1)/s⌋ + 1, or ⌈…⌉ for [`Rounding::Ceil`], where a window that would
    /// start in the trailing padding is dropped (PyTorch's `pooling_output_shape`).
    ///
    /// # Errors
    /// [`ShapeError::Zero`] for a kernel, stride or dilation of 0, [`ShapeError::KernelTooLarge`]
    /// when no window fits, [`ShapeError::TooLarge`] when a sum overflows.
    pub fn output(&self, input: [usize; 2], rounding: Rounding) -> Result<[usize; 2], ShapeError> {
        let mut output = [0; 2];
        for axis in 0..2 {
            let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
            let (padding, dilation) = (self.padding[axis], self.dilation[axis]);
            for (value, what) in [
                (kernel, "kernel"),
                (stride, "stride"),
                (dilation, "dilation"),
            ] {
                if value == 0 {
                    return Err(ShapeError::Zero {
                        what: format!("{what} along the {}", AXES[axis]),
                    });
                }
            }
            let overflow = || ShapeError::TooLarge {
                what: format!(
                    "[input, kernel, padding, dilation] along the {}",
                    AXES[axis]
                ),
                shape: vec![input[axis], kernel, padding, dilation],
                limit: MOST_ENTRIES,
            };
            let span = self
                .span(axis)
                .filter(|span| *span <= MOST_ENTRIES)
                .ok_or_else(overflow)?;
            let padded = padding
                .checked_mul(2)
                .and_then(|both| both.checked_add(input[axis]));
            let padded = padded
                .filter(|padded| *padded <= MOST_ENTRIES)
                .ok_or_else(overflow)?;
            let Some(room) = padded.checked_sub(span) else {
                return Err(ShapeError::KernelTooLarge {
                    axis: AXES[axis],
                    kernel,
                    dilation,
                    span,
                    input: input[axis],
                    padding,
                });
            };
            output[axis] = match rounding {
                Rounding::Floor => room / stride + 1,
                Rounding::Ceil => {
                    let windows = room.div_ceil(stride) + 1;
                    let starts_inside = (windows - 1) * stride < input[axis] + padding;
                    if starts_inside { windows } else { windows - 1 }
                }
            };
        }
        Ok(output)
    }

    /// Refuse a pooling padding of more than half of the kernel, as PyTorch does.
    ///
    /// # Errors
    /// [`ShapeError::PaddingTooLarge`].
    pub fn check_pooling_padding(&self) -> Result<(), ShapeError> {
        for (axis, name) in AXES.into_iter().enumerate() {
            if self.padding[axis] > self.kernel[axis] / 2 {
                return Err(ShapeError::PaddingTooLarge {
                    axis: name,
                    padding: self.padding[axis],
                    kernel: self.kernel[axis],
                });
            }
        }
        Ok(())
    }

    /// d(k−1) + 1, the number of input entries from the first tap to the last.
    fn span(&self, axis: usize) -> Option<usize> {
        (self.kernel[axis] - 1)
            .checked_mul(self.dilation[axis])?
            .checked_add(1)
    }

    /// Where `tap` falls in the input for output `position`, or `None` in the padding.
    #[inline]
    #[must_use]
    pub fn input_index(
        &self,
        axis: usize,
        position: usize,
        tap: usize,
        input: usize,
    ) -> Option<usize> {
        (position * self.stride[axis] + tap * self.dilation[axis])
            .checked_sub(self.padding[axis])
            .filter(|index| *index < input)
    }

    /// The input positions that the window at output `position` covers, without the padding.
    ///
    /// For windows without dilation, whose taps are neighbours.
    #[inline]
    #[must_use]
    pub fn covered(&self, axis: usize, position: usize, input: usize) -> Range<usize> {
        debug_assert_eq!(
            self.dilation[axis], 1,
            "taps of a dilated window are no range"
        );
        let start = position * self.stride[axis];
        let end = (start + self.kernel[axis])
            .saturating_sub(self.padding[axis])
            .min(input);
        start.saturating_sub(self.padding[axis])..end
    }

    /// The output positions, from start to end, for which `tap` falls inside of the input.
    #[inline]
    #[must_use]
    pub fn positions(
        &self,
        axis: usize,
        tap: usize,
        input: usize,
        output: usize,
    ) -> (usize, usize) {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        let offset = tap * self.dilation[axis];
        let start = padding.saturating_sub(offset).div_ceil(stride);
        let end = (input + padding).saturating_sub(offset).div_ceil(stride);
        let end = end.min(output);
        (start.min(end), end)
    }
}

/// The largest number of entries of a network's tensors together: half a GiB in `f64`, and 9 GiB as dual
/// numbers of 16 tangents.
pub const MOST_ENTRIES: usize = 1 << 26;

/// The number of entries of `shape`, which is neither empty nor too large.
///
/// # Errors
/// [`ShapeError::Zero`] and [`ShapeError::TooLarge`].
pub fn checked_size(what: &str, shape: &[usize]) -> Result<usize, ShapeError> {
    if shape.contains(&0) {
        return Err(ShapeError::Zero {
            what: format!("a size in {what} = {shape:?}"),
        });
    }
    crate::tensor::size(shape)
        .filter(|size| *size <= MOST_ENTRIES)
        .ok_or_else(|| ShapeError::TooLarge {
            what: what.to_owned(),
            shape: shape.to_vec(),
            limit: MOST_ENTRIES,
        })
}
