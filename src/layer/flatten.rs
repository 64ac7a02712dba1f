//! All axes but the batch become one: (N, C, H, W) to (N, C·H·W).

use crate::tensor::{Tensor, reshape};

use super::Saved;

/// Give x the shape `output`.
#[must_use]
pub fn forward<S>(x: Tensor<S>, output: &[usize]) -> (Tensor<S>, Saved<S>) {
    let input = x.shape().to_vec();
    (reshape(x, output), Saved::Shape(input))
}

/// Give dy the input's shape.
#[must_use]
pub fn backward<S>(input: &[usize], dy: Tensor<S>) -> Tensor<S> {
    reshape(dy, input)
}
