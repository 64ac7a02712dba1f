//! Output sizes of convolution and pooling, and what can be wrong with a shape.

use std::iter::StepBy;
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
#[derive(Clone, Debug, PartialEq, Error)]
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
    /// A transposed convolution's output padding only tells outputs apart that lead to one input.
    #[error(
        "output_padding {output_padding} along the {axis} has to be smaller than stride {stride} or dilation {dilation}: \
         lower it, or enlarge the stride"
    )]
    OutputPadding {
        /// "rows" or "columns".
        axis: &'static str,
        /// Output padding.
        output_padding: usize,
        /// Distance between windows.
        stride: usize,
        /// Distance between taps.
        dilation: usize,
    },
    /// A transposed convolution's padding cuts off all of its output.
    #[error(
        "padding {padding} on each side leaves nothing of an output of {whole} {axis}: \
         lower the padding, or enlarge input, kernel, stride or output_padding"
    )]
    NothingLeft {
        /// "rows" or "columns".
        axis: &'static str,
        /// Size of the output without the padding.
        whole: usize,
        /// Padding on each side.
        padding: usize,
    },
    /// A negative padding cuts everything off.
    #[error(
        "padding {padding:?} (left, right, top, bottom) leaves nothing of an input of {input:?} rows and columns: cut off less"
    )]
    Cropped {
        /// Left, right, top and bottom.
        padding: [isize; 4],
        /// Rows and columns.
        input: [usize; 2],
    },
    /// A dilated window of a pooling has its taps on both sides of the input.
    #[error(
        "a window that begins {before} before the {axis} has no tap on the {input} of the input (kernel {kernel}, dilation {dilation}): \
         lower the dilation or the padding"
    )]
    EmptyWindow {
        /// "rows" or "columns".
        axis: &'static str,
        /// How far before the input the window begins.
        before: usize,
        /// Input size.
        input: usize,
        /// Taps.
        kernel: usize,
        /// Distance between taps.
        dilation: usize,
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
    /// The last axes are not those that are normalised.
    #[error("normalized_shape = {normalized:?} is not the end of the input's shape {got:?}")]
    Normalized {
        /// The axes to be normalised.
        normalized: Vec<usize>,
        /// The shape of the input.
        got: Vec<usize>,
    },
    /// A normalisation would divide by 0.
    #[error("eps = {eps} is not a number above 0: without it, equal entries are divided by 0")]
    Eps {
        /// What is added to the variance.
        eps: f64,
    },
    /// There are too few or too many running statistics, or they are none.
    #[error(
        "{what} has to be {channels} numbers{positive}, one for each channel, and only where training = false"
    )]
    Running {
        /// "running_mean" or "running_var".
        what: &'static str,
        /// Number of channels.
        channels: usize,
        /// Further conditions.
        positive: &'static str,
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
    /// An attribute has a value that means nothing.
    #[error("{wanted}")]
    Attribute {
        /// What it has to be.
        wanted: &'static str,
    },
}

