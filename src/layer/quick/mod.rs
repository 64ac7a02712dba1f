//! The passes of layers with weights in numbers of which the machine computes several at once
//! ([`Scalar::HAS_VECTORS`]).
//!
//! There the plain loops of the layers spend their time on loads, stores and overheads, which are shared
//! here: several sums are kept in registers at once, and the entries that they have in common are loaded
//! once. Every sum adds up the same terms in the same order as in the plain loop, so that a result is the
//! same bits, and the primal of every other scalar's.
//!
//! [`Scalar::HAS_VECTORS`]: crate::scalar::Scalar::HAS_VECTORS

mod correlation;
mod geometry;
mod matrix;
mod products;
#[cfg(test)]
mod tests;

pub(super) use correlation::{Correlation, QUICK_FROM};
pub(super) use geometry::Geometry;
pub(super) use matrix::{Dots, Sums};
pub(super) use products::Products;
