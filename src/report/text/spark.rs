//! The error over the layers, as a line of bars: a tensor each, in the network's order.

use crate::report::{Part, TensorRow};

use super::look::{Look, Tone, columns};

/// From the smallest error to the largest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Where there is only ASCII.
const DIGITS: [char; 8] = ['1', '2', '3', '4', '5', '6', '7', '8'];

/// Up to which gap/bound each bar goes; the last has no end. The fifth ends at the bound.
const RATIOS: [f64; 7] = [0.01, 0.03, 0.1, 0.3, 1.0, 1e3, 1e6];

/// The last bar within the bound.
const WITHIN: usize = 4;

/// Decimal digits that one bar is.
const DIGITS_PER_BAR: f64 = 2.0;

/// With fewer tensors there is nothing to see that the table does not show.
const FEWEST: usize = 3;

/// One bar for each tensor, and what the bars mean.
pub(super) fn spark(part: &Part, look: Look) -> String {
    let (Some(first), Some(last)) = (part.tensors.first(), part.tensors.last()) else {
        return String::new();
    };
    if part.tensors.len() < FEWEST {
        return String::new();
    }
    let bars = if look.is_unicode { BARS } else { DIGITS };
    // A digit beside a number needs more than a space.
    let is = if look.is_unicode { " " } else { " = " };
    let mut rows = vec![(
        "gap/bound".to_owned(),
        levels(part, look, ratio),
        format!(
            "{}{is}0.01 or less, {}{is}up to 1: the bound, {}{}{}{is}beyond",
            bars[0], bars[WITHIN], bars[5], bars[6], bars[7]
        ),
    )];
    let of_digits = format!(
        "{}{is}14 digits or more match, {}{is}fewer than 2",
        bars[0], bars[7]
    );
    let references = part.references();
    for (position, reference) in references.iter().enumerate() {
        let note = match position {
            0 => of_digits.clone(),
            _ => String::new(),
        };
        let of = |row: &TensorRow| digits(row, position);
        rows.push((format!("digits: {reference}"), levels(part, look, of), note));
    }
    let name = rows.iter().map(|row| columns(&row.0)).max().unwrap_or(0);
    let title = format!(
        "Error over the layers, from {} to {}, at the worst weight of each tensor:",
        first.name, last.name
    );
    let mut lines = vec![look.wrapped(&title)];
    for (what, levels, note) in rows {
        let shown = levels.iter().map(|level| match level {
            None => " ".to_owned(),
            Some(level) if *level > WITHIN && what == "gap/bound" => {
                look.paint(Tone::Bad, &bars[*level].to_string())
            }
            Some(level) => bars[*level].to_string(),
        });
        let shown: String = shown.collect();
        let mut line = format!(" {what:<name$}   {shown}");
        let taken = 1 + name + 3 + levels.len();
        if note.is_empty() {
        } else if look
            .window
            .is_none_or(|window| taken + 3 + columns(&note) <= window)
        {
            line += &format!("   {note}");
        } else {
            line += &format!("\n     {}", look.hanging(&note));
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// The bar of each tensor, or of a few neighbours together where there is no room: the worst of them.
fn levels(part: &Part, look: Look, of: impl Fn(&TensorRow) -> Option<usize>) -> Vec<Option<usize>> {
    // Beside the names.
    let room = look.width().saturating_sub(24).max(1);
    let together = part.tensors.len().div_ceil(room);
    let groups = part.tensors.chunks(together);
    groups
        .map(|rows| rows.iter().filter_map(&of).max())
        .collect()
}

fn ratio(row: &TensorRow) -> Option<usize> {
    if row.counts.invalid > 0 {
        return Some(BARS.len() - 1);
    }
    let ratio = row.closest.as_ref()?.ratio.0;
    let bar = RATIOS.iter().position(|end| ratio <= *end);
    Some(bar.unwrap_or(BARS.len() - 1))
}

/// Of the digits that match against one reference.
fn digits(row: &TensorRow, position: usize) -> Option<usize> {
    let digits = row.against.get(position)?.metrics.fewest_digits?;
    // A negative number of digits is none, and NaN too.
    let bars = (digits.max(0.0) / DIGITS_PER_BAR).floor() as usize;
    Some((BARS.len() - 1).saturating_sub(bars))
}
