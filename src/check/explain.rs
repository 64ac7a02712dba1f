//! What is wrong: whose fault it is, in which layer, what it looks like, and what its gaps do.

use crate::judge::diagnosis::{self, Evidence};
use crate::judge::verdict::within;
use crate::judge::{
    Blame, Culprit, FaultyTensor, LayerFault, Place, Verdict, Witness, blame, locate,
    locate_forward,
};
use crate::network::{Coordinate, LeafName, Problem};
use crate::report::{DiagnosisRow, LawRow};
use crate::rng;
use crate::source::{Dual, Estimate, Forward, GradientSource, Ground, Point, SAFETY, SourceError};
use crate::spec::case::SourceName;
use crate::tensor::{self, Tensor};

use super::compare::Kinks;
use super::{Answer, NamedSource, sweep_at};

/// Coordinates whose gaps are followed over a ladder of steps.
const MOST_LAWS: usize = 3;

/// Everything that is known about what is wrong; nothing when all is right.
#[derive(Default)]
pub(super) struct Explanation {
    pub(super) blame: Option<Blame>,
    pub(super) place: Option<Place>,
    /// Layers whose forward pass is another one by the independent source's word.
    pub(super) forward: Vec<String>,
    pub(super) diagnoses: Vec<DiagnosisRow>,
    pub(super) laws: Vec<LawRow>,
}

/// One objective at one point with all answers.
pub(super) struct Findings<'a> {
    pub(super) point: &'a Point,
    pub(super) sources: &'a [NamedSource],
    pub(super) coordinates: &'a [Coordinate],
    pub(super) answers: &'a [Answer],
    pub(super) kinks: &'a Kinks,
    pub(super) verdicts: &'a [Verdict],
    pub(super) values_agree: bool,
}

