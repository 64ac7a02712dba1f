//! The trial of the checker as a table for a person.

use super::super::text::{
    Cell, Look, Sheet, Tone, Verbosity, answer, finished, left, line, right, title,
};
use super::super::words::{counted, grouped};
use super::{MutantRow, PowerReport};

/// The whole report.
#[must_use]
pub fn render(report: &PowerReport, look: Look) -> String {
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        body(&mut text, report, look);
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    finished(text, look)
}

fn body(text: &mut String, report: &PowerReport, look: Look) {
    line(
        text,
        &title(
            &format!(
                "gradproof power · {} · {} · {} · seed {}",
                counted(report.mutants.len(), "fault"),
                counted(report.trial.networks, "right network"),
                report.precision,
                report.seed
            ),
            look,
        ),
    );
    line(text, "");
    line(
        text,
        &look.wrapped(
            "Faults that people make in a backward, planted one at a time. A case is a problem at one scale of its loss (1, 1e-3, 1e-6, 1e-9); it is the same where the fault changes no derivative by more than its error bound, and else has to be caught at every derivative that it changes by more.",
        ),
    );
    line(text, &mutants(report, look));
    let examples = report.mutants.iter().flat_map(|row| &row.examples);
    for example in examples {
        line(text, &look.wrapped(example));
    }
    line(text, "");
    line(text, &trial(report, look));
    line(text, "");
}

fn mutants(report: &PowerReport, look: Look) -> String {
    let mut sheet = Sheet::new([
        left("fault"),
        right("cases").rank(3),
        right("same").rank(4),
        right("caught"),
        right("missed"),
        right("named").rank(1),
        right("or twin").rank(6),
        right("unnamed").rank(5),
        right("misnamed").rank(1),
        right("placed").rank(7),
        right("misplaced").rank(2),
    ]);
    // What a good checker has at 0.
    let is_bad = |column: usize| matches!(column, 3 | 7 | 9);
    let cells = |name: &str, row: &MutantRow| {
        let counts = [
            row.cases,
            row.equivalent,
            row.caught,
            row.missed,
            row.named,
            row.ambiguous,
            row.unnamed,
            row.misnamed,
            row.placed,
            row.misplaced,
        ];
        let mut cells = vec![Cell::from(name)];
        cells.extend(counts.iter().enumerate().map(|(column, count)| {
            let tone = (is_bad(column) && *count > 0).then_some(Tone::Bad);
            Cell::toned(grouped(*count), tone)
        }));
        cells
    };
    let mut all = MutantRow::default();
    for row in &report.mutants {
        sheet.row(cells(&row.name, row));
        all.cases += row.cases;
        all.equivalent += row.equivalent;
        all.caught += row.caught;
        all.missed += row.missed;
        all.named += row.named;
        all.ambiguous += row.ambiguous;
        all.unnamed += row.unnamed;
        all.misnamed += row.misnamed;
        all.placed += row.placed;
        all.misplaced += row.misplaced;
    }
    sheet.row(cells("all", &all));
    sheet.render(look)
}

fn trial(report: &PowerReport, look: Look) -> String {
    let trial = &report.trial;
    let counts = &trial.counts;
    let mut text = look.wrapped(&format!(
        "Right networks: {}, with {} derivatives: {} agree, {} are at a kink and inside, {} out of sight, {} unresolved; {} disagree, {} are at a kink and outside, {} not finite.",
        grouped(trial.networks),
        grouped(counts.all()),
        grouped(counts.agree),
        grouped(counts.at_kink_inside),
        grouped(counts.unobservable),
        grouped(counts.unresolved),
        grouped(counts.disagree),
        grouped(counts.at_kink_outside),
        grouped(counts.invalid),
    ));
    for (reason, count) in &trial.unresolved {
        text += "\n";
        text += &look.wrapped(&format!(
            "{} unresolved: {}",
            grouped(*count),
            reason.words()
        ));
    }
    for alarm in &trial.alarms {
        text += "\n";
        text += &look.wrapped(alarm);
    }
    text
}
