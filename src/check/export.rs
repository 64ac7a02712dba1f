//! A check's numbers for other programs.

use std::path::Path;

use crate::data::tensors::{
    Entries, NamedTensor, TensorFileError, TensorFormat, create_folder, write_all,
};
use crate::loss::Loss;
use crate::network::{Coordinate, LeafName, Problem};
use crate::rng;
use crate::scalar::Format;
use crate::source::{GradientSource, Point, Reverse};
use crate::spec::case::{Case, SourceName};
use crate::tensor::{Tensor, values};

use super::given::{self, LOSS};
use super::{CheckError, Checked, backprop};

/// Files to be written, names with contents; the same bytes for the same case.
///
/// | file | tensors |
/// |---|---|
/// | `parameters` | the parameters, under PyTorch's names and in its layouts |
/// | `batch` | `inputs`, and `labels` (int64) or `targets`: what the loss compares with |
/// | `gradients-SOURCE` | the gradient of each parameter by that source, and its `loss` |
///
/// Each is there as `.npz` and as `.safetensors`. Numbers are float64, and with a gradient in `f32`
/// float32 but for the references'. Where a source has no derivative to give, at a kink or, with dual
/// numbers and central differences, at what was not checked, there stands NaN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    files: Vec<(String, Vec<u8>)>,
    partial: Vec<SourceName>,
}

/// What `checked`, the check of `case`, computed with and what it found.
///
/// # Errors
/// [`CheckError`], when a source does not answer again, or a format is not built in.
pub fn export(case: &Case, checked: &Checked) -> Result<Export, CheckError> {
    let problem = &checked.problem;
    let format = case.precision.format();
    let parameters: Vec<NamedTensor> = leaves(problem)
        .map(|leaf| named(problem.network.leaf_name(leaf), problem.leaf(leaf), format))
        .collect();
    let mut contents = vec![
        ("parameters".to_owned(), parameters),
        ("batch".to_owned(), batch(problem, format)),
    ];
    let mut partial = Vec::new();
    for answer in &checked.answers {
        let format = match answer.source {
            SourceName::Backprop | SourceName::Given => format,
            SourceName::Dual | SourceName::Reverse | SourceName::Central => Format::F64,
        };
        let known = checked.coordinates.iter().zip(&answer.derivatives);
        let known =
            known.filter_map(|(coordinate, derivative)| Some((*coordinate, (*derivative)?)));
        let found = match again(case, checked, answer.source)? {
            Some(all) => gradients(problem, all.into_iter()),
            None => gradients(problem, known),
        };
        if found.iter().flatten().any(|derivative| derivative.is_nan()) {
            partial.push(answer.source);
        }
        let mut tensors: Vec<NamedTensor> = leaves(problem)
            .zip(&found)
            .map(|(leaf, tensor)| named(problem.network.leaf_name(leaf), tensor, format))
            .collect();
        tensors.extend(answer.value.map(|value| NamedTensor {
            name: LOSS.to_owned(),
            shape: Vec::new(),
            entries: entries(&[value], format),
        }));
        contents.push((format!("gradients-{}", answer.source), tensors));
    }
    let mut files = Vec::new();
    for (name, tensors) in contents {
        for format in TensorFormat::ALL {
            let name = format!("{name}.{}", format.ending());
            files.push((name, format.write(&tensors)?));
        }
    }
    Ok(Export { files, partial })
}

impl Export {
    /// Names and contents.
    #[must_use]
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// The sources whose gradients hold NaN, since not all of it was asked for or can be given.
    #[must_use]
    pub fn partial(&self) -> &[SourceName] {
        &self.partial
    }

    /// Write all of them into the folder at `path`, which is made if there is none; each replaces its
    /// predecessor whole, and none before all of them have been written.
    ///
    /// # Errors
    /// [`TensorFileError::Write`], when they cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TensorFileError> {
        create_folder(path)?;
        write_all(path, &self.files)
    }
}

fn leaves(problem: &Problem) -> impl Iterator<Item = LeafName> {
    (0..problem.parameters.tensors.len()).map(LeafName::Parameter)
}

/// The whole gradient by a source that finds all of it at once, where only a part of it was checked.
fn again(
    case: &Case,
    checked: &Checked,
    source: SourceName,
) -> Result<Option<Vec<(Coordinate, f64)>>, CheckError> {
    let problem = &checked.problem;
    let all: Vec<Coordinate> = leaves(problem)
        .flat_map(|leaf| problem.coordinates(leaf))
        .collect();
    if checked.coordinates.len() >= all.len() {
        return Ok(None);
    }
    let asked: Box<dyn GradientSource> = match source {
        SourceName::Backprop => backprop(case.precision),
        SourceName::Given => match given::gradient(case, problem)? {
            Some(given) => Box::new(given),
            None => return Ok(None),
        },
        SourceName::Reverse => Box::new(Reverse),
        SourceName::Dual | SourceName::Central => return Ok(None),
    };
    if let Some(whole) = asked.whole(problem) {
        let found = whole.parameters.into_iter();
        let values = found.flat_map(|gradient| gradient.into_owned().into_iter());
        return Ok(Some(all.into_iter().zip(values).collect()));
    }
    let point = Point::new(problem.clone(), rng::derive(case.seed, "perturbations", 0));
    let found = point.ask(asked.as_ref(), &all, &|_| ())?.estimates;
    let values = found.into_iter().map(|estimate| estimate.value);
    Ok(Some(all.into_iter().zip(values).collect()))
}

/// One tensor for each parameter; NaN where nothing is known.
fn gradients(
    problem: &Problem,
    known: impl Iterator<Item = (Coordinate, f64)>,
) -> Vec<Tensor<f64>> {
    let mut tensors: Vec<Tensor<f64>> = problem.parameters.tensors.clone();
    for tensor in &mut tensors {
        tensor.fill(f64::NAN);
    }
    for (coordinate, derivative) in known {
        if let LeafName::Parameter(number) = coordinate.leaf {
            crate::tensor::values_mut(&mut tensors[number])[coordinate.index] = derivative;
        }
    }
    tensors
}

/// The samples, and what the loss compares the output with.
fn batch(problem: &Problem, format: Format) -> Vec<NamedTensor> {
    let mut batch = vec![named("inputs", &problem.input, format)];
    batch.extend(match &problem.objective.loss {
        Some(Loss::SoftmaxCrossEntropy { classes, .. } | Loss::Nll { classes, .. }) => {
            Some(NamedTensor {
                name: "labels".to_owned(),
                shape: vec![classes.len()],
                entries: Entries::I64(classes.iter().map(|class| *class as i64).collect()),
            })
        }
        Some(
            Loss::MeanSquaredError { target }
            | Loss::L1 { target }
            | Loss::Huber { target, .. }
            | Loss::BceWithLogits { target }
            | Loss::WeightedSum { cotangent: target },
        ) => Some(named("targets", target, format)),
        None => None,
    });
    batch
}

fn named(name: &str, tensor: &Tensor<f64>, format: Format) -> NamedTensor {
    NamedTensor {
        name: name.to_owned(),
        shape: tensor.shape().to_vec(),
        entries: entries(values(tensor), format),
    }
}

fn entries(numbers: &[f64], format: Format) -> Entries {
    match format {
        Format::F64 => Entries::F64(numbers.to_vec()),
        Format::F32 => Entries::F32(numbers.iter().map(|number| *number as f32).collect()),
    }
}
