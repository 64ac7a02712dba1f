//! The second order: the derivative of a gradient along one direction, a Hessian-vector product.
//!
//! w all leaves · v a direction · g(w) the gradient · H its derivative
//!
//! | way | H·v by |
//! |---|---|
//! | [`SecondOrder::product`] | the backward under test, run on dual numbers that move along v |
//! | [`hyper`] | num-dual's hyper-dual numbers, ∂²L/∂v∂wᵢ by a forward pass alone |
//! | [`differences`] | (g(w + h·v) − g(w − h·v))/2h of the backward under test |
//!
//! All of them stay on the branches of the point: each ReLU and each pooling window passes on what it
//! does there, whatever the values are. Along v the objective is then smooth, so that no kink can be
//! crossed, and H is that of the smooth piece that the point lies on. At a kink, or at a tie, it is that
//! of the piece that the conventions choose.

mod differences;
mod direction;
mod hyper;
mod product;

pub use differences::{differences, output_differences};
pub use direction::{Moving, direction};
pub use hyper::hyper;
pub use product::{Derivatives, ProductRounding, SecondOrder, along_twice, extended_product};
