//! Coordinates at kinks, and steps across them.

use crate::judge::{Side, Verdict, matching_digits};
use crate::network::Coordinate;
use crate::report::{CrossedRow, KinkRow, Number, Switch};
use crate::source::{
    Central, Crossing, Ground, Kink, Point, SAFETY, SourceError, crossings, slopes_of_branches,
};
use crate::spec::case::Step;

use super::Answer;
use super::compare::Kinks;

/// Coordinates at kinks that a part shows.
const MOST_KINKS: usize = 10;

/// Coordinates with crossing steps that a part explains.
const MOST_CROSSED: usize = 5;

/// Units that are named for one coordinate.
const MOST_SWITCHES: usize = 6;

/// Kinks that are looked for on each side of a coordinate.
const MOST_LOOKED_FOR: usize = 64;

/// Coordinates that are asked for a kink when sources disagree and none of them takes steps of its own
/// choice.
const MOST_SUSPECTS: usize = 1024;

/// What central differences found out about kinks; those that the sources did not ask for are asked
/// for here, at the positions in `suspects`.
pub(super) fn find(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    suspects: &[usize],
) -> Result<Kinks, SourceError> {
    let mut kinks = Kinks::new();
    for answer in answers {
        for (position, stepped) in answer.gradient.steps.iter().enumerate() {
            if let Ground::Kink(kink) = &stepped.ground {
                kinks.insert(position, kink.clone());
            }
        }
    }
    let unasked = answers
        .iter()
        .all(|answer| answer.gradient.steps.is_empty());
    if unasked {
        let suspects = &suspects[..suspects.len().min(MOST_SUSPECTS)];
        let asked: Vec<Coordinate> = suspects.iter().map(|at| coordinates[*at]).collect();
        if !asked.is_empty() {
            let central = Central::new(Step::Auto);
            let answer = point.ask(&central, &asked, &|_| ())?;
            for (position, stepped) in suspects.iter().zip(answer.steps) {
                if let Ground::Kink(kink) = stepped.ground {
                    kinks.insert(*position, kink);
                }
            }
        }
    }
    Ok(kinks)
}

/// Take back what was held against coordinates at which several units tie: their rules, each right on
/// its own, can add up to what neither of the slopes on both sides is (S. Kakade, J. Lee, *Provably
/// correct automatic subdifferentiation*, 2018: relu(x) − relu(−x) is x, and gets the derivative 0).
pub(super) fn allow_branches(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &mut [Verdict],
) {
    for (position, verdict) in verdicts.iter_mut().enumerate() {
        let is_tie = answers
            .iter()
            .any(|answer| answer.ground(position).is_some_and(Ground::is_tie));
        let may_tie = match verdict {
            Verdict::AtKink(Side::Outside) => true,
            Verdict::Disagree => is_tie,
            _ => false,
        };
        if !may_tie {
            continue;
        }
        let own = answers[0].gradient.estimates[position];
        let coordinate = coordinates[position];
        let reach = reach(point, coordinate);
        let (lowest, highest) =
            slopes_of_branches(&point.problem, &point.pattern, coordinate, reach);
        let error = own.error + SAFETY * point.rounding.derivative(coordinate);
        if own.value >= lowest - error && own.value <= highest + error {
            *verdict = Verdict::AtKink(Side::Inside);
        }
    }
}

/// A kink that is so near is one at the point.
fn reach(point: &Point, coordinate: Coordinate) -> f64 {
    let w = crate::tensor::values(point.problem.leaf(coordinate.leaf))[coordinate.index];
    w.abs().max(1.0) * f64::exp2(-40.0)
}

