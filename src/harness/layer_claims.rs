//! How a layer of unknown formula is checked.
//!
//! The reference are differences of its own forward. What its gradient may be off by rounding is not
//! known, and bounded from what can be seen of it: a gradient g_j = Σᵢ rᵢ·∂yᵢ/∂x_j of N outputs is a sum
//! of terms t of which random signs of r show the size, √(Σt²), and
//!
//! ```text
//! |error| ≤ λ·√N·u·Σ|t| + κ·u·Σ|t| ≤ (λ·N + κ·√N)·u·√(Σt²)
//! ```
//!
//! with λ for the sum (N. J. Higham and T. Mary, *A new approach to probabilistic rounding error
//! analysis*, SIAM J. Sci. Comput. 41(5), 2019) and κ for the terms themselves; what the layer magnifies,
//! perturbed inputs show.

use ndarray::ArrayD;

use crate::judge::judge_claims;
use crate::report::claim::ClaimReport;
use crate::report::words::counted;
use crate::rng::{self, Stream};
use crate::scalar::Format;
use crate::source::{Estimate, LadderOptions, SAFETY_OTHER_ORDER, derivative};

use super::claims::{self, Claimed, ClaimsError, Sampling, Words};
use super::float::Float;
use super::hand_written::HandWritten;

/// Passes with random signs, and with perturbed numbers.
const RUNS: u64 = 8;

/// λ of the sum.
const OF_SUM: f64 = 4.0;

/// One layer under test.
pub(super) struct Checking<'a, A, L> {
    layer: &'a mut L,
    inputs: Vec<ArrayD<A>>,
    originals: Vec<ArrayD<A>>,
    names: Vec<String>,
    /// Number of inputs; what follows are parameters.
    of_inputs: usize,
    output: ArrayD<A>,
    cotangent: ArrayD<A>,
    sampling: Sampling,
}

impl<'a, A: Float, L: HandWritten<A>> Checking<'a, A, L> {
    /// Run forward twice.
    pub(super) fn new(
        layer: &'a mut L,
        inputs: &[ArrayD<A>],
        sampling: Sampling,
    ) -> Result<Self, ClaimsError> {
        let mut names: Vec<String> = match inputs {
            [_] => vec!["x".to_owned()],
            many => (0..many.len()).map(|number| format!("x{number}")).collect(),
        };
        let mut originals = inputs.to_vec();
        for (name, values) in claims::run("parameters", || owned(layer))? {
            names.push(name);
            originals.push(values);
        }
        if originals.iter().all(ArrayD::is_empty) {
            return Err(ClaimsError::Empty);
        }
        // Whatever is saved once and for all is now that of other numbers.
        let others = halved(inputs);
        claims::run("forward", || layer.forward(&others))?;
        let mut forward = || claims::run("forward", || layer.forward(inputs));
        let output = forward()?;
        claims::same("forward", &plain(&output), &plain(&forward()?))?;
        let mut stream = Stream::new(sampling.seed, "cotangent");
        let cotangent = output.mapv(|_| A::constant(stream.signed_weight()));
        Ok(Self {
            layer,
            inputs: inputs.to_vec(),
            of_inputs: inputs.len(),
            originals,
            names,
            output,
            cotangent,
            sampling,
        })
    }

    /// Judge every array.
    pub(super) fn report(mut self, repeat: String) -> Result<ClaimReport, ClaimsError> {
        let cotangent = self.cotangent.clone();
        let gradients = self.gradients(&cotangent)?;
        for again in [self.gradients(&cotangent)?, self.after_another(&cotangent)?] {
            for (first, second) in gradients.iter().zip(&again) {
                claims::same("backward", first, second)?;
            }
        }
        let errors = self.own_errors(&gradients)?;
        let sizes: Vec<usize> = self.originals.iter().map(ArrayD::len).collect();
        let positions = self.sampling.positions(&sizes);
        let (mut estimates, mut findings) = (Vec::new(), Vec::new());
        for (leaf, positions) in positions.iter().enumerate() {
            for &position in positions {
                estimates.push(Estimate {
                    value: gradients[leaf][position],
                    error: errors[leaf][position],
                });
                findings.push(self.finding(leaf, position)?);
            }
        }
        let mut claims = judge_claims(&estimates, &findings).into_iter();
        let batch = self.inputs.first().and_then(|x| x.shape().first());
        let batch = batch.copied().unwrap_or(1);
        let arrays: Vec<Claimed> = positions
            .into_iter()
            .enumerate()
            .map(|(leaf, positions)| Claimed {
                name: self.names[leaf].clone(),
                shape: self.originals[leaf].shape().to_vec(),
                is_input: leaf < self.of_inputs,
                batch,
                claims: claims.by_ref().take(positions.len()).collect(),
                errors: positions.iter().map(|at| errors[leaf][*at]).collect(),
                positions,
            })
            .collect();
        let what = format!(
            "the backward of a layer in {}, whose output has the shape {:?}, under {}",
            match A::FORMAT {
                Format::F64 => "f64",
                Format::F32 => "f32",
            },
            self.output.shape(),
            counted(self.output.len(), "random weight"),
        );
        let words = Words {
            what,
            repeat,
            subject: "backward",
            function: "forward",
        };
        Ok(claims::report(words, &arrays))
    }

