//! What is said of kinks.

use serde::Serialize;

use crate::judge::Side;
use crate::report::detail::KinkMap;
use crate::report::numbers::{short, six};
use crate::report::words::{counted, grouped, listed};
use crate::report::{CrossedRow, KinkRow, Part};

/// A coordinate without derivative.
#[derive(Debug, Serialize)]
pub(super) struct KinkView {
    pub(super) coordinate: String,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) value: String,
    pub(super) inside: bool,
    pub(super) convention: String,
    pub(super) units: String,
}

/// A coordinate whose step crosses kinks.
#[derive(Debug, Serialize)]
pub(super) struct CrossedView {
    pub(super) coordinate: String,
    pub(super) step: String,
    pub(super) value: String,
    pub(super) central: String,
    pub(super) digits: String,
    pub(super) count: String,
    pub(super) gap: String,
    pub(super) explained: String,
    pub(super) units: String,
}

/// What is said of a layer's kink map.
#[derive(Debug, Serialize)]
pub(super) struct MapView {
    pub(super) layer: String,
    pub(super) summary: String,
    pub(super) nearest: Vec<(String, String)>,
}

pub(super) fn kink(row: &KinkRow) -> KinkView {
    KinkView {
        coordinate: row.coordinate.clone(),
        left: six(row.left),
        right: six(row.right),
        value: six(row.value),
        inside: row.side == Side::Inside,
        convention: row.convention.clone(),
        units: listed(&row.units),
    }
}

pub(super) fn kinks_more(part: &Part) -> String {
    let counts = part.counts();
    let all = counts.at_kink_inside + counts.at_kink_outside;
    if all > part.kinks.len() {
        format!(
            "{} of {} weights at a kink are shown.",
            part.kinks.len(),
            grouped(all)
        )
    } else {
        String::new()
    }
}

pub(super) fn crossed(row: &CrossedRow) -> CrossedView {
    let units: Vec<String> = row
        .switches
        .iter()
        .map(|switch| {
            format!(
                "{} switches {:+.1e} away and moves the difference by {:+.1e}",
                switch.unit, switch.at.0, switch.share.0
            )
        })
        .collect();
    CrossedView {
        coordinate: row.coordinate.clone(),
        step: format!("{:.1e}", row.step.0),
        value: six(row.value),
        central: six(row.central),
        digits: format!("{:.1}", row.digits),
        count: format!(
            "{}{}",
            grouped(row.count),
            if row.are_more { " or more" } else { "" }
        ),
        gap: format!("{:+.1e}", row.central.0 - row.value.0),
        explained: format!("{:+.1e}", row.explained.0),
        units: units.join("; "),
    }
}

pub(super) fn maps(part: &Part) -> Vec<MapView> {
    let Some(detail) = &part.detail else {
        return Vec::new();
    };
    let map = |map: &KinkMap| MapView {
        layer: map.layer.clone(),
        summary: format!(
            "{} over all samples, {} exactly where {} branch; its largest input is {}.",
            counted(map.units, "unit"),
            grouped(map.tied),
            if map.tied == 1 {
                "it changes its"
            } else {
                "they change their"
            },
            short(map.size)
        ),
        nearest: map
            .nearest
            .iter()
            .map(|unit| (unit.unit.clone(), short(unit.margin)))
            .collect(),
    };
    detail.kinks.iter().map(map).collect()
}
