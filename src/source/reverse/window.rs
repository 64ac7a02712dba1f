//! Where windows lie: the indices that `gather` cuts them out by.
//!
//! c channel · h×w input · (i,j) window · (u,v) tap · s stride · p padding · d dilation
//!
//! Tap (u,v) of window (i,j) meets row s·i + d·u − p and column s·j + d·v − p. The rows of an
//! activation are numbered c·h·w + row·w + column; row C·h·w stands for the padding, and is zero.

use crate::spec::extent::Window;

/// A window on the images of an activation.
pub(super) struct Geometry {
    window: Window,
    channels: usize,
    /// Rows and columns of the input.
    input: [usize; 2],
    /// Rows and columns of the output.
    output: [usize; 2],
}

impl Geometry {
    /// The window that slides over an input of shape (N, C, H, W) and gives (N, ·, H′, W′).
    pub(super) fn new(window: Window, input: &[usize], output: &[usize]) -> Self {
        Self {
            window,
            channels: input[1],
            input: [input[2], input[3]],
            output: [output[2], output[3]],
        }
    }

    /// Taps of a window.
    pub(super) fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    /// Windows on one plane.
    pub(super) fn positions(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Channels of the input.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Rows by channel, tap and window: (C·kh·kw, H′·W′), as a convolution's product wants them.
    pub(super) fn rows_by_channel(&self) -> Vec<usize> {
        let (plane, padding) = (self.input[0] * self.input[1], self.padding_row());
        // One channel's rows, of which those of the others are so many planes further down.
        let taps = (0..self.taps()).flat_map(|tap| (0..self.positions()).map(move |at| (tap, at)));
        let first: Vec<Option<usize>> = taps.map(|(tap, at)| self.row(0, tap, at)).collect();
        let mut rows = Vec::with_capacity(self.channels * first.len());
        for channel in 0..self.channels {
            let of_channel = |row: &Option<usize>| row.map_or(padding, |row| row + channel * plane);
            rows.extend(first.iter().map(of_channel));
        }
        rows
    }

    /// Rows by tap, channel and window: (kh·kw, C·H′·W′), to be summed over the first axis.
    pub(super) fn rows_by_tap(&self) -> Vec<usize> {
        let mut rows = Vec::with_capacity(self.channels * self.taps() * self.positions());
        for tap in 0..self.taps() {
            for channel in 0..self.channels {
                rows.extend((0..self.positions()).map(|at| self.row_or_padding(channel, tap, at)));
            }
        }
        rows
    }

    /// For every channel and window, the rows inside of the input, taps in row-major order.
    pub(super) fn rows_inside(&self) -> impl Iterator<Item = Vec<usize>> {
        (0..self.channels).flat_map(move |channel| {
            (0..self.positions()).map(move |at| {
                (0..self.taps())
                    .filter_map(|tap| self.row(channel, tap, at))
                    .collect()
            })
        })
    }

    /// How many taps of window `at` an average pooling divides by: those inside of the input, and
    /// with `count_include_pad` those in the padding, but none beyond it.
    pub(super) fn divisor(&self, at: usize, count_include_pad: bool) -> usize {
        let counted = |tap: &usize| {
            let padded = self.padded(*tap, at);
            (0..2).all(|axis| {
                let padding = self.window.padding[axis];
                let end = self.input[axis] + padding;
                if count_include_pad {
                    padded[axis] < end + padding
                } else {
                    (padding..end).contains(&padded[axis])
                }
            })
        };
        (0..self.taps()).filter(counted).count()
    }

    /// Row and column of a tap, counted from the beginning of the padding.
    fn padded(&self, tap: usize, at: usize) -> [usize; 2] {
        let tap = [tap / self.window.kernel[1], tap % self.window.kernel[1]];
        let at = [at / self.output[1], at % self.output[1]];
        [0, 1].map(|axis| {
            at[axis] * self.window.stride[axis] + tap[axis] * self.window.dilation[axis]
        })
    }

    fn row(&self, channel: usize, tap: usize, at: usize) -> Option<usize> {
        let [row, column] = self.padded(tap, at);
        let row = row.checked_sub(self.window.padding[0])?;
        let column = column.checked_sub(self.window.padding[1])?;
        let inside = row < self.input[0] && column < self.input[1];
        inside.then_some((channel * self.input[0] + row) * self.input[1] + column)
    }

    fn row_or_padding(&self, channel: usize, tap: usize, at: usize) -> usize {
        self.row(channel, tap, at)
            .unwrap_or_else(|| self.padding_row())
    }

    fn padding_row(&self) -> usize {
        self.channels * self.input[0] * self.input[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels of 2×3, kernel 2×2, stride 2, padding 1: the padded plane is 4×5, with
    ///
    /// ```text
    /// · · · · ·
    /// · 0 1 2 ·
    /// · 3 4 5 ·
    /// · · · · ·
    /// ```
    ///
    /// and windows at rows 0, 2 and columns 0, 2; 12 is the row of zeros, channel 1 begins at 6.
    fn geometry() -> Geometry {
        let window = Window {
            kernel: [2, 2],
            stride: [2, 2],
            padding: [1, 1],
            dilation: [1, 1],
        };
        Geometry::new(window, &[1, 2, 2, 3], &[1, 2, 2, 2])
    }

    #[test]
    fn taps_meet_the_rows_that_a_drawing_shows() {
        // Windows: [· · / · 0], [· · / 1 2], [· 3 / · ·], [4 5 / · ·].
        let first_channel = [
            12, 12, 12, 4, // tap (0,0)
            12, 12, 3, 5, // tap (0,1)
            12, 1, 12, 12, // tap (1,0)
            0, 2, 12, 12, // tap (1,1)
        ];
        let shifted = first_channel.map(|row| if row < 6 { row + 6 } else { 12 });
        let by_channel = [first_channel, shifted].concat();
        assert_eq!(geometry().rows_by_channel(), by_channel, "by channel");
        let taps = first_channel.chunks(4).zip(shifted.chunks(4));
        let by_tap: Vec<usize> = taps.flat_map(|(a, b)| [a, b].concat()).collect();
        assert_eq!(geometry().rows_by_tap(), by_tap, "by tap");
        let inside: Vec<Vec<usize>> = geometry().rows_inside().take(5).collect();
        assert_eq!(
            inside,
            [vec![0], vec![1, 2], vec![3], vec![4, 5], vec![6]],
            "inside"
        );
    }

    #[test]
    fn a_divisor_counts_the_padding_but_nothing_beyond_it() {
        let divisors = |count_include_pad| -> Vec<usize> {
            (0..4)
                .map(|at| geometry().divisor(at, count_include_pad))
                .collect()
        };
        assert_eq!(divisors(true), [4, 4, 4, 4], "padding counts");
        assert_eq!(divisors(false), [1, 2, 1, 2], "padding does not count");

        // One row of 4, kernel 2, stride 3, ceil mode: the second window reaches past the end.
        let window = Window {
            kernel: [1, 2],
            stride: [1, 3],
            padding: [0, 0],
            dilation: [1, 1],
        };
        let beyond = Geometry::new(window, &[1, 1, 1, 4], &[1, 1, 1, 2]);
        assert_eq!(beyond.divisor(0, true), 2, "a whole window");
        assert_eq!(beyond.divisor(1, true), 1, "a partial window");
    }
}
