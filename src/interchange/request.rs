//! A problem of ours as an op-case without output and gradients: what other programs are asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::layer::dropout;
use crate::loss::Loss;
use crate::network::Problem;
use crate::spec::case::Precision;
use crate::spec::{DropoutSpec, NetworkSpec, OpSpec};
use crate::tensor::from_values;

use super::problem::INPUT;
use super::{Array, NETWORK, OpCase, attributes, loss, own_name};

impl OpCase {
    /// An operator at a point, as a request: without output and gradients.
    #[must_use]
    pub fn of_operator(op: &OpSpec, problem: &Problem, precision: Precision) -> Self {
        let mask = || match op {
            OpSpec::Dropout(spec) => mask(*spec, problem.input.shape()),
            _ => loss::one(),
        };
        let cotangent = match &problem.objective.loss {
            Some(Loss::WeightedSum { cotangent }) => Some(Array::from(cotangent)),
            _ => None,
        };
        let attributes = attributes::of_operator(op, mask);
        Self::request_of(op.name(), attributes, cotangent, problem, precision)
    }

    /// A loss at a point, as a request.
    #[must_use]
    pub fn of_loss(problem: &Problem, precision: Precision) -> Self {
        let loss = problem.objective.loss.as_ref();
        let (name, attributes) = loss.map(loss::of_loss).unwrap_or_default();
        Self::request_of(name, attributes, Some(loss::one()), problem, precision)
    }

    /// A network under a loss at a point, as a request.
    #[must_use]
    pub fn of_network(spec: &NetworkSpec, problem: &Problem, precision: Precision) -> Self {
        let loss = problem.objective.loss.as_ref();
        let (name, mut own) = loss.map(loss::of_loss).unwrap_or_default();
        own.insert("op".to_owned(), name.into());
        let mut attributes = Map::new();
        attributes.insert("layers".to_owned(), json!(spec.layers));
        attributes.insert("loss".to_owned(), Value::Object(own));
        Self::request_of(NETWORK, attributes, Some(loss::one()), problem, precision)
    }

    fn request_of(
        op: &str,
        attrs: Map<String, Value>,
        cotangent: Option<Array>,
        problem: &Problem,
        precision: Precision,
    ) -> Self {
        let mut inputs = BTreeMap::new();
        inputs.insert(INPUT[0].to_owned(), Array::from(&problem.input));
        let names = problem.network.parameter_shapes().map(|(name, _)| name);
        for (name, tensor) in names.zip(&problem.parameters.tensors) {
            inputs.insert(own_name(name, op).to_owned(), Array::from(tensor));
        }
        Self {
            op: op.to_owned(),
            attrs,
            inputs,
            cotangent,
            output: None,
            gradients: None,
            precision: (precision != Precision::F64).then_some(precision),
        }
    }
}

/// 1 for every entry that is passed on, 0 for the others.
fn mask(dropout: DropoutSpec, shape: &[usize]) -> Array {
    let count = shape.iter().product();
    let mask = (0..count).map(|index| f64::from(u8::from(dropout::keeps(dropout, index))));
    let mask = from_values(shape, mask.collect()).unwrap_or_default();
    Array::from(&mask)
}
