//! What the template of a page fills in.

mod cases;
mod claim;
mod findings;
mod kinks;
mod special;
mod tensors;
mod words;

use serde::Serialize;

use crate::report::words::{counted, grouped, listed};
use crate::report::{Number, Outcome, Part, Report, Setup, numbers};
use crate::spec::PenaltySpec;
use crate::spec::case::{Selection, SourceName, Step};

use super::charts::{Charts, CurveChart, PartCharts};
pub(super) use cases::CasesPage;
pub(super) use claim::ClaimPage;
use findings::{Pair, Tile, WorstView, blame, faults, independent, remarks, sources, tiles, worst};
use kinks::{CrossedView, KinkView, MapView, crossed, kink, kinks_more, maps};
use special::{ProjectionView, SecondView, SingleView, projection, second, single};
use tensors::{Card, TensorView, cards};

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    /// `right`, `wrong` or `unjudged`.
    outcome: Outcome,
    verdict: &'static str,
    sentence: String,
    /// What was checked, by name and value.
    facts: Vec<(&'static str, String)>,
    control: String,
    replay: String,
    has_charts: bool,
    /// Whether tensors were looked at as a whole, so that there are no single weights to show.
    is_projected: bool,
    parts: Vec<PartView>,
}

/// One objective.
#[derive(Debug, Serialize)]
struct PartView {
    number: usize,
    title: &'static str,
    value: String,
    tiles: Vec<Tile>,
    /// Who, where and what, when something is wrong.
    faults: Vec<(&'static str, String)>,
    references: Vec<SourceName>,
    tensors: Vec<TensorView>,
    worst: Vec<WorstView>,
    worst_sources: Vec<SourceName>,
    blame: Vec<Vec<Pair>>,
    blame_sources: Vec<SourceName>,
    independent: String,
    steps: String,
    kinks: Vec<KinkView>,
    kinks_more: String,
    crossed: Vec<CrossedView>,
    remarks: Vec<String>,
    cards: Vec<Card>,
    is_sample: bool,
    curves: Vec<CurveView>,
    maps: Vec<MapView>,
    projection: Option<ProjectionView>,
    second: Option<SecondView>,
    single: Option<SingleView>,
}

/// A curve's place in the list.
#[derive(Debug, Serialize)]
struct CurveView {
    coordinate: String,
    why: &'static str,
    sentence: String,
    is_wrong: bool,
}

impl Page {
    pub(super) fn of(report: &Report, charts: &Charts) -> Self {
        let parts = report.parts.iter().zip(&charts.parts).enumerate();
        Self {
            title: format!("gradproof · {}", report.setup.network),
            outcome: report.outcome,
            verdict: verdict(report.outcome),
            sentence: report.sentence.clone(),
            facts: facts(&report.setup, &report.parts),
            control: format!(
                "{} Whoever runs this line gets the same report:",
                report.control.sentence()
            ),
            replay: format!("gradproof replay {}", report.replay),
            has_charts: !charts.is_empty(),
            is_projected: report.parts.iter().any(|part| part.projection.is_some()),
            parts: parts
                .map(|(number, (part, charts))| PartView::of(number, part, charts))
                .collect(),
        }
    }
}

impl CurveView {
    fn all(charts: &PartCharts) -> Vec<Self> {
        let curves = charts.curves.iter();
        let view = |curve: &CurveChart| Self {
            coordinate: curve.coordinate.clone(),
            why: curve.why,
            sentence: curve.sentence.clone(),
            is_wrong: curve.is_wrong,
        };
        curves.map(view).collect()
    }
}

impl PartView {
    fn of(number: usize, part: &Part, charts: &PartCharts) -> Self {
        let references = part.references();
        let mut tensors: Vec<TensorView> = part
            .tensors
            .iter()
            .enumerate()
            .map(|(order, row)| TensorView::of(order, row, &references))
            .collect();
        let state_of = |name: &str| {
            let own = tensors.iter().find(|row| row.name == name);
            own.map_or("right", |row| row.state)
        };
        let cards = cards(charts, state_of);
        tensors.sort_by(|a, b| {
            let by_state = a.state_order.cmp(&b.state_order);
            by_state
                .then(b.ratio.total_cmp(&a.ratio))
                .then(a.order.cmp(&b.order))
        });
        let (blame_sources, blame) = blame(part);
        Self {
            number,
            title: part.name.title(),
            value: value(part),
            tiles: if part.counts().all() > 0 {
                tiles(&part.counts())
            } else {
                Vec::new()
            },
            faults: faults(part),
            tensors,
            worst: part.worst.iter().map(worst).collect(),
            worst_sources: part.worst.first().map(sources).unwrap_or_default(),
            blame,
            blame_sources,
            independent: independent(part),
            steps: part.steps_in_words(),
            kinks: part.kinks.iter().map(kink).collect(),
            kinks_more: kinks_more(part),
            crossed: part.crossed.iter().map(crossed).collect(),
            remarks: remarks(part),
            cards,
            is_sample: charts.is_sample,
            curves: CurveView::all(charts),
            maps: maps(part),
            projection: part.projection.as_ref().map(projection),
            second: part.second.as_ref().map(second),
            single: part.single.as_ref().map(single),
            references,
        }
    }
}

fn facts(setup: &Setup, parts: &[Part]) -> Vec<(&'static str, String)> {
    let is_projected = parts.iter().any(|part| part.projection.is_some());
    let checked = if is_projected {
        format!(
            "all {}, by random-sign projections",
            grouped(setup.parameters)
        )
    } else if setup.checked < setup.parameters || matches!(setup.coordinates, Selection::Sample(_))
    {
        format!(
            "{} of {}",
            grouped(setup.checked),
            grouped(setup.parameters)
        )
    } else {
        format!("all {}, one by one", grouped(setup.checked))
    };
    let samples = numbers::samples(setup.samples, &setup.data);
    let under_test = match &setup.files.gradients {
        Some(file) => format!("the gradient in {}", file.path),
        None => "hand-written backprop".to_owned(),
    };
    let references: Vec<String> = parts
        .first()
        .map(Part::references)
        .unwrap_or_default()
        .iter()
        .map(|source| match source {
            SourceName::Dual => "dual numbers (num-dual)".to_owned(),
            SourceName::Reverse => "reverse mode with a forward pass of its own (dfdx)".to_owned(),
            SourceName::Central => match setup.step {
                Step::Auto => "central differences, step chosen".to_owned(),
                Step::Fixed(h) => format!("central differences, step {h:e}"),
            },
            other => other.to_string(),
        })
        .collect();
    let mut facts = vec![
        ("Network", setup.network.clone()),
        (
            "Under test",
            format!("{under_test}, in {}", setup.precision),
        ),
        ("Held against", listed(&references)),
        ("Weights", checked),
        ("Samples", samples),
        ("Seed", setup.seed.to_string()),
    ];
    if let Some(file) = &setup.files.parameters {
        facts.push(("Parameters", file.path.clone()));
    }
    if setup.train_steps > 0 {
        facts.push(("Trained", counted(setup.train_steps, "step")));
    }
    if let Some(penalty) = setup.penalty {
        facts.push((
            "Penalty",
            match penalty {
                PenaltySpec::L2 { strength } => format!("l2 = {strength}"),
                PenaltySpec::L1 { strength } => format!("l1 = {strength}"),
            },
        ));
    }
    facts
}

/// The objective's value, and whether all sources see it.
fn value(part: &Part) -> String {
    let known: Vec<String> = part
        .values
        .iter()
        .filter_map(|value| Some(format!("{} {:e}", value.source, value.value?.0)))
        .collect();
    match (
        part.values_agree,
        part.values.iter().find_map(|value| value.value),
    ) {
        (false, _) => format!("The sources differ in its value: {}.", known.join(", ")),
        (true, Some(Number(value))) => format!(
            "Its value is {value}, {}.",
            if known.len() > 1 {
                "the same by all sources within rounding"
            } else {
                "by one source"
            }
        ),
        (true, None) => String::new(),
    }
}

/// The answer in a word or two.
fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Right => "Right",
        Outcome::Wrong => "Wrong",
        Outcome::Unjudged => "Cannot tell",
    }
}
