//! Maximum over windows.
//!
//! ```text
//! y[n,c,i,j] = max_{u,v} x[n,c, s·i + d·u − p, s·j + d·v − p]
//! ```
//!
//! s stride · p padding · d dilation. Padding is never the maximum. At a tie the first entry in row-major order takes the whole
//! gradient, as in PyTorch; NaN is passed on.

use std::iter::StepBy;
use std::ops::Range;

use crate::scalar::Scalar;
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::{Branches, Choices, Saved};

/// Geometry of a max-pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// The sliding window.
    pub window: Window,
}

impl MaxPool2d {
    /// Compute y of shape `output` from x (N, C, H, W), and keep where each maximum was.
    #[must_use]
    pub fn forward<S: Scalar>(
        &self,
        x: &Tensor<S>,
        output: &[usize],
        branches: Branches<'_>,
    ) -> (Tensor<S>, Saved<S>) {
        let input = x.shape();
        let choices: Choices = match branches {
            Branches::Follow => self.argmaxes(values(x), [input[2], input[3]], output),
            Branches::Replay(choices) => choices.to_vec(),
        };
        let mut y = zeros(output);
        let windows = output[2] * output[3];
        let planes = values(x).chunks_exact(input[2] * input[3]);
        let pooled = values_mut(&mut y).chunks_exact_mut(windows);
        for ((plane, y), choices) in planes.zip(pooled).zip(choices.chunks_exact(windows)) {
            for (y, choice) in y.iter_mut().zip(choices) {
                *y = plane[*choice as usize];
            }
        }
        (
            y,
            Saved::Choices {
                choices,
                input: input.to_vec(),
            },
        )
    }

    /// The position of each window's first maximum in its image plane.
    fn argmaxes<S: Scalar>(&self, x: &[S], input: [usize; 2], output: &[usize]) -> Choices {
        let mut choices = Vec::with_capacity(output.iter().product());
        let columns: Vec<_> = (0..output[3])
            .map(|j| self.window.met(1, j, input[1]))
            .collect();
        for plane in x.chunks_exact(input[0] * input[1]) {
            for i in 0..output[2] {
                let rows = self.window.met(0, i, input[0]);
                for columns in &columns {
                    let best = first_maximum(plane, &rows, columns, input[1]);
                    choices.push(u32::try_from(best).expect("a plan limits sizes to 2^26"));
                }
            }
        }
        choices
    }

    /// Show `visit` every window's maximum minus each other entry of the window.
    pub fn margins<S: Scalar>(
        &self,
        x: &Tensor<S>,
        output: &[usize],
        choices: &[u32],
        mut visit: impl FnMut(usize, u32, S),
    ) {
        let [height, width] = [x.shape()[2], x.shape()[3]];
        let windows = output[2] * output[3];
        let planes = values(x).chunks_exact(height * width);
        for (number, (plane, choices)) in planes.zip(choices.chunks_exact(windows)).enumerate() {
            for (window, choice) in choices.iter().enumerate() {
                let best = *choice as usize;
                let rows = self.window.met(0, window / output[3], height);
                let columns = self.window.met(1, window % output[3], width);
                for at in places(&rows, &columns, width).filter(|at| *at != best) {
                    let other = u32::try_from(at).expect("a plan limits sizes to 2^26");
                    visit(number * windows + window, other, plane[best] - plane[at]);
                }
            }
        }
    }

    /// The entries of every window of a plane, in row-major order, as positions in the plane, for shapes
    /// (N, C, H, W) of input and output.
    #[must_use]
    pub fn windows(&self, input: &[usize], output: &[usize]) -> Vec<Vec<u32>> {
        let [height, width] = [input[2], input[3]];
        let window = |window: usize| {
            let rows = self.window.met(0, window / output[3], height);
            let columns = self.window.met(1, window % output[3], width);
            let places = places(&rows, &columns, width);
            let place = |at| u32::try_from(at).expect("a plan limits sizes to 2^26");
            places.map(place).collect()
        };
        (0..output[2] * output[3]).map(window).collect()
    }

    /// Compute dx of shape `input`: each window's dy goes to its maximum; overlapping windows add up.
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        choices: &[u32],
        input: &[usize],
        dy: &Tensor<S>,
    ) -> Tensor<S> {
        let mut dx = zeros(input);
        let windows = dy.shape()[2] * dy.shape()[3];
        let planes = values_mut(&mut dx).chunks_exact_mut(input[2] * input[3]);
        let pooled = values(dy).chunks_exact(windows);
        for ((plane, dy), choices) in planes.zip(pooled).zip(choices.chunks_exact(windows)) {
            for (dy, choice) in dy.iter().zip(choices) {
                plane[*choice as usize] += *dy;
            }
        }
        dx
    }
}

/// The first of the largest entries in one of `rows` and one of `columns`, of which there are some.
#[inline]
fn first_maximum<S: Scalar>(
    plane: &[S],
    rows: &StepBy<Range<usize>>,
    columns: &StepBy<Range<usize>>,
    width: usize,
) -> usize {
    let (mut best, mut so_far) = (None, 0.0);
    for row in rows.clone() {
        for column in columns.clone() {
            let at = row * width + column;
            let entry = plane[at].primal();
            // Without `||`: each would be a branch that half of the entries mispredict.
            let is_larger = (entry > so_far) | (entry.is_nan() & !so_far.is_nan());
            let takes = best.is_none() | is_larger;
            best = if takes { Some(at) } else { best };
            so_far = if takes { entry } else { so_far };
        }
    }
    best.expect("a plan has no empty windows")
}

/// The places in a plane of `width` columns that are in one of `rows` and one of `columns`, in row-major
/// order.
fn places(
    rows: &StepBy<Range<usize>>,
    columns: &StepBy<Range<usize>>,
    width: usize,
) -> impl Iterator<Item = usize> + use<> {
    let columns = columns.clone();
    rows.clone()
        .flat_map(move |row| columns.clone().map(move |column| row * width + column))
}
