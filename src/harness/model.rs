//! Somebody's whole model: named parameters, a loss, and its gradients.

use std::collections::BTreeMap;
use std::panic::Location;

use ndarray::ArrayD;

use crate::judge::judge_claims;
use crate::report::Outcome;
use crate::report::claim::ClaimReport;
use crate::report::words::{counted, grouped};
use crate::source::{Estimate, Finding, LadderOptions, derivative};

use super::claims::{self, Claimed, ClaimsError, Sampling, Words};
use super::page::claim_message;

/// A model with a gradient by hand.
///
/// ```
/// use std::collections::BTreeMap;
/// use gradproof::harness::{Model, assert_model, ndarray::{ArrayD, arr1}};
///
/// struct Line { weight: ArrayD<f64> }
/// impl Model for Line {
///     fn parameters(&mut self) -> Vec<(String, &mut ArrayD<f64>)> {
///         vec![("weight".to_owned(), &mut self.weight)]
///     }
///     fn loss(&mut self) -> f64 {
///         self.weight.iter().map(|w| (w - 1.0).powi(2)).sum()
///     }
///     fn gradients(&mut self) -> BTreeMap<String, ArrayD<f64>> {
///         BTreeMap::from([("weight".to_owned(), 2.0 * (&self.weight - 1.0))])
///     }
/// }
/// assert_model(&mut Line { weight: arr1(&[0.5, 3.0]).into_dyn() });
/// ```
pub trait Model {
    /// Every parameter with its name, to be read and written.
    fn parameters(&mut self) -> Vec<(String, &mut ArrayD<f64>)>;

    /// The loss at the parameters that it has, on samples of its own.
    fn loss(&mut self) -> f64;

    /// The gradient of that loss with respect to each parameter, by name.
    fn gradients(&mut self) -> BTreeMap<String, ArrayD<f64>>;
}

/// Hold a model's gradients against differences of its loss.
///
/// Of more than 256 derivatives a random sample is checked, at least one of each parameter, and the
/// report says so; [`check_model`] takes another number.
///
/// # Panics
/// When a gradient is wrong or cannot be judged: with the ten worst coordinates, counts, blame and kind.
#[track_caller]
pub fn assert_model(model: &mut impl Model) {
    let sampling = Sampling::asked_for().unwrap_or_else(|error| panic!("{error}"));
    match check_model(model, sampling) {
        Ok(report) if report.outcome == Outcome::Right => (),
        Ok(report) => panic!("{}", claim_message(&report)),
        Err(error) => panic!("{}, {}\n{error}", sampling.repeat(), Location::caller()),
    }
}

/// The same with another number of derivatives or another seed, returning what was found.
///
/// # Errors
/// [`ClaimsError`], when their code panics, answers twice differently, or gives gradients of other
/// names or shapes.
#[track_caller]
pub fn check_model(model: &mut impl Model, sampling: Sampling) -> Result<ClaimReport, ClaimsError> {
    let repeat = format!("{}, {}", sampling.repeat(), Location::caller());
    let originals: Vec<(String, ArrayD<f64>)> = claims::run("parameters", || {
        let parameters = model.parameters().into_iter();
        parameters
            .map(|(name, values)| (name, values.clone()))
            .collect()
    })?;
    let sizes: Vec<usize> = originals.iter().map(|(_, values)| values.len()).collect();
    if sizes.iter().sum::<usize>() == 0 {
        return Err(ClaimsError::Empty);
    }
    let mut loss = || claims::run("the loss", || model.loss());
    claims::same("the loss", &[loss()?], &[loss()?])?;
    let claimed = gradients(model, &originals)?;
    let positions = sampling.positions(&sizes);
    let (mut estimates, mut findings) = (Vec::new(), Vec::new());
    for (number, positions) in positions.iter().enumerate() {
        for &position in positions {
            estimates.push(Estimate {
                value: claimed[number][position],
                error: 0.0,
            });
            findings.push(finding(model, number, position)?);
        }
    }
    // Whatever it adds up between calls shows only now.
    for (first, second) in claimed.iter().zip(gradients(model, &originals)?) {
        claims::same("the gradient", first, &second)?;
    }
    let mut judged = judge_claims(&estimates, &findings).into_iter();
    let arrays: Vec<Claimed> = positions
        .into_iter()
        .zip(&originals)
        .map(|(positions, (name, values))| Claimed {
            name: name.clone(),
            shape: values.shape().to_vec(),
            is_input: false,
            batch: 1,
            claims: judged.by_ref().take(positions.len()).collect(),
            errors: vec![0.0; positions.len()],
            positions,
        })
        .collect();
    let what = format!(
        "the gradient of a model's loss: {} numbers in {}",
        grouped(sizes.iter().sum()),
        counted(sizes.len(), "parameter")
    );
    let words = Words {
        what,
        repeat,
        subject: "the gradient",
        function: "the loss",
    };
    Ok(claims::report(words, &arrays))
}

/// The claimed gradients in the order of the parameters.
fn gradients(
    model: &mut impl Model,
    originals: &[(String, ArrayD<f64>)],
) -> Result<Vec<Vec<f64>>, ClaimsError> {
    let mut gradients = claims::run("the gradient", || model.gradients())?;
    let mut claimed = Vec::new();
    for (name, values) in originals {
        let Some(gradient) = gradients.remove(name) else {
            return Err(ClaimsError::Shape(format!(
                "there is no gradient of '{name}': give one for each parameter"
            )));
        };
        if gradient.shape() != values.shape() {
            return Err(ClaimsError::Shape(format!(
                "the gradient of {name} has the shape {:?}, and {name} has {:?}",
                gradient.shape(),
                values.shape()
            )));
        }
        claimed.push(gradient.iter().copied().collect());
    }
    match gradients.keys().next() {
        None => Ok(claimed),
        Some(name) => Err(ClaimsError::Shape(format!(
            "there is a gradient of '{name}', and no such parameter"
        ))),
    }
}

/// What the loss says of one derivative.
fn finding(model: &mut impl Model, number: usize, position: usize) -> Result<Finding, ClaimsError> {
    let origin = put(model, number, position, None)?;
    let mut failure = None;
    let mut along = |value: f64| {
        let moved = put(model, number, position, Some(value))
            .and_then(|_| claims::run("the loss", || model.loss()));
        moved.unwrap_or_else(|error| {
            failure.get_or_insert(error);
            f64::NAN
        })
    };
    let found = derivative(&mut along, origin, &LadderOptions::default());
    put(model, number, position, Some(origin))?;
    match failure {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// Write one number of a parameter, when there is one to write, and return what it is.
fn put(
    model: &mut impl Model,
    number: usize,
    position: usize,
    value: Option<f64>,
) -> Result<f64, ClaimsError> {
    let entry = claims::run("parameters", || {
        let (_, array) = model.parameters().into_iter().nth(number)?;
        let entry = array.iter_mut().nth(position)?;
        if let Some(value) = value {
            *entry = value;
        }
        Some(*entry)
    })?;
    entry.ok_or_else(|| {
        ClaimsError::Shape("the parameters have not the same shapes each time".to_owned())
    })
}
