//! Every number behind a part's rows.

use std::collections::BTreeSet;

use crate::judge::Verdict;
use crate::judge::verdict::within;
use crate::network::{Coordinate, Unit};
use crate::report::detail::{
    Curve, CurveReason, Detail, KinkMap, NearUnit, PairRow, SourceDetail, TensorDetail, rounded_up,
    verdict_letter,
};
use crate::report::{Number, Part};
use crate::source::{Estimate, Ground, Point, beyond_ties, tie};
use crate::spec::case::SourceName;

use super::compare::tensors;
use super::sweep::over_steps;
use super::{Answer, CheckError, Details};

/// Coordinates that are kept of one part.
const MOST_COORDINATES: usize = 1 << 18;

/// Coordinates that are shown over all steps, besides those that were asked for.
const MOST_CURVES: usize = 12;

/// Units of a layer that are kept one by one.
const MOST_UNITS: usize = 1 << 13;

/// Units that are named.
const MOST_NAMED: usize = 10;

/// What is known of one part.
pub(super) struct Known<'a> {
    pub(super) point: &'a Point,
    pub(super) coordinates: &'a [Coordinate],
    pub(super) answers: &'a [Answer],
    pub(super) verdicts: &'a [Verdict],
    pub(super) part: &'a Part,
}

impl Known<'_> {
    /// All of it that `wanted` asks for.
    ///
    /// # Errors
    /// When a coordinate of `wanted` is none of the network's.
    pub(super) fn detail(&self, wanted: &Details) -> Result<Detail, CheckError> {
        let detail = Detail {
            tensors: self.tensors(),
            pairs: self.pairs(),
            curves: self.curves(&wanted.curves)?,
            kinks: kinks(self.point),
        };
        Ok(detail.thinned(MOST_COORDINATES))
    }

    fn tensors(&self) -> Vec<TensorDetail> {
        let problem = &self.point.problem;
        let tensor = |range: std::ops::Range<usize>| {
            let own = &self.coordinates[range.clone()];
            let leaf = own[0].leaf;
            let is_whole = own.len() == problem.leaf(leaf).len();
            let source = |answer: &Answer| {
                let nothing = Estimate {
                    value: f64::NAN,
                    error: f64::NAN,
                };
                let estimates = range
                    .clone()
                    .map(|position| answer.estimate(position).unwrap_or(nothing));
                let (values, errors) = estimates
                    .map(|estimate| (Number(estimate.value), rounded_up(estimate.error)))
                    .unzip();
                SourceDetail {
                    source: answer.name,
                    values,
                    errors,
                }
            };
            TensorDetail {
                name: problem.network.leaf_name(leaf).to_owned(),
                shape: problem.network.leaf_shape(leaf).to_vec(),
                indices: (!is_whole).then(|| own.iter().map(|at| at.index).collect()),
                verdicts: self.verdicts[range.clone()]
                    .iter()
                    .map(verdict_letter)
                    .collect(),
                sources: self.answers.iter().map(source).collect(),
            }
        };
        tensors(self.coordinates).map(tensor).collect()
    }

    /// At a kink sources may differ and all be right: nobody is held against anybody there.
    fn pairs(&self) -> Vec<PairRow> {
        let is_smooth = |position: &usize| !matches!(self.verdicts[*position], Verdict::AtKink(_));
        let mut pairs = Vec::new();
        for (number, first) in self.answers.iter().enumerate() {
            for second in &self.answers[number + 1..] {
                let both = (0..self.coordinates.len())
                    .filter(is_smooth)
                    .filter_map(|at| Some((first.estimate(at)?, second.estimate(at)?)));
                let (mut compared, mut differ) = (0, 0);
                for (one, other) in both {
                    compared += 1;
                    differ += usize::from(!within(one, other));
                }
                pairs.push(PairRow {
                    first: first.name,
                    second: second.name,
                    compared,
                    differ,
                });
            }
        }
        pairs
    }

    fn curves(&self, chosen: &[String]) -> Result<Vec<Curve>, CheckError> {
        let mut picked: Vec<(CurveReason, Coordinate)> = Vec::new();
        let network = &self.point.problem.network;
        for name in chosen {
            picked.push((CurveReason::Chosen, network.find_coordinate(name)?));
        }
        let most = picked.len() + MOST_CURVES;
        for (reason, name) in self.interesting() {
            let coordinate = network.find_coordinate(name)?;
            if picked.len() < most && picked.iter().all(|(_, known)| *known != coordinate) {
                picked.push((reason, coordinate));
            }
        }
        Ok(picked
            .into_iter()
            .map(|(reason, coordinate)| self.curve(reason, coordinate))
            .collect())
    }

    /// Names of coordinates worth a look, the worst first.
    fn interesting(&self) -> Vec<(CurveReason, &str)> {
        let part = self.part;
        let mut names: Vec<(CurveReason, &str)> = Vec::new();
        let wrong = part.worst.iter().take(4);
        names.extend(wrong.map(|row| (CurveReason::Wrong, row.coordinate.as_str())));
        let crossed = part.crossed.iter().take(3).map(|row| &row.coordinate);
        let at_kinks = part.kinks.iter().take(2).map(|row| &row.coordinate);
        names.extend(
            crossed
                .chain(at_kinks)
                .map(|name| (CurveReason::Kink, name.as_str())),
        );
        let fewest = part.tensors.iter().flat_map(|row| {
            let central = row
                .against
                .iter()
                .find(|one| one.reference == SourceName::Central);
            let worst = central.and_then(|one| one.worst.as_ref());
            worst.map(|gap| (CurveReason::FewestDigits, gap.coordinate.as_str()))
        });
        let closest = part.tensors.iter().flat_map(|row| {
            let closest = row.closest.as_ref();
            closest.map(|one| (CurveReason::Closest, one.at.coordinate.as_str()))
        });
        names.extend(fewest.chain(closest));
        names
    }

    fn curve(&self, reason: CurveReason, coordinate: Coordinate) -> Curve {
        let position = self.coordinates.iter().position(|own| *own == coordinate);
        let estimates: Vec<(SourceName, Estimate)> = position
            .map(|position| {
                let exact = self
                    .answers
                    .iter()
                    .filter(|a| a.name != SourceName::Central);
                exact
                    .map(|answer| (answer.name, answer.gradient.estimates[position]))
                    .collect()
            })
            .unwrap_or_default();
        let of_leaf = self
            .coordinates
            .iter()
            .zip(&self.answers[0].gradient.estimates);
        let size = of_leaf
            .filter(|(own, _)| own.leaf == coordinate.leaf)
            .map(|(_, estimate)| estimate.value.abs())
            .filter(|value| value.is_finite())
            .fold(0.0, f64::max);
        let central = self.answers.iter().find(|a| a.name == SourceName::Central);
        let taken = position.zip(central).and_then(|(position, answer)| {
            let stepped = answer.gradient.steps.get(position)?;
            let is_step = stepped.h > 0.0
                && stepped.h.is_finite()
                && !matches!(stepped.ground, Ground::NotFinite);
            let own = self.answers[0].gradient.estimates[position];
            let theirs = answer.gradient.estimates[position];
            is_step.then(|| (Number(stepped.h), rounded_up(own.error + theirs.error)))
        });
        Curve {
            reason,
            step: taken.map(|(step, _)| step),
            bound: taken.map(|(_, bound)| bound),
            sweep: over_steps(self.point, coordinate, &estimates, size),
        }
    }
}

