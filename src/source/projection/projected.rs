//! What projections find.

use std::collections::BTreeMap;

use super::signs::Signs;
use super::sum::Sum;

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
pub(super) fn is_beyond(gap: f64, bound: f64) -> bool {
    let is_within = gap.abs() <= bound + f64::MIN_POSITIVE;
    !is_within
}
