//! Where a tensor is wrong, and by what ratio: what remains to be said when no fault is recognised.

use serde::{Deserialize, Serialize};

use crate::judge::Number;
use crate::tensor;

use super::evidence::{Context, Role};

/// So few entries are named one by one.
const NAMED: usize = 3;

/// So few indices are named one by one.
const LISTED: usize = 6;

/// That wrong entries keep to some indices says something when chance does it this rarely.
const CHANCE: f64 = 1e-3;

/// How a tensor differs from the right one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Differences {
    /// Entries beyond their error bounds.
    pub wrong: usize,
    /// All entries.
    pub entries: usize,
    /// Wrong entries that are NaN or infinite.
    pub not_finite: usize,
    /// The axes along which the wrong entries keep to some indices, more than chance would have it.
    pub along: Vec<Along>,
    /// Whether all of them are in the first or last row or column of a plane, and some in each.
    pub border: bool,
    /// wrong/right at the wrong entries whose right value is not 0.
    pub ratio: Option<Ratio>,
    /// The places in words, such as "only in the last row".
    pub places: String,
}

/// An axis along which some indices alone have wrong entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Along {
    /// What the axis runs over: "sample", "output channel", "kernel row".
    pub axis: String,
    /// Its size.
    pub extent: usize,
    /// The indices with wrong entries, from 0 on, ascending.
    pub indices: Vec<usize>,
}

/// The spread of wrong/right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ratio {
    /// The smallest.
    pub min: Number,
    /// The middle one.
    pub median: Number,
    /// The largest.
    pub max: Number,
}

impl Differences {
    /// Of the wrong tensor from the right one.
    pub(super) fn of(context: &Context<'_>) -> Self {
        let wrong: Vec<usize> = (0..context.right.len())
            .filter(|index| !context.agrees(*index))
            .collect();
        let names = context.role.axes(context.shape.len());
        let mut along: Vec<Along> = (0..context.shape.len())
            .map(|axis| Along {
                axis: names[axis].to_owned(),
                extent: context.shape[axis],
                indices: indices(&wrong, &context.shape, axis),
            })
            .filter(|along| along.indices.len() < along.extent)
            .collect();
        let box_size = |along: &[Along]| {
            along.iter().fold(context.right.len(), |size, along| {
                size / along.extent * along.indices.len()
            })
        };
        if box_size(&along) > wrong.len() {
            along.retain(|along| along.is_telling(wrong.len()));
        }
        let inside = box_size(&along);
        let border = along.is_empty() && is_border(&wrong, context);
        let places = places(&wrong, &along, inside, border, context);
        Self {
            wrong: wrong.len(),
            entries: context.right.len(),
            not_finite: wrong
                .iter()
                .filter(|index| !context.wrong[**index].is_finite())
                .count(),
            along,
            border,
            ratio: ratio(&wrong, context),
            places,
        }
    }

    /// Where, and by what ratio.
    pub(super) fn sentence(&self) -> String {
        let mut sentence = format!("{} of {} entries are wrong", self.wrong, self.entries);
        if self.places.is_empty() {
            sentence.push_str(", all over the tensor");
        } else {
            sentence.push_str(&format!(", {}", self.places));
        }
        if self.not_finite > 0 {
            sentence.push_str(&format!(
                "; {} of them are NaN or infinite",
                self.not_finite
            ));
        }
        if let Some(Ratio { min, median, max }) = self.ratio {
            let [min, median, max] = [min, median, max].map(|Number(ratio)| ratio_shown(ratio));
            sentence.push_str(&format!(
                "; wrong/right there is from {min} to {max}, in the middle {median}"
            ));
        }
        sentence
    }
}

impl Along {
    /// Whether `wrong` entries in random places would hardly ever miss so many indices.
    fn is_telling(&self, wrong: usize) -> bool {
        let share = self.indices.len() as f64 / self.extent as f64;
        share.powf(wrong as f64) <= CHANCE
    }

