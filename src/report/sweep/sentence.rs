//! What the laws say, for a reader who does not know them.

use crate::judge::law::{Law, Segment};
use crate::report::Outcome;
use crate::report::words::{counted, listed};

use super::{PENALTY, SourceFit, SweepReport, SweepRung};

/// A jump is worth its number from this factor on.
const JUMP: f64 = 3.0;

/// The answer, and what it rests on.
pub(super) fn of(report: &SweepReport) -> String {
    let Some((subject, others)) = report.sources.split_first() else {
        return "Cannot tell: no source was asked.".to_owned();
    };
    let mut sentences = vec![answer(report, subject)];
    if subject.is_wrong() {
        sentences.extend(wrong(report, 0));
    } else {
        sentences.extend(story(report, subject));
        sentences.extend(sharpest(report, subject));
    }
    let agree = |other: &&SourceFit| other.is_wrong() == subject.is_wrong();
    let same: Vec<String> = others.iter().filter(agree).map(name).collect();
    if !same.is_empty() {
        sentences.push(format!("The same holds for {}.", listed(&same)));
    }
    for (number, other) in report.sources.iter().enumerate().skip(1) {
        if other.is_wrong() && !subject.is_wrong() {
            sentences.extend(wrong(report, number));
        }
    }
    let innocent: Vec<String> = others
        .iter()
        .filter(|other| !agree(other))
        .map(name)
        .collect();
    if subject.is_wrong() && !innocent.is_empty() {
        let verb = if innocent.len() == 1 {
            "agrees"
        } else {
            "agree"
        };
        sentences.push(format!(
            "{} {verb} with central differences.",
            listed(&innocent)
        ));
    }
    sentences.join(" ")
}

fn name(source: &SourceFit) -> String {
    source.source.to_string()
}

fn answer(report: &SweepReport, subject: &SourceFit) -> String {
    let coordinate = &report.coordinate;
    match report.outcome {
        Outcome::Right => format!("Yes: the derivative at {coordinate} is right."),
        Outcome::Wrong if subject.is_wrong() => {
            format!("No: the derivative at {coordinate} is wrong.")
        }
        Outcome::Wrong => format!("No: not every source is right at {coordinate}."),
        Outcome::Unjudged => {
            format!("Cannot tell whether the derivative at {coordinate} is right.")
        }
    }
}

/// What is wrong with the source of this number.
fn wrong(report: &SweepReport, number: usize) -> Vec<String> {
    let source = &report.sources[number];
    let name = name(source);
    let Law::Bug { plateau, decades } = source.fit.law else {
        return vec![format!(
            "{name} says {}, which no step explains.",
            source.value.0
        )];
    };
    let segments = source.fit.segments.iter();
    let flat = segments
        .clone()
        .find(|part| matches!(part.law, Law::Bug { .. }));
    let mut sentences = Vec::new();
    if let Some(flat) = flat {
        sentences.push(format!(
            "The gap of {name} stays at {plateau:.1e} over {decades:.1} decades, from h = {:.1e} to h = {:.1e}: no step explains it, so the derivative itself is wrong.",
            flat.from, flat.to
        ));
        // Where neither truncation nor rounding blurs it.
        let gap = |rung: &SweepRung| rung.gaps.get(number).map_or(f64::NAN, |gap| gap.0);
        let rung = report
            .rungs
            .iter()
            .filter(|rung| rung.step <= flat.from && rung.step >= flat.to)
            .min_by(|a, b| {
                let far = |rung: &SweepRung| (gap(rung) - plateau).abs();
                far(a).total_cmp(&far(b))
            });
        if let Some(rung) = rung {
            let (value, central) = (source.value.0, rung.central.0);
            let relative = plateau / central.abs();
            let comparison = if value == 0.0 {
                "0".to_owned()
            } else if relative < 0.1 {
                format!("{value:.9e}, off by {relative:.1e} of it")
            } else if central == 0.0 {
                format!("{value:.9e}")
            } else {
                format!("{value:.9e}, {:.3} times that", value / central)
            };
            sentences.push(format!(
                "Central differences say {central:.9e} there; {name} says {comparison}."
            ));
        }
    }
    sentences
}

