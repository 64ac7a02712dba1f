//! Exact derivatives along directions in one parameter tensor (Jacobian-vector products), through the
//! layers from the tensor's owner on.
//!
//! Where a layer is linear, the tangent of its output is the layer itself, without bias, applied to the
//! tangent of its input: that needs plain numbers only, however many weights there are. Other layers,
//! which have few parameters or none, and the loss run on num-dual's numbers. The values that tangents
//! belong to are kept in `f64`, once for all directions. Nothing of the backward pass is used.

use crate::layer::{Branches, Join, Layer, Saved};
use crate::network::{LeafName, Live, Pattern, Problem};
use crate::penalty::Branch;
use crate::scalar::{Dual, Scalar};
use crate::tensor::{Tensor, lift, values, values_mut, zeros};

use super::sum::Sum;

/// Multiply-adds of a dual number with one tangent, in those of plain numbers: (ab)′ = a′b + ab′.
const DUAL: u64 = 3;

/// A unit is at its kink when its margin is this part of the largest value that its layer reads, or less.
const AT_KINK: f64 = 1e-12;

/// A point with what all directions share there.
#[derive(Debug)]
pub struct Tangents {
    /// The branches taken there.
    pub pattern: Pattern,
    /// The objective's value.
    pub value: f64,
    /// Every activation, by number.
    activations: Vec<Tensor<f64>>,
    /// Multiply-adds of a forward pass.
    work: u64,
}

/// A derivative along a direction, and what it took.
#[derive(Clone, Copy, Debug)]
pub struct Slope {
    /// The derivative.
    pub value: f64,
    /// Multiply-adds.
    pub work: u64,
}

impl Tangents {
    /// One forward pass of `problem`.
    #[must_use]
    pub fn at(problem: &Problem) -> Self {
        let network = &problem.network;
        let mut live = Live::at_input(problem.input.clone());
        let mut activations = vec![problem.input.clone()];
        let mut saved: Vec<Saved<f64>> = Vec::with_capacity(network.layers().len());
        for number in 0..network.layers().len() {
            let (one, parameters) = (number..number + 1, &problem.parameters);
            let keep = |kept: Saved<f64>| saved.push(choices_of(kept));
            network.run(one, parameters, &mut live, None, |_, _| (), keep);
            let newest = live.get(number + 1).expect("a layer has an output");
            activations.push(newest.clone());
        }
        let output = activations.last().expect("the input at least");
        let loss = problem.objective.loss.as_ref();
        let pattern = Pattern::of(saved, loss.and_then(|loss| loss.choices(output)));
        let data = loss.map_or(0.0, |loss| {
            let branches = Pattern::branches_of_loss(Some(&pattern));
            problem.objective.scale * loss.forward(output, branches)
        });
        let mut penalty = 0.0;
        for (number, weight) in problem.parameters.tensors.iter().enumerate() {
            if let Some(on) = problem.penalty_on(LeafName::Parameter(number)) {
                penalty += on.forward(weight);
            }
        }
        Self {
            pattern,
            value: penalty + data,
            activations,
            work: network.multiply_adds(),
        }
    }

    /// `work` multiply-adds in forward passes.
    #[must_use]
    pub fn forward_equivalents(&self, work: u64) -> f64 {
        work as f64 / self.work.max(1) as f64
    }

    /// Multiply-adds of a forward pass.
    #[must_use]
    pub fn forward_work(&self) -> u64 {
        self.work
    }

    /// Numbers in all activations.
    #[must_use]
    pub fn activations(&self) -> usize {
        self.activations.iter().map(Tensor::len).sum()
    }

    /// Numbers in the largest activation.
    #[must_use]
    pub fn largest_activation(&self) -> usize {
        let sizes = self.activations.iter().map(Tensor::len);
        sizes.max().unwrap_or(0)
    }

    /// The derivative of the objective of `problem`, which is the one that this is of, along `direction`
    /// in parameter `number`.
    ///
    /// # Panics
    /// When there is no such parameter, or the direction has not its shape.
    #[must_use]
    pub fn along(&self, problem: &Problem, number: usize, direction: &Tensor<f64>) -> Slope {
        let leaf = LeafName::Parameter(number);
        assert_eq!(direction.shape(), problem.leaf(leaf).shape(), "a direction");
        let mut slope = match &problem.objective.loss {
            Some(_) => self.of_loss(problem, number, direction, false).0,
            None => Slope {
                value: 0.0,
                work: 0,
            },
        };
        if let Some(penalty) = problem.penalty_on(leaf) {
            let mut sum = Sum::default();
            let pairs = values(problem.leaf(leaf)).iter().zip(values(direction));
            for (w, v) in pairs.filter(|(_, v)| **v != 0.0) {
                sum.add(penalty.term(Dual::<1>::along(*w, *v)).tangent(0));
            }
            slope.value += sum.total();
            slope.work += DUAL * direction.len() as u64;
        }
        slope
    }

