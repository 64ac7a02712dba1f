//! Attributes in files, and those of our specs.
//!
//! Files have PyTorch's names, in the long form or as in the published cases; whether there is a bias,
//! and how large a kernel is, is read off the inputs.

use serde_json::{Map, Value, json};

use crate::spec::OpSpec;

use super::{Array, CaseError, OpCase};

/// Other names of operators and losses.
const OTHER_NAMES: [(&str, &str); 18] = [
    ("interpolate", "upsample"),
    ("upsample_nearest", "upsample"),
    ("upsample_bilinear", "upsample"),
    ("relu6", "hardtanh"),
    ("batch_norm", "batch_norm2d"),
    ("instance_norm2d", "instance_norm"),
    ("global_avg_pool2d", "adaptive_avg_pool2d"),
    ("cross_entropy", "softmax_cross_entropy"),
    ("nll_loss", "nll"),
    ("mse", "mean_squared_error"),
    ("mse_loss", "mean_squared_error"),
    ("l1_loss", "l1"),
    ("huber_loss", "huber"),
    ("smooth_l1", "huber"),
    ("smooth_l1_loss", "huber"),
    ("binary_cross_entropy_with_logits", "bce_with_logits"),
    ("pad", "zero_pad2d"),
    ("swish", "silu"),
];

/// Other names of attributes.
const OTHER_KEYS: [(&str, &str); 6] = [
    ("kernel_size", "kernel"),
    ("slope", "negative_slope"),
    ("axis", "dim"),
    ("output", "output_size"),
    ("num_groups", "groups"),
    ("weight", "class_weights"),
];

/// Attributes of PyTorch's that change no number here, with the value that they may have.
const WITHOUT_EFFECT: [(&str, Option<&str>); 4] = [
    ("inplace", None),
    ("momentum", None),
    ("track_running_stats", None),
    ("padding_mode", Some("zeros")),
];

/// Our name for an operator or loss.
pub(super) fn our_name(op: &str) -> &str {
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == op);
    other.map_or(op, |(_, ours)| ours)
}

/// The attributes of a case, or of the loss in it, under our names; what is null counts as left out.
pub(super) fn renamed(
    case: &OpCase,
    theirs: &Map<String, Value>,
) -> Result<Map<String, Value>, CaseError> {
    let mut ours = Map::new();
    for (key, value) in theirs {
        let effect = WITHOUT_EFFECT.iter().find(|(other, _)| other == key);
        match effect {
            Some((_, None)) => continue,
            Some((_, Some(only))) if value == *only => continue,
            _ if value.is_null() => continue,
            _ => (),
        }
        let other = OTHER_KEYS.iter().find(|(other, _)| other == key);
        let name = other.map_or(key.as_str(), |(_, ours)| ours);
        set(case, &mut ours, name, value.clone())?;
    }
    let forced = match case.op.as_str() {
        "upsample_nearest" => vec![("mode", json!("nearest"))],
        "upsample_bilinear" => vec![("mode", json!("bilinear"))],
        "relu6" => vec![("min_val", json!(0)), ("max_val", json!(6))],
        "global_avg_pool2d" => vec![("output_size", json!(1))],
        _ => Vec::new(),
    };
    for (key, value) in forced {
        set(case, &mut ours, key, value)?;
    }
    Ok(ours)
}

/// Give `key` its value, which it must not have another of.
fn set(
    case: &OpCase,
    attributes: &mut Map<String, Value>,
    key: &str,
    value: Value,
) -> Result<(), CaseError> {
    match attributes.get(key) {
        Some(other) if !is_same(other, &value) => Err(CaseError::Attribute {
            op: case.op.clone(),
            what: format!("{key} is {other}, and it has to be {value}"),
        }),
        Some(_) => Ok(()),
        None => {
            attributes.insert(key.to_owned(), value);
            Ok(())
        }
    }
}

/// Whether two attributes say the same; one number may stand for a pair.
fn is_same(a: &Value, b: &Value) -> bool {
    let all = |one: &Value, many: &Value| {
        let many = many.as_array();
        many.is_some_and(|many| !many.is_empty() && many.iter().all(|entry| entry == one))
    };
    a == b || all(a, b) || all(b, a)
}

