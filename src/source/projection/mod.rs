//! A gradient of millions of coordinates, held against exact derivatives along random signs.
//!
//! Let e be the error of a gradient in one tensor, r a vector of independent random signs, and g the gradient
//! under test. Then r·e = r·g − r·∇f, and r·∇f is one derivative along a direction (a Jacobian-vector product,
//! [`Tangents`]), as dear as the part of a forward pass behind the tensor's owner, however many coordinates
//! the tensor has.
//!
//! **What is missed.** If e is wrong in one coordinate alone, r·e = ±eᵢ for every choice of signs: it cannot
//! be missed. If it is wrong in several, choose all signs but that of one wrong coordinate i: what the
//! others add up to is then some number c, and r·e = c ± eᵢ is 0 for at most one of the two signs of i, which
//! are equally likely. So a projection misses with a probability of at most 1/2, and k of them, whose signs
//! are independent, with at most 2⁻ᵏ. That is attained where two errors are of one size: their signs cancel
//! for every other r. With rounding the same holds of errors of which one at least is larger than the bound:
//! c + eᵢ and c − eᵢ cannot both be within it.
//!
//! **What is too small to be seen.** The two sides of a projection are rounded, and are held apart only
//! beyond the bound that is measured for them; [`TensorProjection::visible`] is the smallest error of a single
//! coordinate that is sure to be beyond it.
//!
//! **Where it is.** A tensor whose projection disagrees is halved, and each half again, as long as its own
//! share of the projection disagrees ([`search`]).

mod search;
mod signs;
mod spread;
mod sum;
mod tangents;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::network::{Coordinate, Problem, Roundings};
use crate::scalar::Format;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::rounding::RUNS;
use super::{Forward, Rounding, SAFETY, SAFETY_OTHER_ORDER};
use spread::Runs;
use sum::Sum;

pub use search::{DENSE, MOST_WRONG};
pub use signs::{Signs, sign};
pub use tangents::{Slope, Tangents};

/// Projections of each tensor: errors that cancel are missed with a probability of at most 2⁻⁸.
pub const PROJECTIONS: usize = 8;

/// Perturbed backward passes that bounds come from.
pub const PERTURBED: usize = RUNS as usize;

/// A direction is multiplied by this to see how the derivative along it is rounded: 3·r is rounded anew at
/// every step, and a third of its derivative would be the same number without rounding.
const ANEW: f64 = 3.0;

/// A whole gradient as numbers, and the objective's value where it is known.
#[derive(Clone, Debug)]
pub struct Whole<'a> {
    /// The objective's value.
    pub value: Option<f64>,
    /// The gradient with respect to each parameter.
    pub parameters: Vec<Cow<'a, Tensor<f64>>>,
}

/// What is projected.
pub struct Projecting<'a> {
    /// Where.
    pub problem: &'a Problem,
    /// The same point's tangents.
    pub tangents: &'a Tangents,
    /// The gradient under test, for each parameter.
    pub gradient: &'a [Cow<'a, Tensor<f64>>],
    /// Whose forward pass it belongs to: another order of sums has wider bounds.
    pub forward: Forward,
    /// Seed of the perturbations that rounding is measured by.
    pub perturbations: u64,
    /// Seed of the signs.
    pub seed: u64,
    /// Called with the number of derivatives along directions that were taken since the last call.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// What projections found.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Spread of the objective.
    pub value_spread: f64,
    /// Every parameter's.
    pub tensors: Vec<TensorProjection>,
    /// Forward passes' worth of work until the last wrong coordinate was found; `None` when none was.
    pub found_after: Option<f64>,
    /// Forward passes' worth of work in all, the forward pass itself among it, and without the perturbed
    /// backward passes that bounds come from.
    pub forward_equivalents: f64,
}

