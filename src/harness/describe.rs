//! How cases are written in a failure's message.

use crate::spec::extent::Window;
use crate::spec::{Approximation, Interpolation, LayerSpec, LossSpec, OpSpec, UpsampleSpec};

/// `2×3×5`.
pub(super) fn shape(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    sizes.join("×")
}

/// Layers one behind the other; "as it is" when there are none.
pub(super) fn chain(layers: &[LayerSpec]) -> String {
    if layers.is_empty() {
        return "as it is".to_owned();
    }
    let ops: Vec<String> = layers.iter().map(|layer| op(&layer.op)).collect();
    ops.join(" → ")
}

/// The operator with those attributes that are not the usual ones.
pub(super) fn op(op: &OpSpec) -> String {
    let attributes = match op {
        OpSpec::Conv1d(conv) => {
            let mut parts = vec![format!(
                "{} channels, kernel {}",
                conv.out_channels, conv.kernel
            )];
            for (name, value, usual) in [
                ("stride", conv.stride, 1),
                ("padding", conv.padding, 0),
                ("dilation", conv.dilation, 1),
                ("groups", conv.groups, 1),
            ] {
                parts.extend((value != usual).then(|| format!("{name} {value}")));
            }
            parts.extend((!conv.bias).then(|| "no bias".to_owned()));
            parts
        }
        OpSpec::Conv2d(conv) => {
            let mut parts = vec![format!("{} channels", conv.out_channels)];
            parts.extend(window(&conv.window(), [1, 1]));
            parts.extend((conv.groups != 1).then(|| format!("{} groups", conv.groups)));
            parts.extend((!conv.bias).then(|| "no bias".to_owned()));
            parts
        }
        OpSpec::ConvTranspose2d(conv) => {
            let mut parts = vec![format!("{} channels", conv.out_channels)];
            parts.extend(window(&conv.window(), [1, 1]));
            let extra = conv.output_padding;
            parts.extend((extra != [0, 0]).then(|| format!("output padding {}", shape(&extra))));
            parts.extend((conv.groups != 1).then(|| format!("{} groups", conv.groups)));
            parts.extend((!conv.bias).then(|| "no bias".to_owned()));
            parts
        }
        OpSpec::Linear(linear) => {
            let mut parts = vec![format!("{} features", linear.out_features)];
            parts.extend((!linear.bias).then(|| "no bias".to_owned()));
            parts
        }
        OpSpec::MaxPool2d(pool) => {
            let mut parts = window(&pool.window(), pool.kernel);
            parts.extend(pool.ceil_mode.then(|| "ceil mode".to_owned()));
            parts
        }
        OpSpec::AvgPool2d(pool) => {
            let mut parts = window(&pool.window(), pool.kernel);
            parts.extend(pool.ceil_mode.then(|| "ceil mode".to_owned()));
            parts.extend((!pool.count_include_pad).then(|| "padding not counted".to_owned()));
            parts
        }
        OpSpec::Residual(block) => {
            let shortcut = (!block.shortcut.is_empty())
                .then(|| format!("past them {}", chain(&block.shortcut)));
            std::iter::once(chain(&block.layers))
                .chain(shortcut)
                .collect()
        }
        OpSpec::Concatenation(block) => {
            let mut parts: Vec<String> =
                block.branches.iter().map(|branch| chain(branch)).collect();
            parts.extend((block.dim != 1).then(|| format!("along axis {}", block.dim)));
            parts
        }
        OpSpec::LeakyRelu(leaky) => vec![format!("slope {}", leaky.negative_slope)],
        OpSpec::Elu(elu) => vec![format!("alpha {}", elu.alpha)],
        OpSpec::Gelu(gelu) => {
            let by_tanh = gelu.approximate == Approximation::Tanh;
            by_tanh.then(|| "by tanh".to_owned()).into_iter().collect()
        }
        OpSpec::Prelu(prelu) => vec![format!("{} weights", prelu.num_parameters)],
        OpSpec::Dropout(dropout) => vec![format!("p {}, mask {}", dropout.p, dropout.seed)],
        OpSpec::Softplus(softplus) => {
            vec![format!(
                "beta {}, threshold {}",
                softplus.beta, softplus.threshold
            )]
        }
        OpSpec::Hardtanh(hardtanh) => vec![format!("{} to {}", hardtanh.min_val, hardtanh.max_val)],
        OpSpec::Softmax(softmax) | OpSpec::LogSoftmax(softmax) => {
            vec![format!("dim {}", softmax.dim)]
        }
        OpSpec::Relu {}
        | OpSpec::Tanh {}
        | OpSpec::Sigmoid {}
        | OpSpec::Flatten {}
        | OpSpec::Selu {}
        | OpSpec::Silu {}
        | OpSpec::Mish {}
        | OpSpec::Hardswish {} => Vec::new(),
        OpSpec::BatchNorm2d(norm) => {
            let mut parts = normalization(norm.eps, norm.affine);
            parts.extend((!norm.training).then(|| "running statistics".to_owned()));
            parts
        }
        OpSpec::LayerNorm(norm) => {
            let mut parts = vec![format!("over {}", shape(&norm.normalized_shape))];
            parts.extend(normalization(norm.eps, norm.affine));
            parts
        }
        OpSpec::GroupNorm(norm) => {
            let mut parts = vec![format!("{} groups", norm.groups)];
            parts.extend(normalization(norm.eps, norm.affine));
            parts
        }
        OpSpec::InstanceNorm(norm) => normalization(norm.eps, norm.affine),
        OpSpec::ZeroPad2d(pad) => vec![format!("padding {:?}", pad.padding)],
        OpSpec::Upsample(spec) => upsample(spec),
        OpSpec::AdaptiveAvgPool2d(pool) => vec![format!("output {}", shape(&pool.output_size))],
    };
    if attributes.is_empty() {
        op.name().to_owned()
    } else {
        format!("{}({})", op.name(), attributes.join(", "))
    }
}

