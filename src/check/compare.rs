//! From the sources' answers to verdicts, and to rows of a report.

use std::collections::BTreeMap;

use crate::judge::verdict::within;
use crate::judge::{Metrics, Reference, Verdict, judge, relative_error};
use crate::network::{Coordinate, Network};
use crate::report::{
    Closest, Comparison, CoordinateRow, CoordinateValue, Gap, Number, PassesRow, Spread,
    StepCounts, TensorRow, UnresolvedRow,
};
use crate::source::{
    Estimate, Forward, Ground, Kink, Passes, Point, SAFETY, SAFETY_OTHER_ORDER, Stepped,
    whole_layers,
};

use super::{Answer, SourceAnswer};

/// Coordinates that a part shows in full.
const MOST_ROWS: usize = 10;

/// What is known about kinks, by the coordinate's position.
pub(super) type Kinks = BTreeMap<usize, Kink>;

/// The verdict on every coordinate, given the answers, the gradient under test first.
pub(super) fn judge_all(
    coordinates: &[Coordinate],
    answers: &[Answer],
    kinks: &Kinks,
) -> Vec<Verdict> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let subject = &subject.gradient.estimates;
    let mut verdicts = Vec::with_capacity(coordinates.len());
    for range in tensors(coordinates) {
        let largest = largest(answers, range.clone());
        for position in range {
            let references: Vec<Reference> = references
                .iter()
                .map(|answer| answer.reference(position))
                .collect();
            let kink = kinks.get(&position);
            verdicts.push(judge(subject[position], &references, kink, largest));
        }
    }
    verdicts
}

/// The positions of each tensor's coordinates.
pub(super) fn tensors(
    coordinates: &[Coordinate],
) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut start = 0;
    coordinates
        .chunk_by(|a, b| a.leaf == b.leaf)
        .map(move |tensor| {
            let range = start..start + tensor.len();
            start = range.end;
            range
        })
}

/// What a derivative at these positions amounts to, by anybody's account.
pub(super) fn largest(answers: &[Answer], positions: std::ops::Range<usize>) -> f64 {
    answers
        .iter()
        .flat_map(|answer| &answer.gradient.estimates[positions.clone()])
        .map(|estimate| estimate.value.abs())
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max)
}

impl Answer {
    /// The source's bounds, in units of the spread that rounding causes.
    pub(super) fn safety(&self) -> f64 {
        match self.forward {
            Forward::Shared => SAFETY,
            Forward::Independent => SAFETY_OTHER_ORDER,
        }
    }

    /// What the source found under its step at this position, if it takes steps.
    pub(super) fn ground(&self, position: usize) -> Option<&Ground> {
        let stepped = self.gradient.steps.get(position)?;
        Some(&stepped.ground)
    }

    /// The objective's value, if the source knows it.
    pub(super) fn value(&self) -> Option<f64> {
        self.knows_value.then_some(self.gradient.value)
    }

    /// What the source said, without its bounds.
    pub(super) fn found(&self) -> SourceAnswer {
        let positions = 0..self.gradient.estimates.len();
        let derivative = |position| Some(self.estimate(position)?.value);
        SourceAnswer {
            source: self.name,
            value: self.value(),
            derivatives: positions.map(derivative).collect(),
        }
    }

    pub(super) fn reference(&self, position: usize) -> Reference {
        match self.ground(position) {
            Some(Ground::Crossed { .. } | Ground::Kink(_)) => Reference::Crossed,
            Some(Ground::NotFinite) => Reference::NotFinite,
            _ => Reference::Smooth(self.gradient.estimates[position]),
        }
    }

    /// The source's derivative, where it has one to give.
    pub(super) fn estimate(&self, position: usize) -> Option<Estimate> {
        match self.reference(position) {
            Reference::Smooth(estimate) => Some(estimate),
            Reference::Crossed | Reference::NotFinite => None,
        }
    }
}

/// How the objective was computed at the ends of steps, if any source took such.
pub(super) fn passes(network: &Network, answers: &[Answer]) -> Option<PassesRow> {
    let mut steps = answers.iter().map(|answer| &answer.gradient.steps);
    let steps = steps.find(|steps| !steps.is_empty())?;
    let is_whole = |stepped: &&Stepped| stepped.passes == Passes::Whole;
    let whole = steps.iter().filter(is_whole).count();
    Some(PassesRow {
        changes: steps.len() - whole,
        whole,
        whole_layers: whole_layers(network),
    })
}