/// The operator of a case, whose attributes have our names already. `None` when there is none of its
/// name.
pub(super) fn operator(
    case: &OpCase,
    mut attributes: Map<String, Value>,
) -> Result<Option<OpSpec>, CaseError> {
    let ours = our_name(&case.op);
    let has = |name| case.inputs.contains_key(name);
    let shape = |name: &str| case.inputs.get(name).map(|array| array.shape.as_slice());
    match ours {
        "conv1d" | "conv2d" | "conv_transpose2d" | "linear" => {
            let inferred = match (ours, shape("weight")) {
                (_, None) => {
                    return Err(CaseError::Missing {
                        what: "input",
                        name: "weight".to_owned(),
                        expected: vec!["x".to_owned(), "weight".to_owned()],
                    });
                }
                ("conv1d", Some(&[out, _, kernel])) => {
                    for key in ["stride", "padding", "dilation", "kernel"] {
                        unwrap_single(&mut attributes, key);
                    }
                    vec![("out_channels", out.into()), ("kernel", kernel.into())]
                }
                ("conv2d", Some(&[out, _, rows, columns])) => vec![
                    ("out_channels", out.into()),
                    ("kernel", json!([rows, columns])),
                ],
                ("conv_transpose2d", Some(&[_, out, rows, columns])) => {
                    let groups = attributes.get("groups").map_or(Some(1), Value::as_u64);
                    let out = groups.and_then(|groups| groups.checked_mul(out as u64));
                    let out = out.ok_or_else(|| CaseError::Attribute {
                        op: case.op.clone(),
                        what: "groups has to be a whole number".to_owned(),
                    })?;
                    vec![
                        ("out_channels", out.into()),
                        ("kernel", json!([rows, columns])),
                    ]
                }
                ("linear", Some(&[out, _])) => vec![("out_features", out.into())],
                (_, Some(shape)) => {
                    return Err(CaseError::Attribute {
                        op: case.op.clone(),
                        what: format!(
                            "its weight has the shape {shape:?}, and has to have {} axes",
                            match ours {
                                "conv1d" => 3,
                                "linear" => 2,
                                _ => 4,
                            }
                        ),
                    });
                }
            };
            for (key, value) in inferred {
                set(case, &mut attributes, key, value)?;
            }
            set(case, &mut attributes, "bias", has("bias").into())?;
        }
        "batch_norm2d" | "layer_norm" | "group_norm" | "instance_norm" => {
            set(case, &mut attributes, "affine", has("weight").into())?;
            for key in ["running_mean", "running_var"] {
                list(case, &mut attributes, key)?;
            }
            if let Some(size @ Value::Number(_)) = attributes.get("normalized_shape").cloned() {
                attributes.insert("normalized_shape".to_owned(), json!([size]));
            }
        }
        "prelu" => {
            let slopes = shape("weight").and_then(|shape| shape.first().copied());
            let slopes = slopes.unwrap_or(1);
            set(case, &mut attributes, "num_parameters", slopes.into())?;
        }
        "dropout" => {
            // A help for who has another generator; what counts is the seed.
            attributes.remove("mask");
            if !attributes.contains_key("seed") && attributes.get("training") != Some(&false.into())
            {
                return Err(CaseError::Attribute {
                    op: case.op.clone(),
                    what: "a mask follows from gradproof's seed; set training to false, or answer a request, which has seed and mask".to_owned(),
                });
            }
        }
        _ => (),
    }
    attributes.insert("op".to_owned(), ours.into());
    match serde_json::from_value(Value::Object(attributes)) {
        Ok(op) => Ok(Some(op)),
        Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
        Err(error) => Err(CaseError::Attribute {
            op: case.op.clone(),
            what: error.to_string(),
        }),
    }
}

/// A list of one is that one.
fn unwrap_single(attributes: &mut Map<String, Value>, key: &str) {
    if let Some(value) = attributes.get_mut(key)
        && let Some([single]) = value.as_array().map(Vec::as_slice)
    {
        *value = single.clone();
    }
}

/// Make a list of an array, from the attributes or the inputs.
pub(super) fn list(
    case: &OpCase,
    attributes: &mut Map<String, Value>,
    key: &str,
) -> Result<(), CaseError> {
    if let Some(array) = case.inputs.get(key) {
        let tensor = array.tensor(key)?;
        attributes.insert(key.to_owned(), crate::tensor::values(&tensor).into());
        return Ok(());
    }
    if let Some(value @ Value::Object(_)) = attributes.get(key) {
        let tensor = array_of(case, key, value)?.tensor(key)?;
        attributes.insert(key.to_owned(), crate::tensor::values(&tensor).into());
    }
    Ok(())
}

