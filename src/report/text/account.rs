//! The account of one coordinate, as text.

use crate::report::Number;
use crate::report::account::AccountReport;
use crate::report::sweep::Switched;

use super::{align, line, table, wrapped};

/// The whole account.
#[must_use]
pub fn render(report: &AccountReport) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!("gradproof · {} · {}", report.network, report.coordinate),
    );
    line(&mut text, "");
    let step = report
        .step
        .map_or("none that can be used".to_owned(), exact);
    line(
        &mut text,
        &format!(
            "w = {}, step h = {step}: {}.",
            exact(report.at),
            report.ground
        ),
    );
    line(&mut text, "");
    let mut places = table();
    places.set_header([
        "",
        "weight",
        "objective",
        "units on another branch than at w",
    ]);
    for (place, row) in ["w − h", "w", "w + h"].iter().zip(&report.places) {
        places.add_row([
            (*place).to_owned(),
            exact(row.at),
            exact(row.value),
            units(&row.switched),
        ]);
    }
    align(&mut places, &[0, 3]);
    line(&mut text, &places.to_string());
    if let Some(slopes) = &report.slopes {
        line(&mut text, "");
        let mut rows = table();
        rows.set_header(["slope over this step alone", "", "rounding, at most"]);
        for (name, (value, error)) in [
            ("(L(w+h) − L(w−h))/2h", slopes.central),
            ("(L(w+h) − L(w))/h", slopes.forward),
            ("(L(w) − L(w−h))/h", slopes.backward),
        ] {
            rows.add_row([name.to_owned(), exact(value), bound(error)]);
        }
        align(&mut rows, &[0]);
        line(&mut text, &rows.to_string());
    }
    line(&mut text, "");
    let mut rows = table();
    rows.set_header([
        "source",
        "derivative",
        "error, at most",
        "distance from the first",
        "allowed",
    ]);
    for (number, row) in report.sources.iter().enumerate() {
        let (gap, allowed) = match (number, row.judges) {
            (0, _) => (String::new(), String::new()),
            (_, false) => ("cannot judge here".to_owned(), String::new()),
            _ => (bound(row.gap), bound(row.bound)),
        };
        rows.add_row([
            row.source.to_string(),
            exact(row.value),
            bound(row.error),
            gap,
            allowed,
        ]);
    }
    align(&mut rows, &[0]);
    line(&mut text, &rows.to_string());
    line(&mut text, "");
    line(
        &mut text,
        &wrapped(&format!(
            "Roundings of one unit each spread this derivative by {}; an error bound is 16 such spreads, and 32 for code that adds in another order.",
            bound(report.spread)
        )),
    );
    if let Some((distance, unit)) = &report.kink {
        line(
            &mut text,
            &format!("Nearest kink: {unit}, at w + ({}).", bound(*distance)),
        );
    }
    line(
        &mut text,
        &wrapped(&format!("Verdict: {}.", report.verdict)),
    );
    line(&mut text, "");
    line(
        &mut text,
        &format!("Replay: gradproof replay {}", report.replay),
    );
    text
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