/// One row for each tensor.
pub(super) fn rows(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
) -> Vec<TensorRow> {
    tensors(coordinates)
        .map(|range| Tensor::new(point, coordinates, answers, range).row(verdicts))
        .collect()
}

/// One tensor's share of the answers.
struct Tensor<'a> {
    point: &'a Point,
    coordinates: &'a [Coordinate],
    subject: &'a Answer,
    references: &'a [Answer],
    positions: std::ops::Range<usize>,
}

impl<'a> Tensor<'a> {
    fn new(
        point: &'a Point,
        coordinates: &'a [Coordinate],
        answers: &'a [Answer],
        positions: std::ops::Range<usize>,
    ) -> Self {
        let (subject, references) = answers.split_first().expect("a check has sources");
        Self {
            point,
            coordinates,
            subject,
            references,
            positions,
        }
    }

    fn row(&self, verdicts: &[Verdict]) -> TensorRow {
        let network = &self.point.problem.network;
        let leaf = self.coordinates[self.positions.start].leaf;
        let against = self.references.iter().map(|answer| self.comparison(answer));
        TensorRow {
            name: network.leaf_name(leaf).to_owned(),
            shape: network.leaf_shape(leaf).to_vec(),
            coordinates: self.positions.len(),
            counts: verdicts[self.positions.clone()].iter().collect(),
            against: against.collect(),
            closest: self.closest(),
            allowed: self.allowed(),
            catches: self.catches(verdicts),
            steps: self.steps(),
            unobservable: None,
            digits: None,
        }
    }

    fn name(&self, position: usize) -> String {
        let network = &self.point.problem.network;
        network.coordinate_name(self.coordinates[position])
    }

    fn own(&self, position: usize) -> Estimate {
        self.subject.gradient.estimates[position]
    }

    fn gap(&self, answer: &Answer, position: usize) -> Gap {
        let (own, theirs) = (self.own(position), answer.gradient.estimates[position]);
        Gap {
            coordinate: self.name(position),
            gap: Number((own.value - theirs.value).abs()),
            bound: Number(own.error + theirs.error),
        }
    }

    fn comparison(&self, answer: &Answer) -> Comparison {
        let pairs: Vec<(f64, f64)> = self
            .positions
            .clone()
            .map(|position| {
                let theirs = answer.gradient.estimates[position];
                (self.own(position).value, theirs.value)
            })
            .collect();
        let metrics = Metrics::of(&pairs);
        let worst = metrics
            .worst
            .map(|(_, position)| self.gap(answer, self.positions.start + position));
        Comparison {
            reference: answer.name,
            metrics,
            worst,
        }
    }

    /// Where gap/bound is largest; NaN counts as the largest, of equal ones the first is named.
    fn closest(&self) -> Option<Closest> {
        let mut worst: Option<(f64, usize, &Answer)> = None;
        for answer in self.references {
            for position in self.positions.clone() {
                let Some(theirs) = answer.estimate(position) else {
                    continue;
                };
                let own = self.own(position);
                let gap = (own.value - theirs.value).abs();
                let bound = own.error + theirs.error;
                let ratio = if gap == 0.0 { 0.0 } else { gap / bound };
                if worst.is_none_or(|(so_far, ..)| ratio.total_cmp(&so_far).is_gt()) {
                    worst = Some((ratio, position, answer));
                }
            }
        }
        worst.map(|(ratio, position, answer)| Closest {
            reference: answer.name,
            at: self.gap(answer, position),
            ratio: Number(ratio),
        })
    }

    /// −log₁₀ of the gradient's own error bound by its value.
    fn allowed(&self) -> Option<Spread> {
        let digits = self.positions.clone().filter_map(|position| {
            let Estimate { value, error } = self.own(position);
            let digits = -(error / value.abs()).log10();
            (value != 0.0 && !digits.is_nan())
                .then(|| digits.clamp(0.0, crate::judge::metrics::MOST_DIGITS))
        });
        spread(digits.collect(), false)
    }

