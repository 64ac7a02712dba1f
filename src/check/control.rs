//! The fault that every check plants, to prove that it can fail.

use crate::judge::Verdict;
use crate::network::Coordinate;
use crate::report::Control;
use crate::rng::Stream;
use crate::source::{Backprop, FaultySource, Forward, Point};
use crate::spec::case::SourceName;

use super::{Answer, CheckError, compare};

/// One derivative is made 1 % too large, where that is no more than a bug in one weight would do.
const FACTOR: f64 = 1.01;

/// Plant one fault into the gradient under test, judge it again, and say whether it was seen.
///
/// It goes to a seeded coordinate among those that agreed and where 1 % is more than the bounds.
pub(super) fn plant(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
    seed: u64,
) -> Result<Control, CheckError> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let visible = |position: usize| {
        let own = subject.gradient.estimates[position];
        let tightest = references
            .iter()
            .map(|answer| answer.gradient.estimates[position].error + own.error)
            .fold(f64::INFINITY, f64::min);
        // The sources may already be apart by the bound.
        verdicts[position] == Verdict::Agree && (FACTOR - 1.0) * own.value.abs() > 2.0 * tightest
    };
    let candidates: Vec<usize> = (0..coordinates.len())
        .filter(|position| visible(*position))
        .collect();
    if candidates.is_empty() {
        return Ok(Control::Impossible);
    }
    let planted = candidates[Stream::new(seed, "control").index(candidates.len())];
    let faulty = FaultySource::new(Backprop, |_, estimates| estimates[planted].value *= FACTOR);
    let mut with_fault = vec![Answer {
        name: SourceName::Backprop,
        forward: Forward::Shared,
        gradient: point.ask(&faulty, coordinates, &|_| ())?,
    }];
    with_fault.extend(references.iter().map(|answer| Answer {
        name: answer.name,
        forward: answer.forward,
        gradient: answer.gradient.clone(),
    }));
    let judged = compare::judge_all(coordinates, &with_fault);
    let seen = judged[planted] == Verdict::Disagree;
    let only_there = judged
        .iter()
        .zip(verdicts)
        .enumerate()
        .all(|(at, (with, without))| at == planted || with == without);
    let coordinate = point.problem.network.coordinate_name(coordinates[planted]);
    Ok(if seen && only_there {
        Control::Caught {
            coordinate,
            factor: FACTOR,
        }
    } else {
        Control::Missed {
            coordinate,
            factor: FACTOR,
        }
    })
}
