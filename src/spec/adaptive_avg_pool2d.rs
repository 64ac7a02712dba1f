//! Attributes and windows of an adaptive average pooling.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Attributes of `adaptive_avg_pool2d`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveAvgPool2dSpec {
    /// Rows and columns of the output; one number stands for both. 1 is the global average.
    #[serde(with = "super::pair")]
    pub output_size: [usize; 2],
}

/// The input positions of window `position` of `output` that share `input` positions among them, from
/// ⌊position·input/output⌋ up to ⌈(position + 1)·input/output⌉, which is not among them (PyTorch's
/// `AdaptiveAvgPool2d`).
///
/// No window is empty, and neighbours overlap where the division leaves a rest.
#[inline]
#[must_use]
pub fn adaptive_window(position: usize, input: usize, output: usize) -> Range<usize> {
    position * input / output..((position + 1) * input).div_ceil(output)
}

/// The largest number of positions that a window has.
#[must_use]
pub fn largest_adaptive_window(input: usize, output: usize) -> usize {
    // Both ends are rounded away from the middle: less than one each.
    (input.div_ceil(output) + 1).min(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_that_overlap_their_share() {
        for input in 1..=12 {
            for output in 1..=12 {
                for position in 0..output {
                    // The share is [position, position + 1)·input/output; entry r is [r, r + 1).
                    let expected: Vec<usize> = (0..input)
                        .filter(|r| {
                            r * output < (position + 1) * input
                                && (r + 1) * output > position * input
                        })
                        .collect();
                    let window: Vec<usize> = adaptive_window(position, input, output).collect();
                    let what = format!("{position} of {output} on {input}");
                    assert_eq!(window, expected, "{what}");
                    assert!(!window.is_empty(), "{what}");
                    assert!(
                        window.len() <= largest_adaptive_window(input, output),
                        "{what}"
                    );
                }
            }
        }
    }
}
