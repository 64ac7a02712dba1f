//! What a report says in sentences: kinks, double-double, what cannot be seen.

use crate::spec::case::Precision;

use super::super::words::{counted, grouped, listed};
use super::super::{CrossedRow, ExtendedRow, KinkRow, Number, Part, PassesRow, Reason};
use super::{Look, Tone, plain, repeat, short, six};

/// What lies under the steps of central differences, and how crossed kinks explain what they give.
pub(super) fn crossed(part: &Part, look: Look) -> String {
    let steps = part.steps_in_words();
    if steps.is_empty() {
        return steps;
    }
    let mut text = look.wrapped(&steps);
    if let Some(passes) = part.passes.as_ref().filter(|_| look.is_verbose()) {
        text += "\n";
        text += &look.wrapped(&passes_in_words(passes));
    }
    for row in &part.crossed {
        text += "\n";
        text += &crossed_row(row, look);
    }
    text
}

/// By which way the perturbed objectives were computed.
fn passes_in_words(passes: &PassesRow) -> String {
    let mut words = match (passes.changes, passes.whole) {
        (_, 0) => "At their ends only what the step changes was computed again".to_owned(),
        (0, _) => "At their ends all layers behind the weight were computed again".to_owned(),
        (changes, whole) => format!(
            "At their ends only what the step changes was computed again for {}, and all layers behind the weight for {}",
            counted(changes, "weight"),
            grouped(whole),
        ),
    };
    if passes.changes > 0 && !passes.whole_layers.is_empty() {
        words += &format!(" ({} as a whole)", listed(&passes.whole_layers));
    }
    words + "."
}

fn crossed_row(row: &CrossedRow, look: Look) -> String {
    let gap = row.central.0 - row.value.0;
    let mut text = look.wrapped(&format!(
        "{}: the gradient is {}, central differences of step {} say {}, which matches to {:.1} digits. {} between the ends of the step; to first order they move the difference by {} of the {} that it is off:",
        row.coordinate,
        six(row.value),
        plain(row.step.0),
        six(row.central),
        row.digits,
        match (row.count, row.are_more) {
            (1, false) => "One kink lies".to_owned(),
            (count, false) => format!("{} lie", counted(count, "kink")),
            (count, true) => format!("The nearest {} of more lie", counted(count, "kink")),
        },
        signed(row.explained),
        signed(Number(gap)),
    ));
    for switch in &row.switches {
        text += "\n    ";
        text += &look.hanging(&format!(
            "{} switches {} away, where the slope changes by {}: {}",
            switch.unit,
            signed(switch.at),
            signed(switch.slope_change),
            signed(switch.share),
        ));
    }
    let rest = row.count - row.switches.len();
    if rest > 0 {
        text += &format!("\n    and {} more", grouped(rest));
    }
    text
}

/// Points without derivative.
pub(super) fn kinks(part: &Part, look: Look) -> String {
    if part.kinks.is_empty() {
        return String::new();
    }
    let total: usize = part
        .tensors
        .iter()
        .map(|row| row.counts.at_kink_inside + row.counts.at_kink_outside)
        .sum();
    let mut text = look.wrapped(&format!(
        "At {} there is no derivative: the slope is another one on either side, and the gradient has to lie between both{}.",
        counted(total, "weight"),
        if total > part.kinks.len() {
            format!(" ({} of them are shown)", part.kinks.len())
        } else {
            String::new()
        },
    ));
    for row in &part.kinks {
        text += "\n    ";
        text += &kink_row(row, look);
    }
    text
}

fn kink_row(row: &KinkRow, look: Look) -> String {
    let place = match row.side {
        crate::judge::Side::Inside => "inside",
        crate::judge::Side::Outside => "OUTSIDE",
    };
    let units = match row.units.len() {
        0 => String::new(),
        1 => format!("; {} is exactly at its kink", row.units[0]),
        _ => format!("; {} are exactly at their kinks", listed(&row.units)),
    };
    let row = format!(
        "{}: slopes {} and {}, gradient {}: {place}; it follows {}{units}",
        row.coordinate,
        six(row.left),
        six(row.right),
        six(row.value),
        row.convention
    );
    look.hanging(&row)
}

/// Whose fault it is, where, what it looks like, and what the gaps do.
pub(super) fn fault(part: &Part, look: Look) -> String {
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
    // One is enough to see; the others say the same of other weights.
    let laws = if look.is_verbose() {
        part.laws.len()
    } else {
        1
    };
    for row in part.laws.iter().take(laws) {
        lines.push(format!("Over the steps: {}", row.sentence));
    }
    let titled = lines
        .iter()
        .map(|line| look.lead(Tone::Title, &look.hanging(line)));
    titled
        .chain(explained(part, look))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What tells more of the kinds that were found, once for each.
fn explained(part: &Part, look: Look) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for row in &part.diagnoses {
        let kinds = row.diagnosis.kind.iter().chain(&row.diagnosis.also);
        for word in kinds.map(|kind| kind.word()) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    let lines = words
        .iter()
        .map(|word| repeat("Explained", "explain", word, look));
    (!words.is_empty()).then(|| lines.collect::<Vec<_>>().join("\n"))
}

/// Derivatives in double-double.
pub(super) fn extended(part: &Part, precision: Precision, look: Look) -> String {
    // Beside a wrong derivative it is of no interest how right another one is.
    let is_wrong = part.counts().wrong() > 0 && !look.is_verbose();
    let rows = part.extended.iter();
    let rows = rows.filter(|row| !is_wrong || row.reason == Reason::Open);
    let rows: Vec<String> = rows.map(|row| extended_row(row, precision, look)).collect();
    rows.join("\n")
}

fn extended_row(row: &ExtendedRow, precision: Precision, look: Look) -> String {
    let why = match row.reason {
        Reason::FewestDigits => "which matches central differences in the fewest digits".to_owned(),
        Reason::Open => format!("which {precision} leaves open"),
    };
    let formula = match row.formula_digits {
        Some(digits) => {
            format!("the formula under test agrees with dual numbers to {digits:.0} digits")
        }
        None => format!("the gradient under test is known in {precision} only"),
    };
    let central = match row.central_digits {
        Some(digits) => format!("central differences to {digits:.0}"),
        None => "central differences meet a kink".to_owned(),
    };
    look.wrapped(&format!(
        "In double-double, where rounding plays no part, {}, {why}, is {}: {formula}, {central}, and the gradient in {precision} to {:.1}.",
        row.coordinate, row.value, row.plain_digits
    ))
}

/// What could not be seen or judged.
pub(super) fn unseen(part: &Part, look: Look) -> String {
    let hidden = part
        .tensors
        .iter()
        .filter_map(|row| Some(format!("{}.", row.unobservable.as_ref()?.words)));
    let unresolved = part.unresolved.iter().map(|row| {
        format!(
            "Unresolved at {}, such as {}: {}.",
            counted(row.count, "weight"),
            row.example,
            row.reason.words()
        )
    });
    let lines: Vec<String> = hidden
        .chain(unresolved)
        .map(|line| look.wrapped(&line))
        .collect();
    lines.join("\n")
}

/// Two significant digits with the sign.
fn signed(number: Number) -> String {
    if number.0 > 0.0 {
        format!("+{}", short(number))
    } else {
        short(number)
    }
}
