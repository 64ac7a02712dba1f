//! A gradient, coordinate by coordinate.

use super::derivative::{LadderOptions, derivative};
use super::finding::Finding;

/// Find the derivative of `f` along every coordinate of `x`, as [`derivative`] does.
///
/// `f` is called at most [`MOST_EVALUATIONS`](super::MOST_EVALUATIONS) times a coordinate.
#[must_use]
pub fn gradient(
    mut f: impl FnMut(&[f64]) -> f64,
    x: &[f64],
    options: &LadderOptions,
) -> Vec<Finding> {
    let mut point = x.to_vec();
    x.iter()
        .enumerate()
        .map(|(at, &origin)| {
            let along = |t: f64| {
                point[at] = t;
                f(&point)
            };
            let found = derivative(along, origin, options);
            // From the saved value: adding steps and taking them away again would miss it.
            point[at] = origin;
            found
        })
        .collect()
}
