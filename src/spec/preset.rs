//! Networks that users know, by name.

mod larger;
mod resnet8;

use thiserror::Error;

use super::nearest::nearest;
use super::{
    AvgPool2dSpec, Conv2dSpec, DataSpec, LayerSpec, LinearSpec, LossSpec, MaxPool2dSpec,
    NetworkSpec, OpSpec,
};

/// The names that [`preset`] knows.
pub const PRESETS: [&str; 8] = [
    "lenet5",
    "lenet5-tanh",
    "mlp",
    "resnet8",
    "vgg8",
    "vgg11",
    "autoencoder",
    "mobilenet-tiny",
];

/// No preset has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no network '{name}'{}: known are {}, or give the path of a .toml file",
    .suggestion.map(|known| format!(", did you mean '{known}'?")).unwrap_or_default(), PRESETS.join(", "))]
pub struct UnknownPreset {
    /// What was asked for.
    pub name: String,
    /// The known name that is nearest to it.
    pub suggestion: Option<&'static str>,
}

/// The network called `name`.
///
/// # Errors
/// [`UnknownPreset`] with the nearest known name.
pub fn preset(name: &str) -> Result<NetworkSpec, UnknownPreset> {
    match name {
        "lenet5" => Ok(lenet5(name, || OpSpec::Relu {}, max_pool)),
        "lenet5-tanh" => Ok(lenet5(name, || OpSpec::Tanh {}, avg_pool)),
        "mlp" => Ok(mlp()),
        "vgg8" => Ok(larger::vgg8()),
        "vgg11" => Ok(larger::vgg11()),
        "autoencoder" => Ok(larger::autoencoder()),
        "mobilenet-tiny" => Ok(larger::mobilenet_tiny()),
        "resnet8" => Ok(resnet8::resnet8()),
        _ => Err(UnknownPreset {
            name: name.to_owned(),
            suggestion: nearest(name, &PRESETS),
        }),
    }
}

/// LeNet-5 in its usual modern form (valid 5×5 convolutions, as in LeCun et al. 1998 without the
/// connection table and the radial basis output), with the activation and pooling given.
fn lenet5(name: &str, activation: fn() -> OpSpec, pool: fn() -> OpSpec) -> NetworkSpec {
    let activation_name = activation().name();
    let named_activation =
        |number: usize| layer(&format!("{activation_name}{number}"), activation());
    NetworkSpec {
        name: name.to_owned(),
        input: vec![1, 28, 28],
        data: DataSpec::Digits,
        loss: LossSpec::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        layers: vec![
            layer("conv1", conv(6)),
            named_activation(1),
            layer("pool1", pool()),
            layer("conv2", conv(16)),
            named_activation(2),
            layer("pool2", pool()),
            layer("flatten", OpSpec::Flatten {}),
            layer("fc1", linear(120)),
            named_activation(3),
            layer("fc2", linear(84)),
            named_activation(4),
            layer("fc3", linear(10)),
        ],
    }
}

/// Two hidden layers of 32 units.
fn mlp() -> NetworkSpec {
    NetworkSpec {
        name: "mlp".to_owned(),
        input: vec![1, 28, 28],
        data: DataSpec::Digits,
        loss: LossSpec::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        layers: vec![
            layer("flatten", OpSpec::Flatten {}),
            layer("fc1", linear(32)),
            layer("relu1", OpSpec::Relu {}),
            layer("fc2", linear(32)),
            layer("relu2", OpSpec::Relu {}),
            layer("fc3", linear(10)),
        ],
    }
}

fn layer(name: &str, op: OpSpec) -> LayerSpec {
    LayerSpec {
        name: Some(name.to_owned()),
        op,
    }
}

fn conv(out_channels: usize) -> OpSpec {
    OpSpec::Conv2d(Conv2dSpec {
        out_channels,
        kernel: [5, 5],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        bias: true,
    })
}

fn linear(out_features: usize) -> OpSpec {
    OpSpec::Linear(LinearSpec {
        out_features,
        bias: true,
    })
}

fn max_pool() -> OpSpec {
    OpSpec::MaxPool2d(MaxPool2dSpec {
        kernel: [2, 2],
        stride: None,
        padding: [0, 0],
        dilation: [1, 1],
        ceil_mode: false,
    })
}

fn avg_pool() -> OpSpec {
    OpSpec::AvgPool2d(AvgPool2dSpec {
        kernel: [2, 2],
        stride: None,
        padding: [0, 0],
        ceil_mode: false,
        count_include_pad: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_network_and_near_misses_are_guessed() {
        for name in PRESETS {
            assert_eq!(
                preset(name).map(|spec| spec.name),
                Ok(name.to_owned()),
                "{name}"
            );
        }
        let guess = |name| preset(name).err().and_then(|error| error.suggestion);
        assert_eq!(guess("lenet"), Some("lenet5"), "a letter short");
        assert_eq!(guess("."), None, "nothing like it");
        assert_eq!(guess(""), None, "nothing at all");
    }
}
