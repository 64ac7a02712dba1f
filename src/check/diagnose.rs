//! What the gradients look like in the layers that are at fault.

use crate::judge::diagnosis::{self, BugKind, Diagnosis, Evidence};
use crate::judge::{FaultyTensor, LayerFault, Place};
use crate::layer::Layer;
use crate::network::{Coordinate, LeafName, Network, Problem};
use crate::report::DiagnosisRow;
use crate::rng;
use crate::source::{
    Estimate, Forward, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER, SourceError,
};
use crate::tensor::{self, Tensor};

/// What the gradients of every culprit look like.
pub(super) fn diagnoses(
    point: &Point,
    subject: &dyn GradientSource,
    reference: &dyn GradientSource,
    place: &mut Place,
) -> Result<Vec<DiagnosisRow>, SourceError> {
    let mut data = point.problem.clone();
    data.objective.penalty = None;
    let outputs = subject.output_gradients(&data, &point.pattern);
    let activations = data.activations_in(subject.format());
    let mut rows = Vec::new();
    // From the loss backwards, so that a block comes behind the layers that stand in it.
    for fault in place.culprits.clone() {
        let mut known: Option<(Option<usize>, Point)> = None;
        for tensor in &fault.tensors {
            // Where branches meet, each has a problem of its own.
            let of = tensor.activation;
            if known.as_ref().is_none_or(|(known, _)| *known != of) {
                let alone = match part(
                    &data,
                    &fault,
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
            if let Some(diagnosis) = asked.diagnosis(&fault, tensor, is_penalty)? {
                if !diagnosis.kind.is_some_and(BugKind::is_of_branches)
                    && let Some((reader, found)) =
                        asked.reader(&fault, tensor, place, &activations)?
                {
                    let layer = accuse(place, &fault, &data.network, reader);
                    rows.push(DiagnosisRow {
                        tensor: format!("{layer}'s input"),
                        layer,
                        diagnosis: found.unwrap_or(diagnosis),
                    });
                    continue;
                }
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

/// Put one of the layers that read what branches start from in the place of their block, and return its
/// name.
fn accuse(place: &mut Place, block: &LayerFault, network: &Network, reader: usize) -> String {
    let layer = network.layers()[reader].name.clone();
    let mut tensors = block.tensors.clone();
    for tensor in &mut tensors {
        tensor.name = format!("{layer}'s input");
    }
    place.clean.retain(|clean| *clean != layer);
    place.inherited.retain(|inherited| *inherited != layer);
    place.culprits.retain(|fault| fault != block);
    match place.culprits.iter_mut().find(|fault| fault.layer == layer) {
        Some(fault) => fault.tensors.extend(tensors),
        None => place.culprits.push(LayerFault {
            number: Some(reader),
            layer: layer.clone(),
            tensors,
        }),
    }
    layer
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
    ) -> Result<Option<Diagnosis>, SourceError> {
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
        let (right, mut right_error) = gradient(self.alone, self.reference, leaf)?;
        let mut wrong_error = self.own_error(self.alone, leaf, &right);
        if let (None, Some(parameter)) = (self.outputs, tensor.parameter) {
            // Nothing is known of what reached the layer, so that all of the way to it may have rounded.
            let whole = LeafName::Parameter(parameter);
            wrong_error = self.own_error(self.point, whole, &right);
            right_error.zip_mut_with(&wrong_error, |error, own| *error = error.max(*own));
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

    /// The one layer among those that read the same activation whose share of its wrong gradient looks
    /// like a known fault when all others send back what they should, and what it looks like; else the
    /// one that has another fault of its own.
    ///
    /// Only the sum of the shares is seen.
    fn reader(
        &self,
        fault: &LayerFault,
        tensor: &FaultyTensor,
        place: &Place,
        activations: &[Tensor<f64>],
    ) -> Result<Option<(usize, Option<Diagnosis>)>, SourceError> {
        let network = &self.whole.network;
        let (Some(block), Some(activation), Some(outputs)) =
            (fault.number, tensor.activation, self.outputs)
        else {
            return Ok(None);
        };
        if network.layers()[block].fork != Some(activation) || fault.tensors.len() != 1 {
            return Ok(None);
        }
        let wrong = match activation.checked_sub(1) {
            None => self.of_subject(LeafName::Input)?,
            Some(layer) => outputs[layer].clone(),
        };
        let mut shares = Vec::new();
        for reader in network.readers(activation) {
            let (layers, dy) = (reader..reader + 1, outputs[reader].clone());
            let part = self.whole.layers_alone(layers, activation, activations, dy);
            let point = Point::new(part, rng::derive(0, "diagnosis", 0));
            let (right, right_error) = gradient(&point, self.reference, LeafName::Input)?;
            let own_error = self.own_error(&point, LeafName::Input, &right);
            shares.push((reader, point, right, right_error, own_error));
        }
        let mut found = Vec::new();
        for (number, (reader, point, right, right_error, own_error)) in shares.iter().enumerate() {
            if matches!(network.layers()[*reader].layer, Layer::Join(_)) {
                continue;
            }
            let (mut share, mut share_error) = (wrong.clone(), own_error.clone());
            for (other, (_, _, right, right_error, own_error)) in shares.iter().enumerate() {
                if other != number {
                    share -= right;
                    share_error += right_error;
                    share_error += own_error;
                }
            }
            let diagnosis = diagnosis::diagnose(&Evidence {
                alone: &point.problem,
                leaf: LeafName::Input,
                right,
                right_error,
                wrong: &share,
                wrong_error: &share_error,
            });
            if diagnosis.kind.is_some() {
                found.push((*reader, Some(diagnosis)));
            }
        }
        if found.len() == 1 {
            return Ok(found.pop());
        }
        // The block itself reads it too where a branch has no layers.
        let is_accused = |reader: &usize| {
            let mut culprits = place.culprits.iter();
            *reader != block && culprits.any(|fault| fault.number == Some(*reader))
        };
        let accused: Vec<usize> = network.readers(activation).filter(is_accused).collect();
        Ok(match accused[..] {
            [only] => Some((only, None)),
            _ => None,
        })
    }

    /// How far rounding moves the subject's gradient at `point`.
    fn own_error(&self, point: &Point, leaf: LeafName, like: &Tensor<f64>) -> Tensor<f64> {
        let rounding = point.rounding_in(self.subject.format());
        let safety = match self.subject.forward() {
            Forward::Shared => SAFETY,
            Forward::Independent => SAFETY_OTHER_ORDER,
        };
        let mut error = like.clone();
        for (index, error) in error.iter_mut().enumerate() {
            *error = safety * rounding.derivative(Coordinate { leaf, index });
        }
        error
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
