//! The activations that are still to be read.
//!
//! Activations are numbered: 0 is the network's input, and k + 1 the output of layer number k. A layer
//! reads what stands before it, mostly the activation just before, and at the end of a block of
//! branches several.

use std::ops::Range;

use crate::layer::{Branches, Layer, Saved};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, values};

use super::{Network, NetworkLayer, Parameters, Pattern};

/// The activations that the layers from some number on read: all that their outputs depend on, besides
/// their parameters.
#[derive(Clone, Debug)]
pub struct Live<S> {
    /// By number; `None` for what has been read for the last time, or is not there yet.
    activations: Vec<Option<Tensor<S>>>,
}

impl<S: Scalar> Live<S> {
    /// At the network's input `x`.
    #[must_use]
    pub fn at_input(x: Tensor<S>) -> Self {
        Self {
            activations: vec![Some(x)],
        }
    }

    /// Activation number `number`; `None` when no layer reads it any more.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Tensor<S>> {
        self.activations.get(number)?.as_ref()
    }

    /// The same, to be written.
    #[must_use]
    pub fn get_mut(&mut self, number: usize) -> Option<&mut Tensor<S>> {
        self.activations.get_mut(number)?.as_mut()
    }

    /// The newest activation, which behind the last layer is the network's output.
    ///
    /// # Panics
    /// When it has been read by a layer that gave nothing.
    #[must_use]
    pub fn take_newest(&mut self) -> Tensor<S> {
        let newest = self.activations.pop().flatten();
        newest.expect("the newest activation has not been read yet")
    }

    /// Whether this is true of any number.
    pub fn any(&self, is_true: impl Fn(&S) -> bool) -> bool {
        self.activations.iter().flatten().flatten().any(is_true)
    }

    /// What layer number `number` reads; taken out where nobody reads it later.
    fn read(&mut self, network: &Network, number: usize) -> Vec<Tensor<S>> {
        let reads = &network.layers[number].reads;
        let inputs = reads.iter().enumerate().map(|(position, activation)| {
            let is_last = network.last_reader[*activation] == number
                && !reads[position + 1..].contains(activation);
            let slot = &mut self.activations[*activation];
            let input = if is_last { slot.take() } else { slot.clone() };
            input.expect("what a layer reads has been computed before")
        });
        inputs.collect()
    }
}

impl Live<f64> {
    /// Whether all activations are the same to the bit: then so is all that follows from them.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let same_tensor = |a: &Tensor<f64>, b: &Tensor<f64>| {
            let mut pairs = values(a).iter().zip(values(b));
            a.shape() == b.shape() && pairs.all(|(a, b)| a.to_bits() == b.to_bits())
        };
        let mut pairs = self.activations.iter().zip(&other.activations);
        self.activations.len() == other.activations.len()
            && pairs.all(|pair| match pair {
                (Some(a), Some(b)) => same_tensor(a, b),
                (None, None) => true,
                _ => false,
            })
    }
}

impl Network {
    /// For each activation the number of the last layer that reads it; behind the last layer the
    /// network's output is read.
    pub(super) fn last_readers(layers: &[NetworkLayer]) -> Vec<usize> {
        let mut last = vec![layers.len(); layers.len() + 1];
        for (number, layer) in layers.iter().enumerate() {
            for activation in &layer.reads {
                if *activation < layers.len() {
                    last[*activation] = number;
                }
            }
        }
        last
    }

    /// Run the layers in `layers` on what `live` holds, showing `watch` number and input of every layer
    /// with one, and `keep` what each keeps for backward.
    ///
    /// With `replay`, every branch is taken as in the pass that the pattern is of.
    ///
    /// # Panics
    /// When `live` is not of this network, or of another place in it than the first layer's.
    pub fn run<S: Scalar>(
        &self,
        layers: Range<usize>,
        parameters: &Parameters<S>,
        live: &mut Live<S>,
        replay: Option<&Pattern>,
        mut watch: impl FnMut(usize, &Tensor<S>),
        mut keep: impl FnMut(Saved<S>),
    ) {
        for number in layers {
            let mut inputs = live.read(self, number);
            let layer = &self.layers[number];
            let (y, saved) = match &layer.layer {
                Layer::Join(join) => join.forward(inputs),
                one => {
                    let x = inputs.pop().expect("a layer reads something");
                    watch(number, &x);
                    let branches = match replay.and_then(|pattern| pattern.layer(number)) {
                        Some(choices) => Branches::Replay(choices),
                        None => Branches::Follow,
                    };
                    let own = &parameters.tensors[layer.parameter_range()];
                    one.forward(own, x, &layer.output, branches)
                }
            };
            live.activations.push(Some(y));
            keep(saved);
        }
    }

    /// Every activation in the order of their numbers, of which the last is the network's output.
    #[must_use]
    pub fn activations<S: Scalar>(
        &self,
        parameters: &Parameters<S>,
        x: Tensor<S>,
        replay: Option<&Pattern>,
    ) -> Vec<Tensor<S>> {
        let mut live = Live::at_input(x.clone());
        let mut activations = vec![x];
        for layer in 0..self.layers.len() {
            self.run(
                layer..layer + 1,
                parameters,
                &mut live,
                replay,
                |_, _| (),
                |_| (),
            );
            let newest = live.get(layer + 1).expect("a layer has an output");
            activations.push(newest.clone());
        }
        activations
    }
}
