//! One-dimensional convolutions.

use proptest::prelude::*;

use crate::harness::OperatorCase;
use crate::spec::{Conv1dSpec, OpSpec};

use super::conv2d;

/// One-dimensional convolutions: the columns of a convolution over images.
pub fn conv1d() -> BoxedStrategy<OperatorCase> {
    conv2d()
        .prop_map(|mut case| {
            if let OpSpec::Conv2d(conv) = case.op {
                case.op = OpSpec::Conv1d(Conv1dSpec {
                    out_channels: conv.out_channels,
                    kernel: conv.kernel[1],
                    stride: conv.stride[1],
                    padding: conv.padding[1],
                    dilation: conv.dilation[1],
                    groups: conv.groups,
                    bias: conv.bias,
                });
                case.input.remove(2);
            }
            case
        })
        .boxed()
}
