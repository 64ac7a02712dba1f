//! One parameter on the way through its projections.

use std::collections::BTreeMap;
use std::ops::Range;

use super::PROJECTIONS;
use super::projected::{Extent, is_beyond};
use super::signs::Signs;
use super::sum::Sum;

/// One parameter, as far as it is known.
pub(super) struct Tensorwise<'a> {
    pub(super) number: usize,
    pub(super) signs: Signs,
    pub(super) own: &'a [f64],
    /// Coordinates whose derivative under test is replaced by the right one.
    pub(super) replaced: BTreeMap<usize, f64>,
    /// The derivative along the signs of each projection that was taken.
    pub(super) slopes: Vec<f64>,
    pub(super) gaps: Vec<f64>,
    pub(super) bounds: [f64; PROJECTIONS],
    pub(super) wide: [f64; PROJECTIONS],
    pub(super) extent: Extent,
    pub(super) projecting: u64,
    pub(super) searching: u64,
}

impl Tensorwise<'_> {
    pub(super) fn whole(&self) -> Range<usize> {
        0..self.own.len()
    }

    /// Σ r·g over `range`, with what was put right.
    pub(super) fn project(&self, range: Range<usize>, projection: usize) -> f64 {
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
    pub(super) fn gap(&self, projection: usize) -> f64 {
        self.project(self.whole(), projection) - self.slopes[projection]
    }

    /// The first projection that disagrees, of those that were taken.
    pub(super) fn disagreeing(&self) -> impl Iterator<Item = usize> + '_ {
        let taken = 0..self.slopes.len();
        taken.filter(|j| is_beyond(self.gap(*j), self.bounds[*j]))
    }
}
