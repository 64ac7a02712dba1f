//! The table of tensors, and the cards of their charts.

use serde::Serialize;

use crate::report::numbers::{in_bounds, short};
use crate::report::words::{counted, grouped};
use crate::report::{Gap, Number, TensorRow};
use crate::spec::case::SourceName;

use super::super::charts::{PartCharts, TensorChart};
use super::words::shape;

/// A row of the table of tensors; numbers beside texts are what is sorted by.
#[derive(Debug, Serialize)]
pub(super) struct TensorView {
    pub(super) order: usize,
    pub(super) name: String,
    pub(super) shape: String,
    /// `wrong`, `open`, `unseen` or `right`.
    pub(super) state: &'static str,
    pub(super) state_words: &'static str,
    pub(super) state_order: u8,
    pub(super) weights: usize,
    pub(super) weights_words: String,
    pub(super) wrong: usize,
    /// Fewest and median digits against each reference.
    pub(super) digits: Vec<Option<(f64, f64)>>,
    pub(super) ratio: f64,
    pub(super) ratio_words: String,
    /// Part of a bar's width, in hundredths.
    pub(super) ratio_bar: u32,
    pub(super) at: String,
    pub(super) gap: String,
    pub(super) bound: String,
    pub(super) catches: String,
    pub(super) catches_order: f64,
    pub(super) classical: String,
    pub(super) classical_order: f64,
}

/// A tensor's charts.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) shape: String,
    pub(super) count: String,
    pub(super) is_open: bool,
    pub(super) state: &'static str,
}

impl TensorView {
    pub(super) fn of(order: usize, row: &TensorRow, references: &[SourceName]) -> Self {
        let (state_order, state, state_words) = state(row);
        let closest = row.closest.as_ref();
        let ratio = closest.map_or(-1.0, |closest| closest.ratio.0);
        let at =
            |gap: fn(&Gap) -> Number| closest.map_or_else(String::new, |one| short(gap(&one.at)));
        let central = references
            .iter()
            .position(|source| *source == SourceName::Central)
            .or((!references.is_empty()).then_some(0));
        let classical = central
            .and_then(|position| row.against.get(position))
            .and_then(|comparison| comparison.metrics.worst);
        Self {
            order,
            name: row.name.clone(),
            shape: shape(&row.shape),
            state,
            state_words,
            state_order,
            weights: row.coordinates,
            weights_words: grouped(row.coordinates),
            wrong: row.counts.wrong(),
            digits: row
                .against
                .iter()
                .map(|one| one.metrics.fewest_digits.zip(one.metrics.median_digits))
                .collect(),
            ratio,
            ratio_words: closest.map_or_else(String::new, |one| in_bounds(one.ratio.0)),
            ratio_bar: (ratio.clamp(0.0, 1.0) * 100.0).round() as u32,
            at: closest.map_or_else(String::new, |one| {
                format!("{} against {}", one.at.coordinate, one.reference)
            }),
            gap: at(|gap| gap.gap),
            bound: at(|gap| gap.bound),
            catches: row.catches.map_or_else(String::new, |one| short(one.worst)),
            catches_order: row.catches.map_or(-1.0, |one| one.worst.0),
            classical: classical.map_or_else(String::new, |(worst, _)| short(worst)),
            classical_order: classical.map_or(-1.0, |(worst, _)| worst.0),
        }
    }
}

/// What became of a tensor, the worst first.
pub(super) fn state(row: &TensorRow) -> (u8, &'static str, &'static str) {
    if row.counts.wrong() > 0 {
        (0, "wrong", "wrong")
    } else if row.counts.unresolved > 0 {
        (1, "open", "open")
    } else if row.unobservable.is_some() || row.counts.unobservable > 0 {
        (2, "unseen", "unseen")
    } else {
        (3, "right", "agrees")
    }
}

/// Those of wrong tensors are open, or else those of the first; the others wait to be opened.
pub(super) fn cards(charts: &PartCharts, state_of: impl Fn(&str) -> &'static str) -> Vec<Card> {
    const MOST_OPEN: usize = 3;
    let any_wrong = charts
        .tensors
        .iter()
        .any(|tensor| state_of(&tensor.name) == "wrong");
    let mut open = 0;
    let card = |tensor: &TensorChart| {
        let state = state_of(&tensor.name);
        let is_open = open < MOST_OPEN && (state == "wrong" || !any_wrong && open == 0);
        open += usize::from(is_open);
        Card {
            name: tensor.name.clone(),
            shape: shape(&tensor.shape),
            count: if tensor.is_sample {
                format!("{} of its weights", grouped(tensor.count))
            } else {
                counted(tensor.count, "weight")
            },
            is_open,
            state,
        }
    };
    charts.tensors.iter().map(card).collect()
}
