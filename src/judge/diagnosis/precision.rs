//! The right numbers with fewer bits, or with noise.

use super::evidence::{Context, within};
use super::kind::{BugKind, Format};
use super::positions::shown;

/// Noise is told from a pattern on so many entries or more: with fewer, chance has patterns too.
const FEWEST: usize = 64;

/// The same, where all values are of a narrower format, which chance does not do.
const FEWEST_IN_FORMAT: usize = 16;

/// So many values are hardly ever held by a narrower format than the one that they were rounded to.
const FEWEST_TO_CHOOSE: usize = 8;

/// A sum that was added up in f16 is one of bf16 in one of eight cases: with so many values that is
/// hardly chance.
const FEWEST_OF_NARROWEST: usize = 4;

/// Noise is smaller than this share of the value.
const LARGEST: f64 = 1e-2;

/// The largest share is at most this many medians: an additive fault has shares without limit where
/// the right value happens to be small.
const TAIL: f64 = 6.0;

/// Between the unit roundoffs of f64 and f32 lies a factor of 5e8: bounds that are so many times those of
/// the reference are not of f64.
const MEANT: f64 = 1e4;

/// Standard deviations that chance does not reach.
const UNLIKELY: f64 = 4.0;

/// Whether a format's range of exponents counts: values may have been rounded in another range.
#[derive(Clone, Copy)]
pub(super) enum Exponents {
    Any,
    OfFormat,
}

/// What is found: a kind, what the tensor equals, and what to look at.
pub(super) struct Found {
    pub(super) kind: BugKind,
    pub(super) equals: String,
    pub(super) look: String,
    pub(super) informative: usize,
}

impl Format {
    /// That of the fewest bits first.
    const ALL: [Self; 3] = [Self::Bf16, Self::F16, Self::F32];

