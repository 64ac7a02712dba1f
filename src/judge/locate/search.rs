//! From the loss backwards: what reaches a layer, and what the layer makes of it.
//!
//! ```text
//! dy[k]: gradient of layer k's output     dx[k] = dy[k−1]: of its input     dw[k]: of its parameters
//! ```
//!
//! Two questions are asked about each. Is it right? And is it what should come of the subject's own
//! dy[k], right or not? A layer that fails the second has a fault of its own; one that fails only the
//! first has inherited it. Both are answered by the reference on layer k alone, under Σ dy[k]·y: with
//! the dy[k] that it found itself, and with the subject's.
//!
//! A layer alone is given our activations. Asked about the whole network, a reference with a forward
//! pass of its own would round them otherwise, and at a tie within rounding take another branch.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use crate::network::LeafName;
use crate::scalar::Format;
use crate::source::{GradientSource, Point, SourceError};
use crate::tensor::Tensor;

use super::compared::{Compared, compare};
use super::gradients::{Chain, Estimates, Leaves, SEED, bounded, safety, value};
use super::place::{FaultyTensor, LayerFault, Place, Seen};

/// Find the layers in which `subject` goes wrong at `point`, by the word of `reference`.
///
/// For one subject; see [`Locator`].
///
/// # Errors
/// The sources'.
pub fn locate(
    point: &Point,
    subject: &dyn GradientSource,
    reference: &dyn GradientSource,
) -> Result<Place, SourceError> {
    Locator::in_format(point, reference, subject.format())?.locate(subject)
}

/// What an exact source that has been found to be right says of a point: subjects are held against it.
pub struct Locator<'a> {
    source: &'a dyn GradientSource,
    /// The point with its penalty, and the gradient there; `None` without penalty.
    penalised: Option<(&'a Point, Leaves)>,
    /// The point without penalty.
    pub(super) point: Cow<'a, Point>,
    /// Every layer's input, and the network's output.
    activations: Vec<Tensor<f64>>,
    pub(super) right: Chain,
    /// What lies behind each layer, for how far rounding moves the gradient of the layer's output.
    behind: Vec<OnceCell<Point>>,
    /// Each layer alone under what first reached it: subjects that share a fault or none share that.
    alone: Vec<OnceCell<Rc<Alone>>>,
}

/// A layer alone, under Σ dy·y.
pub(super) struct Alone {
    dy: Tensor<f64>,
    /// As a function of each activation that it reads.
    pub(super) of: Vec<AloneOf>,
}

/// A layer alone, as a function of one activation.
pub(super) struct AloneOf {
    pub(super) activation: usize,
    pub(super) point: Point,
    pub(super) right: Leaves,
}

impl<'a> Locator<'a> {
    /// Ask `reference` about `point` and every layer of it.
    ///
    /// # Errors
    /// The reference's.
    pub fn new(point: &'a Point, reference: &'a dyn GradientSource) -> Result<Self, SourceError> {
        Self::in_format(point, reference, Format::F64)
    }

    /// The same for subjects that compute in `format`: layers are asked about at the activations that
    /// a pass in it finds.
    ///
    /// # Errors
    /// The reference's.
    pub fn in_format(
        point: &'a Point,
        reference: &'a dyn GradientSource,
        format: Format,
    ) -> Result<Self, SourceError> {
        let (penalised, data) = if point.problem.objective.penalty.is_some() {
            let mut problem = point.problem.clone();
            problem.objective.penalty = None;
            let data = Cow::Owned(Point::new(problem, SEED));
            (Some((point, Leaves::ask(point, reference)?)), data)
        } else {
            (None, Cow::Borrowed(point))
        };
        let activations = data.problem.activations_in(format);
        let count = data.problem.network.layers().len();
        Ok(Self {
            source: reference,
            penalised,
            right: Chain::of(&data, reference, &activations)?,
            behind: vec![OnceCell::new(); count],
            alone: (0..count).map(|_| OnceCell::new()).collect(),
            point: data,
            activations,
        })
    }

