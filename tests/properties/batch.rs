//! The gradient of a batch's mean loss is the mean over its samples.

use gradproof::harness::{NetworkCase, strategy};
use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Network, Problem};
use gradproof::source::{Point, SAFETY};
use gradproof::spec::plan::{Plan, PlanError};
use gradproof::spec::{OpSpec, for_each_operator};
use gradproof::tensor::{Tensor, values};
use ndarray::{Axis, Slice};
use proptest::prelude::*;

use super::{Outcome, hold, made};

#[test]
fn the_gradient_of_a_batch_mean_is_the_mean_over_its_samples() {
    // Not so where samples share a mean and a variance.
    let cases = strategy::network().prop_map(|mut case| {
        for_each_operator(&mut case.spec.layers, &mut |op| {
            if let OpSpec::BatchNorm2d(norm) = op {
                norm.training = false;
            }
        });
        case
    });
    hold("batch_mean", cases, |case| batch_mean(&case));
}

fn batch_mean(case: &NetworkCase) -> Outcome {
    let whole = point(made(case.problem())?, case.seed);
    let samples: Vec<Sided> = (0..case.batch)
        .map(|n| {
            Ok(point(
                made(sample(case, &whole.point.problem, n))?,
                case.seed,
            ))
        })
        .collect::<Result<_, TestCaseError>>()?;
    let count = samples.len() as f64;
    let share = match whole.point.problem.objective.loss {
        Some(Loss::WeightedSum { .. }) => 1.0,
        _ => 1.0 / count,
    };

    for leaf in whole.point.problem.leaves() {
        for coordinate in whole.point.problem.coordinates(leaf) {
            let (batch, batch_error) = whole.at(coordinate);
            let (mut sum, mut error, mut terms) = (0.0, batch_error, 0.0);
            for (sample, coordinate) in own(&samples, coordinate) {
                let (value, sample_error) = sample.at(coordinate);
                sum += value;
                terms += value.abs();
                error += share * sample_error;
            }
            // The mean is taken here, with a rounding for each sample, the division and the product.
            error += (count + 2.0) * f64::EPSILON * share * terms;
            let gap = (batch - share * sum).abs();
            prop_assert!(
                gap <= error,
                "{case}, {}: {batch} for the batch, {} from samples, gap {gap:e}, bound {error:e}",
                whole.point.problem.network.coordinate_name(coordinate),
                share * sum
            );
        }
    }
    Ok(())
}

/// A point with its gradient by backpropagation.
struct Sided {
    point: Point,
    input: Tensor<f64>,
    parameters: Vec<Tensor<f64>>,
}

impl Sided {
    /// The derivative and its error bound.
    fn at(&self, coordinate: Coordinate) -> (f64, f64) {
        let gradient = match coordinate.leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters[number],
        };
        let error = SAFETY * self.point.rounding.derivative(coordinate);
        (values(gradient)[coordinate.index], error)
    }
}

fn point(problem: Problem, seed: u64) -> Sided {
    let evaluation = problem.backpropagate::<f64>(None);
    Sided {
        point: Point::new(problem, seed),
        input: evaluation.input,
        parameters: evaluation.parameters,
    }
}

/// The samples that a coordinate is seen by, and its name there: an input belongs to one sample.
fn own(samples: &[Sided], coordinate: Coordinate) -> Vec<(&Sided, Coordinate)> {
    if coordinate.leaf != LeafName::Input {
        return samples.iter().map(|sample| (sample, coordinate)).collect();
    }
    let size = samples[0].input.len();
    let (n, index) = (coordinate.index / size, coordinate.index % size);
    vec![(
        &samples[n],
        Coordinate {
            index,
            ..coordinate
        },
    )]
}

/// The problem of sample `n` alone.
fn sample(case: &NetworkCase, whole: &Problem, n: usize) -> Result<Problem, PlanError> {
    let only = |tensor: &Tensor<f64>| {
        tensor
            .slice_axis(Axis(0), Slice::from(n..n + 1))
            .as_standard_layout()
            .into_owned()
    };
    let mut problem = whole.clone();
    problem.network = Network::new(&Plan::new(&case.spec, 1)?);
    problem.input = only(&whole.input);
    problem.objective.loss = whole.objective.loss.as_ref().map(|loss| match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            ..
        } => Loss::SoftmaxCrossEntropy {
            classes: vec![classes[n]],
            label_smoothing: *label_smoothing,
            class_weights: None,
        },
        Loss::MeanSquaredError { target } => Loss::MeanSquaredError {
            target: only(target),
        },
        Loss::Nll { classes, .. } => Loss::Nll {
            classes: vec![classes[n]],
            class_weights: None,
        },
        Loss::L1 { target } => Loss::L1 {
            target: only(target),
        },
        Loss::Huber { target, delta } => Loss::Huber {
            target: only(target),
            delta: *delta,
        },
        Loss::BceWithLogits { target } => Loss::BceWithLogits {
            target: only(target),
        },
        Loss::WeightedSum { cotangent } => Loss::WeightedSum {
            cotangent: only(cotangent),
        },
    });
    Ok(problem)
}
