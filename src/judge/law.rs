//! What a gap does as the step shrinks, and so what it comes from.
//!
//! | the gap between a derivative and D(h) | comes from |
//! |---|---|
//! | rises as 1/h, or stays within the rounding bound | rounding |
//! | falls as h² | truncation: D(h) = L′ + h²·L‴/6 + O(h⁴) |
//! | jumps where branches change | a kink |
//! | is flat over decades of h | the derivative itself, which no step explains |
//!
//! Slopes are medians of the slopes of all pairs of points in log-log (H. Theil, 1950; P. K. Sen,
//! *J. Am. Stat. Assoc.* 63, 1968), which single lucky steps do not move.

mod line;
mod plateau;

use serde::{Deserialize, Serialize};

use line::{Line, log_point};
use plateau::{plateau, refuting};

/// Decades over which a gap has to be flat before the derivative is called wrong.
pub const BUG_DECADES: f64 = 2.0;

/// Decades over which a flat gap has to stand out of rounding, and nothing refute it, to be suspicious.
const SUSPICIOUS_DECADES: f64 = 0.75;

/// A gap is flat while its largest value is at most this many times its smallest: over
/// [`BUG_DECADES`] that is a slope of at most 0.15.
const FLAT: f64 = 2.0;

/// The lowest order that counts as truncation; one-sided slopes have order 1.
const LEAST_ORDER: f64 = 0.7;

/// Slopes that count as 1/h.
const ROUNDING_SLOPES: std::ops::RangeInclusive<f64> = -1.6..=-0.5;

/// Steps that the order is fitted to, the smallest that stand out of rounding: about two decades.
const FITTED: usize = 8;

/// A gap follows a fitted line while it is within this factor of it.
const FOLLOWS: f64 = 4.0;

/// Rounding stays below this many times the line through its median.
const NOISE: f64 = 16.0;

/// One step of a ladder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LadderGap {
    /// h.
    pub step: f64,
    /// |a − D(h)|, where a is the derivative under test.
    pub gap: f64,
    /// A bound on the rounding error of both.
    pub bound: f64,
    /// How far a lies outside of the interval between the two one-sided slopes; 0 inside.
    pub outside: f64,
    /// How many units take another branch than at the unperturbed point, at either end.
    pub units: usize,
}

/// What a gap comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// It is within the rounding bound, or rises as 1/h.
    Rounding,
    /// It falls as a power of h.
    Truncation {
        /// The fitted power; 2 for central differences.
        order: f64,
    },
    /// It jumps where branches change.
    Kink {
        /// The smallest step that the jump is seen at.
        at: f64,
    },
    /// It is flat above the rounding bound.
    Bug {
        /// Its size.
        plateau: f64,
        /// Over how many decades of h.
        decades: f64,
    },
    /// None of these.
    Unclear,
}

/// Neighbouring steps that follow one law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Segment {
    /// The law.
    pub law: Law,
    /// The largest step.
    pub from: f64,
    /// The smallest step.
    pub to: f64,
}

/// The laws that a ladder follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fit {
    /// The one that answers whether the derivative is right: a bug before everything, then what is
    /// unclear, then what the gap at large steps comes from.
    pub law: Law,
    /// All, from the largest step to the smallest.
    pub segments: Vec<Segment>,
    /// The position of the step that says most: among those where the gap is within its bound, the one
    /// where both together are smallest.
    pub sharpest: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rounding,
    Truncation,
    Kink,
    Bug,
    Unclear,
}

impl LadderGap {
    fn usable(&self) -> bool {
        self.step > 0.0 && self.step.is_finite() && self.gap.is_finite() && !self.bound.is_nan()
    }

    fn within(&self) -> bool {
        self.gap <= self.bound + f64::MIN_POSITIVE
    }

    /// The distance to the interval between the one-sided slopes, where there is a kink between them.
    fn one_sided(&self) -> Self {
        let gap = if self.units == 0 {
            self.gap
        } else {
            self.outside
        };
        Self { gap, ..*self }
    }

