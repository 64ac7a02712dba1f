//! Perturbed passes by what a change of one weight alters, several at once: the fast way.
//!
//! [`Behind`](super::behind::Behind) computes all layers behind a weight again; that is the plain way, and
//! the reference for this one. Here the change alone is carried from layer to layer ([`crate::change`]):
//! what it does not reach is not looked at, and where it dies (in a ReLU that is off, in a pooling window
//! that another entry wins) the pass ends.

mod margins;

use std::ops::Range;

use crate::change::{Change, Extent, Here, LANES, Lanes, Manner, Owned, Rule};
use crate::layer::{Branches, Layer};
use crate::network::{Coordinate, LeafName, Network, Pattern, Problem};
use crate::tensor::{Tensor, values, values_mut};

use super::clearance::tie;

/// The unperturbed pass, and how each layer passes on a change.
pub(super) struct Still<'a> {
    problem: &'a Problem,
    pattern: &'a Pattern,
    /// The input, and behind it each layer's output.
    activations: Vec<Tensor<f64>>,
    /// Of each layer with one input.
    rules: Vec<Option<Rule>>,
    /// Of each layer, and of the loss behind the last, what margins up to are ties.
    ties: Vec<f64>,
    /// scale·loss.
    loss: f64,
}

/// Perturbed passes behind one leaf.
pub(super) struct Pass<'a> {
    still: &'a Still<'a>,
    /// The layer that owns the leaf; `None` for the network's input.
    owner: Option<(usize, Owned)>,
    /// The number of the leaf among the parameters of its owner.
    number: usize,
    /// The numbers of the layers behind, in order.
    behind: Vec<usize>,
    /// Of each activation.
    changes: Vec<Change>,
    /// A perturbed output of the network.
    output: Tensor<f64>,
    slopes: Vec<f64>,
}

/// The ends of several passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// scale·loss in each.
    pub(super) losses: Lanes,
    /// Whether a unit takes another branch than in the unperturbed pass.
    pub(super) turned: [bool; LANES],
}

impl<'a> Still<'a> {
    /// The pass of `problem` on the branches of `pattern`, which are those it takes; `None` where changes
    /// say nothing: without a loss, and where a number is not finite.
    pub(super) fn new(problem: &'a Problem, pattern: &'a Pattern) -> Option<Self> {
        let loss = problem.objective.loss.as_ref()?;
        let activations = problem.activations();
        let output = activations.last()?;
        let loss = problem.objective.scale * loss.forward(output, Branches::Follow);
        let numbers = activations.iter().chain(&problem.parameters.tensors);
        let is_finite = numbers.flatten().all(|x| x.is_finite()) && loss.is_finite();
        let layers = problem.network.layers();
        let is_known = layers.iter().all(|layer| match &layer.layer {
            Layer::Join(join) => join.passes_changes(),
            _ => layer.input.len() > 1,
        });
        if !is_finite || !is_known || problem.input.ndim() < 2 {
            return None;
        }
        let mut still = Self {
            problem,
            pattern,
            activations,
            rules: Vec::new(),
            ties: Vec::new(),
            loss,
        };
        still.ties = (0..=layers.len())
            .map(|place| match layers.get(place) {
                Some(layer) => layer.reads.first().copied(),
                None => Some(place),
            })
            .map(|read| read.map_or(0.0, |read| tie(&still.activations[read])))
            .collect();
        still.rules = (0..layers.len())
            .map(|number| Some(Rule::of(&still.here(number)?)))
            .collect();
        Some(still)
    }

    /// Layer number `number`, if it has one input.
    fn here(&self, number: usize) -> Option<Here<'_>> {
        let layer = &self.problem.network.layers()[number];
        if matches!(layer.layer, Layer::Join(_)) {
            return None;
        }
        Some(Here {
            layer: &layer.layer,
            parameters: &self.problem.parameters.tensors[layer.parameter_range()],
            x: &self.activations[layer.reads[0]],
            y: &self.activations[number + 1],
            choices: self.pattern.layer(number),
        })
    }

    /// The owner of `leaf`, and the layers behind it.
    fn way_of(&self, leaf: LeafName) -> (Option<usize>, Vec<usize>) {
        let network = &self.problem.network;
        let owner = network.owner_of(leaf);
        (owner, network.behind(owner.map_or(0, |owner| owner + 1)))
    }

    /// Passes behind `leaf`.
    pub(super) fn pass(&'a self, leaf: LeafName) -> Pass<'a> {
        let (owner, behind) = self.way_of(leaf);
        let owner = owner.map(|number| {
            let here = self.here(number).expect("a join owns no parameter");
            (number, Owned::new(&here))
        });
        let number = match (leaf, &owner) {
            (LeafName::Parameter(number), Some((owner, _))) => {
                number - self.problem.network.layers()[*owner].first_parameter
            }
            _ => 0,
        };
        Pass {
            still: self,
            owner,
            number,
            behind,
            changes: vec![Change::default(); self.activations.len()],
            output: self.activations[self.activations.len() - 1].clone(),
            slopes: Vec::new(),
        }
    }
}

/// The names of the layers that a pass by changes computes as a whole.
#[must_use]
pub fn whole_layers(network: &Network) -> Vec<String> {
    let layers = network.layers().iter();
    let whole = layers.filter(|layer| Rule::is_whole(&layer.layer));
    whole.map(|layer| layer.name.clone()).collect()
}

