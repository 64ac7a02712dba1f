//! 40 digits of MNIST, four of each class, in the original files' format.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits*, CC BY-SA 3.0.

use crate::rng::Stream;
use crate::tensor::{self, Tensor};

use super::idx;

/// Number of digits.
pub const COUNT: usize = 40;

/// Number of classes.
pub const CLASSES: usize = 10;

/// Channels, rows and columns of one digit.
pub const SHAPE: [usize; 3] = [1, 28, 28];

static IMAGES: &[u8] = include_bytes!("mnist-40-images-idx3-ubyte");
static LABELS: &[u8] = include_bytes!("mnist-40-labels-idx1-ubyte");

/// A seeded choice of `count` digits: images (count, 1, 28, 28) and classes.
///
/// A pixel b is b/256, so that every number is exactly representable and the background exactly 0.
///
/// # Panics
/// When `count` is larger than [`COUNT`].
#[must_use]
pub fn sample(count: usize, seed: u64) -> (Tensor<f64>, Vec<usize>) {
    let images = idx::parse(IMAGES).expect("the embedded images are whole");
    let labels = idx::parse(LABELS).expect("the embedded labels are whole");
    let chosen = Stream::new(seed, "digits").sample(COUNT, count);
    let size = SHAPE.iter().product::<usize>();
    let pixels = chosen
        .iter()
        .flat_map(|digit| &images.data[digit * size..][..size])
        .map(|pixel| f64::from(*pixel) / 256.0)
        .collect();
    let mut shape = vec![count];
    shape.extend(SHAPE);
    let images = tensor::from_values(&shape, pixels).expect("as many pixels as the shape says");
    (
        images,
        chosen
            .iter()
            .map(|digit| usize::from(labels.data[*digit]))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_four_of_each_class() {
        let (images, classes) = sample(COUNT, 1);
        assert_eq!(images.shape(), [COUNT, 1, 28, 28]);
        for class in 0..CLASSES {
            assert_eq!(
                classes.iter().filter(|other| **other == class).count(),
                4,
                "digit {class}"
            );
        }
    }

    #[test]
    fn the_background_is_exactly_zero() {
        let (images, _) = sample(COUNT, 1);
        let background = images.iter().filter(|pixel| pixel.to_bits() == 0).count();
        assert!(
            background > images.len() / 2,
            "{background} of {} pixels",
            images.len()
        );
    }
}
