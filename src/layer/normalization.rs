//! Entries less their mean, over their standard deviation, and then scaled and shifted.
//!
//! M number of entries of a set, which share mean μ and variance v · k the place of an entry's scale γ
//! and shift β
//!
//! ```text
//! μ = 1/M · Σ x,  v = 1/M · Σ (x − μ)²,  x̂ = (x − μ)/√(v + ε),  y = γ[k]·x̂ + β[k]
//! ```
//!
//! | | a set | k |
//! |---|---|---|
//! | `batch_norm2d` | a channel of all samples | channel |
//! | `group_norm` | a group of channels of a sample | channel |
//! | `instance_norm` | a channel of a sample | channel |
//! | `layer_norm` | the last axes | the place in them |
//!
//! With running statistics μ and v are constants. ε > 0 keeps a set of equal entries, or of one alone,
//! from being divided by 0.

use std::ops::Range;

use crate::scalar::Scalar;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;

/// A normalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// Which entries share a mean and a variance.
    pub over: Over,
    /// ε.
    pub eps: f64,
    /// Constants in the place of the entries' own mean and variance, one of each for a channel.
    pub running: Option<Running>,
}

/// Which entries share a mean and a variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Those of one channel in all samples.
    Batch,
    /// Those of one of so many groups of channels in one sample.
    Groups(usize),
    /// Those of one channel in one sample.
    Instance,
    /// So many neighbours: those along the last axes.
    Layer(usize),
}

/// Statistics that were gathered before; when left out, 0 and 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Mean of each channel.
    pub mean: Option<Vec<f64>>,
    /// Variance of each channel.
    pub variance: Option<Vec<f64>>,
}

/// Entries with one mean and one variance, in pieces that are neighbours.
type Set = Vec<Range<usize>>;

impl Normalization {
    /// Compute y in the shape of x, scaled by weight and shifted by bias, if there are such.
    #[must_use]
    pub fn forward<S: Scalar>(&self, parameters: &[Tensor<S>], x: &Tensor<S>) -> Tensor<S> {
        let mut y = zeros(x.shape());
        let units = parameters.first().map_or(1, |weight| weight.shape()[0]);
        self.forward_units(parameters, x, 0..units, &mut y);
        y
    }

    /// Compute again the entries whose scale and shift lie in `units` of their first axis.
    pub fn forward_units<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        units: Range<usize>,
        y: &mut Tensor<S>,
    ) {
        let shape = x.shape();
        let affine = parameters.first().zip(parameters.get(1));
        let places = affine.map(|(weight, _)| {
            let inner: usize = weight.shape()[1..].iter().product();
            units.start * inner..units.end * inner
        });
        let affine = affine.map(|(weight, bias)| (values(weight), values(bias)));
        let (x, y) = (values(x), values_mut(y));
        let is_asked = |at: usize| {
            let places = places.as_ref();
            places.is_none_or(|places| places.contains(&self.place(shape, at)))
        };
        for (number, set) in self.sets(shape).iter().enumerate() {
            if !entries(set).any(is_asked) {
                continue;
            }
            let (mean, deviation) = self.statistics(number, x, set);
            for at in entries(set).filter(|at| is_asked(*at)) {
                let normal = (x[at] - mean) / deviation;
                y[at] = affine.map_or(normal, |(weight, bias)| {
                    let k = self.place(shape, at);
                    weight[k] * normal + bias[k]
                });
            }
        }
    }

    /// Compute the gradients from dy in the shape of x:
    ///
    /// ```text
    /// dx   = (γ·dy − 1/M·Σ γ·dy − x̂·1/M·Σ γ·dy·x̂)/√(v + ε), the sums over the entry's set
    /// dγ[k] = Σ dy·x̂,  dβ[k] = Σ dy
    /// ```
    ///
    /// With running statistics the two sums are left out of dx.
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        dy: &Tensor<S>,
    ) -> LayerGradients<S> {
        let shape = x.shape();
        let mut dx = zeros(shape);
        let mut gradients: Vec<Tensor<S>> = parameters
            .iter()
            .map(|tensor| zeros(tensor.shape()))
            .collect();
        let weight = parameters.first().map(values);
        let (x, dy, dx_values) = (values(x), values(dy), values_mut(&mut dx));
        for (number, set) in self.sets(shape).iter().enumerate() {
            let (mean, deviation) = self.statistics(number, x, set);
            let count = S::constant(entries(set).count() as f64);
            let normal = |at: usize| (x[at] - mean) / deviation;
            let scaled =
                |at: usize| weight.map_or(dy[at], |weight| weight[self.place(shape, at)] * dy[at]);
            let (mut along_mean, mut along_variance) = (S::zero(), S::zero());
            for at in entries(set) {
                along_mean += scaled(at);
                along_variance.add_product(&scaled(at), &normal(at));
                if let [dw, db] = gradients.as_mut_slice() {
                    let k = self.place(shape, at);
                    values_mut(dw)[k].add_product(&dy[at], &normal(at));
                    values_mut(db)[k] += dy[at];
                }
            }
            for at in entries(set) {
                let mut slope = scaled(at);
                if self.running.is_none() {
                    slope -= (along_mean + normal(at) * along_variance) / count;
                }
                dx_values[at] = slope / deviation;
            }
        }
        LayerGradients {
            input: dx,
            parameters: gradients,
        }
    }

    /// μ and √(v + ε) of set number `number`.
    fn statistics<S: Scalar>(&self, number: usize, x: &[S], set: &Set) -> (S, S) {
        let (mean, variance) = match &self.running {
            Some(running) => {
                let given = |values: &Option<Vec<f64>>, usual: f64| {
                    S::constant(values.as_ref().map_or(usual, |values| values[number]))
                };
                (given(&running.mean, 0.0), given(&running.variance, 1.0))
            }
            None => {
                let count = S::constant(entries(set).count() as f64);
                let mean = entries(set).fold(S::zero(), |sum, at| sum + x[at]) / count;
                let squares = entries(set).fold(S::zero(), |sum, at| {
                    let apart = x[at] - mean;
                    sum + apart * apart
                });
                (mean, squares / count)
            }
        };
        (mean, (variance + S::constant(self.eps)).sqrt())
    }

    /// Where the scale and shift of entry `at` stand.
    fn place(&self, shape: &[usize], at: usize) -> usize {
        match self.over {
            Over::Layer(size) => at % size,
            _ => at / plane(shape) % shape[1],
        }
    }

    /// All sets of an input of this shape, batch first; those of `Over::Batch` in the channels' order.
    fn sets(&self, shape: &[usize]) -> Vec<Set> {
        let plane = plane(shape);
        let all: usize = shape.iter().product();
        let length = match self.over {
            Over::Batch => {
                let channel = |c: usize| {
                    let starts = (0..shape[0]).map(move |n| (n * shape[1] + c) * plane);
                    starts.map(|start| start..start + plane).collect()
                };
                return (0..shape[1]).map(channel).collect();
            }
            Over::Groups(groups) => shape[1] / groups * plane,
            Over::Instance => plane,
            Over::Layer(size) => size,
        };
        let set = |start| std::iter::once(start..start + length).collect();
        (0..all).step_by(length).map(set).collect()
    }
}

/// Entries of one channel of one sample.
fn plane(shape: &[usize]) -> usize {
    shape.iter().skip(2).product()
}

fn entries(set: &Set) -> impl Iterator<Item = usize> + '_ {
    set.iter().cloned().flatten()
}
