//! One-dimensional cross-correlation with optional bias.
//!
//! n batch · c input channel of a group · o output channel · g the group of o · l input length ·
//! k kernel length · s stride · p padding · d dilation
//!
//! ```text
//! y[n,o,i] = b[o] + Σ_{c,u} k[o,c,u] · x[n, g·C/G + c, s·i + d·u − p]
//! ```
//!
//! Terms outside of the input are zero. The output's length is that of one axis in [`Window::output`].

use std::ops::Range;

use crate::scalar::{Scalar, axpy};
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;
use super::tap::{Planes, scatter, strided_dot};

/// Geometry of a one-dimensional convolution; the channel counts are those of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1d {
    /// The sliding window, of one row.
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
    input: usize,
    output: usize,
    taps: usize,
}

impl Conv1d {
    /// Compute y of shape `output` from x (N, C, L), weight (O, C/G, k) and, if there is one, bias (O).
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
        let lines = Planes::new(self.window, [1, sizes.input], [1, sizes.output]);
        let taps = lines.taps();
        for n in 0..sizes.batch {
            for o in channels.clone() {
                let y = &mut y[sizes.output_line(n, o)];
                y.fill(bias.map_or(S::zero(), |bias| bias[o]));
                for c in 0..sizes.group_in {
                    let x = &x[sizes.input_line(n, o, c)];
                    let kernel = &weight[sizes.kernel(o, c)..];
                    for tap in &taps {
                        for (met, at) in lines.meetings(tap) {
                            axpy(&mut y[met], kernel[tap.at], &x[at..], self.window.stride[1]);
                        }
                    }
                }
            }
        }
    }

    /// Compute the gradients from dy (N, O, L′):
    ///
    /// ```text
    /// dx[n,c,l]  = Σ_{o,i} dy[n,o,i] · k[o,c,u]   over the (i,u) that meet l
    /// dk[o,c,u]  = Σ_{n,i} dy[n,o,i] · x[n,c, s·i + d·u − p]
    /// db[o]      = Σ_{n,i} dy[n,o,i]
    /// ```
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
        let stride = self.window.stride[1];
        let lines = Planes::new(self.window, [1, sizes.input], [1, sizes.output]);
        let taps = lines.taps();
        for n in 0..sizes.batch {
            for o in 0..sizes.out_channels {
                let dy = &dy[sizes.output_line(n, o)];
                if let Some(db) = &mut db {
                    for dy in dy {
                        db[o] += *dy;
                    }
                }
                for c in 0..sizes.group_in {
                    let input = sizes.input_line(n, o, c);
                    let (x, dx) = (&x[input.clone()], &mut dx_values[input]);
                    let kernel = sizes.kernel(o, c);
                    for tap in &taps {
                        let k = weight[kernel + tap.at];
                        for (met, at) in lines.meetings(tap) {
                            let dy = &dy[met];
                            dk[kernel + tap.at] += strided_dot(dy, &x[at..], stride);
                            scatter(&mut dx[at..], k, dy, stride);
                        }
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
        let (weight, x, y) = (weight.shape(), x.shape(), y.shape());
        Sizes {
            batch: x[0],
            in_channels: x[1],
            out_channels: y[1],
            group_in: weight[1],
            group_out: y[1] / self.groups,
            input: x[2],
            output: y[2],
            taps: weight[2],
        }
    }
}

impl Sizes {
    /// Channel `o` of sample `n` in the output.
    fn output_line(&self, n: usize, o: usize) -> Range<usize> {
        let start = (n * self.out_channels + o) * self.output;
        start..start + self.output
    }

    /// What is channel `c` of the group of output channel `o` in the input.
    fn input_line(&self, n: usize, o: usize, c: usize) -> Range<usize> {
        let channel = o / self.group_out * self.group_in + c;
        let start = (n * self.in_channels + channel) * self.input;
        start..start + self.input
    }

    /// Where the kernel begins that leads from channel `c` of the group to output channel `o`.
    fn kernel(&self, o: usize, c: usize) -> usize {
        (o * self.group_in + c) * self.taps
    }
}