    /// Whether `direction` in parameter `number` moves any unit that is exactly at its kink: then the
    /// derivative along it is another one on either side.
    #[must_use]
    pub fn meets_kink(&self, problem: &Problem, number: usize, direction: &Tensor<f64>) -> bool {
        let leaf = LeafName::Parameter(number);
        let pairs = values(problem.leaf(leaf)).iter().zip(values(direction));
        let mut moved = pairs.filter(|(_, v)| **v != 0.0).map(|(w, _)| *w);
        let of_penalty = problem
            .penalty_on(leaf)
            .is_some_and(|penalty| moved.any(|w| penalty.branch(w) == Branch::Kink));
        let has_loss = problem.objective.loss.is_some();
        of_penalty || (has_loss && self.of_loss(problem, number, direction, true).1)
    }

    /// The slope of the loss, and, if that `looks` for it, whether a unit at its kink is moved.
    fn of_loss(
        &self,
        problem: &Problem,
        number: usize,
        direction: &Tensor<f64>,
        looks: bool,
    ) -> (Slope, bool) {
        let network = &problem.network;
        let owner = network.owner(number).expect("a parameter has an owner");
        let layers = network.layers();
        let mut pass = Pass {
            point: self,
            problem,
            tangents: vec![None; layers.len() + 1],
            work: 0,
            looks,
            meets_kink: false,
        };
        pass.tangents[owner + 1] = Some(pass.owner(owner, number, direction));
        for behind in owner + 1..layers.len() {
            let reads = &layers[behind].reads;
            if reads.iter().any(|read| pass.tangents[*read].is_some()) {
                pass.tangents[behind + 1] = Some(pass.layer(behind));
            }
            for read in reads {
                let later = layers[behind + 1..].iter();
                if !later.clone().any(|layer| layer.reads.contains(read)) {
                    pass.tangents[*read] = None;
                }
            }
        }
        let value = match pass.tangents.pop().flatten() {
            Some(tangent) => pass.loss(&tangent),
            None => 0.0,
        };
        let slope = Slope {
            value,
            work: pass.work,
        };
        (slope, pass.meets_kink)
    }
}

/// One direction on its way through the network.
struct Pass<'a> {
    point: &'a Tangents,
    problem: &'a Problem,
    /// Of each activation that the direction moves and that is still to be read.
    tangents: Vec<Option<Tensor<f64>>>,
    work: u64,
    /// Whether units at their kinks are looked for, and one was moved.
    looks: bool,
    meets_kink: bool,
}

