//! NumPy's .npz format: a zip archive of .npy files.

use std::io::Cursor;

use zip::ZipArchive;

use super::array::Array;
use super::npy;
use crate::spec::NpzSpec;

/// Names that people give to the samples.
const INPUTS: [&str; 6] = ["inputs", "images", "x", "X", "x_train", "arr_0"];

/// And to their classes.
const LABELS: [&str; 4] = ["labels", "y", "y_train", "classes"];

/// And to what an output is compared with.
const TARGETS: [&str; 2] = ["targets", "target"];

/// The samples, classes and targets in the archive `file`.
pub(super) fn read(
    file: &[u8],
    spec: &NpzSpec,
) -> Result<(Array, Option<Array>, Option<Array>), String> {
    let mut archive = ZipArchive::new(Cursor::new(file))
        .map_err(|error| format!("it is no .npz file, which is a zip archive: {error}"))?;
    let mut names: Vec<String> = archive
        .file_names()
        .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
        .collect();
    names.sort_unstable();
    let there = || match names.len() {
        0 => "it holds no arrays".to_owned(),
        _ => format!("it holds {}", names.join(", ")),
    };
    let mut array = |name: &str| -> Result<Array, String> {
        if !names.iter().any(|other| other == name) {
            return Err(format!("there is no array '{name}': {}", there()));
        }
        let entry = archive
            .by_name(&format!("{name}.npy"))
            .map_err(|error| format!("array '{name}' cannot be read: {error}"))?;
        npy::read(entry).map_err(|error| format!("array '{name}': {error}"))
    };
    let usual = |wanted: &Option<String>, usual: &[&str]| -> Option<String> {
        let known = || {
            usual
                .iter()
                .find(|name| names.iter().any(|own| own == *name))
        };
        wanted
            .clone()
            .or_else(|| known().map(|name| (*name).to_owned()))
    };
    let inputs = usual(&spec.inputs, &INPUTS)
        .or_else(|| (names.len() == 1).then(|| names[0].clone()))
        .ok_or_else(|| {
            format!(
                "which array holds the samples? {}: say it, as in {{ npz = {{ file = \"…\", inputs = \"…\" }} }}",
                there()
            )
        })?;
    let inputs = array(&inputs)?;
    let labels = usual(&spec.labels, &LABELS).map(|name| array(&name));
    let targets = usual(&spec.targets, &TARGETS).map(|name| array(&name));
    Ok((inputs, labels.transpose()?, targets.transpose()?))
}