/// How near units are to where they switch, layer by layer.
fn kinks(point: &Point) -> Vec<KinkMap> {
    let problem = &point.problem;
    let layers = problem.network.layers();
    let activations = problem.activations();
    let mut maps = Vec::new();
    for place in 0..=layers.len() {
        let Some(choices) = point.pattern.at(place) else {
            continue;
        };
        let (name, x, shape) = match layers.get(place) {
            Some(layer) => (
                layer.name.as_str(),
                &activations[layer.reads[0]],
                &layer.output[..],
            ),
            None => (
                "loss",
                activations.last().expect("the input is one"),
                problem.network.output_shape(),
            ),
        };
        // The units of a loss are not always the entries of its input.
        let shape = if shape.iter().product::<usize>() == choices.len() {
            shape.to_vec()
        } else {
            vec![1, choices.len()]
        };
        let tie = tie(x);
        let mut margins = vec![f64::INFINITY; choices.len()];
        problem.margins(place, x, choices, |unit, _, margin: f64| {
            let index = match unit {
                Unit::Layer { index, .. } | Unit::Loss { index } => index,
                Unit::Penalty => return,
            };
            margins[index] = margins[index].min(beyond_ties(margin, tie));
        });
        let size = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
        let unit_at = |index| match layers.get(place) {
            Some(_) => Unit::Layer {
                layer: place,
                index,
            },
            None => Unit::Loss { index },
        };
        let nearest = nearest(&margins)
            .into_iter()
            .map(|index| NearUnit {
                unit: problem.network.name_of(unit_at(index)),
                margin: Number(margins[index]),
            })
            .collect();
        let (shape, of_one) = of_one_sample(&shape, &margins);
        maps.push(KinkMap {
            layer: name.to_owned(),
            shape,
            size: Number(size),
            units: margins.len(),
            tied: margins.iter().filter(|margin| **margin == 0.0).count(),
            nearest,
            margins: of_one.into_iter().map(rounded_up).collect(),
        });
    }
    maps
}

/// The units nearest to their kinks, of those that are not at one.
fn nearest(margins: &[f64]) -> Vec<usize> {
    let mut found: BTreeSet<(u64, usize)> = BTreeSet::new();
    for (index, margin) in margins.iter().enumerate() {
        if *margin > 0.0 && margin.is_finite() {
            // Positive numbers have the order of their bits.
            found.insert((margin.to_bits(), index));
            if found.len() > MOST_NAMED {
                found.pop_last();
            }
        }
    }
    found.into_iter().map(|(_, index)| index).collect()
}

/// The smallest of all samples, for each unit, or for each channel where there are too many units; `shape`
/// is that of all, samples first.
fn of_one_sample(shape: &[usize], margins: &[f64]) -> (Vec<usize>, Vec<f64>) {
    let of_sample = &shape[1..];
    let units: usize = of_sample.iter().product();
    let smallest = |group: usize, groups: usize| {
        let mut least = vec![f64::INFINITY; groups];
        for (at, margin) in margins.iter().enumerate() {
            let own = &mut least[at % units / group];
            *own = own.min(*margin);
        }
        least
    };
    if units == 0 {
        (of_sample.to_vec(), Vec::new())
    } else if units <= MOST_UNITS || of_sample.len() < 2 {
        (of_sample.to_vec(), smallest(1, units))
    } else {
        (
            of_sample[..1].to_vec(),
            smallest(units / of_sample[0], of_sample[0]),
        )
    }
}