impl Pass<'_> {
    /// The tangent of the owner's output.
    fn owner(&mut self, owner: usize, number: usize, direction: &Tensor<f64>) -> Tensor<f64> {
        let layer = &self.problem.network.layers()[owner];
        let own = number - layer.first_parameter;
        let x = &self.point.activations[layer.reads[0]];
        if !is_product(&layer.layer) {
            return self.by_duals(owner, x, None, Some((own, direction)));
        }
        if own == 0 {
            self.work += layer.multiply_adds();
            let weight = std::slice::from_ref(direction);
            let forward = layer
                .layer
                .forward(weight, x.clone(), &layer.output, Branches::Follow);
            return forward.0;
        }
        // A bias is added to all entries of its channel.
        let mut tangent = zeros(&layer.output);
        self.work += tangent.len() as u64;
        let inner: usize = layer.output[2..].iter().product();
        let bias = values(direction);
        let planes = values_mut(&mut tangent).chunks_exact_mut(inner);
        for (plane, bias) in planes.zip(bias.iter().cycle()) {
            plane.fill(*bias);
        }
        tangent
    }

    /// The tangent of the output of layer `behind`, some of whose inputs move.
    fn layer(&mut self, behind: usize) -> Tensor<f64> {
        let layer = &self.problem.network.layers()[behind];
        if let Layer::Join(join) = &layer.layer {
            self.work += layer.multiply_adds();
            let inputs = layer.reads.iter().map(|read| {
                let still = || zeros(self.point.activations[*read].shape());
                self.tangents[*read].clone().unwrap_or_else(still)
            });
            return join.forward(inputs.collect()).0;
        }
        let tangent = self.tangents[layer.reads[0]].clone();
        let Some(tangent) = tangent else {
            return zeros(&layer.output);
        };
        self.look(behind, layer.reads[0], &tangent);
        if !is_linear(&layer.layer) {
            let x = &self.point.activations[layer.reads[0]];
            return self.by_duals(behind, x, Some(&tangent), None);
        }
        self.work += layer.multiply_adds();
        let own = &self.problem.parameters.tensors[layer.parameter_range()];
        let weight = &own[..own.len().min(1)];
        let branches = self.branches(behind);
        let forward = layer
            .layer
            .forward(weight, tangent, &layer.output, branches);
        forward.0
    }

    /// See whether a unit at `place`, which reads activation `read`, is at its kink and moved by `tangent`.
    ///
    /// Of tied units that do not move, as zeros behind a ReLU in a pooling window, nothing depends.
    fn look(&mut self, place: usize, read: usize, tangent: &Tensor<f64>) {
        let choices = self.point.pattern.at(place);
        let Some(choices) = choices.filter(|_| self.looks) else {
            return;
        };
        let x = &self.point.activations[read];
        let largest = x.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let (moved, meets) = (moving(x, tangent), &mut self.meets_kink);
        let visit = |_, _, margin: Dual<1>| {
            *meets |= margin.primal() <= AT_KINK * largest && margin.tangent(0) != 0.0;
        };
        self.problem.margins(place, &moved, choices, visit);
    }

    fn branches(&self, layer: usize) -> Branches<'_> {
        match self.point.pattern.layer(layer) {
            Some(choices) => Branches::Replay(choices),
            None => Branches::Follow,
        }
    }

    /// The tangent of layer `number` at the input x, of which x itself or one of its parameters moves.
    fn by_duals(
        &mut self,
        number: usize,
        x: &Tensor<f64>,
        tangent: Option<&Tensor<f64>>,
        moved: Option<(usize, &Tensor<f64>)>,
    ) -> Tensor<f64> {
        let layer = &self.problem.network.layers()[number];
        self.work += DUAL * layer.multiply_adds();
        let own = &self.problem.parameters.tensors[layer.parameter_range()];
        let lifted: Vec<Tensor<Dual<1>>> = own
            .iter()
            .enumerate()
            .map(|(own, w)| match moved {
                Some((moved, direction)) if moved == own => moving(w, direction),
                _ => lift(w),
            })
            .collect();
        let x = match tangent {
            Some(tangent) => moving(x, tangent),
            None => lift(x),
        };
        let (y, _) = layer
            .layer
            .forward(&lifted, x, &layer.output, self.branches(number));
        y.mapv(|y| y.tangent(0))
    }

    /// The tangent of the loss.
    fn loss(&mut self, tangent: &Tensor<f64>) -> f64 {
        let Some(loss) = &self.problem.objective.loss else {
            return 0.0;
        };
        let last = self.point.activations.len() - 1;
        self.look(last, last, tangent);
        let output = &self.point.activations[last];
        self.work += DUAL * output.len() as u64;
        let branches = Pattern::branches_of_loss(Some(&self.point.pattern));
        let scale = Dual::<1>::constant(self.problem.objective.scale);
        let loss = scale * loss.forward(&moving(output, tangent), branches);
        loss.tangent(0)
    }
}

/// Every value with its tangent.
fn moving(at: &Tensor<f64>, by: &Tensor<f64>) -> Tensor<Dual<1>> {
    let mut moving: Tensor<Dual<1>> = lift(at);
    for (entry, by) in values_mut(&mut moving).iter_mut().zip(values(by)) {
        *entry = Dual::<1>::along(entry.primal(), *by);
    }
    moving
}

/// Nothing but the branches of what a layer kept.
fn choices_of(saved: Saved<f64>) -> Saved<f64> {
    match saved.into_choices() {
        Some(choices) => Saved::Choices {
            choices,
            input: Vec::new(),
        },
        None => Saved::Shape(Vec::new()),
    }
}

/// Whether the layer multiplies its input with its first parameter, and adds the second.
fn is_product(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Conv1d(_) | Layer::Conv2d(_) | Layer::ConvTranspose2d(_) | Layer::Linear
    )
}

/// Whether the layer, without bias and on fixed branches, is linear in its input.
fn is_linear(layer: &Layer) -> bool {
    match layer {
        Layer::Relu
        | Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d
        | Layer::ZeroPad2d(_)
        | Layer::Upsample(_)
        | Layer::Flatten
        | Layer::Dropout(_)
        | Layer::Join(Join::Sum | Join::Concatenation { .. }) => true,
        layer => is_product(layer),
    }
}