impl Findings<'_> {
    /// Explain what is wrong, if anything is.
    pub(super) fn explain(&self) -> Result<Explanation, SourceError> {
        let is_wrong = |verdict: &Verdict| matches!(verdict, Verdict::Disagree | Verdict::Invalid);
        if self.values_agree && !self.verdicts.iter().any(is_wrong) {
            return Ok(Explanation::default());
        }
        let witnesses: Vec<Witness> = self.answers.iter().map(|a| self.witness(a)).collect();
        let blame = blame(&witnesses);
        let mut explanation = Explanation {
            forward: self.forward(&blame)?,
            laws: self.laws()?,
            ..Explanation::default()
        };
        let accused = |name| blame.culprits.contains(&Culprit::Source(name));
        let subject_is_accused = blame.culprits.iter().any(|culprit| match culprit {
            Culprit::Source(name) => *name == self.answers[0].name,
            Culprit::Undecided(_) => true,
            Culprit::Forward => false,
        });
        if subject_is_accused {
            let subject = self.sources[0].1.as_ref();
            let exact = self.sources[1..]
                .iter()
                .filter(|(name, _)| *name != SourceName::Central && !accused(*name));
            // Where forward passes differ, only one that shares ours can say what ours should give.
            let wanted = exact.clone().find(|(_, source)| {
                blame.values_agree() == (source.forward() == Forward::Independent)
            });
            let reference: &dyn GradientSource = match wanted.or(exact.clone().next()) {
                Some((_, source)) => source.as_ref(),
                None => &Dual,
            };
            let place = locate(self.point, subject, reference)?;
            explanation.diagnoses = diagnoses(self.point, subject, reference, &place)?;
            explanation.place = Some(place);
        }
        explanation.blame = Some(blame);
        Ok(explanation)
    }

    fn witness(&self, answer: &Answer) -> Witness {
        let is_tie = |position: usize| {
            self.kinks.contains_key(&position)
                || self.answers.iter().any(|answer| {
                    matches!(answer.ground(position), Some(Ground::Tie | Ground::Kink(_)))
                })
        };
        // What double-double found to be rounding is nobody's fault.
        let is_settled = |position: usize| {
            let own = self.answers[0].gradient.estimates[position];
            self.verdicts[position] == Verdict::Agree
                && answer
                    .estimate(position)
                    .is_some_and(|theirs| !within(own, theirs))
        };
        let derivatives = (0..self.coordinates.len()).map(|position| {
            if is_tie(position) || is_settled(position) {
                None
            } else {
                answer.estimate(position)
            }
        });
        Witness {
            source: answer.name,
            forward: answer.forward,
            value: Estimate {
                value: answer.gradient.value,
                error: answer.safety() * self.point.rounding_in(answer.format).value(),
            },
            derivatives: derivatives.collect(),
        }
    }

    /// The layers whose forward passes differ, when forward passes do.
    fn forward(&self, blame: &Blame) -> Result<Vec<String>, SourceError> {
        let independent = self
            .sources
            .iter()
            .find(|(_, source)| source.forward() == Forward::Independent);
        match independent {
            Some((_, source)) if blame.culprits.contains(&Culprit::Forward) => {
                locate_forward(self.point, source.as_ref())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What the gap does over a ladder of steps, at the first coordinates of the worst.
    fn laws(&self) -> Result<Vec<LawRow>, SourceError> {
        let sources: Vec<(SourceName, &dyn GradientSource)> = self
            .sources
            .iter()
            .filter(|(name, _)| *name != SourceName::Central)
            .map(|(name, source)| (*name, source.as_ref()))
            .collect();
        let worst = super::compare::worst_positions(self.answers, self.verdicts);
        worst
            .into_iter()
            .filter(|position| self.verdicts[*position] == Verdict::Disagree)
            .take(MOST_LAWS)
            .map(|position| {
                let report = sweep_at(self.point, self.coordinates[position], &sources)?;
                Ok(LawRow {
                    coordinate: report.coordinate,
                    law: report.sources[0].fit.law,
                    sentence: report.sentence,
                })
            })
            .collect()
    }
}

/// What the gradients of every culprit look like.
fn diagnoses(
    point: &Point,
    subject: &dyn GradientSource,
    reference: &dyn GradientSource,
    place: &Place,
) -> Result<Vec<DiagnosisRow>, SourceError> {
    let mut data = point.problem.clone();
    data.objective.penalty = None;
    let outputs = subject.output_gradients(&data, &point.pattern);
    let activations = data.activations_in(subject.format());
    let mut rows = Vec::new();
    for fault in &place.culprits {
        let mut known: Option<(Option<usize>, Point)> = None;
        for tensor in &fault.tensors {
            // Where branches meet, each has a problem of its own.
            let of = tensor.activation;
            if known.as_ref().is_none_or(|(known, _)| *known != of) {
                let alone = match part(
                    &data,
                    fault,
                    tensor,
                    &activations,
                    outputs.as_deref(),
                    reference,
                )? {
                    Some(part) => part,
                    // The penalty: the whole objective, of which it is one term.
                    None => point.problem.clone(),
                };
                known = Some((of, Point::new(alone, rng::derive(0, "diagnosis", 0))));
            }
            let Some((_, alone)) = &known else { continue };
            let is_penalty = fault.number.is_none() && tensor.parameter.is_some();
            let whole = if is_penalty { &point.problem } else { &data };
            let asked = Asked {
                whole,
                point,
                alone,
                subject,
                reference,
                outputs: outputs.as_deref(),
            };
            if let Some(diagnosis) = asked.diagnosis(fault, tensor, is_penalty)? {
                rows.push(DiagnosisRow {
                    tensor: tensor.name.clone(),
                    layer: fault.layer.clone(),
                    diagnosis,
                });
            }
        }
    }
    Ok(rows)
}

/// The faulty part alone, under what reaches it; `None` for the penalty.
fn part(
    data: &Problem,
    fault: &LayerFault,
    tensor: &FaultyTensor,
    activations: &[Tensor<f64>],
    outputs: Option<&[Tensor<f64>]>,
    reference: &dyn GradientSource,
) -> Result<Option<Problem>, SourceError> {
    let layers = data.network.layers();
    let Some(number) = fault.number else {
        let is_penalty = tensor.parameter.is_some();
        return Ok((!is_penalty).then(|| data.from_layer(layers.len(), activations)));
    };
    let dy = match outputs {
        Some(outputs) => outputs[number].clone(),
        None => {
            let behind = Point::new(data.from_layer(number + 1, activations), 0);
            gradient(&behind, reference, LeafName::Input)?.0
        }
    };
    let layer = &layers[number];
    let variable = tensor.activation.unwrap_or(layer.reads[0]);
    // The gradient of what branches start from comes of all of them.
    let first = if layer.fork == Some(variable) {
        variable
    } else {
        number
    };
    let part = data.layers_alone(first..number + 1, variable, activations, dy);
    Ok(Some(part))
}

/// The gradient with respect to one leaf, and the error of each entry.
fn gradient(
    point: &Point,
    source: &dyn GradientSource,
    leaf: LeafName,
) -> Result<(Tensor<f64>, Tensor<f64>), SourceError> {
    let coordinates: Vec<Coordinate> = point.problem.coordinates(leaf).collect();
    let estimates = point.ask(source, &coordinates, &|_| ())?.estimates;
    let shaped = |of: fn(&Estimate) -> f64| {
        let values = estimates.iter().map(of).collect();
        tensor::from_values(point.problem.leaf(leaf).shape(), values)
            .expect("one estimate for each entry")
    };
    Ok((shaped(|e| e.value), shaped(|e| e.error)))
}

/// One culprit's part, and who is asked about it.
struct Asked<'a> {
    whole: &'a Problem,
    point: &'a Point,
    alone: &'a Point,
    subject: &'a dyn GradientSource,
    reference: &'a dyn GradientSource,
    outputs: Option<&'a [Tensor<f64>]>,
}

impl Asked<'_> {
    fn diagnosis(
        &self,
        fault: &LayerFault,
        tensor: &FaultyTensor,
        is_penalty: bool,
    ) -> Result<Option<diagnosis::Diagnosis>, SourceError> {
        let network = &self.whole.network;
        let wrong = match (tensor.parameter, tensor.activation) {
            (Some(parameter), _) => Some(self.of_subject(LeafName::Parameter(parameter))?),
            (None, Some(0)) => Some(self.of_subject(LeafName::Input)?),
            (None, Some(number)) => self.outputs.map(|outputs| outputs[number - 1].clone()),
            (None, None) => None,
        };
        let Some(wrong) = wrong else {
            return Ok(None);
        };
        let leaf = match (tensor.parameter, fault.number) {
            (Some(parameter), Some(number)) if !is_penalty => {
                LeafName::Parameter(parameter - network.layers()[number].first_parameter)
            }
            (Some(parameter), _) => LeafName::Parameter(parameter),
            (None, _) => LeafName::Input,
        };
        let (right, right_error) = gradient(self.alone, self.reference, leaf)?;
        // The subject rounds as ours does.
        let rounding = self.alone.rounding_in(self.subject.format());
        let mut wrong_error = right.clone();
        for (index, error) in wrong_error.iter_mut().enumerate() {
            *error = SAFETY * rounding.derivative(Coordinate { leaf, index });
        }
        Ok(Some(diagnosis::diagnose(&Evidence {
            alone: &self.alone.problem,
            leaf,
            right: &right,
            right_error: &right_error,
            wrong: &wrong,
            wrong_error: &wrong_error,
        })))
    }

    fn of_subject(&self, leaf: LeafName) -> Result<Tensor<f64>, SourceError> {
        let data;
        let point = if self.whole == &self.point.problem {
            self.point
        } else {
            data = self.point.with_problem(self.whole.clone());
            &data
        };
        Ok(gradient(point, self.subject, leaf)?.0)
    }
}
