//! Reports as JSON.

use serde::Serialize;

/// The whole report, indented, with a final newline.
///
/// # Panics
/// For maps whose keys are no strings, which no report has.
#[must_use]
pub fn render<R: Serialize + ?Sized>(report: &R) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has string keys only");
    text.push('\n');
    text
}
