//! candle's losses.

use candle_core::{Device, Tensor};
use candle_nn::loss;

use crate::adapter::composed::only;
use crate::harness::SubjectError;
use crate::loss::Loss;

/// The loss of `output`.
pub(super) fn loss(loss: &Loss, output: &Tensor) -> Result<Tensor, SubjectError> {
    let like =
        |values| -> Result<Tensor, SubjectError> { Ok(super::tensor(values, output.dtype())?) };
    let class_of = |classes: &[usize]| -> Result<Tensor, SubjectError> {
        let classes: Vec<u32> = classes.iter().map(|class| *class as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    };
    Ok(match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights,
        } => {
            only(class_weights.is_none(), "cross entropy with class weights")?;
            only(*label_smoothing <= 0.0, "label smoothing")?;
            loss::cross_entropy(output, &class_of(classes)?)?
        }
        Loss::Nll {
            classes,
            class_weights,
        } => {
            only(class_weights.is_none(), "nll with class weights")?;
            loss::nll(output, &class_of(classes)?)?
        }
        Loss::MeanSquaredError { target } => loss::mse(output, &like(target)?)?,
        Loss::L1 { target } => (output - like(target)?)?.abs()?.mean_all()?,
        Loss::Huber { target, delta } => loss::huber(output, &like(target)?, *delta)?,
        Loss::BceWithLogits { target } => {
            loss::binary_cross_entropy_with_logit(output, &like(target)?)?
        }
        Loss::WeightedSum { cotangent } => (output * like(cotangent)?)?.sum_all()?,
    })
}
