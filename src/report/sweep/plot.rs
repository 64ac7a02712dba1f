//! Gap against step, both logarithmic, as a chart of characters.
//!
//! Every series has a character of its own rather than a colour, so that a file or a pipe holds all
//! of the chart.

use std::collections::BTreeMap;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};

use crate::judge::law::Law;
use crate::report::words::listed;

use super::{SweepReport, SweepRung};

/// Rows between two labels of the vertical axis.
const ROWS_PER_LABEL: u16 = 3;

/// Intervals between the labels of each axis.
const INTERVALS: [i32; 2] = [8, 6];

const TOGETHER: char = '●';
const ACROSS_KINK: char = '░';
const ZERO: char = '0';

/// The range of an axis in powers of ten.
#[derive(Clone, Copy)]
struct Decades {
    first: i32,
    last: i32,
    step: i32,
}

/// Points with the character that stands for them.
struct Series {
    marker: Marker,
    legend: String,
    points: Vec<(f64, f64)>,
}

/// Columns below which there is no chart.
const LEAST: u16 = 40;

/// Columns between two labels that a chart needs.
const NARROWEST: u16 = 3;

/// Draw the chart in so many columns, labels included, and under it what its characters mean; `None`
/// when there is nothing to draw, or no room.
pub(super) fn draw(report: &SweepReport, width: usize) -> Option<String> {
    let width = u16::try_from(width).ok().filter(|width| *width >= LEAST)?;
    let steps = Decades::around(report.rungs.iter().map(|rung| rung.step), INTERVALS[0])?;
    let heights = report.rungs.iter().flat_map(|rung| {
        let gaps = rung.gaps.iter().map(|gap| gap.0);
        gaps.chain([bound(report, rung)])
    });
    let gaps = Decades::around(heights, INTERVALS[1])?;
    let series = series(report, steps, gaps, width);

    // The labels of the vertical axis, and the axis.
    let left = gaps.labels().iter().map(String::len).max()? as u16 + 1;
    let intervals = steps.labels().len() as u16 - 1;
    let columns_per_label = width.checked_sub(left + 1)? / intervals;
    if columns_per_label < NARROWEST {
        return None;
    }
    let (columns, rows) = (
        intervals * columns_per_label + 1,
        (gaps.labels().len() as u16 - 1) * ROWS_PER_LABEL + 1,
    );
    // Two more rows for the horizontal axis and its labels.
    let area = Rect::new(0, 0, left + columns, rows + 2);
    let mut buffer = Buffer::empty(area);
    let datasets = series.iter().map(|series| {
        Dataset::default()
            .marker(series.marker)
            .graph_type(GraphType::Scatter)
            .data(&series.points)
    });
    Chart::new(datasets.collect())
        .legend_position(None)
        // Empty labels hold the row open; ratatui would not put them where their numbers are.
        .x_axis(Axis::default().bounds(steps.bounds()).labels(["", ""]))
        .y_axis(Axis::default().bounds(gaps.bounds()).labels(gaps.labels()))
        .render(area, &mut buffer);
    for (number, label) in (0..).zip(steps.labels()) {
        let column = left + number * columns_per_label;
        let start = (column - label.len() as u16 / 2).min(area.right() - label.len() as u16);
        buffer.set_string(start, rows + 1, label, Style::default());
        buffer.set_string(
            column,
            rows,
            if number == 0 { "┼" } else { "┴" },
            Style::default(),
        );
    }

    let title = match width {
        ..50 => "|a - D(h)| over h, both logarithmic:",
        _ => "Gap |a - D(h)| against step h, both logarithmic:",
    };
    let mut lines = vec![title.to_owned()];
    lines.extend((0..area.height).map(|row| {
        let cells = (0..area.width).filter_map(|column| buffer.cell((column, row)));
        let text: String = cells.map(|cell| cell.symbol()).collect();
        text.trim_end().to_owned()
    }));
    let mut legend = String::new();
    for series in series.iter().rev() {
        let taken = legend.chars().count() + 3 + series.legend.chars().count();
        if !legend.is_empty() && taken > usize::from(width) {
            lines.push(std::mem::take(&mut legend));
        }
        if !legend.is_empty() {
            legend.push_str("   ");
        }
        legend.push_str(&series.legend);
    }
    lines.push(legend);
    Some(lines.join("\n"))
}

/// The bound that the gap of the gradient under test is held against.
fn bound(report: &SweepReport, rung: &SweepRung) -> f64 {
    let own = report.sources.first().map_or(0.0, |source| source.error.0);
    rung.rounding.0 + own
}

