//! Array aliases, axis order, and the way between `f64` and other scalars.
//!
//! Images are NCHW (batch, channel, row, column), convolution weights OIHW, linear weights
//! out×in, as in PyTorch. Every tensor is in row-major order.

use ndarray::{ArrayD, IxDyn};

use crate::scalar::Scalar;

/// A row-major array of any rank.
pub type Tensor<S> = ArrayD<S>;

/// A tensor of zeros.
#[must_use]
pub fn zeros<S: Scalar>(shape: &[usize]) -> Tensor<S> {
    ArrayD::from_elem(IxDyn(shape), S::zero())
}

/// A tensor of `shape` with `values` in row-major order; `None` when their number does not fit.
#[must_use]
pub fn from_values<S>(shape: &[usize], values: Vec<S>) -> Option<Tensor<S>> {
    ArrayD::from_shape_vec(IxDyn(shape), values).ok()
}

/// Every entry as a constant of another scalar type.
#[must_use]
pub fn lift<S: Scalar>(tensor: &Tensor<f64>) -> Tensor<S> {
    tensor.mapv(S::constant)
}

/// The value of every entry, without tangents.
#[must_use]
pub fn primal<S: Scalar>(tensor: &Tensor<S>) -> Tensor<f64> {
    tensor.mapv(S::primal)
}

/// The entries in row-major order.
///
/// # Panics
/// When the tensor is not in row-major order, which no tensor of this crate is.
#[must_use]
pub fn values<S>(tensor: &Tensor<S>) -> &[S] {
    tensor
        .as_slice()
        .expect("tensors are kept in row-major order")
}

/// The entries in row-major order, to be written.
///
/// # Panics
/// When the tensor is not in row-major order, which no tensor of this crate is.
#[must_use]
pub fn values_mut<S>(tensor: &mut Tensor<S>) -> &mut [S] {
    tensor
        .as_slice_mut()
        .expect("tensors are kept in row-major order")
}

/// The same entries under another shape.
///
/// # Panics
/// When the number of entries differs: shapes have been checked by a plan before.
#[must_use]
pub fn reshape<S>(tensor: Tensor<S>, shape: &[usize]) -> Tensor<S> {
    tensor
        .into_shape_with_order(IxDyn(shape))
        .expect("a plan has checked that the sizes are equal")
}

/// The number of entries of `shape`, or `None` when it overflows.
#[must_use]
pub fn size(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |product, extent| product.checked_mul(*extent))
}

/// The index along every axis of the entry at row-major position `flat`.
#[must_use]
pub fn unflatten(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, extent) in shape.iter().enumerate().rev() {
        index[axis] = flat % extent;
        flat /= extent;
    }
    index
}

/// The row-major position of `index`, or `None` when it lies outside of `shape`.
#[must_use]
pub fn flatten(index: &[usize], shape: &[usize]) -> Option<usize> {
    if index.len() != shape.len() {
        return None;
    }
    index.iter().zip(shape).try_fold(0, |flat, (i, extent)| {
        (i < extent).then(|| flat * extent + i)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flatten_and_unflatten_are_inverse_and_row_major() {
        for shape in [
            vec![],
            vec![1],
            vec![5],
            vec![2, 3],
            vec![3, 1, 2],
            vec![2, 3, 4, 5],
        ] {
            let size = size(&shape).expect("small sizes");
            let indices: Vec<Vec<usize>> = (0..size).map(|flat| unflatten(flat, &shape)).collect();
            assert!(
                indices.is_sorted(),
                "row-major order is that of the indices"
            );
            for (flat, index) in indices.iter().enumerate() {
                assert_eq!(flatten(index, &shape), Some(flat), "{index:?} in {shape:?}");
            }
        }
    }

    #[test]
    fn an_index_outside_of_the_shape_has_no_position() {
        for index in [
            vec![2, 0],
            vec![0, 3],
            vec![usize::MAX, usize::MAX],
            vec![0],
            vec![0, 0, 0],
        ] {
            assert_eq!(flatten(&index, &[2, 3]), None, "{index:?}");
        }
    }
}
