//! Directions in one parameter, and derivatives along many of them.

use std::ops::Range;

use rayon::prelude::*;

use crate::tensor::{Tensor, values_mut, zeros};

use super::Projecting;
use super::signs::Signs;
use super::tangents::Slope;

/// A direction in one parameter.
#[derive(Clone, Debug)]
pub(super) enum Direction {
    /// The signs of a projection in a range of coordinates, times a factor, and 0 outside.
    Signs {
        projection: usize,
        range: Range<usize>,
        factor: f64,
    },
    /// One coordinate.
    Unit(usize),
}

impl Projecting<'_> {
    /// The derivatives along directions in parameters, in that order.
    pub(super) fn slopes(&self, asked: &[(usize, Direction)]) -> Vec<Slope> {
        let largest = self.problem.parameters.tensors.iter().map(Tensor::len);
        let each = largest.max().unwrap_or(0) + 4 * self.tangents.largest_activation();
        let mut slopes = Vec::with_capacity(asked.len());
        for together in asked.chunks(self.width(each)) {
            let these = together.par_iter().map(|(number, direction)| {
                let slope = self.slope(*number, direction);
                (self.progress)(1);
                slope
            });
            slopes.extend(these.collect::<Vec<_>>());
        }
        slopes
    }

    pub(super) fn slope(&self, number: usize, direction: &Direction) -> Slope {
        let mut moved = zeros(self.problem.parameters.tensors[number].shape());
        let entries = values_mut(&mut moved);
        match direction {
            Direction::Unit(index) => entries[*index] = 1.0,
            Direction::Signs {
                projection,
                range,
                factor,
            } => {
                let signs = Signs::new(self.seed, number);
                for index in range.clone() {
                    entries[index] = factor * signs.at(index, *projection);
                }
            }
        }
        self.tangents.along(self.problem, number, &moved)
    }

    /// How many pieces of work go side by side that need memory for so many numbers each: parameters and
    /// gradient are held twice already, and less than as much again is taken.
    pub(super) fn width(&self, numbers: usize) -> usize {
        let room = self.problem.parameters.count() + self.tangents.activations();
        (room / numbers.max(1)).clamp(1, rayon::current_num_threads())
    }

    /// Numbers in the parameters of the layer that has most.
    pub(super) fn largest_layer(&self) -> usize {
        let layers = self.problem.network.layers().iter();
        let sizes = layers.map(|layer| {
            let own = &self.problem.parameters.tensors[layer.parameter_range()];
            own.iter().map(Tensor::len).sum()
        });
        sizes.max().unwrap_or(0)
    }
}
