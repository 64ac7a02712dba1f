//! What Markdown says of a check.

use crate::judge::Side;
use crate::report::cases::{Cases, State};
use crate::report::failure::{fault, telling_digits};
use crate::report::numbers::{bounded, in_bounds};
use crate::report::words::{counted, grouped};
use crate::report::{Comparison, Part, Report, TensorRow};

use super::escape::{code, row, words};
use super::{MOST_TOLD, Page, details, unfolding};

/// Everything behind the answer.
pub(super) fn blocks(report: &Report, page: &mut Page) {
    page.block(facts(report));
    for part in &report.parts {
        if report.parts.len() > 1 {
            page.block(format!("#### {}\n", words(part.name.title())));
        }
        if !part.values_agree {
            let values = part.values.iter().filter_map(|value| {
                let number = value.value?;
                Some(format!("{} {}", value.source, number.0))
            });
            let values: Vec<String> = values.collect();
            page.block(format!(
                "The sources differ in the value of the objective: {}.\n",
                values.join(", ")
            ));
        }
        match &part.projection {
            Some(_) => projections(part, page),
            None => tensors(part, page),
        }
        worst(part, page);
        let faults: Vec<String> = fault(part)
            .iter()
            .map(|line| format!("- {}\n", words(line)))
            .collect();
        page.block(faults.concat());
        kinks(part, page);
        bounds(part, page);
    }
    for (suite, case) in Cases::from(report).in_state(State::Failed) {
        let is_told = report.parts.iter().any(|part| part.name.title() == suite);
        if !is_told {
            page.block(unfolding(case));
        }
    }
    page.block(format!("{}\n", words(&report.control.sentence())));
}

fn facts(report: &Report) -> String {
    let setup = &report.setup;
    let checked = if setup.checked == setup.parameters {
        format!("all {} parameters", grouped(setup.parameters))
    } else {
        format!(
            "{} of {} parameters",
            grouped(setup.checked),
            grouped(setup.parameters)
        )
    };
    let mut facts = vec![
        checked,
        counted(setup.samples, "sample"),
        setup.precision.to_string(),
        format!("seed {}", setup.seed),
    ];
    if setup.train_steps > 0 {
        facts.push(format!(
            "after {}",
            counted(setup.train_steps, "training step")
        ));
    }
    format!("{}\n", words(&facts.join(" · ")))
}

/// Wrong tensors first, then those that could not be judged, then as the network has them.
fn ranked(part: &Part) -> Vec<&TensorRow> {
    let mut rows: Vec<&TensorRow> = part.tensors.iter().collect();
    rows.sort_by_key(|row| match row.counts {
        counts if counts.wrong() > 0 => 0,
        counts if counts.unresolved > 0 => 1,
        _ => 2,
    });
    rows
}

fn tensors(part: &Part, page: &mut Page) {
    let references = part.references();
    let counts = part.counts();
    let mut header = vec!["tensor", "weights", "agree", "at kink", "wrong"];
    let extra = [
        ("unresolved", counts.unresolved > 0),
        ("unseen", counts.unobservable > 0),
    ];
    header.extend(extra.iter().filter(|(_, is)| *is).map(|(name, _)| *name));
    let digits: Vec<String> = references
        .iter()
        .map(|source| format!("digits: {source}"))
        .collect();
    header.extend(digits.iter().map(String::as_str));
    header.push("gap/bound");
    let rows: Vec<String> = ranked(part)
        .into_iter()
        .map(|tensor| {
            let wrong = tensor.counts.wrong();
            let mut cells = vec![
                code(&tensor.name),
                grouped(tensor.coordinates),
                grouped(tensor.counts.agree),
                grouped(tensor.counts.at_kink_inside),
                match wrong {
                    0 => "0".to_owned(),
                    wrong => format!("**{}**", grouped(wrong)),
                },
            ];
            let more = [tensor.counts.unresolved, tensor.counts.unobservable];
            let shown = more.into_iter().zip(extra).filter(|(_, (_, is))| *is);
            cells.extend(shown.map(|(count, _)| grouped(count)));
            cells.extend(tensor.against.iter().map(fewest));
            cells.push(match &tensor.closest {
                Some(closest) => in_bounds(closest.ratio.0),
                None => String::new(),
            });
            row(&cells)
        })
        .collect();
    page.table("", &header, &rows);
}

