//! Two-dimensional transposed convolution with optional bias.
//!
//! n batch · c input channel · o output channel of a group · g the group of c · h×w input ·
//! kh×kw kernel · s stride · p padding · q output padding · d dilation (each per axis)
//!
//! ```text
//! y[n, g·O/G + o, s·i + d·u − p, s·j + d·v − p]  +=  x[n,c,i,j] · k[c,o,u,v]   over all (c,i,j,u,v)
//! ```
//!
//! on top of the bias b[g·O/G + o]. Terms outside of the output are dropped. The output's height is
//! (h−1)·s − 2p + d·(kh−1) + q + 1; see [`ConvTranspose2dSpec::output`].
//!
//! [`ConvTranspose2dSpec::output`]: crate::spec::ConvTranspose2dSpec::output

use std::ops::Range;

use crate::scalar::{Scalar, axpy};
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;
use super::channels::Sizes;
use super::quick::{Correlation, Geometry, Products, QUICK_FROM};
use super::tap::{Planes, scatter, strided_dot};

/// Geometry of a transposed convolution; the channel counts are those of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2d {
    /// The window that slides over the output.
    pub window: Window,
    /// Rows and columns at the end of the output that the smallest output lacks.
    pub output_padding: [usize; 2],
    /// Channel groups that do not see each other.
    pub groups: usize,
}

impl ConvTranspose2d {
    /// Compute y of shape `output` from x (N, C, H, W), weight (C, O/G, kh, kw) and, if there is one,
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
        let sizes = Sizes::new(self.groups, &parameters[0], x, y);
        let (weight, x, y) = (values(&parameters[0]), values(x), values_mut(y));
        let bias = parameters.get(1).map(values);
        if S::HAS_VECTORS && channels.len() * sizes.taps >= QUICK_FROM {
            let quick = Correlation {
                geometry: &Geometry::spreading(self.window, sizes.output, sizes.input),
                batch: sizes.batch,
                groups: self.groups,
                read: sizes.group_in,
                written: sizes.group_out,
                weights: weight,
                steps: [sizes.taps, sizes.group_out * sizes.taps],
                start: bias,
            };
            if quick.is_exact() {
                return quick.write(x, channels, y);
            }
        }
        let planes = Planes::new(self.window, sizes.output, sizes.input);
        let taps = planes.taps();
        for n in 0..sizes.batch {
            for o in channels.clone() {
                let y = &mut y[sizes.output_plane(n, o)];
                y.fill(bias.map_or(S::zero(), |bias| bias[o]));
                for c in 0..sizes.group_in {
                    let x = &x[sizes.input_plane(n, o, c)];
                    let kernel = &weight[kernel(&sizes, o, c)..];
                    for tap in &taps {
                        for (met, at) in planes.meetings(tap) {
                            let k = kernel[tap.at];
                            scatter(&mut y[at..], k, &x[met], self.window.stride[1]);
                        }
                    }
                }
            }
        }
    }

    /// Compute the gradients from dy (N, O, H′, W′), where dy is 0 outside of the output:
    ///
    /// ```text
    /// dx[n,c,i,j]   = Σ_{o,u,v} dy[n, g·O/G + o, s·i + d·u − p, s·j + d·v − p] · k[c,o,u,v]
    /// dk[c,o,u,v]   = Σ_{n,i,j} dy[n, g·O/G + o, s·i + d·u − p, s·j + d·v − p] · x[n,c,i,j]
    /// db[g·O/G + o] = Σ_{n,a,b} dy[n, g·O/G + o, a, b]
    /// ```
    #[must_use]
    pub fn backward<S: Scalar>(
        &self,
        parameters: &[Tensor<S>],
        x: &Tensor<S>,
        dy: &Tensor<S>,
    ) -> LayerGradients<S> {
        let sizes = Sizes::new(self.groups, &parameters[0], x, dy);
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
        let planes = Planes::new(self.window, sizes.output, sizes.input);
        if S::HAS_VECTORS {
            let to_input = Correlation {
                geometry: &Geometry::sliding(self.window, sizes.output, sizes.input),
                batch: sizes.batch,
                groups: self.groups,
                read: sizes.group_out,
                written: sizes.group_in,
                weights: weight,
                steps: [sizes.group_out * sizes.taps, sizes.taps],
                start: None,
            };
            let to_weights = Products {
                planes: &planes,
                batch: sizes.batch,
                groups: self.groups,
                channels: [sizes.group_in, sizes.group_out],
                a: x,
                b: dy,
            };
            if to_input.is_exact() && to_weights.is_worthwhile() {
                to_input.write(dy, 0..sizes.in_channels, dx_values);
                to_weights.add_to(dk, None);
                if let Some(db) = &mut db {
                    for n in 0..sizes.batch {
                        for o in 0..sizes.out_channels {
                            for dy in &dy[sizes.output_plane(n, o)] {
                                db[o] += *dy;
                            }
                        }
                    }
                }
                return LayerGradients {
                    input: dx,
                    parameters: gradients,
                };
            }
        }
        let taps = planes.taps();
        for n in 0..sizes.batch {
            for o in 0..sizes.out_channels {
                let dy = &dy[sizes.output_plane(n, o)];
                if let Some(db) = &mut db {
                    for dy in dy {
                        db[o] += *dy;
                    }
                }
                for c in 0..sizes.group_in {
                    let input = sizes.input_plane(n, o, c);
                    let (x, dx) = (&x[input.clone()], &mut dx_values[input]);
                    let first = kernel(&sizes, o, c);
                    for tap in &taps {
                        let k = weight[first + tap.at];
                        let mut sum = S::zero();
                        for (met, at) in planes.meetings(tap) {
                            sum += strided_dot(&x[met.clone()], &dy[at..], stride);
                            axpy(&mut dx[met], k, &dy[at..], stride);
                        }
                        dk[first + tap.at] += sum;
                    }
                }
            }
        }
        LayerGradients {
            input: dx,
            parameters: gradients,
        }
    }

    /// The output channel that entry `index` of the weight of shape `weight` writes to.
    #[must_use]
    pub fn channel_of_weight(&self, weight: &[usize], index: usize) -> usize {
        let (group_in, group_out) = (weight[0] / self.groups, weight[1]);
        let kernel = index / (weight[2] * weight[3]);
        let (c, o) = (kernel / group_out, kernel % group_out);
        c / group_in * group_out + o
    }
}

/// Where the kernel begins that leads from channel `c` of the group to output channel `o`.
fn kernel(sizes: &Sizes, o: usize, c: usize) -> usize {
    (sizes.input_channel(o, c) * sizes.group_out + o % sizes.group_out) * sizes.taps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_writes_to_the_channel_whose_kernel_it_is_in() {
        let layer = ConvTranspose2d {
            window: Window {
                kernel: [2, 3],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
            },
            output_padding: [0, 0],
            groups: 2,
        };
        // Input channels 0 and 1 lead to outputs 0 to 2, and 2 and 3 to outputs 3 to 5.
        let weight = [4, 3, 2, 3];
        let channels: Vec<usize> = (0..4 * 3)
            .map(|kernel| layer.channel_of_weight(&weight, kernel * 6 + 5))
            .collect();
        assert_eq!(channels, [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    }
}
