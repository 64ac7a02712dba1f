//! Gradients as a source finds them, of a whole problem and layer by layer.

use crate::network::{Coordinate, LeafName};
use crate::scalar::Format;
use crate::source::{
    Estimate, Forward, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER, SourceError,
};
use crate::tensor::{Tensor, from_values, zeros};

/// Seed of the perturbations that measure rounding: a place is to depend on the problem alone.
pub(super) const SEED: u64 = 0;

/// Estimates of one tensor; `None` where the source cannot judge.
pub(super) type Estimates = Vec<Option<Estimate>>;

/// A gradient with respect to every leaf.
pub(super) struct Leaves {
    pub(super) input: Estimates,
    pub(super) parameters: Vec<Estimates>,
}

impl Leaves {
    pub(super) fn ask(point: &Point, source: &dyn GradientSource) -> Result<Self, SourceError> {
        let mut estimates = ask(point, source, &point.all_coordinates())?.into_iter();
        let mut take = |tensor: &Tensor<f64>| estimates.by_ref().take(tensor.len()).collect();
        Ok(Self {
            input: take(&point.problem.input),
            parameters: point.problem.parameters.tensors.iter().map(take).collect(),
        })
    }
}

pub(super) fn ask(
    point: &Point,
    source: &dyn GradientSource,
    coordinates: &[Coordinate],
) -> Result<Estimates, SourceError> {
    let gradient = point.ask(source, coordinates, &|_| ())?;
    let mut estimates: Estimates = gradient.estimates.into_iter().map(Some).collect();
    for position in gradient.kinks {
        estimates[position] = None;
    }
    Ok(estimates)
}

pub(super) fn safety(source: &dyn GradientSource) -> f64 {
    match source.forward() {
        Forward::Shared => SAFETY,
        Forward::Independent => SAFETY_OTHER_ORDER,
    }
}

/// `values` with bounds of `safety` spreads at `point`, where `leaf` stands for what they are of.
pub(super) fn bounded(
    values: impl Iterator<Item = Option<f64>>,
    point: &Point,
    leaf: LeafName,
    safety: f64,
    format: Format,
) -> Estimates {
    let rounding = point.rounding_in(format);
    values
        .enumerate()
        .map(|(index, value)| {
            let error = safety * rounding.derivative(Coordinate { leaf, index });
            value.map(|value| Estimate { value, error })
        })
        .collect()
}

/// What a source finds from the loss backwards, layer by layer, each on our activations.
pub(super) struct Chain {
    /// With respect to every layer's output.
    pub(super) outputs: Vec<Tensor<f64>>,
    /// With respect to every leaf.
    pub(super) leaves: Leaves,
}

impl Chain {
    pub(super) fn of(
        point: &Point,
        source: &dyn GradientSource,
        activations: &[Tensor<f64>],
    ) -> Result<Self, SourceError> {
        let problem = &point.problem;
        let count = problem.network.layers().len();
        let like = |x: &Tensor<f64>, found: &Estimates| {
            let found = found
                .iter()
                .map(|estimate| value(estimate).unwrap_or(f64::NAN));
            from_values(x.shape(), found.collect()).expect("one derivative for each entry")
        };
        let loss = problem.from_layer(count, activations);
        let found = Leaves::ask(&Point::new(loss, SEED), source)?;
        // Of each activation the sum of what the layers that read it send back.
        let mut sums: Vec<Tensor<f64>> = activations.iter().map(|x| zeros(x.shape())).collect();
        sums[count] = like(&activations[count], &found.input);
        let mut by_layer = Vec::with_capacity(count);
        for number in (0..count).rev() {
            let dy = sums[number + 1].clone();
            let mut parameters = Vec::new();
            for activation in problem.network.layers()[number].distinct_reads() {
                let layers = number..number + 1;
                let alone = problem.layers_alone(layers, activation, activations, dy.clone());
                let found = Leaves::ask(&Point::new(alone, SEED), source)?;
                let dx = like(&activations[activation], &found.input);
                sums[activation] += &dx;
                parameters = found.parameters;
            }
            by_layer.push(parameters);
        }
        let dx = sums.remove(0);
        by_layer.reverse();
        let safety = safety(source);
        let parameters = by_layer.into_iter().flatten().enumerate();
        let parameters = parameters.map(|(number, found)| {
            let leaf = LeafName::Parameter(number);
            bounded(
                found.iter().map(value),
                point,
                leaf,
                safety,
                source.format(),
            )
        });
        Ok(Self {
            outputs: sums,
            leaves: Leaves {
                input: bounded(
                    dx.iter().copied().map(Some),
                    point,
                    LeafName::Input,
                    safety,
                    source.format(),
                ),
                parameters: parameters.collect(),
            },
        })
    }
}

pub(super) fn value(estimate: &Option<Estimate>) -> Option<f64> {
    estimate.map(|estimate| estimate.value)
}