    /// The gap cannot be larger than this in truth.
    fn most(&self) -> f64 {
        self.gap + self.bound
    }
}

/// Fit a ladder, largest step first, for a derivative among others of at most `size`.
///
/// Where even the sharpest step leaves room for an error as large as `size`, the law is `Unclear`.
#[must_use]
pub fn fit(rungs: &[LadderGap], size: f64) -> Fit {
    let mut kinds = vec![Kind::Unclear; rungs.len()];
    // Branches that change without an effect are no kink.
    let beyond_kink = rungs
        .iter()
        .rposition(|rung| rung.units > 0 && rung.usable() && !rung.within())
        .map_or(0, |last| last + 1);
    kinds[..beyond_kink].fill(Kind::Kink);

    let smooth = &rungs[beyond_kink..];
    let plateau = plateau(smooth);
    let bug = plateau.filter(|flat| flat.decades >= BUG_DECADES);
    let (falling, rising) = match plateau {
        Some(flat) => (flat.first, flat.last + 1),
        None => bottom(smooth).map_or((0, 0), |bottom| (bottom, bottom)),
    };
    if let Some(flat) = plateau {
        let kind = if bug.is_some() {
            Kind::Bug
        } else {
            Kind::Unclear
        };
        kinds[beyond_kink + flat.first..=beyond_kink + flat.last].fill(kind);
    }
    let floor = plateau.map_or(0.0, |flat| smooth[flat.last].gap);
    let line = Line::below(smooth, falling, floor);
    if line.is_some() {
        kinds[beyond_kink..beyond_kink + falling].fill(Kind::Truncation);
    }
    mark_rising(&smooth[rising..], &mut kinds[beyond_kink + rising..]);
    if let Some(line) = line {
        if plateau.is_none() {
            line.extend_down(&smooth[rising..], &mut kinds[beyond_kink + rising..]);
        }
        line.extend_up(&rungs[..beyond_kink], &mut kinds[..beyond_kink]);
    }
    for (rung, kind) in rungs.iter().zip(&mut kinds) {
        if !rung.usable() {
            *kind = Kind::Unclear;
        }
    }

    let mut bug = bug.map(|flat| flat.law(smooth));
    let refuting = refuting(smooth);
    let mut doubtful = (0..smooth.len()).any(|at| {
        let unexplained = kinds[beyond_kink + at] == Kind::Unclear && smooth[at].usable();
        unexplained && refuting[at + 1] >= smooth[at].gap / FLAT
    });
    // Of what happens before the kink nothing may be visible: then the one-sided slopes decide. Of
    // several units at once they do not: their mixed signs can put a right derivative outside.
    let always_crossing = rungs.iter().all(|rung| rung.units > 0);
    let one_sided: Vec<LadderGap> = rungs.iter().map(LadderGap::one_sided).collect();
    let single = rungs.iter().rposition(|rung| rung.units > 1);
    let single = single.map_or(0, |last| last + 1).min(beyond_kink);
    let flat = plateau::plateau(&one_sided).filter(|flat| flat.last < beyond_kink);
    if let (Some(flat), None) = (flat, bug) {
        let first = flat.first.max(single);
        let alone = plateau::plateau(&one_sided[first..])
            .map(|alone| alone.shifted(first))
            .filter(|alone| alone.decades >= BUG_DECADES && always_crossing);
        if let Some(alone) = alone {
            kinds[alone.first..=alone.last].fill(Kind::Bug);
            bug = Some(alone.law(&one_sided));
        } else {
            doubtful |= flat.decades >= BUG_DECADES;
        }
    }

    let judging = if always_crossing {
        &one_sided[..]
    } else {
        rungs
    };
    let start = if always_crossing { 0 } else { beyond_kink };
    let sharpest = |believed: fn(&LadderGap) -> bool| {
        (start..rungs.len())
            .filter(|at| believed(&judging[*at]))
            .min_by(|a, b| judging[*a].most().total_cmp(&judging[*b].most()))
    };
    let sharpest =
        sharpest(|rung| rung.usable() && rung.within()).or_else(|| sharpest(LadderGap::usable));
    let resolved = sharpest.is_some_and(|at| size == 0.0 || judging[at].most() < size);

    let smallest = |kind: Kind| kinds.iter().rposition(|found| *found == kind);
    let at = smallest(Kind::Kink).map_or(0.0, |last| rungs[last].step);
    let order = line.map_or(0.0, |line| line.order);
    let law_for = |kind: Kind| match kind {
        Kind::Rounding => Law::Rounding,
        Kind::Truncation => Law::Truncation { order },
        Kind::Kink => Law::Kink { at },
        Kind::Bug => bug.unwrap_or(Law::Unclear),
        Kind::Unclear => Law::Unclear,
    };
    let law = if let Some(bug) = bug {
        bug
    } else if doubtful || !resolved {
        Law::Unclear
    } else {
        let explained = [Kind::Kink, Kind::Truncation, Kind::Rounding]
            .into_iter()
            .find(|kind| smallest(*kind).is_some());
        explained.map_or(Law::Unclear, law_for)
    };
    let positions: Vec<usize> = (0..rungs.len()).collect();
    let segments = positions
        .chunk_by(|a, b| kinds[*a] == kinds[*b])
        .map(|run| Segment {
            law: law_for(kinds[run[0]]),
            from: rungs[run[0]].step,
            to: rungs[run[run.len() - 1]].step,
        })
        .collect();
    Fit {
        law,
        segments,
        sharpest,
    }
}

