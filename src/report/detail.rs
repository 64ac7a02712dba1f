//! Every number behind a part's rows, for pages, plots and tables of coordinates.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::judge::{Side, Verdict};
use crate::spec::case::SourceName;
use crate::tensor;

use super::Number;
use super::sweep::SweepReport;

/// Every number behind a part's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Detail {
    /// One for each tensor, in the order of the part's rows.
    pub tensors: Vec<TensorDetail>,
    /// Each source held against each other.
    pub pairs: Vec<PairRow>,
    /// What central differences are over all steps, at some coordinates.
    pub curves: Vec<Curve>,
    /// How near units are to where they switch, layer by layer.
    pub kinks: Vec<KinkMap>,
}

/// The coordinates of one tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TensorDetail {
    /// PyTorch's name.
    pub name: String,
    /// PyTorch's layout.
    pub shape: Vec<usize>,
    /// The coordinates, as row-major indices, ascending; absent when they are all of the tensor's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "in_one_line"
    )]
    pub indices: Option<Vec<usize>>,
    /// The verdict on each, a letter of [`verdict_letter`].
    pub verdicts: String,
    /// What each source says of them, the gradient under test first.
    pub sources: Vec<SourceDetail>,
}

/// What one source says of a tensor's coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceDetail {
    /// Who.
    pub source: SourceName,
    /// The derivatives; NaN also where the source has none to give.
    #[serde(serialize_with = "in_one_line")]
    pub values: Vec<Number>,
    /// Bounds on their errors, rounded up to four digits.
    #[serde(serialize_with = "in_one_line")]
    pub errors: Vec<Number>,
}

/// Two sources held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PairRow {
    /// One.
    pub first: SourceName,
    /// The other.
    pub second: SourceName,
    /// Coordinates of which both have something to say.
    pub compared: usize,
    /// Those at which they are further apart than their bounds allow.
    pub differ: usize,
}

/// Central differences over all steps at one coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Curve {
    /// Why this coordinate is shown.
    pub reason: CurveReason,
    /// The step that the check took; `None` when it took none.
    pub step: Option<Number>,
    /// The sum of the bounds of the gradient under test and of central differences at that step.
    pub bound: Option<Number>,
    /// The steps.
    pub sweep: SweepReport,
}

/// Why a coordinate is shown over all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CurveReason {
    /// Somebody asked for it.
    Chosen,
    /// It speaks against the gradient.
    Wrong,
    /// Its step crosses kinks, or it is at one.
    Kink,
    /// It matches central differences in the fewest digits.
    FewestDigits,
    /// It comes nearest to its bound.
    Closest,
}

/// How near the units of one layer are to where they switch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KinkMap {
    /// The layer's name; `loss` behind the last.
    pub layer: String,
    /// What `margins` are of: the units of one sample (C, H, W), or its channels (C) where those are too many.
    pub shape: Vec<usize>,
    /// The largest input of the layer, in absolute value.
    pub size: Number,
    /// Units, over all samples.
    pub units: usize,
    /// Those that are exactly where they switch.
    pub tied: usize,
    /// The nearest of the others.
    pub nearest: Vec<NearUnit>,
    /// How far the input of each unit is from its kink, the nearest of all samples: |z| for ReLU, the maximum
    /// minus the second for a pooling.
    #[serde(serialize_with = "in_one_line")]
    pub margins: Vec<Number>,
}

/// A unit near its kink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NearUnit {
    /// As in `relu1[0,3,7,9]`, sample first.
    pub unit: String,
    /// How far its input is from the kink.
    pub margin: Number,
}

/// The letter that stands for a verdict: `a`gree, `d`isagree, at a kink inside `k` or outside `K` of the
/// slopes, `u`nresolved, un`o`bservable, `i`nvalid.
#[must_use]
pub fn verdict_letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Agree => 'a',
        Verdict::Disagree => 'd',
        Verdict::AtKink(Side::Inside) => 'k',
        Verdict::AtKink(Side::Outside) => 'K',
        Verdict::Unresolved(_) => 'u',
        Verdict::Unobservable(_) => 'o',
        Verdict::Invalid => 'i',
    }
}

