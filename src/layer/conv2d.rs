//! Two-dimensional cross-correlation with optional bias.
//!
//! n batch · c input channel of a group · o output channel · g the group of o · h×w input ·
//! kh×kw kernel · s stride · p padding · d dilation (each per axis)
//!
//! ```text
//! y[n,o,i,j] = b[o] + Σ_{c,u,v} k[o,c,u,v] · x[n, g·C/G + c, s·i + d·u − p, s·j + d·v − p]
//! ```
//!
//! Terms outside of the input are zero. The output's size is in [`Window::output`]. Sequences (N, C, L) are
//! images of one row: `conv1d` is this with kernels (O, C/G, k).

use std::ops::Range;

use crate::scalar::vector::{Kernel, vectorized};
use crate::scalar::{Scalar, axpy, axpy_of_four};
use crate::spec::extent::Window;
use crate::tensor::{Tensor, values, values_mut, zeros};

use super::LayerGradients;
use super::channels::Sizes;
use super::quick::{Correlation, Geometry, Products, QUICK_FROM};
use super::tap::{Planes, scatter, strided_dot};

/// Geometry of a convolution; the channel counts are those of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// The sliding window.
    pub window: Window,
    /// Channel groups that do not see each other.
    pub groups: usize,
}

/// A product in the sum that is an output.
struct Term {
    /// Position among the weights of the output channel.
    weight: usize,
    /// Position in the input of the group, for the first window of a patch.
    input: usize,
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
        let sizes = Sizes::new(self.groups, &parameters[0], x, y);
        let (weight, x, y) = (values(&parameters[0]), values(x), values_mut(y));
        let bias = parameters.get(1).map(values);
        if S::HAS_VECTORS && channels.len() * sizes.taps >= QUICK_FROM {
            let quick = Correlation {
                geometry: &Geometry::sliding(self.window, sizes.input, sizes.output),
                batch: sizes.batch,
                groups: self.groups,
                read: sizes.group_in,
                written: sizes.group_out,
                weights: weight,
                steps: [sizes.group_in * sizes.taps, sizes.taps],
                start: bias,
            };
            if quick.is_exact() {
                return quick.write(x, channels, y);
            }
        }
        let planes = Planes::new(self.window, sizes.input, sizes.output);
        let mut terms = Vec::new();
        for patch in planes.patches() {
            set_terms(&sizes, &patch.taps, &mut terms);
            for n in 0..sizes.batch {
                for o in channels.clone() {
                    let x = &x[input_group(&sizes, n, o)];
                    let kernels = &weight[kernel(&sizes, o, 0)..];
                    let plane = &mut y[sizes.output_plane(n, o)];
                    let bias = bias.map_or(S::zero(), |bias| bias[o]);
                    for (row, below) in planes.rows(&patch) {
                        let y = &mut plane[row];
                        y.fill(bias);
                        let sums = AddTerms {
                            y,
                            weights: kernels,
                            x,
                            below,
                            terms: &terms,
                            stride: self.window.stride[1],
                        };
                        sums.add();
                    }
                }
            }
        }
    }

    /// Compute the gradients from dy (N, O, H′, W′):
    ///
    /// ```text
    /// dx[n,c,h,w]  = Σ_{o,i,j} dy[n,o,i,j] · k[o,c,u,v]   over the (i,j,u,v) that meet (h,w)
    /// dk[o,c,u,v]  = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i + d·u − p, s·j + d·v − p]
    /// db[o]        = Σ_{n,i,j} dy[n,o,i,j]
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
        let planes = Planes::new(self.window, sizes.input, sizes.output);
        if S::HAS_VECTORS {
            let to_input = Correlation {
                geometry: &Geometry::spreading(self.window, sizes.input, sizes.output),
                batch: sizes.batch,
                groups: self.groups,
                read: sizes.group_out,
                written: sizes.group_in,
                weights: weight,
                steps: [sizes.taps, sizes.group_in * sizes.taps],
                start: None,
            };
            let to_weights = Products {
                planes: &planes,
                batch: sizes.batch,
                groups: self.groups,
                channels: [sizes.group_out, sizes.group_in],
                a: dy,
                b: x,
            };
            if to_input.is_exact() && to_weights.is_worthwhile() {
                to_input.write(dy, 0..sizes.in_channels, dx_values);
                to_weights.add_to(dk, db);
                return LayerGradients {
                    input: dx,
                    parameters: gradients,
                };
            }
        }
        let taps = planes.taps();
        for n in 0..sizes.batch {
            for o in 0..sizes.out_channels {
                let plane = &dy[sizes.output_plane(n, o)];
                if let Some(db) = &mut db {
                    for dy in plane {
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
                            let dy = &plane[met];
                            sum += strided_dot(dy, &x[at..], stride);
                            scatter(&mut dx[at..], k, dy, stride);
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
}

/// The planes in the input that are the group of output channel `o` of sample `n`.
fn input_group(sizes: &Sizes, n: usize, o: usize) -> Range<usize> {
    let first = sizes.input_plane(n, o, 0);
    first.start..first.start + sizes.group_in * first.len()
}

/// Set `terms` to what `taps` of all input channels of a group give, in the order in which they are
/// added up: channel by channel, each in the taps' order.
fn set_terms(sizes: &Sizes, taps: &[(usize, usize)], terms: &mut Vec<Term>) {
    let plane = sizes.input[0] * sizes.input[1];
    terms.clear();
    terms.extend((0..sizes.group_in).flat_map(|c| {
        taps.iter().map(move |(tap, first)| Term {
            weight: c * sizes.taps + tap,
            input: c * plane + first,
        })
    }));
}

/// Where the kernel begins that leads from channel `c` of the group to output channel `o`.
fn kernel(sizes: &Sizes, o: usize, c: usize) -> usize {
    (o * sizes.group_in + c) * sizes.taps
}

/// y[j] += Σ weight · x[below + input + stride·j] over `terms`, in their order: the same sums for every
/// window, however many are added up at once.
struct AddTerms<'a, S> {
    y: &'a mut [S],
    weights: &'a [S],
    x: &'a [S],
    below: usize,
    terms: &'a [Term],
    stride: usize,
}

impl<S: Scalar> AddTerms<'_, S> {
    fn add(self) {
        if S::IS_VECTOR {
            vectorized(self);
        } else {
            add_terms(
                self.y,
                self.weights,
                self.x,
                self.below,
                self.terms,
                self.stride,
            );
        }
    }
}

impl<S: Scalar> Kernel for AddTerms<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for term in self.terms {
            let weight = &self.weights[term.weight];
            let x = self.x[self.below + term.input..].iter();
            for (y, x) in self.y.iter_mut().zip(x.step_by(self.stride)) {
                y.add_product(weight, x);
            }
        }
    }
}

/// Not inlined, since y overlaps with nothing as an argument, and as a part of a tensor for all that the
/// compiler knows it may: see [`axpy_of_four`].
#[inline(never)]
fn add_terms<S: Scalar>(
    y: &mut [S],
    weights: &[S],
    x: &[S],
    below: usize,
    terms: &[Term],
    stride: usize,
) {
    let (fours, rest) = terms.as_chunks::<4>();
    for four in fours {
        let weights = four.each_ref().map(|term| weights[term.weight]);
        let x = four.each_ref().map(|term| &x[below + term.input..]);
        axpy_of_four(y, weights, x, stride);
    }
    for term in rest {
        axpy(y, weights[term.weight], &x[below + term.input..], stride);
    }
}
