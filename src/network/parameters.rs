//! Parameter values, and the names of single weights.

use crate::rng::Stream;
use crate::scalar::Scalar;
use crate::spec::plan::Plan;
use crate::tensor::{self, Tensor};

use super::Network;

/// The values of a network's parameters, in the layers' order.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters<S> {
    /// One tensor for each parameter.
    pub tensors: Vec<Tensor<S>>,
}

/// What can be differentiated with respect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeafName {
    /// The network's input.
    Input,
    /// The parameter of this number.
    Parameter(usize),
}

/// One number that the loss depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    /// The tensor.
    pub leaf: LeafName,
    /// The row-major position in it.
    pub index: usize,
}

impl Parameters<f64> {
    /// Seeded values: uniform in ±1/√fan_in (PyTorch's default for convolutions and linear layers),
    /// as multiples of 2⁻¹⁶, which `f32` holds exactly.
    #[must_use]
    pub fn seeded(plan: &Plan, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "parameters");
        let planned = plan.layers.iter().flat_map(|layer| &layer.parameters);
        let tensors = planned
            .map(|parameter| {
                let bound = (parameter.fan_in as f64).sqrt().recip();
                let mut values = tensor::zeros(&parameter.shape);
                values.mapv_inplace(|_: f64| stream.symmetric(bound, 16));
                values
            })
            .collect();
        Self { tensors }
    }

    /// The same values as constants of another scalar type.
    #[must_use]
    pub fn lift<S: Scalar>(&self) -> Parameters<S> {
        Parameters {
            tensors: self.tensors.iter().map(tensor::lift).collect(),
        }
    }

    /// The number of single parameters.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tensors.iter().map(Tensor::len).sum()
    }
}

impl Network {
    /// The tensor's name in PyTorch's manner (`conv1.weight`); `input` for the input.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf_name(&self, leaf: LeafName) -> &str {
        self.leaf(leaf).0
    }

    /// The tensor's shape.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf_shape(&self, leaf: LeafName) -> &[usize] {
        self.leaf(leaf).1
    }

    fn leaf(&self, leaf: LeafName) -> (&str, &[usize]) {
        match leaf {
            LeafName::Input => ("input", self.input_shape()),
            LeafName::Parameter(number) => self
                .parameter_shapes()
                .nth(number)
                .expect("a leaf of this network"),
        }
    }

    /// The coordinate's name: `conv1.weight[0,2,1,1]`.
    ///
    /// # Panics
    /// When the network has no such tensor.
    #[must_use]
    pub fn coordinate_name(&self, coordinate: Coordinate) -> String {
        let (name, shape) = self.leaf(coordinate.leaf);
        let index: Vec<String> = tensor::unflatten(coordinate.index, shape)
            .iter()
            .map(ToString::to_string)
            .collect();
        format!("{name}[{}]", index.join(","))
    }

    /// The coordinate of this name; `None` when the network has none.
    #[must_use]
    pub fn coordinate(&self, name: &str) -> Option<Coordinate> {
        self.find_coordinate(name).ok()
    }
}
