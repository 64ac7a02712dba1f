//! Networks for 3×32×32 images, and an autoencoder of digits.

use super::super::{
    AdaptiveAvgPool2dSpec, BatchNorm2dSpec, Conv2dSpec, ConvTranspose2dSpec, DataSpec, LayerSpec,
    LossSpec, NetworkSpec, OpSpec,
};
use super::{layer, linear, max_pool};

/// Six 3×3 convolutions in three blocks, as in Simonyan and Zisserman 2014, and two linear layers; an
/// eighth of the usual width.
pub(super) fn vgg8() -> NetworkSpec {
    let mut layers = Vec::new();
    for (block, channels) in [8, 16, 32].into_iter().enumerate() {
        for number in [2 * block + 1, 2 * block + 2] {
            layers.push(layer(
                &format!("conv{number}"),
                conv(channels, 3, 1, 1, true),
            ));
            layers.push(layer(&format!("relu{number}"), OpSpec::Relu {}));
        }
        layers.push(layer(&format!("pool{}", block + 1), max_pool()));
    }
    layers.push(layer("flatten", OpSpec::Flatten {}));
    layers.push(layer("fc1", linear(32)));
    layers.push(layer("relu7", OpSpec::Relu {}));
    layers.push(layer("fc2", linear(10)));
    classifier("vgg8", layers)
}

/// Configuration A of Simonyan and Zisserman 2014 for 32×32 images: eight 3×3 convolutions of up to 512
/// channels and three linear layers, of 512 units instead of 4,096; 9,750,922 parameters.
pub(super) fn vgg11() -> NetworkSpec {
    let mut layers = Vec::new();
    let mut number = 0;
    for (block, convolutions) in [&[64][..], &[128], &[256; 2], &[512; 2], &[512; 2]]
        .into_iter()
        .enumerate()
    {
        for channels in convolutions {
            number += 1;
            layers.push(layer(
                &format!("conv{number}"),
                conv(*channels, 3, 1, 1, true),
            ));
            layers.push(layer(&format!("relu{number}"), OpSpec::Relu {}));
        }
        layers.push(layer(&format!("pool{}", block + 1), max_pool()));
    }
    layers.push(layer("flatten", OpSpec::Flatten {}));
    for (number, relu) in [(1, "relu9"), (2, "relu10")] {
        layers.push(layer(&format!("fc{number}"), linear(512)));
        layers.push(layer(relu, OpSpec::Relu {}));
    }
    layers.push(layer("fc3", linear(10)));
    classifier("vgg11", layers)
}

/// Depthwise and pointwise convolutions in turn, each normalised, as in Howard et al. 2017.
pub(super) fn mobilenet_tiny() -> NetworkSpec {
    let mut layers = Vec::new();
    let mut block = |name: &str, op: OpSpec| {
        layers.push(layer(name, op));
        layers.push(layer(&format!("{name}_bn"), batch_norm()));
        layers.push(layer(&format!("{name}_relu"), OpSpec::Relu {}));
    };
    let mut channels = 8;
    block("conv1", conv(channels, 3, 2, 1, false));
    for (number, (out_channels, stride)) in
        [(16, 1), (32, 2), (32, 1), (64, 2)].into_iter().enumerate()
    {
        block(
            &format!("depthwise{}", number + 1),
            conv(channels, 3, stride, channels, false),
        );
        block(
            &format!("pointwise{}", number + 1),
            conv(out_channels, 1, 1, 1, false),
        );
        channels = out_channels;
    }
    layers.push(layer(
        "pool",
        OpSpec::AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec {
            output_size: [1, 1],
        }),
    ));
    layers.push(layer("flatten", OpSpec::Flatten {}));
    layers.push(layer("fc", linear(10)));
    classifier("mobilenet-tiny", layers)
}

/// Two strided convolutions, and two transposed ones back to the digit, which is the target.
pub(super) fn autoencoder() -> NetworkSpec {
    NetworkSpec {
        name: "autoencoder".to_owned(),
        input: vec![1, 28, 28],
        data: DataSpec::Digits,
        loss: LossSpec::MeanSquaredError {},
        layers: vec![
            layer("conv1", conv(8, 3, 2, 1, true)),
            layer("relu1", OpSpec::Relu {}),
            layer("conv2", conv(16, 3, 2, 1, true)),
            layer("relu2", OpSpec::Relu {}),
            layer("deconv1", conv_transpose(8)),
            layer("relu3", OpSpec::Relu {}),
            layer("deconv2", conv_transpose(1)),
            layer("sigmoid", OpSpec::Sigmoid {}),
        ],
    }
}

/// A network that tells ten classes of 3×32×32 images apart, on random data.
fn classifier(name: &str, layers: Vec<LayerSpec>) -> NetworkSpec {
    NetworkSpec {
        name: name.to_owned(),
        input: vec![3, 32, 32],
        data: DataSpec::Random,
        loss: LossSpec::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        layers,
    }
}

/// A convolution that keeps the size, but for its stride.
fn conv(out_channels: usize, kernel: usize, stride: usize, groups: usize, bias: bool) -> OpSpec {
    OpSpec::Conv2d(Conv2dSpec {
        out_channels,
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [kernel / 2; 2],
        dilation: [1, 1],
        groups,
        bias,
    })
}

/// A transposed convolution that doubles the size.
fn conv_transpose(out_channels: usize) -> OpSpec {
    OpSpec::ConvTranspose2d(ConvTranspose2dSpec {
        out_channels,
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
        output_padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        bias: true,
    })
}

fn batch_norm() -> OpSpec {
    OpSpec::BatchNorm2d(BatchNorm2dSpec {
        eps: 1e-5,
        affine: true,
        training: true,
        running_mean: None,
        running_var: None,
    })
}
