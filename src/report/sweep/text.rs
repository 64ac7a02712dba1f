//! The sweep for a person: a table, a plot, and the answer.

use crate::judge::law::Law;
use crate::report::text::{align, line, plain, short, table, wrapped_to};
use crate::report::words::counted;
use crate::spec::{DataSpec, PenaltySpec};

use super::{NearestKink, PENALTY, SourceFit, SweepReport, SweepRung, SweepSetup, plot};

/// Columns of a terminal that has not been made larger.
const WIDTH: usize = 79;

/// Every so many steps a row is printed; JSON holds all.
const STRIDE: usize = 2;

/// The whole sweep.
#[must_use]
pub fn render(report: &SweepReport) -> String {
    let mut text = String::new();
    let mut facts = vec!["gradproof sweep".to_owned()];
    facts.extend(report.setup.iter().flat_map(circumstances));
    line(&mut text, &wrapped_to(WIDTH, &facts.join(" · ")));
    line(
        &mut text,
        &format!("{} = {}", report.coordinate, plain(report.at.0)),
    );
    for source in &report.sources {
        line(
            &mut text,
            &format!(
                "  {:<8} {:>+.12e} ± {}",
                source.source.to_string(),
                source.value.0,
                short(source.error)
            ),
        );
    }
    line(&mut text, "");
    line(
        &mut text,
        "Central differences D(h) over steps h, and the gap |a - D(h)| of each a above:",
    );
    line(&mut text, &rows(report));
    if let Some(kink) = &report.kink {
        line(&mut text, &nearest(kink));
    }
    line(&mut text, "");
    if let Some(drawing) = plot::draw(report) {
        line(&mut text, &drawing);
        line(&mut text, "");
    }
    line(&mut text, &wrapped_to(WIDTH, &report.sentence));
    text
}

fn circumstances(setup: &SweepSetup) -> Vec<String> {
    let samples = match (&setup.data, setup.data.path()) {
        (DataSpec::Digits, _) => counted(setup.samples, "MNIST digit"),
        (_, None) => counted(setup.samples, "random sample"),
        (_, Some(path)) => format!("{} of {path}", counted(setup.samples, "sample")),
    };
    let mut facts = vec![
        setup.network.clone(),
        samples,
        setup.precision.to_string(),
        format!("seed {}", setup.seed),
    ];
    if setup.train_steps > 0 {
        facts.push(format!(
            "after {}",
            counted(setup.train_steps, "training step")
        ));
    }
    match setup.penalty {
        None => (),
        Some(PenaltySpec::L2 { strength }) => {
            facts.push(format!("penalty l2={}", plain(strength)));
        }
        Some(PenaltySpec::L1 { strength }) => {
            facts.push(format!("penalty l1={}", plain(strength)));
        }
    }
    facts
}

fn rows(report: &SweepReport) -> String {
    let subject = report.sources.first();
    let mut header = vec!["h".to_owned(), "D(h)".to_owned()];
    header.extend(
        report
            .sources
            .iter()
            .map(|source| format!("gap:\n{}", source.source)),
    );
    header.extend(["round.\nbound", "units\nswitch", "gap\nshows"].map(str::to_owned));
    let mut table = table();
    table.set_header(header);
    for (number, rung) in report.rungs.iter().enumerate() {
        if number % STRIDE != 0 && !beside_a_change(report, number) {
            continue;
        }
        let mut cells = vec![
            format!("{:.1e}", rung.step),
            format!("{:.6e}", rung.central.0),
        ];
        cells.extend(rung.gaps.iter().map(|gap| short(*gap)));
        cells.push(short(rung.rounding));
        cells.push(match rung.switched() {
            0 => String::new(),
            some => some.to_string(),
        });
        cells.push(subject.map_or("", |subject| law(subject, rung)).to_owned());
        table.add_row(cells);
    }
    let last = 4 + report.sources.len();
    align(&mut table, &[last]);
    // As much as 80 columns need.
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding(if number == last { (1, 0) } else { (0, 1) });
    }
    let rows = table.to_string();
    let rows: Vec<&str> = rows.lines().map(str::trim_end).collect();
    rows.join("\n")
}

/// Whether one law ends or the next begins at this step.
fn beside_a_change(report: &SweepReport, number: usize) -> bool {
    let step = report.rungs[number].step;
    report.sources.first().is_some_and(|subject| {
        let mut segments = subject.fit.segments.iter();
        segments.any(|part| part.from.total_cmp(&step).is_eq() || part.to.total_cmp(&step).is_eq())
    })
}

/// What the gap of `source` is at this step.
fn law(source: &SourceFit, rung: &SweepRung) -> &'static str {
    let part = source
        .fit
        .segments
        .iter()
        .find(|part| part.from >= rung.step && part.to <= rung.step);
    match part.map(|part| part.law) {
        Some(Law::Rounding) => "rounding",
        Some(Law::Truncation { .. }) => "truncation",
        Some(Law::Kink { .. }) => "kink",
        Some(Law::Bug { .. }) => "bug",
        Some(Law::Unclear) | None => "unclear",
    }
}

fn nearest(kink: &NearestKink) -> String {
    let place = kink.place();
    match kink.unit.as_str() {
        PENALTY => format!("The nearest kink is that of the L1 penalty, {place}."),
        unit => format!("The nearest unit to switch is {unit}, {place}."),
    }
}
