//! Faults in the normalisations' backward, and the naive backward that they alter.

use crate::judge::diagnosis::{BugKind, Factor};
use crate::layer::{LayerGradients, Normalization, Over};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, unflatten, values, zeros};

use super::backward::Pass;
use super::catalogue::{Fault, Mutant};

/// What can be wrong; [`Mutant::words`] says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words stand in the table below")]
pub enum NormalizationFault {
    MeanPathMissing,
    VariancePathMissing,
    StatisticsConstant,
    VarianceUnbiased,
    EpsOutside,
    DxScaleMissing,
    DxSign,
    DwOfInput,
    DwFirstSample,
    DwOverBatch,
    DbFirstSample,
    DbZero,
}

const fn mutant(
    fault: NormalizationFault,
    name: &'static str,
    words: &'static str,
    expected: BugKind,
) -> Mutant {
    Mutant::new(Fault::Normalization(fault), name, words, Some(expected))
}

/// Every mutant of the normalisations.
#[rustfmt::skip]
pub(super) const MUTANTS: &[Mutant] = &{
    use BugKind as Kind;
    use NormalizationFault as F;
    [
        mutant(F::MeanPathMissing, "mean_path_missing", "dx takes the mean for a constant", Kind::MeanPathMissing),
        mutant(F::VariancePathMissing, "variance_path_missing", "dx takes the variance for a constant", Kind::VariancePathMissing),
        mutant(F::StatisticsConstant, "statistics_constant", "dx takes mean and variance for constants, as with running statistics", Kind::StatisticsConstant),
        mutant(F::VarianceUnbiased, "variance_unbiased", "backward divides the variance by M - 1, forward by M", Kind::VarianceUnbiased),
        mutant(F::EpsOutside, "eps_outside", "backward adds eps behind the root, forward inside of it", Kind::EpsOutside),
        mutant(F::DxScaleMissing, "dx_scale_missing", "dx is not multiplied with the scale", Kind::ApproximateDerivative),
        mutant(F::DxSign, "dx_sign", "dx has the other sign", Kind::Sign),
        mutant(F::DwOfInput, "dw_of_input", "the scale's gradient is made with the input instead of the normalised input", Kind::ApproximateDerivative),
        mutant(F::DwFirstSample, "dw_first_sample", "the scale's gradient is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DwOverBatch, "dw_over_batch", "the scale's gradient is divided by the batch", Kind::Factor(Factor::OverBatch)),
        mutant(F::DbFirstSample, "db_first_sample", "the shift's gradient is that of the first sample", Kind::FirstSampleOnly),
        mutant(F::DbZero, "db_zero", "the shift's gradient is left at zero", Kind::Zero),
    ]
};

/// Compute dx, and dγ and dβ if there are such, by way of the gradients of mean and variance:
///
/// ```text
/// dv = −½·Σ γ·dy·(x − μ)/√(v + ε)³,  dμ = −Σ γ·dy/√(v + ε)
/// dx = γ·dy/√(v + ε) + dv·2·(x − μ)/M + dμ/M
/// ```
///
/// (S. Ioffe, C. Szegedy, *Batch Normalization*, 2015, section 3).
pub(super) fn backward<S: Scalar>(norm: &Normalization, pass: &Pass<'_, S>) -> LayerGradients<S> {
    use NormalizationFault as F;
    let has = |fault| pass.fault == Some(Fault::Normalization(fault));
    let (x, dy) = (values(pass.x), values(pass.dy));
    let places: Vec<Place> = (0..x.len())
        .map(|at| Place::of(norm, pass.x.shape(), at))
        .collect();
    let sets = 1 + places.iter().map(|place| place.set).max().unwrap_or(0);
    let sum = |term: &dyn Fn(usize) -> S| {
        let mut sums = vec![S::zero(); sets];
        for (at, place) in places.iter().enumerate() {
            sums[place.set] += term(at);
        }
        sums
    };
    let count = sum(&|_| S::one())[0];
    let own_mean = sum(&|at| x[at] / count);
    let constant = |given: &Option<Vec<f64>>, usual: f64, set: usize| {
        S::constant(given.as_ref().map_or(usual, |given| given[set]))
    };
    let mean = |at: usize| match &norm.running {
        Some(running) => constant(&running.mean, 0.0, places[at].set),
        None => own_mean[places[at].set],
    };
    let apart = |at: usize| x[at] - mean(at);
    let divisor = if has(F::VarianceUnbiased) {
        count - S::one()
    } else {
        count
    };
    let own_variance = sum(&|at| apart(at) * apart(at) / divisor);
    let eps = S::constant(norm.eps);
    let deviation = |at: usize| {
        let variance = match &norm.running {
            Some(running) => constant(&running.variance, 1.0, places[at].set),
            None => own_variance[places[at].set],
        };
        if has(F::EpsOutside) {
            variance.sqrt() + eps
        } else {
            (variance + eps).sqrt()
        }
    };
    let scale = pass.parameters.first().map(values);
    let scaled = |at: usize| match scale {
        Some(scale) if !has(F::DxScaleMissing) => scale[places[at].affine] * dy[at],
        _ => dy[at],
    };
    let cube = |d: S| d * d * d;
    let dv = sum(&|at| S::constant(-0.5) * scaled(at) * apart(at) / cube(deviation(at)));
    let dm = sum(&|at| -scaled(at) / deviation(at));

    let is_constant = norm.running.is_some() || has(F::StatisticsConstant);
    let mut dx = pass.x.clone();
    for (at, dx) in dx.iter_mut().enumerate() {
        *dx = scaled(at) / deviation(at);
        if !(is_constant || has(F::VariancePathMissing)) {
            *dx += dv[places[at].set] * S::constant(2.0) * apart(at) / count;
        }
        if !(is_constant || has(F::MeanPathMissing)) {
            *dx += dm[places[at].set] / count;
        }
        if has(F::DxSign) {
            *dx = -*dx;
        }
    }
    let of_sample = x.len() / pass.x.shape()[0];
    let gradient = |skips_others: bool, term: &dyn Fn(usize) -> S| {
        let mut sums: Vec<S> = vec![S::zero(); scale.map_or(0, <[S]>::len)];
        for at in 0..if skips_others { of_sample } else { x.len() } {
            sums[places[at].affine] += term(at);
        }
        sums
    };
    let mut parameters = Vec::new();
    if let Some(weight) = pass.parameters.first() {
        let batch = S::constant(if has(F::DwOverBatch) {
            (x.len() / of_sample) as f64
        } else {
            1.0
        });
        let dw = gradient(has(F::DwFirstSample), &|at| {
            let normal = if has(F::DwOfInput) {
                x[at]
            } else {
                apart(at) / deviation(at)
            };
            dy[at] * normal / batch
        });
        let db = gradient(has(F::DbFirstSample), &|at| {
            if has(F::DbZero) { S::zero() } else { dy[at] }
        });
        parameters.extend([dw, db].map(|sums| filled(weight.shape(), sums)));
    }
    LayerGradients {
        input: dx,
        parameters,
    }
}

fn filled<S: Scalar>(shape: &[usize], entries: Vec<S>) -> Tensor<S> {
    let mut tensor = zeros(shape);
    for (to, from) in tensor.iter_mut().zip(entries) {
        *to = from;
    }
    tensor
}

/// Where an entry belongs.
struct Place {
    /// Number of the set that it shares mean and variance with.
    set: usize,
    /// Number of its scale and shift.
    affine: usize,
}

impl Place {
    fn of(norm: &Normalization, shape: &[usize], at: usize) -> Self {
        let index = unflatten(at, shape);
        let (n, channels) = (index[0], shape[1]);
        let c = index[1];
        match norm.over {
            Over::Batch => Self { set: c, affine: c },
            Over::Instance => Self {
                set: n * channels + c,
                affine: c,
            },
            Over::Groups(groups) => Self {
                set: n * groups + c * groups / channels,
                affine: c,
            },
            Over::Layer(size) => Self {
                set: at / size,
                affine: at - at / size * size,
            },
        }
    }
}
