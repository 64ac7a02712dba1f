//! From a projection that disagrees down to the wrong coordinates.
//!
//! A range of coordinates whose share of the projection is off is halved. The derivative along the signs in
//! its left half is taken, and that of the right half is what is left: one derivative for each range and
//! level, log₂ P for a single wrong coordinate of P, and for b of them about b·log₂(P/b) more than the
//! b ranges that the first log₂ b levels tell apart.
//!
//! A coordinate that is found is put right, and all projections are held against what is known of the
//! tensor again. So nothing is lost for good where errors cancel in a half: what is left of them disagrees
//! still, in this projection or under the signs of another one, and is searched for once more.

use std::ops::Range;

use crate::rng::Stream;

use super::Projecting;
use super::directions::Direction;
use super::projected::{Extent, is_beyond};
use super::tensorwise::Tensorwise;

/// A tensor with more wrong coordinates than this is wrong throughout.
pub const MOST_WRONG: usize = 32;

/// A tensor that is wrong in each of so many ranges, which are all of it, is wrong throughout.
pub const DENSE: usize = 16;

/// In a tensor that disagrees a range is followed from this part of the bound on: an error just beyond it
/// must not get lost by the rounding of a half, and rounding has never been seen to come so far.
const ENOUGH: f64 = 0.5;

/// Coordinates that are looked at of a tensor that is wrong throughout.
const MOST_SHOWN: usize = 4;

/// A range with the derivative along its signs.
struct Share {
    range: Range<usize>,
    slope: f64,
}

/// What one pass of halving ends with.
enum Halved {
    /// Coordinates that may be wrong.
    Singles(Vec<usize>),
    /// Too many of them.
    Throughout,
}

