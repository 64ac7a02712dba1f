//! A naive backward, one entry at a time, with faults to switch on.
//!
//! Without a fault it is a second hand-written backward: window positions by signed arithmetic, and
//! no shared helper for indices.

use gradproof::layer::{AvgPool2d, Conv2d, Layer};
use gradproof::loss::Loss;
use gradproof::network::{Coordinate, LeafName, Problem};
use gradproof::spec::extent::Window;
use gradproof::tensor::{self, Tensor};

/// A fault that people make in a backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A convolution's dx multiplies with the kernel rotated by 180 degrees.
    DxKernelFlipped,
    /// A convolution's dk is rotated by 180 degrees.
    DwKernelRotated,
    /// Windows are a step of 1 apart.
    StrideIgnored,
    /// Windows begin one row and column too early.
    PaddingOffByOne,
    /// Taps are a step of 1 apart.
    DilationIgnored,
    /// Every group reads the first group's input channels.
    GroupOffsetWrong,
    /// The bias gradient is that of the first sample.
    BiasOfFirstSample,
    /// A convolution's dk and db are divided by the number of output positions.
    MeanForSumOverSpace,
    /// The last row of outputs takes no part.
    LastRowDropped,
    /// A convolution's dx keeps the last contribution instead of their sum.
    ConvOverwritten,
    /// The same for max-pooling.
    MaxPoolOverwritten,
    /// The same for average pooling.
    AvgPoolOverwritten,
    /// The last entry of the window gets the maximum's gradient.
    ArgmaxIsLast,
    /// The entry behind the maximum gets its gradient.
    ArgmaxShifted,
    /// The loss is a mean, its gradient that of a sum.
    BatchMeanMissing,
    /// The gradient is negated.
    SignFlipped,
    /// An average pooling's padding is counted when it should not be, and not when it should.
    AvgDivisorAtBorder,
    /// ReLU passes on where it should not, and only there.
    ReluBranchSwapped,
    /// A linear layer's dx reads the weight as if it were in×out.
    LinearTransposed,
}

/// Every fault.
pub(crate) const ALL: [Mutant; 19] = [
    Mutant::DxKernelFlipped,
    Mutant::DwKernelRotated,
    Mutant::StrideIgnored,
    Mutant::PaddingOffByOne,
    Mutant::DilationIgnored,
    Mutant::GroupOffsetWrong,
    Mutant::BiasOfFirstSample,
    Mutant::MeanForSumOverSpace,
    Mutant::LastRowDropped,
    Mutant::ConvOverwritten,
    Mutant::MaxPoolOverwritten,
    Mutant::AvgPoolOverwritten,
    Mutant::ArgmaxIsLast,
    Mutant::ArgmaxShifted,
    Mutant::BatchMeanMissing,
    Mutant::SignFlipped,
    Mutant::AvgDivisorAtBorder,
    Mutant::ReluBranchSwapped,
    Mutant::LinearTransposed,
];

/// Gradients with respect to the input and to each parameter.
pub(crate) struct Naive {
    input: Tensor<f64>,
    parameters: Vec<Tensor<f64>>,
}

impl Naive {
    /// The derivative with respect to one coordinate.
    pub(crate) fn at(&self, coordinate: Coordinate) -> f64 {
        let tensor = match coordinate.leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters[number],
        };
        tensor::values(tensor)[coordinate.index]
    }
}

/// Compute the gradient of `problem`, with the fault if there is one.
pub(crate) fn backward(problem: &Problem, mutant: Option<Mutant>) -> Naive {
    let network = &problem.network;
    let inputs: Vec<Tensor<f64>> = (0..=network.layers().len())
        .map(|end| {
            network.forward_between(0..end, &problem.parameters, problem.input.clone(), None)
        })
        .collect();
    let scale = problem.objective.scale;
    let mut dy = match &problem.objective.loss {
        Some(loss) => loss_gradient(loss, &inputs[network.layers().len()], scale, mutant),
        None => panic!("a problem without a loss has no backward"),
    };
    let mut parameters = Vec::new();
    for (number, layer) in network.layers().iter().enumerate().rev() {
        let own = &problem.parameters.tensors[layer.parameter_range()];
        let pass = Pass {
            parameters: own,
            x: &inputs[number],
            dy: &dy,
            mutant,
        };
        let (dx, gradients) = pass.layer(&layer.layer);
        dy = dx;
        parameters.splice(0..0, gradients);
    }
    let sign = if mutant == Some(Mutant::SignFlipped) {
        -1.0
    } else {
        1.0
    };
    Naive {
        input: dy * sign,
        parameters: parameters
            .into_iter()
            .map(|gradient| gradient * sign)
            .collect(),
    }
}

