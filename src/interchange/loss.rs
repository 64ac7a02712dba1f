//! Losses in files: attributes, what the output is compared with, and how terms are put together.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::loss::Loss;
use crate::spec::LossSpec;
use crate::tensor::{Tensor, from_values};

use super::attributes::{array_of, list, our_name};
use super::{Array, CaseError, OpCase};

/// How the terms of a loss are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reduction {
    /// Their mean: what our losses have.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// A loss as data, and what is left of a file's attributes to make it one of an output.
pub(super) struct Named {
    /// The loss.
    pub(super) spec: LossSpec,
    target: Option<Value>,
    reduction: Reduction,
    /// What the loss is multiplied by beyond its reduction.
    factor: f64,
}

/// The loss that `attributes`, under our names, describe; `None` when there is none called `op`.
pub(super) fn named(
    case: &OpCase,
    op: &str,
    mut attributes: Map<String, Value>,
) -> Result<Option<Named>, CaseError> {
    let wrong = |what: String| CaseError::Attribute {
        op: op.to_owned(),
        what,
    };
    list(case, &mut attributes, "class_weights")?;
    let target = attributes.remove("target");
    let reduction = match attributes.remove("reduction") {
        None => Reduction::Mean,
        Some(value) => serde_json::from_value(value.clone())
            .map_err(|_| wrong(format!("reduction is {value}; use \"mean\" or \"sum\"")))?,
    };
    let mut factor = 1.0;
    if op.starts_with("smooth_l1") {
        let beta = attributes.remove("beta").unwrap_or(json!(1.0));
        let beta = beta.as_f64().filter(|beta| *beta > 0.0 && beta.is_finite());
        let beta = beta.ok_or_else(|| wrong("beta has to be a number above 0".to_owned()))?;
        attributes.insert("delta".to_owned(), beta.into());
        factor = 1.0 / beta;
    }
    if op == "weighted_sum" {
        // Of a network alone: its output's weights are the target.
        let weights = attributes.remove("cotangent");
        return Ok(Some(Named {
            spec: LossSpec::WeightedSum {},
            target: weights,
            reduction,
            factor,
        }));
    }
    attributes.insert("op".to_owned(), our_name(op).into());
    match serde_json::from_value(Value::Object(attributes)) {
        Ok(LossSpec::WeightedSum {}) => Ok(None),
        Ok(spec) => Ok(Some(Named {
            spec,
            target,
            reduction,
            factor,
        })),
        Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

impl Named {
    /// The loss of an output of the shape `output`, which a plan has found to fit, and its factor.
    pub(super) fn of_output(
        self,
        case: &OpCase,
        output: &[usize],
    ) -> Result<(Loss, f64), CaseError> {
        let (loss, terms) = match self.spec.clone() {
            LossSpec::SoftmaxCrossEntropy {
                label_smoothing,
                class_weights,
            } => {
                let classes = self.classes(case, output)?;
                let terms = weight(&classes, class_weights.as_deref());
                let loss = Loss::SoftmaxCrossEntropy {
                    classes,
                    label_smoothing,
                    class_weights,
                };
                (loss, terms)
            }
            LossSpec::Nll { class_weights } => {
                let classes = self.classes(case, output)?;
                let terms = weight(&classes, class_weights.as_deref());
                let loss = Loss::Nll {
                    classes,
                    class_weights,
                };
                (loss, terms)
            }
            of_entries => {
                let target = self.numbers(case, output)?;
                let terms = target.len() as f64;
                let loss = match of_entries {
                    LossSpec::MeanSquaredError {} => Loss::MeanSquaredError { target },
                    LossSpec::L1 {} => Loss::L1 { target },
                    LossSpec::Huber { delta } => Loss::Huber { target, delta },
                    LossSpec::BceWithLogits {} => Loss::BceWithLogits { target },
                    _ => Loss::WeightedSum { cotangent: target },
                };
                (loss, terms)
            }
        };
        let scale = match (self.reduction, &loss) {
            (Reduction::Sum, Loss::WeightedSum { .. }) | (Reduction::Mean, _) => self.factor,
            (Reduction::Sum, _) => self.factor * terms,
        };
        Ok((loss, scale))
    }

    /// The target, from the attributes or the inputs.
    fn target(&self, case: &OpCase) -> Result<Array, CaseError> {
        if let Some(array) = case.inputs.get("target") {
            return Ok(array.clone());
        }
        let target = self.target.as_ref().ok_or_else(|| CaseError::Attribute {
            op: case.op.clone(),
            what: "there is no target".to_owned(),
        })?;
        match target {
            Value::Array(list) => array_of(
                case,
                "target",
                &json!({ "shape": [list.len()], "data": list }),
            ),
            array => array_of(case, "target", array),
        }
    }

    /// The class of each sample.
    fn classes(&self, case: &OpCase, output: &[usize]) -> Result<Vec<usize>, CaseError> {
        let target = self.target(case)?.tensor("target")?;
        if target.shape() != [output[0]] {
            return Err(CaseError::Shape {
                name: "target".to_owned(),
                found: target.shape().to_vec(),
                expected: vec![output[0]],
            });
        }
        let count = output[1];
        let class = |value: &f64| {
            let is_class = value.fract() == 0.0 && (0.0..count as f64).contains(value);
            is_class
                .then_some(*value as usize)
                .ok_or_else(|| CaseError::Attribute {
                    op: case.op.clone(),
                    what: format!("target {value} is none of the classes 0 to {}", count - 1),
                })
        };
        target.iter().map(class).collect()
    }

    /// What each entry of the output is compared with.
    fn numbers(&self, case: &OpCase, output: &[usize]) -> Result<Tensor<f64>, CaseError> {
        let target = self.target(case)?.tensor("target")?;
        if target.shape() != output {
            return Err(CaseError::Shape {
                name: "target".to_owned(),
                found: target.shape().to_vec(),
                expected: output.to_vec(),
            });
        }
        match target.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(CaseError::NotFinite {
                name: "an entry of target".to_owned(),
                value: *value,
            }),
            None => Ok(target),
        }
    }
}

/// The sum of the weights that a mean over samples divides by.
fn weight(classes: &[usize], weights: Option<&[f64]>) -> f64 {
    match weights {
        None => classes.len() as f64,
        Some(weights) => classes.iter().map(|class| weights[*class]).sum(),
    }
}

/// Name and attributes of a loss in files.
pub(super) fn of_loss(loss: &Loss) -> (&'static str, Map<String, Value>) {
    let array =
        |tensor: &Tensor<f64>| serde_json::to_value(Array::from(tensor)).unwrap_or_default();
    let (name, attributes) = match loss {
        Loss::SoftmaxCrossEntropy {
            classes,
            label_smoothing,
            class_weights,
        } => (
            "softmax_cross_entropy",
            json!({
                "target": classes, "label_smoothing": label_smoothing, "weight": class_weights,
                "reduction": "mean",
            }),
        ),
        Loss::Nll {
            classes,
            class_weights,
        } => (
            "nll",
            json!({ "target": classes, "weight": class_weights, "reduction": "mean" }),
        ),
        Loss::MeanSquaredError { target } => (
            "mse",
            json!({ "target": array(target), "reduction": "mean" }),
        ),
        Loss::L1 { target } => (
            "l1",
            json!({ "target": array(target), "reduction": "mean" }),
        ),
        Loss::Huber { target, delta } => (
            "huber",
            json!({ "target": array(target), "delta": delta, "reduction": "mean" }),
        ),
        Loss::BceWithLogits { target } => (
            "bce_with_logits",
            json!({ "target": array(target), "reduction": "mean" }),
        ),
        Loss::WeightedSum { cotangent } => {
            ("weighted_sum", json!({ "cotangent": array(cotangent) }))
        }
    };
    let attributes = match attributes {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    (name, attributes)
}

/// The number 1 as an array: the cotangent of a loss.
pub(super) fn one() -> Array {
    let one = from_values(&[], vec![1.0]).unwrap_or_default();
    Array::from(&one)
}
