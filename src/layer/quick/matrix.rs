//! Products of matrices: a linear layer's passes.

use std::ops::Range;

use crate::scalar::vector::{Kernel, vectorized};
use crate::scalar::{Scalar, dot_in_kernel};

/// Rows of a product of which a sweep takes care at once.
const ROWS: usize = 4;

/// Columns of a product of which a sweep takes care at once.
const COLUMNS: usize = 16;

/// out[r,i] = Σ_t a[r,t] · b[t,i], in the order of t.
pub(in super::super) struct Sums<'a, S> {
    pub(in super::super) a: &'a [S],
    /// From an entry of a to that of the next row, and of the next term.
    pub(in super::super) steps: [usize; 2],
    pub(in super::super) b: &'a [S],
    /// Columns of b and of the product.
    pub(in super::super) columns: usize,
    pub(in super::super) out: &'a mut [S],
}

impl<S: Scalar> Sums<'_, S> {
    pub(in super::super) fn write(self) {
        vectorized(self);
    }

    #[inline(always)]
    fn rows<const R: usize>(&mut self, first: usize) {
        let mut column = 0;
        while column + COLUMNS <= self.columns {
            self.block::<R, COLUMNS>(first, column);
            column += COLUMNS;
        }
        if column < self.columns && self.columns >= COLUMNS {
            // Some columns for the second time.
            self.block::<R, COLUMNS>(first, self.columns - COLUMNS);
            return;
        }
        for column in column..self.columns {
            self.block::<R, 1>(first, column);
        }
    }

    #[inline(always)]
    fn block<const R: usize, const J: usize>(&mut self, first: usize, column: usize) {
        let mut sums = [[S::zero(); J]; R];
        let a: [usize; R] = std::array::from_fn(|r| (first + r) * self.steps[0]);
        for (t, b) in self.b.chunks_exact(self.columns).enumerate() {
            let b: &[S; J] = b[column..].first_chunk().expect("columns of a row");
            for r in 0..R {
                let a = &self.a[a[r] + t * self.steps[1]];
                for j in 0..J {
                    sums[r][j].add_product(a, &b[j]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            let out = &mut self.out[(first + r) * self.columns + column..];
            out[..J].copy_from_slice(sums);
        }
    }
}

impl<S: Scalar> Kernel for Sums<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let rows = self.out.len() / self.columns;
        let mut row = 0;
        while row + ROWS <= rows {
            self.rows::<ROWS>(row);
            row += ROWS;
        }
        for row in row..rows {
            self.rows::<1>(row);
        }
    }
}

/// y[n,o] = b[o] + Σ_i w[o,i] · x[n,i], each sum as [`crate::scalar::dot`].
pub(in super::super) struct Dots<'a, S> {
    pub(in super::super) x: &'a [S],
    pub(in super::super) weights: &'a [S],
    pub(in super::super) bias: Option<&'a [S]>,
    pub(in super::super) inputs: usize,
    pub(in super::super) outputs: usize,
    /// Those o that are written.
    pub(in super::super) features: Range<usize>,
    pub(in super::super) y: &'a mut [S],
}

impl<S: Scalar> Dots<'_, S> {
    pub(in super::super) fn write(self) {
        vectorized(self);
    }
}

impl<S: Scalar> Kernel for Dots<'_, S> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // A row of weights for all samples, since there are more weights than a sample has entries.
        for o in self.features {
            let weights = &self.weights[o * self.inputs..][..self.inputs];
            let samples = self.x.chunks_exact(self.inputs);
            for (x, y) in samples.zip(self.y.chunks_exact_mut(self.outputs)) {
                let sum = dot_in_kernel(weights, x);
                y[o] = match self.bias {
                    Some(bias) => bias[o] + sum,
                    None => sum,
                };
            }
        }
    }
}
