//! A failed check as the message of a failed assertion: the replay token first, then the ten worst
//! coordinates, then counts, blame, place and kind.

use crate::interchange::own_name;
use crate::judge::Side;
use crate::judge::metrics::{MOST_DIGITS, matching_digits};

use super::numbers::bounded;
use super::words::{counted, grouped, listed};
use super::{CoordinateRow, Counts, OutputRow, Part, Report};

/// Rows that are shown.
const MOST_ROWS: usize = 10;

/// The whole message.
#[must_use]
pub fn render(report: &Report) -> String {
    format!("{}\n{}", report.replay, body(report))
}

/// The same without the token.
#[must_use]
pub fn body(report: &Report) -> String {
    body_in(report, Names::Ours)
}

/// The same of somebody's `operator`, in the names that they know: `x` and `weight`; and of a loss or
/// network, when none is named.
#[must_use]
pub fn body_of(report: &Report, operator: Option<&str>) -> String {
    body_in(report, Names::Theirs(operator))
}

fn body_in(report: &Report, names: Names<'_>) -> String {
    let mut blocks = Vec::new();
    for part in &report.parts {
        blocks.extend(part.output.as_ref().and_then(output));
        blocks.push(worst(part, names));
        blocks.push(counts(part, names));
        blocks.extend(
            fault(part)
                .iter()
                .map(|sentence| names.in_sentence(sentence)),
        );
    }
    blocks.push(names.in_sentence(&report.sentence));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

/// What things are called.
#[derive(Clone, Copy)]
enum Names<'a> {
    /// As in reports.
    Ours,
    /// As in requests to somebody's operator, if it is one.
    Theirs(Option<&'a str>),
}

impl Names<'_> {
    /// A tensor or coordinate.
    fn of(self, name: &str) -> String {
        let Self::Theirs(operator) = self else {
            return name.to_owned();
        };
        let own = operator.map_or(name, |operator| own_name(name, operator));
        match own.strip_prefix("input") {
            Some(rest) if rest.is_empty() || rest.starts_with('[') => format!("x{rest}"),
            _ => own.to_owned(),
        }
    }

    /// Our `backprop` is their gradient, and of one operator the parameters carry no name but their own.
    fn in_sentence(self, sentence: &str) -> String {
        let Self::Theirs(operator) = self else {
            return sentence.to_owned();
        };
        let word = |word: &str| {
            if let Some(rest) = word.strip_prefix("backprop") {
                return format!("your gradient{rest}");
            }
            let own = operator.map_or(word, |operator| own_name(word, operator));
            own.to_owned()
        };
        let words: Vec<String> = sentence.split(' ').map(word).collect();
        words.join(" ")
    }
}

/// Somebody's output, when it is wrong.
fn output(row: &OutputRow) -> Option<String> {
    let worst = row.worst.as_ref()?;
    Some(format!(
        "Output: {} of {} differ; furthest off is {} = {}, which should be {} ± {}",
        grouped(row.wrong),
        counted(row.entries, "entry").replace("entrys", "entries"),
        worst.name,
        worst.value.0,
        worst.expected.0,
        bounded(worst.bound)
    ))
}

/// The coordinates that speak against the gradient.
fn worst(part: &Part, names: Names<'_>) -> String {
    let outside: Vec<Vec<String>> = part
        .kinks
        .iter()
        .filter(|kink| kink.side == Side::Outside)
        .map(|kink| {
            vec![
                names.of(&kink.coordinate),
                format!(
                    "{:.6e} is outside of the slopes {:.6e} and {:.6e} at a kink",
                    kink.value.0, kink.left.0, kink.right.0
                ),
            ]
        })
        .collect();
    let mut rows = Vec::new();
    if let Some(first) = part.worst.first() {
        let mut head = vec!["worst first".to_owned()];
        head.extend(
            first
                .values
                .iter()
                .enumerate()
                .map(|(place, value)| match place {
                    0 => "under test".to_owned(),
                    _ => value.source.to_string(),
                }),
        );
        rows.push(head);
    }
    rows.extend(part.worst.iter().map(|row| worst_row(row, names)));
    rows.extend(outside);
    rows.truncate(MOST_ROWS + 1);
    columns(&rows)
}

fn worst_row(row: &CoordinateRow, names: Names<'_>) -> Vec<String> {
    let own = row.values.first().map_or(0.0, |value| value.value.0);
    let others = row.values.iter().map(|value| value.value.0);
    let digits = telling_digits(own, others);
    let values = row.values.iter().map(|value| {
        let mark = if value.disagrees { "≠ " } else { "" };
        format!(
            "{mark}{:.digits$e} ± {}",
            value.value.0,
            bounded(value.error)
        )
    });
    std::iter::once(names.of(&row.coordinate))
        .chain(values)
        .collect()
}

