//! What networks are fed with.

pub mod digits;
pub mod idx;

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
        "{wanted} samples are wanted, and there are {available} digits: use --samples 1 to {available}"
    )]
    TooFew {
        /// Samples wanted.
        wanted: usize,
        /// Samples at hand.
        available: usize,
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
}

/// A batch for `spec`, seeded: the input, and the loss with its target.
///
/// # Errors
/// [`DataError`], when the network wants digits and they do not fit or suffice.
pub fn batch(spec: &NetworkSpec, plan: &Plan, seed: u64) -> Result<(Tensor<f64>, Loss), DataError> {
    let samples = plan.input[0];
    let mut stream = Stream::new(seed, "targets");
    let (input, labels) = match spec.data {
        DataSpec::Digits => {
            if spec.input != digits::SHAPE || plan.output[1..] != [digits::CLASSES] {
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
                });
            }
            digits::sample(samples, seed)
        }
        DataSpec::Random => {
            let mut inputs = Stream::new(seed, "inputs");
            let mut input = tensor::zeros(&plan.input);
            input.mapv_inplace(|_: f64| inputs.symmetric(2.0, 10));
            let classes = plan.output.last().copied().unwrap_or(1);
            (input, (0..samples).map(|_| stream.index(classes)).collect())
        }
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
            target: target(&plan.output, &mut stream),
        },
        LossSpec::L1 {} => Loss::L1 {
            target: target(&plan.output, &mut stream),
        },
        LossSpec::Huber { delta } => Loss::Huber {
            target: target(&plan.output, &mut stream),
            delta: *delta,
        },
        LossSpec::BceWithLogits {} => {
            let mut target = tensor::zeros(&plan.output);
            target.mapv_inplace(|_: f64| stream.index(2) as f64);
            Loss::BceWithLogits { target }
        }
        LossSpec::WeightedSum {} => {
            let mut cotangent = tensor::zeros(&plan.output);
            cotangent.mapv_inplace(|_: f64| stream.signed_weight());
            Loss::WeightedSum { cotangent }
        }
    };
    Ok((input, loss))
}

fn target(shape: &[usize], stream: &mut Stream) -> Tensor<f64> {
    tensor::zeros(shape).mapv(|_: f64| stream.symmetric(2.0, 10))
}