fn upsample(spec: &UpsampleSpec) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(spec.size.map(|size| format!("size {}", shape(&size))));
    parts.extend(spec.scale_factor.map(|scale| format!("scale {scale:?}")));
    parts.extend((spec.mode == Interpolation::Bilinear).then(|| "bilinear".to_owned()));
    parts.extend(spec.align_corners.then(|| "aligned corners".to_owned()));
    let recomputed = spec.recompute_scale_factor;
    parts.extend(recomputed.then(|| "scale recomputed".to_owned()));
    parts
}

fn normalization(eps: f64, affine: bool) -> Vec<String> {
    let mut parts = vec![format!("eps {eps}")];
    parts.extend((!affine).then(|| "not affine".to_owned()));
    parts
}

fn window(window: &Window, usual_stride: [usize; 2]) -> Vec<String> {
    let parts = [
        ("kernel", window.kernel, [0, 0]),
        ("stride", window.stride, usual_stride),
        ("padding", window.padding, [0, 0]),
        ("dilation", window.dilation, [1, 1]),
    ];
    let unusual = parts.into_iter().filter(|(_, value, usual)| value != usual);
    unusual
        .map(|(name, value, _)| format!("{name} {}", shape(&value)))
        .collect()
}

/// The loss's name.
pub(super) fn loss(loss: &LossSpec) -> String {
    match loss {
        LossSpec::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights,
        } => {
            let mut parts = Vec::new();
            if *label_smoothing > 0.0 {
                parts.push(format!("label smoothing {label_smoothing}"));
            }
            if let Some(weights) = class_weights {
                parts.push(format!("class weights {weights:?}"));
            }
            if parts.is_empty() {
                "softmax_cross_entropy".to_owned()
            } else {
                format!("softmax_cross_entropy({})", parts.join(", "))
            }
        }
        LossSpec::MeanSquaredError {} => "mean_squared_error".to_owned(),
        LossSpec::Nll {
            class_weights: None,
        } => "nll".to_owned(),
        LossSpec::Nll {
            class_weights: Some(weights),
        } => format!("nll(class weights {weights:?})"),
        LossSpec::L1 {} => "l1".to_owned(),
        LossSpec::Huber { delta } => format!("huber(delta {delta})"),
        LossSpec::BceWithLogits {} => "bce_with_logits".to_owned(),
        LossSpec::WeightedSum {} => "weighted_sum".to_owned(),
    }
}
