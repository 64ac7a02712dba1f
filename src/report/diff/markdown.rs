//! Two reports held against each other, as a comment on a pull request.

use crate::report::Outcome;
use crate::report::markdown::escape::{code, fenced, row, words};
use crate::report::markdown::{Page, details};

use super::{CaseDiff, DiffReport, Trend};

/// Cases that are told whole.
const MOST_TOLD: usize = 10;

/// The whole report: what is not the same about the checks comes first.
#[must_use]
pub fn render(report: &DiffReport) -> String {
    let mark = match report.trend {
        Trend::Worse | Trend::Mixed => Outcome::Wrong,
        Trend::Better | Trend::Same | Trend::Changed => Outcome::Right,
    };
    let title = format!("{}: what changed", report.new.title);
    let mut page = Page::titled(mark, &title, &report.sentence);
    let changes: Vec<String> = report
        .setup
        .iter()
        .map(|change| row(&[words(&change.what), code(&change.old), code(&change.new)]))
        .collect();
    page.table(
        "Not the same check; what differs below may come of that:",
        &["", "old", "new"],
        &changes,
    );
    let state = |side: &Option<super::CaseSide>| match side {
        Some(side) => side.state.words(),
        None => "—",
    };
    let rows: Vec<String> = report
        .cases
        .iter()
        .map(|case| {
            row(&[
                code(&case.name),
                words(&case.suite),
                match case.trend {
                    Trend::Worse | Trend::Mixed => format!("**{}**", case.trend.words()),
                    trend => trend.words().to_owned(),
                },
                state(&case.old).to_owned(),
                state(&case.new).to_owned(),
            ])
        })
        .collect();
    page.table("", &["", "of", "", "old", "new"], &rows);
    for case in report.cases.iter().take(MOST_TOLD) {
        page.block(told(case));
    }
    let sentences = format!(
        "- Old: {}\n- New: {}\n",
        words(&report.old.sentence),
        words(&report.new.sentence)
    );
    page.block(details("Both answers", &sentences));
    if let Some(replay) = &report.new.replay {
        page.block(format!("Replay:\n\n{}", fenced("sh", replay)));
    }
    page.text()
}

fn told(case: &CaseDiff) -> String {
    let lines = case
        .lines()
        .iter()
        .map(|line| format!("- {}\n", words(line)))
        .collect::<String>();
    details(&format!("{}: {}", case.name, case.summary()), &lines)
}