/// Digits behind the point that show where `own` differs from `others`, and two more.
pub(super) fn telling_digits(own: f64, others: impl Iterator<Item = f64>) -> usize {
    let matching = others.map(|theirs| matching_digits(own, theirs));
    let most = matching
        .filter(|digits| *digits < MOST_DIGITS)
        .fold(0.0, f64::max);
    (most.ceil() as usize + 2).clamp(4, 16)
}

/// How many derivatives got which verdict, and in which tensors.
fn counts(part: &Part, names: Names<'_>) -> String {
    let rows: Vec<(String, Counts)> = part
        .tensors
        .iter()
        .map(|row| (names.of(&row.name), row.counts))
        .collect();
    counted_verdicts(&rows)
}

/// "5 of 12 derivatives differ, in weight (4 of 9) and bias (1 of 3); 7 agree".
pub(super) fn counted_verdicts(tensors: &[(String, Counts)]) -> String {
    let total = Counts::total(tensors.iter().map(|(_, counts)| counts));
    let wrong: Vec<String> = tensors
        .iter()
        .filter(|(_, counts)| counts.wrong() > 0)
        .map(|(name, counts)| {
            format!(
                "{name} ({} of {})",
                grouped(counts.wrong()),
                grouped(counts.all())
            )
        })
        .collect();
    let place = if wrong.is_empty() {
        String::new()
    } else {
        format!(", in {}", listed(&wrong))
    };
    let others = [
        (total.agree, "agree"),
        (total.at_kink_inside, "at a kink, between the slopes"),
        (total.at_kink_outside, "at a kink, outside of the slopes"),
        (total.invalid, "not a number"),
        (total.unresolved, "unresolved"),
        (total.unobservable, "unseen"),
    ];
    let others: Vec<String> = others
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", grouped(count)))
        .collect();
    let rest = if others.is_empty() {
        String::new()
    } else {
        format!("; {}", others.join(", "))
    };
    format!(
        "Counts: {} of {} differ{place}{rest}",
        grouped(total.wrong()),
        counted(total.all(), "derivative"),
    )
}

/// Blame, place and kind.
pub(super) fn fault(part: &Part) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(blame) = &part.blame {
        lines.push(format!("Who: {}", blame.sentence()));
    }
    if !part.forward.is_empty() {
        lines.push(format!(
            "Where: the forward pass differs in {}.",
            listed(&part.forward)
        ));
    }
    if let Some(place) = &part.place {
        lines.push(format!("Where: {}", place.sentence()));
    }
    for row in &part.diagnoses {
        lines.push(format!("What: {}", row.diagnosis.sentence));
    }
    lines
}

/// Rows under each other.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        // The last cell of a row may be a sentence.
        let cells = rows.iter().filter(|row| column + 1 < row.len());
        cells.map(|row| row[column].chars().count()).max()
    };
    let widths: Vec<usize> = (0..count)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut line = String::from("  ");
            for (cell, width) in row.iter().zip(&widths) {
                line += cell;
                let missing = (width + 3).saturating_sub(cell.chars().count());
                line.extend(std::iter::repeat_n(' ', missing));
            }
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_under_each_other() {
        let rows = [["a", "b", "c"], ["long", "é", "d"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "  a      b   c\n  long   é   d");
        assert_eq!(columns(&[]), "");
    }

    #[test]
    fn what_is_theirs_has_their_names() {
        let names = Names::Theirs(Some("conv2d"));
        for (ours, theirs) in [
            ("conv2d.weight[0,1]", "weight[0,1]"),
            ("input[2]", "x[2]"),
            ("input", "x"),
        ] {
            assert_eq!(names.of(ours), theirs);
            assert_eq!(Names::Ours.of(ours), ours);
        }
        let sentence = "No: backprop's gradient of conv2d.weight is wrong in conv2d. Look there.";
        assert_eq!(
            names.in_sentence(sentence),
            "No: your gradient's gradient of weight is wrong in conv2d. Look there."
        );
        let of_network = "in conv2d.weight";
        assert_eq!(Names::Theirs(None).in_sentence(of_network), of_network);
    }

    #[test]
    fn verdicts_are_counted_by_tensor() {
        let right = Counts {
            agree: 7,
            ..Counts::default()
        };
        let wrong = Counts {
            agree: 1,
            disagree: 1,
            invalid: 1,
            ..Counts::default()
        };
        assert_eq!(
            counted_verdicts(&[("x".to_owned(), right), ("w".to_owned(), wrong)]),
            "Counts: 2 of 10 derivatives differ, in w (2 of 3); 8 agree, 1 not a number"
        );
    }
}
