//! Δy[n,o,i,j] = Σ_{c,u,v} k[o,c,u,v]·Δx[n,c, …], over the channels c that change.

use std::ops::Range;

use crate::layer::channels::Sizes;
use crate::layer::conv2d::Conv2d;
use crate::layer::tap::Planes;
use crate::scalar::vector::{Kernel, vectorized};
use crate::tensor::values;

use super::{BLOCK, Change, Extent, Here, LANES, Lanes, add_product};

/// A convolution's kernels, and where they meet the input.
#[derive(Clone, Debug)]
pub struct Conv {
    sizes: Sizes,
    stride: usize,
    patches: Vec<Patch>,
    /// Of each group, in blocks of its output channels: [group][block][channel of the group][tap][output
    /// channel in the block].
    kernels: Vec<[f64; BLOCK]>,
}

/// Windows that the same taps reach.
#[derive(Clone, Debug)]
struct Patch {
    /// Each row of them: where in the output's plane, and the distance in the input's from what the first
    /// row's first window meets.
    rows: Vec<(Range<usize>, usize)>,
    /// Position in the kernel, and in the input's plane of what it meets at the first window.
    taps: Vec<(usize, usize)>,
}

impl Conv {
    pub(super) fn new(conv: &Conv2d, here: &Here<'_>) -> Self {
        let weight = &here.parameters[0];
        let sizes = Sizes::new(conv.groups, weight, here.x, here.y);
        let planes = Planes::new(conv.window, sizes.input, sizes.output);
        let patches = planes.patches().into_iter().map(|patch| Patch {
            rows: planes.rows(&patch).collect(),
            taps: patch.taps,
        });
        let of_block = sizes.group_in * sizes.taps;
        let blocks = sizes.group_out.div_ceil(BLOCK);
        let mut kernels = vec![[0.0; BLOCK]; conv.groups * blocks * of_block];
        for (o, row) in values(weight).chunks_exact(of_block.max(1)).enumerate() {
            let (group, o) = (o / sizes.group_out, o % sizes.group_out);
            let block = (group * blocks + o / BLOCK) * of_block;
            for (kernel, k) in kernels[block..].iter_mut().zip(row) {
                kernel[o % BLOCK] = *k;
            }
        }
        Self {
            sizes,
            stride: conv.window.stride[1],
            patches: patches.collect(),
            kernels,
        }
    }

    pub(super) fn pass(&self, here: &Here<'_>, change: &Change, out: &mut Change) {
        let Sizes {
            group_in,
            group_out,
            ..
        } = self.sizes;
        let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
        let Range { start, end } = change.channels();
        let groups = start / group_in..(end - 1) / group_in + 1;
        let outputs = groups.start * group_out..groups.end * group_out;
        let sums = out.start(outputs.clone(), to);
        let of_samples = sums.chunks_exact_mut(outputs.len() * to.positions);
        for (deltas, sums) in change.samples(from).zip(of_samples) {
            let of_groups = sums.chunks_exact_mut(group_out * to.positions);
            for (group, sums) in groups.clone().zip(of_groups) {
                let first = group * group_in;
                let channels = start.max(first)..end.min(first + group_in);
                let deltas = &deltas[(channels.start - start) * from.positions
                    ..(channels.end - start) * from.positions];
                vectorized(Sums {
                    conv: self,
                    group,
                    channels: channels.start - first..channels.end - first,
                    deltas,
                    sums,
                });
            }
        }
    }
}

/// One group of one sample.
struct Sums<'a> {
    conv: &'a Conv,
    group: usize,
    /// The channels of the group that change.
    channels: Range<usize>,
    deltas: &'a [Lanes],
    sums: &'a mut [Lanes],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Conv {
            sizes,
            stride,
            patches,
            kernels,
        } = self.conv;
        let plane = sizes.output[0] * sizes.output[1];
        let below = sizes.input[0] * sizes.input[1];
        let of_block = sizes.group_in * sizes.taps;
        let blocks = sizes.group_out.div_ceil(BLOCK);
        let mut terms: Vec<(usize, [f64; BLOCK])> = Vec::new();
        for (number, sums) in self.sums.chunks_mut(BLOCK * plane).enumerate() {
            let kernels = &kernels[(self.group * blocks + number) * of_block..][..of_block];
            let width = sums.len() / plane;
            for patch in patches {
                terms.clear();
                for c in self.channels.clone() {
                    let (kernels, start) = (
                        &kernels[c * sizes.taps..],
                        (c - self.channels.start) * below,
                    );
                    for (tap, first) in &patch.taps {
                        terms.push((start + first, kernels[*tap]));
                    }
                }
                if terms.is_empty() {
                    // These windows lie in the padding.
                    continue;
                }
                for (row, met) in &patch.rows {
                    for (j, window) in row.clone().enumerate() {
                        let x = &self.deltas[met + j * stride..];
                        let [mut a, mut b, mut c, mut d] = [[0.0; LANES]; BLOCK];
                        for (at, k) in &terms {
                            let x = &x[*at];
                            add_product(&mut a, k[0], x);
                            add_product(&mut b, k[1], x);
                            add_product(&mut c, k[2], x);
                            add_product(&mut d, k[3], x);
                        }
                        for (o, sum) in [a, b, c, d][..width].iter().enumerate() {
                            sums[o * plane + window] = *sum;
                        }
                    }
                }
            }
        }
    }
}