/// What projections found of one parameter.
#[derive(Clone, Debug)]
pub struct TensorProjection {
    /// Number of the parameter.
    pub number: usize,
    /// r·∇f of each projection that was taken: not all of them where the tensor is wrong throughout.
    pub slopes: Vec<f64>,
    /// r·g − r·∇f of each, before anything was put right.
    pub gaps: Vec<f64>,
    /// How large each gap may be by rounding.
    pub bounds: Vec<f64>,
    /// The same for a gradient whose sums are in another order than ours.
    pub wide: Vec<f64>,
    /// The largest derivative under test.
    pub largest: f64,
    /// The median of those that are not 0.
    pub median: f64,
    /// Where it is wrong.
    pub extent: Extent,
    /// The coordinates that were found wrong, or of a tensor that is wrong throughout some, with what is right.
    pub found: BTreeMap<usize, f64>,
    /// Forward passes' worth of work for its projections.
    pub projecting: f64,
    /// And for the search.
    pub searching: f64,
}

/// How much of a tensor is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Nothing, or what was found and nothing else: put right, it agrees in every projection.
    Located,
    /// More than can be told one by one.
    Throughout,
}

impl TensorProjection {
    /// The projections that disagree.
    #[must_use]
    pub fn disagreeing(&self) -> usize {
        let pairs = self.gaps.iter().zip(&self.bounds);
        pairs
            .filter(|(gap, bound)| is_beyond(**gap, **bound))
            .count()
    }

    /// The largest gap in units of its bound, and that bound.
    #[must_use]
    pub fn closest(&self) -> (f64, f64) {
        let pairs = self.gaps.iter().zip(&self.bounds);
        let ratio = |(gap, bound): (&f64, &f64)| match *gap {
            0.0 => (0.0, *bound),
            gap => (gap.abs() / bound, *bound),
        };
        let worse = |a: (f64, f64), b: (f64, f64)| if b.0.total_cmp(&a.0).is_gt() { b } else { a };
        pairs.map(ratio).reduce(worse).unwrap_or_default()
    }

    /// Whether an error in the coordinate at `index` alone would be seen in every projection under `seed`.
    #[must_use]
    pub fn would_see(&self, seed: u64, index: usize, error: f64) -> bool {
        let signs = Signs::new(seed, self.number);
        let mut pairs = self.gaps.iter().zip(&self.bounds).enumerate();
        pairs.all(|(j, (gap, bound))| is_beyond(gap + signs.at(index, j) * error, *bound))
    }

    /// Whether another gradient's projections under `seed` are not all the exact derivatives, `gradient` being
    /// of code that adds in another order than ours.
    #[must_use]
    pub fn disagrees_with(&self, seed: u64, gradient: &[f64]) -> bool {
        let signs = Signs::new(seed, self.number);
        let mut pairs = self.slopes.iter().zip(&self.wide).enumerate();
        pairs.any(|(j, (slope, bound))| {
            let mut sum = Sum::default();
            for (index, g) in gradient.iter().enumerate() {
                sum.add(signs.at(index, j) * g);
            }
            is_beyond(sum.total() - slope, *bound)
        })
    }

    /// The smallest error of a single coordinate that would be seen: it shows in all projections alike, and
    /// the one with the least room decides.
    #[must_use]
    pub fn visible(&self) -> f64 {
        let pairs = self.gaps.iter().zip(&self.bounds);
        let rooms = pairs.map(|(gap, bound)| bound + gap.abs().min(*bound));
        rooms.fold(f64::INFINITY, f64::min)
    }

    /// Whether every derivative under test is smaller than an error that can be seen: that it agrees says
    /// nothing.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        self.extent == Extent::Located && self.found.is_empty() && self.largest <= self.visible()
    }
}

/// Whether a gap is more than rounding; not a number is.
fn is_beyond(gap: f64, bound: f64) -> bool {
    !(gap.abs() <= bound + f64::MIN_POSITIVE)
}