impl Pass<'_> {
    /// The output unit of the owner that `coordinate` belongs to.
    pub(super) fn unit(&self, coordinate: Coordinate) -> usize {
        self.channels(coordinate).0.start
    }

    /// Whether no pass can differ from the unperturbed one by this coordinate: its input is 0.
    pub(super) fn is_dead(&mut self, coordinate: Coordinate) -> bool {
        self.set_slopes(coordinate);
        self.slopes.iter().all(|slope| *slope == 0.0)
    }

    /// The passes in which `coordinate` is moved by each of `steps`.
    pub(super) fn move_by(&mut self, coordinate: Coordinate, steps: &Lanes) -> Ends {
        let mut ends = Ends {
            losses: [self.still.loss; LANES],
            turned: [false; LANES],
        };
        if self.is_dead(coordinate) {
            return ends;
        }
        let (channels, extent) = self.channels(coordinate);
        let start = self.start();
        let deltas = self.changes[start].start(channels, extent);
        for (delta, slope) in deltas.iter_mut().zip(&self.slopes) {
            *delta = steps.map(|step| slope * step);
        }
        self.run(Manner::Finite, &mut ends.turned, |_, _| ());
        self.set_losses(steps, &mut ends);
        ends
    }

    /// The tangents along `coordinates`, [`LANES`] at most and all of one unit: `watch` is shown the number
    /// of every layer behind with one input, and that input's tangents; behind the last layer those of the
    /// network's output.
    pub(super) fn tangents(
        &mut self,
        coordinates: &[Coordinate],
        watch: impl FnMut(usize, &Change),
    ) {
        let start = self.start();
        for (lane, coordinate) in coordinates.iter().enumerate() {
            self.set_slopes(*coordinate);
            let (channels, extent) = self.channels(*coordinate);
            if lane == 0 {
                self.changes[start].start(channels, extent);
            }
            let deltas = self.changes[start].deltas_mut();
            for (delta, slope) in deltas.iter_mut().zip(&self.slopes) {
                delta[lane] = *slope;
            }
        }
        self.run(Manner::Tangent, &mut [false; LANES], watch);
    }

    /// The activation that is changed first.
    fn start(&self) -> usize {
        self.owner.as_ref().map_or(0, |(owner, _)| owner + 1)
    }

    /// The channels of the first activation that `coordinate` changes, and that activation's extent.
    fn channels(&self, coordinate: Coordinate) -> (Range<usize>, Extent) {
        let extent = Extent::of(self.still.activations[self.start()].shape());
        let channels = match &self.owner {
            Some((owner, owned)) => {
                let here = self.still.here(*owner).expect("a join owns no parameter");
                owned.channels(&here, self.number, coordinate.index)
            }
            None => {
                let channel = coordinate.index / extent.positions % extent.channels;
                channel..channel + 1
            }
        };
        (channels, extent)
    }

    fn set_slopes(&mut self, coordinate: Coordinate) {
        match &mut self.owner {
            Some((owner, owned)) => {
                let here = self.still.here(*owner).expect("a join owns no parameter");
                owned.slopes(&here, self.number, coordinate.index, &mut self.slopes);
            }
            None => {
                let extent = Extent::of(self.still.activations[0].shape());
                let sample = coordinate.index / (extent.channels * extent.positions);
                let position = coordinate.index % extent.positions;
                self.slopes.clear();
                self.slopes.resize(extent.samples * extent.positions, 0.0);
                self.slopes[sample * extent.positions + position] = 1.0;
            }
        }
    }

    /// Carry the change of the first activation through all layers behind.
    fn run(
        &mut self,
        manner: Manner,
        turned: &mut [bool; LANES],
        mut watch: impl FnMut(usize, &Change),
    ) {
        let still = self.still;
        let layers = still.problem.network.layers();
        for number in &self.behind {
            let reads = &layers[*number].reads;
            let mut out = std::mem::take(&mut self.changes[number + 1]);
            match (&still.rules[*number], still.here(*number)) {
                (Some(rule), Some(here)) => {
                    let change = &self.changes[reads[0]];
                    watch(*number, change);
                    rule.pass(&here, manner, change, &mut out, turned);
                }
                _ => {
                    let Layer::Join(join) = &layers[*number].layer else {
                        unreachable!("any other layer has one input, and a rule");
                    };
                    let inputs: Vec<_> =
                        reads.iter().map(|read| &still.activations[*read]).collect();
                    let changes: Vec<_> = reads.iter().map(|read| &self.changes[*read]).collect();
                    join.pass(&inputs, &changes, &mut out);
                }
            }
            self.changes[number + 1] = out;
        }
        watch(layers.len(), &self.changes[layers.len()]);
    }

    /// The loss of each pass that is moved, at the output that the last change leads to.
    fn set_losses(&mut self, steps: &Lanes, ends: &mut Ends) {
        let still = self.still;
        let objective = &still.problem.objective;
        let (Some(loss), Some(before)) = (&objective.loss, still.activations.last()) else {
            return;
        };
        let change = &self.changes[still.activations.len() - 1];
        if change.is_nothing() {
            return;
        }
        let extent = Extent::of(before.shape());
        let channels = change.channels();
        for lane in (0..LANES).filter(|lane| steps[*lane] != 0.0) {
            for (n, deltas) in change.samples(extent).enumerate() {
                let range = extent.range(n, &channels);
                let entries = values_mut(&mut self.output)[range.clone()].iter_mut();
                let entries = entries.zip(&values(before)[range]).zip(deltas);
                for ((output, before), delta) in entries {
                    *output = before + delta[lane];
                }
            }
            let end = loss.forward(&self.output, Branches::Follow);
            ends.losses[lane] = objective.scale * end;
            if loss.has_branches() {
                let choices = loss.choices(&self.output);
                ends.turned[lane] |= choices.as_deref() != still.pattern.loss();
            }
        }
        for n in 0..extent.samples {
            let range = extent.range(n, &channels);
            values_mut(&mut self.output)[range.clone()].copy_from_slice(&values(before)[range]);
        }
    }
}
