//! The directions that gradients are differentiated along.

use crate::network::{Leaves, Problem};
use crate::rng::{self, Stream};
use crate::tensor::Tensor;

/// Which leaves move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// The parameters.
    Parameters,
    /// The parameters and the input.
    All,
}

/// Direction number `number` of `seed`: 1 or −1 at every entry that moves, and 0 at the others.
///
/// Random signs leave no entry out, and no two of them cancel for a reason.
#[must_use]
pub fn direction(problem: &Problem, moving: Moving, seed: u64, number: u64) -> Leaves<f64> {
    let mut stream = Stream::new(rng::derive(seed, "direction", number), "signs");
    let mut signs = |leaf: &mut Tensor<f64>| {
        leaf.mapv_inplace(|_| if stream.below(2) == 0 { 1.0 } else { -1.0 });
    };
    let mut direction = problem.leaf_values();
    match moving {
        Moving::Parameters => direction.input.fill(0.0),
        Moving::All => signs(&mut direction.input),
    }
    direction.parameters.tensors.iter_mut().for_each(signs);
    direction
}
