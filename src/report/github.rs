//! Reports as annotations of GitHub Actions: commands on standard output that a workflow's page shows.

use super::Outcome;
use super::cases::{Cases, State};

/// Annotations beside that of the answer: GitHub shows ten of a step.
const MOST: usize = 10;

/// The answer, and then the wrong cases and those that could not be judged, ten at most.
#[must_use]
pub fn render<R: ?Sized>(report: &R) -> String
where
    for<'a> Cases: From<&'a R>,
{
    let cases = Cases::from(report);
    let level = match cases.outcome {
        Outcome::Right => "notice",
        Outcome::Wrong => "error",
        Outcome::Unjudged => "warning",
    };
    let mut answer = cases.sentence.clone();
    if let Some(replay) = &cases.replay {
        answer += &format!("\nReplay: {replay}");
    }
    let mut text = annotation(level, &cases.title, &answer);
    let failed = cases.in_state(State::Failed).map(|case| ("error", case));
    let open = cases.in_state(State::Open).map(|case| ("warning", case));
    for (level, (suite, case)) in failed.chain(open).take(MOST) {
        let title = format!("{suite}: {}", case.name);
        text += &annotation(level, &title, &case.text());
    }
    text
}

fn annotation(level: &str, title: &str, message: &str) -> String {
    format!("::{level} title={}::{}\n", property(title), data(message))
}

/// A message: what would end the command, or start an escape, is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The same of a property, which ends at a colon or comma as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(
            annotation("error", "a: b, 100 %", "x: y,\r\nz %0A"),
            "::error title=a%3A b%2C 100 %25::x: y,%0D%0Az %250A\n"
        );
    }
}
