//! Attributes and output size of a padding with zeros.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::extent::{AXES, MOST_ENTRIES, ShapeError};

/// Attributes of `zero_pad2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZeroPad2dSpec {
    /// Zeros to the left, to the right, above and below (PyTorch's order); one number stands for all. Below
    /// 0, so many columns or rows are cut off.
    #[serde(with = "sides")]
    pub padding: [isize; 4],
}

impl ZeroPad2dSpec {
    /// What is added before and after the rows (axis 0) or the columns (axis 1).
    #[must_use]
    pub fn sides(&self, axis: usize) -> [isize; 2] {
        let [left, right, top, bottom] = self.padding;
        [[top, bottom], [left, right]][axis]
    }

    /// The rows or columns of the input that are not cut off.
    #[must_use]
    pub fn kept(&self, axis: usize, input: usize) -> Range<usize> {
        let [before, after] = self.sides(axis).map(cut);
        before..input.saturating_sub(after)
    }

    /// Rows and columns of the output for an input of `input` rows and columns.
    ///
    /// n + before + after, as PyTorch's `ZeroPad2d` has it.
    ///
    /// # Errors
    /// [`ShapeError::Cropped`] when nothing of the input is left, [`ShapeError::TooLarge`] when a sum is.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let mut output = [0; 2];
        for axis in 0..2 {
            let kept = self.kept(axis, input[axis]);
            if kept.is_empty() {
                return Err(ShapeError::Cropped {
                    padding: self.padding,
                    input,
                });
            }
            let [before, after] = self
                .sides(axis)
                .map(|side| usize::try_from(side).unwrap_or(0));
            output[axis] = kept
                .len()
                .checked_add(before)
                .and_then(|size| size.checked_add(after))
                .filter(|size| *size <= MOST_ENTRIES)
                .ok_or_else(|| ShapeError::TooLarge {
                    what: format!("[input, before, after] along the {}", AXES[axis]),
                    shape: vec![input[axis], before, after],
                    limit: MOST_ENTRIES,
                })?;
        }
        Ok(output)
    }
}

/// How many entries a side takes away.
fn cut(side: isize) -> usize {
    if side < 0 { side.unsigned_abs() } else { 0 }
}

/// A number per side in files, written as one where all are equal.
mod sides {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(
        untagged,
        expecting = "expected a whole number, or four of them: left, right, top and bottom"
    )]
    enum OneOrFour {
        One(isize),
        Four([isize; 4]),
    }

    pub(super) fn serialize<S: Serializer>(
        sides: &[isize; 4],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let [first, others @ ..] = *sides;
        let written = if others == [first; 3] {
            OneOrFour::One(first)
        } else {
            OneOrFour::Four(*sides)
        };
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[isize; 4], D::Error> {
        Ok(match OneOrFour::deserialize(deserializer)? {
            OneOrFour::One(side) => [side; 4],
            OneOrFour::Four(sides) => sides,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_the_input_with_its_sides() {
        let output = |padding, input| ZeroPad2dSpec { padding }.output(input);
        assert_eq!(output([1, 2, 3, 4], [5, 6]), Ok([12, 9]));
        assert_eq!(output([-1, 2, 0, -4], [5, 6]), Ok([1, 7]));
        assert_eq!(output([-3, 5, 0, 0], [2, 4]), Ok([2, 6]), "one column left");
    }

    #[test]
    fn what_is_kept_is_what_is_not_cut_off() {
        let spec = ZeroPad2dSpec {
            padding: [-1, 2, 3, -2],
        };
        assert_eq!(spec.kept(0, 5), 0..3, "two rows cut off below");
        assert_eq!(spec.kept(1, 4), 1..4, "a column cut off to the left");
    }

    #[test]
    fn a_padding_that_leaves_nothing_or_is_too_large_is_refused() {
        let refusal = |padding, input| {
            let refused = ZeroPad2dSpec { padding }.output(input);
            refused.expect_err("refused").to_string()
        };
        for padding in [
            [-2, -2, 0, 0],
            [0, 0, -5, 9],
            [isize::MIN, 0, 0, 0],
            [isize::MIN; 4],
        ] {
            let words = refusal(padding, [5, 4]);
            assert!(
                words.contains("leaves nothing of an input of [5, 4]"),
                "{words}"
            );
        }
        for padding in [[isize::MAX; 4], [0, 0, MOST_ENTRIES.cast_signed(), 0]] {
            let words = refusal(padding, [5, 4]);
            assert!(words.contains("is too large"), "{words}");
        }
    }

    #[test]
    fn one_number_stands_for_four() {
        let read = |text: &str| toml::from_str::<ZeroPad2dSpec>(text);
        let all = ZeroPad2dSpec { padding: [2; 4] };
        let each = ZeroPad2dSpec {
            padding: [1, 2, -1, 0],
        };
        assert_eq!(read("padding = 2"), Ok(all));
        assert_eq!(read("padding = [1, 2, -1, 0]"), Ok(each));
        for spec in [all, each] {
            let written = toml::to_string(&spec).expect("it can be written");
            assert_eq!(read(&written), Ok(spec), "{written}");
        }
        for wrong in ["padding = [1, 2]", "padding = 0.5", "padding = \"1\"", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let words = read("padding = [1, 2]").expect_err("refused").to_string();
        assert!(words.contains("left, right, top and bottom"), "{words}");
    }
}
