//! An op-case as a problem of ours, and back.

use serde_json::{Map, Value};

use crate::loss::Loss;
use crate::network::{LeafName, Network, Objective, Parameters, Problem};
use crate::spec::plan::Plan;
use crate::spec::{DataSpec, LayerSpec, NetworkSpec, file};
use crate::tensor::{Tensor, unflatten, values};

use super::{CaseError, OpCase, attributes, loss};

/// The operator that stands for a whole network under a loss.
pub const NETWORK: &str = "network";

/// The input's names: in the published cases, and in ours.
pub(super) const INPUT: [&str; 2] = ["x", "input"];

/// A case that has been read.
#[derive(Clone, Debug)]
pub struct Posed {
    /// What is differentiated, in numbers of the case's precision.
    pub problem: Problem,
    /// Every leaf with its name in the file.
    pub leaves: Vec<(LeafName, String)>,
    /// Whether the output is the objective, but for the cotangent; otherwise it is the operator's.
    pub is_loss: bool,
    /// The objective's factor of a loss.
    pub cotangent: f64,
}

/// What is told of output and gradients.
#[derive(Clone, Debug)]
pub struct Told {
    /// The operator's output; `None` for a loss, whose output is in `value`, and when none is told.
    pub output: Option<Tensor<f64>>,
    /// Σ cotangent·output; `None` when no output is told.
    pub value: Option<f64>,
    /// Each gradient that is told.
    pub gradients: Vec<(LeafName, Tensor<f64>)>,
}

impl OpCase {
    /// The case as a problem.
    ///
    /// # Errors
    /// [`CaseError`], which names the attribute or array, what is wrong with it, and what is expected.
    pub fn posed(&self) -> Result<Posed, CaseError> {
        let format = self.precision.unwrap_or_default().format();
        let input_name = INPUT
            .into_iter()
            .find(|name| self.inputs.contains_key(*name))
            .ok_or_else(|| CaseError::Missing {
                what: "input",
                name: INPUT[0].to_owned(),
                expected: vec![INPUT[0].to_owned()],
            })?;
        let input = self.finite(input_name)?;
        let attributes = attributes::renamed(self, &self.attrs)?;
        let Made {
            network,
            objective,
            is_loss,
            cotangent,
        } = self.made(&input, attributes)?;

        let operator = attributes::our_name(&self.op);
        let mut leaves = vec![(LeafName::Input, input_name.to_owned())];
        let mut tensors = Vec::new();
        for (number, (parameter, shape)) in network.parameter_shapes().enumerate() {
            let name = own_name(parameter, operator).to_owned();
            let tensor = self.finite(&name)?;
            same_shape(&name, &tensor, shape)?;
            leaves.push((LeafName::Parameter(number), name));
            tensors.push(tensor);
        }
        let constants = ["target", "class_weights", "running_mean", "running_var"];
        let expected: Vec<String> = leaves.iter().map(|(_, name)| name.clone()).collect();
        let is_known =
            |name: &&String| expected.contains(name) || constants.contains(&name.as_str());
        if let Some(surplus) = self.inputs.keys().find(|name| !is_known(name)) {
            return Err(surplus_of("input", surplus, expected));
        }
        let problem = Problem {
            network,
            parameters: Parameters { tensors },
            input,
            objective,
        };
        Ok(Posed {
            problem: problem.rounded_to(format),
            leaves,
            is_loss,
            cotangent: format.round(cotangent),
        })
    }

