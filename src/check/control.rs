//! The fault that every check plants, to prove that it can fail.

use crate::judge::Verdict;
use crate::network::{Coordinate, Network};
use crate::report::Control;
use crate::rng::Stream;

use super::compare::Kinks;
use super::{Answer, compare};

/// One derivative is made 1 % too large, where that is no more than a bug in one weight would do.
const FACTOR: f64 = 1.01;

/// Plant one fault into the gradient under test, judge it again, and say whether it was seen.
///
/// It goes to a seeded coordinate among those that agreed and where 1 % is more than the bounds.
pub(super) fn plant(
    network: &Network,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
    kinks: &Kinks,
    seed: u64,
) -> Control {
    let candidates: Vec<usize> = (0..coordinates.len())
        .filter(|position| is_visible(answers, verdicts, *position))
        .collect();
    if candidates.is_empty() {
        return Control::Impossible;
    }
    let planted = candidates[Stream::new(seed, "control").index(candidates.len())];
    let mut with_fault = answers.to_vec();
    with_fault[0].gradient.estimates[planted].value *= FACTOR;
    let before = compare::judge_all(coordinates, answers, kinks);
    let judged = compare::judge_all(coordinates, &with_fault, kinks);
    let seen = judged[planted] == Verdict::Disagree;
    let only_there = judged
        .iter()
        .zip(&before)
        .enumerate()
        .all(|(at, (with, without))| at == planted || with == without);
    let coordinate = network.coordinate_name(coordinates[planted]);
    if seen && only_there {
        Control::Caught {
            coordinate,
            factor: FACTOR,
        }
    } else {
        Control::Missed {
            coordinate,
            factor: FACTOR,
        }
    }
}

/// Whether the fault would be seen at this position for certain: sources may already be apart by the
/// bound.
pub(super) fn is_visible(answers: &[Answer], verdicts: &[Verdict], position: usize) -> bool {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let own = subject.gradient.estimates[position];
    let tightest = references
        .iter()
        .filter_map(|answer| Some(answer.estimate(position)?.error + own.error))
        .fold(f64::INFINITY, f64::min);
    verdicts[position] == Verdict::Agree && (FACTOR - 1.0) * own.value.abs() > 2.0 * tightest
}
