//! Reports as Markdown that fits a comment on GitHub, or the summary of a step.

mod check;
pub(super) mod escape;

use super::cases::{Case, Cases, State};
use super::words::grouped;
use super::{Outcome, Report};

use escape::{code, fenced, row, words};

/// A comment on GitHub has at most 65,536 characters; bytes are counted here, which are no fewer.
pub const MOST_BYTES: usize = 65_000;

/// Rows of a table.
const MOST_ROWS: usize = 100;

/// Cases that are told whole.
const MOST_TOLD: usize = 10;

/// A check: the answer, the tensors, what is wrong with them, and details that unfold.
#[must_use]
pub fn render(report: &Report) -> String {
    let cases = Cases::from(report);
    let mut page = Page::new(&cases);
    check::blocks(report, &mut page);
    page.text()
}

/// A report of any kind: the answer, and the cases that are not right.
#[must_use]
pub fn render_cases<R: ?Sized>(report: &R) -> String
where
    for<'a> Cases: From<&'a R>,
{
    let cases = Cases::from(report);
    let mut page = Page::new(&cases);
    let mut rows = Vec::new();
    for suite in &cases.suites {
        let count = |state| {
            suite
                .cases
                .iter()
                .filter(|case| case.state == state)
                .count()
        };
        rows.push(row(&[
            code(&suite.name),
            grouped(count(State::Passed)),
            grouped(count(State::Failed)),
            grouped(count(State::Open)),
            grouped(count(State::Skipped)),
        ]));
    }
    page.table("", &["", "right", "wrong", "not judged", "unseen"], &rows);
    let failed = cases.in_state(State::Failed);
    let told = failed.chain(cases.in_state(State::Open));
    for (_, case) in told.take(MOST_TOLD) {
        page.block(unfolding(case));
    }
    page.text()
}

/// A case that unfolds.
fn unfolding(case: &Case) -> String {
    details(
        &format!("{}: {}", case.name, case.summary),
        &match case.details.as_str() {
            "" => String::new(),
            text => fenced("text", text),
        },
    )
}

/// A block that unfolds.
pub(super) fn details(summary: &str, content: &str) -> String {
    format!(
        "<details><summary>{}</summary>\n\n{content}\n</details>\n",
        escape::html(summary)
    )
}

/// Blocks that fit.
pub(super) struct Page {
    blocks: Vec<String>,
    left: usize,
    is_cut: bool,
}

impl Page {
    /// The answer, and what repeats it: these are always there.
    fn new(cases: &Cases) -> Self {
        let mut page = Self {
            blocks: Vec::new(),
            // For the words that more would be said.
            left: MOST_BYTES - 200,
            is_cut: false,
        };
        page.block(heading(cases.outcome, &cases.title));
        let sentence = escape::shortened(&words(&cases.sentence), 10_000);
        page.block(format!("{sentence}\n"));
        if let Some(replay) = &cases.replay {
            page.block(format!("Replay:\n\n{}", fenced("sh", replay)));
        }
        page
    }

    /// The page that starts with this heading and sentence.
    pub(super) fn titled(outcome: Outcome, title: &str, sentence: &str) -> Self {
        Self::new(&Cases {
            title: title.to_owned(),
            sentence: sentence.to_owned(),
            outcome,
            replay: None,
            suites: Vec::new(),
        })
    }

    /// A block, if there is room.
    pub(super) fn block(&mut self, block: String) {
        if block.is_empty() {
            return;
        }
        if block.len() < self.left {
            self.left -= block.len() + 1;
            self.blocks.push(block);
        } else {
            self.is_cut = true;
        }
    }

    /// A table of as many rows as there is room for.
    pub(super) fn table(&mut self, title: &str, header: &[&str], rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        let mut text = String::new();
        if !title.is_empty() {
            text += &format!("{title}\n\n");
        }
        let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
        text += &row(&header);
        // Names to the left, numbers to the right.
        let rule: Vec<String> = (0..header.len())
            .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
            .collect();
        text += &row(&rule);
        let mut shown = 0;
        for row in rows.iter().take(MOST_ROWS) {
            if text.len() + row.len() + 100 > self.left {
                break;
            }
            text += row;
            shown += 1;
        }
        if shown < rows.len() {
            let more = grouped(rows.len() - shown);
            text += &format!("\n… and {more} more; the report as JSON has all of them.\n");
        }
        self.block(text);
    }

    /// All of it.
    pub(super) fn text(mut self) -> String {
        if self.is_cut {
            self.blocks.push(
                "There is more than fits here; the report as JSON has all of it.\n".to_owned(),
            );
        }
        self.blocks.join("\n")
    }
}

fn heading(outcome: Outcome, title: &str) -> String {
    let mark = match outcome {
        Outcome::Right => "✅",
        Outcome::Wrong => "❌",
        Outcome::Unjudged => "⚠️",
    };
    format!("### {mark} {}\n", words(title))
}
