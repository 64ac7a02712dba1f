//! What the page of a function, a layer or a model fills in.

use serde::Serialize;

use crate::report::Outcome;
use crate::report::claim::{ClaimArray, ClaimReport, ClaimRow};

use super::findings::{Tile, tiles};
use super::verdict;
use super::words::shape;

/// The page.
#[derive(Debug, Serialize)]
pub(in crate::report::html) struct ClaimPage {
    outcome: Outcome,
    verdict: &'static str,
    sentence: String,
    title: String,
    facts: Vec<(&'static str, String)>,
    reference: String,
    control: &'static str,
    replay: String,
    tiles: Vec<Tile>,
    faults: Vec<(&'static str, String)>,
    lists: Vec<List>,
    arrays: Vec<ArrayView>,
}

/// Single coordinates.
#[derive(Debug, Serialize)]
struct List {
    title: &'static str,
    rows: Vec<(String, String, String)>,
}

/// One array.
#[derive(Debug, Serialize)]
struct ArrayView {
    order: usize,
    name: String,
    shape: String,
    state: &'static str,
    state_order: u8,
    checked: usize,
    agree: usize,
    wrong: usize,
    open: usize,
}

impl ClaimPage {
    /// That of `report`.
    pub(in crate::report::html) fn of(report: &ClaimReport) -> Self {
        let lists = [
            ("What speaks against it, worst first", &report.worst),
            ("What could not be judged", &report.unresolved),
        ];
        let lists = lists.into_iter().filter(|(_, rows)| !rows.is_empty());
        let mut arrays: Vec<ArrayView> = report
            .arrays
            .iter()
            .enumerate()
            .map(ArrayView::of)
            .collect();
        arrays.sort_by_key(|array| (array.state_order, array.order));
        let mut faults = Vec::new();
        faults.extend(report.blame.iter().map(|blame| ("Who", blame.clone())));
        faults.extend(report.place().map(|place| ("Where", place)));
        faults.extend(report.kinds.iter().map(|kind| ("What", kind.clone())));
        Self {
            outcome: report.outcome,
            verdict: verdict(report.outcome),
            sentence: report.sentence.clone(),
            title: "gradproof".to_owned(),
            facts: vec![
                ("Checked", report.what.clone()),
                ("Held against", report.reference.clone()),
            ],
            reference: report.reference.clone(),
            control: "",
            replay: report.repeat.clone(),
            tiles: tiles(&report.counts),
            faults,
            lists: lists
                .map(|(title, rows)| List {
                    title,
                    rows: rows.iter().map(row).collect(),
                })
                .collect(),
            arrays,
        }
    }
}

impl ArrayView {
    fn of((order, array): (usize, &ClaimArray)) -> Self {
        let counts = array.counts;
        let (state_order, state) = if counts.wrong() > 0 {
            (0, "wrong")
        } else if counts.unresolved > 0 {
            (1, "open")
        } else {
            (2, "right")
        };
        Self {
            order,
            name: array.name.clone(),
            shape: shape(&array.shape),
            state,
            state_order,
            checked: counts.all(),
            agree: counts.agree + counts.at_kink_inside,
            wrong: counts.wrong(),
            open: counts.unresolved,
        }
    }
}

fn row(row: &ClaimRow) -> (String, String, String) {
    (
        row.coordinate.clone(),
        format!("{:e}", row.claimed.0),
        row.said.clone(),
    )
}
