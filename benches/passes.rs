//! How long the passes take that a check is made of, on one thread: `cargo bench`.
//!
//! Weights and data are those of seed 1; more samples than there are built-in digits are random data.
//! Compare the fastest times: the others say how busy the machine is.
//!
//! What takes the time, on a machine with registers of eight `f64`: of LeNet-5 with one image a quarter goes
//! to the gradients of convolution weights (`layer/quick/products.rs`), a quarter to sums over kernels
//! (`layer/quick/correlation.rs`), of which the way back to conv2's input takes the most, an eighth to the
//! linear layers, whose weights do not fit in the first cache, and the rest to pooling, ReLU and memory. With
//! 64 images, new memory and pooling take a third.

#[expect(dead_code, reason = "shared with other benchmarks")]
mod common;

use divan::Bencher;
use gradproof::layer::Branches;
use gradproof::loss::Loss;
use gradproof::network::{Gradients, Network, Parameters, Trace};
use gradproof::scalar::{Dual, Format, Scalar};
use gradproof::source::{GradientSource, Point, Question, Reverse, Rounding};
use gradproof::tensor::{self, Tensor};

/// Networks and numbers of samples.
const BATCHES: [(&str, usize); 3] = [("lenet5", 1), ("lenet5", 64), ("resnet8", 1)];

/// The same for passes that carry more than a number an entry.
const IMAGES: [(&str, usize); 2] = [("lenet5", 1), ("resnet8", 1)];

/// Tangents of one dual pass, as many as the source `dual` carries.
const LANES: usize = 16;

fn main() {
    divan::main();
}

/// A network and all that its passes read, in one arithmetic.
struct Bench<S> {
    network: Network,
    parameters: Parameters<S>,
    input: Tensor<S>,
    loss: Loss,
}

impl<S: Scalar> Bench<S> {
    fn new((name, samples): (&str, usize)) -> Self {
        let problem = common::of_preset(name, samples);
        Self {
            parameters: problem.parameters.lift(),
            input: tensor::lift(&problem.input),
            network: problem.network,
            loss: problem.objective.loss.expect("a preset has a loss"),
        }
    }

    fn forward(&self) -> Trace<S> {
        let input = self.input.clone();
        self.network.forward(&self.parameters, input, None)
    }

    fn loss(&self) -> S {
        let trace = self.forward();
        self.loss.forward(&trace.output, Branches::Follow)
    }

    fn backpropagate(&self) -> Gradients<S> {
        let trace = self.forward();
        let dy = self
            .loss
            .backward(&trace.output, S::one(), Branches::Follow);
        self.network.backward(&self.parameters, trace.saved, dy)
    }
}

/// The forward pass, keeping what backward needs.
#[divan::bench(types = [f64, f32], args = BATCHES)]
fn forward<S: Scalar>(bencher: Bencher, batch: (&str, usize)) {
    let bench = Bench::<S>::new(batch);
    bencher.bench_local(|| bench.forward());
}

/// Forward and hand-written backward: the gradients of every parameter and of the input.
#[divan::bench(types = [f64, f32], args = BATCHES)]
fn forward_and_backward<S: Scalar>(bencher: Bencher, batch: (&str, usize)) {
    let bench = Bench::<S>::new(batch);
    bencher.bench_local(|| bench.backpropagate());
}

/// The loss with its derivatives with respect to 16 weights of the first layer.
#[divan::bench(args = IMAGES)]
fn dual(bencher: Bencher, batch: (&str, usize)) {
    let mut bench = Bench::<Dual<LANES>>::new(batch);
    let first = tensor::values_mut(&mut bench.parameters.tensors[0]);
    for (lane, weight) in first.iter_mut().take(LANES).enumerate() {
        *weight = Dual::variable(weight.primal(), lane);
    }
    bencher.bench_local(|| bench.loss());
}

/// The gradient of every parameter by dfdx, through the network rebuilt from gather and matmul.
#[divan::bench(args = IMAGES)]
fn reverse(bencher: Bencher, (name, samples): (&str, usize)) {
    let point = Point::new(common::of_preset(name, samples), 1);
    let leaves = point.problem.leaves();
    let coordinates: Vec<_> = leaves
        .into_iter()
        .skip(1)
        .flat_map(|leaf| point.problem.coordinates(leaf))
        .collect();
    let question = Question {
        problem: &point.problem,
        coordinates: &coordinates,
        pattern: &point.pattern,
        rounding: &point.rounding,
        progress: &|_| (),
    };
    bencher.bench_local(|| Reverse.gradient(question).expect("dfdx takes no steps"));
}

/// The spread of ten gradients under Monte Carlo arithmetic, on one thread.
#[divan::bench(args = [IMAGES[0]])]
fn rounding(bencher: Bencher, (name, samples): (&str, usize)) {
    let problem = common::of_preset(name, samples);
    let pattern = problem.pattern();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1);
    let one_thread = one_thread.build().expect("a thread");
    bencher.bench_local(|| {
        one_thread.install(|| Rounding::measure(&problem, &pattern, 1, Format::F64))
    });
}
