//! What the page of a list of cases fills in.

use serde::Serialize;

use crate::report::Outcome;
use crate::report::cases::{Cases, State};

use super::super::charts::PartCharts;
use super::{CurveView, verdict};

/// The page.
#[derive(Debug, Serialize)]
pub(in crate::report::html) struct CasesPage {
    outcome: Outcome,
    verdict: &'static str,
    title: String,
    sentence: String,
    facts: Vec<(&'static str, String)>,
    control: &'static str,
    replay: Option<String>,
    cases: Vec<CaseView>,
    /// Curves over steps, of a sweep.
    parts: Vec<Curves>,
}

/// What the template of curves looks for.
#[derive(Debug, Serialize)]
struct Curves {
    number: usize,
    curves: Vec<CurveView>,
}

/// One case.
#[derive(Debug, Serialize)]
struct CaseView {
    order: usize,
    suite: String,
    name: String,
    state: &'static str,
    state_words: &'static str,
    state_order: u8,
    summary: String,
    details: String,
    is_open: bool,
}

impl CasesPage {
    /// That of `cases`, with what is drawn of them.
    pub(in crate::report::html) fn of(cases: &Cases, charts: &[PartCharts]) -> Self {
        let suites = cases.suites.iter();
        let all = suites.flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
        let mut views: Vec<CaseView> = all
            .enumerate()
            .map(|(order, (suite, case))| {
                let (state_order, state) = match case.state {
                    State::Failed => (0, "wrong"),
                    State::Open => (1, "open"),
                    State::Skipped => (2, "unseen"),
                    State::Passed => (3, "right"),
                };
                CaseView {
                    order,
                    suite: suite.name.clone(),
                    name: case.name.clone(),
                    state,
                    state_words: case.state.words(),
                    state_order,
                    summary: case.summary.clone(),
                    details: case.details.clone(),
                    is_open: false,
                }
            })
            .collect();
        views.sort_by_key(|case| (case.state_order, case.order));
        if let Some(first) = views.first_mut() {
            first.is_open = first.state == "wrong";
        }
        Self {
            outcome: cases.outcome,
            verdict: verdict(cases.outcome),
            title: cases.title.clone(),
            sentence: cases.sentence.clone(),
            facts: vec![("Asked", cases.title.clone())],
            control: "Whoever runs this line gets the same report:",
            replay: cases.replay.clone(),
            cases: views,
            parts: charts
                .iter()
                .enumerate()
                .map(|(number, charts)| Curves {
                    number,
                    curves: CurveView::all(charts),
                })
                .collect(),
        }
    }
}
