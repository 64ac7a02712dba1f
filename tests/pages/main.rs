//! Reports as pages: what stands in them. That they work in a browser, `tests/browser` holds.

mod content;
mod library;
