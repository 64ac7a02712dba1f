//! Files and folders, as they are on disk.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::DataError;
use super::array::MOST_BYTES;
use super::files::wrong;

/// A file's bytes, at most [`MOST_BYTES`] of them.
pub(super) fn content(path: &str) -> Result<Vec<u8>, DataError> {
    let cannot = |error: std::io::Error| {
        wrong(
            path,
            format!(
                "it cannot be read ({error}): name a file that there is, counted from the network file's folder, or from the current one in a replay"
            ),
        )
    };
    let bytes = whole(path).map_err(cannot)?;
    bytes.ok_or_else(|| {
        wrong(
            path,
            format!("it is larger than {MOST_BYTES} bytes: make it smaller"),
        )
    })
}

/// A file's bytes; `None` when they are more than [`MOST_BYTES`].
pub(super) fn whole(path: &str) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= MOST_BYTES).then_some(bytes))
}

/// Paths and contents, and their classes.
pub(super) type Pictures = (Vec<(String, Vec<u8>)>, Option<Vec<usize>>);

/// The PNG files in the folders of `folder`, with their classes; without folders, those in it.
pub(super) fn pictures(folder: &str) -> Result<Pictures, DataError> {
    let mut classes = Vec::new();
    for path in listed(Path::new(folder), folder)? {
        let is_png = |path: &PathBuf| {
            path.extension()
                .is_some_and(|ext| ext.eq_ignore_ascii_case("png"))
        };
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            let files: Vec<PathBuf> = listed(&path, folder)?.into_iter().filter(is_png).collect();
            if !files.is_empty() {
                classes.push((name, files));
            }
        }
    }
    let numbers: Option<Vec<usize>> = classes.iter().map(|(name, _)| name.parse().ok()).collect();
    let mut total = 0;
    let mut pictures = Vec::new();
    let mut labels = Vec::new();
    for (position, (_, files)) in classes.iter().enumerate() {
        for file in files {
            let path = file.to_string_lossy().into_owned();
            let bytes = content(&path)?;
            total += bytes.len();
            if total > MOST_BYTES {
                return Err(wrong(
                    folder,
                    format!("its files hold more than {MOST_BYTES} bytes: use fewer"),
                ));
            }
            pictures.push((path, bytes));
            labels.push(
                numbers
                    .as_ref()
                    .map_or(position, |numbers| numbers[position]),
            );
        }
    }
    if pictures.is_empty() {
        return Err(wrong(
            folder,
            "it holds no samples: put PNG files into a folder for each class, such as cats/1.png and dogs/1.png",
        ));
    }
    Ok((pictures, Some(labels)))
}

/// What is in a folder, in order.
fn listed(path: &Path, folder: &str) -> Result<Vec<PathBuf>, DataError> {
    let cannot = |error: std::io::Error| {
        wrong(
            folder,
            format!(
                "it cannot be read ({error}): name a folder with a folder of PNG files for each class"
            ),
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    Ok(paths)
}
