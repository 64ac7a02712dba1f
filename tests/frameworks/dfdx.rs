//! dfdx 0.13.0: its own operators, and closures over its tensors where the way to an operator is what is
//! wrong.

use ::dfdx::prelude::{
    Axes3, Axis, HasShape, PermuteTo, RealizeTo, ReshapeTo, Shape, WithEmptyTape,
};
use gradproof::adapter::dfdx::{Context, Ranked, Taped, operators, subject};
use gradproof::harness::SubjectError;
use gradproof::spec::{Approximation, Interpolation, OpSpec};

use crate::known::{Boxed, Known, Shows, meets};
use crate::sweep::{Library, assert_known};

type Lines = (usize, usize, usize);

fn own() -> Boxed {
    Boxed(Box::new(operators()))
}

/// The input as lines along the axis that a softmax has, which become the last axis.
fn permuted(on: &Context<'_>) -> Result<(Taped<Lines>, Taped<Lines>), SubjectError> {
    let (Some(OpSpec::Softmax(softmax)) | Some(OpSpec::LogSoftmax(softmax))) = on.request().op()
    else {
        return Err(SubjectError::Unsupported("another operator".to_owned()));
    };
    let x: Taped<(usize, usize, usize, usize)> = on.get("x")?;
    let shape = x.shape().concrete();
    let axis = softmax.axis(4).expect("a drawn axis is there");
    let product = |sizes: &[usize]| sizes.iter().product::<usize>();
    let lines = (
        product(&shape[..axis]),
        shape[axis],
        product(&shape[axis + 1..]),
    );
    let flat: Taped<Lines> = x.reshape_like(&lines);
    let again = flat.with_empty_tape();
    Ok((flat, again))
}

fn back(y: Taped<Lines>, on: &Context<'_>) -> Ranked {
    let y: Taped<Lines> = y.permute::<_, Axes3<0, 2, 1>>();
    let &[n, c, h, w] = on.request()["x"].shape() else {
        unreachable!("images have four axes")
    };
    let y: Taped<(usize, usize, usize, usize)> = y.reshape_like(&(n, c, h, w));
    y.into()
}

fn permuted_softmax() -> Boxed {
    Boxed(Box::new(subject(|on: &Context<'_>| {
        let (x, _) = permuted(on)?;
        let x: Taped<Lines> = x.permute::<_, Axes3<0, 2, 1>>();
        Ok(back(x.softmax::<Axis<2>>(), on))
    })))
}

fn permuted_log_softmax() -> Boxed {
    Boxed(Box::new(subject(|on: &Context<'_>| {
        let (x, _) = permuted(on)?;
        let x: Taped<Lines> = x.permute::<_, Axes3<0, 2, 1>>();
        Ok(back(x.log_softmax::<Axis<2>>(), on))
    })))
}

/// ½·(x + x), where one of both is a slice of all of it: flatten.
fn sliced() -> Boxed {
    Boxed(Box::new(subject(|on: &Context<'_>| {
        let x: Taped<(usize, usize, usize, usize)> = on.get("x")?;
        let [n, c, h, w] = x.shape().concrete();
        let x: Taped<(usize, usize)> = x.reshape_like(&(n, c * h * w));
        let slice: Taped<(usize, usize)> =
            x.with_empty_tape().slice((0..n, 0..c * h * w)).realize();
        Ok((slice + x) * 0.5)
    })))
}

/// What dfdx has not on stable Rust, or not at all.
const LACKS: [&str; 21] = [
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "max_pool2d",
    "avg_pool2d",
    "zero_pad2d",
    "residual",
    "concatenation",
    "dropout",
    "batch_norm2d",
    "group_norm",
    "instance_norm",
    "elu",
    "selu",
    "silu",
    "mish",
    "softplus",
    "hardswish",
    "flatten",
    "nll",
    "network",
];

const GELU: Known = Known {
    operator: "gelu",
    what: "the density in accurate_gelu's gradient is √2 too large",
    concerns: |request| {
        meets(
            request,
            "gelu",
            |op, _| matches!(op, OpSpec::Gelu(gelu) if gelu.approximate == Approximation::None),
        )
    },
    token: "gp2.NYrBCoAgEET_Zc4e6uqvRIellhBMl3WFQPz3rGgGZt7hNZgGivANGxV-PgsrWdaP_8XBscKBRDRf4SQbMlJOjO4QklSDX2b3dnUozDv81Edu.ea96122c",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 1.353_813_881_844_791_3,
        right: 1.282_832_750_668_385_6,
    },
};

const BILINEAR: Known = Known {
    operator: "upsample",
    what: "the positions of bilinear upsampling are rounded to f32, in f64 too",
    concerns: |request| {
        meets(
            request,
            "upsample",
            |op, _| matches!(op, OpSpec::Upsample(upsample) if upsample.mode == Interpolation::Bilinear),
        )
    },
    token: "gp2.NYyxCsMwEEP_RfNR4tLJv1JKuDrXYrjY5mxPIf9eNyEaJA1P2tAsssJvCFzln7mIcct29svRS-W1qIBQA6vMHw4Hdb9NhDUvY4x31JiEbUCs8ZvmkC2JVfhmXXZCTKU3-KcjRw9yr3EmssBP-9AP.f7b6505b",
    shows: Shows::Output {
        at: &[0, 0, 4, 0],
        theirs: -0.037_946_335_971_355_44,
        right: -0.037_946_428_571_429_05,
    },
};

const SOFTMAX: Known = Known {
    operator: "softmax",
    what: "of a permuted tensor: the gradient goes to other entries",
    concerns: |request| request.op().is_some(),
    token: "gp2.NYbBCoAgEAX_5Z33kB73V6LDkhsImaIbBOK_V0RzmJkOq1F2cMcqTd_molUs1-9_o-XNklwghJjAfhDiUU4Dz44cefILoakG8DQebg.0a0b647b",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 1],
        theirs: -0.161_525_491_796_548_88,
        right: -0.012_887_686_663_352_708,
    },
};

const LOG_SOFTMAX: Known = Known {
    operator: "log_softmax",
    token: "gp2.NYbBCoAgEAX_5Z33UB79lYiQ3ELQVnSDQPz3imgOM9OgJbgI27C6ym8lc3Eq5fvfiLIvVTZN7gLBhwRrOiEc-VTYaaSRDJmZUJk97NAfbg.0e8915ec",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 1],
        theirs: -0.225_145_170_407_896_83,
        right: -1.292_737_960_693_277,
    },
    ..SOFTMAX
};

const SLICES: Known = Known {
    operator: "flatten",
    what: "of a tensor that is sliced and used besides one gradient is lost",
    concerns: |request| request.op().is_some(),
    token: "gp2.NYZLCsAgDETvMuss2m2uUroIbQqCqMR0Jd69H3EG3nsNbkEiuOGQqp9zURPPNnoSVxR3TeiEkMrt4G2l_zuhqp7gpb97AA.17810d83",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 0.578_125,
        right: 1.156_25,
    },
};

const KNOWN: [Known; 2] = [GELU, BILINEAR];

#[test]
fn every_known_finding_is_found_again() {
    assert_known(own, &KNOWN);
    assert_known(permuted_softmax, &[SOFTMAX]);
    assert_known(permuted_log_softmax, &[LOG_SOFTMAX]);
    assert_known(sliced, &[SLICES]);
}

#[test]
fn nothing_else_is_found() {
    let own = Library {
        make: own,
        known: &KNOWN,
        unjudged: &LACKS,
        patience: 1,
    };
    own.assert_nothing_else();
}