impl Projecting<'_> {
    /// Find what is wrong in `tensor`, if any of its projections so far disagrees.
    pub(super) fn search(
        &self,
        tensor: &mut Tensorwise<'_>,
        spent: &mut u64,
        found_after: &mut Option<u64>,
    ) {
        if tensor.extent == Extent::Throughout {
            return;
        }
        let before = tensor.searching;
        let known = tensor.replaced.len();
        self.search_all(tensor);
        *spent += tensor.searching - before;
        if tensor.replaced.len() > known {
            *found_after = Some(*spent);
        }
    }

    fn search_all(&self, tensor: &mut Tensorwise<'_>) {
        let unusable = |index: &usize| !tensor.own[*index].is_finite();
        let unknown = |index: &usize| !tensor.replaced.contains_key(index);
        let unusable = (0..tensor.own.len()).filter(unusable).filter(unknown);
        let unusable: Vec<usize> = unusable.take(MOST_WRONG + 1).collect();
        if unusable.len() > MOST_WRONG {
            return self.throughout(tensor, &unusable[..MOST_SHOWN]);
        }
        self.put_right(tensor, &unusable, |_, _| true);
        loop {
            let disagreeing: Vec<usize> = tensor.disagreeing().collect();
            if disagreeing.is_empty() {
                return;
            }
            let mut more = 0;
            for projection in disagreeing {
                // A derivative that is none leads nowhere.
                if !tensor.slopes[projection].is_finite() {
                    continue;
                }
                let mut work = 0;
                let halved = self.halve(tensor, projection, &mut work);
                tensor.searching += work;
                match halved {
                    Halved::Throughout => return self.throughout(tensor, &[]),
                    Halved::Singles(singles) => {
                        let bound = tensor.bounds[projection];
                        more += self.put_right(tensor, &singles, |own, right| {
                            is_beyond(own - right, bound * ENOUGH)
                        });
                    }
                }
                if tensor.replaced.len() > MOST_WRONG {
                    return self.throughout(tensor, &[]);
                }
                if more > 0 {
                    break;
                }
            }
            if more == 0 {
                // It disagrees, and no coordinate does: each is off by less than can be seen.
                return self.throughout(tensor, &[]);
            }
        }
    }

    /// Halve what disagrees in `projection`, level by level.
    fn halve(&self, tensor: &Tensorwise<'_>, projection: usize, work: &mut u64) -> Halved {
        let bound = tensor.bounds[projection] * ENOUGH;
        let mut ranges = vec![Share {
            range: tensor.whole(),
            slope: tensor.slopes[projection],
        }];
        while ranges.iter().any(|share| share.range.len() > 1) {
            let (single, many): (Vec<Share>, Vec<Share>) =
                ranges.into_iter().partition(|share| share.range.len() == 1);
            let count = many.len();
            let halves = self.halves(tensor, projection, many, work);
            let is_off = |share: &Share| {
                let own = tensor.project(share.range.clone(), projection);
                is_beyond(own - share.slope, bound)
            };
            let mut next = single;
            let mut lost = Vec::new();
            for [left, right] in halves {
                match (is_off(&left), is_off(&right)) {
                    (true, true) => next.extend([left, right]),
                    (true, false) => next.push(left),
                    (false, true) => next.push(right),
                    (false, false) => lost.push(right.range),
                }
            }
            // What both halves hide may be the sum of two roundings: see the right one for itself.
            let seen = self.shares(tensor, projection, lost, work);
            next.extend(seen.into_iter().filter(|share| is_off(share)));
            let whole = next.len() == 2 * count && 2 * count >= DENSE;
            let is_full =
                next.iter().map(|share| share.range.len()).sum::<usize>() == tensor.own.len();
            if next.len() > MOST_WRONG || (whole && is_full) {
                return Halved::Throughout;
            }
            next.sort_by_key(|share| share.range.start);
            ranges = next;
        }
        Halved::Singles(ranges.into_iter().map(|share| share.range.start).collect())
    }

    /// Both halves of each range.
    fn halves(
        &self,
        tensor: &Tensorwise<'_>,
        projection: usize,
        ranges: Vec<Share>,
        work: &mut u64,
    ) -> Vec<[Share; 2]> {
        let middle = |range: &Range<usize>| range.start + range.len() / 2;
        let left = ranges
            .iter()
            .map(|share| share.range.start..middle(&share.range));
        let left = self.shares(tensor, projection, left.collect(), work);
        let pairs = left.into_iter().zip(ranges);
        pairs
            .map(|(left, both)| {
                let right = Share {
                    range: left.range.end..both.range.end,
                    slope: both.slope - left.slope,
                };
                [left, right]
            })
            .collect()
    }

    /// The derivatives along the signs in each of `ranges`.
    fn shares(
        &self,
        tensor: &Tensorwise<'_>,
        projection: usize,
        ranges: Vec<Range<usize>>,
        work: &mut u64,
    ) -> Vec<Share> {
        let asked = ranges.iter().map(|range| {
            let direction = Direction::Signs {
                projection,
                range: range.clone(),
                factor: 1.0,
            };
            (tensor.number, direction)
        });
        let slopes = self.slopes(&asked.collect::<Vec<_>>());
        *work += slopes.iter().map(|slope| slope.work).sum::<u64>();
        let pairs = ranges.into_iter().zip(slopes);
        pairs
            .map(|(range, slope)| Share {
                range,
                slope: slope.value,
            })
            .collect()
    }

    /// Take the exact derivative at each of `singles`, and put right those that are wrong by it: how many.
    fn put_right(
        &self,
        tensor: &mut Tensorwise<'_>,
        singles: &[usize],
        is_wrong: impl Fn(f64, f64) -> bool,
    ) -> usize {
        let units = singles
            .iter()
            .map(|index| (tensor.number, Direction::Unit(*index)));
        let slopes = self.slopes(&units.collect::<Vec<_>>());
        let mut wrong = 0;
        for (index, slope) in singles.iter().zip(slopes) {
            tensor.searching += slope.work;
            let is_new = !tensor.replaced.contains_key(index);
            if is_new && is_wrong(tensor.own[*index], slope.value) {
                tensor.replaced.insert(*index, slope.value);
                wrong += 1;
            }
        }
        wrong
    }

    /// Give up telling wrong coordinates one by one: those that were found are shown, or `these`, or some.
    fn throughout(&self, tensor: &mut Tensorwise<'_>, these: &[usize]) {
        tensor.extent = Extent::Throughout;
        let size = tensor.own.len();
        let some = match these {
            [] => Stream::new(self.seed, "shown").sample(size, size.min(MOST_SHOWN)),
            these => these.to_vec(),
        };
        if tensor.replaced.is_empty() {
            self.put_right(tensor, &some, |_, _| true);
        }
    }
}