/// The array that an attribute is.
pub(super) fn array_of(case: &OpCase, key: &str, value: &Value) -> Result<Array, CaseError> {
    serde_json::from_value(value.clone()).map_err(|error| CaseError::Attribute {
        op: case.op.clone(),
        what: format!("{key} is no array of shape and data: {error}"),
    })
}

/// The attributes of `op` in files: every one, as pairs where there is one for rows and columns.
pub(super) fn of_operator(op: &OpSpec, mask: impl Fn() -> Array) -> Map<String, Value> {
    let map = |value: Value| match value {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    map(match op {
        OpSpec::Conv1d(conv) => json!({
            "stride": conv.stride, "padding": conv.padding, "dilation": conv.dilation,
            "groups": conv.groups,
        }),
        OpSpec::Conv2d(conv) => json!({
            "stride": conv.stride, "padding": conv.padding, "dilation": conv.dilation,
            "groups": conv.groups,
        }),
        OpSpec::ConvTranspose2d(conv) => json!({
            "stride": conv.stride, "padding": conv.padding,
            "output_padding": conv.output_padding, "dilation": conv.dilation,
            "groups": conv.groups,
        }),
        OpSpec::MaxPool2d(pool) => json!({
            "kernel": pool.kernel, "stride": pool.stride.unwrap_or(pool.kernel),
            "padding": pool.padding, "dilation": pool.dilation, "ceil_mode": pool.ceil_mode,
        }),
        OpSpec::AvgPool2d(pool) => json!({
            "kernel": pool.kernel, "stride": pool.stride.unwrap_or(pool.kernel),
            "padding": pool.padding, "ceil_mode": pool.ceil_mode,
            "count_include_pad": pool.count_include_pad,
        }),
        OpSpec::AdaptiveAvgPool2d(pool) => json!({ "output": pool.output_size }),
        OpSpec::BatchNorm2d(norm) => json!({
            "eps": norm.eps, "training": norm.training, "running_mean": norm.running_mean,
            "running_var": norm.running_var,
        }),
        OpSpec::LayerNorm(norm) => json!({
            "eps": norm.eps, "normalized_shape": norm.normalized_shape,
        }),
        OpSpec::GroupNorm(norm) => json!({ "eps": norm.eps, "groups": norm.groups }),
        OpSpec::InstanceNorm(norm) => json!({ "eps": norm.eps }),
        OpSpec::LeakyRelu(leaky) => json!({ "slope": leaky.negative_slope }),
        OpSpec::Elu(elu) => json!({ "alpha": elu.alpha }),
        OpSpec::Gelu(gelu) => json!({ "approximate": gelu.approximate }),
        OpSpec::Softplus(softplus) => json!({
            "beta": softplus.beta, "threshold": softplus.threshold,
        }),
        OpSpec::Hardtanh(hardtanh) => json!({
            "min_val": hardtanh.min_val, "max_val": hardtanh.max_val,
        }),
        OpSpec::Softmax(softmax) | OpSpec::LogSoftmax(softmax) => json!({ "axis": softmax.dim }),
        OpSpec::Dropout(dropout) => json!({
            "p": dropout.p, "training": dropout.training, "seed": dropout.seed, "mask": mask(),
        }),
        OpSpec::Upsample(upsample) => json!({
            "size": upsample.size, "scale_factor": upsample.scale_factor, "mode": upsample.mode,
            "align_corners": upsample.align_corners,
            "recompute_scale_factor": upsample.recompute_scale_factor,
        }),
        OpSpec::ZeroPad2d(pad) => json!({ "padding": pad.padding }),
        OpSpec::Linear(_)
        | OpSpec::Prelu(_)
        | OpSpec::Relu {}
        | OpSpec::Tanh {}
        | OpSpec::Sigmoid {}
        | OpSpec::Selu {}
        | OpSpec::Silu {}
        | OpSpec::Mish {}
        | OpSpec::Hardswish {}
        | OpSpec::Flatten {} => json!({}),
        // A block's attributes are those of a file of networks.
        OpSpec::Residual(_) | OpSpec::Concatenation(_) => {
            let mut spec = serde_json::to_value(op).unwrap_or_default();
            if let Some(spec) = spec.as_object_mut() {
                spec.remove("op");
            }
            spec
        }
    })
}
