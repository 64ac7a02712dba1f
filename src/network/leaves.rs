//! The values of all that an objective can be differentiated with respect to.

use crate::scalar::Scalar;
use crate::tensor::{self, Tensor, values, values_mut};

use super::{LeafName, Parameters, Problem};

/// One number for each entry of the input and of every parameter: a point, or a direction to leave it in.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaves<S> {
    /// For the input, batch first.
    pub input: Tensor<S>,
    /// For the parameters.
    pub parameters: Parameters<S>,
}

impl<S> Leaves<S> {
    /// The numbers for `leaf`.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf(&self, leaf: LeafName) -> &Tensor<S> {
        match leaf {
            LeafName::Input => &self.input,
            LeafName::Parameter(number) => &self.parameters.tensors[number],
        }
    }

    /// The numbers for `leaf`, to be written.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[must_use]
    pub fn leaf_mut(&mut self, leaf: LeafName) -> &mut Tensor<S> {
        match leaf {
            LeafName::Input => &mut self.input,
            LeafName::Parameter(number) => &mut self.parameters.tensors[number],
        }
    }
}

impl Problem {
    /// The point's values as constants of `S`.
    #[must_use]
    pub fn leaf_values<S: Scalar>(&self) -> Leaves<S> {
        Leaves {
            input: tensor::lift(&self.input),
            parameters: self.parameters.lift(),
        }
    }

    /// `variable` of each of the point's values and the number of `direction` beside it.
    ///
    /// # Panics
    /// When the direction is not of this problem's shapes.
    #[must_use]
    pub fn along<S: Scalar>(
        &self,
        direction: &Leaves<f64>,
        variable: impl Fn(f64, f64) -> S,
    ) -> Leaves<S> {
        let mut leaves = self.leaf_values();
        let moved = |leaf: &mut Tensor<S>, at: &Tensor<f64>, by: &Tensor<f64>| {
            assert_eq!(at.shape(), by.shape(), "a direction has the leaf's shape");
            let pairs = values(at).iter().zip(values(by));
            for (entry, (at, by)) in values_mut(leaf).iter_mut().zip(pairs) {
                *entry = variable(*at, *by);
            }
        };
        moved(&mut leaves.input, &self.input, &direction.input);
        let tensors = leaves.parameters.tensors.iter_mut();
        let by = &direction.parameters.tensors;
        for ((leaf, at), by) in tensors.zip(&self.parameters.tensors).zip(by) {
            moved(leaf, at, by);
        }
        leaves
    }
}