/// What the letter of [`verdict_letter`] stands for.
#[must_use]
pub fn verdict_of_letter(letter: char) -> &'static str {
    match letter {
        'a' => "agrees",
        'd' => "differs",
        'k' => "at a kink, between the slopes",
        'K' => "at a kink, outside of the slopes",
        'u' => "unresolved",
        'o' => "unobservable",
        'i' => "not a number",
        _ => "unknown",
    }
}

/// Whether a coordinate with this letter speaks against the gradient.
#[must_use]
pub fn is_wrong_letter(letter: char) -> bool {
    matches!(letter, 'd' | 'K' | 'i')
}

impl TensorDetail {
    /// Coordinates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.verdicts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.verdicts.is_empty()
    }

    /// The row-major index of the coordinate at `position`.
    #[must_use]
    pub fn index(&self, position: usize) -> usize {
        self.indices
            .as_ref()
            .map_or(position, |indices| indices[position])
    }

    /// The name of the coordinate at `position`, as in `conv1.weight[0,2,1,1]`.
    #[must_use]
    pub fn coordinate(&self, position: usize) -> String {
        let index = tensor::unflatten(self.index(position), &self.shape);
        let index: Vec<String> = index.iter().map(ToString::to_string).collect();
        format!("{}[{}]", self.name, index.join(","))
    }

    /// The same with `most` coordinates at most: those that speak against the gradient first, and of the
    /// rest some evenly apart.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        if self.len() <= most {
            return self.clone();
        }
        let letters: Vec<char> = self.verdicts.chars().collect();
        let (wrong, right): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|position| is_wrong_letter(letters[*position]));
        let mut kept = evenly(&wrong, most);
        kept.extend(evenly(&right, most - kept.len()));
        kept.sort_unstable();
        let numbers = |all: &[Number]| kept.iter().map(|position| all[*position]).collect();
        Self {
            name: self.name.clone(),
            shape: self.shape.clone(),
            indices: Some(kept.iter().map(|position| self.index(*position)).collect()),
            verdicts: kept.iter().map(|position| letters[*position]).collect(),
            sources: self
                .sources
                .iter()
                .map(|source| SourceDetail {
                    source: source.source,
                    values: numbers(&source.values),
                    errors: numbers(&source.errors),
                })
                .collect(),
        }
    }
}

impl Detail {
    /// Coordinates of all tensors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.iter().map(TensorDetail::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same with `most` coordinates or a few more: what small tensors leave is shared out among the large.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        let mut sizes: Vec<usize> = self.tensors.iter().map(TensorDetail::len).collect();
        sizes.sort_unstable();
        let (mut left, mut share) = (most, most);
        for (done, size) in sizes.iter().enumerate() {
            share = left / (sizes.len() - done);
            if *size > share {
                break;
            }
            left -= size;
        }
        let is_whole = self.len() <= most;
        let share = if is_whole { most } else { share.max(1) };
        Self {
            tensors: self.tensors.iter().map(|t| t.thinned(share)).collect(),
            ..self.clone()
        }
    }
}

/// `most` of `all`, evenly apart, the first among them.
fn evenly(all: &[usize], most: usize) -> Vec<usize> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|n| all[n * all.len() / most]).collect()
}

/// Up to four significant digits, and not below `bound`.
#[must_use]
pub fn rounded_up(bound: f64) -> Number {
    if !bound.is_finite() || bound == 0.0 {
        return Number(bound);
    }
    let digits = |value: f64| {
        let text = format!("{value:.3e}");
        text.parse().unwrap_or(bound)
    };
    let near: f64 = digits(bound);
    Number(if near >= bound {
        near
    } else {
        // Half a unit of the last digit is below what is missing, and a whole one above.
        digits(near * (1.0 + 6e-4)).max(bound)
    })
}