    /// Find the layers in which `subject` goes wrong.
    ///
    /// A subject with a forward pass of its own is to find our activations to the bit: what their
    /// rounding does to its gradients is not in the bounds.
    ///
    /// # Errors
    /// The sources'.
    pub fn locate(&self, subject: &dyn GradientSource) -> Result<Place, SourceError> {
        let mut place = Place {
            culprits: Vec::new(),
            inherited: Vec::new(),
            clean: Vec::new(),
            seen: Seen::Outputs,
        };
        let search = Search {
            reference: self,
            subject: Leaves::ask(&self.point, subject)?,
            safety: safety(subject),
            format: subject.format(),
        };
        let problem = &self.point.problem;
        if problem.objective.loss.is_some() {
            match subject.output_gradients(problem, &self.point.pattern) {
                Some(outputs) => search.by_outputs(&outputs, &mut place)?,
                None => search.by_leaves(&mut place),
            }
        }
        if let Some((point, expected)) = &self.penalised {
            search.penalty(&Leaves::ask(point, subject)?, expected, &mut place);
        }
        Ok(place)
    }

    fn behind(&self, number: usize) -> &Point {
        self.behind[number].get_or_init(|| {
            let problem = &self.point.problem;
            Point::new(problem.from_layer(number + 1, &self.activations), SEED)
        })
    }

    pub(super) fn alone(&self, number: usize, dy: &Tensor<f64>) -> Result<Rc<Alone>, SourceError> {
        let is_known = |alone: &&Rc<Alone>| {
            let mut pairs = alone.dy.iter().zip(dy);
            pairs.all(|(known, dy)| known.to_bits() == dy.to_bits())
        };
        if let Some(alone) = self.alone[number].get().filter(is_known) {
            return Ok(Rc::clone(alone));
        }
        let problem = &self.point.problem;
        let reads = problem.network.layers()[number].distinct_reads();
        let of = reads.into_iter().map(|activation| {
            let layers = number..number + 1;
            let part = problem.layers_alone(layers, activation, &self.activations, dy.clone());
            let point = Point::new(part, SEED);
            Ok(AloneOf {
                activation,
                right: Leaves::ask(&point, self.source)?,
                point,
            })
        });
        let alone = Rc::new(Alone {
            dy: dy.clone(),
            of: of.collect::<Result<_, SourceError>>()?,
        });
        self.alone[number].get_or_init(|| Rc::clone(&alone));
        Ok(alone)
    }
}

/// One subject.
pub(super) struct Search<'a> {
    pub(super) reference: &'a Locator<'a>,
    pub(super) subject: Leaves,
    /// The subject's bounds, in units of the spread that rounding causes.
    pub(super) safety: f64,
    pub(super) format: Format,
}