/// A direction in one parameter.
#[derive(Clone, Debug)]
enum Direction {
    /// The signs of a projection in a range of coordinates, times a factor, and 0 outside.
    Signs {
        projection: usize,
        range: Range<usize>,
        factor: f64,
    },
    /// One coordinate.
    Unit(usize),
}

/// One parameter, as far as it is known.
struct Tensorwise<'a> {
    number: usize,
    signs: Signs,
    own: &'a [f64],
    /// Coordinates whose derivative under test is replaced by the right one.
    replaced: BTreeMap<usize, f64>,
    /// The derivative along the signs of each projection that was taken.
    slopes: Vec<f64>,
    gaps: Vec<f64>,
    bounds: [f64; PROJECTIONS],
    wide: [f64; PROJECTIONS],
    extent: Extent,
    projecting: u64,
    searching: u64,
}

impl Tensorwise<'_> {
    fn whole(&self) -> Range<usize> {
        0..self.own.len()
    }

    /// Σ r·g over `range`, with what was put right.
    fn project(&self, range: Range<usize>, projection: usize) -> f64 {
        let mut sum = Sum::default();
        let mut start = range.start;
        let replaced = self.replaced.range(range.clone());
        let ends = replaced.map(|(at, right)| (*at, Some(*right)));
        for (end, right) in ends.chain([(range.end, None)]) {
            for index in start..end {
                sum.add(self.signs.at(index, projection) * self.own[index]);
            }
            if let Some(right) = right {
                sum.add(self.signs.at(end, projection) * right);
            }
            start = end + 1;
        }
        sum.total()
    }

    /// The gap of a projection, with what was put right.
    fn gap(&self, projection: usize) -> f64 {
        self.project(self.whole(), projection) - self.slopes[projection]
    }

    /// The first projection that disagrees, of those that were taken.
    fn disagreeing(&self) -> impl Iterator<Item = usize> + '_ {
        let taken = 0..self.slopes.len();
        taken.filter(|j| is_beyond(self.gap(*j), self.bounds[*j]))
    }
}