/// The coordinates without derivative, those outside of the one-sided slopes first.
pub(super) fn rows(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
    kinks: &Kinks,
) -> Vec<KinkRow> {
    let mut found: Vec<(Side, usize, &Kink)> = kinks
        .iter()
        .filter_map(|(position, kink)| match verdicts[*position] {
            Verdict::AtKink(side) => Some((side, *position, kink)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(side, position, _)| (*side == Side::Inside, *position));
    found
        .into_iter()
        .take(MOST_KINKS)
        .map(|(side, position, kink)| {
            let coordinate = coordinates[position];
            let network = &point.problem.network;
            let own = answers[0].gradient.estimates[position];
            let near = crossings(
                &point.problem,
                &point.pattern,
                coordinate,
                reach(point, coordinate),
                MOST_LOOKED_FOR,
            );
            let mut units: Vec<String> = near
                .kinks
                .iter()
                .map(|crossing| network.name_of(crossing.unit))
                .chain(kink.units.iter().map(|unit| network.name_of(*unit)))
                .collect();
            let mut seen = std::collections::BTreeSet::new();
            units.retain(|unit| seen.insert(unit.clone()));
            units.truncate(MOST_SWITCHES);
            KinkRow {
                coordinate: network.coordinate_name(coordinate),
                value: Number(own.value),
                left: Number(kink.left.value),
                right: Number(kink.right.value),
                side,
                units,
                convention: convention(own.value, own.error, kink).to_owned(),
            }
        })
        .collect()
}

/// Which of the one-sided slopes a gradient follows.
fn convention(value: f64, error: f64, kink: &Kink) -> &'static str {
    let near = |slope: crate::source::Estimate| (value - slope.value).abs() <= error + slope.error;
    let middle = kink.left.value + (kink.right.value - kink.left.value) / 2.0;
    let room = error + kink.left.error.max(kink.right.error);
    match (near(kink.left), near(kink.right)) {
        (true, true) => "both slopes",
        (true, false) => "the slope towards smaller values",
        (false, true) => "the slope towards larger values",
        (false, false) if (value - middle).abs() <= room => "the mean of both slopes",
        (false, false) if value.abs() == 0.0 => "0",
        (false, false) => "neither slope",
    }
}

/// The coordinates at which a chosen step crosses kinks, furthest off first, unit by unit.
pub(super) fn crossed(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
) -> Vec<CrossedRow> {
    let Some(stepping) = answers
        .iter()
        .find(|answer| !answer.gradient.steps.is_empty())
    else {
        return Vec::new();
    };
    let own = &answers[0].gradient.estimates;
    let mut found: Vec<(f64, usize, f64)> = stepping
        .gradient
        .steps
        .iter()
        .enumerate()
        .filter(|(position, stepped)| {
            matches!(stepped.ground, Ground::Crossed { .. })
                && verdicts[*position] == Verdict::Agree
                && own[*position].value != 0.0
        })
        .map(|(position, stepped)| {
            let central = stepping.gradient.estimates[position].value;
            let digits = matching_digits(own[position].value, central);
            (digits, position, stepped.h)
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found
        .into_iter()
        .take(MOST_CROSSED)
        .map(|(digits, position, h)| {
            let coordinate = coordinates[position];
            let found = crossings(
                &point.problem,
                &point.pattern,
                coordinate,
                h,
                MOST_LOOKED_FOR,
            );
            let explained = found.share(h);
            let mut within = found.kinks;
            let count = within.len();
            within.sort_by(|a, b| b.share(h).abs().total_cmp(&a.share(h).abs()));
            let network = &point.problem.network;
            let switch = |crossing: &Crossing| Switch {
                unit: network.name_of(crossing.unit),
                at: Number(crossing.at),
                slope_change: Number(crossing.slope_change),
                share: Number(crossing.share(h)),
            };
            CrossedRow {
                coordinate: network.coordinate_name(coordinate),
                step: Number(h),
                value: Number(own[position].value),
                central: Number(stepping.gradient.estimates[position].value),
                digits,
                count,
                are_more: !found.is_complete,
                switches: within.iter().take(MOST_SWITCHES).map(switch).collect(),
                explained: Number(explained),
            }
        })
        .collect()
}
