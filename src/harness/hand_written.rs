//! Somebody's layer: forward, and a backward by hand.

use std::panic::Location;

use ndarray::ArrayD;

use crate::report::Outcome;
use crate::report::claim::ClaimReport;

use super::claims::{ClaimsError, Sampling};
use super::float::Float;
use super::layer_claims::Checking;
use super::page::claim_message;

/// A layer with a backward by hand, in `f64` or `f32`.
///
/// ```
/// use gradproof::harness::{HandWritten, assert_layer, random_array};
/// use gradproof::harness::ndarray::ArrayD;
///
/// struct Square;
/// impl HandWritten<f64> for Square {
///     fn forward(&mut self, inputs: &[ArrayD<f64>]) -> ArrayD<f64> {
///         &inputs[0] * &inputs[0]
///     }
///     fn backward(&mut self, inputs: &[ArrayD<f64>], dy: &ArrayD<f64>) -> Vec<ArrayD<f64>> {
///         vec![2.0 * dy * &inputs[0]]
///     }
/// }
/// assert_layer(&mut Square, &[random_array(&[2, 3], 1)]);
/// ```
pub trait HandWritten<A: Float> {
    /// The output for these inputs, batch first. What backward needs may be saved in `self`.
    fn forward(&mut self, inputs: &[ArrayD<A>]) -> ArrayD<A>;

    /// The gradients with respect to every input, and then to every parameter, in the order of
    /// [`HandWritten::parameters`], from `dy`, the gradient of the output. It is called right after
    /// forward on the same `inputs`, which a layer that saves what it needs may leave alone.
    fn backward(&mut self, inputs: &[ArrayD<A>], dy: &ArrayD<A>) -> Vec<ArrayD<A>>;

    /// The parameters with their names; none when nothing is said.
    fn parameters(&mut self) -> Vec<(&'static str, &mut ArrayD<A>)> {
        Vec::new()
    }
}

/// Hold a layer's backward against differences of its own forward, at `inputs` and at the parameters
/// that it has, under a sum of its outputs with random signs and weights between 1/2 and 3/2.
///
/// Of more than 256 derivatives a random sample is checked, and the report says so; [`check_layer`] takes
/// another number.
///
/// # Panics
/// When a gradient is wrong or cannot be judged: with the ten worst coordinates, counts, blame and kind.
#[track_caller]
pub fn assert_layer<A: Float>(layer: &mut impl HandWritten<A>, inputs: &[ArrayD<A>]) {
    let sampling = Sampling::asked_for().unwrap_or_else(|error| panic!("{error}"));
    match check_layer(layer, inputs, sampling) {
        Ok(report) if report.outcome == Outcome::Right => (),
        Ok(report) => panic!("{}", claim_message(&report)),
        Err(error) => panic!("{}, {}\n{error}", sampling.repeat(), Location::caller()),
    }
}

/// The same with another number of derivatives or another seed, returning what was found.
///
/// # Errors
/// [`ClaimsError`], when their code panics, answers twice differently, or gives gradients of other
/// shapes.
#[track_caller]
pub fn check_layer<A: Float>(
    layer: &mut impl HandWritten<A>,
    inputs: &[ArrayD<A>],
    sampling: Sampling,
) -> Result<ClaimReport, ClaimsError> {
    let repeat = format!("{}, {}", sampling.repeat(), Location::caller());
    Checking::new(layer, inputs, sampling)?.report(repeat)
}
