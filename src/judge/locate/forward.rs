//! In which layer two forward passes part.

use crate::network::Problem;
use crate::rng::{self, Stream};
use crate::source::{GradientSource, Point, SAFETY, SourceError};
use crate::tensor::zeros;

use super::gradients::{SEED, safety};

/// The layers, by name, whose output `independent` finds to be another than ours from the same
/// input, which is that of our own pass; then "loss" and "penalty".
///
/// An output is compared as Σ r·y with random r; the forward passes of two sources that agree there
/// are the same, as far as rounding lets them be told apart.
///
/// # Errors
/// The source's.
pub fn locate_forward(
    point: &Point,
    independent: &dyn GradientSource,
) -> Result<Vec<String>, SourceError> {
    let problem = &point.problem;
    let mut differing = Vec::new();
    let activations = problem.activations();
    if problem.objective.loss.is_some() {
        for (number, layer) in problem.network.layers().iter().enumerate() {
            let mut stream = Stream::new(rng::derive(SEED, &layer.name, 0), "cotangent");
            let cotangent = zeros(&layer.output).mapv(|_: f64| stream.signed_weight());
            if layer.reads.is_empty() {
                continue;
            }
            let alone = problem.layer_alone(number, &activations, cotangent);
            if !is_same(alone, independent)? {
                differing.push(layer.name.clone());
            }
        }
        let layers = problem.network.layers().len();
        let loss = problem.from_layer(layers, &activations);
        if !is_same(loss, independent)? {
            differing.push("loss".to_owned());
        }
    }
    if problem.objective.penalty.is_some() {
        let mut penalty = problem.clone();
        penalty.objective.loss = None;
        if !is_same(penalty, independent)? {
            differing.push("penalty".to_owned());
        }
    }
    Ok(differing)
}

/// Whether `independent` finds our value of `problem`'s objective.
fn is_same(problem: Problem, independent: &dyn GradientSource) -> Result<bool, SourceError> {
    let point = Point::new(problem, SEED);
    let ours = point.problem.value::<f64>(None);
    let theirs = point.ask(independent, &[], &|_| ())?.value;
    let bound = (SAFETY + safety(independent)) * point.rounding.value() + f64::MIN_POSITIVE;
    // Where nothing is a number, there is nothing to tell apart.
    Ok((ours - theirs).abs() <= bound || (ours.is_nan() && theirs.is_nan()))
}
