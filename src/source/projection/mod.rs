//! A gradient of millions of coordinates, held against exact derivatives along random signs.
//!
//! Let e be the error of a gradient in one tensor, r a vector of independent random signs, and g the gradient
//! under test. Then r·e = r·g − r·∇f, and r·∇f is one derivative along a direction (a Jacobian-vector product,
//! [`Tangents`]), as dear as the part of a forward pass behind the tensor's owner, however many coordinates
//! the tensor has.
//!
//! **What is missed.** If e is wrong in one coordinate alone, r·e = ±eᵢ for every choice of signs: it cannot
//! be missed. If it is wrong in several, choose all signs but that of one wrong coordinate i: what the
//! others add up to is then some number c, and r·e = c ± eᵢ is 0 for at most one of the two signs of i, which
//! are equally likely. So a projection misses with a probability of at most 1/2, and k of them, whose signs
//! are independent, with at most 2⁻ᵏ. That is attained where two errors are of one size: their signs cancel
//! for every other r. With rounding the same holds of errors of which one at least is larger than the bound:
//! c + eᵢ and c − eᵢ cannot both be within it.
//!
//! **What is too small to be seen.** The two sides of a projection are rounded, and are held apart only
//! beyond the bound that is measured for them; [`TensorProjection::visible`] is the smallest error of a single
//! coordinate that is sure to be beyond it.
//!
//! **Where it is.** A tensor whose projection disagrees is halved, and each half again, as long as its own
//! share of the projection disagrees.

mod directions;
mod projected;
mod projecting;
mod search;
mod signs;
mod spread;
mod sum;
mod tangents;
mod tensorwise;

pub use projected::{Extent, Projection, TensorProjection};
pub use projecting::{Projecting, Spreads, Whole};
pub use search::{DENSE, MOST_WRONG};
pub use signs::{Signs, sign};
pub use tangents::{Slope, Tangents};

/// Projections of each tensor: errors that cancel are missed with a probability of at most 2⁻⁸.
pub const PROJECTIONS: usize = 8;

/// Perturbed backward passes that bounds come from.
pub const PERTURBED: usize = super::rounding::RUNS as usize;