/// Where the larger of gap and bound is smallest, single lucky steps apart: the bottom of the V.
fn bottom(rungs: &[LadderGap]) -> Option<usize> {
    let height = |at: usize| match rungs.get(at) {
        Some(rung) if rung.usable() => rung.gap.max(rung.bound),
        _ => f64::INFINITY,
    };
    (0..rungs.len())
        .map(|at| {
            let mut near = [height(at.wrapping_sub(1)), height(at), height(at + 1)];
            near.sort_by(f64::total_cmp);
            // At an end the missing neighbour counts as infinite.
            (at, if rungs.len() < 3 { near[0] } else { near[1] })
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(at, _)| at)
}

/// Mark the steps below the bottom: within the bound, or near a line that rises as 1/h.
fn mark_rising(rungs: &[LadderGap], kinds: &mut [Kind]) {
    let points: Vec<(f64, f64)> = rungs.iter().filter_map(log_point).collect();
    let line = Line::through(&points).filter(|line| ROUNDING_SLOPES.contains(&line.order));
    for (rung, kind) in rungs.iter().zip(kinds) {
        let near =
            |line: Line| log_point(rung).is_some_and(|(h, gap)| gap <= line.at(h) + NOISE.ln());
        if rung.within() || line.is_some_and(near) {
            *kind = Kind::Rounding;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALES: [f64; 4] = [1.0, 1e-3, 1e-6, 1e-9];

    /// Something like rounding: between −1 and 1, and never the same.
    fn noise(number: i32) -> f64 {
        f64::from(number * 7919 % 200 - 100) / 100.0
    }

    /// The ladder of a derivative of about 1: `error` of the derivative itself, curvature `cubic`, and
    /// a kink at distance `kink` with a slope that changes by `jump`.
    fn ladder(scale: f64, error: f64, cubic: f64, kink: f64, jump: f64) -> Vec<LadderGap> {
        (0..48)
            .map(|number| {
                let step = f64::exp2(f64::from(2 - number));
                let bound = 3e-15 / step;
                let crossed = step > kink;
                let jump = if crossed {
                    jump * (1.0 - kink / step)
                } else {
                    0.0
                };
                let rounding = noise(number) * bound / 10.0;
                let gap = error + cubic * step * step + jump / 2.0 + rounding;
                LadderGap {
                    step,
                    gap: gap.abs() * scale,
                    bound: bound * scale,
                    outside: (error + cubic * step + rounding).abs() * scale,
                    units: usize::from(crossed),
                }
            })
            .collect()
    }

    fn near(got: f64, wanted: f64, relative: f64, what: &str) {
        assert!(
            (got - wanted).abs() <= relative * wanted.abs(),
            "{what}: {got:e} for {wanted:e}"
        );
    }

    #[test]
    fn noise_alone_is_rounding() {
        for scale in SCALES {
            let fit = fit(&ladder(scale, 0.0, 0.0, f64::INFINITY, 0.0), scale);
            assert_eq!(fit.law, Law::Rounding, "at {scale:e}: {fit:?}");
            assert_eq!(fit.segments.len(), 1, "{fit:?}");
        }
    }

    #[test]
    fn a_v_is_truncation_then_rounding() {
        for scale in SCALES {
            let fit = fit(&ladder(scale, 0.0, 0.1, f64::INFINITY, 0.0), scale);
            let Law::Truncation { order } = fit.law else {
                panic!("at {scale:e}: {fit:?}");
            };
            near(order, 2.0, 0.01, "order");
            assert_eq!(fit.segments.len(), 2, "{fit:?}");
            assert_eq!(fit.segments[1].law, Law::Rounding, "{fit:?}");
            let turn = fit.segments[1].from;
            assert!((1e-6..1e-4).contains(&turn), "it turns at {turn:e}");
        }
    }

    #[test]
    fn a_jump_is_a_kink() {
        for scale in SCALES {
            let fit = fit(&ladder(scale, 0.0, 0.1, 3e-4, 0.5), scale);
            let Law::Kink { at } = fit.law else {
                panic!("at {scale:e}: {fit:?}");
            };
            assert!((3e-4..6e-4).contains(&at), "{at:e}");
            let last = fit.segments.last().map(|segment| segment.law);
            assert_eq!(last, Some(Law::Rounding), "{fit:?}");
        }
    }

    #[test]
    fn a_flat_gap_is_a_bug_however_small() {
        for scale in SCALES {
            for (error, decades) in [(1e-2, 8.0), (-1e-4, 8.0), (1e-6, 5.0), (-1e-8, 3.0)] {
                for (cubic, kink) in [(0.0, f64::INFINITY), (0.1, f64::INFINITY), (0.1, 1e-2)] {
                    let what = format!("{error:e} at {scale:e}, {cubic}, {kink:e}");
                    let fit = fit(&ladder(scale, error, cubic, kink, 0.5), scale);
                    let Law::Bug {
                        plateau,
                        decades: found,
                    } = fit.law
                    else {
                        panic!("{what}: {fit:?}");
                    };
                    near(plateau, error.abs() * scale, 0.05, &what);
                    assert!(found >= decades - 1.0, "{what}: {found} decades");
                }
            }
        }
    }

    #[test]
    fn a_mixed_ladder_is_taken_apart() {
        let fit = fit(&ladder(1.0, 1e-7, 0.1, 1e-1, 0.5), 1.0);
        let laws: Vec<Law> = fit.segments.iter().map(|segment| segment.law).collect();
        let [
            Law::Kink { .. },
            Law::Truncation { order },
            Law::Bug { .. },
            Law::Rounding,
        ] = laws[..]
        else {
            panic!("{fit:?}");
        };
        near(order, 2.0, 0.05, "order");
        let mut steps = fit.segments.iter().flat_map(|part| [part.from, part.to]);
        assert!(steps.clone().is_sorted_by(|a, b| a >= b), "{fit:?}");
        assert_eq!(steps.next(), Some(4.0), "the first step");
    }

    #[test]
    fn a_flat_gap_that_smaller_steps_refute_is_no_bug() {
        // A function that has saturated long before the largest step: D(h) = tanh(1000 h)/h.
        let rungs: Vec<LadderGap> = (0..48)
            .map(|number| {
                let step = f64::exp2(f64::from(2 - number));
                let bound = 3e-15 / step;
                let slope = (1000.0 * step).tanh() / step;
                LadderGap {
                    step,
                    gap: (1000.0 - slope).abs(),
                    bound: bound + 1e-12,
                    outside: 0.0,
                    units: 0,
                }
            })
            .collect();
        let fit = fit(&rungs, 1000.0);
        let Law::Truncation { order } = fit.law else {
            panic!("{fit:?}");
        };
        near(order, 2.0, 0.05, "order");
    }

    #[test]
    fn at_a_kink_the_one_sided_slopes_decide() {
        // The step never gets below the kink.
        for (error, bug) in [(0.0, false), (1e-5, true)] {
            let fit = fit(&ladder(1.0, error, 0.1, 0.0, 0.5), 1.0);
            assert_eq!(
                matches!(fit.law, Law::Bug { .. }),
                bug,
                "{error:e}: {fit:?}"
            );
            assert_eq!(
                matches!(fit.law, Law::Kink { .. }),
                !bug,
                "{error:e}: {fit:?}"
            );
        }
    }

    #[test]
    fn a_noise_that_nobody_bounded_is_still_rounding() {
        let mut rungs = ladder(1.0, 0.0, 0.1, f64::INFINITY, 0.0);
        for rung in &mut rungs {
            rung.bound = 0.0;
        }
        let fit = fit(&rungs, 1.0);
        assert!(matches!(fit.law, Law::Truncation { .. }), "{fit:?}");
        let last = fit.segments.last().map(|segment| segment.law);
        assert_eq!(last, Some(Law::Rounding), "{fit:?}");
    }

    #[test]
    fn a_short_plateau_is_neither_a_bug_nor_right() {
        // Between a kink at 3e-7 and rounding there is but one decade.
        let fit = fit(&ladder(1.0, 1e-7, 0.1, 3e-7, 0.5), 1.0);
        assert_eq!(fit.law, Law::Unclear, "{fit:?}");
    }

    #[test]
    fn bounds_as_large_as_the_derivative_say_nothing() {
        let rungs = ladder(1.0, 0.0, 0.0, f64::INFINITY, 0.0);
        assert_eq!(fit(&rungs, 1e-17).law, Law::Unclear);
        assert_eq!(fit(&rungs, 0.0).law, Law::Rounding, "a structural zero");
    }

    #[test]
    fn gaps_of_zero_nan_and_infinity_are_taken() {
        let mut rungs = ladder(1.0, 0.0, 0.1, f64::INFINITY, 0.0);
        rungs[0].gap = f64::NAN;
        rungs[1].gap = f64::INFINITY;
        rungs[20].gap = 0.0;
        rungs[30].gap = 0.0;
        rungs[40].bound = f64::INFINITY;
        let mixed = fit(&rungs, 1.0);
        assert!(matches!(mixed.law, Law::Truncation { .. }), "{mixed:?}");
        for gap in [f64::NAN, f64::INFINITY] {
            let broken: Vec<LadderGap> = rungs
                .iter()
                .map(|rung| LadderGap { gap, ..*rung })
                .collect();
            assert_eq!(fit(&broken, 1.0).law, Law::Unclear);
        }
        let exact: Vec<LadderGap> = rungs
            .iter()
            .map(|rung| LadderGap { gap: 0.0, ..*rung })
            .collect();
        assert_eq!(fit(&exact, 1.0).law, Law::Rounding);
    }

    #[test]
    fn short_ladders_are_taken() {
        let rungs = ladder(1.0, 1e-3, 0.1, 1e-2, 0.5);
        for length in 0..rungs.len() {
            for start in 0..=rungs.len() - length {
                let part = fit(&rungs[start..start + length], 1.0);
                assert_eq!(part.segments.is_empty(), length == 0, "{part:?}");
            }
        }
        assert_eq!(fit(&[], 1.0).law, Law::Unclear);
    }
}
