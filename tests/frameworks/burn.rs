//! burn 0.22.1 on its processor backend, burn-flex: its own operators in `f64`.

use gradproof::adapter::burn::operators;
use gradproof::harness::Asked;
use gradproof::loss::Loss;
use gradproof::spec::OpSpec;

use crate::known::{Boxed, Known, Shows, meets};
use crate::sweep::{Library, assert_known};

fn own() -> Boxed {
    Boxed(Box::new(operators()))
}

const CONV1D: Known = Known {
    operator: "conv1d",
    what: "wrong gradients of weight where several groups leave a rest of the input",
    concerns: |request| {
        meets(request, "conv1d", |op, shape| {
            let OpSpec::Conv1d(conv) = op else {
                return false;
            };
            // The size that a convolution of the input by the output's gradient has.
            let padded = shape[2] + 2 * conv.padding;
            let last = (padded - conv.dilation * (conv.kernel - 1) - 1) / conv.stride * conv.stride;
            conv.groups > 1 && (padded - last - 1) / conv.dilation + 1 != conv.kernel
        })
    },
    token: "gp2.NYyxDsIwEEP_xfMNtGXKryCEjuSAiCiJcglL1X_noKoH-8mSvaK3yAluhWeVX5YqjXtpOx8OX_JnCiCU0W_-xTlLUrgz4S3NGG4mqL0Fe1kIz1ZG1X97j2zw4KSyEWKuo8NdJpppudpGJMCdNtMX.5c8baa06",
    shows: Shows::Derivative {
        of: "weight",
        at: &[1, 0, 0],
        theirs: 1.752_441_406_25,
        right: -2.344_970_703_125,
    },
};

const SOFTPLUS: Known = Known {
    operator: "softplus",
    what: "the gradient of a division by beta is rounded to f32, in f64 too",
    concerns: |request| {
        meets(
            request,
            "softplus",
            |op, _| matches!(op, OpSpec::Softplus(softplus) if softplus.beta.log2().fract() != 0.0),
        )
    },
    token: "gp2.NYnBCoAgEET_Zc5LWN38lehgtVEgKe56Ev89JZqBmQevQNPtPGzB7oT7h8jJaUgf_wsJp0afBYSN1cHOgyHolViu4A_YyQymEu4nZoVdRuqdVoIwN21qyws.7e2f64c6",
    shows: Shows::Derivative {
        of: "x",
        at: &[0, 0, 0, 0],
        theirs: 1.150_489_284_911_452,
        right: 1.150_489_250_624_200_4,
    },
};

const HARDSWISH: Known = Known {
    operator: "hardswish",
    what: "its sixth is rounded to f32, in f64 too",
    concerns: |request| meets(request, "hardswish", |_, _| true),
    token: "gp2.NYZLCoAgFEX3csdOrCBzK9FA8oFCpLxnNBD33o_uhXNOReHoNtiK1Qk9TpnYlcRf_0Rw7OWMEtAU4p6PAjtr9X5RECIPq_XQ9dPYGdPuXQ.0923d804",
    shows: Shows::Output {
        at: &[0, 0, 0, 0],
        theirs: -0.052_693_685_982_376_34,
        right: -0.052_693_684_895_833_336,
    },
};

const GROUP_NORM: Known = Known {
    operator: "group_norm",
    what: "it counts entries for axes, and panics for two of them or less",
    concerns: |request| {
        meets(request, "group_norm", |_, shape| {
            shape.iter().product::<usize>() <= 2
        })
    },
    token: "gp2.NYvNCoAgEITfZc57qKuvEhFLrSGUyqon8d2zpBmYn8NXkdXxBVOxc5K3QxTlHHTsP3FqKHHzQW_QOAlmJrC1znfQ8pWkEZyPJcMsM31eCUnkgJla1wM.7799dbdf",
    shows: Shows::Error("input rank for GroupNorm should be at least 3"),
};

const INSTANCE_NORM: Known = Known {
    operator: "instance_norm",
    concerns: |request| {
        meets(request, "instance_norm", |_, shape| {
            shape.iter().product::<usize>() <= 2
        })
    },
    token: "gp2.NYhBCoAwDAT_suce9NqviEioORS0KUk8lf7dqrgLu8M0uGY6EBsSGT8vlZVc9ON_kYs5lcRbET3RwxD1csRlDm_XAGPeEac-cgM.e3ad2742",
    ..GROUP_NORM
};

const SMOOTHING: Known = Known {
    operator: "softmax_cross_entropy",
    what: "the share of label smoothing is rounded to f32, in f64 too",
    concerns: |request| {
        let loss = match request.asked {
            Asked::Loss(loss) => Some(loss),
            _ => request.problem.objective.loss.as_ref(),
        };
        matches!(loss, Some(Loss::SoftmaxCrossEntropy { label_smoothing, .. })
            if *label_smoothing > 0.0)
    },
    token: "gp2.TYnBCoMwEAX_5Z1DqS295FeKhKirBmI2ZFdQxH833pzLwMwBLcFH2AO9F7odWeRpzrAQHnXxm-tLrY6SFs47DKLvKDpZmHUOaYJ9v5rP7zQIKa8K-2_MtzUQoqG-s3IB.8fdf5081",
    shows: Shows::Output {
        at: &[],
        theirs: 3.037_276_867_304_323,
        right: 3.037_276_860_896_005_5,
    },
};

const KNOWN: [Known; 6] = [
    CONV1D,
    SOFTPLUS,
    HARDSWISH,
    GROUP_NORM,
    INSTANCE_NORM,
    SMOOTHING,
];

#[test]
fn every_known_finding_is_found_again() {
    assert_known(own, &KNOWN);
}

#[test]
fn nothing_else_is_found() {
    let own = Library {
        make: own,
        known: &KNOWN,
        unjudged: &["dropout", "nll", "hardswish"],
        patience: 2,
    };
    own.assert_nothing_else();
}
