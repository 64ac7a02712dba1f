//! The account of one coordinate, as text.

use crate::report::Number;
use crate::report::account::AccountReport;
use crate::report::sweep::Switched;

use super::{Look, Sheet, Verbosity, finished, left, line, repeat, right, title};

/// The whole account.
#[must_use]
pub fn render(report: &AccountReport, look: Look) -> String {
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        numbers(&mut text, report, look);
    }
    line(
        &mut text,
        &look.wrapped(&format!("Verdict: {}.", report.verdict)),
    );
    if look.verbosity >= Verbosity::Usual {
        line(&mut text, "");
    }
    line(&mut text, &repeat("Replay", "replay", &report.replay, look));
    finished(text, look)
}

/// Every number on the way to the verdict.
fn numbers(text: &mut String, report: &AccountReport, look: Look) {
    let facts = format!("gradproof · {} · {}", report.network, report.coordinate);
    line(text, &title(&facts, look));
    line(text, "");
    let step = report
        .step
        .map_or("none that can be used".to_owned(), exact);
    line(
        text,
        &look.fit(&format!(
            "w = {}, step h = {step}: {}.",
            exact(report.at),
            report.ground
        )),
    );
    line(text, "");
    let mut places = Sheet::new([
        left(""),
        right("weight"),
        right("objective"),
        left("units on another branch than at w").rank(1),
    ]);
    for (place, row) in ["w − h", "w", "w + h"].iter().zip(&report.places) {
        places.row([
            (*place).to_owned(),
            exact(row.at),
            exact(row.value),
            units(&row.switched),
        ]);
    }
    line(text, &places.render(look));
    if let Some(slopes) = &report.slopes {
        line(text, "");
        let mut rows = Sheet::new([
            left("slope over this step alone"),
            right(""),
            right("rounding, at most").rank(1),
        ]);
        for (name, (value, error)) in [
            ("(L(w+h) − L(w−h))/2h", slopes.central),
            ("(L(w+h) − L(w))/h", slopes.forward),
            ("(L(w) − L(w−h))/h", slopes.backward),
        ] {
            rows.row([name.to_owned(), exact(value), bound(error)]);
        }
        line(text, &rows.render(look));
    }
    line(text, "");
    let mut rows = Sheet::new([
        left("source"),
        right("derivative"),
        right("error, at most").rank(2),
        right("distance from the first").rank(1),
        right("allowed").rank(1),
    ]);
    for (number, row) in report.sources.iter().enumerate() {
        let (gap, allowed) = match (number, row.judges) {
            (0, _) => (String::new(), String::new()),
            (_, false) => ("cannot judge here".to_owned(), String::new()),
            _ => (bound(row.gap), bound(row.bound)),
        };
        rows.row([
            row.source.to_string(),
            exact(row.value),
            bound(row.error),
            gap,
            allowed,
        ]);
    }
    line(text, &rows.render(look));
    line(text, "");
    line(
        text,
        &look.wrapped(&format!(
            "Roundings of one unit each spread this derivative by {}; an error bound is 16 such spreads, and 32 for code that adds in another order.",
            bound(report.spread)
        )),
    );
    if let Some((distance, unit)) = &report.kink {
        line(
            text,
            &format!("Nearest kink: {unit}, at w + ({}).", bound(*distance)),
        );
    }
}

/// All digits that there are.
fn exact(number: Number) -> String {
    let value = number.0;
    if value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e17) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A size, of which two digits say enough.
fn bound(number: Number) -> String {
    match number.0 {
        0.0 => "0".to_owned(),
        value => format!("{value:.1e}"),
    }
}

fn units(switched: &Switched) -> String {
    match (switched.count, switched.first.len()) {
        (0, _) => "none".to_owned(),
        (count, shown) if count > shown => {
            format!("{} and {} more", switched.first.join(", "), count - shown)
        }
        _ => switched.first.join(", "),
    }
}
