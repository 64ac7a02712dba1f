//! Sums computed term by term, with the sums of magnitudes that bound their errors.

use super::evidence::Context;

/// Error of a what-if sum beyond that of the right one, as a share of the sum of magnitudes: products,
/// and additions in another order.
const OWN_ERROR: f64 = 32.0 * f64::EPSILON;

/// Bounds of this share of the sums of magnitudes say nothing.
const USELESS: f64 = 1e-3;

/// The entries of a tensor, each a sum of terms.
pub(super) struct Terms {
    values: Vec<f64>,
    magnitudes: Vec<f64>,
    keys: Vec<usize>,
}

impl Terms {
    pub(super) fn new(entries: usize) -> Self {
        Self {
            values: vec![0.0; entries],
            magnitudes: vec![0.0; entries],
            keys: vec![0; entries],
        }
    }

    /// Add a term; of terms with different keys those with the largest key alone remain.
    #[inline]
    pub(super) fn put(&mut self, at: usize, term: f64, key: usize) {
        if key < self.keys[at] {
            return;
        }
        if key > self.keys[at] {
            self.keys[at] = key;
            self.values[at] = 0.0;
            self.magnitudes[at] = 0.0;
        }
        self.values[at] += term;
        self.magnitudes[at] += term.abs();
    }

    /// The sum with a bound on its error, when errors are at most `level` of the sum of magnitudes.
    pub(super) fn estimate(&self, at: usize, level: f64) -> (f64, f64) {
        (self.values[at], self.magnitudes[at] * level)
    }

    /// The error bounds of the right tensor as a share of the sums of magnitudes, of which `self` are
    /// the right ones; `None` when they are not, or when nothing follows from them.
    pub(super) fn level(&self, context: &Context<'_>) -> Option<f64> {
        let mut level: f64 = 0.0;
        for (index, right) in context.right.iter().enumerate() {
            let gap = (self.values[index] - right).abs();
            let (error, magnitude) = (context.error[index], self.magnitudes[index]);
            if error.is_finite() && magnitude > 0.0 {
                level = level.max(gap.max(error) / magnitude);
            } else if error.is_finite() && gap > error {
                return None;
            }
        }
        (level <= USELESS).then_some(level + OWN_ERROR)
    }
}
