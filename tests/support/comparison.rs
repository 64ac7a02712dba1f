//! One problem's gradient by every source, held against what another library computed.

use gradproof::network::{LeafName, Problem};
use gradproof::source::{
    Backprop, Central, Dual, Gradient, GradientSource, Point, Reverse, SourceError,
};
use gradproof::spec::case::Step;
use gradproof::tensor::{Tensor, values};

/// How far an exact source may be from the golden number, in units of the tensor's scale.
///
/// The scale of a tensor is its largest golden magnitude. A tensor that is all zero has the scale
/// 0: every entry of it has to be exactly 0.
pub(crate) const EXACT: f64 = 1e-12;

/// How large a central difference's own error estimate may be, in units of the same scale.
///
/// A wide estimate would contain the golden number without saying anything. In a tensor that is all
/// zero the unit is the objective's scale instead: zero can only be found by cancellation there.
pub(crate) const CENTRAL: f64 = 1e-6;

/// What one source says about one tensor.
pub(crate) struct Comparison {
    pub(crate) source: String,
    pub(crate) tensor: String,
    /// Largest |ours − golden|/scale, kinks left out.
    pub(crate) difference: f64,
    /// Largest error estimate/scale, kinks left out.
    pub(crate) estimate: f64,
    /// Largest |ours − golden|/error estimate, kinks left out; 0/0 is 0.
    pub(crate) of_estimate: f64,
    /// Coordinates compared.
    pub(crate) coordinates: usize,
    /// Coordinates that the source could not step over, and so did not judge.
    pub(crate) kinks: usize,
    /// What does not agree, one line each.
    pub(crate) failures: Vec<String>,
}

/// What the sources are held against.
pub(crate) struct Expected<'a> {
    pub(crate) value: f64,
    pub(crate) value_scale: f64,
    pub(crate) gradients: &'a [(LeafName, Tensor<f64>)],
}

/// Ask every source for every coordinate.
pub(crate) fn compare(
    problem: &Problem,
    expected: &Expected<'_>,
) -> Result<Vec<Comparison>, SourceError> {
    let point = Point::new(problem.clone(), 1);
    let coordinates = point.all_coordinates();
    let central = Central::new(Step::Auto);
    let sources: [&dyn GradientSource; 4] = [&Backprop, &Dual, &Reverse, &central];
    let mut comparisons = Vec::new();
    for source in sources {
        let gradient = point.ask(source, &coordinates, &|_| {})?;
        comparisons.push(compare_value(source.name(), gradient.value, expected));
        let mut first = 0;
        for (leaf, golden) in expected.gradients {
            let name = problem.network.leaf_name(*leaf);
            comparisons.push(compare_tensor(
                (source.name(), name),
                &gradient,
                first,
                golden,
                expected.value_scale,
            ));
            first += golden.len();
        }
    }
    Ok(comparisons)
}

/// The objective's value; it may be a small sum of large terms, whose size is its scale.
fn compare_value(source: &str, value: f64, expected: &Expected<'_>) -> Comparison {
    let gap = (value - expected.value).abs();
    let mut failures = Vec::new();
    if !within(gap, EXACT * expected.value_scale) {
        failures.push(format!("{value} instead of {}", expected.value));
    }
    Comparison {
        source: source.to_owned(),
        tensor: "value".to_owned(),
        difference: ratio(gap, expected.value_scale),
        estimate: 0.0,
        of_estimate: 0.0,
        coordinates: 0,
        kinks: 0,
        failures,
    }
}

fn compare_tensor(
    (source, tensor): (&str, &str),
    gradient: &Gradient,
    first: usize,
    golden: &Tensor<f64>,
    value_scale: f64,
) -> Comparison {
    let scale = golden.iter().fold(0.0, |scale: f64, g| scale.max(g.abs()));
    let unit = if scale > 0.0 { scale } else { value_scale };
    let is_central = source == "central";
    let mut comparison = Comparison {
        source: source.to_owned(),
        tensor: tensor.to_owned(),
        difference: 0.0,
        estimate: 0.0,
        of_estimate: 0.0,
        coordinates: golden.len(),
        kinks: 0,
        failures: Vec::new(),
    };
    for (index, (golden, ours)) in values(golden)
        .iter()
        .zip(&gradient.estimates[first..])
        .enumerate()
    {
        if gradient.kinks.contains(&(first + index)) {
            comparison.kinks += 1;
            if is_central {
                continue;
            }
        }
        let gap = (ours.value - golden).abs();
        let agrees = if is_central {
            within(gap, ours.error) && within(ours.error, CENTRAL * unit)
        } else {
            within(gap, EXACT * scale)
        };
        if !agrees {
            comparison.failures.push(format!(
                "[{index}] {} ± {:e} instead of {golden}, scale {scale}",
                ours.value, ours.error
            ));
        }
        comparison.difference = comparison.difference.max(ratio(gap, unit));
        comparison.estimate = comparison.estimate.max(ratio(ours.error, unit));
        comparison.of_estimate = comparison.of_estimate.max(ratio(gap, ours.error));
    }
    comparison
}

/// Whether `gap` is at most `bound`; NaN is never within anything.
fn within(gap: f64, bound: f64) -> bool {
    gap <= bound
}

/// a/b, where nothing of nothing is 0.
fn ratio(a: f64, b: f64) -> f64 {
    if a > 0.0 || a.is_nan() { a / b } else { 0.0 }
}
