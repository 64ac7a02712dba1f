//! Large networks by random-sign projections: wrong coordinates are found among many, right gradients are
//! not accused, and the work is counted.

mod checks;
mod search;
mod tangents;

use std::borrow::Cow;

use gradproof::check::problem;
use gradproof::network::Problem;
use gradproof::rng::Stream;
use gradproof::source::Forward;
use gradproof::source::projection::{Projecting, Projection, Spreads, Tangents};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;
use gradproof::tensor::{Tensor, values, values_mut};

fn case(spec: NetworkSpec, seed: u64, samples: usize) -> Case {
    Case {
        spec,
        seed,
        precision: Precision::F64,
        samples,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::Auto,
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    }
}

fn preset_problem(name: &str, seed: u64) -> Problem {
    let spec = preset(name).expect("a preset");
    problem(&case(spec, seed, 1)).expect("it can be posed")
}

/// A small network with something of everything, whose tensors have from 3 to 720 coordinates.
fn small() -> NetworkSpec {
    NetworkSpec::from_toml(
        r#"
        name = "small"
        input = [2, 8, 8]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "conv2d", out_channels = 4, kernel = 3, padding = 1 },
            { op = "batch_norm2d" },
            { op = "relu" },
            { op = "residual", layers = [
                { op = "conv2d", out_channels = 6, kernel = 3, stride = 2, padding = 1 },
                { op = "gelu" },
            ], shortcut = [{ op = "conv2d", out_channels = 6, kernel = 1, stride = 2 }] },
            { op = "prelu" },
            { op = "concatenation", branches = [[], [{ op = "conv2d", out_channels = 2, kernel = 1 }]] },
            { op = "conv_transpose2d", out_channels = 3, kernel = 2, stride = 2 },
            { op = "max_pool2d", kernel = 2 },
            { op = "upsample", scale_factor = 2 },
            { op = "dropout", p = 0.25 },
            { op = "flatten" },
            { op = "linear", out_features = 15 },
            { op = "tanh" },
            { op = "linear", out_features = 3 },
        ]
        "#,
    )
    .expect("a network")
}

/// Backpropagation's gradient, which is right.
fn gradient(problem: &Problem) -> Vec<Tensor<f64>> {
    problem.backpropagate::<f64>(None).parameters
}

/// A problem whose rounding is measured once for all gradients that are projected there.
struct Measured {
    problem: Problem,
    tangents: Tangents,
    spreads: Spreads,
    seed: u64,
}

impl Measured {
    /// With signs and perturbations of `seed`.
    fn new(problem: Problem, seed: u64) -> Self {
        let tangents = Tangents::at(&problem);
        let spreads = with(&problem, &tangents, seed, &[], |asked| asked.spreads());
        Self {
            problem,
            tangents,
            spreads,
            seed,
        }
    }

    /// What projections find of `gradient`.
    fn project(&self, gradient: &[Tensor<f64>]) -> Projection {
        let (problem, tangents) = (&self.problem, &self.tangents);
        with(problem, tangents, self.seed, gradient, |asked| {
            asked.run(&self.spreads)
        })
    }
}

fn with<T>(
    problem: &Problem,
    tangents: &Tangents,
    seed: u64,
    gradient: &[Tensor<f64>],
    ask: impl FnOnce(Projecting<'_>) -> T,
) -> T {
    let gradient: Vec<Cow<'_, Tensor<f64>>> = gradient.iter().map(Cow::Borrowed).collect();
    ask(Projecting {
        problem,
        tangents,
        gradient: &gradient,
        forward: Forward::Shared,
        perturbations: seed,
        seed,
        progress: &|_| (),
    })
}

/// What was found, as pairs of parameter and index.
fn found(projection: &Projection) -> Vec<(usize, usize)> {
    let tensors = projection.tensors.iter();
    let pairs = tensors.flat_map(|tensor| {
        let found = tensor.found.keys();
        found.map(|index| (tensor.number, *index))
    });
    pairs.collect()
}

/// Change `count` different coordinates of parameter `number` by at least a hundredth of the tensor's largest
/// derivative, in random directions; where.
fn plant(
    gradient: &mut [Tensor<f64>],
    number: usize,
    count: usize,
    stream: &mut Stream,
) -> Vec<(usize, usize)> {
    let own = &mut gradient[number];
    let largest = own.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    let chosen = stream.sample(own.len(), count);
    for index in &chosen {
        let error = largest * 0.01 * stream.signed_weight();
        values_mut(own)[*index] += 2.0 * error;
    }
    chosen.into_iter().map(|index| (number, index)).collect()
}

/// The largest |gap|/bound over all tensors and projections.
fn closest(projection: &Projection) -> f64 {
    let tensors = projection.tensors.iter();
    tensors.fold(0.0, |most: f64, tensor| most.max(tensor.closest().0))
}

fn entries(tensor: &Tensor<f64>) -> usize {
    values(tensor).len()
}
