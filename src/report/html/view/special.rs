//! What only some reports have: projections, the second order, a gradient in f32.

use serde::Serialize;

use crate::report::numbers::{bounded, in_bounds, short, six};
use crate::report::words::{counted, grouped, listed};
use crate::report::{Projected, ProjectionPart, SecondPart, SinglePart};

use super::findings::{Value, WorstView};
use super::words::shape;

/// Projections of a large network.
#[derive(Debug, Serialize)]
pub(super) struct ProjectionView {
    pub(super) summary: String,
    pub(super) rows: Vec<ProjectionLine>,
}

/// One projected tensor.
#[derive(Debug, Serialize)]
pub(super) struct ProjectionLine {
    pub(super) order: usize,
    pub(super) name: String,
    pub(super) shape: String,
    pub(super) parameters: usize,
    pub(super) parameters_words: String,
    pub(super) outcome: String,
    pub(super) state: &'static str,
    pub(super) state_order: u8,
    pub(super) agree: usize,
    pub(super) disagree: usize,
    pub(super) gap: f64,
    pub(super) gap_words: String,
    pub(super) visible: f64,
    pub(super) visible_words: String,
    pub(super) largest: f64,
    pub(super) largest_words: String,
}

/// The second order.
#[derive(Debug, Serialize)]
pub(super) struct SecondView {
    pub(super) sentence: String,
    pub(super) symmetry: String,
    pub(super) places: String,
    pub(super) rows: Vec<SecondLine>,
    pub(super) worst: Vec<WorstView>,
    pub(super) worst_sources: Vec<String>,
}

/// The products of one tensor.
#[derive(Debug, Serialize)]
pub(super) struct SecondLine {
    pub(super) name: String,
    pub(super) products: String,
    pub(super) wrong: String,
    pub(super) open: String,
    pub(super) ratio: String,
    pub(super) at: String,
}

/// What is particular to a gradient in f32.
#[derive(Debug, Serialize)]
pub(super) struct SingleView {
    pub(super) sentence: String,
    pub(super) units: Vec<(String, String, String)>,
}

pub(super) fn projection(part: &ProjectionPart) -> ProjectionView {
    let found = part.found_after.map_or_else(String::new, |after| {
        format!(" The last wrong weight was found after {after:.0} of them.")
    });
    let independent = part.independent.as_ref().map_or_else(String::new, |row| {
        if row.disagree.is_empty() {
            format!(
                " {} agrees in all {}.",
                row.source,
                counted(row.agree, "tensor")
            )
        } else {
            format!(" {} disagrees in {}.", row.source, listed(&row.disagree))
        }
    });
    let rows = part.tensors.iter().enumerate().map(|(order, row)| {
        let (state_order, state, outcome) = match row.outcome {
            Projected::Agrees => (3, "right", "agrees".to_owned()),
            Projected::Wrong(count) => (0, "wrong", format!("{} wrong", grouped(count))),
            Projected::Throughout => (0, "wrong", "wrong throughout".to_owned()),
            Projected::Unseen => (2, "unseen", "too small to be seen".to_owned()),
            Projected::AtKink => (3, "right", "agrees but at a kink".to_owned()),
        };
        ProjectionLine {
            order,
            name: row.name.clone(),
            shape: shape(&row.shape),
            parameters: row.parameters,
            parameters_words: grouped(row.parameters),
            outcome,
            state,
            state_order,
            agree: row.agree,
            disagree: row.disagree,
            gap: row.gap.0,
            gap_words: in_bounds(row.gap.0),
            visible: row.visible.0,
            visible_words: short(row.visible),
            largest: row.largest.0,
            largest_words: short(row.largest),
        }
    });
    let mut rows: Vec<ProjectionLine> = rows.collect();
    rows.sort_by(|a, b| {
        let by_state = a.state_order.cmp(&b.state_order);
        by_state
            .then(b.gap.total_cmp(&a.gap))
            .then(a.order.cmp(&b.order))
    });
    ProjectionView {
        summary: format!(
            "Each tensor's gradient g is held against exact derivatives along {} vectors r of random signs: r·g. One wrong weight shows in every projection; errors in several cancel in all of them with a probability of at most {}. The work was that of {:.0} forward passes.{found}{independent}",
            part.projections,
            short(part.miss),
            part.forward_equivalents
        ),
        rows,
    }
}

pub(super) fn second(part: &SecondPart) -> SecondView {
    let worst_sources: Vec<String> = part
        .worst
        .first()
        .map(|row| {
            row.values
                .iter()
                .map(|value| value.source.to_string())
                .collect()
        })
        .unwrap_or_default();
    SecondView {
        sentence: part.sentence.clone(),
        symmetry: format!(
            "u·Hv = {:e} and v·Hu = {:e} {} within {}.",
            part.symmetry.first.0,
            part.symmetry.second.0,
            if part.symmetry.holds {
                "agree"
            } else {
                "do not agree"
            },
            short(part.symmetry.bound)
        ),
        places: listed(&part.places),
        rows: part
            .tensors
            .iter()
            .map(|row| SecondLine {
                name: row.name.clone(),
                products: grouped(row.products),
                wrong: grouped(row.counts.wrong()),
                open: grouped(row.counts.unresolved),
                ratio: row
                    .closest
                    .as_ref()
                    .map_or_else(String::new, |one| in_bounds(one.ratio.0)),
                at: row.closest.as_ref().map_or_else(String::new, |one| {
                    format!("{} against {}", one.at.coordinate, one.reference)
                }),
            })
            .collect(),
        worst: part
            .worst
            .iter()
            .map(|row| WorstView {
                coordinate: format!("{}, direction {}", row.coordinate, row.direction),
                values: row
                    .values
                    .iter()
                    .map(|value| Value {
                        value: six(value.value),
                        error: bounded(value.error),
                        differs: value.disagrees,
                    })
                    .collect(),
            })
            .collect(),
        worst_sources,
    }
}

pub(super) fn single(part: &SinglePart) -> SingleView {
    SingleView {
        sentence: format!(
            "{} another branch in f32 than in f64, {} of them further from their kinks than rounding reaches; {} judged on f32's branches.",
            if part.turned == 1 {
                "One unit takes".to_owned()
            } else {
                format!("{} take", counted(part.turned, "unit"))
            },
            grouped(part.beyond),
            if part.carried == 1 {
                "one derivative is".to_owned()
            } else {
                format!("{} are", counted(part.carried, "derivative"))
            },
        ),
        units: part
            .units
            .iter()
            .map(|row| (row.unit.clone(), short(row.margin), short(row.bound)))
            .collect(),
    }
}