    /// Significant bits, and the exponents of the smallest normal and of the largest number.
    fn bits(self) -> (i32, i32, i32) {
        match self {
            Self::F32 => (24, -126, 127),
            Self::Bf16 => (8, -126, 127),
            Self::F16 => (11, -14, 15),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// Half of the distance from 1 to the next number.
    pub(super) fn unit_roundoff(self) -> f64 {
        f64::exp2(f64::from(-self.bits().0))
    }

    /// The distance between neighbours at `value`.
    fn spacing(self, value: f64, exponents: Exponents) -> f64 {
        let (digits, smallest, _) = self.bits();
        let smallest = match exponents {
            Exponents::Any => f64::MIN_EXP,
            Exponents::OfFormat => smallest,
        };
        let exponent = if value.abs() > 0.0 {
            i32::try_from(value.to_bits() >> 52 & 0x7ff).expect("eleven bits") - 1023
        } else {
            smallest
        };
        f64::exp2(f64::from(exponent.max(smallest) - (digits - 1)))
    }

    /// `value` to the nearest number, at a tie to the even one.
    fn round(self, value: f64, exponents: Exponents) -> f64 {
        let (digits, _, largest) = self.bits();
        if !value.is_finite() {
            return value;
        }
        let spacing = self.spacing(value, exponents);
        let rounded = (value / spacing).round_ties_even() * spacing;
        let most = (2.0 - f64::exp2(f64::from(1 - digits))) * f64::exp2(f64::from(largest));
        if matches!(exponents, Exponents::OfFormat) && rounded.abs() > most {
            f64::INFINITY.copysign(value)
        } else {
            rounded
        }
    }

    pub(super) fn holds(self, value: f64, exponents: Exponents) -> bool {
        within(self.round(value, exponents), value, 0.0)
    }
}

/// The formats whose roundings the wrong values are, to one unit in the last place, that of the
/// fewest bits first.
///
/// What one format holds, a wider one holds too, and a few values can be the roundings of both.
pub(super) fn rounded(context: &Context<'_>) -> Vec<Found> {
    let fits = |format: Format| {
        [Exponents::OfFormat, Exponents::Any]
            .into_iter()
            .find_map(|exponents| moved_by_rounding(context, format, exponents))
            .map(|moved| (format, moved))
    };
    let mut fitting: Vec<(Format, usize)> = Format::ALL.into_iter().filter_map(fits).collect();
    if let [(Format::Bf16, moved)] = fitting[..]
        && moved < FEWEST_OF_NARROWEST
    {
        fitting.push((Format::F16, moved));
    }
    // Sums that were added up in a narrower format are held by it, and a few can lie beside the right
    // ones as roundings to a wider one do.
    let is_held_by_narrower = |format: Format| {
        let narrower = Format::ALL.into_iter().take_while(|other| *other != format);
        narrower.into_iter().any(|narrower| {
            let mut wrong = context.wrong.iter();
            wrong.all(|wrong| narrower.holds(*wrong, Exponents::Any))
        })
    };
    if let [(only, moved)] = fitting[..]
        && moved < FEWEST_TO_CHOOSE
        && is_held_by_narrower(only)
    {
        return Vec::new();
    }
    let is_ambiguous = fitting.len() > 1;
    let found = fitting.into_iter().map(|(format, moved)| Found {
        kind: BugKind::Rounded(format),
        equals: format!("the right gradient rounded to {}", format.name()),
        look: format!(
            "a conversion to {0}, or a buffer of {0}: every value is one that {0} holds",
            format.name()
        ),
        informative: if is_ambiguous && moved < FEWEST_TO_CHOOSE {
            0
        } else {
            moved
        },
    });
    found.collect()
}

/// How many entries rounding to `format` clearly moves, when the wrong values are the rounded ones.
fn moved_by_rounding(context: &Context<'_>, format: Format, exponents: Exponents) -> Option<usize> {
    let mut moved = 0;
    for (index, right) in context.right.iter().enumerate() {
        let (wrong, error) = (context.wrong[index], context.error[index]);
        let rounded = format.round(*right, exponents);
        // What the format holds is not changed by it.
        let slack = if within(rounded, *right, error) {
            0.0
        } else {
            format.spacing(*right, exponents)
        };
        if !format.holds(wrong, exponents) || !within(wrong, rounded, slack + error) {
            return None;
        }
        moved += usize::from((wrong - right).abs() > 8.0 * error);
    }
    (moved > 0).then_some(moved)
}

/// Noise without any pattern: as from computing in a narrower format, or in proportion to the value.
pub(super) fn noise(context: &Context<'_>) -> Option<Found> {
    if context.wrong.iter().any(|wrong| !wrong.is_finite()) {
        return None;
    }
    computed_in_f32(context).or_else(|| proportional(context))
}

/// Every value is one of f32, and the differences are those of sums in f32.
fn computed_in_f32(context: &Context<'_>) -> Option<Found> {
    let format = Format::F32;
    let largest = context.right.iter().fold(0.0, |a: f64, g| a.max(g.abs()));
    let bound = 64.0 * format.unit_roundoff() * largest;
    let differences: Vec<f64> = differences(context);
    let informative = (0..differences.len())
        .filter(|index| !context.agrees(*index))
        .count();
    let narrow = context
        .wrong
        .iter()
        .all(|wrong| format.holds(*wrong, Exponents::OfFormat))
        && context
            .right
            .iter()
            .filter(|g| !format.holds(**g, Exponents::OfFormat))
            .count()
            * 2
            > differences.len();
    let small = differences.iter().all(|d| d.abs() <= bound);
    let entries = informative >= FEWEST_IN_FORMAT && informative * 2 > differences.len();
    // Of code that is meant to compute in f32 the bounds are so wide already.
    let is_meant = 2 * context
        .wrong_error
        .iter()
        .zip(context.right_error)
        .filter(|(own, right)| **own > MEANT * **right)
        .count()
        > differences.len();
    (narrow && !is_meant && small && entries && is_patternless(&differences, context)).then(|| Found {
        kind: BugKind::Rounded(format),
        equals: format!(
            "the right gradient but for noise of {} of its largest entry, in values that f32 holds",
            shown(root_mean_square(&differences) / largest)
        ),
        look: "it is computed in f32".to_owned(),
        informative,
    })
}

/// Nearly every entry is off by a small share of itself, either way, and nothing predicts which.
fn proportional(context: &Context<'_>) -> Option<Found> {
    let present: Vec<usize> = (0..context.right.len())
        .filter(|index| context.right[*index].abs() > 8.0 * context.error[*index])
        .collect();
    let agree_elsewhere = (0..context.right.len())
        .filter(|index| context.right[*index].abs() <= 8.0 * context.error[*index])
        .all(|index| context.agrees(index));
    let off = present
        .iter()
        .filter(|index| !context.agrees(**index))
        .count();
    if !agree_elsewhere || present.len() < FEWEST || off * 10 < present.len() * 9 {
        return None;
    }
    let mut shares = vec![0.0; context.right.len()];
    for index in &present {
        shares[*index] = context.wrong[*index] / context.right[*index] - 1.0;
    }
    let mut sizes: Vec<f64> = present.iter().map(|index| shares[*index].abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let (median, largest) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    // The differences themselves grow with the value, but their signs say nothing either.
    let signs: Vec<f64> = differences(context)
        .iter()
        .map(|d| if d.abs() > 0.0 { d.signum() } else { 0.0 })
        .collect();
    let scatters = largest <= LARGEST
        && largest <= TAIL * median
        && is_patternless(&shares, context)
        && is_patternless(&signs, context);
    let size = shown(root_mean_square(&sizes));
    scatters.then(|| Found {
        kind: BugKind::Noise,
        equals: format!("the right gradient but for noise of relative size {size}"),
        look: match of_format(median) {
            Some(format) => format!("it is of the size that computing in {format} gives"),
            None => "numbers without a seed, or a sum in changing order".to_owned(),
        },
        informative: off,
    })
}

/// The format whose unit roundoff is nearest to a relative error, within a factor of 8.
fn of_format(size: f64) -> Option<&'static str> {
    let far = |format: &Format| (size / format.unit_roundoff()).log2().abs();
    Format::ALL
        .into_iter()
        .filter(|format| far(format) <= 3.0)
        .min_by(|a, b| far(a).total_cmp(&far(b)))
        .map(Format::name)
}

pub(super) fn differences(context: &Context<'_>) -> Vec<f64> {
    let pairs = context.wrong.iter().zip(context.right);
    pairs.map(|(wrong, right)| wrong - right).collect()
}

pub(super) fn root_mean_square(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0, |a: f64, v| a.max(v.abs()));
    if largest <= 0.0 {
        return 0.0;
    }
    let sum: f64 = values.iter().map(|v| (v / largest).powi(2)).sum();
    largest * (sum / values.len() as f64).sqrt()
}

/// Whether neither sign nor size of `noise` depends on place or value, as far as chance can tell.
pub(super) fn is_patternless(noise: &[f64], context: &Context<'_>) -> bool {
    let scale = root_mean_square(noise);
    if scale <= 0.0 {
        return false;
    }
    // Entries that are 0 for certain carry no noise, and say nothing.
    let noise: Vec<Option<f64>> = noise
        .iter()
        .map(|e| (e.abs() > 0.0).then_some(e / scale))
        .collect();
    let leaf = crate::tensor::values(context.problem.leaf(context.leaf));
    let mut predictors: Vec<&[f64]> = vec![context.right, leaf];
    predictors.extend(context.dy.as_deref().filter(|dy| dy.len() == noise.len()));
    let place: Vec<usize> = (0..noise.len()).collect();
    let mut orders = vec![place.clone()];
    for predictor in predictors {
        let by = |key: fn(f64) -> f64| {
            let mut order = place.clone();
            order.sort_by(|a, b| key(predictor[*a]).total_cmp(&key(predictor[*b])));
            order
        };
        orders.push(by(|value| value));
        orders.push(by(f64::abs));
    }
    let balanced = is_balanced(noise.iter().flatten().map(|e| e.signum()));
    let sizes = noise.iter().flatten().map(|e| e.abs().min(3.0));
    let mean_size = mean(sizes);
    balanced
        && orders.iter().all(|order| {
            let along: Vec<f64> = order.iter().filter_map(|index| noise[*index]).collect();
            let sizes: Vec<f64> = along.iter().map(|e| e.abs().min(3.0) - mean_size).collect();
            !follows_itself(&along) && !follows_itself(&sizes)
        })
        && (0..context.shape.len()).all(|axis| is_even_along(&noise, &context.shape, axis))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / f64::max(count, 1.0)
}

fn is_balanced(signs: impl Iterator<Item = f64>) -> bool {
    let (sum, count) = signs.fold((0.0, 0.0), |(sum, count), sign| (sum + sign, count + 1.0));
    f64::abs(sum) <= UNLIKELY * f64::sqrt(count)
}

/// Whether each number says something about the next.
fn follows_itself(values: &[f64]) -> bool {
    let square: f64 = values.iter().map(|v| v * v).sum();
    let products: f64 = values.windows(2).map(|pair| pair[0] * pair[1]).sum();
    // Sizes that are all the same differ from their mean by rounding alone.
    let count = values.len() as f64;
    square > 1e-9 * count && products.abs() > UNLIKELY * square / count.sqrt()
}

/// Whether no index along `axis` has noise of its own sign or size.
fn is_even_along(noise: &[Option<f64>], shape: &[usize], axis: usize) -> bool {
    let stride: usize = shape[axis + 1..].iter().product();
    // Count, sum and sum of squares of each index.
    let mut slices = vec![[0.0; 3]; shape[axis]];
    for (flat, e) in noise.iter().enumerate() {
        if let Some(e) = e {
            let slice = &mut slices[flat / stride % shape[axis]];
            for (total, term) in slice.iter_mut().zip([1.0, *e, e * e]) {
                *total += term;
            }
        }
    }
    slices.into_iter().all(|[count, sum, squares]| {
        let size = (squares / f64::max(count, 1.0)).sqrt();
        f64::abs(sum) <= (UNLIKELY + 0.5) * size.max(0.5) * count.sqrt()
            && (count < 16.0 || (0.25..4.0).contains(&size))
    })
}