pub(super) const AXES: [&str; 2] = ["rows", "columns"];

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

    /// Refuse windows of a pooling whose taps all miss the input: dilated ones that begin in the padding.
    ///
    /// Windows that begin inside of the input have their first tap there.
    ///
    /// # Errors
    /// [`ShapeError::EmptyWindow`].
    pub fn check_taps_meet_the_input(&self, input: [usize; 2]) -> Result<(), ShapeError> {
        for (axis, name) in AXES.into_iter().enumerate() {
            let (padding, dilation) = (self.padding[axis], self.dilation[axis]);
            let starts = (0..padding).step_by(self.stride[axis]);
            for before in starts.map(|start| padding - start) {
                let first = before.next_multiple_of(dilation) - before;
                let last = dilation * (self.kernel[axis] - 1);
                if first >= input[axis] || first + before > last {
                    return Err(ShapeError::EmptyWindow {
                        axis: name,
                        before,
                        input: input[axis],
                        kernel: self.kernel[axis],
                        dilation,
                    });
                }
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

    /// The input positions that the taps of the window at output `position` fall on, without the padding.
    #[inline]
    pub fn met(&self, axis: usize, position: usize, input: usize) -> StepBy<Range<usize>> {
        let (padding, dilation) = (self.padding[axis], self.dilation[axis]);
        let start = position * self.stride[axis];
        let skipped = padding.saturating_sub(start).next_multiple_of(dilation);
        let last = start + dilation * (self.kernel[axis] - 1);
        let end = (last + 1).saturating_sub(padding).min(input);
        (start + skipped - padding..end).step_by(dilation)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every small kernel, stride, padding and dilation along one axis, with an input size.
    fn axes() -> impl Iterator<Item = ([usize; 4], usize)> {
        (1..=4).flat_map(|kernel| {
            (1..=4).flat_map(move |stride| {
                (0..=5).flat_map(move |padding| {
                    (1..=3).flat_map(move |dilation| {
                        (1..=8).map(move |input| ([kernel, stride, padding, dilation], input))
                    })
                })
            })
        })
    }

    fn window(rows: [usize; 4], columns: [usize; 4]) -> Window {
        let pair = |number: usize| [rows[number], columns[number]];
        Window {
            kernel: pair(0),
            stride: pair(1),
            padding: pair(2),
            dilation: pair(3),
        }
    }

    /// One tap that meets every row.
    const PLAIN: [usize; 4] = [1, 1, 0, 1];

    /// The windows that fit, counted one by one.
    fn whole_windows([kernel, stride, padding, dilation]: [usize; 4], input: usize) -> usize {
        let last_tap = |position| position * stride + (kernel - 1) * dilation;
        (0..)
            .take_while(|position| last_tap(*position) < input + 2 * padding)
            .count()
    }

    /// PyTorch's documentation of `ceil_mode`: windows may go out of bounds when they start within
    /// the leading padding or the input. A window is begun as long as something is uncovered.
    fn begun_windows([kernel, stride, padding, dilation]: [usize; 4], input: usize) -> usize {
        let last_tap = |position| position * stride + (kernel - 1) * dilation;
        let mut windows = 1;
        while last_tap(windows - 1) + 1 < input + 2 * padding && windows * stride < input + padding
        {
            windows += 1;
        }
        windows
    }

    #[test]
    fn output_counts_the_windows() {
        let mut fitting = 0;
        for (axis, input) in axes() {
            let [kernel, _, padding, dilation] = axis;
            let expected = whole_windows(axis, input);
            let by_rows = window(axis, PLAIN).output([input, 7], Rounding::Floor);
            let by_columns = window(PLAIN, axis).output([7, input], Rounding::Floor);
            if expected == 0 {
                for (result, name) in [(by_rows, "rows"), (by_columns, "columns")] {
                    let error = ShapeError::KernelTooLarge {
                        axis: name,
                        kernel,
                        dilation,
                        span: dilation * (kernel - 1) + 1,
                        input,
                        padding,
                    };
                    assert_eq!(result, Err(error), "{axis:?} on {input}");
                }
                continue;
            }
            fitting += 1;
            assert_eq!(by_rows, Ok([expected, 7]), "{axis:?} on {input} rows");
            assert_eq!(by_columns, Ok([7, expected]), "{axis:?} on {input} columns");
        }
        assert!(fitting > 1000, "{fitting} windows fitted");
    }

    #[test]
    fn rounding_up_keeps_a_window_that_starts_inside() {
        let mut kept = 0;
        for (axis, input) in axes() {
            let [kernel, _, padding, _] = axis;
            let whole = whole_windows(axis, input);
            if whole == 0 || padding > kernel / 2 {
                continue;
            }
            let expected = begun_windows(axis, input);
            let output = window(axis, PLAIN).output([input, 7], Rounding::Ceil);
            assert_eq!(output, Ok([expected, 7]), "{axis:?} on {input}");
            kept += expected - whole;
        }
        assert!(kept > 100, "{kept} partial windows were kept");
    }

    #[test]
    fn positions_are_those_whose_tap_is_inside() {
        for (axis, input) in axes() {
            let [kernel, stride, padding, dilation] = axis;
            let window = window(PLAIN, axis);
            let output = whole_windows(axis, input);
            for tap in 0..kernel {
                let (start, end) = window.positions(1, tap, input, output);
                for position in 0..output {
                    let padded = position * stride + tap * dilation;
                    let inside = (padding..padding + input).contains(&padded);
                    let what = format!("{axis:?} on {input}, tap {tap} at {position}");
                    let index = window.input_index(1, position, tap, input);
                    assert_eq!(index, inside.then(|| padded - padding), "{what}");
                    assert_eq!((start..end).contains(&position), inside, "{what}");
                }
                assert!(
                    end <= output,
                    "{axis:?} on {input}: no position after {output}"
                );
            }
        }
    }

    #[test]
    fn met_are_the_positions_that_some_tap_falls_on() {
        let (mut windows, mut refused) = (0, 0);
        for (axis, input) in axes() {
            let [kernel, stride, padding, dilation] = axis;
            if padding > kernel / 2 || whole_windows(axis, input) == 0 {
                continue;
            }
            let (rows, columns) = (window(axis, PLAIN), window(PLAIN, axis));
            let mut is_empty = false;
            for position in 0..begun_windows(axis, input) {
                let is_tap = |index: &usize| {
                    (0..kernel).any(|tap| position * stride + tap * dilation == index + padding)
                };
                let expected: Vec<usize> = (0..input).filter(is_tap).collect();
                is_empty |= expected.is_empty();
                for met in [
                    rows.met(0, position, input),
                    columns.met(1, position, input),
                ] {
                    let met: Vec<usize> = met.collect();
                    assert_eq!(met, expected, "{axis:?} on {input} at {position}");
                }
                windows += 1;
            }
            for checked in [
                rows.check_taps_meet_the_input([input, 7]),
                columns.check_taps_meet_the_input([7, input]),
            ] {
                assert_eq!(
                    checked.is_err(),
                    is_empty,
                    "{axis:?} on {input}: {checked:?}"
                );
            }
            refused += usize::from(is_empty);
        }
        assert!(
            windows > 1000 && refused > 3,
            "{windows} windows, {refused} refused"
        );
    }

    #[test]
    fn covered_are_the_positions_that_some_tap_falls_on() {
        let mut windows = 0;
        for (axis, input) in axes() {
            let [kernel, stride, padding, dilation] = axis;
            if dilation > 1 || padding > kernel / 2 || whole_windows(axis, input) == 0 {
                continue;
            }
            let rows = window(axis, PLAIN);
            let columns = window(PLAIN, axis);
            for position in 0..begun_windows(axis, input) {
                let is_tap = |index: &usize| {
                    (0..kernel).any(|tap| position * stride + tap == index + padding)
                };
                let expected: Vec<usize> = (0..input).filter(is_tap).collect();
                assert!(!expected.is_empty(), "{axis:?} on {input} at {position}");
                for covered in [
                    rows.covered(0, position, input),
                    columns.covered(1, position, input),
                ] {
                    let covered: Vec<usize> = covered.collect();
                    assert_eq!(covered, expected, "{axis:?} on {input} at {position}");
                }
                windows += 1;
            }
        }
        assert!(windows > 500, "{windows} windows");
    }

    #[test]
    fn sizes_of_zero_are_named() {
        for (number, what) in [
            (0, "kernel along the columns"),
            (1, "stride along the columns"),
            (3, "dilation along the columns"),
        ] {
            let mut axis = PLAIN;
            axis[number] = 0;
            let error = ShapeError::Zero {
                what: what.to_owned(),
            };
            let output = window(PLAIN, axis).output([5, 5], Rounding::Floor);
            assert_eq!(output, Err(error), "{what}");
        }
        assert!(
            matches!(checked_size("x", &[2, 0, 3]), Err(ShapeError::Zero { what }) if what.contains("x = [2, 0, 3]")),
            "an empty tensor"
        );
    }

    #[test]
    fn sums_and_products_that_overflow_are_too_large() {
        const HUGE: usize = usize::MAX;
        for axis in [
            [HUGE, 1, 0, 1],
            [3, 1, 0, HUGE],
            [HUGE, 1, 0, HUGE],
            [1, 1, HUGE, 1],
            [1, 1, HUGE / 2, 1],
            [MOST_ENTRIES + 1, 1, 0, 1],
        ] {
            for rounding in [Rounding::Floor, Rounding::Ceil] {
                let output = window(axis, PLAIN).output([5, 5], rounding);
                let [kernel, _, padding, dilation] = axis;
                assert!(
                    matches!(&output, Err(ShapeError::TooLarge { shape, .. }) if *shape == [5, kernel, padding, dilation]),
                    "{axis:?}: {output:?}"
                );
            }
        }
        // A stride may be as large as it likes: there is one window.
        let output = window([1, HUGE, 0, 1], PLAIN).output([5, 5], Rounding::Floor);
        assert_eq!(output, Ok([1, 5]), "one window");
        let output = window([2, HUGE, 1, 1], PLAIN).output([5, 5], Rounding::Ceil);
        assert_eq!(output, Ok([1, 5]), "one window, rounded up");

        assert_eq!(checked_size("x", &[2, MOST_ENTRIES / 2]), Ok(MOST_ENTRIES));
        for shape in [
            vec![2, MOST_ENTRIES / 2 + 1],
            vec![HUGE, 2],
            vec![HUGE, HUGE],
        ] {
            let error = ShapeError::TooLarge {
                what: "x".to_owned(),
                shape: shape.clone(),
                limit: MOST_ENTRIES,
            };
            assert_eq!(checked_size("x", &shape), Err(error), "{shape:?}");
        }
    }

    #[test]
    fn pooling_padding_is_at_most_half_of_the_kernel() {
        for kernel in 1..=6 {
            for padding in 0..=6 {
                let padded = [kernel, 1, padding, 1];
                let rows = window(padded, PLAIN).check_pooling_padding();
                let columns = window(PLAIN, padded).check_pooling_padding();
                if 2 * padding <= kernel {
                    assert_eq!((rows, columns), (Ok(()), Ok(())), "{padding} of {kernel}");
                    continue;
                }
                for (result, axis) in [(rows, "rows"), (columns, "columns")] {
                    let error = ShapeError::PaddingTooLarge {
                        axis,
                        padding,
                        kernel,
                    };
                    assert_eq!(result, Err(error), "{padding} of {kernel}");
                }
            }
        }
    }
}
