//! Whether a loss can take a network's output.

use super::super::{LossSpec, NetworkSpec};
use super::{PlanError, misfit};

/// Refuse an output that the loss cannot take.
pub(super) fn check(spec: &NetworkSpec, output: &[usize]) -> Result<(), PlanError> {
    let wrong = |what: String| {
        Err(PlanError::Loss {
            network: spec.name.clone(),
            what,
        })
    };
    match &spec.loss {
        LossSpec::SoftmaxCrossEntropy {
            label_smoothing,
            class_weights,
        } => {
            let &[_, classes] = output else {
                return wrong(format!(
                    "softmax_cross_entropy needs logits of shape [batch, classes], and the last layer gives {output:?}"
                ));
            };
            if classes < 2 {
                return wrong("softmax_cross_entropy over one class is constant: give the last layer 2 or more outputs".to_owned());
            }
            if !(0.0..1.0).contains(label_smoothing) {
                return wrong(format!(
                    "label_smoothing = {label_smoothing} is not in [0, 1)"
                ));
            }
            misfit(class_weights.as_deref(), classes).map_or(Ok(()), wrong)
        }
        LossSpec::Nll { class_weights } => {
            let &[_, classes] = output else {
                return wrong(format!(
                    "nll needs log-probabilities of shape [batch, classes], and the last layer gives {output:?}"
                ));
            };
            misfit(class_weights.as_deref(), classes).map_or(Ok(()), wrong)
        }
        LossSpec::Huber { delta } if !(*delta > 0.0 && delta.is_finite()) => {
            wrong(format!("delta = {delta} is not a number above 0"))
        }
        LossSpec::MeanSquaredError {}
        | LossSpec::L1 {}
        | LossSpec::Huber { .. }
        | LossSpec::BceWithLogits {}
        | LossSpec::WeightedSum {} => Ok(()),
    }
}
