//! Parameters and a gradient that another program wrote into files.

use std::collections::BTreeMap;

use crate::data::tensors::{EntryType, TensorFile, TensorFileError, Wanted};
use crate::network::{Coordinate, LeafName, Network, Parameters, Problem};
use crate::scalar::Format;
use crate::source::Given;
use crate::spec::case::{Case, Order, Precision, Selection};
use crate::spec::files::{FileSpec, Files};
use crate::tensor::{Tensor, values};

use super::{CheckError, select};

/// What the objective's value is called beside the gradients.
pub(super) const LOSS: &str = "loss";

/// What is said of a file's tensors.
const PARAMETERS: &str = "parameters";
const GRADIENTS: &str = "gradients";

/// The arithmetic that the gradients in the file at `path` were computed in, by the type that they are
/// kept in: float32 numbers are judged by the bounds of `f32`.
///
/// # Errors
/// [`CheckError`], when the file cannot be read, or holds numbers too coarse to be judged.
pub fn precision_of(path: &str) -> Result<Precision, CheckError> {
    precision(&TensorFile::open(path)?)
}

fn precision(file: &TensorFile) -> Result<Precision, CheckError> {
    let coarse = |found: &EntryType| matches!(found, EntryType::F16 | EntryType::Bf16);
    let mut tensors = file.tensors().iter();
    if let Some(tensor) = tensors.clone().find(|tensor| coarse(&tensor.entry_type)) {
        return Err(CheckError::CoarseGradient {
            path: file.path().to_owned(),
            tensor: tensor.name.clone(),
            found: tensor.entry_type.to_string(),
        });
    }
    Ok(
        if tensors.any(|tensor| tensor.entry_type == EntryType::F32) {
            Precision::F32
        } else {
            Precision::F64
        },
    )
}

/// Put the checksums of their content to `files`, where they have none yet.
pub(super) fn seal(files: &mut Files) -> Result<(), CheckError> {
    let files = [&mut files.parameters, &mut files.gradients];
    for file in files.into_iter().flatten() {
        if file.checksum.is_none() {
            file.checksum = Some(TensorFile::open(&file.path)?.checksum());
        }
    }
    Ok(())
}

/// See that nothing is asked for that a file cannot give.
pub(super) fn allowed(case: &Case) -> Result<(), CheckError> {
    if case.files.parameters.is_some() && case.train_steps > 0 {
        return Err(CheckError::TrainedParameters);
    }
    if case.files.gradients.is_some() && case.penalty.is_some() {
        return Err(CheckError::GivenPenalty);
    }
    if case.files.gradients.is_some() && case.order == Order::Second {
        return Err(CheckError::OneOrder);
    }
    Ok(())
}

/// The file of `spec`, with the content that its checksum is of.
fn open(spec: &FileSpec) -> Result<TensorFile, CheckError> {
    let file = TensorFile::open(&spec.path)?;
    match &spec.checksum {
        Some(wanted) if *wanted != file.checksum() => Err(TensorFileError::Changed {
            path: spec.path.clone(),
            wanted: wanted.clone(),
            found: file.checksum(),
        }
        .into()),
        _ => Ok(file),
    }
}

/// The parameters that the case's file gives to `network`; `None` where it names none.
pub(super) fn parameters(
    case: &Case,
    network: &Network,
) -> Result<Option<Parameters<f64>>, CheckError> {
    let Some(spec) = &case.files.parameters else {
        return Ok(None);
    };
    let tensors = open(spec)?.fit(PARAMETERS, &case.spec.name, &wanted(network))?;
    Ok(Some(Parameters {
        tensors: tensors.into_iter().flatten().collect(),
    }))
}

/// The gradient at `problem` that the case's file holds; `None` where it names none.
pub(super) fn gradient(case: &Case, problem: &Problem) -> Result<Option<Given>, CheckError> {
    let Some(spec) = &case.files.gradients else {
        return Ok(None);
    };
    let network = &problem.network;
    let mut wanted = wanted(network);
    let parameters = wanted.len();
    let input = LeafName::Input;
    wanted.push(Wanted::optional(
        network.leaf_name(input),
        network.leaf_shape(input),
    ));
    wanted.push(Wanted::optional(LOSS, &[]));
    let file = open(spec)?;
    let found = precision(&file)?;
    let mut tensors = file.fit(GRADIENTS, &case.spec.name, &wanted)?;
    if case.precision == Precision::F64 && found == Precision::F32 {
        return Err(CheckError::NarrowGradient(spec.path.clone()));
    }
    let mut optional = tensors.split_off(parameters).into_iter();
    let leaves = (0..parameters).map(LeafName::Parameter);
    let mut gradients: BTreeMap<LeafName, Tensor<f64>> =
        leaves.zip(tensors.into_iter().flatten()).collect();
    if let Some(found) = optional.next().flatten() {
        gradients.insert(input, found);
    }
    let loss = optional.next().flatten();
    let format: Format = case.precision.format();
    let given = match loss.and_then(|loss| values(&loss).first().copied()) {
        Some(loss) => Given::new(problem, loss, gradients, format),
        None => Given::without_value(problem, gradients, format),
    };
    Ok(Some(given?))
}

/// What of a `given` gradient is checked where the case's own coordinates are `coordinates`: with all
/// parameters the input too, if it has one.
pub(super) fn coordinates(
    case: &Case,
    given: &Given,
    problem: &Problem,
    coordinates: Vec<Coordinate>,
) -> Vec<Coordinate> {
    match case.coordinates {
        Selection::Auto if select::is_projected(problem, case) => coordinates,
        Selection::All | Selection::Auto => given.coordinates(problem),
        Selection::Sample(_) => coordinates,
    }
}

fn wanted(network: &Network) -> Vec<Wanted> {
    let parameters = network.parameter_shapes();
    parameters
        .map(|(name, shape)| Wanted::needed(name, shape))
        .collect()
}
