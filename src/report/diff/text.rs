//! Two reports held against each other, as text.

use crate::report::text::{Look, Tone, Verbosity};

use super::{DiffReport, Trend};

/// The whole report: what is not the same about the checks comes first.
#[must_use]
pub fn render(report: &DiffReport, look: Look) -> String {
    let mut lines = Vec::new();
    let (old, new) = (&report.old, &report.new);
    if look.verbosity >= Verbosity::Usual {
        let title = match old.title == new.title {
            true => format!("gradproof diff · {}", new.title),
            false => format!("gradproof diff · {} · {}", old.title, new.title),
        };
        lines.push(look.paint(Tone::Title, &look.fit(&title)));
        lines.push(String::new());
        if !report.setup.is_empty() {
            let title = "Not the same check; what differs below may come of that:";
            lines.push(look.paint(Tone::Open, &look.fit(title)));
            for change in &report.setup {
                let change = format!("    {}: {} → {}", change.what, change.old, change.new);
                lines.push(look.beside(4, &change));
            }
            lines.push(String::new());
        }
        lines.push(look.fit(&format!("Old: {}", old.sentence)));
        lines.push(look.fit(&format!("New: {}", new.sentence)));
        lines.push(String::new());
        for case in &report.cases {
            let words = format!(
                "{}: {} ({}): {}",
                case.trend.words(),
                case.name,
                case.suite,
                case.summary()
            );
            lines.push(look.lead(tone(case.trend), &look.fit(&words)));
            let own = case.lines();
            lines.extend(
                own.iter()
                    .map(|line| look.beside(4, &format!("    {line}"))),
            );
        }
        if !report.cases.is_empty() {
            lines.push(String::new());
        }
    }
    if look.verbosity >= Verbosity::Quiet {
        lines.push(look.paint(tone(report.trend), &look.fit(&report.sentence)));
    }
    if let Some(replay) = &new.replay
        && look.verbosity >= Verbosity::Usual
    {
        lines.push(String::new());
        lines.push(format!("Replay: {replay}"));
    }
    look.ascii(&(lines.join("\n") + "\n"))
}

fn tone(trend: Trend) -> Tone {
    match trend {
        Trend::Worse | Trend::Mixed => Tone::Bad,
        Trend::Better => Tone::Good,
        Trend::Changed => Tone::Open,
        Trend::Same => Tone::Faint,
    }
}