/// What is drawn, the last on top.
fn series(report: &SweepReport, steps: Decades, gaps: Decades, width: u16) -> Vec<Series> {
    let mut all = vec![
        Series {
            marker: Marker::Custom(ACROSS_KINK),
            legend: format!("{ACROSS_KINK} steps across a kink"),
            points: kink_region(report, steps, gaps, width),
        },
        Series {
            marker: Marker::Braille,
            legend: "⠒ rounding bound".to_owned(),
            points: bound_line(report),
        },
        Series {
            marker: Marker::Custom(ZERO),
            legend: format!("{ZERO} gap of exactly 0"),
            points: report
                .rungs
                .iter()
                .filter(|rung| rung.gaps.first().is_some_and(|gap| gap.0 == 0.0))
                .map(|rung| (rung.step.log10(), f64::from(gaps.first)))
                .collect(),
        },
    ];
    let names: Vec<String> = report
        .sources
        .iter()
        .map(|source| source.source.to_string())
        .collect();
    let row = f64::from(gaps.step) / f64::from(ROWS_PER_LABEL);
    // Gaps within a row of the chart are one point; the sources that share it are its key.
    let mut groups: BTreeMap<Vec<usize>, Vec<(f64, f64)>> = BTreeMap::new();
    for rung in &report.rungs {
        let heights: Vec<f64> = rung.gaps.iter().map(|gap| gap.0.log10()).collect();
        let mut left: Vec<usize> = (0..heights.len())
            .filter(|source| heights[*source].is_finite())
            .collect();
        while let Some(first) = left.first() {
            let height = heights[*first];
            let (group, others) = left
                .iter()
                .partition(|source| (heights[**source] - height).abs() <= row);
            groups
                .entry(group)
                .or_default()
                .push((rung.step.log10(), height));
            left = others;
        }
    }
    for (group, points) in groups.into_iter().rev() {
        let members: Vec<String> = group.iter().map(|source| names[*source].clone()).collect();
        let letter = members[0].chars().next().unwrap_or('?');
        let (marker, together) = match members.len() {
            all if all == names.len() => (TOGETHER, if all > 1 { " together" } else { "" }),
            1 => (letter, ""),
            _ => (letter.to_ascii_uppercase(), " together"),
        };
        all.push(Series {
            marker: Marker::Custom(marker),
            legend: format!("{marker} {}{together}", listed(&members)),
            points,
        });
    }
    for series in &mut all {
        series.points.retain(|point| point.1.is_finite());
    }
    all.retain(|series| !series.points.is_empty());
    all
}

/// The bound between the steps as well, close enough to be a line.
fn bound_line(report: &SweepReport) -> Vec<(f64, f64)> {
    let corners: Vec<(f64, f64)> = report
        .rungs
        .iter()
        .map(|rung| (rung.step.log10(), bound(report, rung).log10()))
        .collect();
    let parts = 16;
    corners
        .windows(2)
        .flat_map(|pair| {
            let (from, to) = (pair[0], pair[1]);
            (0..parts).map(move |part| {
                let share = f64::from(part) / f64::from(parts);
                (
                    from.0 + share * (to.0 - from.0),
                    from.1 + share * (to.1 - from.1),
                )
            })
        })
        .collect()
}

/// Points that fill the steps at which the gap under test comes from a kink.
fn kink_region(report: &SweepReport, steps: Decades, gaps: Decades, width: u16) -> Vec<(f64, f64)> {
    let segments = report.sources.first().map(|source| &source.fit.segments);
    let kinks = segments
        .into_iter()
        .flatten()
        .filter(|part| matches!(part.law, Law::Kink { .. }));
    let (columns, rows) = (4 * i32::from(width), 100);
    let [left, right] = steps.bounds();
    let [low, high] = gaps.bounds();
    let mut points = Vec::new();
    for part in kinks {
        for column in 0..=columns {
            let x = left + (right - left) * f64::from(column) / f64::from(columns);
            if x < part.to.log10() || x > part.from.log10() {
                continue;
            }
            points.extend((0..=rows).map(|row| {
                let y = low + (high - low) * f64::from(row) / f64::from(rows);
                (x, y)
            }));
        }
    }
    points
}

impl Decades {
    /// Whole decades around all positive values, with about `intervals` between the labels.
    fn around(values: impl Iterator<Item = f64>, intervals: i32) -> Option<Self> {
        let logs = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .map(f64::log10);
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        if low > high {
            return None;
        }
        // Logarithms of `f64` lie within ±400.
        let (first, last) = (low.floor() as i32, high.ceil() as i32);
        let step = ((last - first) + intervals - 1) / intervals;
        let step = step.max(1);
        // Every label stands at a whole power, and the last one at the end.
        let count = ((last - first) + step - 1) / step;
        Some(Self {
            first,
            last: first + count.max(1) * step,
            step,
        })
    }

    fn bounds(self) -> [f64; 2] {
        [f64::from(self.first), f64::from(self.last)]
    }

    fn labels(self) -> Vec<String> {
        let mut labels = Vec::new();
        let mut exponent = self.first;
        while exponent <= self.last {
            labels.push(format!("1e{exponent}"));
            exponent += self.step;
        }
        labels
    }
}
