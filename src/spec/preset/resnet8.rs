//! ResNet-8 for 32×32 images in three channels.

use crate::spec::{
    AdaptiveAvgPool2dSpec, BatchNorm2dSpec, Conv2dSpec, DataSpec, LayerSpec, LossSpec, NetworkSpec,
    OpSpec, ResidualSpec,
};

use super::{layer, linear};

/// Three residual blocks of 16, 32 and 64 channels, as in MLPerf Tiny (C. Banbury et al., 2021).
pub(super) fn resnet8() -> NetworkSpec {
    NetworkSpec {
        name: "resnet8".to_owned(),
        input: vec![3, 32, 32],
        data: DataSpec::Random,
        loss: LossSpec::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        layers: vec![
            layer("conv1", conv(16, 3, 1, false)),
            layer("bn1", batch_norm()),
            layer("relu1", OpSpec::Relu {}),
            layer("block1", block(16, 1)),
            layer("relu2", OpSpec::Relu {}),
            layer("block2", block(32, 2)),
            layer("relu3", OpSpec::Relu {}),
            layer("block3", block(64, 2)),
            layer("relu4", OpSpec::Relu {}),
            layer(
                "pool",
                OpSpec::AdaptiveAvgPool2d(AdaptiveAvgPool2dSpec {
                    output_size: [1, 1],
                }),
            ),
            layer("flatten", OpSpec::Flatten {}),
            layer("fc", linear(10)),
        ],
    }
}

/// Two convolutions with batch norm, and past them the input, projected where its shape changes.
fn block(channels: usize, stride: usize) -> OpSpec {
    let projection: Option<LayerSpec> =
        (stride != 1).then(|| layer("conv", conv(channels, 1, stride, true)));
    OpSpec::Residual(ResidualSpec {
        layers: vec![
            layer("conv1", conv(channels, 3, stride, false)),
            layer("bn1", batch_norm()),
            layer("relu1", OpSpec::Relu {}),
            layer("conv2", conv(channels, 3, 1, false)),
            layer("bn2", batch_norm()),
        ],
        shortcut: projection.into_iter().collect(),
    })
}

/// Without bias where a batch norm follows, which takes any away.
fn conv(out_channels: usize, kernel: usize, stride: usize, bias: bool) -> OpSpec {
    OpSpec::Conv2d(Conv2dSpec {
        out_channels,
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [kernel / 2; 2],
        dilation: [1, 1],
        groups: 1,
        bias,
    })
}

fn batch_norm() -> OpSpec {
    OpSpec::BatchNorm2d(BatchNorm2dSpec::default())
}