    /// Network and objective.
    fn made(
        &self,
        input: &Tensor<f64>,
        mut attributes: Map<String, Value>,
    ) -> Result<Made, CaseError> {
        if self.op == NETWORK {
            let layers: Vec<LayerSpec> = self.read(self.part(&mut attributes, "layers")?)?;
            let own: Map<String, Value> = self.read(self.part(&mut attributes, "loss")?)?;
            let mut own = attributes::renamed(self, &own)?;
            if let Some(key) = attributes.keys().next() {
                return Err(self.wrong(format!("'{key}' is none of layers, loss")));
            }
            let op = own.remove("op");
            let op = op.as_ref().and_then(Value::as_str).unwrap_or_default();
            let named = loss::named(self, op, own)?.ok_or_else(|| unsupported(op))?;
            return self.network(layers, named, input);
        }
        if let Some(op) = attributes::operator(self, attributes.clone())? {
            let network = Network::single(Some(op), input.shape())?;
            let cotangent = self.cotangent.as_ref();
            let cotangent = cotangent
                .ok_or(CaseError::Lacks("cotangent"))?
                .tensor("cotangent")?;
            same_shape("cotangent", &cotangent, network.output_shape())?;
            finite("cotangent", &cotangent)?;
            let objective = Objective {
                loss: Some(Loss::WeightedSum { cotangent }),
                scale: 1.0,
                penalty: None,
            };
            return Ok(Made {
                network,
                objective,
                is_loss: false,
                cotangent: 1.0,
            });
        }
        let named = loss::named(self, &self.op, attributes)?;
        let named = named.ok_or_else(|| unsupported(&self.op))?;
        self.network(Vec::new(), named, input)
    }

    /// `layers` under a loss, whose value is the output.
    fn network(
        &self,
        layers: Vec<LayerSpec>,
        named: loss::Named,
        input: &Tensor<f64>,
    ) -> Result<Made, CaseError> {
        let spec = NetworkSpec {
            name: self.op.clone(),
            input: input.shape().get(1..).unwrap_or_default().to_vec(),
            data: DataSpec::Random,
            loss: named.spec.clone(),
            layers,
        };
        let batch = input.shape().first().copied().unwrap_or(0);
        let plan = Plan::new(&spec, batch)?;
        let (loss, factor) = named.of_output(self, &plan.output)?;
        let cotangent = match &self.cotangent {
            None => 1.0,
            Some(array) => single("cotangent", &array.tensor("cotangent")?)?,
        };
        if !cotangent.is_finite() {
            return Err(CaseError::NotFinite {
                name: "cotangent".to_owned(),
                value: cotangent,
            });
        }
        let objective = Objective {
            loss: Some(loss),
            scale: factor * cotangent,
            penalty: None,
        };
        Ok(Made {
            network: Network::new(&plan),
            objective,
            is_loss: true,
            cotangent,
        })
    }

    /// The array `name` of the inputs, which is all finite.
    fn finite(&self, name: &str) -> Result<Tensor<f64>, CaseError> {
        let array = self.inputs.get(name).ok_or_else(|| CaseError::Missing {
            what: "input",
            name: name.to_owned(),
            expected: vec![INPUT[0].to_owned(), name.to_owned()],
        })?;
        let tensor = array.tensor(name)?;
        finite(name, &tensor)?;
        Ok(tensor)
    }

    fn wrong(&self, what: String) -> CaseError {
        CaseError::Attribute {
            op: self.op.clone(),
            what,
        }
    }

    fn part(&self, attributes: &mut Map<String, Value>, key: &str) -> Result<Value, CaseError> {
        let part = attributes.remove(key);
        part.ok_or_else(|| self.wrong(format!("there is no '{key}'")))
    }

    fn read<T: serde::de::DeserializeOwned>(&self, value: Value) -> Result<T, CaseError> {
        serde_json::from_value(value).map_err(|error| self.wrong(error.to_string()))
    }