/// What the gap does from the largest step to the smallest.
fn story(report: &SweepReport, source: &SourceFit) -> Vec<String> {
    let segments = &source.fit.segments;
    let find = |wanted: fn(&Law) -> bool| segments.iter().find(|part| wanted(&part.law));
    let kink = find(|law| matches!(law, Law::Kink { .. }));
    let falling = find(|law| matches!(law, Law::Truncation { .. }));
    let rounding = find(|law| matches!(law, Law::Rounding));

    let mut sentences = Vec::new();
    if let Some(kink) = kink {
        sentences.push(at_kink(report, kink));
        let beyond = report.rungs.iter().filter(|rung| rung.step >= kink.to);
        let largest = beyond.map(first_gap).fold(0.0, f64::max);
        if source.fit.law != Law::Unclear {
            sentences.push(format!(
                "Gaps across it, of up to {largest:.1e}, say nothing about the gradient."
            ));
        }
    }
    let gap = if kink.is_some() {
        "Below that the gap"
    } else {
        "The gap"
    };
    match (falling, rounding) {
        (Some(part), Some(_)) => sentences.push(format!(
            "{gap} falls as {} down to h = {:.1e}, which is truncation, and rises as 1/h from there on, which is rounding.",
            power(part.law),
            part.to
        )),
        (Some(part), None) => sentences.push(format!(
            "{gap} falls as {}, which is truncation.",
            power(part.law)
        )),
        (None, Some(part)) => {
            let zero = report
                .rungs
                .iter()
                .filter(|rung| rung.step <= part.from)
                .all(|rung| rung.gaps.first().is_some_and(|gap| gap.0 == 0.0));
            sentences.push(if zero {
                format!("{gap} is exactly 0 at every step.")
            } else {
                format!("{gap} is rounding, which grows as 1/h.")
            });
        }
        (None, None) => (),
    }
    if source.fit.law == Law::Unclear {
        let unclear = segments.iter().filter(|part| {
            part.law == Law::Unclear
                && report
                    .rungs
                    .iter()
                    .any(|rung| rung.step <= part.from && rung.step >= part.to && finite(rung))
        });
        let ranges: Vec<String> = unclear
            .map(|part| format!("from h = {:.1e} to h = {:.1e}", part.from, part.to))
            .collect();
        let always = report.rungs.last().filter(|_| only_kinks(report));
        if let Some(rung) = always.filter(|rung| rung.switched() > 1) {
            sentences.push(format!(
                "The derivative lies outside of the slopes on either side, but of {} at once these do not decide: it may still be right.",
                counted(rung.switched(), "unit")
            ));
        } else if ranges.is_empty() {
            sentences.push("The error bound is never smaller than the derivatives of this tensor, so the agreement says nothing.".to_owned());
        } else {
            sentences.push(format!(
                "But {} the gap is larger than the error bound and follows no law for long enough.",
                listed(&ranges)
            ));
        }
    }
    sentences
}

fn finite(rung: &SweepRung) -> bool {
    rung.gaps.first().is_some_and(|gap| gap.0.is_finite())
}

/// Where the gap jumps, and what switches there.
fn at_kink(report: &SweepReport, part: &Segment) -> String {
    let at = part.to;
    let position = report.rungs.iter().rposition(|rung| rung.step >= at);
    let crossing = position.map(|position| &report.rungs[position]);
    let smooth = position.and_then(|position| report.rungs.get(position + 1));
    let jump = match (crossing, smooth) {
        (Some(crossing), Some(smooth)) => {
            let ratio = first_gap(crossing) / first_gap(smooth);
            if ratio.is_finite() && ratio >= JUMP {
                let times = if ratio < 1e4 {
                    format!("{ratio:.0} times")
                } else {
                    format!("{ratio:.0e} times")
                };
                format!(
                    "From h = {:.1e} to h = {at:.1e} the gap jumps to {times} its size, because a kink lies between",
                    smooth.step
                )
            } else {
                format!("Steps from h = {at:.1e} on cross a kink")
            }
        }
        _ => "Every step crosses a kink".to_owned(),
    };
    let nearest = smooth.map_or(0.0, |smooth| smooth.step);
    match (&report.kink, crossing) {
        (Some(kink), _) if kink.distance == 0.0 || kink.distance.abs() >= nearest => {
            let switches = match kink.unit.as_str() {
                PENALTY => "that of the L1 penalty lies".to_owned(),
                unit => format!("{unit} switches"),
            };
            format!("{jump}: {switches} {}.", kink.place())
        }
        (_, Some(crossing)) => format!(
            "{jump}: {} there, {} among them.",
            if crossing.switched() == 1 {
                "1 unit switches".to_owned()
            } else {
                format!("{} switch", counted(crossing.switched(), "unit"))
            },
            crossing
                .above
                .first
                .iter()
                .chain(&crossing.below.first)
                .next()
                .cloned()
                .unwrap_or_default()
        ),
        _ => format!("{jump}."),
    }
}

fn first_gap(rung: &SweepRung) -> f64 {
    rung.gaps.first().map_or(f64::NAN, |gap| gap.0)
}

/// Whether no step is so small that it crosses no kink.
fn only_kinks(report: &SweepReport) -> bool {
    report.rungs.iter().all(|rung| rung.switched() > 0)
}

/// The step that says most.
fn sharpest(report: &SweepReport, source: &SourceFit) -> Option<String> {
    let rung = &report.rungs[source.fit.sharpest?];
    let (gap, bound) = (first_gap(rung), rung.rounding.0 + source.error.0);
    if only_kinks(report) {
        return (source.fit.law != Law::Unclear).then(|| format!(
            "The derivative lies between the slopes on either side of it, {:.6e} and {:.6e} at h = {:.1e}, which is all that can be asked there.",
            rung.backward.0, rung.forward.0, rung.step
        ));
    }
    if gap == 0.0 {
        return None;
    }
    let place = format!("At its clearest, h = {:.1e}, it is", rung.step);
    Some(if gap <= bound {
        format!("{place} {gap:.1e}, within the error bound {bound:.1e}.")
    } else {
        format!("{place} {gap:.1e}, and the error bound is {bound:.1e}.")
    })
}

/// "h²".
fn power(law: Law) -> String {
    let Law::Truncation { order } = law else {
        return String::new();
    };
    match order.round() {
        whole if (whole - order).abs() > 0.15 => format!("h^{order:.1}"),
        1.0 => "h".to_owned(),
        2.0 => "h²".to_owned(),
        3.0 => "h³".to_owned(),
        4.0 => "h⁴".to_owned(),
        whole => format!("h^{whole}"),
    }
}
