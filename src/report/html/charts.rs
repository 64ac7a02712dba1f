//! What the script of a page draws, as JSON.

use serde::Serialize;

use crate::report::detail::{Curve, CurveReason, Detail, KinkMap, TensorDetail, rounded_up};
use crate::report::sweep::SweepReport;
use crate::report::{Number, Report};
use crate::spec::case::SourceName;

use super::MOST_COORDINATES;
use super::pack::Packed;

/// What is drawn, part by part.
#[derive(Debug, Default, Serialize)]
pub(super) struct Charts {
    pub(super) parts: Vec<PartCharts>,
}

/// What is drawn of one part.
#[derive(Debug, Default, Serialize)]
pub(super) struct PartCharts {
    pub(super) tensors: Vec<TensorChart>,
    pub(super) curves: Vec<CurveChart>,
    pub(super) kinks: Vec<KinkChart>,
    /// Whether the page holds some coordinates only.
    pub(super) is_sample: bool,
}

/// The coordinates of one tensor.
#[derive(Debug, Serialize)]
pub(super) struct TensorChart {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) count: usize,
    pub(super) is_sample: bool,
    pub(super) sources: Vec<SourceName>,
    #[serde(flatten)]
    packed: Packed,
}

/// One coordinate over all steps.
#[derive(Debug, Serialize)]
pub(super) struct CurveChart {
    pub(super) coordinate: String,
    pub(super) why: &'static str,
    pub(super) sentence: String,
    pub(super) is_wrong: bool,
    /// The step that was taken.
    step: Option<Number>,
    /// What the bounds allow there.
    bound: Option<Number>,
    sources: Vec<SourceName>,
    steps: Vec<f64>,
    /// For each source the gap at each step.
    gaps: Vec<Vec<Number>>,
    rounding: Vec<Number>,
    /// Units that take another branch at either end.
    switched: Vec<usize>,
    units: Vec<String>,
    /// How far the nearest kink is, and whose it is.
    kink: Option<(f64, String)>,
}

/// How near a layer's units are to their kinks.
#[derive(Debug, Serialize)]
pub(super) struct KinkChart {
    pub(super) layer: String,
    shape: Vec<usize>,
    pub(super) size: Number,
    margins: Vec<Number>,
}

impl Charts {
    pub(super) fn of(report: &Report) -> Self {
        let with_detail = report
            .parts
            .iter()
            .filter(|part| part.detail.is_some())
            .count();
        let most = MOST_COORDINATES / with_detail.max(1);
        Self {
            parts: report
                .parts
                .iter()
                .map(|part| PartCharts::of(part.detail.as_ref(), most))
                .collect(),
        }
    }

    /// The one curve of a sweep.
    pub(super) fn of_sweep(sweep: &SweepReport) -> Self {
        let curve = CurveChart::of(&Curve {
            reason: CurveReason::Chosen,
            step: None,
            bound: None,
            sweep: sweep.clone(),
        });
        Self {
            parts: vec![PartCharts {
                curves: vec![curve],
                ..PartCharts::default()
            }],
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts
            .iter()
            .all(|part| part.tensors.is_empty() && part.curves.is_empty() && part.kinks.is_empty())
    }
}

impl PartCharts {
    fn of(detail: Option<&Detail>, most: usize) -> Self {
        let Some(detail) = detail else {
            return Self::default();
        };
        let shown = detail.thinned(most);
        Self {
            is_sample: shown.len() < detail.len(),
            tensors: shown.tensors.iter().map(TensorChart::of).collect(),
            curves: detail.curves.iter().map(CurveChart::of).collect(),
            kinks: detail.kinks.iter().map(KinkChart::of).collect(),
        }
    }
}

impl TensorChart {
    fn of(tensor: &TensorDetail) -> Self {
        Self {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            count: tensor.len(),
            is_sample: tensor.indices.is_some(),
            sources: tensor.sources.iter().map(|source| source.source).collect(),
            packed: Packed::of(tensor),
        }
    }
}

impl CurveChart {
    fn of(curve: &Curve) -> Self {
        let sweep = &curve.sweep;
        let sources = &sweep.sources;
        let of_source = |number: usize| {
            let gaps = sweep.rungs.iter().filter_map(|rung| rung.gaps.get(number));
            gaps.map(|gap| rounded_up(gap.0)).collect()
        };
        let units = |rung: &crate::report::sweep::SweepRung| {
            let mut names: Vec<&str> = Vec::new();
            let both = rung.above.first.iter().chain(&rung.below.first);
            for name in both.map(String::as_str) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names.truncate(3);
            names.join(", ")
        };
        Self {
            coordinate: sweep.coordinate.clone(),
            why: why(curve.reason),
            sentence: sweep.sentence.clone(),
            is_wrong: sources.first().is_some_and(|own| own.is_wrong()),
            step: curve.step,
            bound: curve.bound,
            sources: sources.iter().map(|source| source.source).collect(),
            steps: sweep.rungs.iter().map(|rung| rung.step).collect(),
            gaps: (0..sources.len()).map(of_source).collect(),
            rounding: sweep
                .rungs
                .iter()
                .map(|rung| rounded_up(rung.rounding.0))
                .collect(),
            switched: sweep.rungs.iter().map(|rung| rung.switched()).collect(),
            units: sweep.rungs.iter().map(units).collect(),
            kink: sweep
                .kink
                .as_ref()
                .map(|kink| (kink.distance, kink.unit.clone())),
        }
    }
}

impl KinkChart {
    fn of(map: &KinkMap) -> Self {
        Self {
            layer: map.layer.clone(),
            shape: map.shape.clone(),
            size: map.size,
            margins: map.margins.clone(),
        }
    }
}

/// Why a coordinate is shown.
fn why(reason: CurveReason) -> &'static str {
    match reason {
        CurveReason::Chosen => "you asked for it",
        CurveReason::Wrong => "speaks against the gradient",
        CurveReason::Kink => "a kink is within its step",
        CurveReason::FewestDigits => {
            "matches central differences in the fewest digits of its tensor"
        }
        CurveReason::Closest => "comes nearest to its bound in its tensor",
    }
}