    /// What the case tells of output and gradients, which have to fit `posed`; numbers are rounded to
    /// the case's precision.
    ///
    /// # Errors
    /// [`CaseError`], for an array of another shape or name.
    pub fn told(&self, posed: &Posed) -> Result<Told, CaseError> {
        let format = self.precision.unwrap_or_default().format();
        let rounded = |tensor: Tensor<f64>| tensor.mapv_into(|value| format.round(value));
        let mut told = Told {
            output: None,
            value: None,
            gradients: Vec::new(),
        };
        if let Some(array) = &self.output {
            let output = rounded(array.tensor("output")?);
            if posed.is_loss {
                told.value = Some(posed.cotangent * single("output", &output)?);
            } else {
                same_shape("output", &output, posed.problem.network.output_shape())?;
                told.value = Some(weighted(&posed.problem, &output));
                told.output = Some(output);
            }
        }
        let gradients = self.gradients.as_ref();
        let gradients = gradients.ok_or(CaseError::Lacks("gradients"))?;
        let names = posed.leaves.iter().map(|(_, name)| name.clone());
        let names: Vec<String> = names.collect();
        if let Some(surplus) = gradients.keys().find(|name| !names.contains(name)) {
            return Err(surplus_of("gradient", surplus, names));
        }
        for (leaf, name) in &posed.leaves {
            if let Some(array) = gradients.get(name) {
                let what = format!("the gradient of {name}");
                let gradient = rounded(array.tensor(&what)?);
                same_shape(&what, &gradient, posed.problem.leaf(*leaf).shape())?;
                told.gradients.push((*leaf, gradient));
            }
        }
        Ok(told)
    }
}

/// Network and objective of a case.
struct Made {
    network: Network,
    objective: Objective,
    is_loss: bool,
    cotangent: f64,
}

/// The name in files of an operator's parameter `name`, without that of the operator before it.
#[must_use]
pub fn own_name<'a>(name: &'a str, operator: &str) -> &'a str {
    let own = name.strip_prefix(operator);
    let own = own.and_then(|rest| rest.strip_prefix('.'));
    // At the end of a sentence the point is no part of a name.
    let is_name = |own: &&str| own.starts_with(char::is_alphanumeric);
    own.filter(is_name).unwrap_or(name)
}

/// Σ cotangent·output.
fn weighted(problem: &Problem, output: &Tensor<f64>) -> f64 {
    match &problem.objective.loss {
        Some(Loss::WeightedSum { cotangent }) => values(cotangent)
            .iter()
            .zip(values(output))
            .map(|(r, y)| r * y)
            .sum(),
        _ => f64::NAN,
    }
}

/// The number that an array of one entry holds.
fn single(name: &str, tensor: &Tensor<f64>) -> Result<f64, CaseError> {
    match values(tensor) {
        [single] => Ok(*single),
        _ => Err(CaseError::Shape {
            name: name.to_owned(),
            found: tensor.shape().to_vec(),
            expected: Vec::new(),
        }),
    }
}

fn same_shape(name: &str, tensor: &Tensor<f64>, expected: &[usize]) -> Result<(), CaseError> {
    if tensor.shape() == expected {
        return Ok(());
    }
    Err(CaseError::Shape {
        name: name.to_owned(),
        found: tensor.shape().to_vec(),
        expected: expected.to_vec(),
    })
}

fn finite(name: &str, tensor: &Tensor<f64>) -> Result<(), CaseError> {
    let bad = tensor
        .iter()
        .enumerate()
        .find(|(_, value)| !value.is_finite());
    let Some((at, value)) = bad else {
        return Ok(());
    };
    let index: Vec<String> = unflatten(at, tensor.shape())
        .iter()
        .map(ToString::to_string)
        .collect();
    Err(CaseError::NotFinite {
        name: format!("{name}[{}]", index.join(",")),
        value: *value,
    })
}

fn surplus_of(what: &'static str, name: &str, expected: Vec<String>) -> CaseError {
    let near = crate::spec::nearest::nearest(name, &expected);
    CaseError::Surplus {
        what,
        name: name.to_owned(),
        hint: near.map_or(String::new(), |near| format!("; did you mean '{near}'?")),
        expected,
    }
}

fn unsupported(op: &str) -> CaseError {
    let known: Vec<&str> = [file::operators(), file::losses()].concat();
    let near = crate::spec::nearest::nearest(op, &known);
    CaseError::Unsupported {
        op: op.to_owned(),
        hint: near.map_or(String::new(), |near| format!("; did you mean '{near}'?")),
    }
}