impl Search<'_> {
    fn by_outputs(&self, outputs: &[Tensor<f64>], place: &mut Place) -> Result<(), SourceError> {
        let problem = &self.reference.point.problem;
        let wrong_input = compare(&self.subject.input, &self.reference.right.leaves.input);
        let mut wrong_inputs = vec![wrong_input];
        for (number, (own, right)) in outputs
            .iter()
            .zip(&self.reference.right.outputs)
            .enumerate()
        {
            let behind = self.reference.behind(number);
            let with_bounds = |dy: &Tensor<f64>, safety, format| {
                let dy = dy.iter().copied().map(Some);
                bounded(dy, behind, LeafName::Input, safety, format)
            };
            let reference = self.reference.source;
            wrong_inputs.push(compare(
                &with_bounds(own, self.safety, self.format),
                &with_bounds(right, safety(reference), reference.format()),
            ));
        }

        let network = &problem.network;
        let layers = network.layers();
        let at_loss = &wrong_inputs[layers.len()];
        if at_loss.wrong > 0 {
            let output = layers.len();
            place.culprits.push(LayerFault {
                number: None,
                layer: "loss".to_owned(),
                tensors: vec![at_loss.of_activation(output, "the network's output".to_owned())],
            });
        }
        for (number, layer) in layers.iter().enumerate().rev() {
            let inputs = layer.distinct_reads().into_iter();
            let inputs = inputs.map(|read| (read, wrong_inputs[read])).collect();
            let wrong = self.tensors(number, inputs, |parameter| {
                compare(
                    &self.subject.parameters[parameter],
                    &self.reference.right.leaves.parameters[parameter],
                )
            });
            let own = self.of_layer_alone(number, outputs)?;
            if !own.is_empty() {
                place.culprits.push(LayerFault {
                    number: Some(number),
                    layer: layer.name.clone(),
                    tensors: own,
                });
            } else if wrong.is_empty() {
                place.clean.push(layer.name.clone());
            } else {
                place.inherited.push(layer.name.clone());
            }
            // The branches that part here have all been seen.
            if network.readers(number).count() > 1 {
                self.fork(number, outputs, place)?;
            }
        }
        Ok(())
    }

    /// What the subject, whose gradients of outputs these are, makes wrong in layer `number` alone;
    /// nothing when what reaches the layer is not finite, since then nothing follows from it.
    ///
    /// What it sends back to an activation that others read too is seen in the sum only.
    fn of_layer_alone(
        &self,
        number: usize,
        outputs: &[Tensor<f64>],
    ) -> Result<Vec<FaultyTensor>, SourceError> {
        let dy = &outputs[number];
        if !dy.iter().all(|dy| dy.is_finite()) {
            return Ok(Vec::new());
        }
        let network = &self.reference.point.problem.network;
        let alone = self.reference.alone(number, dy)?;
        let inputs = alone.of.iter().filter_map(|alone| {
            let activation = alone.activation;
            (network.readers(activation).count() == 1).then(|| {
                let dx = self.gradient_of(activation, outputs).into_iter();
                let dx = self.bounded(dx, &alone.point, LeafName::Input);
                (activation, compare(&dx, &alone.right.input))
            })
        });
        let first = network.layers()[number].first_parameter;
        Ok(self.tensors(number, inputs.collect(), |parameter| {
            // A layer with parameters reads one activation.
            let alone = &alone.of[0];
            let own = self.subject.parameters[parameter].iter().map(value);
            let leaf = LeafName::Parameter(parameter - first);
            compare(
                &self.bounded(own, &alone.point, leaf),
                &alone.right.parameters[parameter - first],
            )
        }))
    }

    /// The subject's values with its bounds at `point`.
    fn bounded(
        &self,
        values: impl Iterator<Item = Option<f64>>,
        point: &Point,
        leaf: LeafName,
    ) -> Estimates {
        bounded(values, point, leaf, self.safety, self.format)
    }

    /// The wrong ones among the gradients that layer `number` returns.
    pub(super) fn tensors(
        &self,
        number: usize,
        inputs: Vec<(usize, Compared)>,
        parameter: impl Fn(usize) -> Compared,
    ) -> Vec<FaultyTensor> {
        let layers = self.reference.point.problem.network.layers();
        let layer = &layers[number];
        let parameters = layer
            .parameter_range()
            .zip(&layer.parameters)
            .map(|(number, (name, _))| parameter(number).of_parameter(number, name.clone()));
        let inputs = inputs.into_iter().map(|(activation, compared)| {
            let name = match activation.checked_sub(1) {
                Some(before) if layer.reads.len() > 1 => {
                    format!("{}'s output", layers[before].name)
                }
                _ => format!("{}'s input", layer.name),
            };
            compared.of_activation(activation, name)
        });
        parameters
            .chain(inputs)
            .filter(|tensor| tensor.wrong > 0)
            .collect()
    }

    /// The parameters whose gradient is right without the penalty, and wrong with it.
    fn penalty(&self, total: &Leaves, expected: &Leaves, place: &mut Place) {
        let network = &self.reference.point.problem.network;
        let mut tensors = Vec::new();
        for (number, (own, right)) in total
            .parameters
            .iter()
            .zip(&expected.parameters)
            .enumerate()
        {
            let without = compare(
                &self.subject.parameters[number],
                &self.reference.right.leaves.parameters[number],
            );
            let with = compare(own, right);
            if without.wrong == 0 && with.wrong > 0 {
                let name = network.leaf_name(LeafName::Parameter(number));
                tensors.push(with.of_parameter(number, name.to_owned()));
            }
        }
        if !tensors.is_empty() {
            place.culprits.push(LayerFault {
                number: None,
                layer: "penalty".to_owned(),
                tensors,
            });
        }
    }
}