fn fewest(comparison: &Comparison) -> String {
    let digits = comparison.metrics.fewest_digits;
    // No digit at all is −0 as a logarithm.
    digits.map_or(String::new(), |digits| format!("{:.1}", digits + 0.0))
}

fn projections(part: &Part, page: &mut Page) {
    let rows = part.projection.iter().flat_map(|part| &part.tensors);
    let rows: Vec<String> = rows
        .map(|tensor| {
            row(&[
                code(&tensor.name),
                grouped(tensor.parameters),
                grouped(tensor.agree),
                match tensor.disagree {
                    0 => "0".to_owned(),
                    wrong => format!("**{}**", grouped(wrong)),
                },
                in_bounds(tensor.gap.0),
                bounded(tensor.visible),
            ])
        })
        .collect();
    let header = [
        "tensor",
        "weights",
        "projections agree",
        "disagree",
        "gap/bound",
        "error seen from",
    ];
    page.table("", &header, &rows);
}

fn worst(part: &Part, page: &mut Page) {
    let Some(first) = part.worst.first() else {
        return;
    };
    let names: Vec<String> = first
        .values
        .iter()
        .map(|value| value.source.to_string())
        .collect();
    let mut header = vec!["weight"];
    header.extend(names.iter().map(String::as_str));
    let rows: Vec<String> = part
        .worst
        .iter()
        .map(|worst| {
            let own = worst.values.first().map_or(0.0, |value| value.value.0);
            let digits = telling_digits(own, worst.values.iter().map(|value| value.value.0));
            let mut cells = vec![code(&worst.coordinate)];
            cells.extend(worst.values.iter().map(|value| {
                let mark = if value.disagrees { "≠ " } else { "" };
                format!(
                    "{mark}{:.digits$e} ± {}",
                    value.value.0,
                    bounded(value.error)
                )
            }));
            row(&cells)
        })
        .collect();
    let title =
        "What speaks against it, worst first (value ± error bound; ≠ where it differs by more):";
    page.table(title, &header, &rows);
}

fn kinks(part: &Part, page: &mut Page) {
    if part.kinks.is_empty() {
        return;
    }
    let rows = part.kinks.iter().take(MOST_TOLD).map(|kink| {
        let place = match kink.side {
            Side::Inside => "inside",
            Side::Outside => "**outside**",
        };
        format!(
            "- {}: slopes {:.5e} and {:.5e}, gradient {:.5e}: {place}\n",
            code(&kink.coordinate),
            kink.left.0,
            kink.right.0,
            kink.value.0
        )
    });
    let rows: Vec<String> = rows.collect();
    let counts = part.counts();
    let all = counts.at_kink_inside + counts.at_kink_outside;
    let summary = format!(
        "{} without a derivative: the gradient has to lie between the slopes on both sides",
        counted(all, "weight")
    );
    page.block(details(&summary, &rows.concat()));
}

/// How close is close enough.
fn bounds(part: &Part, page: &mut Page) {
    let rows: Vec<String> = ranked(part)
        .into_iter()
        .filter_map(|tensor| {
            let closest = tensor.closest.as_ref()?;
            let digits = tensor
                .allowed
                .map_or(String::new(), |allowed| format!("{:.1}", allowed.worst.0));
            let caught = tensor
                .catches
                .map_or(String::new(), |catches| bounded(catches.worst));
            Some(row(&[
                code(&tensor.name),
                bounded(closest.at.gap),
                bounded(closest.at.bound),
                code(&closest.at.coordinate),
                closest.reference.to_string(),
                digits,
                caught,
            ]))
        })
        .take(super::MOST_ROWS)
        .collect();
    if rows.is_empty() {
        return;
    }
    let header = [
        "tensor",
        "gap",
        "error bound",
        "where gap/bound is largest",
        "against",
        "digits allowed",
        "errors caught from",
    ];
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = "|---|---:|---:|---|---|---:|---:|\n";
    let table = row(&header) + rule + &rows.concat();
    page.block(details("Gaps beside their error bounds", &table));
}
