//! The numbers that somebody's layers compute with.

use ndarray::ArrayD;

use crate::scalar::{Format, Scalar};

use super::data;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`.
pub trait Float: Scalar + sealed::Sealed {
    /// Which of them.
    const FORMAT: Format;
}

impl Float for f32 {
    const FORMAT: Format = Format::F32;
}

impl Float for f64 {
    const FORMAT: Format = Format::F64;
}

/// An array of uniform multiples of 1/64 in ±2: data that is the same everywhere, and exact in `f32` too.
///
/// ```
/// let x = gradproof::harness::random_array::<f32>(&[2, 3, 4, 4], 7);
/// assert_eq!(x.shape(), [2, 3, 4, 4]);
/// ```
#[must_use]
pub fn random_array<A: Float>(shape: &[usize], seed: u64) -> ArrayD<A> {
    data::uniform(shape, seed, "array", data::INPUT_BOUND, data::SHORT).mapv(A::constant)
}
