//! Problems on which every mutant has something to break, on five shapes and more.

use crate::layer::Layer;
use crate::network::Problem;
use crate::spec::{LossSpec, NetworkSpec, OpSpec, PenaltySpec};

use super::super::{NetworkCase, OperatorCase};

/// Factors of the loss at which faults have to be caught: a tolerance that is right at one of them
/// is wrong at the others.
pub const SCALES: [f64; 4] = [1.0, 1e-3, 1e-6, 1e-9];

/// A problem for mutants to break.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixture {
    /// What it is, in words.
    pub name: String,
    /// The problem, at scale 1.
    pub problem: Problem,
    /// Whether entries of pooling windows are equal: there central differences meet kinks only.
    pub has_ties: bool,
}

impl Fixture {
    /// The problem with its loss multiplied by `scale`.
    #[must_use]
    pub fn at_scale(&self, scale: f64) -> Problem {
        let mut problem = self.problem.clone();
        problem.objective.scale = scale;
        problem
    }
}

/// One operator on an input of this shape, batch first.
struct Operator(&'static str, &'static [usize]);

/// No batch of one or two, and hardly a size that is equal to another: either would hide faults.
#[rustfmt::skip]
const OPERATORS: &[Operator] = &[
    Operator(r#"op = "conv2d", out_channels = 3, kernel = 3"#, &[4, 2, 5, 6]),
    Operator(r#"op = "conv2d", out_channels = 2, kernel = [3, 2], stride = [2, 1], padding = [1, 0]"#, &[3, 2, 6, 5]),
    Operator(r#"op = "conv2d", out_channels = 4, kernel = 2, dilation = [2, 1], groups = 2"#, &[3, 4, 4, 5]),
    Operator(r#"op = "conv2d", out_channels = 6, kernel = [2, 3], stride = [1, 3], padding = 2, dilation = 2, groups = 3"#, &[3, 3, 4, 6]),
    Operator(r#"op = "conv2d", out_channels = 4, kernel = 3, stride = 2, padding = 1, dilation = [1, 2], groups = 2, bias = false"#, &[3, 2, 5, 7]),
    Operator(r#"op = "conv2d", out_channels = 3, kernel = 1, stride = 2"#, &[4, 2, 3, 5]),
    Operator(r#"op = "conv2d", out_channels = 2, kernel = 3, padding = 1"#, &[3, 2, 5, 6]),
    Operator(r#"op = "conv2d", out_channels = 2, kernel = 2, groups = 2"#, &[3, 4, 3, 5]),
    Operator(r#"op = "conv2d", out_channels = 3, kernel = 3, stride = [2, 1], padding = [0, 1]"#, &[4, 3, 5, 3]),
    Operator(r#"op = "conv2d", out_channels = 2, kernel = 3, padding = 2, dilation = 2"#, &[3, 2, 6, 5]),
    Operator(r#"op = "conv2d", out_channels = 6, kernel = 2, stride = 2, padding = 1, groups = 3"#, &[3, 6, 3, 4]),
    Operator(r#"op = "conv2d", out_channels = 4, kernel = 3, stride = [1, 2], padding = 1, dilation = [2, 1], groups = 2"#, &[3, 2, 5, 6]),
    Operator(r#"op = "linear", out_features = 3"#, &[4, 5]),
    Operator(r#"op = "linear", out_features = 4"#, &[5, 9]),
    Operator(r#"op = "linear", out_features = 4"#, &[3, 4]),
    Operator(r#"op = "linear", out_features = 3"#, &[4, 3]),
    Operator(r#"op = "linear", out_features = 5"#, &[3, 5]),
    Operator(r#"op = "linear", out_features = 6"#, &[4, 6]),
    Operator(r#"op = "linear", out_features = 2"#, &[3, 2]),
    Operator(r#"op = "max_pool2d", kernel = 2"#, &[3, 2, 5, 4]),
    Operator(r#"op = "max_pool2d", kernel = 3, stride = [1, 2], padding = 1"#, &[3, 2, 5, 6]),
    Operator(r#"op = "max_pool2d", kernel = [2, 3], stride = 1, ceil_mode = true"#, &[4, 3, 4, 5]),
    Operator(r#"op = "max_pool2d", kernel = 3, stride = 2, ceil_mode = true"#, &[3, 2, 6, 7]),
    Operator(r#"op = "max_pool2d", kernel = 2, stride = 1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "max_pool2d", kernel = [3, 2], stride = [2, 1], padding = [1, 0]"#, &[3, 2, 7, 4]),
    Operator(r#"op = "max_pool2d", kernel = 3, stride = 1"#, &[3, 1, 5, 6]),
    Operator(r#"op = "avg_pool2d", kernel = 2, padding = 1"#, &[3, 2, 5, 4]),
    Operator(r#"op = "avg_pool2d", kernel = 3, stride = [1, 2], padding = 1, count_include_pad = false"#, &[3, 2, 5, 6]),
    Operator(r#"op = "avg_pool2d", kernel = [3, 2], stride = 2, padding = [1, 0], ceil_mode = true"#, &[4, 2, 6, 5]),
    Operator(r#"op = "avg_pool2d", kernel = 3, stride = 1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "avg_pool2d", kernel = 3, stride = 2, padding = 1, ceil_mode = true"#, &[3, 2, 6, 4]),
    Operator(r#"op = "avg_pool2d", kernel = 2, stride = 1, padding = 1, count_include_pad = false"#, &[3, 2, 4, 5]),
    Operator(r#"op = "avg_pool2d", kernel = [2, 3], stride = [1, 2], padding = 1, count_include_pad = false"#, &[3, 1, 5, 6]),
    Operator(r#"op = "avg_pool2d", kernel = 3, stride = 2, ceil_mode = true, count_include_pad = false"#, &[3, 2, 6, 7]),
    Operator(r#"op = "avg_pool2d", kernel = 2, stride = 3"#, &[3, 2, 5, 8]),
    Operator(r#"op = "relu""#, &[3, 7]),
    Operator(r#"op = "relu""#, &[3, 2, 4, 5]),
    Operator(r#"op = "relu""#, &[5, 2, 3, 1]),
    Operator(r#"op = "tanh""#, &[3, 7]),
    Operator(r#"op = "tanh""#, &[3, 2, 4, 5]),
    Operator(r#"op = "tanh""#, &[5, 2, 3, 1]),
    Operator(r#"op = "sigmoid""#, &[3, 7]),
    Operator(r#"op = "sigmoid""#, &[3, 2, 4, 5]),
    Operator(r#"op = "sigmoid""#, &[5, 2, 3, 1]),
    Operator(r#"op = "sigmoid""#, &[4, 9]),
    Operator(r#"op = "sigmoid""#, &[3, 5, 2, 4]),
    Operator(r#"op = "flatten""#, &[3, 2, 4, 5]),
    Operator(r#"op = "flatten""#, &[3, 5, 2, 4]),
    Operator(r#"op = "flatten""#, &[5, 2, 3, 1]),
    Operator(r#"op = "flatten""#, &[4, 3, 1, 2]),
    Operator(r#"op = "conv_transpose2d", out_channels = 3, kernel = 3"#, &[3, 2, 3, 4]),
    Operator(r#"op = "conv_transpose2d", out_channels = 2, kernel = [3, 2], stride = [2, 1], padding = [1, 0], output_padding = [1, 0]"#, &[3, 2, 4, 3]),
    Operator(r#"op = "conv_transpose2d", out_channels = 4, kernel = 2, dilation = [2, 1], groups = 2"#, &[4, 4, 3, 4]),
    Operator(r#"op = "conv_transpose2d", out_channels = 6, kernel = [2, 3], stride = [1, 3], padding = 1, output_padding = [1, 2], dilation = 2, groups = 3"#, &[3, 6, 3, 2]),
    Operator(r#"op = "conv_transpose2d", out_channels = 4, kernel = 3, stride = 2, padding = 1, output_padding = 1, dilation = [1, 2], groups = 2, bias = false"#, &[3, 2, 3, 4]),
    Operator(r#"op = "conv_transpose2d", out_channels = 2, kernel = 3, stride = 3, padding = 1, output_padding = [0, 2]"#, &[3, 2, 3, 2]),
    Operator(r#"op = "conv_transpose2d", out_channels = 4, kernel = 2, stride = [1, 2], padding = [0, 1], groups = 2"#, &[3, 4, 4, 3]),
    Operator(r#"op = "conv_transpose2d", out_channels = 2, kernel = [2, 3], stride = 2, padding = [0, 1], output_padding = 1, groups = 2"#, &[4, 4, 2, 3]),
    Operator(r#"op = "conv_transpose2d", out_channels = 3, kernel = [2, 3], padding = 1, dilation = [3, 2], output_padding = [2, 0]"#, &[3, 3, 3, 4]),
    Operator(r#"op = "conv_transpose2d", out_channels = 6, kernel = 2, dilation = 2, groups = 3, bias = false"#, &[3, 3, 3, 2]),
    Operator(r#"op = "conv_transpose2d", out_channels = 2, kernel = [2, 3], stride = 2, padding = 1, output_padding = 1, dilation = [1, 2]"#, &[4, 2, 3, 5]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [2, 3]"#, &[3, 2, 5, 8]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [3, 2]"#, &[4, 2, 8, 5]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [4, 3]"#, &[3, 2, 7, 4]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [5, 4]"#, &[3, 2, 3, 6]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [3, 4]"#, &[4, 2, 5, 7]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = [3, 2]"#, &[3, 1, 8, 7]),
    Operator(r#"op = "adaptive_avg_pool2d", output_size = 1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "max_pool2d", kernel = 2, stride = 1, dilation = 2"#, &[3, 2, 5, 4]),
    Operator(r#"op = "max_pool2d", kernel = [3, 2], stride = [1, 2], padding = [1, 0], dilation = [1, 3], ceil_mode = true"#, &[3, 1, 4, 6]),
    Operator(r#"op = "batch_norm2d""#, &[3, 4, 2, 3]),
    Operator(r#"op = "batch_norm2d", eps = 0.125"#, &[4, 3, 3, 2]),
    Operator(r#"op = "batch_norm2d""#, &[5, 4, 1, 2]),
    Operator(r#"op = "layer_norm", normalized_shape = [4, 2]"#, &[3, 4, 2]),
    Operator(r#"op = "layer_norm", normalized_shape = [5]"#, &[4, 2, 5]),
    Operator(r#"op = "group_norm", groups = 2"#, &[3, 4, 2, 3]),
    Operator(r#"op = "group_norm", groups = 1, eps = 0.01"#, &[4, 3, 2, 2]),
    Operator(r#"op = "group_norm", groups = 3"#, &[5, 6, 2, 1]),
    Operator(r#"op = "instance_norm", affine = true"#, &[3, 4, 2, 3]),
    Operator(r#"op = "instance_norm""#, &[4, 3, 3, 2]),
    Operator(r#"op = "batch_norm2d", training = false, running_mean = [0.5, -0.25, 1.5], running_var = [2.0, 0.5, 1.25]"#, &[3, 3, 2, 3]),
    Operator(r#"op = "batch_norm2d", training = false, affine = false"#, &[4, 2, 2, 3]),
    Operator(r#"op = "leaky_relu", negative_slope = 0.125"#, &[3, 7]),
    Operator(r#"op = "leaky_relu", negative_slope = 0.01"#, &[3, 2, 4, 5]),
    Operator(r#"op = "leaky_relu", negative_slope = 0.3"#, &[5, 2, 3, 1]),
    Operator(r#"op = "leaky_relu", negative_slope = 0.2"#, &[4, 9]),
    Operator(r#"op = "leaky_relu", negative_slope = 0.0625"#, &[3, 5, 2, 4]),
    Operator(r#"op = "elu", alpha = 0.7"#, &[3, 7]),
    Operator(r#"op = "elu", alpha = 1.5"#, &[3, 2, 4, 5]),
    Operator(r#"op = "elu", alpha = 0.5"#, &[5, 2, 3, 1]),
    Operator(r#"op = "elu", alpha = 2.0"#, &[4, 9]),
    Operator(r#"op = "elu", alpha = 1.25"#, &[3, 5, 2, 4]),
    Operator(r#"op = "selu""#, &[3, 7]),
    Operator(r#"op = "selu""#, &[3, 2, 4, 5]),
    Operator(r#"op = "selu""#, &[5, 2, 3, 1]),
    Operator(r#"op = "selu""#, &[4, 9]),
    Operator(r#"op = "selu""#, &[3, 5, 2, 4]),
    Operator(r#"op = "gelu""#, &[3, 7]),
    Operator(r#"op = "gelu", approximate = "tanh""#, &[3, 2, 4, 5]),
    Operator(r#"op = "gelu""#, &[5, 2, 3, 1]),
    Operator(r#"op = "gelu", approximate = "tanh""#, &[4, 9]),
    Operator(r#"op = "gelu""#, &[3, 5, 2, 4]),
    Operator(r#"op = "silu""#, &[3, 7]),
    Operator(r#"op = "silu""#, &[3, 2, 4, 5]),
    Operator(r#"op = "silu""#, &[5, 2, 3, 1]),
    Operator(r#"op = "silu""#, &[4, 9]),
    Operator(r#"op = "silu""#, &[3, 5, 2, 4]),
    Operator(r#"op = "mish""#, &[3, 7]),
    Operator(r#"op = "mish""#, &[3, 2, 4, 5]),
    Operator(r#"op = "mish""#, &[5, 2, 3, 1]),
    Operator(r#"op = "mish""#, &[4, 9]),
    Operator(r#"op = "mish""#, &[3, 5, 2, 4]),
    Operator(r#"op = "softplus", beta = 0.5"#, &[3, 7]),
    Operator(r#"op = "softplus", beta = 2.0"#, &[3, 2, 4, 5]),
    Operator(r#"op = "softplus", beta = 3.0, threshold = 5.0"#, &[5, 2, 3, 1]),
    Operator(r#"op = "softplus", beta = 1.5"#, &[4, 9]),
    Operator(r#"op = "softplus", beta = 0.7, threshold = 1.5"#, &[3, 5, 2, 4]),
    Operator(r#"op = "hardswish""#, &[3, 7]),
    Operator(r#"op = "hardswish""#, &[3, 2, 4, 5]),
    Operator(r#"op = "hardswish""#, &[5, 2, 3, 1]),
    Operator(r#"op = "hardswish""#, &[4, 9]),
    Operator(r#"op = "hardswish""#, &[3, 5, 2, 4]),
    Operator(r#"op = "hardtanh", min_val = -1.3, max_val = 0.9"#, &[3, 7]),
    Operator(r#"op = "hardtanh", min_val = -0.7, max_val = 2.1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "hardtanh", min_val = -2.1, max_val = 0.3"#, &[5, 2, 3, 1]),
    Operator(r#"op = "hardtanh", min_val = 0.1, max_val = 2.2"#, &[4, 9]),
    Operator(r#"op = "hardtanh", min_val = -1.1, max_val = 1.1"#, &[3, 5, 2, 4]),
    Operator(r#"op = "softmax""#, &[3, 7]),
    Operator(r#"op = "softmax", dim = 1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "softmax", dim = 2"#, &[5, 2, 3, 1]),
    Operator(r#"op = "softmax", dim = 1"#, &[4, 9]),
    Operator(r#"op = "softmax", dim = -1"#, &[3, 5, 2, 4]),
    Operator(r#"op = "log_softmax""#, &[3, 7]),
    Operator(r#"op = "log_softmax", dim = 1"#, &[3, 2, 4, 5]),
    Operator(r#"op = "log_softmax", dim = 2"#, &[5, 2, 3, 1]),
    Operator(r#"op = "log_softmax", dim = 1"#, &[4, 9]),
    Operator(r#"op = "log_softmax", dim = -1"#, &[3, 5, 2, 4]),
    Operator(r#"op = "prelu", num_parameters = 7"#, &[3, 7]),
    Operator(r#"op = "prelu", num_parameters = 3"#, &[3, 3, 4, 5]),
    Operator(r#"op = "prelu", num_parameters = 4"#, &[5, 4, 3, 1]),
    Operator(r#"op = "prelu", num_parameters = 9"#, &[4, 9]),
    Operator(r#"op = "prelu", num_parameters = 5"#, &[3, 5, 2, 4]),
    Operator(r#"op = "prelu""#, &[4, 3, 2, 3]),
    Operator(r#"op = "dropout", p = 0.25"#, &[3, 7]),
    Operator(r#"op = "dropout", p = 0.4, seed = 3"#, &[3, 3, 4, 5]),
    Operator(r#"op = "dropout", p = 0.3, seed = 7"#, &[5, 4, 3, 1]),
    Operator(r#"op = "dropout", p = 0.2, seed = 1"#, &[4, 9]),
    Operator(r#"op = "dropout", p = 0.6"#, &[3, 5, 2, 4]),
    Operator(r#"op = "conv1d", out_channels = 3, kernel = 3"#, &[4, 2, 7]),
    Operator(r#"op = "conv1d", out_channels = 2, kernel = 3, stride = 2, padding = 1, dilation = 2"#, &[3, 2, 9]),
    Operator(r#"op = "conv1d", out_channels = 4, kernel = 2, stride = 2, padding = 1, dilation = 3, groups = 2"#, &[3, 4, 8]),
    Operator(r#"op = "conv1d", out_channels = 6, kernel = 3, stride = 3, padding = 2, dilation = 2, groups = 3"#, &[3, 6, 8]),
    Operator(r#"op = "conv1d", out_channels = 4, kernel = 4, stride = 2, padding = 1, dilation = 2, groups = 2"#, &[4, 2, 11]),
    Operator(r#"op = "conv1d", out_channels = 2, kernel = 3, stride = 2, padding = 2, dilation = 3, groups = 2"#, &[3, 4, 9]),
    Operator(r#"op = "conv1d", out_channels = 3, kernel = 2, padding = 1, groups = 3"#, &[3, 3, 6]),
    Operator(r#"op = "zero_pad2d", padding = [1, 2, 3, 0]"#, &[3, 2, 4, 5]),
    Operator(r#"op = "zero_pad2d", padding = [2, 0, 1, 3]"#, &[4, 3, 3, 5]),
    Operator(r#"op = "zero_pad2d", padding = [3, 1, 0, 2]"#, &[3, 2, 5, 4]),
    Operator(r#"op = "zero_pad2d", padding = [-1, 2, 2, -2]"#, &[3, 2, 5, 6]),
    Operator(r#"op = "zero_pad2d", padding = [4, 2, 1, 0]"#, &[5, 1, 4, 6]),
    Operator(r#"op = "zero_pad2d", padding = [0, 3, 2, 1]"#, &[3, 4, 5, 3]),
    Operator(r#"op = "upsample", scale_factor = 2"#, &[3, 2, 3, 5]),
    Operator(r#"op = "upsample", scale_factor = [3, 1.7]"#, &[3, 2, 4, 5]),
    Operator(r#"op = "upsample", size = [7, 5]"#, &[4, 3, 5, 3]),
    Operator(r#"op = "upsample", scale_factor = 2.6"#, &[3, 2, 5, 4]),
    Operator(r#"op = "upsample", scale_factor = [1.7, 2.3], recompute_scale_factor = true"#, &[5, 1, 6, 4]),
    Operator(r#"op = "upsample", mode = "bilinear", scale_factor = 2"#, &[3, 2, 3, 4]),
    Operator(r#"op = "upsample", mode = "bilinear", scale_factor = [1.7, 2.3]"#, &[3, 2, 4, 5]),
    Operator(r#"op = "upsample", mode = "bilinear", size = [7, 9]"#, &[4, 2, 3, 5]),
    Operator(r#"op = "upsample", mode = "bilinear", scale_factor = [3, 1.6]"#, &[3, 3, 5, 4]),
    Operator(r#"op = "upsample", mode = "bilinear", scale_factor = 2.6, recompute_scale_factor = true"#, &[5, 1, 4, 3]),
    Operator(r#"op = "upsample", mode = "bilinear", size = [8, 7], align_corners = true"#, &[3, 2, 3, 4]),
    Operator(r#"op = "upsample", mode = "bilinear", scale_factor = [2, 3], align_corners = true"#, &[4, 2, 4, 3]),
    Operator(r#"op = "residual", layers = [{ op = "conv2d", out_channels = 2, kernel = 3, padding = 1 }, { op = "tanh" }]"#, &[3, 2, 4, 5]),
    Operator(r#"op = "residual", layers = [{ op = "conv2d", out_channels = 3, kernel = 3, stride = 2, padding = 1 }], shortcut = [{ op = "conv2d", out_channels = 3, kernel = 1, stride = 2 }]"#, &[3, 2, 5, 6]),
    Operator(r#"op = "residual", layers = [{ op = "linear", out_features = 5 }, { op = "relu" }, { op = "linear", out_features = 7 }]"#, &[4, 7]),
    Operator(r#"op = "residual", layers = [{ op = "conv2d", out_channels = 3, kernel = [3, 1], padding = [1, 0] }, { op = "residual", layers = [{ op = "sigmoid" }] }]"#, &[3, 3, 4, 2]),
    Operator(r#"op = "residual", layers = [{ op = "conv2d", out_channels = 4, kernel = 1, bias = false }, { op = "batch_norm2d" }, { op = "relu" }], shortcut = [{ op = "conv2d", out_channels = 4, kernel = 1, bias = false }, { op = "batch_norm2d" }]"#, &[4, 3, 3, 4]),
    Operator(r#"op = "concatenation", branches = [[{ op = "conv2d", out_channels = 2, kernel = 3, padding = 1 }], [{ op = "conv2d", out_channels = 3, kernel = 1 }]]"#, &[3, 2, 4, 5]),
    Operator(r#"op = "concatenation", branches = [[], [{ op = "conv2d", out_channels = 3, kernel = 3, padding = 1 }, { op = "tanh" }]]"#, &[3, 2, 4, 3]),
    Operator(r#"op = "concatenation", dim = 2, branches = [[{ op = "sigmoid" }], [{ op = "conv2d", out_channels = 3, kernel = [2, 1], stride = [2, 1] }]]"#, &[3, 3, 4, 5]),
    Operator(r#"op = "concatenation", branches = [[{ op = "linear", out_features = 4 }], [{ op = "linear", out_features = 3 }], [{ op = "tanh" }]]"#, &[4, 5]),
    Operator(r#"op = "concatenation", branches = [[{ op = "conv2d", out_channels = 2, kernel = 1 }], [{ op = "conv2d", out_channels = 2, kernel = 3, padding = 1 }], [{ op = "avg_pool2d", kernel = 3, stride = 1, padding = 1 }]]"#, &[3, 3, 4, 5]),
];

/// Layers of small networks, with the shape of a sample and the batch.
const NETWORKS: [(&str, &str, usize); 5] = [
    (
        "[2, 6, 5]",
        r#"{ op = "conv2d", out_channels = 4, kernel = 3, padding = 1, groups = 2 },
           { op = "relu" },
           { op = "max_pool2d", kernel = 3, stride = 2 },
           { op = "flatten" },
           { op = "linear", out_features = 4 }"#,
        3,
    ),
    (
        "[2, 6, 5]",
        r#"{ op = "conv2d", out_channels = 3, kernel = [3, 2], dilation = [1, 2] },
           { op = "tanh" },
           { op = "avg_pool2d", kernel = 2, stride = 1, padding = 1 },
           { op = "conv2d", out_channels = 2, kernel = 2, stride = 2 },
           { op = "relu" },
           { op = "flatten" },
           { op = "linear", out_features = 3 }"#,
        4,
    ),
    (
        "[1, 7, 5]",
        r#"{ op = "conv2d", out_channels = 2, kernel = 3, stride = [2, 1] },
           { op = "sigmoid" },
           { op = "conv2d", out_channels = 3, kernel = [2, 3], padding = [0, 1] },
           { op = "relu" },
           { op = "flatten" },
           { op = "linear", out_features = 3 },
           { op = "tanh" },
           { op = "linear", out_features = 4 }"#,
        5,
    ),
    (
        "[6]",
        r#"{ op = "linear", out_features = 5 },
           { op = "relu" },
           { op = "linear", out_features = 3 }"#,
        4,
    ),
    ("[7]", r#"{ op = "linear", out_features = 4 }"#, 3),
];

/// The losses and penalties that each network is under.
const OBJECTIVES: [(&str, Option<PenaltySpec>); 10] = [
    (r#"op = "softmax_cross_entropy""#, None),
    (
        r#"op = "softmax_cross_entropy", label_smoothing = 0.125"#,
        Some(PenaltySpec::L2 { strength: 0.0625 }),
    ),
    (
        r#"op = "mean_squared_error""#,
        Some(PenaltySpec::L1 { strength: 0.03125 }),
    ),
    (
        r#"op = "weighted_sum""#,
        Some(PenaltySpec::L2 { strength: 0.25 }),
    ),
    // A strength that is not short: ±1/M alone gives sums that lie between two numbers of f16.
    (r#"op = "l1""#, Some(PenaltySpec::L2 { strength: 0.1 })),
    (r#"op = "huber", delta = 0.75"#, None),
    (r#"op = "bce_with_logits""#, None),
    (r#"op = "nll""#, Some(PenaltySpec::L2 { strength: 0.1 })),
    // As many of the weights as there are classes.
    (
        r#"op = "softmax_cross_entropy", label_smoothing = 0.125, class_weights = [0.7, 1.3, 1.9, 0.6]"#,
        None,
    ),
    (r#"op = "nll", class_weights = [0.7, 1.3, 1.9, 0.6]"#, None),
];

/// All problems: single operators, poolings with ties, and small networks.
///
/// # Panics
/// When what stands in this file is not well written.
#[must_use]
pub fn fixtures() -> Vec<Fixture> {
    // From seed 1300 on no two entries of a pooling window are equal by chance, and no ReLU is at 0.
    let operators = OPERATORS.iter().zip(1300..);
    let tied = OPERATORS.iter().zip(2000..).filter(|(operator, _)| {
        let Operator(attributes, _) = operator;
        attributes.contains("max_pool2d")
    });
    let objectives = OBJECTIVES.iter().zip(1..);
    let networks = objectives.flat_map(|(objective, seed)| {
        let networks = NETWORKS.iter().zip((10 * seed)..);
        networks.map(move |(network, seed)| network_fixture(*network, *objective, seed))
    });
    operators
        .map(|(operator, seed)| operator_fixture(operator, seed, false))
        .chain(tied.map(|(operator, seed)| operator_fixture(operator, seed, true)))
        .chain(networks)
        .collect()
}

fn operator_fixture(Operator(op, input): &Operator, seed: u64, has_ties: bool) -> Fixture {
    let case = OperatorCase {
        op: operator(op),
        input: input.to_vec(),
        seed,
    };
    let mut problem = case.problem().expect("the shapes fit");
    let mut name = case.to_string();
    if matches!(
        problem.network.layers()[0].layer,
        Layer::Activation(_) | Layer::Prelu
    ) {
        // Where two pieces meet central differences say nothing.
        let is_end = |x: f64| x == 0.0 || x.abs() - 3.0 == 0.0;
        problem
            .input
            .mapv_inplace(|x| if is_end(x) { x + 1.0 / 128.0 } else { x });
    }
    if has_ties {
        // Whole numbers within ±2.
        problem.input.mapv_inplace(|x| (x / 2.0).round());
        name += ", with ties";
    }
    Fixture {
        name,
        problem,
        has_ties,
    }
}

fn operator(attributes: &str) -> OpSpec {
    let mut spec = spec(
        "[1]",
        &format!("{{ {attributes} }}"),
        r#"op = "weighted_sum""#,
    );
    spec.layers.remove(0).op
}

fn network_fixture(
    (input, layers, batch): (&str, &str, usize),
    (loss, penalty): (&str, Option<PenaltySpec>),
    seed: u64,
) -> Fixture {
    let mut spec = spec(input, layers, loss);
    if let LossSpec::SoftmaxCrossEntropy { class_weights, .. } | LossSpec::Nll { class_weights } =
        &mut spec.loss
        && let (Some(weights), Some(last)) = (class_weights, spec.layers.last())
        && let OpSpec::Linear(linear) = &last.op
    {
        weights.truncate(linear.out_features);
    }
    let case = NetworkCase { spec, batch, seed };
    let mut problem = case.problem().expect("the shapes fit");
    problem.objective.penalty = penalty;
    // L1 has a kink at 0, where central differences say nothing.
    for w in problem.parameters.tensors.iter_mut().flatten() {
        if *w == 0.0 {
            *w = 1.0 / 128.0;
        }
    }
    let name = match penalty {
        None => case.to_string(),
        Some(PenaltySpec::L2 { .. }) => format!("{case}, L2"),
        Some(PenaltySpec::L1 { .. }) => format!("{case}, L1"),
    };
    Fixture {
        name,
        problem,
        has_ties: false,
    }
}

fn spec(input: &str, layers: &str, loss: &str) -> NetworkSpec {
    let toml =
        format!("name = 'fixture'\ninput = {input}\nloss = {{ {loss} }}\nlayers = [{layers}]");
    NetworkSpec::from_toml(&toml).expect("the network is well written")
}
