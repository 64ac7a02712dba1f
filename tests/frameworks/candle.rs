//! candle 0.11.1: its own operators in `f64` and `f32`, and closures over its tensors where the way to an
//! operator is what is wrong.

use candle_nn::ops;
use gradproof::adapter::candle::{Context, operators, subject};
use gradproof::harness::SubjectError;
use gradproof::spec::{Conv2dSpec, OpSpec};

use crate::known::{Boxed, Known, Shows, meets};
use crate::sweep::{Library, assert_known};

fn double() -> Boxed {
    Boxed(Box::new(operators()))
}

fn single() -> Boxed {
    Boxed(Box::new(operators().single()))
}

/// Size along one axis that a transposed convolution of a convolution's output has, and that of the input
/// with its padding.
struct Axis {
    spread: usize,
    padded: usize,
    reach: usize,
}

fn axis(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Axis {
    let padded = input + 2 * padding;
    let reach = dilation * (kernel - 1) + 1;
    let last = (padded - reach) / stride * stride;
    Axis {
        spread: last + reach,
        padded,
        reach,
    }
}

fn both(conv: &Conv2dSpec, shape: &[usize]) -> [Axis; 2] {
    [0, 1].map(|at| {
        let (kernel, stride) = (conv.kernel[at], conv.stride[at]);
        axis(
            shape[2 + at],
            kernel,
            stride,
            conv.padding[at],
            conv.dilation[at],
        )
    })
}

impl Axis {
    /// What the windows leave of the input with its padding.
    fn rest(&self) -> usize {
        self.padded - self.spread
    }
}

const CONV1D_PADDING: Known = Known {
    operator: "conv1d",
    what: "its backward counts below 0 where the padding is larger than what the windows step",
    concerns: |request| {
        meets(request, "conv1d", |op, shape| {
            let OpSpec::Conv1d(conv) = op else {
                return false;
            };
            let axis = axis(
                shape[2],
                conv.kernel,
                conv.stride,
                conv.padding,
                conv.dilation,
            );
            axis.spread - axis.reach < 2 * conv.padding
        })
    },
    token: "gp2.NYnBDsMgDEP_xeccxo75lWmaMsg2NBQQ0F6q_ntpq9qS_WQv6DVKAi_w0nTvXLRKz_XkK-GzzS6AkKf-8j8x09TAjvDXOhh8JxQJIdr3mN9Rxv-R1HQlRCtTBz8cDT8JTTWAb-vQBg.17dd39db",
    shows: Shows::Error("attempt to subtract with overflow"),
};

const CONV1D_BATCH: Known = Known {
    operator: "conv1d",
    what: "wrong gradients of weight, and of x, for several samples and output channels",
    concerns: |request| {
        meets(
            request,
            "conv1d",
            |op, shape| matches!(op, OpSpec::Conv1d(conv) if shape[0] > 1 && conv.out_channels > conv.groups),
        )
    },
    token: "gp2.NYgxDoAgEAT_svUVYnlfMcaceEYiAQNoY_i7GOMWO5O5UZITD75hJevLeGiSEtPn_8PGcJkFhHiWyW4SgvoM7gm7puZgQ5idtLaKz1oJLhxnAQ89GTIjIasu4K62PQ.2bca8370",
    shows: Shows::Derivative {
        of: "weight",
        at: &[0, 0, 0],
        theirs: 7.250_244_140_625,
        right: 0.080_566_406_25,
    },
};

const CONV2D_PADDING: Known = Known {
    operator: "conv2d",
    what: "its backward counts below 0 where the padding is larger than what the windows cover",
    concerns: |request| {
        meets(request, "conv2d", |op, shape| {
            let OpSpec::Conv2d(conv) = op else {
                return false;
            };
            let [rows, columns] = both(conv, shape);
            rows.rest() == columns.rest()
                && (rows.spread < 2 * conv.padding[0] || columns.spread < 2 * conv.padding[1])
        })
    },
    token: "gp2.NYzBDsIwDEP_xece2Lj1VxBCYQkQUaVV23GZ9u-EoiVSYlvy29CrUkLcsFCT389FKvVc__q4WLJ9ZkZAXvtteZGZpIY4BbylukacA5rT2CnngELMas8Rsybqmm2Yu5L3HpSa7AFqZe2IlymMvTpDhBFPu88X.153e57ad",
    shows: Shows::Error("attempt to subtract with overflow"),
};

const CONV2D_REST: Known = Known {
    operator: "conv2d",
    what: "no gradient where the windows leave another rest of the columns than of the rows",
    concerns: |request| {
        meets(request, "conv2d", |op, shape| {
            let OpSpec::Conv2d(conv) = op else {
                return false;
            };
            let [rows, columns] = both(conv, shape);
            rows.rest() != columns.rest()
        })
    },
    token: "gp2.NYxBDgIhDEXv8tcsHJZcxRhTadVGUggwbiZzdxnMtEn7_uK_Db0qJYQNkZocPxep1HP983kRs309wyGv_R7fZCapISwOH6mDEa6L8zeHNow8TN6hELPaazJroq7ZZngoje6TUpPdQa2sffaPnQ4RRrjsY34.b98c519a",
    shows: Shows::Error("shape mismatch in add"),
};

const CONV_TRANSPOSE2D: Known = Known {
    operator: "conv_transpose2d",
    what: "no gradient where the output padding is as large as the stride",
    concerns: |request| {
        meets(
            request,
            "conv_transpose2d",
            |op, _| matches!(op, OpSpec::ConvTranspose2d(conv) if conv.output_padding[0] >= conv.stride[0]),
        )
    },
    token: "gp2.NYtNCgIxDIXv8tZdOLPsVUSG2EYtlqQ01c0wdzdWTCD5eD87Ri9UEXckMv5-bdxpaP_x_yKpvLfRSayp8ZoRoK-xpQeJcDXEJeDJ3Xmie83tRjkXuU8pl0qjqCCuAddC3rlRNT4CingY8byEuZcAY86Ip8PnAw.2c930ada",
    shows: Shows::Error("shape mismatch in add"),
};

const MAX_POOL2D: Known = Known {
    operator: "max_pool2d",
    what: "every gradient is divided by the number of entries in a window",
    concerns: |request| {
        meets(
            request,
            "max_pool2d",
            |op, _| matches!(op, OpSpec::MaxPool2d(pool) if pool.kernel != [1, 1]),
        )
    },
    token: "gp2.NYtNCoAgFITvMmsX5bKrhITkW0jmk6dBIN49LZqB-Vl8FUW8DVgqdptpNCcSW1i-_SdOe2-JOWgHhYMkUqfWWWnTFHxMV3nvsDYKmchhmVrXAw.796b190d",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 0.578_125,
        right: 1.156_25,
    },
};

