//! Two reports held against each other, as text.

use super::DiffReport;

/// The whole report: what is not the same about the checks comes first.
#[must_use]
pub fn render(report: &DiffReport) -> String {
    let mut lines = Vec::new();
    let (old, new) = (&report.old, &report.new);
    lines.push(match old.title == new.title {
        true => format!("gradproof diff · {}", new.title),
        false => format!("gradproof diff · {} · {}", old.title, new.title),
    });
    lines.push(String::new());
    if !report.setup.is_empty() {
        lines.push("Not the same check; what differs below may come of that:".to_owned());
        for change in &report.setup {
            lines.push(format!(
                "    {}: {} → {}",
                change.what, change.old, change.new
            ));
        }
        lines.push(String::new());
    }
    lines.push(format!("Old: {}", old.sentence));
    lines.push(format!("New: {}", new.sentence));
    lines.push(String::new());
    for case in &report.cases {
        lines.push(format!(
            "{}: {} ({}): {}",
            case.trend.words(),
            case.name,
            case.suite,
            case.summary()
        ));
        lines.extend(case.lines().iter().map(|line| format!("    {line}")));
    }
    if !report.cases.is_empty() {
        lines.push(String::new());
    }
    lines.push(report.sentence.clone());
    if let Some(replay) = &new.replay {
        lines.push(String::new());
        lines.push(format!("Replay: {replay}"));
    }
    lines.join("\n") + "\n"
}
