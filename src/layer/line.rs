//! The entries of a tensor along one axis.

use crate::scalar::Scalar;

/// The row-major positions of entries that differ along one axis only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    first: usize,
    step: usize,
    length: usize,
}

impl Line {
    /// Every line along `axis` of a tensor of this shape.
    pub fn all(shape: &[usize], axis: usize) -> impl Iterator<Item = Self> + use<> {
        let length = shape[axis];
        let step: usize = shape[axis + 1..].iter().product();
        let outer: usize = shape[..axis].iter().product();
        let firsts = (0..outer).flat_map(move |n| (0..step).map(move |at| n * length * step + at));
        firsts.map(move |first| Self {
            first,
            step,
            length,
        })
    }

    /// The positions, in the axis's order.
    pub fn entries(self) -> impl Iterator<Item = usize> {
        (0..self.length).map(move |k| self.first + k * self.step)
    }
}

/// The largest value on the line.
pub(super) fn largest<S: Scalar>(x: &[S], line: Line) -> f64 {
    let values = line.entries().map(|k| x[k].primal());
    values.fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_along_their_axis() {
        // (2, 3, 2) along its middle axis: steps of 2, from 0, 1, 6 and 7.
        let lines: Vec<Vec<usize>> = Line::all(&[2, 3, 2], 1)
            .map(|line| line.entries().collect())
            .collect();
        assert_eq!(lines, [[0, 2, 4], [1, 3, 5], [6, 8, 10], [7, 9, 11]]);
        let last: Vec<usize> = Line::all(&[2, 3], 1).flat_map(Line::entries).collect();
        assert_eq!(last, [0, 1, 2, 3, 4, 5]);
    }
}