const AVG_POOL2D: Known = Known {
    operator: "avg_pool2d",
    what: "gradients in the wrong places where the windows leave a rest",
    concerns: |request| {
        meets(request, "avg_pool2d", |op, shape| {
            matches!(op, OpSpec::AvgPool2d(pool)
                if (0..2).any(|at| !shape[2 + at].is_multiple_of(pool.kernel[at])))
        })
    },
    token: "gp2.NUtLCoUwELtL1l28p668ikgZ2lGKpVP6cSPe3aqYQBJIcqAkRx7jAUOZb5fIiYqkN38K2lcdRXxnobBxCtxe01_1s4KRGop2wfhqWUeyGBfymU8FF2Itz_Dm0MaZufW_s-EC.c361f9b1",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 3],
        theirs: 0.385_416_666_666_666_63,
        right: 0.0,
    },
};

const GELU: Known = Known {
    operator: "gelu",
    what: "the gradient is made of constants of six digits, in f64 too",
    concerns: |request| meets(request, "gelu", |_, _| true),
    token: "gp2.NYrBCoAgEET_Zc4e6uqvRIellhBMl3WFQPz3rGgGZt7hNZgGivANGxV-PgsrWdaP_8XBscKBRDRf4SQbMlJOjO4QklSDX2b3dnUozDv81Edu.ea96122c",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 1.282_832_630_223_389,
        right: 1.282_832_750_668_385_6,
    },
};

