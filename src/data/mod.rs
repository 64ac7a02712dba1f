//! What networks are fed with.

pub mod array;
pub mod digits;
mod disk;
pub mod files;
pub mod idx;
pub mod npy;
#[cfg(feature = "files")]
mod npz;
#[cfg(feature = "files")]
mod png;
pub mod tensors;

use thiserror::Error;

use crate::loss::Loss;
use crate::rng::Stream;
use crate::spec::plan::Plan;
use crate::spec::{DataSpec, LossSpec, NetworkSpec};
use crate::tensor::{self, Tensor};

/// Why there is no batch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    /// More samples are wanted than there are.
    #[error(
        "{wanted} samples are wanted, and there are {available} {what}: use --samples 1 to {available}"
    )]
    TooFew {
        /// Samples wanted.
        wanted: usize,
        /// Samples at hand.
        available: usize,
        /// What they are.
        what: String,
    },
    /// The network does not take digits.
    #[error(
        "network '{network}' wants digits, which are 1×28×28 in 10 classes, but its input is {input:?} and its output {output:?}: \
         set data = \"random\""
    )]
    NotForDigits {
        /// The network.
        network: String,
        /// Shape of a sample.
        input: Vec<usize>,
        /// Shape of the output, batch first.
        output: Vec<usize>,
    },
    /// A file or folder cannot be used.
    #[error("data in {path}: {what}")]
    File {
        /// The file or folder.
        path: String,
        /// What is wrong with it, and the way out.
        what: String,
    },
    /// The files are not those that a token was made with.
    #[error(
        "data in {path}: its content has changed (checksum {found}, and {wanted} is wanted): put the old files back, or check anew"
    )]
    Changed {
        /// The file or folder.
        path: String,
        /// The checksum that the token carries.
        wanted: String,
        /// That of the files.
        found: String,
    },
    /// The loss needs classes.
    #[error(
        "data in {path}: the loss compares with classes, and there are none: name the labels' file, or use mean_squared_error"
    )]
    NoLabels {
        /// The file or folder.
        path: String,
    },
}

/// Samples, and what is known about them.
struct Batch {
    input: Tensor<f64>,
    labels: Option<Vec<usize>>,
    targets: Option<Tensor<f64>>,
}

/// A batch for `spec`, seeded: the input, and the loss with its target.
///
/// # Errors
/// [`DataError`], when digits or samples from files do not fit or suffice.
pub fn batch(spec: &NetworkSpec, plan: &Plan, seed: u64) -> Result<(Tensor<f64>, Loss), DataError> {
    let samples = plan.input[0];
    let mut stream = Stream::new(seed, "targets");
    let Batch {
        input,
        labels,
        targets,
    } = match spec.data {
        DataSpec::Digits => digit_batch(spec, plan, seed)?,
        DataSpec::Random => {
            let mut inputs = Stream::new(seed, "inputs");
            let mut input = tensor::zeros(&plan.input);
            input.mapv_inplace(|_: f64| inputs.symmetric(2.0, 10));
            let classes = plan.output.last().copied().unwrap_or(1);
            let labels = (0..samples).map(|_| stream.index(classes)).collect();
            Batch {
                input,
                labels: Some(labels),
                targets: None,
            }
        }
        // Nobody can say what the output should be multiplied with, but who does it.
        _ if spec.loss == (LossSpec::WeightedSum {}) => files::batch(spec, plan, seed)?,
        _ => with_targets(files::batch(spec, plan, seed)?, plan),
    };
    let needs_classes = matches!(
        spec.loss,
        LossSpec::SoftmaxCrossEntropy { .. } | LossSpec::Nll { .. }
    );
    let labels = match labels {
        Some(labels) => labels,
        None if needs_classes => {
            let path = spec.data.path().unwrap_or_default().to_owned();
            return Err(DataError::NoLabels { path });
        }
        None => Vec::new(),
    };
    let loss = match &spec.loss {
        LossSpec::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights,
        } => Loss::SoftmaxCrossEntropy {
            classes: labels,
            label_smoothing: *label_smoothing,
            class_weights: class_weights.clone(),
        },
        LossSpec::Nll { class_weights } => Loss::Nll {
            classes: labels,
            class_weights: class_weights.clone(),
        },
        LossSpec::MeanSquaredError {} => Loss::MeanSquaredError {
            target: targets.unwrap_or_else(|| target(&plan.output, &mut stream)),
        },
        LossSpec::L1 {} => Loss::L1 {
            target: targets.unwrap_or_else(|| target(&plan.output, &mut stream)),
        },
        LossSpec::Huber { delta } => Loss::Huber {
            target: targets.unwrap_or_else(|| target(&plan.output, &mut stream)),
            delta: *delta,
        },
        LossSpec::BceWithLogits {} => {
            let random = || tensor::zeros(&plan.output).mapv(|_: f64| stream.index(2) as f64);
            Loss::BceWithLogits {
                target: targets.unwrap_or_else(random),
            }
        }
        LossSpec::WeightedSum {} => {
            let random = || tensor::zeros(&plan.output).mapv(|_: f64| stream.signed_weight());
            Loss::WeightedSum {
                cotangent: targets.unwrap_or_else(random),
            }
        }
    };
    Ok((input, loss))
}

/// Embedded digits for a network that tells them apart, or that makes them again.
fn digit_batch(spec: &NetworkSpec, plan: &Plan, seed: u64) -> Result<Batch, DataError> {
    let samples = plan.input[0];
    let makes_classes = plan.output[1..] == [digits::CLASSES];
    if spec.input != digits::SHAPE || !(makes_classes || is_autoencoder(spec, plan)) {
        return Err(DataError::NotForDigits {
            network: spec.name.clone(),
            input: spec.input.clone(),
            output: plan.output.clone(),
        });
    }
    if samples > digits::COUNT {
        return Err(DataError::TooFew {
            wanted: samples,
            available: digits::COUNT,
            what: "digits".to_owned(),
        });
    }
    let (input, labels) = digits::sample(samples, seed);
    Ok(Batch {
        targets: (!makes_classes).then(|| input.clone()),
        input,
        labels: Some(labels),
    })
}

/// Whether the output is compared with the input, entry by entry.
fn is_autoencoder(spec: &NetworkSpec, plan: &Plan) -> bool {
    let by_entry = matches!(
        spec.loss,
        LossSpec::MeanSquaredError {}
            | LossSpec::L1 {}
            | LossSpec::Huber { .. }
            | LossSpec::BceWithLogits {}
    );
    by_entry && plan.output == plan.input
}

/// What an output is compared with where the files do not say it: the input, if it has its shape, or 1
/// at the class and 0 elsewhere.
fn with_targets(batch: Batch, plan: &Plan) -> Batch {
    let targets = match (&batch.targets, &batch.labels) {
        (Some(targets), _) => Some(targets.clone()),
        (None, _) if plan.output == plan.input => Some(batch.input.clone()),
        (None, Some(labels)) if plan.output.len() == 2 => {
            let mut targets = tensor::zeros(&plan.output);
            for (sample, label) in labels.iter().enumerate() {
                targets[[sample, *label].as_slice()] = 1.0;
            }
            Some(targets)
        }
        (None, _) => None,
    };
    Batch { targets, ..batch }
}

fn target(shape: &[usize], stream: &mut Stream) -> Tensor<f64> {
    tensor::zeros(shape).mapv(|_: f64| stream.symmetric(2.0, 10))
}
