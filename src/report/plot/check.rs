//! A check in one figure: gaps beside their bounds by tensor, matching digits, the derivatives
//! themselves, and the gap over steps at the worst coordinate.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::judge::matching_digits;
use crate::judge::metrics::MOST_DIGITS;
use crate::report::detail::{CurveReason, Detail, is_wrong_letter};
use crate::report::words::grouped;
use crate::report::{Outcome, Part, Report};
use crate::spec::case::SourceName;

use super::{
    Axis, COLOURS, Drawn, INK, Pen, RED, ending_at, has_place, plain, power, range, shortened,
    sweep,
};

/// Tensors that are shown, those nearest to their bounds.
const MOST_TENSORS: usize = 60;

/// Points that are shown, the wrong ones first.
const MOST_POINTS: usize = 4_000;

/// Gaps below this part of their bound are shown there, as powers of ten.
const LEAST: f64 = -6.0;

/// And gaps above here.
const LARGEST: f64 = 18.0;

const WIDTH: u32 = 1240;
const TITLE: u32 = 64;
const PANEL: u32 = 330;

/// The objective that is shown: the last, which is all of it.
fn shown(report: &Report) -> Option<&Part> {
    report.parts.last()
}

/// A tensor's name, the largest gap by its bound, and whether it is wrong.
fn gaps(part: &Part) -> Vec<(&str, f64, bool)> {
    let mut gaps: Vec<(&str, f64, bool)> = match &part.projection {
        Some(projection) => {
            let wrong: Vec<&str> = projection.wrong().map(|row| row.name.as_str()).collect();
            let rows = projection.tensors.iter();
            rows.map(|row| {
                let name = row.name.as_str();
                (name, row.gap.0, wrong.contains(&name))
            })
            .collect()
        }
        None => {
            let rows = part.tensors.iter();
            rows.filter_map(|row| {
                let ratio = row.closest.as_ref()?.ratio.0;
                Some((row.name.as_str(), ratio, row.counts.wrong() > 0))
            })
            .collect()
        }
    };
    if gaps.len() > MOST_TENSORS {
        gaps.sort_by(|a, b| {
            (b.2, b.1)
                .partial_cmp(&(a.2, a.1))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        gaps.truncate(MOST_TENSORS);
    }
    gaps
}

fn rows(part: Option<&Part>) -> u32 {
    part.map_or(0, |part| u32::try_from(gaps(part).len()).unwrap_or(0))
}

/// Right of the tensors stand up to three panels.
fn panels(part: Option<&Part>) -> u32 {
    let detail = part.and_then(|part| part.detail.as_ref());
    let Some(detail) = detail.filter(|detail| !detail.is_empty()) else {
        return 0;
    };
    2 + u32::from(curve(detail).is_some())
}

pub(super) fn size(report: &Report) -> (u32, u32) {
    let part = shown(report);
    let panels = panels(part);
    let width = if panels == 0 { WIDTH / 2 + 60 } else { WIDTH };
    (
        width,
        TITLE + (PANEL * panels).max(140 + 22 * rows(part)).max(300),
    )
}

pub(super) fn draw<B: DrawingBackend>(
    report: &Report,
    root: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let (head, body) = root.split_vertically(pen.px(TITLE));
    let setup = &report.setup;
    let answer = match report.outcome {
        Outcome::Right => "right",
        Outcome::Wrong => "WRONG",
        Outcome::Unjudged => "could not be judged",
    };
    let title = format!(
        "{}: the gradient is {answer}",
        shortened(&setup.network, 60)
    );
    head.draw(&Text::new(title, (pen.at(16), pen.at(12)), pen.letters(20)))?;
    let facts = format!(
        "{} weights checked · {} · seed {}",
        grouped(setup.checked),
        setup.precision,
        setup.seed
    );
    head.draw(&Text::new(facts, (pen.at(16), pen.at(40)), pen.letters(12)))?;
    let Some(part) = shown(report) else {
        return Ok(());
    };
    let count = panels(Some(part));
    let (left, right) = match count {
        0 => (body, None),
        _ => {
            let (left, right) = body.split_horizontally(pen.px(WIDTH / 2));
            (left, Some(right))
        }
    };
    tensors(part, root, &left, pen)?;
    let Some((right, detail)) = right.zip(part.detail.as_ref()) else {
        return Ok(());
    };
    let places = right.split_evenly((count as usize, 1));
    let mut places = places.iter();
    if let Some(place) = places.next() {
        digits(part, detail, place, pen)?;
    }
    if let Some(place) = places.next() {
        scatter(part, detail, place, pen)?;
    }
    if let (Some(place), Some(curve)) = (places.next(), curve(detail)) {
        let title = match curve.reason {
            CurveReason::Wrong => ", which is wrong",
            CurveReason::Kink => ", near a kink",
            _ => "",
        };
        let title = format!(
            "Gap over steps at {}{title}",
            shortened(&curve.sweep.coordinate, 40)
        );
        let step = curve.step.map(|step| step.0);
        sweep::panel(&curve.sweep, step, &title, place, pen)?;
    }
    Ok(())
}

/// The coordinate that is shown over all steps: a wrong one, or else the first.
fn curve(detail: &Detail) -> Option<&crate::report::detail::Curve> {
    let mut curves = detail.curves.iter();
    let wrong = curves.find(|curve| curve.reason == CurveReason::Wrong);
    wrong.or(detail.curves.first())
}

/// The largest gap by its bound, tensor by tensor.
fn tensors<B: DrawingBackend>(
    part: &Part,
    root: &DrawingArea<B, Shift>,
    area: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let gaps = gaps(part);
    let clipped = |ratio: f64| match ratio {
        ratio if ratio.is_nan() => LARGEST,
        ratio => ratio.log10().clamp(LEAST, LARGEST),
    };
    let highest = gaps.iter().map(|gap| clipped(gap.1)).fold(1.0, f64::max);
    let x = Axis {
        from: LEAST,
        to: (highest + 0.5).ceil(),
        label: "largest gap / error bound; above 1 it is wrong",
        number: &power,
        count: 10,
    };
    let y = Axis {
        from: gaps.len().max(1) as f64 - 0.5,
        to: -0.5,
        label: "",
        number: &|_| String::new(),
        count: 0,
    };
    let title = format!("Gap by bound: {}", part.name.title());
    let mut chart = pen.chart(area, &title, 190, [&x, &y])?;
    let bottom = gaps.len().max(1) as f64 - 0.5;
    chart.draw_series(std::iter::once(PathElement::new(
        vec![(0.0, -0.5), (0.0, bottom)],
        INK.stroke_width(pen.px(1)),
    )))?;
    for (number, (name, ratio, is_wrong)) in gaps.iter().enumerate() {
        let (at, row) = (clipped(*ratio), number as f64);
        let colour = if *is_wrong { RED } else { COLOURS[0] };
        chart.draw_series([PathElement::new(
            vec![(LEAST, row), (at, row)],
            colour.mix(0.5).stroke_width(pen.px(2)),
        )])?;
        chart.draw_series([Circle::new((at, row), pen.px(4), colour.filled())])?;
        let (_, height) = chart.backend_coord(&(LEAST, row));
        let (edge, _) = chart.backend_coord(&(LEAST, row));
        let style = ending_at(pen, 11);
        let style = if *is_wrong { style.color(&RED) } else { style };
        root.draw(&Text::new(
            shortened(name, 26),
            (edge - pen.at(8), height),
            style,
        ))?;
    }
    Ok(())
}

/// How many coordinates match each reference to how many whole digits.
fn digits<B: DrawingBackend>(
    part: &Part,
    detail: &Detail,
    area: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let references: Vec<SourceName> = part.references();
    let places = MOST_DIGITS as usize + 1;
    let mut counts = vec![vec![0_usize; places]; references.len()];
    for tensor in &detail.tensors {
        let Some((own, others)) = tensor.sources.split_first() else {
            continue;
        };
        for other in others {
            let number = references.iter().position(|name| *name == other.source);
            let Some(number) = number else {
                continue;
            };
            for (a, n) in own.values.iter().zip(&other.values) {
                // Two zeros match, and say nothing.
                if n.0.is_nan() || (a.0 == 0.0 && n.0 == 0.0) {
                    continue;
                }
                let digits = matching_digits(a.0, n.0).floor() as usize;
                counts[number][digits.min(places - 1)] += 1;
            }
        }
    }
    let most = counts.iter().flatten().max().copied().unwrap_or(0).max(1);
    let x = Axis {
        from: -0.5,
        to: places as f64 - 0.5,
        label: "matching digits",
        number: &|digit| match digit {
            digit if (digit - digit.round()).abs() < 1e-6 && *digit >= 0.0 => {
                digit.round().to_string()
            }
            _ => String::new(),
        },
        count: places,
    };
    let y = Axis {
        from: 0.0,
        to: most as f64 * 1.08,
        label: "weights",
        number: &|count| grouped(count.round() as usize),
        count: 6,
    };
    let mut chart = pen.chart(area, "Matching digits with each reference", 70, [&x, &y])?;
    let width = 0.8 / references.len().max(1) as f64;
    for (number, reference) in references.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let left = -0.4 + width * number as f64;
        let bars = counts[number].iter().enumerate();
        let bars: Vec<Rectangle<(f64, f64)>> = bars
            .filter(|(_, count)| **count > 0)
            .map(|(digit, count)| {
                let from = digit as f64 + left;
                Rectangle::new(
                    [(from, 0.0), (from + width * 0.92, *count as f64)],
                    colour.filled(),
                )
            })
            .collect();
        chart
            .draw_series(bars)?
            .label(reference.to_string())
            .legend(move |(x, y)| {
                let half = pen.at(5);
                Rectangle::new([(x, y - half), (x + 2 * half, y + half)], colour.filled())
            });
    }
    pen.legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

/// The gradient under test against the numbers that differences give, or else the first reference.
fn scatter<B: DrawingBackend>(
    part: &Part,
    detail: &Detail,
    area: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let references = part.references();
    let central = references.contains(&SourceName::Central);
    let reference = if central {
        Some(SourceName::Central)
    } else {
        references.first().copied()
    };
    let name = reference.map_or("no reference".to_owned(), |name| name.to_string());
    let own = part
        .values
        .first()
        .map_or("gradient".to_owned(), |own| own.source.to_string());
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for tensor in &detail.thinned(MOST_POINTS).tensors {
        let own = tensor.sources.first();
        let other = tensor
            .sources
            .iter()
            .skip(1)
            .find(|source| Some(source.source) == reference);
        let Some((own, other)) = own.zip(other) else {
            continue;
        };
        let points = other
            .values
            .iter()
            .zip(&own.values)
            .zip(tensor.verdicts.chars());
        for ((n, a), letter) in points {
            if has_place(n.0) && has_place(a.0) {
                let points = if is_wrong_letter(letter) {
                    &mut wrong
                } else {
                    &mut right
                };
                points.push((n.0, a.0));
            }
        }
    }
    let all = right.iter().chain(&wrong);
    let (low, high) = range(all.flat_map(|point| [point.0, point.1])).unwrap_or((-1.0, 1.0));
    // An axis needs room, and more of it than rounding of its ends.
    let size = high.abs().max(low.abs());
    let rim = (0.05 * (high - low)).max(1e-3 * size).max(1e-290);
    let axis = |label| Axis {
        from: low - rim,
        to: high + rim,
        label,
        number: &plain,
        count: 6,
    };
    let title = format!("Derivatives: {own} against {name}");
    let (across, up) = (format!("by {name}"), format!("by {own}"));
    let (x, y) = (axis(&across), axis(&up));
    let mut chart = pen.chart(area, &title, 70, [&x, &y])?;
    chart.draw_series([PathElement::new(
        vec![(low - rim, low - rim), (high + rim, high + rim)],
        INK.mix(0.4).stroke_width(pen.px(1)),
    )])?;
    let dots = right
        .iter()
        .map(|point| Circle::new(*point, pen.px(2), COLOURS[0].mix(0.5).filled()));
    chart
        .draw_series(dots)?
        .label("agrees, or not judged")
        .legend(move |at| Circle::new((at.0 + pen.at(5), at.1), pen.px(3), COLOURS[0].filled()));
    if !wrong.is_empty() {
        let dots = wrong
            .iter()
            .map(|point| Circle::new(*point, pen.px(3), RED.filled()));
        chart
            .draw_series(dots)?
            .label("wrong")
            .legend(move |at| Circle::new((at.0 + pen.at(5), at.1), pen.px(3), RED.filled()));
    }
    pen.legend(&mut chart, SeriesLabelPosition::UpperLeft)
}
