//! The part of a network behind one weight: all that a change of the weight can alter.

use std::ops::Range;

use crate::network::{Coordinate, LeafName, Live, Network, Parameters, Pattern, Problem};
use crate::scalar::Scalar;
use crate::tensor::{self, Tensor, values_mut};

/// What the layer that owns a leaf reads and writes at the unperturbed point, in the arithmetic of `S`.
pub(super) struct Owner<'a, S> {
    problem: &'a Problem,
    leaf: LeafName,
    /// Number of the layer; `None` for the network's input.
    layer: Option<usize>,
    /// All parameters.
    parameters: &'a Parameters<S>,
    /// The branches to take, or `None` to follow the values.
    replay: Option<&'a Pattern>,
    /// The owner's input; `None` when no layer owns the leaf.
    input: Option<Tensor<S>>,
    /// What the layers behind the owner read, its own output among it; when no layer owns the leaf,
    /// the network's input.
    live: Live<S>,
}

/// [`Owner`] with the values of one leaf to be changed.
pub(super) struct Behind<'a, S> {
    problem: &'a Problem,
    leaf: LeafName,
    layer: Option<usize>,
    /// All parameters, of which only those behind the owner are read.
    parameters: &'a Parameters<S>,
    replay: Option<&'a Pattern>,
    /// The owner's own parameters.
    own: Vec<Tensor<S>>,
    input: Option<Tensor<S>>,
    live: Live<S>,
}

/// The objective's part that a change of the leaf can alter, and the branches behind the owner, the
/// loss's among them.
pub(super) struct Outcome<S> {
    pub(super) loss: S,
    pub(super) branches: Pattern,
}

impl<'a, S: Scalar> Owner<'a, S> {
    /// Run the network up to and including the layer that owns `leaf`; with `replay` that pass and
    /// those behind the owner take the pattern's branches.
    pub(super) fn of(
        problem: &'a Problem,
        leaf: LeafName,
        parameters: &'a Parameters<S>,
        replay: Option<&'a Pattern>,
    ) -> Self {
        let input = tensor::lift(&problem.input);
        Self::at(problem, leaf, parameters, input, replay)
    }

    /// The same with another value of the network's input.
    pub(super) fn at(
        problem: &'a Problem,
        leaf: LeafName,
        parameters: &'a Parameters<S>,
        input: Tensor<S>,
        replay: Option<&'a Pattern>,
    ) -> Self {
        let network = &problem.network;
        let layer = match leaf {
            LeafName::Input => None,
            LeafName::Parameter(number) => network.owner(number),
        };
        let mut live = Live::at_input(input);
        let run = |layers, live: &mut Live<S>| {
            network.run(layers, parameters, live, replay, |_, _| (), |_| ());
        };
        let input = layer.map(|owner| {
            run(0..owner, &mut live);
            let read = network.layers()[owner].reads[0];
            let input = live.get(read).expect("what the owner reads").clone();
            run(owner..owner + 1, &mut live);
            input
        });
        Self {
            problem,
            leaf,
            layer,
            parameters,
            replay,
            input,
            live,
        }
    }

    /// A copy that is ready for changes.
    pub(super) fn behind(&self) -> Behind<'a, S> {
        let own = match self.layer {
            None => Vec::new(),
            Some(owner) => {
                let range = self.problem.network.layers()[owner].parameter_range();
                self.parameters.tensors[range].to_vec()
            }
        };
        Behind {
            problem: self.problem,
            leaf: self.leaf,
            layer: self.layer,
            parameters: self.parameters,
            replay: self.replay,
            own,
            input: self.input.clone(),
            live: self.live.clone(),
        }
    }

    /// Number of the first layer that the perturbed values pass through without being owned by it.
    pub(super) fn first_behind(&self) -> usize {
        self.layer.map_or(0, |owner| owner + 1)
    }
}

impl<S: Scalar> Behind<'_, S> {
    /// Set one entry of the leaf, and return what it was.
    pub(super) fn replace(&mut self, index: usize, value: S) -> S {
        let tensor = match (self.leaf, self.layer) {
            (LeafName::Parameter(number), Some(owner)) => {
                &mut self.own[number - self.problem.network.layers()[owner].first_parameter]
            }
            _ => self.live.get_mut(0).expect("the input has not been read"),
        };
        std::mem::replace(&mut values_mut(tensor)[index], value)
    }

    /// Evaluate scale·loss, with changes to entries of the leaf that belong to output units `units`.
    ///
    /// Units that own no changed entry are taken from the unperturbed pass; what is computed again
    /// is bit-identical to a whole forward pass.
    pub(super) fn evaluate(&self, units: Range<usize>) -> Outcome<S> {
        self.evaluate_watched(units, |_, _| ())
    }

    /// The same, showing `watch` the number and input of every layer behind the owner; the loss stands
    /// behind the last layer.
    pub(super) fn evaluate_watched(
        &self,
        units: Range<usize>,
        mut watch: impl FnMut(usize, &Tensor<S>),
    ) -> Outcome<S> {
        let Some(loss) = &self.problem.objective.loss else {
            return Outcome {
                loss: S::zero(),
                branches: Pattern::default(),
            };
        };
        let network = &self.problem.network;
        let mut live = self.live.clone();
        let mut first = 0;
        if let (Some(owner), Some(x)) = (self.layer, &self.input) {
            first = owner + 1;
            let y = live.get_mut(first).expect("the owner has an output");
            let layer = &network.layers()[owner].layer;
            layer.forward_units(&self.own, x, units, y);
        }
        let (parameters, replay) = (self.parameters, self.replay);
        let trace = network.forward_from(first, parameters, &mut live, replay, &mut watch);
        watch(network.layers().len(), &trace.output);
        let scale = S::constant(self.problem.objective.scale);
        Outcome {
            loss: scale * loss.forward(&trace.output, Pattern::branches_of_loss(self.replay)),
            branches: Pattern::of(trace.saved, loss.choices(&trace.output)),
        }
    }
}

/// The output unit (channel, feature) of the owner that an entry of its parameter belongs to; 0 for the
/// network's input, which no layer owns.
pub(super) fn unit(network: &Network, coordinate: Coordinate) -> usize {
    let owner = match coordinate.leaf {
        LeafName::Input => None,
        LeafName::Parameter(number) => network.owner(number),
    };
    owner.map_or(0, |owner| {
        let shape = network.leaf_shape(coordinate.leaf);
        network.layers()[owner].layer.unit(shape, coordinate.index)
    })
}
