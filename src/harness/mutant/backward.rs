//! The naive backward of a whole problem, with a fault if there is one.

use crate::layer::{Layer, LayerGradients};
use crate::network::{Leaves, Pattern, Problem};
use crate::scalar::Scalar;
use crate::tensor::{self, Tensor};

use super::catalogue::Fault;
use super::source::Mutated;
use super::{
    accumulation, activation, adaptive_pool, conv_transpose2d, conv1d, conv2d, function, join,
    linear, loss, mask, normalization, numbers, penalty, pooling, resize,
};

/// What one layer's backward works with.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, S> {
    /// The layer's parameters.
    pub(super) parameters: &'a [Tensor<S>],
    /// Its input.
    pub(super) x: &'a Tensor<S>,
    /// The gradient with respect to its output.
    pub(super) dy: &'a Tensor<S>,
    /// The branches to take; `None` to find them in the values.
    pub(super) branches: Option<&'a [u32]>,
    /// What is wrong.
    pub(super) fault: Option<Fault>,
}

/// The gradients of the whole problem.
pub(super) struct Backward<S> {
    /// With respect to every layer's output; empty without a loss.
    pub(super) outputs: Vec<Tensor<S>>,
    /// With respect to the network's input.
    pub(super) input: Tensor<S>,
    /// With respect to each parameter.
    pub(super) parameters: Vec<Tensor<S>>,
}

/// Compute all gradients from the loss backwards; branches are those of `pattern`, or of the values.
pub(super) fn backward<S: Scalar>(
    problem: &Problem,
    mutated: Mutated,
    leaves: Leaves<S>,
    pattern: Option<&Pattern>,
) -> Backward<S> {
    let network = &problem.network;
    let values = leaves.parameters;
    let mut dx = tensor::zeros(problem.input.shape());
    let shapes = values.tensors.iter().map(Tensor::shape);
    let mut parameters: Vec<Tensor<S>> = shapes.map(tensor::zeros).collect();
    let mut outputs = Vec::new();
    if let Some(loss) = &problem.objective.loss {
        let inputs = network.activations(&values, leaves.input, pattern);
        let y = &inputs[network.layers().len()];
        let scale = S::constant(problem.objective.scale);
        let branches = pattern.and_then(Pattern::loss);
        let dy = loss::backward(loss, y, branches, scale, mutated.fault_in_loss());
        let shapes = inputs.iter().map(Tensor::shape);
        let mut sums: Vec<Tensor<S>> = shapes.map(tensor::zeros).collect();
        sums[network.layers().len()] = dy;
        for (number, layer) in network.layers().iter().enumerate().rev() {
            let dy = sums.pop().expect("one for each activation");
            let fault = mutated.fault_in_layer(number);
            let to_inputs = match &layer.layer {
                Layer::Join(join) => {
                    let shapes = layer.reads.iter().map(|read| inputs[*read].shape());
                    join::backward(join, &dy, &shapes.collect::<Vec<_>>(), fault)
                }
                one => {
                    let pass = Pass {
                        parameters: &values.tensors[layer.parameter_range()],
                        x: &inputs[layer.reads[0]],
                        dy: &dy,
                        branches: pattern.and_then(|pattern| pattern.layer(number)),
                        fault,
                    };
                    let gradients = layer_backward(one, &pass);
                    let gradients = accumulation::alter(one, &pass, gradients);
                    parameters.splice(layer.parameter_range(), gradients.parameters);
                    vec![gradients.input]
                }
            };
            for (read, to_input) in layer.reads.iter().zip(to_inputs) {
                for (sum, term) in sums[*read].iter_mut().zip(to_input) {
                    *sum += term;
                }
            }
            outputs.push(dy);
        }
        dx = sums.pop().expect("that of the input is left");
        outputs.reverse();
    }
    for (number, layer) in network.layers().iter().enumerate() {
        let fault = mutated.fault_in_layer(number);
        for parameter in layer.parameter_range() {
            let (w, gradient) = (&values.tensors[parameter], &mut parameters[parameter]);
            penalty::add(problem, parameter, w, gradient, fault);
        }
        numbers::alter(&mut parameters[layer.parameter_range()], fault);
    }
    Backward {
        outputs,
        input: dx,
        parameters,
    }
}

/// The gradients of one layer.
pub(super) fn layer_backward<S: Scalar>(layer: &Layer, pass: &Pass<'_, S>) -> LayerGradients<S> {
    let input = match layer {
        Layer::Conv1d(conv) => return conv1d::backward(conv, pass),
        Layer::Conv2d(conv) => return conv2d::backward(conv, pass),
        Layer::ConvTranspose2d(conv) => return conv_transpose2d::backward(conv, pass),
        Layer::Linear => return linear::backward(pass),
        Layer::Normalization(norm) => return normalization::backward(norm, pass),
        Layer::MaxPool2d(pool) => pooling::max_pool2d(pool, pass),
        Layer::AvgPool2d(pool) => pooling::avg_pool2d(pool, pass),
        Layer::AdaptiveAvgPool2d => adaptive_pool::backward(pass),
        Layer::ZeroPad2d(spec) => resize::zero_pad2d(*spec, pass),
        Layer::Upsample(spec) => resize::upsample(*spec, pass),
        Layer::Relu => activation::relu(pass),
        Layer::Tanh => activation::tanh(pass),
        Layer::Sigmoid => activation::sigmoid(pass),
        Layer::Flatten => activation::flatten(pass),
        Layer::Prelu => return mask::prelu(pass),
        Layer::Dropout(spec) => mask::dropout(*spec, pass),
        Layer::Activation(function) => function::backward(*function, pass),
        Layer::Join(join) => panic!("{join:?} does not have one input"),
    };
    LayerGradients {
        input,
        parameters: Vec::new(),
    }
}