fn loss_gradient(loss: &Loss, y: &Tensor<f64>, scale: f64, mutant: Option<Mutant>) -> Tensor<f64> {
    let batch = if mutant == Some(Mutant::BatchMeanMissing) {
        1.0
    } else {
        y.shape()[0] as f64
    };
    match loss {
        Loss::WeightedSum { cotangent } => cotangent * scale,
        Loss::Nll { .. } | Loss::L1 { .. } | Loss::Huber { .. } | Loss::BceWithLogits { .. } => {
            panic!("{loss:?} has its mutants in the library")
        }
        Loss::MeanSquaredError { target } => {
            let entries_of_a_sample = (y.len() / y.shape()[0]) as f64;
            (y - target) * (2.0 * scale / (batch * entries_of_a_sample))
        }
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            ..
        } => {
            let labels = y.shape()[1] as f64;
            let mut dy = y.mapv(f64::exp);
            for (mut row, class) in dy.outer_iter_mut().zip(classes) {
                let total = row.sum();
                row.mapv_inplace(|e| e / total - label_smoothing / labels);
                row[*class] -= 1.0 - label_smoothing;
            }
            dy * (scale / batch)
        }
    }
}

/// What one layer's backward works with.
struct Pass<'a> {
    parameters: &'a [Tensor<f64>],
    x: &'a Tensor<f64>,
    dy: &'a Tensor<f64>,
    mutant: Option<Mutant>,
}