    /// Forward, and the gradients from `dy` with respect to all arrays.
    fn gradients(&mut self, dy: &ArrayD<A>) -> Result<Vec<Vec<f64>>, ClaimsError> {
        let (layer, inputs) = (&mut *self.layer, &self.inputs);
        claims::run("forward", || layer.forward(inputs))?;
        let gradients = claims::run("backward", || layer.backward(inputs, dy))?;
        if gradients.len() != self.names.len() {
            return Err(ClaimsError::Shape(format!(
                "backward gives {}, and there should be one for each of {}",
                counted(gradients.len(), "gradient"),
                self.names.join(", ")
            )));
        }
        let pairs = gradients.iter().zip(&self.originals).zip(&self.names);
        for ((gradient, original), name) in pairs {
            if gradient.shape() != original.shape() {
                return Err(ClaimsError::Shape(format!(
                    "the gradient of {name} has the shape {:?}, and {name} has {:?}",
                    gradient.shape(),
                    original.shape()
                )));
            }
        }
        Ok(gradients.iter().map(plain).collect())
    }

    /// The gradients once more, after a pass over other numbers: nothing of it may be left.
    fn after_another(&mut self, dy: &ArrayD<A>) -> Result<Vec<Vec<f64>>, ClaimsError> {
        let others = halved(&self.inputs);
        let layer = &mut *self.layer;
        claims::run("forward", || layer.forward(&others))?;
        claims::run("backward", || layer.backward(&others, dy))?;
        self.gradients(dy)
    }

