//! What is wrong with a network file, and where.

use std::ops::Range;

use thiserror::Error;

/// What is wrong with a network file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}{}: {message}", in_path(.path))]
pub struct SpecError {
    /// Line, from 1.
    pub line: usize,
    /// Column, in characters, from 1.
    pub column: usize,
    /// The key, such as `layers[3].kernel`, counted from 0; empty when the text is no TOML.
    pub path: String,
    /// What is wrong, what was expected, and the way out.
    pub message: String,
}

fn in_path(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(", {path}")
    }
}

impl SpecError {
    /// An error at the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: &Range<usize>, path: &str, message: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            path: path.to_owned(),
            message,
        }
    }
}
