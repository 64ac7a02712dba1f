//! The part of a network behind one weight: all that a change of the weight can alter.

use std::ops::Range;

use crate::layer::Saved;
use crate::loss::Loss;
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
        let layer = network.owner_of(leaf);
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

    /// The leaf.
    pub(super) fn leaf(&self) -> LeafName {
        self.leaf
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
        watch: impl FnMut(usize, &Tensor<S>),
    ) -> Outcome<S> {
        let Some(loss) = &self.problem.objective.loss else {
            return Outcome::nothing();
        };
        let mut live = self.changed(units);
        self.finish(loss, self.first_behind(), &mut live, Vec::new(), watch)
    }

    /// As [`Behind::evaluate`], as long as `is_moved` is true of any number that a layer reads; `None` when
    /// nothing is left of the change: in a ReLU that is off, or where its input is 0. Behind the next
    /// layer with parameters, which spreads what is left, that is not asked any more.
    pub(super) fn evaluate_moved(
        &self,
        units: Range<usize>,
        is_moved: impl Fn(&S) -> bool,
    ) -> Option<Outcome<S>> {
        let Some(loss) = &self.problem.objective.loss else {
            return Some(Outcome::nothing());
        };
        let mut live = self.changed(units);
        let mut saved = Vec::new();
        let first = self.first_behind();
        let layers = self.problem.network.layers()[first..].iter();
        let next = first
            + layers
                .take_while(|layer| layer.parameters.is_empty())
                .count();
        for number in first..next {
            if !live.any(&is_moved) {
                return None;
            }
            saved.extend(self.run_one(number, &mut live));
        }
        live.any(&is_moved)
            .then(|| self.finish(loss, next, &mut live, saved, |_, _| ()))
    }

    fn run_one(&self, number: usize, live: &mut Live<S>) -> Option<Saved<S>> {
        let mut kept = None;
        self.problem.network.run(
            number..number + 1,
            self.parameters,
            live,
            self.replay,
            |_, _| (),
            |saved| kept = Some(saved),
        );
        kept
    }

    /// What the layers behind the owner read when units `units` of its output are computed again.
    fn changed(&self, units: Range<usize>) -> Live<S> {
        let mut live = self.live.clone();
        if let (Some(owner), Some(x)) = (self.layer, &self.input) {
            let y = live.get_mut(owner + 1).expect("the owner has an output");
            let layer = &self.problem.network.layers()[owner].layer;
            layer.forward_units(&self.own, x, units, y);
        }
        live
    }

    /// Run the layers from number `first` on, and `loss`; those before `first` kept `saved`.
    fn finish(
        &self,
        loss: &Loss,
        first: usize,
        live: &mut Live<S>,
        mut saved: Vec<Saved<S>>,
        mut watch: impl FnMut(usize, &Tensor<S>),
    ) -> Outcome<S> {
        let network = &self.problem.network;
        let (parameters, replay) = (self.parameters, self.replay);
        let trace = network.forward_from(first, parameters, live, replay, &mut watch);
        watch(network.layers().len(), &trace.output);
        saved.extend(trace.saved);
        let scale = S::constant(self.problem.objective.scale);
        Outcome {
            loss: scale * loss.forward(&trace.output, Pattern::branches_of_loss(replay)),
            branches: Pattern::of(saved, loss.choices(&trace.output)),
        }
    }

    fn first_behind(&self) -> usize {
        self.layer.map_or(0, |owner| owner + 1)
    }
}

/// The pass behind the owner at the unperturbed point.
///
/// Most changes of one weight die away soon: where its input is 0, and in a ReLU that is off, in every
/// sample. What follows is then the same to the bit, and need not be computed again.
pub(super) struct Unmoved {
    /// What is live before each layer from the first behind the owner to the next one with parameters,
    /// which makes all of its outputs depend on a change.
    live: Vec<Live<f64>>,
    outcome: Outcome<f64>,
}

impl Behind<'_, f64> {
    /// The pass at the point where nothing is changed.
    pub(super) fn unmoved(&self) -> Unmoved {
        let (network, first) = (&self.problem.network, self.first_behind());
        let mut live = vec![self.live.clone()];
        let behind = network.layers().iter().enumerate().skip(first);
        for (number, _) in behind.take_while(|(_, layer)| layer.parameters.is_empty()) {
            let mut next = live.last().expect("the owner's output").clone();
            self.run_one(number, &mut next);
            live.push(next);
        }
        Unmoved {
            live,
            outcome: self.evaluate(0..0),
        }
    }

    /// As [`Behind::evaluate`], from `unmoved` as soon as nothing is left of the change.
    pub(super) fn evaluate_beside(&self, unmoved: &Unmoved, units: Range<usize>) -> Outcome<f64> {
        let Some(loss) = &self.problem.objective.loss else {
            return Outcome::nothing();
        };
        let mut live = self.changed(units);
        let mut saved = Vec::with_capacity(unmoved.live.len());
        let mut number = self.first_behind();
        for (position, before) in unmoved.live.iter().enumerate() {
            if live.is_same(before) {
                return Outcome {
                    loss: unmoved.outcome.loss,
                    branches: Pattern::continued(saved, &unmoved.outcome.branches),
                };
            }
            if position + 1 < unmoved.live.len() {
                saved.extend(self.run_one(number, &mut live));
                number += 1;
            }
        }
        self.finish(loss, number, &mut live, saved, |_, _| ())
    }
}

impl<S: Scalar> Outcome<S> {
    /// Of an objective without loss.
    fn nothing() -> Self {
        Self {
            loss: S::zero(),
            branches: Pattern::default(),
        }
    }
}

/// Number of the first layer that a change of `leaf` passes through without being owned by it.
pub(super) fn first_behind(network: &Network, leaf: LeafName) -> usize {
    let owner = network.owner_of(leaf);
    owner.map_or(0, |owner| owner + 1)
}

/// The output unit (channel, feature) of the owner that an entry of its parameter belongs to; 0 for the
/// network's input, which no layer owns.
pub(super) fn unit(network: &Network, coordinate: Coordinate) -> usize {
    let owner = network.owner_of(coordinate.leaf);
    owner.map_or(0, |owner| {
        let shape = network.leaf_shape(coordinate.leaf);
        network.layers()[owner].layer.unit(shape, coordinate.index)
    })
}