impl Projecting<'_> {
    /// Project every parameter's gradient, and find what is wrong in those that disagree.
    #[must_use]
    pub fn run(&self) -> Projection {
        let (value_spread, spreads) = self.runs().projected(self.seed);
        let mut tensors: Vec<Tensorwise<'_>> = (0..spreads.len()).map(|n| self.begin(n)).collect();
        let mut spent = self.tangents.forward_work();
        let mut found_after = None;
        spent += self.first_round(&mut tensors, &spreads);
        for tensor in &mut tensors {
            self.search(tensor, &mut spent, &mut found_after);
        }
        spent += self.other_rounds(&mut tensors);
        for tensor in &mut tensors {
            self.search(tensor, &mut spent, &mut found_after);
        }
        let equivalents = |work| self.tangents.forward_equivalents(work);
        Projection {
            value_spread,
            tensors: tensors.into_iter().map(|one| self.finished(one)).collect(),
            found_after: found_after.map(equivalents),
            forward_equivalents: equivalents(spent),
        }
    }

    /// The rounding of the objective, and of the derivatives at `coordinates` alone.
    #[must_use]
    pub fn rounding_at(&self, coordinates: &[Coordinate]) -> Rounding {
        let (value, spreads) = self.runs().at(coordinates);
        let mut rounding = Rounding::blank(self.problem, value);
        for (coordinate, spread) in coordinates.iter().zip(spreads) {
            rounding.set(*coordinate, spread);
        }
        rounding
    }

    /// The derivative with respect to one coordinate.
    #[must_use]
    pub fn derivative(&self, number: usize, index: usize) -> f64 {
        self.slope(number, &Direction::Unit(index)).value
    }

    fn runs(&self) -> Runs<'_> {
        Runs {
            problem: self.problem,
            pattern: &self.tangents.pattern,
            roundings: match self.forward {
                Forward::Shared => Roundings::Ours,
                Forward::Independent => Roundings::Usual,
            },
            seed: self.perturbations,
            width: self.width(2 * self.largest_layer() + 2 * self.tangents.activations()),
        }
    }

    fn begin(&self, number: usize) -> Tensorwise<'_> {
        Tensorwise {
            number,
            signs: Signs::new(self.seed, number),
            own: values(&self.gradient[number]),
            replaced: BTreeMap::new(),
            slopes: Vec::with_capacity(PROJECTIONS),
            gaps: Vec::new(),
            bounds: [0.0; PROJECTIONS],
            wide: [0.0; PROJECTIONS],
            extent: Extent::Located,
            projecting: 0,
            searching: 0,
        }
    }

    /// Take the first projection of every tensor, and set the bounds of all: of g by the spread of its
    /// perturbed projections, and of derivatives along directions by that or, where it is more, by what
    /// they are seen to be rounded.
    fn first_round(&self, tensors: &mut [Tensorwise<'_>], spreads: &[[f64; PROJECTIONS]]) -> u64 {
        let directions = |tensor: &Tensorwise<'_>| {
            let range = tensor.whole();
            [1.0, ANEW].map(|factor| {
                let direction = Direction::Signs {
                    projection: 0,
                    range: range.clone(),
                    factor,
                };
                (tensor.number, direction)
            })
        };
        let asked: Vec<_> = tensors.iter().flat_map(directions).collect();
        let slopes = self.slopes(&asked);
        // Of each tensor one draw from the error's distribution, with √2 times its spread: the difference of
        // two errors. All of them, in units of the spreads that are known, say how large the next is.
        let mut squares = Vec::new();
        let mut draws = Vec::new();
        for (pair, spreads) in slopes.chunks_exact(2).zip(spreads) {
            let draw = (pair[1].value / ANEW - pair[0].value).abs() / f64::sqrt(2.0);
            let pooled = root_mean_square(spreads);
            if pooled > 0.0 && draw.is_finite() {
                squares.push(draw / pooled);
            }
            draws.push(draw);
        }
        let ratio = root_mean_square(&squares);
        let safety = match self.forward {
            Forward::Shared => SAFETY,
            Forward::Independent => SAFETY_OTHER_ORDER,
        };
        let each = tensors.iter_mut().zip(slopes.chunks_exact(2));
        for (((tensor, pair), spreads), draw) in each.zip(spreads).zip(draws) {
            tensor.slopes.push(pair[0].value);
            tensor.projecting += pair[0].work + pair[1].work;
            let pooled = root_mean_square(spreads);
            let norm = self.own_rounding(tensor);
            for (j, spread) in spreads.iter().enumerate() {
                let spread = spread.max(pooled);
                let slope = SAFETY * spread.max(draw).max(ratio * spread);
                tensor.bounds[j] = safety * spread.max(norm) + slope;
                tensor.wide[j] = SAFETY_OTHER_ORDER * spread + slope;
            }
        }
        for tensor in tensors.iter_mut() {
            tensor.gaps.push(tensor.gap(0));
        }
        slopes.iter().map(|slope| slope.work).sum()
    }

    /// What the numbers of somebody else's gradient are rounded by themselves.
    fn own_rounding(&self, tensor: &Tensorwise<'_>) -> f64 {
        match self.forward {
            Forward::Shared => 0.0,
            Forward::Independent => {
                let finite = tensor.own.iter().filter(|g| g.is_finite());
                let squares: f64 = finite.map(|g| g * g).sum();
                Format::F64.unit_roundoff() * squares.sqrt()
            }
        }
    }

    /// Take the other projections of all tensors that are not known to be wrong throughout.
    fn other_rounds(&self, tensors: &mut [Tensorwise<'_>]) -> u64 {
        let mut asked = Vec::new();
        for tensor in tensors.iter() {
            if tensor.extent == Extent::Located {
                asked.extend((1..PROJECTIONS).map(|projection| {
                    let direction = Direction::Signs {
                        projection,
                        range: tensor.whole(),
                        factor: 1.0,
                    };
                    (tensor.number, direction)
                }));
            }
        }
        let slopes = self.slopes(&asked);
        for ((number, _), slope) in asked.iter().zip(&slopes) {
            let tensor = &mut tensors[*number];
            tensor.slopes.push(slope.value);
            tensor.projecting += slope.work;
        }
        for tensor in tensors.iter_mut() {
            // What was put right counts as it was, so that gaps show what projections saw.
            let replaced = std::mem::take(&mut tensor.replaced);
            let gaps = (0..tensor.slopes.len()).map(|j| tensor.gap(j)).collect();
            tensor.replaced = replaced;
            tensor.gaps = gaps;
        }
        slopes.iter().map(|slope| slope.work).sum()
    }

    fn finished(&self, tensor: Tensorwise<'_>) -> TensorProjection {
        let mut sizes: Vec<f64> = tensor.own.iter().map(|g| g.abs()).collect();
        sizes.retain(|size| *size > 0.0 && size.is_finite());
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        let middle = sizes.len() / 2;
        let median = match sizes.len() {
            0 => 0.0,
            _ => *sizes.select_nth_unstable_by(middle, f64::total_cmp).1,
        };
        TensorProjection {
            number: tensor.number,
            slopes: tensor.slopes,
            gaps: tensor.gaps,
            bounds: tensor.bounds.to_vec(),
            wide: tensor.wide.to_vec(),
            largest,
            median,
            extent: tensor.extent,
            found: tensor.replaced,
            projecting: self.tangents.forward_equivalents(tensor.projecting),
            searching: self.tangents.forward_equivalents(tensor.searching),
        }
    }

    /// The derivatives along directions in parameters, in that order.
    fn slopes(&self, asked: &[(usize, Direction)]) -> Vec<Slope> {
        let largest = self.problem.parameters.tensors.iter().map(Tensor::len);
        let each = largest.max().unwrap_or(0) + 4 * self.tangents.largest_activation();
        let mut slopes = Vec::with_capacity(asked.len());
        for together in asked.chunks(self.width(each)) {
            let these = together.par_iter().map(|(number, direction)| {
                let slope = self.slope(*number, direction);
                (self.progress)(1);
                slope
            });
            slopes.extend(these.collect::<Vec<_>>());
        }
        slopes
    }

    fn slope(&self, number: usize, direction: &Direction) -> Slope {
        let mut moved = zeros(self.problem.parameters.tensors[number].shape());
        let entries = values_mut(&mut moved);
        match direction {
            Direction::Unit(index) => entries[*index] = 1.0,
            Direction::Signs {
                projection,
                range,
                factor,
            } => {
                let signs = Signs::new(self.seed, number);
                for index in range.clone() {
                    entries[index] = factor * signs.at(index, *projection);
                }
            }
        }
        self.tangents.along(self.problem, number, &moved)
    }

    /// How many pieces of work go side by side that need memory for so many numbers each: parameters and
    /// gradient are held twice already, and less than as much again is taken.
    fn width(&self, numbers: usize) -> usize {
        let room = self.problem.parameters.count() + self.tangents.activations();
        (room / numbers.max(1)).clamp(1, rayon::current_num_threads())
    }

    /// Numbers in the parameters of the layer that has most.
    fn largest_layer(&self) -> usize {
        let layers = self.problem.network.layers().iter();
        let sizes = layers.map(|layer| {
            let own = &self.problem.parameters.tensors[layer.parameter_range()];
            own.iter().map(Tensor::len).sum()
        });
        sizes.max().unwrap_or(0)
    }
}

/// √(mean of the squares); 0 of none.
fn root_mean_square(numbers: &[f64]) -> f64 {
    let largest = numbers.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if numbers.is_empty() || largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let squares: f64 = numbers.iter().map(|x| (x / largest).powi(2)).sum();
    largest * (squares / numbers.len() as f64).sqrt()
}
