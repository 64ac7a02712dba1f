//! Δy[o] = Σ_i W[o,i]·Δx[i], over the inputs that change.

use crate::scalar::vector::{Kernel, vectorized};
use crate::tensor::{Tensor, values};

use super::{BLOCK, Change, Extent, Here, LANES, Lanes, add_product};

/// A linear layer's weights, in blocks of outputs: [block][input][output in the block].
#[derive(Clone, Debug)]
pub struct Linear {
    inputs: usize,
    blocks: Vec<[f64; BLOCK]>,
}

impl Linear {
    /// With the weight (O, I) in `parameters`.
    pub(super) fn new(parameters: &[Tensor<f64>]) -> Self {
        let weight = &parameters[0];
        let (outputs, inputs) = (weight.shape()[0], weight.shape()[1]);
        let weight = values(weight);
        let mut blocks = vec![[0.0; BLOCK]; outputs.div_ceil(BLOCK) * inputs];
        for (o, row) in weight.chunks_exact(inputs.max(1)).enumerate() {
            for (block, w) in blocks[o / BLOCK * inputs..].iter_mut().zip(row) {
                block[o % BLOCK] = *w;
            }
        }
        Self { inputs, blocks }
    }

    pub(super) fn pass(&self, here: &Here<'_>, change: &Change, out: &mut Change) {
        let (from, to) = (Extent::of(here.x.shape()), Extent::of(here.y.shape()));
        let first = change.channels().start;
        let mut moved = Vec::with_capacity(change.channels().len());
        let sums = out.start(0..to.channels, to);
        for (deltas, sums) in change.samples(from).zip(sums.chunks_exact_mut(to.channels)) {
            moved.clear();
            let is_moved = |lanes: &Lanes| lanes.iter().any(|delta| *delta != 0.0);
            let inputs = deltas.iter().enumerate();
            let inputs = inputs.filter(|(_, lanes)| is_moved(lanes));
            moved.extend(inputs.map(|(i, lanes)| (first + i, *lanes)));
            vectorized(Sums {
                linear: self,
                moved: &moved,
                sums,
            });
        }
    }
}

struct Sums<'a> {
    linear: &'a Linear,
    moved: &'a [(usize, Lanes)],
    sums: &'a mut [Lanes],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Linear { inputs, blocks } = self.linear;
        let blocks = blocks.chunks_exact((*inputs).max(1));
        for (sums, weights) in self.sums.chunks_mut(BLOCK).zip(blocks) {
            let [mut a, mut b, mut c, mut d] = [[0.0; LANES]; BLOCK];
            for (i, x) in self.moved {
                let w = &weights[*i];
                add_product(&mut a, w[0], x);
                add_product(&mut b, w[1], x);
                add_product(&mut c, w[2], x);
                add_product(&mut d, w[3], x);
            }
            sums.copy_from_slice(&[a, b, c, d][..sums.len()]);
        }
    }
}