    /// The relative error from which on the tightest reference lies beyond the bounds, where there is
    /// none yet.
    fn catches(&self, verdicts: &[Verdict]) -> Option<Spread> {
        let right = self
            .positions
            .clone()
            .filter(|position| verdicts[*position] == Verdict::Agree);
        let errors = right.filter_map(|position| {
            let own = self.own(position);
            let seen_from = self.references.iter().filter_map(|answer| {
                let theirs = answer.estimate(position)?;
                Some(own.error + theirs.error + (own.value - theirs.value).abs())
            });
            let relative = seen_from.fold(f64::INFINITY, f64::min) / own.value.abs();
            (own.value != 0.0 && !relative.is_nan()).then_some(relative)
        });
        spread(errors.collect(), true)
    }

    fn steps(&self) -> Option<StepCounts> {
        let stepping = self
            .references
            .iter()
            .find(|answer| !answer.gradient.steps.is_empty())?;
        let mut counts = StepCounts::default();
        for position in self.positions.clone() {
            *match stepping.ground(position)? {
                Ground::Certified => &mut counts.certified,
                Ground::Margin => &mut counts.margin,
                Ground::OneSided | Ground::Tie => &mut counts.one_sided,
                Ground::Crossed { .. } => &mut counts.crossed,
                Ground::Kink(_) => &mut counts.at_kink,
                Ground::NotFinite => &mut counts.not_finite,
            } += 1;
        }
        Some(counts)
    }
}

/// Median and worst of some numbers, the worst being the largest or the smallest.
fn spread(mut numbers: Vec<f64>, largest_is_worst: bool) -> Option<Spread> {
    numbers.sort_by(f64::total_cmp);
    let worst = if largest_is_worst {
        numbers.last()
    } else {
        numbers.first()
    };
    Some(Spread {
        worst: Number(*worst?),
        median: Number(numbers[numbers.len() / 2]),
    })
}

/// Why coordinates could not be judged.
pub(super) fn unresolved(
    point: &Point,
    coordinates: &[Coordinate],
    verdicts: &[Verdict],
) -> Vec<UnresolvedRow> {
    let mut rows: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    for (position, verdict) in verdicts.iter().enumerate() {
        if let Verdict::Unresolved(reason) = verdict {
            rows.entry(*reason).or_insert((0, position)).0 += 1;
        }
    }
    let network = &point.problem.network;
    rows.into_iter()
        .map(|(reason, (count, first))| UnresolvedRow {
            reason,
            count,
            example: network.coordinate_name(coordinates[first]),
        })
        .collect()
}

/// The positions that speak against the gradient: not a number first, then by relative error.
pub(super) fn worst_positions(answers: &[Answer], verdicts: &[Verdict]) -> Vec<usize> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let severity = |position: usize| {
        let own: Estimate = subject.gradient.estimates[position];
        references
            .iter()
            .filter_map(|answer| answer.estimate(position))
            .filter(|theirs| !within(own, *theirs))
            .map(|theirs| relative_error(own.value, theirs.value))
            .map(|error| if error.is_nan() { f64::INFINITY } else { error })
            .fold(0.0, f64::max)
    };
    let mut wrong: Vec<(f64, usize)> = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Disagree | Verdict::Invalid))
        .map(|(position, _)| (severity(position), position))
        .collect();
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    wrong.into_iter().map(|(_, position)| position).collect()
}

/// The coordinates that speak against the gradient, worst first.
pub(super) fn worst(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
) -> Vec<CoordinateRow> {
    let subject = &answers[0];
    worst_positions(answers, verdicts)
        .into_iter()
        .take(MOST_ROWS)
        .map(|position| CoordinateRow {
            coordinate: point.problem.network.coordinate_name(coordinates[position]),
            values: answers
                .iter()
                .map(|answer| value(answer, position, subject.gradient.estimates[position]))
                .collect(),
        })
        .collect()
}

fn value(answer: &Answer, position: usize, own: Estimate) -> CoordinateValue {
    let estimate = answer.gradient.estimates[position];
    CoordinateValue {
        source: answer.name,
        value: Number(estimate.value),
        error: Number(estimate.error),
        disagrees: answer.estimate(position).is_some() && !within(own, estimate),
    }
}
