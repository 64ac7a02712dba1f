//! Parameters and gradients that go to other programs and come from them.

#![cfg(all(feature = "cli", feature = "files"))]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

mod check;
mod formats;
mod program;

use std::path::Path;

use gradproof::data::tensors::{Entries, NamedTensor, TensorFormat};
use gradproof::network::{LeafName, Problem};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::Case;
use gradproof::spec::files::Files;
use gradproof::tensor::{Tensor, values};

use crate::support::checks::check_of;

/// A network in which something of everything stands before a loss over classes, small enough to be checked
/// whole in a moment.
const SMALL: &str = r#"
name = "small"
input = [2, 6, 6]
loss = { op = "softmax_cross_entropy" }
layers = [
    { op = "conv2d", out_channels = 3, kernel = 3 },
    { op = "relu" },
    { op = "max_pool2d", kernel = 2 },
    { op = "flatten" },
    { op = "linear", out_features = 5 },
    { op = "tanh" },
    { op = "linear", out_features = 4 },
]
"#;

fn small() -> Case {
    let spec = NetworkSpec::from_toml(SMALL).unwrap();
    Case {
        spec,
        ..case("mlp")
    }
}

fn case(network: &str) -> Case {
    Case {
        seed: 3,
        ..check_of(network, 3)
    }
}

/// The same case whose gradient under test is the one at `path`.
fn with_gradients(case: &Case, path: &str) -> Case {
    let files = Files {
        gradients: Some(path.to_owned().into()),
        ..case.files.clone()
    };
    Case {
        files,
        ..case.clone()
    }
}

fn named(name: &str, tensor: &Tensor<f64>) -> NamedTensor {
    NamedTensor {
        name: name.to_owned(),
        shape: tensor.shape().to_vec(),
        entries: Entries::F64(values(tensor).to_vec()),
    }
}

/// A tensor for each of a problem's parameters.
fn of_parameters(problem: &Problem, tensors: &[Tensor<f64>]) -> Vec<NamedTensor> {
    let names = (0..tensors.len()).map(|number| {
        let leaf = LeafName::Parameter(number);
        problem.network.leaf_name(leaf)
    });
    names
        .zip(tensors)
        .map(|(name, tensor)| named(name, tensor))
        .collect()
}

/// Backpropagation's gradient at `problem`, as another program would save it.
fn right_gradient(problem: &Problem) -> Vec<NamedTensor> {
    let found = problem.backpropagate::<f64>(None);
    of_parameters(problem, &found.parameters)
}

/// The entries of the tensor called `name`.
fn entries<'a>(tensors: &'a mut [NamedTensor], name: &str) -> &'a mut Vec<f64> {
    let tensor = tensors.iter_mut().find(|tensor| tensor.name == name);
    match &mut tensor.expect("a tensor of this name").entries {
        Entries::F64(entries) => entries,
        other => panic!("{name} is in double precision, not {other:?}"),
    }
}

/// The same in single precision.
fn in_single(tensors: &[NamedTensor]) -> Vec<NamedTensor> {
    let single = tensors.iter().map(|tensor| {
        let Entries::F64(entries) = &tensor.entries else {
            panic!("{} is in double precision", tensor.name);
        };
        NamedTensor {
            entries: Entries::F32(entries.iter().map(|entry| *entry as f32).collect()),
            ..tensor.clone()
        }
    });
    single.collect()
}

/// Write `tensors` into `folder`, and return the path.
fn write(folder: &Path, name: &str, tensors: &[NamedTensor]) -> String {
    let path = folder.join(name).to_str().unwrap().to_owned();
    let format = TensorFormat::of_path(&path).unwrap();
    std::fs::write(&path, format.write(tensors).unwrap()).unwrap();
    path
}
