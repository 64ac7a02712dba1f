//! Who is wrong, and where: faults planted in each source and in each layer are put down to it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

mod fault_at;
mod forward;
mod layers;
mod random;
mod sources;

use gradproof::data;
use gradproof::judge::Witness;
use gradproof::network::{Coordinate, Network, Objective, Parameters, Problem};
use gradproof::source::{Estimate, Forward, GradientSource, Point, SAFETY, SAFETY_OTHER_ORDER};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::SourceName;
use gradproof::spec::plan::Plan;
use gradproof::spec::preset::preset;

/// Seed of values and perturbations.
const SEED: u64 = 7;

/// A convolutional network of every kind of layer, small enough for central differences.
const SMALL: &str = r#"
    name = "small"
    input = [2, 7, 7]
    loss = { op = "softmax_cross_entropy" }
    layers = [
        { name = "conv1", op = "conv2d", out_channels = 4, kernel = 3, padding = 1, groups = 2 },
        { name = "act1", op = "relu" },
        { name = "max", op = "max_pool2d", kernel = 2, stride = 1 },
        { name = "conv2", op = "conv2d", out_channels = 3, kernel = 3, padding = 1 },
        { name = "act2", op = "tanh" },
        { name = "mean", op = "avg_pool2d", kernel = 3, stride = 2, padding = 1 },
        { name = "flatten", op = "flatten" },
        { name = "fc1", op = "linear", out_features = 5 },
        { name = "act3", op = "sigmoid" },
        { name = "fc2", op = "linear", out_features = 4 },
    ]"#;

fn small() -> NetworkSpec {
    NetworkSpec::from_toml(SMALL).unwrap()
}

/// `spec` at seeded values, without penalty.
fn problem(spec: &NetworkSpec, batch: usize) -> Problem {
    let plan = Plan::new(spec, batch).unwrap();
    let (input, loss) = data::batch(spec, &plan, SEED).unwrap();
    Problem {
        network: Network::new(&plan),
        parameters: Parameters::seeded(&plan, SEED),
        input,
        objective: Objective {
            loss: Some(loss),
            scale: 1.0,
            penalty: None,
        },
    }
}

fn preset_problem(name: &str, batch: usize) -> Problem {
    problem(&preset(name).unwrap(), batch)
}

/// What `source` says of `coordinates`, as a driver would ask it; kinks are left out.
fn witness(point: &Point, source: &dyn GradientSource, coordinates: &[Coordinate]) -> Witness {
    let name = SourceName::ALL
        .into_iter()
        .find(|name| name.to_string() == source.name())
        .unwrap();
    let gradient = point.ask(source, coordinates, &|_| ()).unwrap();
    let mut derivatives: Vec<Option<Estimate>> = gradient.estimates.into_iter().map(Some).collect();
    for position in gradient.kinks {
        derivatives[position] = None;
    }
    let safety = match source.forward() {
        Forward::Shared => SAFETY,
        Forward::Independent => SAFETY_OTHER_ORDER,
    };
    Witness {
        source: name,
        forward: source.forward(),
        value: Some(Estimate {
            value: gradient.value,
            error: safety * point.rounding.value(),
        }),
        derivatives,
    }
}
