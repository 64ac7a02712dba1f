//! Where branches meet: a sum, a concatenation, and what is no branch, a constant.

use ndarray::{Axis, Slice, concatenate};

use crate::scalar::Scalar;
use crate::tensor::{self, Tensor};

use super::Saved;

/// A layer with another number of inputs than one.
#[derive(Clone, Debug, PartialEq)]
pub enum Join {
    /// The sum of two inputs of one shape.
    Sum,
    /// Inputs side by side along an axis.
    Concatenation {
        /// The axis; the batch is axis 0.
        axis: usize,
    },
    /// No input: numbers that nothing changes. They stand for what a part of a network reads from
    /// outside of the part.
    Constant(Tensor<f64>),
}

impl Join {
    /// Compute the output of `inputs`, and keep what backward needs.
    ///
    /// # Panics
    /// When the inputs are not of the number and the shapes that a plan has checked.
    #[must_use]
    pub fn forward<S: Scalar>(&self, inputs: Vec<Tensor<S>>) -> (Tensor<S>, Saved<S>) {
        match self {
            Self::Sum => {
                let [mut y, x] = <[_; 2]>::try_from(inputs).expect("a sum has two inputs");
                y.zip_mut_with(&x, |y, x| *y += *x);
                (y, Saved::Parts(Vec::new()))
            }
            Self::Concatenation { axis } => {
                let axis = Axis(*axis);
                let sizes = inputs.iter().map(|x| x.len_of(axis)).collect();
                let views: Vec<_> = inputs.iter().map(|x| x.view()).collect();
                let y = concatenate(axis, &views).expect("a plan has checked that the shapes fit");
                (row_major(&y), Saved::Parts(sizes))
            }
            Self::Constant(constant) => (tensor::lift(constant), Saved::Parts(Vec::new())),
        }
    }

    /// Compute the gradient of each input from the output's gradient `dy` and what forward kept:
    /// a sum passes `dy` on to both, a concatenation to each its own part.
    ///
    /// # Panics
    /// When `saved` is another layer's.
    #[must_use]
    pub fn backward<S: Scalar>(&self, saved: &Saved<S>, dy: Tensor<S>) -> Vec<Tensor<S>> {
        match (self, saved) {
            (Self::Sum, _) => vec![dy.clone(), dy],
            (Self::Concatenation { axis }, Saved::Parts(sizes)) => {
                let mut end = 0;
                let parts = sizes.iter().map(|size| {
                    let start = end;
                    end += size;
                    row_major(&dy.slice_axis(Axis(*axis), Slice::from(start..end)))
                });
                parts.collect()
            }
            (Self::Constant(_), _) => Vec::new(),
            (join, saved) => panic!("{join:?} cannot go back from {saved:?}"),
        }
    }
}

/// The same entries, in row-major order in memory too.
fn row_major<S, D>(tensor: &ndarray::ArrayBase<D, ndarray::IxDyn>) -> Tensor<S>
where
    S: Scalar,
    D: ndarray::Data<Elem = S>,
{
    tensor.as_standard_layout().into_owned()
}
