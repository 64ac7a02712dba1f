//! Slopes at halved steps, extrapolated to step 0.

use crate::source::Estimate;

use super::finding::{Finding, Reason};

/// Extrapolate central slopes at steps h, h/2, h/4, …, whose errors are in even powers of h.
///
/// ```text
/// T(i, 0) = slopes[i],  T(i, k) = T(i, k−1) + (T(i, k−1) − T(i−1, k−1))/(4ᵏ − 1)
/// ```
///
/// The entry that differs least from its two predecessors is taken, and the larger of the two
/// differences is its bound; rows from where they differ by twice that bound are rounding, and are
/// left (C. J. F. Ridders, *Advances in Engineering Software* 4(2), 1982). Nothing is resolved where
/// the bound is larger than a tenth of the largest slope so far, as two of a few random numbers
/// are that close by chance, or where fewer than three slopes are finite from the first one on.
#[must_use]
pub fn extrapolate(slopes: &[f64]) -> Finding {
    let finite = slopes.iter().take_while(|slope| slope.is_finite());
    let mut best = Estimate {
        value: slopes.first().copied().unwrap_or(f64::NAN),
        error: f64::INFINITY,
    };
    let mut previous: Vec<f64> = Vec::new();
    let mut largest = 0.0_f64;
    for (i, &slope) in finite.enumerate() {
        let mut row = vec![slope];
        let mut power = 1.0;
        for k in 1..=i {
            power *= 4.0;
            let better = row[k - 1] + (row[k - 1] - previous[k - 1]) / (power - 1.0);
            let error = (better - row[k - 1])
                .abs()
                .max((better - previous[k - 1]).abs())
                + f64::EPSILON * better.abs();
            // Two slopes alone are extrapolated by an order that nothing has confirmed.
            if i >= 2 && error < best.error {
                best = Estimate {
                    value: better,
                    error,
                };
            }
            row.push(better);
        }
        if i >= 3 && (row[i] - previous[i - 1]).abs() >= 2.0 * best.error {
            break;
        }
        largest = largest.max(slope.abs());
        previous = row;
    }
    if best.error <= 0.1 * largest {
        return Finding::Smooth(best);
    }
    Finding::Unresolved(Reason::DoesNotConverge {
        slope: best.value,
        error: best.error,
    })
}