impl Pass<'_> {
    fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// dx, and the gradients of the layer's parameters.
    fn layer(&self, layer: &Layer) -> (Tensor<f64>, Vec<Tensor<f64>>) {
        let Self { x, dy, .. } = self;
        let dx = match layer {
            Layer::Conv2d(conv) => return self.conv2d(conv),
            Layer::Linear => return self.linear(),
            Layer::Normalization(_) => panic!("{layer:?} has its mutants in the library"),
            Layer::MaxPool2d(pool) => self.max_pool2d(&pool.window),
            Layer::AvgPool2d(pool) => self.avg_pool2d(pool),
            Layer::Flatten => tensor::reshape((*dy).clone(), x.shape()),
            Layer::Relu => {
                let swapped = self.has(Mutant::ReluBranchSwapped);
                let slope = x.mapv(|x| f64::from(u8::from((x > 0.0) != swapped)));
                *dy * &slope
            }
            Layer::Tanh => *dy * &x.mapv(|x| 1.0 - x.tanh().powi(2)),
            Layer::Sigmoid => *dy * &x.mapv(|x| 1.0 / ((1.0 + (-x).exp()) * (1.0 + x.exp()))),
        };
        (dx, Vec::new())
    }

    fn conv2d(&self, conv: &Conv2d) -> (Tensor<f64>, Vec<Tensor<f64>>) {
        let Self { x, dy, .. } = self;
        let k = &self.parameters[0];
        let (k_shape, y_shape) = (k.shape(), dy.shape());
        let mut dx = tensor::zeros(x.shape());
        let mut dk = tensor::zeros(k_shape);
        let [kh, kw] = [k_shape[2], k_shape[3]];
        let group_out = y_shape[1] / conv.groups;
        for [n, o, i, j] in positions(y_shape) {
            if self.is_dropped(i, y_shape) {
                continue;
            }
            for [_, c, u, v] in positions(&[1, k_shape[1], kh, kw]) {
                let Some([row, column]) = self.meets(&conv.window, [i, j], [u, v]) else {
                    continue;
                };
                let group = if self.has(Mutant::GroupOffsetWrong) {
                    0
                } else {
                    o / group_out
                };
                let at = [n, group * k_shape[1] + c, row, column];
                let turned = [o, c, kh - 1 - u, kw - 1 - v];
                let upright = [o, c, u, v];
                let tap = if self.has(Mutant::DxKernelFlipped) {
                    turned
                } else {
                    upright
                };
                let term = dy[[n, o, i, j]] * k[tap];
                if self.has(Mutant::ConvOverwritten) {
                    dx[at] = term;
                } else {
                    dx[at] += term;
                }
                let tap = if self.has(Mutant::DwKernelRotated) {
                    turned
                } else {
                    upright
                };
                dk[tap] += dy[[n, o, i, j]] * x[at];
            }
        }
        let mut gradients = vec![dk];
        if self.parameters.len() > 1 {
            let mut db = tensor::zeros(&[y_shape[1]]);
            for [n, o, i, j] in positions(y_shape) {
                if !self.is_dropped(i, y_shape) && !self.is_of_a_left_out_sample(n) {
                    db[o] += dy[[n, o, i, j]];
                }
            }
            gradients.push(db);
        }
        if self.has(Mutant::MeanForSumOverSpace) {
            let positions = (y_shape[2] * y_shape[3]) as f64;
            for gradient in &mut gradients {
                gradient.mapv_inplace(|sum: f64| sum / positions);
            }
        }
        (dx, gradients)
    }

    fn linear(&self) -> (Tensor<f64>, Vec<Tensor<f64>>) {
        let Self { x, dy, .. } = self;
        let w = &self.parameters[0];
        let (outputs, inputs) = (w.shape()[0], w.shape()[1]);
        let mut dx = tensor::zeros(x.shape());
        let mut dw = tensor::zeros(w.shape());
        let mut db = tensor::zeros(&[outputs]);
        for n in 0..x.shape()[0] {
            for o in 0..outputs {
                for i in 0..inputs {
                    let weight = if self.has(Mutant::LinearTransposed) {
                        tensor::values(w)[i * outputs + o]
                    } else {
                        w[[o, i]]
                    };
                    dx[[n, i]] += dy[[n, o]] * weight;
                    dw[[o, i]] += dy[[n, o]] * x[[n, i]];
                }
                if !self.is_of_a_left_out_sample(n) {
                    db[o] += dy[[n, o]];
                }
            }
        }
        let mut gradients = vec![dw, db];
        gradients.truncate(self.parameters.len());
        (dx, gradients)
    }

    fn max_pool2d(&self, window: &Window) -> Tensor<f64> {
        let Self { x, dy, .. } = self;
        let mut dx = tensor::zeros(x.shape());
        for [n, c, i, j] in positions(dy.shape()) {
            if self.is_dropped(i, dy.shape()) {
                continue;
            }
            let inside: Vec<[usize; 2]> = positions(&[1, 1, window.kernel[0], window.kernel[1]])
                .filter_map(|[_, _, u, v]| self.meets(window, [i, j], [u, v]))
                .collect();
            let value = |at: &[usize; 2]| x[[n, c, at[0], at[1]]];
            let mut best = 0;
            for (number, at) in inside.iter().enumerate() {
                if value(at) > value(&inside[best]) {
                    best = number;
                }
            }
            match self.mutant {
                Some(Mutant::ArgmaxIsLast) => best = inside.len() - 1,
                Some(Mutant::ArgmaxShifted) => best = (best + 1) % inside.len(),
                _ => (),
            }
            // A window in the wrong place can lie outside of the input altogether.
            let Some([row, column]) = inside.get(best) else {
                continue;
            };
            let entry = &mut dx[[n, c, *row, *column]];
            if self.has(Mutant::MaxPoolOverwritten) {
                *entry = dy[[n, c, i, j]];
            } else {
                *entry += dy[[n, c, i, j]];
            }
        }
        dx
    }

    fn avg_pool2d(&self, pool: &AvgPool2d) -> Tensor<f64> {
        let Self { x, dy, .. } = self;
        let window = &pool.window;
        let counts_padding = pool.count_include_pad != self.has(Mutant::AvgDivisorAtBorder);
        let mut dx = tensor::zeros(x.shape());
        for [n, c, i, j] in positions(dy.shape()) {
            if self.is_dropped(i, dy.shape()) {
                continue;
            }
            let mut counted = 0.0;
            let mut inside = Vec::new();
            for [_, _, u, v] in positions(&[1, 1, window.kernel[0], window.kernel[1]]) {
                let place = [(0, i, u), (1, j, v)].map(|(axis, position, tap)| {
                    let padded = position * window.stride[axis] + tap;
                    let size = x.shape()[2 + axis];
                    padded < size + 2 * window.padding[axis]
                });
                let met = self.meets(window, [i, j], [u, v]);
                let counts = if counts_padding {
                    place == [true; 2]
                } else {
                    met.is_some()
                };
                counted += f64::from(u8::from(counts));
                inside.extend(met);
            }
            for [row, column] in inside {
                let entry = &mut dx[[n, c, row, column]];
                if self.has(Mutant::AvgPoolOverwritten) {
                    *entry = dy[[n, c, i, j]] / counted;
                } else {
                    *entry += dy[[n, c, i, j]] / counted;
                }
            }
        }
        dx
    }

    /// The input's row and column that a tap meets, or `None` in the padding.
    fn meets(&self, window: &Window, position: [usize; 2], tap: [usize; 2]) -> Option<[usize; 2]> {
        let mut at = [0; 2];
        for axis in 0..2 {
            let stride = if self.has(Mutant::StrideIgnored) {
                1
            } else {
                window.stride[axis]
            };
            let dilation = if self.has(Mutant::DilationIgnored) {
                1
            } else {
                window.dilation[axis]
            };
            let padding = window.padding[axis] + usize::from(self.has(Mutant::PaddingOffByOne));
            at[axis] = (position[axis] * stride + tap[axis] * dilation).checked_sub(padding)?;
            if at[axis] >= self.x.shape()[2 + axis] {
                return None;
            }
        }
        Some(at)
    }

    fn is_dropped(&self, row: usize, y_shape: &[usize]) -> bool {
        self.has(Mutant::LastRowDropped) && row + 1 == y_shape[2]
    }

    fn is_of_a_left_out_sample(&self, n: usize) -> bool {
        self.has(Mutant::BiasOfFirstSample) && n > 0
    }
}

/// Every index of a tensor of rank 4, in row-major order.
fn positions(shape: &[usize]) -> impl Iterator<Item = [usize; 4]> + use<> {
    let [a, b, c, d] = [shape[0], shape[1], shape[2], shape[3]];
    (0..a).flat_map(move |i| {
        (0..b).flat_map(move |j| (0..c).flat_map(move |k| (0..d).map(move |l| [i, j, k, l])))
    })
}
