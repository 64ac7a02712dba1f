//! burn's losses.

use burn::nn::loss::{
    BinaryCrossEntropyLossConfig, CrossEntropyLossConfig, HuberLossConfig, LpLossConfig, MseLoss,
    Reduction,
};
use burn::tensor::{Int, Tensor, TensorData};

use crate::adapter::composed::{none, only};
use crate::harness::SubjectError;
use crate::loss::Loss;

use super::{Ranked, constant, device};

/// The loss of `output`.
pub(super) fn loss(loss: &Loss, output: &Ranked) -> Result<Ranked, SubjectError> {
    if let Loss::WeightedSum { cotangent } = loss {
        return Ok((output.flat.clone() * constant(cotangent).flat)
            .sum()
            .into());
    }
    let y: Tensor<2> = output.rank()?;
    let mean = Reduction::Mean;
    Ok(match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights,
        } => {
            let single = |weights: &Vec<f64>| weights.iter().map(|weight| *weight as f32).collect();
            let smoothing = (*label_smoothing > 0.0).then_some(*label_smoothing as f32);
            let loss = CrossEntropyLossConfig::new()
                .with_smoothing(smoothing)
                .with_weights(class_weights.as_ref().map(single))
                .init(device());
            let classes: Vec<i64> = classes.iter().map(|class| *class as i64).collect();
            loss.forward(y, integers(classes)).into()
        }
        Loss::MeanSquaredError { target } => MseLoss::new()
            .forward(y, constant(target).rank()?, mean)
            .into(),
        Loss::L1 { target } => LpLossConfig::l1()
            .forward(y, constant(target).rank()?, mean)
            .into(),
        Loss::Huber { target, delta } => {
            let loss = HuberLossConfig::new(*delta as f32).init();
            loss.forward(y, constant(target).rank()?, mean).into()
        }
        Loss::BceWithLogits { target } => {
            let is_whole = target.iter().all(|share| share.fract() == 0.0);
            only(is_whole, "binary cross entropy with shares")?;
            let shape = y.dims();
            let target = integers(target.iter().map(|share| *share as i64).collect());
            let loss = BinaryCrossEntropyLossConfig::new().with_logits(true);
            loss.init(device()).forward(y, target.reshape(shape)).into()
        }
        Loss::Nll { .. } | Loss::WeightedSum { .. } => return Err(none("nll")),
    })
}

fn integers(values: Vec<i64>) -> Tensor<1, Int> {
    let size = values.len();
    Tensor::from_data(TensorData::new(values, [size]), device())
}