const LAYER_NORM: Known = Known {
    operator: "layer_norm",
    what: "with weight and bias no gradient at all, and no word of it",
    concerns: |request| {
        meets(
            request,
            "layer_norm",
            |op, _| matches!(op, OpSpec::LayerNorm(norm) if norm.affine),
        )
    },
    token: "gp2.NUxLCoUwELtL1l28pzuvIiKDjjhQ2zKtC5Xe3VaRQD6E5EJSIYvuwkSRq_rASsnr6z-GpYN1dF43GFQhKyfPY1wplF3_H7KBuLCnGsyDwSAyz-h-uZRBeZIo3pW3pW2Q8w0.c8081ab2",
    shows: Shows::Derivative {
        of: "bias",
        at: &[0],
        theirs: 0.0,
        right: 1.156_25,
    },
};

const DOUBLE: [Known; 8] = [
    CONV1D_PADDING,
    CONV1D_BATCH,
    CONV2D_PADDING,
    CONV2D_REST,
    CONV_TRANSPOSE2D,
    MAX_POOL2D,
    AVG_POOL2D,
    GELU,
];

const SINGLE: [Known; 8] = [
    CONV1D_PADDING,
    CONV1D_BATCH,
    CONV2D_PADDING,
    CONV2D_REST,
    CONV_TRANSPOSE2D,
    MAX_POOL2D,
    AVG_POOL2D,
    LAYER_NORM,
];

#[test]
fn every_known_finding_is_found_again() {
    assert_known(double, &DOUBLE);
    assert_known(single, &[LAYER_NORM]);
    assert_known(upsampled_twice, &[UPSAMPLED_TWICE]);
    assert_known(softmax_last_dim, &[SOFTMAX_LAST_DIM]);
}

#[test]
fn nothing_else_is_found() {
    let double = Library {
        make: double,
        known: &DOUBLE,
        unjudged: &["selu", "softplus", "gelu"],
        patience: 10,
    };
    double.assert_nothing_else();
}

#[test]
fn nothing_else_is_found_in_single_precision() {
    let single = Library {
        make: single,
        known: &SINGLE,
        unjudged: &["selu", "softplus"],
        patience: 10,
    };
    single.assert_nothing_else();
}

/// ½·(u(x) + u(x)) is u(x).
fn upsampled_twice() -> Boxed {
    Boxed(Box::new(subject(|on: &Context<'_>| {
        let again = on.operators()?;
        Ok(((on.operators()? + again)? * 0.5)?)
    })))
}

const UPSAMPLED_TWICE: Known = Known {
    operator: "upsample",
    what: "of a tensor that is upsampled twice one gradient is lost",
    concerns: |request| request.op().is_some(),
    token: "gp2.NYtJCoAwFEPvknURddmriMin_UKhEx1WpXe3VkwgySKvoSRDFrJBUea3Q-REJaRv_4kaM7loGQJZkeXrJjVf-7IKuKAHDM-UOBd0AeNjLZDHJqbPgTFryLUPPQ.6188c3d7",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: -0.140_625,
        right: -0.281_25,
    },
};

/// candle's fused softmax.
fn softmax_last_dim() -> Boxed {
    Boxed(Box::new(subject(|on: &Context<'_>| {
        match on.request().op() {
            Some(OpSpec::Softmax(softmax)) if softmax.dim == -1 => (),
            _ => return Err(SubjectError::Unsupported("another axis".to_owned())),
        }
        Ok(ops::softmax_last_dim(&on["x"])?)
    })))
}

const SOFTMAX_LAST_DIM: Known = Known {
    operator: "softmax",
    what: "softmax_last_dim has no gradient at all, and no word of it",
    concerns: |request| request.op().is_some(),
    token: "gp2.NYZBCoAwDAT_sucI6jFfEQ_BRihYW9oIQunftYi7MDMVlr0c4IpNinbHpFks5q9_osTdgtwgOB_Aw9QI_kyXgZeJ-ueVUFQdeGzvHg.3b2dec23",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 0.0,
        right: 0.008_360_445_756_554_962,
    },
};
