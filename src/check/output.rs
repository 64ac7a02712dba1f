//! Somebody else's output against ours.

use crate::judge::Number;
use crate::judge::verdict::within;
use crate::report::{OutputEntry, OutputRow};
use crate::scalar::Format;
use crate::source::{Estimate, Point, SAFETY, SAFETY_OTHER_ORDER, output_spread};
use crate::tensor::{Tensor, unflatten, values};

/// Compare `theirs`, computed in `format`, entry by entry.
///
/// # Panics
/// When it has not the shape of ours.
pub(super) fn judge(point: &Point, theirs: &Tensor<f64>, format: Format) -> OutputRow {
    let pattern = point.pattern_in(format);
    let (ours, spread) = output_spread(&point.problem, pattern, point.seed(), format);
    assert_eq!(theirs.shape(), ours.shape(), "an output of this network");
    let mut row = OutputRow {
        entries: theirs.len(),
        wrong: 0,
        worst: None,
    };
    let mut furthest = 0.0_f64;
    let entries = values(theirs)
        .iter()
        .zip(values(&ours))
        .zip(values(&spread));
    for (index, ((value, expected), spread)) in entries.enumerate() {
        let own = Estimate {
            value: *expected,
            error: SAFETY * spread,
        };
        let other = Estimate {
            value: *value,
            error: SAFETY_OTHER_ORDER * spread,
        };
        // Both overflow, or both are no number: there is nothing to tell apart.
        let is_same =
            value.to_bits() == expected.to_bits() || (value.is_nan() && expected.is_nan());
        if is_same || within(own, other) {
            continue;
        }
        row.wrong += 1;
        let bound = own.error + other.error;
        let ratio = (value - expected).abs() / bound;
        let ratio = if ratio.is_nan() { f64::INFINITY } else { ratio };
        if row.worst.is_none() || ratio > furthest {
            furthest = ratio;
            let index: Vec<String> = unflatten(index, theirs.shape())
                .iter()
                .map(ToString::to_string)
                .collect();
            row.worst = Some(OutputEntry {
                name: format!("output[{}]", index.join(",")),
                value: Number(*value),
                expected: Number(*expected),
                bound: Number(bound),
            });
        }
    }
    row
}
