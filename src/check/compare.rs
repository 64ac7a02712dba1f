//! From the sources' answers to rows of a report.

use crate::judge::verdict::within;
use crate::judge::{Metrics, Reference, Verdict, judge, relative_error};
use crate::network::Coordinate;
use crate::report::{
    Comparison, CoordinateRow, CoordinateValue, Counts, Gap, Number, Part, PartName, SourceValue,
    TensorRow,
};
use crate::source::{Estimate, Forward, Point, SAFETY, SAFETY_OTHER_ORDER};

use super::Answer;

/// Coordinates that a part shows in full.
const MOST_ROWS: usize = 10;

/// The verdict on every coordinate, given the answers, the gradient under test first.
pub(super) fn judge_all(coordinates: &[Coordinate], answers: &[Answer]) -> Vec<Verdict> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let subject = &subject.gradient.estimates;
    let mut verdicts = Vec::with_capacity(coordinates.len());
    let mut start = 0;
    for tensor in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        let range = start..start + tensor.len();
        start = range.end;
        // What a derivative in this tensor amounts to, by anybody's account.
        let largest = answers
            .iter()
            .flat_map(|answer| &answer.gradient.estimates[range.clone()])
            .map(|estimate| estimate.value.abs())
            .filter(|value| value.is_finite())
            .fold(0.0, f64::max);
        for position in range {
            let references: Vec<Reference> = references
                .iter()
                .map(|answer| answer.reference(position))
                .collect();
            verdicts.push(judge(subject[position], &references, largest));
        }
    }
    verdicts
}

impl Answer {
    fn is_at_kink(&self, position: usize) -> bool {
        self.gradient.kinks.binary_search(&position).is_ok()
    }

    fn reference(&self, position: usize) -> Reference {
        if self.is_at_kink(position) {
            Reference::AtKink
        } else {
            Reference::Smooth(self.gradient.estimates[position])
        }
    }
}

/// The rows of one part.
pub(super) fn part(
    name: PartName,
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
) -> Part {
    let mut tensors = Vec::new();
    let mut start = 0;
    for tensor in coordinates.chunk_by(|a, b| a.leaf == b.leaf) {
        tensors.push(tensor_row(point, tensor, start, answers, verdicts));
        start += tensor.len();
    }
    let value = |answer: &Answer| SourceValue {
        source: answer.name,
        forward: answer.forward,
        value: Number(answer.gradient.value),
    };
    Part {
        name,
        values: answers.iter().map(value).collect(),
        values_agree: values_agree(point, answers),
        tensors,
        worst: worst(point, coordinates, answers, verdicts),
    }
}

/// Whether the objective's values are one number: to the bit where the forward pass is shared, within
/// rounding where it is not.
fn values_agree(point: &Point, answers: &[Answer]) -> bool {
    let subject = answers[0].gradient.value;
    subject.is_finite()
        && answers.iter().all(|answer| match answer.forward {
            Forward::Shared => answer.gradient.value.to_bits() == subject.to_bits(),
            Forward::Independent => {
                let bound = (SAFETY + SAFETY_OTHER_ORDER) * point.rounding.value();
                (answer.gradient.value - subject).abs() <= bound
            }
        })
}

/// The row of the tensor whose coordinates are those from position `start` on.
fn tensor_row(
    point: &Point,
    tensor: &[Coordinate],
    start: usize,
    answers: &[Answer],
    verdicts: &[Verdict],
) -> TensorRow {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let network = &point.problem.network;
    let range = start..start + tensor.len();
    let estimates = |answer: &Answer| answer.gradient.estimates[range.clone()].to_vec();
    let own = estimates(subject);
    let against = references
        .iter()
        .map(|answer| {
            let theirs = estimates(answer);
            let pairs: Vec<(f64, f64)> = own
                .iter()
                .zip(&theirs)
                .map(|(a, n)| (a.value, n.value))
                .collect();
            let metrics = Metrics::of(&pairs);
            let worst = metrics.worst.map(|(_, position)| Gap {
                coordinate: network.coordinate_name(tensor[position]),
                gap: Number((own[position].value - theirs[position].value).abs()),
                bound: Number(own[position].error + theirs[position].error),
            });
            Comparison {
                reference: answer.name,
                metrics,
                worst,
            }
        })
        .collect();
    TensorRow {
        name: network.leaf_name(tensor[0].leaf).to_owned(),
        shape: network.leaf_shape(tensor[0].leaf).to_vec(),
        coordinates: tensor.len(),
        counts: count(&verdicts[range]),
        against,
    }
}

fn count(verdicts: &[Verdict]) -> Counts {
    let mut counts = Counts::default();
    for verdict in verdicts {
        *match verdict {
            Verdict::Agree => &mut counts.agree,
            Verdict::AtKink { confirmed: true } => &mut counts.at_kink,
            Verdict::AtKink { confirmed: false } => &mut counts.at_kink_unconfirmed,
            Verdict::Disagree => &mut counts.disagree,
            Verdict::Unresolved => &mut counts.unresolved,
            Verdict::Invalid => &mut counts.invalid,
        } += 1;
    }
    counts
}

/// The coordinates that speak against the gradient: not a number first, then by relative error.
fn worst(
    point: &Point,
    coordinates: &[Coordinate],
    answers: &[Answer],
    verdicts: &[Verdict],
) -> Vec<CoordinateRow> {
    let (subject, references) = answers.split_first().expect("a check has sources");
    let severity = |position: usize| {
        let own: Estimate = subject.gradient.estimates[position];
        references
            .iter()
            .map(|answer| answer.gradient.estimates[position])
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
    wrong
        .into_iter()
        .take(MOST_ROWS)
        .map(|(_, position)| CoordinateRow {
            coordinate: point.problem.network.coordinate_name(coordinates[position]),
            values: answers
                .iter()
                .map(|answer| {
                    let estimate = answer.gradient.estimates[position];
                    let compared = !answer.is_at_kink(position);
                    CoordinateValue {
                        source: answer.name,
                        value: Number(estimate.value),
                        error: Number(estimate.error),
                        disagrees: compared
                            && !within(subject.gradient.estimates[position], estimate),
                    }
                })
                .collect(),
        })
        .collect()
}
