//! A backward with a fault in one of its layers, which everything upstream inherits.

use gradproof::layer::{Branches, Layer};
use gradproof::network::{Coordinate, LeafName, Pattern, Problem};
use gradproof::source::{
    Estimate, Forward, Gradient, GradientSource, Question, SAFETY, SourceError,
};
use gradproof::tensor::{Tensor, values, zeros};

/// What a layer returns, of which one is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The gradient of its first input; of the loss, that of the network's output.
    Input,
    /// That of its parameter of this number, counted from its own first.
    Parameter(usize),
}

/// How it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// 1 % too large.
    Factor,
    /// Of the other sign.
    Sign,
    /// Zero in the first slice of the last axis but one that is not zero already.
    RowMissing,
    /// Off by 1e-6 of the largest entry, in the place of that.
    OneEntry,
    /// Not a number, in the place of the largest entry.
    NotANumber,
}

impl How {
    pub(crate) const ALL: [Self; 5] = [
        Self::Factor,
        Self::Sign,
        Self::RowMissing,
        Self::OneEntry,
        Self::NotANumber,
    ];

    fn alter(self, tensor: &mut Tensor<f64>) {
        let largest = values(tensor)
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .map_or(0, |(position, _)| position);
        let row = tensor.shape().last().copied().unwrap_or(1);
        let entries = tensor.as_slice_mut().unwrap();
        match self {
            Self::Factor => entries.iter_mut().for_each(|entry| *entry *= 1.01),
            Self::Sign => entries.iter_mut().for_each(|entry| *entry = -*entry),
            Self::RowMissing => entries[largest / row * row..][..row].fill(0.0),
            Self::OneEntry => entries[largest] *= 1.0 + 1e-6,
            Self::NotANumber => entries[largest] = f64::NAN,
        }
    }
}

/// One planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The layer's number; `None` for the loss.
    pub(crate) layer: Option<usize>,
    pub(crate) target: Target,
    pub(crate) how: How,
}

/// Backpropagation layer by layer, with these faults.
pub(crate) struct FaultAt(pub(crate) Vec<Fault>);

/// All that a backward pass returns on its way.
struct Pass {
    value: f64,
    outputs: Vec<Tensor<f64>>,
    input: Tensor<f64>,
    parameters: Vec<Tensor<f64>>,
}

impl FaultAt {
    fn alter(&self, layer: Option<usize>, target: Target, tensor: &mut Tensor<f64>) {
        for fault in &self.0 {
            if fault.layer == layer && fault.target == target {
                fault.how.alter(tensor);
            }
        }
    }

    fn pass(&self, problem: &Problem) -> Pass {
        let loss = problem.objective.loss.as_ref().unwrap();
        let (layers, parameters) = (problem.network.layers(), &problem.parameters);
        let trace = problem
            .network
            .forward(parameters, problem.input.clone(), None);
        let mut dy = loss.backward(&trace.output, problem.objective.scale, Branches::Follow);
        self.alter(None, Target::Input, &mut dy);
        let mut pass = Pass {
            value: problem.value(None),
            outputs: Vec::new(),
            input: dy.clone(),
            parameters: vec![Tensor::default(vec![0]); parameters.tensors.len()],
        };
        let shapes = (0..=layers.len()).map(|number| problem.network.activation_shape(number));
        let mut sums: Vec<Tensor<f64>> = shapes.map(zeros).collect();
        sums[layers.len()] = dy;
        for (number, saved) in trace.saved.into_iter().enumerate().rev() {
            let layer = &layers[number];
            let range = layer.parameter_range();
            let dy = sums.pop().unwrap();
            pass.outputs.push(dy.clone());
            let own = &parameters.tensors[range.clone()];
            let (mut inputs, own) = match &layer.layer {
                Layer::Join(join) => (join.backward(&saved, dy), Vec::new()),
                one => {
                    let gradients = one.backward(own, saved, dy);
                    (vec![gradients.input], gradients.parameters)
                }
            };
            if let Some(first) = inputs.first_mut() {
                self.alter(Some(number), Target::Input, first);
            }
            for (position, mut gradient) in own.into_iter().enumerate() {
                self.alter(Some(number), Target::Parameter(position), &mut gradient);
                pass.parameters[range.start + position] = gradient;
            }
            for (read, dx) in layer.reads.iter().zip(inputs) {
                sums[*read] += &dx;
            }
        }
        pass.outputs.reverse();
        pass.input = sums.pop().unwrap();
        for (number, gradient) in pass.parameters.iter_mut().enumerate() {
            let leaf = LeafName::Parameter(number);
            if let Some(penalty) = problem.penalty_on(leaf) {
                gradient.zip_mut_with(problem.leaf(leaf), |dw, w| *dw += penalty.slope(*w));
            }
        }
        pass
    }
}

impl GradientSource for FaultAt {
    fn name(&self) -> &'static str {
        "backprop"
    }

    fn forward(&self) -> Forward {
        Forward::Shared
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let pass = self.pass(question.problem);
        let estimate = |coordinate: &Coordinate| {
            let tensor = match coordinate.leaf {
                LeafName::Input => &pass.input,
                LeafName::Parameter(number) => &pass.parameters[number],
            };
            Estimate {
                value: values(tensor)[coordinate.index],
                error: SAFETY * question.rounding.derivative(*coordinate),
            }
        };
        Ok(Gradient {
            value: pass.value,
            estimates: question.coordinates.iter().map(estimate).collect(),
            kinks: Vec::new(),
            steps: Vec::new(),
        })
    }

    fn output_gradients(&self, problem: &Problem, _: &Pattern) -> Option<Vec<Tensor<f64>>> {
        Some(self.pass(problem).outputs)
    }
}

/// Everything in `problem` that a fault can be planted in, the loss first, then from the input on.
pub(crate) fn targets(problem: &Problem) -> Vec<(Option<usize>, Target)> {
    let mut targets = vec![(None, Target::Input)];
    for (number, layer) in problem.network.layers().iter().enumerate() {
        targets.push((Some(number), Target::Input));
        let parameters = 0..layer.parameters.len();
        targets.extend(parameters.map(|position| (Some(number), Target::Parameter(position))));
    }
    targets
}
