//! Mean over windows.
//!
//! ```text
//! y[n,c,i,j] = 1/D[i,j] · Σ_{u,v} x[n,c, s·i + u − p, s·j + v − p]
//! ```
//!
//! Terms outside of the input are zero. D counts the entries inside of the input; with
//! `count_include_pad` those in the padding too, though not what a `ceil_mode` window has beyond
//! the padding (PyTorch's definition).

use crate::scalar::Scalar;
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::Saved;

/// Geometry of an average pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d {
    /// The sliding window.
    pub window: Window,
    /// Whether the divisor counts the padding.
    pub count_include_pad: bool,
}

impl AvgPool2d {
    /// Compute y of shape `output` from x (N, C, H, W).
    #[must_use]
    pub fn forward<S: Scalar>(&self, x: &Tensor<S>, output: &[usize]) -> (Tensor<S>, Saved<S>) {
        let input = [x.shape()[2], x.shape()[3]];
        let mut y = zeros(output);
        let planes = values(x).chunks_exact(input[0] * input[1]);
        let pooled = values_mut(&mut y).chunks_exact_mut(output[2] * output[3]);
        for (plane, y) in planes.zip(pooled) {
            for (position, y) in y.iter_mut().enumerate() {
                let at = [position / output[3], position % output[3]];
                let columns = self.window.covered(1, at[1], input[1]);
                let mut sum = S::zero();
                for row in self.window.covered(0, at[0], input[0]) {
                    for x in &plane[row * input[1]..][columns.clone()] {
                        sum += *x;
                    }
                }
                *y = sum / S::constant(self.divisor(at, input));
            }
        }
        (y, Saved::Shape(x.shape().to_vec()))
    }

    /// Compute dx of shape `input`: each window's dy/D goes to every entry inside of the input.
    #[must_use]
    pub fn backward<S: Scalar>(&self, input: &[usize], dy: &Tensor<S>) -> Tensor<S> {
        let mut dx = zeros(input);
        let output = dy.shape();
        let size = [input[2], input[3]];
        let planes = values_mut(&mut dx).chunks_exact_mut(size[0] * size[1]);
        let pooled = values(dy).chunks_exact(output[2] * output[3]);
        for (plane, dy) in planes.zip(pooled) {
            for (position, dy) in dy.iter().enumerate() {
                let at = [position / output[3], position % output[3]];
                let share = *dy / S::constant(self.divisor(at, size));
                let columns = self.window.covered(1, at[1], size[1]);
                for row in self.window.covered(0, at[0], size[0]) {
                    for dx in &mut plane[row * size[1]..][columns.clone()] {
                        *dx += share;
                    }
                }
            }
        }
        dx
    }

    /// The number that the sum over window `at` is divided by.
    #[must_use]
    pub fn divisor(&self, at: [usize; 2], input: [usize; 2]) -> f64 {
        let count = |axis: usize| {
            let Window {
                kernel,
                stride,
                padding,
                ..
            } = self.window;
            let start = at[axis] * stride[axis];
            // In coordinates that begin with the leading padding.
            let (first, last) = if self.count_include_pad {
                (0, input[axis] + 2 * padding[axis])
            } else {
                (padding[axis], input[axis] + padding[axis])
            };
            (start + kernel[axis]).min(last) - start.max(first)
        };
        (count(0) * count(1)) as f64
    }
}
