//! Lines that a gap follows on log-log paper.

use super::{FITTED, FLAT, FOLLOWS, Kind, LEAST_ORDER, LadderGap};

/// gap = e^intercept · h^order.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) order: f64,
    intercept: f64,
}

impl Line {
    /// The line that the gap falls along in the first `falling` steps, towards `floor`.
    pub(super) fn below(rungs: &[LadderGap], falling: usize, floor: f64) -> Option<Self> {
        let standing_out = |factor: f64| -> Vec<(f64, f64)> {
            rungs[..falling]
                .iter()
                .rev()
                .filter(|rung| !rung.within() && rung.gap >= factor * floor)
                .filter_map(log_point)
                .take(FITTED)
                .collect()
        };
        let mut points = standing_out(20.0);
        if points.len() < 3 {
            points = standing_out(1.0);
            if points.is_empty() {
                return None;
            }
            // So few stand out that those at the bottom have to help.
            points.extend(rungs[falling..].iter().filter_map(log_point).take(2));
        }
        Self::through(&points).filter(|line| line.order >= LEAST_ORDER)
    }

    pub(super) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let order = slope(points)?;
        let mut offsets: Vec<f64> = points.iter().map(|(h, gap)| gap - order * h).collect();
        let intercept = median(&mut offsets)?;
        Some(Self { order, intercept })
    }

    /// ln gap at ln h.
    pub(super) fn at(self, h: f64) -> f64 {
        self.intercept + self.order * h
    }

    /// Whether the gap lies on the line, but for a factor.
    fn holds(&self, rung: &LadderGap, factor: f64) -> bool {
        log_point(rung).is_some_and(|(h, gap)| (gap - self.at(h)).abs() <= factor.ln())
    }

    /// The steps next to the bottom that still lie on the line.
    pub(super) fn extend_down(&self, rungs: &[LadderGap], kinds: &mut [Kind]) {
        for (rung, kind) in rungs.iter().zip(kinds) {
            if !self.holds(rung, FOLLOWS) {
                break;
            }
            *kind = Kind::Truncation;
        }
    }

    /// The steps across kinks that do not show: the gap stays on the line.
    pub(super) fn extend_up(&self, rungs: &[LadderGap], kinds: &mut [Kind]) {
        for (rung, kind) in rungs.iter().zip(kinds).rev() {
            if !self.holds(rung, FLAT) {
                break;
            }
            *kind = Kind::Truncation;
        }
    }
}

/// (ln h, ln gap), where the gap has a logarithm.
pub(super) fn log_point(rung: &LadderGap) -> Option<(f64, f64)> {
    (rung.usable() && rung.gap > 0.0).then(|| (rung.step.ln(), rung.gap.ln()))
}

/// The median slope of all pairs.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::new();
    for (at, a) in points.iter().enumerate() {
        for b in &points[at + 1..] {
            slopes.push((b.1 - a.1) / (b.0 - a.0));
        }
    }
    median(&mut slopes)
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(numbers[middle]),
        _ => Some(f64::midpoint(numbers[middle - 1], numbers[middle])),
    }
}
