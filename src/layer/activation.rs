//! Activations without parameters, beyond ReLU, tanh and the logistic function.

use crate::scalar::Scalar;
use crate::spec::{EluSpec, GeluSpec, HardtanhSpec, LeakyReluSpec, SoftmaxSpec, SoftplusSpec};
use crate::tensor::Tensor;

use super::pieces;
use super::{Branches, Saved};
use super::{
    elu, gelu, hardswish, hardtanh, leaky_relu, log_softmax, mish, selu, silu, softmax, softplus,
};

/// A function of each entry, or of each line of entries; the output has the input's shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// x, or a little of it where it is negative.
    LeakyRelu(LeakyReluSpec),
    /// x, or α·(e^x − 1) where it is negative.
    Elu(EluSpec),
    /// elu with PyTorch's α and factor λ.
    Selu,
    /// x·Φ(x).
    Gelu(GeluSpec),
    /// x/(1 + e^−x).
    Silu,
    /// x·tanh(ln(1 + e^x)).
    Mish,
    /// ln(1 + e^βx)/β.
    Softplus(SoftplusSpec),
    /// x·min(max(x + 3, 0), 6)/6.
    Hardswish,
    /// min(max(x, min_val), max_val).
    Hardtanh(HardtanhSpec),
    /// e^x over the sum along an axis.
    Softmax(SoftmaxSpec),
    /// Its logarithm.
    LogSoftmax(SoftmaxSpec),
}

impl Activation {
    /// Compute y in the shape of x, and keep what backward needs.
    pub fn forward<S: Scalar>(
        &self,
        x: Tensor<S>,
        branches: Branches<'_>,
    ) -> (Tensor<S>, Saved<S>) {
        match *self {
            Self::LeakyRelu(LeakyReluSpec { negative_slope }) => {
                branches.map(x, leaky_relu::piece, |piece, x| {
                    leaky_relu::forward(negative_slope, piece, x)
                })
            }
            Self::Elu(EluSpec { alpha }) => {
                branches.map(x, elu::piece, |piece, x| elu::forward(alpha, piece, x))
            }
            Self::Selu => branches.map(x, selu::piece, selu::forward),
            Self::Gelu(GeluSpec { approximate }) => smooth(x, |x| gelu::forward(approximate, x)),
            Self::Silu => smooth(x, silu::forward),
            Self::Mish => smooth(x, mish::forward),
            Self::Softplus(spec) => branches.map(
                x,
                |x| softplus::piece(spec, x),
                |piece, x| softplus::forward(spec, piece, x),
            ),
            Self::Hardswish => branches.map(x, hardswish::piece, hardswish::forward),
            Self::Hardtanh(spec) => branches.map(
                x,
                |x| hardtanh::piece(spec, x),
                |piece, x| hardtanh::forward(spec, piece, x),
            ),
            Self::Softmax(spec) => {
                let axis = axis(spec, &x);
                softmax::forward(x, axis)
            }
            Self::LogSoftmax(spec) => {
                let axis = axis(spec, &x);
                log_softmax::forward(x, axis)
            }
        }
    }

    /// Compute dx from dy and what forward kept.
    ///
    /// # Panics
    /// When `saved` is another layer's.
    #[must_use]
    pub fn backward<S: Scalar>(&self, saved: Saved<S>, dy: Tensor<S>) -> Tensor<S> {
        match saved {
            Saved::Pieces { choices, x } => {
                pieces::backward(&choices, &x, dy, |piece, x| self.slope(piece, x))
            }
            Saved::Input(x) => pieces::backward(&vec![0; x.len()], &x, dy, |_, x| self.slope(0, x)),
            Saved::Output(y) => match *self {
                Self::Softmax(spec) => softmax::backward(&y, dy, axis(spec, &y)),
                Self::LogSoftmax(spec) => log_softmax::backward(&y, dy, axis(spec, &y)),
                activation => panic!("{activation:?} does not keep its output"),
            },
            saved => panic!("{self:?} cannot go back from {saved:?}"),
        }
    }

    /// dy/dx of one entry on its piece.
    ///
    /// # Panics
    /// For a softmax, where entries are not alone.
    fn slope<S: Scalar>(&self, piece: u32, x: S) -> S {
        match *self {
            Self::LeakyRelu(LeakyReluSpec { negative_slope }) => {
                leaky_relu::slope(negative_slope, piece)
            }
            Self::Elu(EluSpec { alpha }) => elu::slope(alpha, piece, x),
            Self::Selu => selu::slope(piece, x),
            Self::Gelu(GeluSpec { approximate }) => gelu::slope(approximate, x),
            Self::Silu => silu::slope(x),
            Self::Mish => mish::slope(x),
            Self::Softplus(spec) => softplus::slope(spec, piece, x),
            Self::Hardswish => hardswish::slope(piece, x),
            Self::Hardtanh(_) => hardtanh::slope(piece),
            Self::Softmax(_) | Self::LogSoftmax(_) => {
                panic!("an entry of {self:?} has no slope of its own")
            }
        }
    }

    /// Whether the function is a straight line on every piece.
    #[must_use]
    pub fn is_piecewise_affine(&self) -> bool {
        matches!(self, Self::LeakyRelu(_) | Self::Hardtanh(_))
    }

    /// Whether every entry stands for itself.
    #[must_use]
    pub fn is_of_entries(&self) -> bool {
        !matches!(self, Self::Softmax(_) | Self::LogSoftmax(_))
    }

    /// Whether there is more than one piece.
    #[must_use]
    pub fn has_branches(&self) -> bool {
        self.ends().is_some()
    }

    /// Show `visit` every unit's distances from the ends of its piece, and the pieces beyond.
    pub fn margins<S: Scalar>(
        &self,
        x: &Tensor<S>,
        choices: &[u32],
        visit: impl FnMut(usize, u32, S),
    ) {
        if let Some(ends) = self.ends() {
            pieces::margins(x, &ends, choices, visit);
        }
    }

    /// Where pieces meet; `None` where there is one only.
    fn ends(&self) -> Option<Vec<f64>> {
        match *self {
            Self::LeakyRelu(_) => Some(leaky_relu::ENDS.to_vec()),
            Self::Elu(_) => Some(elu::ENDS.to_vec()),
            Self::Selu => Some(selu::ENDS.to_vec()),
            Self::Softplus(spec) => Some(softplus::ends(spec).to_vec()),
            Self::Hardswish => Some(hardswish::ENDS.to_vec()),
            Self::Hardtanh(spec) => Some(hardtanh::ends(spec).to_vec()),
            Self::Gelu(_) | Self::Silu | Self::Mish | Self::Softmax(_) | Self::LogSoftmax(_) => {
                None
            }
        }
    }
}

fn smooth<S: Scalar>(x: Tensor<S>, value: impl Fn(S) -> S) -> (Tensor<S>, Saved<S>) {
    (x.mapv(value), Saved::Input(x))
}

/// The axis, which a plan has checked.
fn axis<S>(spec: SoftmaxSpec, x: &Tensor<S>) -> usize {
    spec.axis(x.ndim()).expect("an axis of the input")
}
