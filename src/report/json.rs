//! The report as JSON.

use super::Report;

/// The whole report, indented, with a final newline.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has string keys only");
    text.push('\n');
    text
}
