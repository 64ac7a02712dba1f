//! Two-dimensional cross-correlation with optional bias.
//!
//! n batch · c input channel of a group · o output channel · g the group of o · h×w input ·
//! kh×kw kernel · s stride · p padding · d dilation (each per axis)
//!
//!     y[n,o,i,j] = b[o] + Σ_{c,u,v} k[o,c,u,v] · x[n, g·C/G + c, s·i + d·u − p, s·j + d·v − p]
//!
//! Terms outside of the input are zero. The output's size is in [`Window::output`].

use std::ops::Range;

use crate::scalar::{Scalar, axpy, dot};
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;

/// Geometry of a convolution; the channel counts are those of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// The sliding window.
    pub window: Window,
    /// Channel groups that do not see each other.
    pub groups: usize,
}

/// The sizes of one convolution.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    in_channels: usize,
    out_channels: usize,
    /// Input channels of a group.
    group_in: usize,
    /// Output channels of a group.
    group_out: usize,
    /// Rows and columns of the input.
    input: [usize; 2],
    /// Rows and columns of the output.
    output: [usize; 2],
}

/// A tap of a kernel with the part of one output row that it reaches.
struct Tap {
    /// The tap's row and column in the kernel.
    at: [usize; 2],
    /// First output column for which the tap is inside of the input.
    start: usize,
    /// Past the last such column.
    end: usize,
    /// Input column of output column `start`.
    column: usize,
}

impl Conv2d {
    /// Compute y of shape `output` from x (N, C, H, W), weight (O, C/G, kh, kw) and, if there is one,
    /// bias (O).
    #[must_use]
    pub fn forward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        output: &[usize],
    ) -> Tensor<S> {
        let mut y = zeros(output);
        self.forward_units(parameters, x, 0..output[1], &mut y);
        y
    }

    /// Compute the output channels in `channels` again.
    pub fn forward_units<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        channels: Range<usize>,
        y: &mut Tensor<S>,
    ) {
        let sizes = self.sizes(&parameters[0], x, y);
        let (weight, x, y) = (values(&parameters[0]), values(x), values_mut(y));
        let bias = parameters.get(1).map(values);
        let [rows, columns] = sizes.output;
        let taps = self.taps(&sizes);
        for n in 0..sizes.batch {
            for o in channels.clone() {
                let plane =
                    &mut y[(n * sizes.out_channels + o) * rows * columns..][..rows * columns];
                plane.fill(bias.map_or(S::zero(), |bias| bias[o]));
                for c in 0..sizes.group_in {
                    for tap in &taps {
                        let k = weight[self.weight_at(&sizes, o, c, tap)];
                        for i in 0..rows {
                            if let Some(row) = self.input_row(&sizes, n, o, c, i, tap) {
                                let y = &mut plane[i * columns..][tap.start..tap.end];
                                axpy(y, k, &x[row..], self.window.stride[1]);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Compute the gradients from dy (N, O, H′, W′):
    ///
    ///     dx[n,c,h,w]  = Σ_{o,i,j} dy[n,o,i,j] · k[o,c,u,v]   over the (i,j,u,v) that meet (h,w)
    ///     dk[o,c,u,v]  = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i + d·u − p, s·j + d·v − p]
    ///     db[o]        = Σ_{n,i,j} dy[n,o,i,j]
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        dy: &Tensor<S>,
    ) -> LayerGradients<S> {
        let sizes = self.sizes(&parameters[0], x, dy);
        let mut dx = zeros(x.shape());
        let mut gradients: Vec<Tensor<S>> = parameters
            .iter()
            .map(|tensor| zeros(tensor.shape()))
            .collect();
        let (weight_gradient, bias_gradient) = gradients.split_at_mut(1);
        let dk = values_mut(&mut weight_gradient[0]);
        let mut db = bias_gradient.first_mut().map(values_mut);
        let (weight, x, dy) = (values(&parameters[0]), values(x), values(dy));
        let dx_values = values_mut(&mut dx);

        let [rows, columns] = sizes.output;
        let stride = self.window.stride[1];
        let taps = self.taps(&sizes);
        for n in 0..sizes.batch {
            for o in 0..sizes.out_channels {
                let plane = &dy[(n * sizes.out_channels + o) * rows * columns..][..rows * columns];
                if let Some(db) = &mut db {
                    for dy in plane {
                        db[o] += *dy;
                    }
                }
                for c in 0..sizes.group_in {
                    for tap in &taps {
                        let at = self.weight_at(&sizes, o, c, tap);
                        let mut sum = S::zero();
                        for i in 0..rows {
                            if let Some(row) = self.input_row(&sizes, n, o, c, i, tap) {
                                let dy = &plane[i * columns..][tap.start..tap.end];
                                sum += strided_dot(dy, &x[row..], stride);
                                scatter(&mut dx_values[row..], weight[at], dy, stride);
                            }
                        }
                        dk[at] += sum;
                    }
                }
            }
        }
        LayerGradients {
            input: dx,
            parameters: gradients,
        }
    }

    fn sizes<S>(&self, weight: &Tensor<S>, x: &Tensor<S>, y: &Tensor<S>) -> Sizes {
        let (x, y) = (x.shape(), y.shape());
        Sizes {
            batch: x[0],
            in_channels: x[1],
            out_channels: y[1],
            group_in: weight.shape()[1],
            group_out: y[1] / self.groups,
            input: [x[2], x[3]],
            output: [y[2], y[3]],
        }
    }

    /// The taps that reach any output column, in row-major order.
    fn taps(&self, sizes: &Sizes) -> Vec<Tap> {
        let [rows, columns] = self.window.kernel;
        (0..rows)
            .flat_map(|u| (0..columns).map(move |v| [u, v]))
            .filter_map(|at| {
                let (start, end) = self
                    .window
                    .positions(1, at[1], sizes.input[1], sizes.output[1]);
                let column = self.window.input_index(1, start, at[1], sizes.input[1])?;
                (start < end).then_some(Tap {
                    at,
                    start,
                    end,
                    column,
                })
            })
            .collect()
    }

    /// Position of k[o,c,u,v].
    fn weight_at(&self, sizes: &Sizes, o: usize, c: usize, tap: &Tap) -> usize {
        let [rows, columns] = self.window.kernel;
        ((o * sizes.group_in + c) * rows + tap.at[0]) * columns + tap.at[1]
    }

    /// Position of the first input entry that `tap` meets in output row `i`, or `None` in the padding.
    fn input_row(
        &self,
        sizes: &Sizes,
        n: usize,
        o: usize,
        c: usize,
        i: usize,
        tap: &Tap,
    ) -> Option<usize> {
        let row = self.window.input_index(0, i, tap.at[0], sizes.input[0])?;
        let channel = o / sizes.group_out * sizes.group_in + c;
        Some(
            ((n * sizes.in_channels + channel) * sizes.input[0] + row) * sizes.input[1]
                + tap.column,
        )
    }
}

/// Σ_j dy[j] · x[stride·j].
fn strided_dot<S: Scalar>(dy: &[S], x: &[S], stride: usize) -> S {
    if stride == 1 {
        return dot(dy, &x[..dy.len()]);
    }
    let mut sum = S::zero();
    for (dy, x) in dy.iter().zip(x.iter().step_by(stride)) {
        sum += *dy * *x;
    }
    sum
}

/// dx[stride·j] += k·dy[j].
fn scatter<S: Scalar>(dx: &mut [S], k: S, dy: &[S], stride: usize) {
    for (dx, dy) in dx.iter_mut().step_by(stride).zip(dy) {
        *dx += k * *dy;
    }
}
