//! How far units that a change reaches are from another branch, and what the change does to that.

use std::ops::Range;

use crate::change::{Change, Extent, LANES};
use crate::layer::Layer;
use crate::network::{NetworkLayer, Unit};
use crate::scalar::{Dual, Scalar};
use crate::tensor::{self, Tensor, values, values_mut};

use super::super::clearance::beyond_ties;
use super::Still;

impl Still<'_> {
    /// Show `visit` every margin of the units of layer number `place`, or behind the last of the loss, that
    /// `change` of the layer's input moves: the unit, the margin (0 for a tie), and its tangents.
    pub(in crate::source) fn margins(
        &self,
        place: usize,
        change: &Change,
        visit: impl FnMut(Unit, f64, &[f64]),
    ) {
        let Some(choices) = self.pattern.at(place).filter(|_| !change.is_nothing()) else {
            return;
        };
        match self.problem.network.layers().get(place) {
            Some(layer) if matches!(layer.layer, Layer::Relu) => {
                self.of_relu(place, choices, change, visit);
            }
            Some(layer) => self.of_layer(place, layer, choices, change, visit),
            None => self.of_loss(place, choices, change, visit),
        }
    }

    /// What the layer reads; behind the last, the network's output.
    fn read_at(&self, place: usize) -> &Tensor<f64> {
        let layer = self.problem.network.layers().get(place);
        &self.activations[layer.map_or(place, |layer| layer.reads[0])]
    }

    /// The distances from 0, without the detour over dual numbers: most units are of this kind.
    fn of_relu(
        &self,
        place: usize,
        choices: &[u32],
        change: &Change,
        mut visit: impl FnMut(Unit, f64, &[f64]),
    ) {
        let (x, tie) = (self.read_at(place), self.ties[place]);
        let (channels, extent) = (change.channels(), Extent::of(x.shape()));
        for (n, deltas) in change.samples(extent).enumerate() {
            let range = extent.range(n, &channels);
            for ((index, x), delta) in range.clone().zip(&values(x)[range]).zip(deltas) {
                let unit = Unit::Layer {
                    layer: place,
                    index,
                };
                let margin = beyond_ties(x.abs(), tie);
                if choices[index] == 0 {
                    visit(unit, margin, &delta.map(|delta| -delta));
                } else {
                    visit(unit, margin, delta);
                }
            }
        }
    }

    /// Of the units of the changed channels, which are a smaller layer of the same kind.
    fn of_layer(
        &self,
        place: usize,
        layer: &NetworkLayer,
        choices: &[u32],
        change: &Change,
        mut visit: impl FnMut(Unit, f64, &[f64]),
    ) {
        let (x, tie) = (self.read_at(place), self.ties[place]);
        let (channels, to) = (change.channels(), Extent::of(&layer.output));
        let x = tensor::from_values(&of_channels(x.shape(), &channels), moved(x, change));
        let x = x.expect("a change has the channels' size");
        let own: Vec<u32> = (0..to.samples)
            .flat_map(|n| &choices[to.range(n, &channels)])
            .copied()
            .collect();
        let output = of_channels(&layer.output, &channels);
        let length = channels.len() * to.positions;
        layer
            .layer
            .margins(&x, &output, &own, |index, _, margin: Dual<LANES>| {
                let Some(slopes) = margin.tangents() else {
                    return;
                };
                let first = to.range(index / length, &channels).start;
                let unit = Unit::Layer {
                    layer: place,
                    index: first + index % length,
                };
                visit(unit, beyond_ties(margin.primal(), tie), slopes);
            });
    }

    fn of_loss(
        &self,
        place: usize,
        choices: &[u32],
        change: &Change,
        mut visit: impl FnMut(Unit, f64, &[f64]),
    ) {
        let (x, tie) = (self.read_at(place), self.ties[place]);
        let (channels, extent) = (change.channels(), Extent::of(x.shape()));
        let mut output: Tensor<Dual<LANES>> = tensor::lift(x);
        let length = channels.len() * extent.positions;
        for (n, moved) in moved(x, change).chunks_exact(length).enumerate() {
            values_mut(&mut output)[extent.range(n, &channels)].copy_from_slice(moved);
        }
        self.problem
            .margins(place, &output, choices, |unit, _, margin| {
                if let Some(slopes) = margin.tangents() {
                    visit(unit, beyond_ties(margin.primal(), tie), slopes);
                }
            });
    }
}

/// This shape with so many channels alone.
fn of_channels(shape: &[usize], channels: &Range<usize>) -> Vec<usize> {
    let mut shape = shape.to_vec();
    shape[1] = channels.len();
    shape
}

/// The entries of x that change, with the change as their tangents.
fn moved(x: &Tensor<f64>, change: &Change) -> Vec<Dual<LANES>> {
    let (channels, extent) = (change.channels(), Extent::of(x.shape()));
    let of_samples = change.samples(extent).enumerate().flat_map(|(n, deltas)| {
        let x = &values(x)[extent.range(n, &channels)];
        x.iter().zip(deltas)
    });
    of_samples
        .map(|(x, delta)| Dual::with_tangents(*x, delta))
        .collect()
}