    /// Bounds on the rounding errors of the gradients; see the module.
    fn own_errors(&mut self, gradients: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, ClaimsError> {
        let outputs = self.output.len() as f64;
        let unit = A::FORMAT.unit_roundoff();
        let of_terms = (OF_SUM * outputs + SAFETY_OTHER_ORDER * outputs.sqrt()) * unit;
        let zeros = || {
            gradients
                .iter()
                .map(|g| vec![0.0; g.len()])
                .collect::<Vec<_>>()
        };
        let (mut terms, mut spreads) = (zeros(), zeros());
        for run in 0..RUNS {
            let mut stream = Stream::new(rng::derive(self.sampling.seed, "signs", run), "signs");
            let turned = self
                .cotangent
                .mapv(|r| if stream.below(2) == 0 { r } else { -r });
            add_squares(&mut terms, &self.gradients(&turned)?, &zeros());
            let found = self.perturbed(run)?;
            add_squares(&mut spreads, &found, gradients);
        }
        let root = |sum: f64| (sum / RUNS as f64).sqrt();
        let bound = |(terms, spread): (&f64, &f64)| {
            let bound = of_terms * root(*terms) + SAFETY_OTHER_ORDER * root(*spread);
            // Of what overflows nothing is known, and the claim itself is no number.
            if bound.is_finite() { bound } else { 0.0 }
        };
        let arrays = terms.iter().zip(&spreads);
        Ok(arrays
            .map(|(terms, spreads)| terms.iter().zip(spreads).map(bound).collect())
            .collect())
    }

    /// The gradients where every number is moved by up to a unit roundoff or two, equal numbers alike,
    /// so that what ties stays tied.
    fn perturbed(&mut self, run: u64) -> Result<Vec<Vec<f64>>, ClaimsError> {
        let unit = A::FORMAT.unit_roundoff();
        let moved = |value: A| {
            let seed = rng::derive(value.primal().to_bits(), "perturbation", run);
            let xi = (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
            let x = value.primal();
            A::constant(x + x * (2.0 * unit * xi))
        };
        let originals = self.originals.clone();
        let perturbed: Vec<ArrayD<A>> = originals.iter().map(|x| x.mapv(moved)).collect();
        self.place(&perturbed)?;
        let dy = self.cotangent.mapv(moved);
        let found = self.gradients(&dy);
        self.place(&originals)?;
        found
    }

    /// Put these values into inputs and parameters.
    fn place(&mut self, values: &[ArrayD<A>]) -> Result<(), ClaimsError> {
        let (inputs, parameters) = values.split_at(self.of_inputs);
        self.inputs.clone_from_slice(inputs);
        let layer = &mut *self.layer;
        claims::run("parameters", || {
            for ((_, own), value) in layer.parameters().into_iter().zip(parameters) {
                own.assign(value);
            }
        })
    }

    /// What the values of forward say of one derivative.
    fn finding(
        &mut self,
        leaf: usize,
        position: usize,
    ) -> Result<crate::source::Finding, ClaimsError> {
        let at = self.originals[leaf].iter().nth(position);
        let origin = at.expect("a position in this array").primal();
        let mut failure = None;
        // How large the outputs are that move with it, since they are rounded.
        let mut moving = 0.0_f64;
        let mut along = |value: f64, moving: &mut f64| match self.moved(leaf, position, value) {
            Ok((sum, squares)) => {
                *moving = moving.max(squares.sqrt());
                sum
            }
            Err(error) => {
                failure.get_or_insert(error);
                f64::NAN
            }
        };
        let reach = origin.abs().max(1.0) / 16.0;
        for value in [origin - reach, origin + reach] {
            along(value, &mut moving);
        }
        let options = LadderOptions {
            noise: Some(A::FORMAT.unit_roundoff() * moving).filter(|noise| noise.is_finite()),
            format: A::FORMAT,
            ..LadderOptions::default()
        };
        let found = derivative(|value| along(value, &mut 0.0), origin, &options);
        let original = self.originals[leaf].clone();
        self.put(leaf, &original)?;
        match failure {
            Some(error) => Err(error),
            None => Ok(found),
        }
    }

    /// Σ r·(y − y₀) with one entry at `value`, y₀ being the output at the point itself; and Σ (r·y)² of
    /// the outputs that are not the same.
    fn moved(
        &mut self,
        leaf: usize,
        position: usize,
        value: f64,
    ) -> Result<(f64, f64), ClaimsError> {
        let mut array = self.originals[leaf].clone();
        if let Some(entry) = array.iter_mut().nth(position) {
            *entry = A::constant(value);
        }
        self.put(leaf, &array)?;
        let (layer, inputs) = (&mut *self.layer, &self.inputs);
        let output = claims::run("forward", || layer.forward(inputs))?;
        if output.shape() != self.output.shape() {
            return Err(ClaimsError::Shape(format!(
                "forward gives an output of shape {:?}, and of {:?} when one number moves",
                self.output.shape(),
                output.shape()
            )));
        }
        let (mut sum, mut squares) = (0.0, 0.0);
        for ((y, origin), r) in output.iter().zip(&self.output).zip(&self.cotangent) {
            let (y, origin, r) = (y.primal(), origin.primal(), r.primal());
            if y.to_bits() != origin.to_bits() {
                sum += r * (y - origin);
                squares += (r * y.abs().max(origin.abs())).powi(2);
            }
        }
        Ok((sum, squares))
    }

    fn put(&mut self, leaf: usize, value: &ArrayD<A>) -> Result<(), ClaimsError> {
        if leaf < self.of_inputs {
            self.inputs[leaf].assign(value);
            return Ok(());
        }
        let (layer, number) = (&mut *self.layer, leaf - self.of_inputs);
        claims::run("parameters", || {
            if let Some((_, own)) = layer.parameters().into_iter().nth(number) {
                own.assign(value);
            }
        })
    }
}

/// The parameters with copies of their values.
fn owned<A: Float>(layer: &mut impl HandWritten<A>) -> Vec<(String, ArrayD<A>)> {
    let parameters = layer.parameters().into_iter();
    parameters
        .map(|(name, values)| (name.to_owned(), values.clone()))
        .collect()
}

fn halved<A: Float>(inputs: &[ArrayD<A>]) -> Vec<ArrayD<A>> {
    let half = |x: &ArrayD<A>| x.mapv(|x| x * A::constant(0.5));
    inputs.iter().map(half).collect()
}

/// The values in row-major order.
fn plain<A: Float>(array: &ArrayD<A>) -> Vec<f64> {
    array.iter().map(|value| value.primal()).collect()
}

/// Add the squares of `found` less `center`.
fn add_squares(sums: &mut [Vec<f64>], found: &[Vec<f64>], center: &[Vec<f64>]) {
    for ((sums, found), center) in sums.iter_mut().zip(found).zip(center) {
        for ((sum, found), center) in sums.iter_mut().zip(found).zip(center) {
            *sum += (found - center).powi(2);
        }
    }
}
