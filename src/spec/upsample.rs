//! Attributes, output size and source positions of an upsampling.

use serde::{Deserialize, Serialize};

use super::extent::{AXES, MOST_ENTRIES, ShapeError};

/// Attributes of `upsample`, which are those of PyTorch's `Upsample` and `interpolate`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpsampleSpec {
    /// Rows and columns of the output; one number stands for both, here and below.
    #[serde(
        with = "super::pair::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<[usize; 2]>,
    /// What rows and columns are multiplied by, and rounded down, where there is no `size`.
    #[serde(with = "factors", default, skip_serializing_if = "Option::is_none")]
    pub scale_factor: Option<[f64; 2]>,
    /// How an output is made from the inputs near to it.
    #[serde(default)]
    pub mode: Interpolation,
    /// Whether the centres of the corners' entries stay in place, not the corners of the whole image.
    #[serde(default, skip_serializing_if = "super::is_no")]
    pub align_corners: bool,
    /// Whether positions follow from the sizes where there is a `scale_factor`, whose product with the
    /// input's size was rounded down.
    #[serde(default, skip_serializing_if = "super::is_no")]
    pub recompute_scale_factor: bool,
}

/// How an output is made from the inputs near to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// It is a copy of one of them.
    #[default]
    Nearest,
    /// It is a mean of up to four, by their distances along rows and columns.
    Bilinear,
}

/// One axis of an upsampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResampledAxis {
    /// As in [`UpsampleSpec`].
    pub align_corners: bool,
    /// Outputs for each input; their sizes' ratio when `None`.
    pub scale: Option<f64>,
    /// Number of inputs.
    pub input: usize,
    /// Number of outputs.
    pub output: usize,
}

impl UpsampleSpec {
    /// Rows and columns of the output for an input of `input` rows and columns.
    ///
    /// # Errors
    /// [`ShapeError::Attribute`] for attributes that do not go together, [`ShapeError::Zero`] and
    /// [`ShapeError::TooLarge`] for a factor that leaves nothing or makes too much.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2], ShapeError> {
        let refused = |wanted| Err(ShapeError::Attribute { wanted });
        if self.align_corners && self.mode == Interpolation::Nearest {
            return refused("align_corners = true needs mode = \"bilinear\"");
        }
        match (self.size, self.scale_factor) {
            (Some(_), None) if self.recompute_scale_factor => {
                refused("recompute_scale_factor = true needs a scale_factor, and no size")
            }
            (Some(size), None) => Ok(size),
            (None, Some(factors)) => scaled(input, factors),
            _ => refused("either size or scale_factor has to be given, and not both"),
        }
    }

    /// One axis, rows (0) or columns (1), of so many inputs and outputs.
    #[must_use]
    pub fn axis(&self, axis: usize, input: usize, output: usize) -> ResampledAxis {
        let factors = self.scale_factor.filter(|_| !self.recompute_scale_factor);
        ResampledAxis {
            align_corners: self.align_corners,
            scale: factors.map(|factors| factors[axis]),
            input,
            output,
        }
    }
}

/// ⌊n·s⌋ along each axis.
fn scaled(input: [usize; 2], factors: [f64; 2]) -> Result<[usize; 2], ShapeError> {
    let mut output = [0; 2];
    for axis in 0..2 {
        let factor = factors[axis];
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(ShapeError::Attribute {
                wanted: "scale_factor has to be a number above 0, or a pair of them",
            });
        }
        // Larger numbers than there are become the largest one.
        output[axis] = (input[axis] as f64 * factor) as usize;
        if output[axis] == 0 {
            return Err(ShapeError::Zero {
                what: format!(
                    "scale_factor {factor:?} times {} {}, rounded down,",
                    input[axis], AXES[axis]
                ),
            });
        }
        if output[axis] > MOST_ENTRIES {
            return Err(ShapeError::TooLarge {
                what: format!(
                    "scale_factor {factor:?} times {} {}",
                    input[axis], AXES[axis]
                ),
                shape: vec![output[axis]],
                limit: MOST_ENTRIES,
            });
        }
    }
    Ok(output)
}

