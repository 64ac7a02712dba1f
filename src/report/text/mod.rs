//! The report as a table for a person.

pub mod account;
mod findings;
pub mod fuzz;
mod look;
mod projection;
mod second;
mod sheet;
mod single;
mod spark;
mod tables;
pub mod verify;

pub(crate) use look::Tone;
pub use look::{Look, Verbosity};
pub(super) use sheet::Cell;
pub(crate) use sheet::{Sheet, left, right};

use crate::source::Forward;
use crate::spec::PenaltySpec;
use crate::spec::case::{Precision, Selection, SourceName, Step};

pub(super) use super::numbers::{bounded, in_bounds, short, six};
use super::replay::Again;
use super::words::{counted, grouped, listed};
use super::{Control, Number, Outcome, Part, PartName, ReplayReport, Report, Setup};

/// The report for a file or pipe; its last line repeats the check.
#[must_use]
pub fn render(report: &Report) -> String {
    render_with(report, Look::plain())
}

/// The report for whoever looks at it; its last line repeats the check.
#[must_use]
pub fn render_with(report: &Report, look: Look) -> String {
    let mut text = String::new();
    if look.verbosity >= Verbosity::Usual {
        heading(&mut text, &report.setup, &report.parts, look);
        for part in &report.parts {
            render_part(&mut text, part, report.setup.precision, look);
        }
        line(&mut text, &control(&report.control, look));
        line(&mut text, "");
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    if look.verbosity >= Verbosity::Usual {
        line(&mut text, "");
    }
    line(&mut text, &repeat("Replay", "replay", &report.replay, look));
    finished(text, look)
}

/// The cases of a file, one report after the other.
#[must_use]
pub fn render_replay(report: &ReplayReport, look: Look) -> String {
    let mut text = String::new();
    let shown = match look.verbosity {
        // The last sentence counts them.
        Verbosity::Silent | Verbosity::Quiet => &[],
        _ => report.cases.as_slice(),
    };
    for case in shown {
        let place = format!("{}, line {}:", report.file, case.line);
        line(&mut text, &look.paint(Tone::Title, &place));
        line(&mut text, "");
        text.push_str(&render_again(&case.again, look));
        line(&mut text, "");
    }
    line(&mut text, &answer(&report.sentence, report.outcome, look));
    finished(text, look)
}

/// One case, repeated.
#[must_use]
pub fn render_again(again: &Again, look: Look) -> String {
    match again {
        Again::Report(report) => render_with(report, look),
        again => {
            let answer = answer(&again.sentence(), again.outcome(), look);
            finished(answer + "\n", look)
        }
    }
}

/// The text in characters that can be shown, or none when nothing is to be said.
pub(super) fn finished(text: String, look: Look) -> String {
    match look.verbosity {
        Verbosity::Silent => String::new(),
        _ => look.ascii(&text),
    }
}

/// The answer, of which the first words say how it ended.
pub(super) fn answer(sentence: &str, outcome: Outcome, look: Look) -> String {
    let tone = match outcome {
        Outcome::Right => Tone::Good,
        Outcome::Wrong => Tone::Bad,
        Outcome::Unjudged => Tone::Open,
    };
    let wrapped = look.wrapped(sentence);
    // The first sentence, up to the end of its line where it is longer.
    let end = wrapped.find(['.', '\n']).unwrap_or(wrapped.len());
    match wrapped[..end].find(':') {
        Some(_) => look.lead(tone, &wrapped),
        None => look.paint(tone, &wrapped[..end]) + &wrapped[end..],
    }
}

/// A line to paste: it stays whole whatever the window.
pub(super) fn repeat(title: &str, command: &str, what: &str, look: Look) -> String {
    let title = look.paint(Tone::Title, &format!("{title}:"));
    format!("{title} gradproof {command} {what}")
}

pub(super) fn line(text: &mut String, content: &str) {
    text.push_str(content.trim_end());
    text.push('\n');
}

fn heading(text: &mut String, setup: &Setup, parts: &[Part], look: Look) {
    let is_projected = parts.iter().any(|part| part.projection.is_some());
    let parameters = match setup.coordinates {
        Selection::Auto if is_projected => format!(
            "all {} parameters by random-sign projections",
            grouped(setup.parameters)
        ),
        Selection::All | Selection::Auto if setup.checked > setup.parameters => format!(
            "all {} parameters and {} entries of the input",
            grouped(setup.parameters),
            grouped(setup.checked - setup.parameters)
        ),
        Selection::Auto => format!("all {} parameters one by one", grouped(setup.parameters)),
        Selection::All => format!("all {} parameters", grouped(setup.parameters)),
        Selection::Sample(_) => {
            format!(
                "{} of {} parameters",
                grouped(setup.checked),
                grouped(setup.parameters)
            )
        }
    };
    let samples = super::numbers::samples(setup.samples, &setup.data);
    let mut facts = vec![
        setup.network.clone(),
        parameters,
        samples,
        setup.precision.to_string(),
    ];
    facts.push(format!("seed {}", setup.seed));
    if let Some(file) = &setup.files.parameters {
        facts.push(format!("parameters of {}", file.path));
    }
    if setup.train_steps > 0 {
        facts.push(format!(
            "after {}",
            counted(setup.train_steps, "training step")
        ));
    }
    if let Some(penalty) = setup.penalty {
        facts.push(match penalty {
            PenaltySpec::L2 { strength } => format!("penalty l2={}", plain(strength)),
            PenaltySpec::L1 { strength } => format!("penalty l1={}", plain(strength)),
        });
    }
    line(
        text,
        &title(&format!("gradproof · {}", facts.join(" · ")), look),
    );

    let references: Vec<String> = parts
        .first()
        .map(Part::references)
        .unwrap_or_default()
        .into_iter()
        .map(|source| match (source, setup.step) {
            (SourceName::Backprop | SourceName::Given, _) => source.to_string(),
            (SourceName::Dual, _) => "dual (dual numbers)".to_owned(),
            (SourceName::Reverse, _) => "reverse (dfdx, with a forward pass of its own)".to_owned(),
            (SourceName::Central, Step::Auto) => {
                "central (central differences, step chosen)".to_owned()
            }
            (SourceName::Central, Step::Fixed(h)) => {
                format!("central (central differences, step {})", plain(h))
            }
        })
        .collect();
    let first = parts.first().and_then(|part| part.values.first());
    let under_test = match first.map(|value| value.source) {
        Some(SourceName::Given) => "The gradient under test",
        _ => "Hand-written backprop",
    };
    line(
        text,
        &look.wrapped(&match (&setup.files.gradients, setup.precision) {
            (Some(file), Precision::F64) => format!(
                "The gradient given in {} is held against {}.",
                file.path,
                listed(&references)
            ),
            (Some(file), Precision::F32) => format!(
                "The gradient given in {} is judged as one computed in f32, by what f32's rounding allows, and held against {}, in f64 at the same f32 weights and samples.",
                file.path,
                listed(&references)
            ),
            (None, Precision::F64) => {
                format!("{under_test} is held against {}.", listed(&references))
            }
            (None, Precision::F32) => format!(
                "{under_test} in f32 is held against {}, in f64 at the same f32 weights and samples.",
                listed(&references)
            ),
        }),
    );
}

/// The first line of a report.
pub(super) fn title(facts: &str, look: Look) -> String {
    let facts = look.fit(facts);
    match facts.split_once(" · ") {
        Some((name, rest)) => format!("{} · {rest}", look.paint(Tone::Title, name)),
        None => facts,
    }
}

fn render_part(text: &mut String, part: &Part, precision: Precision, look: Look) {
    line(text, "");
    let values = look.fit(&values(part, precision));
    line(
        text,
        &match part.values_agree {
            true => values,
            false => look.lead(Tone::Bad, &values),
        },
    );
    // What people are used to decides nothing.
    let classical = match look.is_verbose() {
        true => tables::classical(part, look),
        false => String::new(),
    };
    let blocks = [
        projection::projections(part, look),
        tables::verdicts(part, look),
        spark::spark(part, look),
        tables::bounds(part, look),
        single::digits(part, look),
        single::branches(part, look),
        classical,
        findings::crossed(part, look),
        findings::kinks(part, look),
        findings::extended(part, precision, look),
        findings::unseen(part, look),
        tables::worst(part, look),
        findings::fault(part, look),
        second::second(part, look),
    ];
    for block in blocks.into_iter().filter(|block| !block.is_empty()) {
        line(text, "");
        line(text, &block);
    }
    line(text, "");
}

/// The objective's value by each source.
fn values(part: &Part, precision: Precision) -> String {
    let title = match part.name {
        PartName::DataLoss => "Data loss",
        PartName::Penalty => "Penalty",
        PartName::Total => "Data loss + penalty",
    };
    let Some(subject) = part.values.first() else {
        return title.to_owned();
    };
    if !part.values_agree {
        let all: Vec<String> = part
            .values
            .iter()
            .filter_map(|value| Some(format!("{} {}", value.source, plain(value.value?.0))))
            .collect();
        return format!("{title}: the sources differ: {}", all.join(", "));
    }
    let own = subject.value;
    let Some(Number(value)) = own.or(part.values.iter().find_map(|value| value.value)) else {
        return title.to_owned();
    };
    if precision == Precision::F32 {
        let references = part.values.iter().skip(1);
        let first = references.clone().find_map(|value| value.value);
        let names: Vec<String> = references.map(|value| value.source.to_string()).collect();
        let in_single = match own {
            Some(own) => format!("{} in f32; ", plain_single(own.0)),
            None => String::new(),
        };
        return format!(
            "{title} = {in_single}{} in f64 by {}, which agree{} within rounding{}",
            plain(first.map_or(value, |first| first.0)),
            listed(&names),
            if names.len() == 1 { "s" } else { "" },
            if own.is_some() { "" } else { NO_LOSS }
        );
    }
    let independent: Vec<String> = part
        .values
        .iter()
        .filter(|value| value.forward == Forward::Independent && value.value.is_some())
        .map(|value| value.source.to_string())
        .collect();
    let agreement = match independent.len() {
        0 => "; every source here shares one forward pass".to_owned(),
        1 => format!("; {} agrees within rounding", listed(&independent)),
        _ => format!("; {} agree within rounding", listed(&independent)),
    };
    let given = if own.is_some() { "" } else { NO_LOSS };
    format!("{title} = {}{agreement}{given}", plain(value))
}

/// What is said where nothing but the gradient was given.
const NO_LOSS: &str = "; the loss was not given";

/// All digits, and a power of ten instead of rows of zeros.
pub(super) fn plain(value: f64) -> String {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// All digits of a number of `f32`.
fn plain_single(value: f64) -> String {
    let value = value as f32;
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

fn control(control: &Control, look: Look) -> String {
    let tone = match control {
        Control::Caught { .. } => None,
        Control::Missed { .. } | Control::Impossible => Some(Tone::Open),
    };
    let words = look.fit(&control.sentence());
    tone.map_or(words.clone(), |tone| look.paint(tone, &words))
}
