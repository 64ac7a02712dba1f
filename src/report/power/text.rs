//! The trial of the checker as a table for a person.

use super::super::text::{align, line, table, wrapped};
use super::super::words::{counted, grouped};
use super::{MutantRow, PowerReport};

/// The whole report.
#[must_use]
pub fn render(report: &PowerReport) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "gradproof power · {} · {} · {} · seed {}",
            counted(report.mutants.len(), "fault"),
            counted(report.trial.networks, "right network"),
            report.precision,
            report.seed
        ),
    );
    line(&mut text, "");
    line(
        &mut text,
        &wrapped(
            "Faults that people make in a backward, planted one at a time. A case is a problem at one scale of its loss (1, 1e-3, 1e-6, 1e-9); it is the same where the fault changes no derivative by more than its error bound, and else has to be caught at every derivative that it changes by more.",
        ),
    );
    line(&mut text, &mutants(report));
    let examples = report.mutants.iter().flat_map(|row| &row.examples);
    for example in examples {
        line(&mut text, &wrapped(example));
    }
    line(&mut text, "");
    line(&mut text, &trial(report));
    line(&mut text, "");
    line(&mut text, &wrapped(&report.sentence));
    text
}

fn mutants(report: &PowerReport) -> String {
    let mut table = table();
    table.set_header([
        "fault",
        "cases",
        "same",
        "caught",
        "missed",
        "named",
        "or twin",
        "unnamed",
        "misnamed",
        "placed",
        "misplaced",
    ]);
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
        let mut cells = vec![name.to_owned()];
        cells.extend(counts.iter().map(|count| grouped(*count)));
        cells
    };
    let mut all = MutantRow::default();
    for row in &report.mutants {
        table.add_row(cells(&row.name, row));
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
    table.add_row(cells("all", &all));
    align(&mut table, &[0]);
    table.to_string()
}

fn trial(report: &PowerReport) -> String {
    let trial = &report.trial;
    let counts = &trial.counts;
    let mut text = wrapped(&format!(
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
        text += &wrapped(&format!(
            "{} unresolved: {}",
            grouped(*count),
            reason.words()
        ));
    }
    for alarm in &trial.alarms {
        text += "\n";
        text += &wrapped(alarm);
    }
    text
}