/// Positions are computed in `f32` where PyTorch does so (`nearest_idx` and
/// `compute_source_index_and_lambda` in `aten/src/ATen/native/UpSample.h`): it decides which input is
/// nearest where an output lies between two.
impl ResampledAxis {
    /// The input that nearest copies to output `at`: ⌊at/scale⌋.
    #[must_use]
    pub fn nearest(&self, at: usize) -> usize {
        if self.output == self.input {
            return at;
        }
        if self.output == 2 * self.input {
            return at / 2;
        }
        let ratio = self.input as f32 / self.output as f32;
        let step = self.scale.map_or(ratio, |scale| (1.0 / scale) as f32);
        ((at as f32 * step).floor() as usize).min(self.input - 1)
    }

    /// The two inputs that output `at` lies between, with the weight of each; the last input is its own
    /// neighbour.
    #[must_use]
    pub fn neighbours(&self, at: usize) -> [(usize, f64); 2] {
        if self.output == self.input {
            return [(at, 1.0), (at, 0.0)];
        }
        let source = self.source(at);
        let first = ((source as f32).floor() as usize).min(self.input - 1);
        let second = (first + 1).min(self.input - 1);
        let share = (source - first as f64).clamp(0.0, 1.0);
        [(first, 1.0 - share), (second, share)]
    }

    /// Where output `at` lies among the inputs: at·(n − 1)/(n′ − 1) with aligned corners, else
    /// (at + 1/2)/scale − 1/2, and 0 where that is below.
    fn source(&self, at: usize) -> f64 {
        let (at, input, output) = (at as f64, self.input as f64, self.output as f64);
        if !self.align_corners {
            let step = self.scale.map_or(input / output, |scale| 1.0 / scale);
            return (step * (at + 0.5) - 0.5).max(0.0);
        }
        if self.output > 1 {
            (input - 1.0) / (output - 1.0) * at
        } else {
            0.0
        }
    }
}

