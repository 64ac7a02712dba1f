//! Op-cases that other programs dump: how they are read, and what is said of them.

mod attributes;
mod bad;
mod damage;
mod goldens;
mod requests;

use gradproof::check::verify;
use gradproof::interchange::{Entry, OpCase};
use gradproof::report::verify::CaseRow;

/// What is said of a case.
fn judged(case: &OpCase) -> CaseRow {
    let entry = Entry {
        line: None,
        case: Ok(case.clone()),
    };
    verify("cases.json", 0, &entry)
}

/// The case that `text` holds.
#[track_caller]
fn case(text: &str) -> OpCase {
    match OpCase::from_json(text) {
        Ok(case) => case,
        Err(error) => panic!("{error}: {text}"),
    }
}
