//! What is looked at: a network and its point. Every subcommand that takes one has these options.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use clap::Args;

use crate::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use crate::spec::files::Files;
use crate::spec::preset::{PRESETS, preset};
use crate::spec::{ArraysSpec, DataSpec, NetworkSpec, PenaltySpec};

/// The largest network file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// The help of the argument NETWORK.
pub(super) const NETWORK_HELP: &str = "What to check: lenet5, lenet5-tanh, mlp, resnet8, vgg8, vgg11, autoencoder, mobilenet-tiny, or the path of a .toml file that describes a network";

/// The point at which a network's gradient is taken.
#[derive(Debug, Clone, Args)]
pub(super) struct Subject {
    /// Everything random follows from this number: initial weights, chosen digits, sampled weights
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// How many samples are in the batch (of the 40 MNIST digits that are built in)
    #[arg(long, value_name = "N", default_value_t = 4)]
    samples: usize,

    /// The arithmetic of the gradient under test, f64 or f32; the references are in f64 at the same
    /// numbers [default: f64; with --gradients of float32 numbers f32]
    #[arg(long, value_name = "f64|f32", value_parser = precision)]
    precision: Option<Precision>,

    /// Samples of your own instead of the network's: a .npz file, .npy or IDX files as
    /// SAMPLES,LABELS, or a folder with a folder of PNG files for each class
    #[arg(long, value_name = "PATH")]
    data: Option<String>,

    /// Take N steps of plain gradient descent first: gradients at untrained weights can hide bugs
    #[arg(long, value_name = "N", default_value_t = 0)]
    train_steps: usize,

    /// Add a penalty on the weights, l2=LAMBDA or l1=LAMBDA; the data loss and the penalty are then
    /// judged apart and together
    #[arg(long, value_name = "KIND=LAMBDA", value_parser = penalty)]
    penalty: Option<PenaltySpec>,
}

impl Subject {
    /// The defaults.
    pub(super) fn usual() -> Self {
        Self {
            seed: 1,
            samples: 4,
            precision: None,
            data: None,
            train_steps: 0,
            penalty: None,
        }
    }

    /// The same in the arithmetic that `precision` finds, where none was asked for.
    pub(super) fn or_precision(
        mut self,
        precision: impl FnOnce() -> Result<Precision, String>,
    ) -> Result<Self, String> {
        if self.precision.is_none() {
            self.precision = Some(precision()?);
        }
        Ok(self)
    }

    /// The case of this point of `network`, for all sources and coordinates.
    pub(super) fn case(self, network: &str) -> Result<Case, String> {
        let mut spec = spec(network, self.samples)?;
        if let Some(data) = &self.data {
            spec.data = samples_in(data);
        }
        Ok(Case {
            spec,
            seed: self.seed,
            precision: self.precision.unwrap_or_default(),
            samples: self.samples,
            train_steps: self.train_steps,
            penalty: self.penalty,
            step: Step::Auto,
            coordinates: Selection::All,
            sources: SourceName::ALL.to_vec(),
            order: Order::First,
            files: Files::default(),
        })
    }
}

/// The preset of this name, or the network in this file, for so many samples.
fn spec(name: &str, samples: usize) -> Result<NetworkSpec, String> {
    let path = Path::new(name);
    let is_file = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
        || name.contains(std::path::is_separator);
    if !is_file {
        return preset(name).map_err(|error| error.to_string());
    }
    let cannot =
        |error: &dyn std::fmt::Display| format!("cannot read the network file {name}: {error}");
    let mut text = String::new();
    let file = File::open(path).map_err(|error| {
        let hint = "name a .toml file that describes a network, or one of";
        cannot(&format!("{error}; {hint} {}", PRESETS.join(", ")))
    })?;
    let read = file
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| cannot(&error))?;
    if read as u64 > MOST_BYTES {
        return Err(cannot(&format!(
            "it is larger than {MOST_BYTES} bytes, which no network file is"
        )));
    }
    let mut spec =
        NetworkSpec::from_toml_for(&text, samples).map_err(|error| format!("{name}, {error}"))?;
    if let Some(folder) = name
        .rsplit_once(std::path::is_separator)
        .map(|(folder, _)| folder)
    {
        let from_here = |path: &str| {
            let path = Path::new(folder).join(path);
            path.to_string_lossy().into_owned()
        };
        spec.data = spec.data.with_paths(from_here);
    }
    Ok(spec)
}

/// The samples that --data names, by the path's ending.
fn samples_in(text: &str) -> DataSpec {
    let (inputs, labels) = match text.split_once(',') {
        Some((inputs, labels)) => (inputs, Some(labels.to_owned())),
        None => (text, None),
    };
    let ends_with = |ending: &str| inputs.to_lowercase().ends_with(ending);
    let path = inputs.to_owned();
    if text == "random" {
        DataSpec::Random
    } else if text == "digits" {
        DataSpec::Digits
    } else if Path::new(inputs).is_dir() {
        DataSpec::Png(path.into())
    } else if ends_with(".npz") {
        DataSpec::Npz(path.into())
    } else if ends_with(".npy") {
        DataSpec::Npy(ArraysSpec {
            labels,
            ..path.into()
        })
    } else {
        // MNIST's files are called train-images-idx3-ubyte and train-labels-idx1-ubyte.
        let beside = inputs
            .contains("images-idx3")
            .then(|| inputs.replace("images-idx3", "labels-idx1"));
        DataSpec::Idx(ArraysSpec {
            labels: labels.or(beside),
            ..path.into()
        })
    }
}

/// The format of this name.
pub(super) fn precision(text: &str) -> Result<Precision, String> {
    Precision::ALL
        .into_iter()
        .find(|precision| precision.to_string() == text)
        .ok_or_else(|| "the formats are f64 and f32".to_owned())
}

fn penalty(text: &str) -> Result<PenaltySpec, String> {
    let example = "use for example l2=0.001";
    let (kind, strength) = text
        .split_once('=')
        .ok_or_else(|| format!("no '=' in it; {example}"))?;
    let strength: f64 = strength
        .parse()
        .map_err(|_| format!("'{strength}' is not a number; {example}"))?;
    if !(strength.is_finite() && strength > 0.0) {
        return Err(format!(
            "{strength} is not a finite number above 0; {example}"
        ));
    }
    match kind {
        "l2" => Ok(PenaltySpec::L2 { strength }),
        "l1" => Ok(PenaltySpec::L1 { strength }),
        _ => Err(format!(
            "there is no penalty '{kind}', only l2 and l1; {example}"
        )),
    }
}
