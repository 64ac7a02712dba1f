//! The gap over steps: rounding on the left, truncation on the right, and kinks between.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::judge::law::Law;
use crate::report::sweep::{SweepReport, SweepRung};

use super::{Axis, COLOURS, Drawn, INK, Pen, RED, power, range, shortened};

pub(super) fn draw<B: DrawingBackend>(
    report: &SweepReport,
    root: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let title = format!("Gap over steps at {}", shortened(&report.coordinate, 60));
    panel(report, None, &title, root, pen)
}

/// The bound that the gap of the gradient under test is held against.
fn bound(report: &SweepReport, rung: &SweepRung) -> f64 {
    let own = report.sources.first().map_or(0.0, |source| source.error.0);
    rung.rounding.0 + own
}

/// The chart, with the step that was chosen, if one was.
pub(super) fn panel<B: DrawingBackend>(
    report: &SweepReport,
    step: Option<f64>,
    title: &str,
    area: &DrawingArea<B, Shift>,
    pen: Pen,
) -> Drawn<B> {
    let rungs = report.rungs.iter();
    let steps = rungs.clone().map(|rung| rung.step.log10());
    let heights = rungs.flat_map(|rung| {
        let gaps = rung.gaps.iter().map(|gap| gap.0);
        gaps.chain([bound(report, rung)]).map(f64::log10)
    });
    let (left, right) = range(steps).unwrap_or((-1.0, 0.0));
    let (low, high) = range(heights).unwrap_or((-1.0, 0.0));
    let axis = |from: f64, to: f64, label| Axis {
        from: (from - 0.05).floor(),
        to: (to + 0.05).ceil(),
        label,
        number: &power,
        count: 8,
    };
    let (x, y) = (
        axis(left, right, "step h"),
        axis(low, high, "gap |a − D(h)|"),
    );
    let mut chart = pen.chart(area, title, 70, [&x, &y])?;

    // Steps at which the gap comes from kinks.
    let segments = report.sources.first().map(|source| &source.fit.segments);
    let across = segments
        .into_iter()
        .flatten()
        .filter(|part| matches!(part.law, Law::Kink { .. }));
    let regions: Vec<Rectangle<(f64, f64)>> = across
        .map(|part| [part.to.log10(), part.from.log10()])
        .filter(|ends| ends.iter().all(|end| end.is_finite()))
        .map(|[to, from]| Rectangle::new([(to, y.from), (from, y.to)], INK.mix(0.08).filled()))
        .collect();
    if !regions.is_empty() {
        chart
            .draw_series(regions)?
            .label("across kinks")
            .legend(move |(x, y)| {
                let half = pen.at(5);
                Rectangle::new(
                    [(x, y - half), (x + 2 * half, y + half)],
                    INK.mix(0.15).filled(),
                )
            });
    }
    let line = |x: f64| vec![(x, y.from), (x, y.to)];
    let kink = report.kink.as_ref().map(|kink| kink.distance.abs().log10());
    if let Some(at) = kink.filter(|at| (x.from..=x.to).contains(at)) {
        let style = INK.stroke_width(pen.px(1));
        chart
            .draw_series(DashedLineSeries::new(line(at), pen.px(2), pen.px(4), style))?
            .label("nearest kink")
            .legend(move |at| stroke(at, INK, pen));
    }
    if let Some(at) = step
        .map(f64::log10)
        .filter(|at| (x.from..=x.to).contains(at))
    {
        let green = COLOURS[2];
        chart
            .draw_series(LineSeries::new(line(at), green.stroke_width(pen.px(2))))?
            .label("chosen step")
            .legend(move |at| stroke(at, green, pen));
    }
    let bounds = report
        .rungs
        .iter()
        .map(|rung| (rung.step.log10(), bound(report, rung).log10()));
    let bounds: Vec<(f64, f64)> = bounds
        .filter(|point| point.0.is_finite() && point.1.is_finite())
        .collect();
    let style = RED.stroke_width(pen.px(1));
    chart
        .draw_series(LineSeries::new(bounds, style))?
        .label("rounding bound")
        .legend(move |at| stroke(at, RED, pen));
    // The gradient under test on top, and larger.
    for (number, source) in report.sources.iter().enumerate().rev() {
        let colour = COLOURS[[0, 1, 3, 2][number % COLOURS.len()]];
        let points = report.rungs.iter().filter_map(|rung| {
            let point = (rung.step.log10(), rung.gaps.get(number)?.0.log10());
            (point.0.is_finite() && point.1.is_finite()).then_some(point)
        });
        let size = pen.px(if number == 0 { 4 } else { 2 });
        let dots: Vec<Circle<(f64, f64), u32>> = points
            .map(|point| Circle::new(point, size, colour.filled()))
            .collect();
        chart
            .draw_series(dots)?
            .label(source.source.to_string())
            .legend(move |at| Circle::new((at.0 + pen.at(5), at.1), pen.px(3), colour.filled()));
    }
    pen.legend(&mut chart, SeriesLabelPosition::LowerLeft)
}

/// A stroke in the legend.
fn stroke(at: (i32, i32), colour: RGBColor, pen: Pen) -> PathElement<(i32, i32)> {
    PathElement::new(
        vec![at, (at.0 + pen.at(12), at.1)],
        colour.stroke_width(pen.px(2)),
    )
}
