//! Wrong gradients of the penalty on the weights.

use crate::network::LeafName;
use crate::spec::PenaltySpec;
use crate::tensor::values;

use super::evidence::Context;
use super::hypothesis::Hypothesis;
use super::kind::BugKind;

/// Rounding of the penalty's own part, as a share of it.
const OWN_ERROR: f64 = 8.0 * f64::EPSILON;

/// The wrong ways, most likely first.
pub(super) fn hypotheses<'a>(
    penalty: PenaltySpec,
    context: &'a Context<'a>,
) -> Vec<Hypothesis<'a>> {
    if context.leaf == LeafName::Input {
        return Vec::new();
    }
    let w = values(context.problem.leaf(context.leaf));
    let slope = move |index: usize| penalty.slope(w[index]);
    let with = |kind, equals: &str, look: &str, times: f64| {
        Hypothesis::entries(kind, equals, look, move |index| {
            let part = times * slope(index);
            (
                context.right[index] + part,
                context.error[index] + OWN_ERROR * (part.abs() + context.right[index].abs()),
            )
        })
    };
    if context.problem.penalty_on(context.leaf).is_none() {
        return vec![with(
            BugKind::PenaltyOnBias,
            "the right gradient plus the penalty's, which is on the weights only",
            "the bias is left out of the penalty in forward, and not in backward",
            1.0,
        )];
    }
    let mut hypotheses = vec![
        with(
            BugKind::PenaltyMissing,
            "the right gradient without the penalty's",
            "the penalty is added to the loss, and its gradient nowhere",
            -1.0,
        ),
        with(
            BugKind::PenaltyDoubled,
            "the right gradient with the penalty's twice",
            match penalty {
                PenaltySpec::L2 { .. } => {
                    "the penalty's gradient is added twice, or is 2*lambda*w for lambda/2 * w^2"
                }
                PenaltySpec::L1 { .. } => "the penalty's gradient is added twice",
            },
            1.0,
        ),
        with(
            BugKind::PenaltySign,
            "the right gradient with the penalty's taken away instead of added",
            "the sign of the penalty's gradient",
            -2.0,
        ),
    ];
    let strength = penalty.strength();
    let (equals, look, other): (_, _, fn(f64) -> f64) = match penalty {
        PenaltySpec::L1 { .. } => (
            "the right gradient with lambda*w where lambda*sign(w) belongs",
            "forward has an L1 penalty, and backward the gradient of an L2 penalty",
            |w| w,
        ),
        PenaltySpec::L2 { .. } => (
            "the right gradient with lambda*sign(w) where lambda*w belongs",
            "forward has an L2 penalty, and backward the gradient of an L1 penalty",
            |w| f64::from(i8::from(w > 0.0) - i8::from(w < 0.0)),
        ),
    };
    hypotheses.push(Hypothesis::entries(
        BugKind::ApproximateDerivative,
        equals,
        look,
        move |index| {
            let (own, other) = (slope(index), strength * other(w[index]));
            let terms = own.abs() + other.abs() + context.right[index].abs();
            (
                context.right[index] - own + other,
                context.error[index] + OWN_ERROR * terms,
            )
        },
    ));
    hypotheses
}