    fn words(&self) -> String {
        let Self {
            axis,
            extent,
            indices,
        } = self;
        let (first, last) = (indices[0], indices[indices.len() - 1]);
        let is_run = last - first + 1 == indices.len();
        if indices.len() == 1 && first + 1 == *extent {
            return format!("in the last {axis}");
        }
        if indices.len() == 1 && first == 0 {
            return format!("in the first {axis}");
        }
        if is_run && indices.len() + 1 == *extent {
            let other = if first == 0 { "last" } else { "first" };
            return format!("in every {axis} but the {other}");
        }
        if let [only] = indices.as_slice() {
            return format!("in {axis} {only}");
        }
        let odd = indices.iter().all(|index| index % 2 == indices[0] % 2);
        if odd && indices.len() == (extent - first).div_ceil(2) && first < 2 && indices.len() > 2 {
            return format!("in every second {axis}, from {axis} {first} on");
        }
        if is_run && indices.len() > 2 {
            return format!("in {axis}s {first} to {last}");
        }
        if indices.len() <= LISTED {
            let named: Vec<String> = indices.iter().map(ToString::to_string).collect();
            return format!("in {axis}s {}", listed(&named));
        }
        format!("in {} of {extent} {axis}s", indices.len())
    }
}

/// The indices along `axis` at which there is a wrong entry.
fn indices(wrong: &[usize], shape: &[usize], axis: usize) -> Vec<usize> {
    let stride: usize = shape[axis + 1..].iter().product();
    let mut seen = vec![false; shape[axis]];
    for flat in wrong {
        seen[flat / stride % shape[axis]] = true;
    }
    (0..shape[axis]).filter(|index| seen[*index]).collect()
}

fn is_border(wrong: &[usize], context: &Context<'_>) -> bool {
    let [.., rows, columns] = context.shape.as_slice() else {
        return false;
    };
    let planes = context.role.is_kernel() || context.role == Role::Images;
    planes
        && wrong.len() > NAMED
        && wrong.iter().all(|flat| {
            let (row, column) = (flat / columns % rows, flat % columns);
            row == 0 || column == 0 || row + 1 == *rows || column + 1 == *columns
        })
        && *rows > 2
        && *columns > 2
}

fn places(
    wrong: &[usize],
    along: &[Along],
    inside: usize,
    border: bool,
    context: &Context<'_>,
) -> String {
    let all = context.right.len();
    if wrong.len() == all {
        return String::new();
    }
    if wrong.len() <= NAMED && inside > wrong.len() || wrong.len() == 1 {
        let named: Vec<String> = wrong
            .iter()
            .map(|flat| {
                format!(
                    "{:?}",
                    tensor::unflatten(*flat, context.problem.leaf(context.leaf).shape())
                )
            })
            .collect();
        return format!("only at {}", listed(&named).replace(", ", ","));
    }
    if border {
        return "only along the border of the planes".to_owned();
    }
    if along.is_empty() {
        return "scattered over the tensor".to_owned();
    }
    let words: Vec<String> = along.iter().map(Along::words).collect();
    let there = if wrong.len() == inside {
        ", at every entry there".to_owned()
    } else {
        format!(", at {} of the {inside} entries there", wrong.len())
    };
    format!("only {}{there}", words.join(", "))
}

fn ratio(wrong: &[usize], context: &Context<'_>) -> Option<Ratio> {
    let mut ratios: Vec<f64> = wrong
        .iter()
        .filter(|index| context.right[**index].abs() > 0.0)
        .map(|index| context.wrong[*index] / context.right[*index])
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (first, last) = (*ratios.first()?, *ratios.last()?);
    Some(Ratio {
        min: Number(first),
        median: Number(ratios[ratios.len() / 2]),
        max: Number(last),
    })
}

/// "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A ratio to four digits; near 1, where they would say nothing, its distance from 1 to two.
fn ratio_shown(ratio: f64) -> String {
    let apart = ratio - 1.0;
    if apart == 0.0 || apart.abs() >= 1e-3 {
        return shown(ratio);
    }
    let sign = if apart < 0.0 { '-' } else { '+' };
    format!("1 {sign} {:.1e}", apart.abs())
}

/// A number to four digits.
pub(super) fn shown(number: f64) -> String {
    if number.is_finite() && number.abs() > 0.0 && !(1e-3..1e5).contains(&number.abs()) {
        return format!("{number:.3e}");
    }
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    format!("{rounded}")
}
