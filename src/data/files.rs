//! Samples of the user's own, from files.

use std::path::Path;

use crc32fast::Hasher;

use crate::rng::Stream;
use crate::spec::plan::Plan;
use crate::spec::{DataSpec, NetworkSpec};
use crate::tensor;

use super::array::{Array, MOST_BYTES};
use super::disk::{content, pictures};
use super::{Batch, DataError, idx, npy};

/// Samples with what is known about them.
struct Set {
    samples: Samples,
    labels: Option<Vec<usize>>,
    targets: Option<Array>,
}

enum Samples {
    Array(Array),
    /// Paths and contents of PNG files.
    Pictures(Vec<(String, Vec<u8>)>),
}

impl Samples {
    fn count(&self) -> usize {
        match self {
            Self::Array(array) => array.shape.first().copied().unwrap_or(0),
            Self::Pictures(pictures) => pictures.len(),
        }
    }
}

pub(super) fn wrong(path: &str, what: impl ToString) -> DataError {
    DataError::File {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

/// The checksum of all that `data` names; `None` where it names no file.
///
/// # Errors
/// [`DataError::File`], when one cannot be read.
pub fn checksum(data: &DataSpec) -> Result<Option<String>, DataError> {
    let mut hasher = Hasher::new();
    let mut add = |path: &str| -> Result<(), DataError> {
        hasher.update(&content(path)?);
        Ok(())
    };
    match data {
        DataSpec::Random | DataSpec::Digits => return Ok(None),
        DataSpec::Idx(arrays) | DataSpec::Npy(arrays) => {
            let more = arrays.labels.iter().chain(&arrays.targets);
            for path in [&arrays.inputs].into_iter().chain(more) {
                add(path)?;
            }
        }
        DataSpec::Npz(npz) => add(&npz.file)?,
        DataSpec::Png(png) => {
            let (pictures, _) = pictures(&png.folder)?;
            for (path, content) in pictures {
                let inside = Path::new(&path).strip_prefix(&png.folder);
                let inside = inside.unwrap_or(Path::new(&path));
                hasher.update(inside.to_string_lossy().as_bytes());
                hasher.update(&content);
            }
        }
    }
    Ok(Some(format!("{:08x}", hasher.finalize())))
}

/// A seeded choice of samples from the files of `spec`.
///
/// # Errors
/// [`DataError`], when the files cannot be read, are others than the checksum says, or do not fit.
pub(super) fn batch(spec: &NetworkSpec, plan: &Plan, seed: u64) -> Result<Batch, DataError> {
    let path = spec.data.path().unwrap_or_default();
    if let (Some(wanted), Some(found)) = (spec.data.checksum(), checksum(&spec.data)?)
        && wanted != found
    {
        return Err(DataError::Changed {
            path: path.to_owned(),
            wanted: wanted.to_owned(),
            found,
        });
    }
    let set = open(&spec.data)?;
    let wanted = plan.input[0];
    let available = set.samples.count();
    if available == 0 {
        return Err(wrong(path, "it holds no samples: give it at least one"));
    }
    if wanted > available {
        return Err(DataError::TooFew {
            wanted,
            available,
            what: format!("samples in {path}"),
        });
    }
    let chosen = Stream::new(seed, "samples").sample(available, wanted);
    let input = input(&set.samples, path, &spec.input, &chosen)?;
    if let Some(at) = input.iter().position(|value| !value.is_finite()) {
        let sample = chosen[at * wanted / input.len()];
        return Err(wrong(
            path,
            format!("sample {sample} is not finite everywhere"),
        ));
    }
    let labels = set
        .labels
        .map(|labels| choose_labels(labels, path, plan, available, &chosen));
    let targets = set
        .targets
        .map(|targets| choose_targets(&targets, path, plan, available, &chosen));
    Ok(Batch {
        input: tensor::from_values(&plan.input, input).expect("every sample has the input's size"),
        labels: labels.transpose()?,
        targets: targets.transpose()?,
    })
}

/// The chosen samples, one after the other.
fn input(
    samples: &Samples,
    path: &str,
    shape: &[usize],
    chosen: &[usize],
) -> Result<Vec<f64>, DataError> {
    match samples {
        Samples::Array(array) => {
            let own = &array.shape[1..];
            if !is_same(own, shape) {
                return Err(misfit(path, own, shape));
            }
            let size = array.len() / array.shape[0];
            let positions = chosen
                .iter()
                .flat_map(|sample| sample * size..(sample + 1) * size);
            Ok(positions.map(|at| array.input(at)).collect())
        }
        Samples::Pictures(pictures) => {
            let &[channels, _, _] = shape else {
                return Err(wrong(
                    path,
                    format!(
                        "pictures are channels, rows and columns, and the network's input is {shape:?}: set input = [1, rows, columns] or [3, rows, columns]"
                    ),
                ));
            };
            let mut values = Vec::new();
            for sample in chosen {
                let (path, content) = &pictures[*sample];
                let picture = picture(content, channels).map_err(|what| wrong(path, what))?;
                if picture.shape != shape {
                    return Err(misfit(path, &picture.shape, shape));
                }
                values.extend((0..picture.len()).map(|at| picture.input(at)));
            }
            Ok(values)
        }
    }
}

/// Whether samples of shape `own` are an input of shape `wanted`, but for a channel axis of size 1, or
/// as a vector.
fn is_same(own: &[usize], wanted: &[usize]) -> bool {
    let with_channel = [&[1], own].concat();
    own == wanted
        || with_channel == wanted
        || matches!(wanted, [size] if tensor::size(own) == Some(*size))
}

fn misfit(path: &str, own: &[usize], wanted: &[usize]) -> DataError {
    let suggested = match own {
        [rows, columns] => vec![1, *rows, *columns],
        own => own.to_vec(),
    };
    wrong(
        path,
        format!(
            "a sample has shape {own:?}, and the network's input is {wanted:?}: set input = {suggested:?}"
        ),
    )
}

fn choose_labels(
    labels: Vec<usize>,
    path: &str,
    plan: &Plan,
    available: usize,
    chosen: &[usize],
) -> Result<Vec<usize>, DataError> {
    if labels.len() != available {
        let what = format!("there are {available} samples and {} labels", labels.len());
        return Err(wrong(path, format!("{what}: give each sample one")));
    }
    let classes = plan.output.last().copied().unwrap_or(0);
    if plan.output.len() == 2
        && let Some(sample) = labels.iter().position(|label| *label >= classes)
    {
        return Err(wrong(
            path,
            format!(
                "sample {sample} has label {}, and the network has {classes} outputs, which stand for labels 0 to {}: enlarge the last layer, or correct the labels",
                labels[sample],
                classes.saturating_sub(1)
            ),
        ));
    }
    Ok(chosen.iter().map(|sample| labels[*sample]).collect())
}

fn choose_targets(
    targets: &Array,
    path: &str,
    plan: &Plan,
    available: usize,
    chosen: &[usize],
) -> Result<tensor::Tensor<f64>, DataError> {
    let own = targets.shape.get(1..).unwrap_or_default();
    if targets.shape.first() != Some(&available) || !is_same(own, &plan.output[1..]) {
        return Err(wrong(
            path,
            format!(
                "its targets have shape {:?}, and {available} samples with the network's output need [{available}, …] with {:?} for each",
                targets.shape,
                &plan.output[1..]
            ),
        ));
    }
    let size = targets.len() / available;
    let positions = chosen
        .iter()
        .flat_map(|sample| sample * size..(sample + 1) * size);
    let values: Vec<f64> = positions.map(|at| targets.input(at)).collect();
    if values.iter().any(|value| !value.is_finite()) {
        return Err(wrong(path, "a target is not finite"));
    }
    Ok(tensor::from_values(&plan.output, values).expect("every target has the output's size"))
}

fn open(data: &DataSpec) -> Result<Set, DataError> {
    let array = |path: &str, read: fn(&[u8]) -> Result<Array, String>| {
        read(&content(path)?).map_err(|what| wrong(path, what))
    };
    let arrays = |spec: &crate::spec::ArraysSpec, read: fn(&[u8]) -> Result<Array, String>| {
        let labels = match &spec.labels {
            Some(path) => Some(classes(&array(path, read)?, path)?),
            None => None,
        };
        let targets = spec.targets.as_ref().map(|path| array(path, read));
        Ok(Set {
            samples: Samples::Array(array(&spec.inputs, read)?),
            labels,
            targets: targets.transpose()?,
        })
    };
    match data {
        DataSpec::Random | DataSpec::Digits => Err(wrong("", "no file is named")),
        DataSpec::Idx(spec) => arrays(spec, |file| idx::read(file).map_err(|e| e.to_string())),
        DataSpec::Npy(spec) => arrays(spec, |file| npy::read(file).map_err(|e| e.to_string())),
        DataSpec::Npz(spec) => {
            let at = |what| wrong(&spec.file, what);
            let (inputs, labels, targets) = npz(&content(&spec.file)?, spec).map_err(at)?;
            let labels = labels.map(|labels| classes(&labels, &spec.file));
            Ok(Set {
                samples: Samples::Array(inputs),
                labels: labels.transpose()?,
                targets,
            })
        }
        DataSpec::Png(spec) => {
            let (pictures, labels) = pictures(&spec.folder)?;
            Ok(Set {
                samples: Samples::Pictures(pictures),
                labels,
                targets: None,
            })
        }
    }
}

/// An array of classes: whole numbers from 0 on, one for each sample.
fn classes(array: &Array, path: &str) -> Result<Vec<usize>, DataError> {
    if !matches!(array.shape[..], [_] | [_, 1]) {
        let what = format!(
            "labels are one number for each sample, and these have shape {:?}",
            array.shape
        );
        return Err(wrong(path, what));
    }
    (0..array.len())
        .map(|at| {
            let label = array.number(at);
            let is_class = label >= 0.0 && label < MOST_BYTES as f64 && label.fract() == 0.0;
            is_class.then_some(label as usize).ok_or_else(|| {
                wrong(
                    path,
                    format!("label {at} is {label}: labels are whole numbers from 0 on"),
                )
            })
        })
        .collect()
}

#[cfg(feature = "files")]
fn npz(
    file: &[u8],
    spec: &crate::spec::NpzSpec,
) -> Result<(Array, Option<Array>, Option<Array>), String> {
    super::npz::read(file, spec)
}

#[cfg(feature = "files")]
fn picture(file: &[u8], channels: usize) -> Result<Array, String> {
    super::png::read(file, channels)
}

/// What is said where the crates that read a format are not built in.
#[cfg(not(feature = "files"))]
const NOT_BUILT_IN: &str = "this build reads no .npz and PNG files: enable the feature 'files'";

#[cfg(not(feature = "files"))]
fn npz(
    _: &[u8],
    _: &crate::spec::NpzSpec,
) -> Result<(Array, Option<Array>, Option<Array>), String> {
    Err(NOT_BUILT_IN.to_owned())
}

#[cfg(not(feature = "files"))]
fn picture(_: &[u8], _: usize) -> Result<Array, String> {
    Err(NOT_BUILT_IN.to_owned())
}