/// A factor per axis in files, written as one number where both are equal.
mod factors {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(
        untagged,
        expecting = "expected a number, or a pair of numbers such as [2, 1.5]"
    )]
    enum OneOrTwo {
        One(f64),
        Two([f64; 2]),
    }

    pub(super) fn serialize<S: Serializer>(
        factors: &Option<[f64; 2]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let written = factors.map(|[rows, columns]| {
            if rows.to_bits() == columns.to_bits() {
                OneOrTwo::One(rows)
            } else {
                OneOrTwo::Two([rows, columns])
            }
        });
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[f64; 2]>, D::Error> {
        Ok(Some(match OneOrTwo::deserialize(deserializer)? {
            OneOrTwo::One(factor) => [factor; 2],
            OneOrTwo::Two(factors) => factors,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> UpsampleSpec {
        toml::from_str(text).expect("attributes")
    }

    fn along(
        input: usize,
        output: usize,
        scale: Option<f64>,
        align_corners: bool,
    ) -> ResampledAxis {
        ResampledAxis {
            align_corners,
            scale,
            input,
            output,
        }
    }

    #[test]
    fn the_output_is_the_size_or_the_product_rounded_down() {
        for (text, output) in [
            ("size = 3", [3, 3]),
            ("size = [2, 9]", [2, 9]),
            ("scale_factor = 2", [10, 14]),
            ("scale_factor = 1.5", [7, 10]),
            ("scale_factor = [0.5, 1.3]", [2, 9]),
        ] {
            assert_eq!(read(text).output([5, 7]), Ok(output), "{text}");
        }
    }

    #[test]
    fn attributes_that_do_not_go_together_are_refused() {
        for (text, words) in [
            ("mode = 'nearest'", "either size or scale_factor"),
            ("size = 3\nscale_factor = 2", "either size or scale_factor"),
            (
                "size = 3\nalign_corners = true",
                "needs mode = \"bilinear\"",
            ),
            (
                "size = 3\nrecompute_scale_factor = true",
                "needs a scale_factor",
            ),
            ("scale_factor = 0", "a number above 0"),
            ("scale_factor = [2, -1]", "a number above 0"),
            ("scale_factor = nan", "a number above 0"),
            ("scale_factor = inf", "a number above 0"),
            (
                "scale_factor = 0.1",
                "scale_factor 0.1 times 5 rows, rounded down, is 0",
            ),
            ("scale_factor = 1e300", "is too large"),
        ] {
            let refused = read(text).output([5, 7]).expect_err(text).to_string();
            assert!(refused.contains(words), "{text}: {refused}");
        }
        for text in [
            "mode = 'bicubic'\nsize = 3",
            "size = 1.5",
            "size = [1, 2, 3]",
            "scale_factor = 'two'",
            "scale = 2",
        ] {
            assert!(toml::from_str::<UpsampleSpec>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "size = [2, 9]",
            "scale_factor = 2",
            "scale_factor = [0.5, 1.3]\nrecompute_scale_factor = true",
            "size = 4\nmode = 'bilinear'\nalign_corners = true",
        ] {
            let written = toml::to_string(&read(text)).expect("it can be written");
            assert_eq!(read(&written), read(text), "{written}");
        }
    }

    /// The place of an output's beginning, at·n/n′, rounded down; no quotient of such small numbers is
    /// rounded to another whole number.
    #[test]
    fn nearest_is_the_input_that_an_output_begins_in() {
        for input in 1..=24 {
            for output in 1..=40 {
                let axis = along(input, output, None, false);
                for at in 0..output {
                    assert_eq!(axis.nearest(at), at * input / output, "{axis:?}, {at}");
                }
            }
        }
        // ⌊at/1.5⌋ is 0 0 1 2 2 3 4, while four inputs to six outputs have the ratio exactly.
        let scaled = along(5, 7, Some(1.5), false);
        let copied: Vec<usize> = (0..7).map(|at| scaled.nearest(at)).collect();
        assert_eq!(copied, [0, 0, 1, 2, 2, 3, 4]);
        // As many outputs as inputs are copies, whatever the factor; PyTorch says so.
        let same = along(5, 5, Some(1.1), false);
        assert!((0..5).all(|at| same.nearest(at) == at));
    }

    #[test]
    fn neighbours_are_weighted_by_their_distance() {
        // Half a pixel: −1/4, 1/4, 3/4, 5/4; the first is clamped.
        let half = along(2, 4, None, false);
        let places: Vec<_> = (0..4).map(|at| half.neighbours(at)).collect();
        assert_eq!(
            places,
            [
                [(0, 1.0), (1, 0.0)],
                [(0, 0.75), (1, 0.25)],
                [(0, 0.25), (1, 0.75)],
                [(1, 0.75), (1, 0.25)],
            ]
        );
        // Corners: 0, 1/2, 1, 3/2, 2.
        let corners = along(3, 5, None, true);
        let places: Vec<_> = (0..5).map(|at| corners.neighbours(at)).collect();
        assert_eq!(
            places,
            [
                [(0, 1.0), (1, 0.0)],
                [(0, 0.5), (1, 0.5)],
                [(1, 1.0), (2, 0.0)],
                [(1, 0.5), (2, 0.5)],
                [(2, 1.0), (2, 0.0)],
            ]
        );
        // One output lies on the first corner, or in the middle.
        assert_eq!(along(4, 1, None, true).neighbours(0), [(0, 1.0), (1, 0.0)]);
        assert_eq!(along(4, 1, None, false).neighbours(0), [(1, 0.5), (2, 0.5)]);
    }

    #[test]
    fn a_given_factor_is_used_unless_it_is_computed_again() {
        let text = "scale_factor = 1.6\nmode = 'bilinear'";
        // ⌊3·1.6⌋ = 4: 1.5/1.6 − 0.5 = 0.4375, and with the ratio 3/4 of the sizes 0.625.
        let given = read(text).axis(0, 3, 4).neighbours(1);
        let again = format!("{text}\nrecompute_scale_factor = true");
        let again = read(&again).axis(0, 3, 4).neighbours(1);
        assert_eq!(given, [(0, 0.5625), (1, 0.4375)]);
        assert_eq!(again, [(0, 0.375), (1, 0.625)]);
    }
}
