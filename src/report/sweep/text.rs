//! The sweep for a person: a table, a plot, and the answer.

use crate::judge::law::Law;
use crate::report::numbers;
use crate::report::text::{
    Look, Sheet, Verbosity, answer, finished, left, line, plain, right, short, title,
};
use crate::report::words::counted;
use crate::spec::PenaltySpec;

use super::{NearestKink, PENALTY, SourceFit, SweepReport, SweepRung, SweepSetup, plot};

/// Columns of a terminal that has not been made larger.
const WIDTH: usize = 79;

/// Every so many steps a row is printed; JSON holds all.
const STRIDE: usize = 2;

/// The whole sweep.
#[must_use]
pub fn render(report: &SweepReport, look: Look) -> String {
    // Sentences, table and plot are of one width.
    let look = Look {
        window: Some(look.width_of(WIDTH)),
        ..look
    };
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        body(&mut text, report, look);
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    finished(text, look)
}

fn body(text: &mut String, report: &SweepReport, look: Look) {
    let mut facts = vec!["gradproof sweep".to_owned()];
    facts.extend(report.setup.iter().flat_map(circumstances));
    line(text, &title(&facts.join(" · "), look));
    line(
        text,
        &look.beside(
            4,
            &format!("{} = {}", report.coordinate, plain(report.at.0)),
        ),
    );
    for source in &report.sources {
        line(
            text,
            &look.beside(
                4,
                &format!(
                    "  {:<8} {:>+.12e} ± {}",
                    source.source.to_string(),
                    source.value.0,
                    short(source.error)
                ),
            ),
        );
    }
    line(text, "");
    line(
        text,
        &look.wrapped(
            "Central differences D(h) over steps h, and the gap |a - D(h)| of each a above:",
        ),
    );
    line(text, &rows(report, look));
    if let Some(kink) = &report.kink {
        line(text, &look.wrapped(&nearest(kink)));
    }
    line(text, "");
    if let Some(drawing) = plot::draw(report, look.width_of(WIDTH)) {
        line(text, &drawing);
        line(text, "");
    }
}

fn circumstances(setup: &SweepSetup) -> Vec<String> {
    let samples = numbers::samples(setup.samples, &setup.data);
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

fn rows(report: &SweepReport, look: Look) -> String {
    let subject = report.sources.first();
    let mut header = vec![right("h"), right("D(h)")];
    header.extend(report.sources.iter().enumerate().map(|(number, source)| {
        // The gaps of the gradient under test are what the table is about.
        right(format!("gap:\n{}", source.source)).rank(2 * number)
    }));
    header.push(right("round.\nbound").rank(3));
    header.push(right("units\nswitch").rank(1));
    header.push(left("gap\nshows").before(3));
    let mut sheet = Sheet::new(header).flush();
    for (number, rung) in report.rungs.iter().enumerate() {
        let is_between = number % STRIDE != 0 && !look.is_verbose();
        if is_between && !beside_a_change(report, number) {
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
        sheet.row(cells);
    }
    sheet.render(look)
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