/// Thousands of numbers, each on a line of its own, would be twice the file and no easier to read.
fn in_one_line<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(value).map_err(serde::ser::Error::custom)?;
    let raw = RawValue::from_string(text).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(verdicts: &str) -> TensorDetail {
        let count = verdicts.len();
        TensorDetail {
            name: "w".to_owned(),
            shape: vec![count],
            indices: None,
            verdicts: verdicts.to_owned(),
            sources: vec![SourceDetail {
                source: SourceName::Backprop,
                values: (0..count).map(|value| Number(value as f64)).collect(),
                errors: vec![Number(0.0); count],
            }],
        }
    }

    #[test]
    fn what_is_wrong_stays_when_a_tensor_is_thinned() {
        let thin = detail("aaaadaaaaa").thinned(3);
        assert_eq!(thin.len(), 3);
        assert_eq!(thin.verdicts.matches('d').count(), 1);
        let names: Vec<String> = (0..3).map(|position| thin.coordinate(position)).collect();
        assert_eq!(names, ["w[0]", "w[4]", "w[5]"]);
        assert_eq!(thin.sources[0].values[1], Number(4.0));
        assert_eq!(detail("add").thinned(3), detail("add"));
        assert_eq!(detail("dddd").thinned(2).len(), 2);
    }

    #[test]
    fn small_tensors_leave_their_share_to_large_ones() {
        let all = Detail {
            tensors: [2, 100, 50].map(|size| detail(&"a".repeat(size))).to_vec(),
            pairs: Vec::new(),
            curves: Vec::new(),
            kinks: Vec::new(),
        };
        let lengths = |most| -> Vec<usize> {
            let thin = all.thinned(most);
            thin.tensors.iter().map(TensorDetail::len).collect()
        };
        assert_eq!(lengths(152), [2, 100, 50]);
        assert_eq!(lengths(122), [2, 70, 50]);
        assert_eq!(lengths(42), [2, 20, 20]);
        assert_eq!(lengths(3), [1, 1, 1]);
        assert_eq!(lengths(1), [1, 1, 1]);
    }

    #[test]
    fn a_bound_is_rounded_up() {
        for bound in [1.0, 1.2341e-17, 9.999_99e-5, 1.2345e300, f64::MIN_POSITIVE] {
            let Number(up) = rounded_up(bound);
            assert!(up >= bound && up <= bound * 1.002, "{bound:e}: {up:e}");
        }
        assert_eq!(rounded_up(1.2341e-17), Number(1.235e-17));
        assert_eq!(rounded_up(0.0), Number(0.0));
        assert_eq!(rounded_up(f64::INFINITY), Number(f64::INFINITY));
    }

    #[test]
    fn every_letter_stands_for_its_verdict() {
        for (verdict, wrong) in [
            (Verdict::Agree, false),
            (Verdict::Disagree, true),
            (Verdict::AtKink(Side::Inside), false),
            (Verdict::AtKink(Side::Outside), true),
            (Verdict::Invalid, true),
        ] {
            let letter = verdict_letter(&verdict);
            assert_eq!(is_wrong_letter(letter), wrong);
            assert_ne!(verdict_of_letter(letter), "unknown");
        }
    }

    #[test]
    fn arrays_are_written_in_one_line_and_read_back() {
        let mut whole = detail("ad");
        whole.indices = Some(vec![0, 7]);
        whole.sources[0].values[0] = Number(f64::NAN);
        let text = serde_json::to_string_pretty(&whole).expect("string keys");
        assert!(text.contains(r#""values": ["NaN",1.0]"#), "{text}");
        assert!(text.contains(r#""indices": [0,7]"#), "{text}");
        let back: TensorDetail = serde_json::from_str(&text).expect("as written");
        assert_eq!(back.indices, whole.indices);
        assert!(back.sources[0].values[0].0.is_nan());
    }
}
