//! Tensors whose number of axes is known only when they are there.

use burn::tensor::Tensor;

use crate::harness::SubjectError;

/// A tensor of any number of axes; every [`Tensor`] can be made one.
#[derive(Clone, Debug)]
pub struct Ranked {
    pub(super) flat: Tensor<1>,
    pub(super) shape: Vec<usize>,
}

impl<const D: usize> From<Tensor<D>> for Ranked {
    fn from(tensor: Tensor<D>) -> Self {
        let shape = tensor.dims().to_vec();
        let size = shape.iter().product::<usize>();
        Self {
            flat: tensor.reshape([size]),
            shape,
        }
    }
}

impl Ranked {
    /// The tensor, of `D` axes.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] when it has others.
    pub fn rank<const D: usize>(&self) -> Result<Tensor<D>, SubjectError> {
        let shape = <[usize; D]>::try_from(self.shape.as_slice()).map_err(|_| {
            SubjectError::Failed(format!(
                "a tensor of shape {:?} does not have {D} axes",
                self.shape
            ))
        })?;
        Ok(self.flat.clone().reshape(shape))
    }

    /// The same values as `shape`.
    pub(super) fn reshaped<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        self.flat.clone().reshape(shape)
    }

    /// Its shape before `axis`, along it and behind it, each as one axis.
    pub(super) fn around(&self, axis: usize) -> [usize; 3] {
        let product = |sizes: &[usize]| sizes.iter().product();
        [
            product(&self.shape[..axis]),
            self.shape[axis],
            product(&self.shape[axis + 1..]),
        ]
    }

    /// `function` of every entry alone.
    pub(super) fn map(&self, function: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        Self {
            flat: function(self.flat.clone()),
            shape: self.shape.clone(),
        }
    }

    /// The same values, with respect to which gradients are taken.
    pub(super) fn into_leaf(self) -> Self {
        Self {
            flat: self.flat.require_grad(),
            ..self
        }
    }
}
