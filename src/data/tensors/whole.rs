//! Files that are written whole, or not at all.

use std::io;
use std::path::Path;

use super::TensorFileError;

/// Make the folder at `path`, and find out whether files can be written into it.
///
/// # Errors
/// [`TensorFileError::Write`], when they cannot.
pub fn create_folder(path: &Path) -> Result<(), TensorFileError> {
    let tried = std::fs::create_dir_all(path).and_then(|()| try_out(path));
    tried.map_err(|error| cannot(path, &error))
}

/// Write every one of `files`, names with contents, into the folder at `path`, which is there: each
/// under a temporary name first, so that none is replaced before all of them have been written.
///
/// # Errors
/// [`TensorFileError::Write`], when one cannot be written.
#[cfg(feature = "files")]
pub fn write_all(path: &Path, files: &[(String, Vec<u8>)]) -> Result<(), TensorFileError> {
    use std::io::Write;

    let mut written = Vec::with_capacity(files.len());
    for (name, content) in files {
        let file = temporary(path).and_then(|mut file| {
            file.write_all(content)?;
            file.as_file().sync_all()?;
            Ok(file)
        });
        written.push(file.map_err(|error| cannot(&path.join(name), &error))?);
    }
    for (file, (name, _)) in written.into_iter().zip(files) {
        let place = path.join(name);
        file.persist(&place)
            .map_err(|error| cannot(&place, &error.error))?;
    }
    Ok(())
}

/// Without the crate for temporary names nothing is written.
///
/// # Errors
/// [`TensorFileError::Write`], always.
#[cfg(not(feature = "files"))]
pub fn write_all(path: &Path, _: &[(String, Vec<u8>)]) -> Result<(), TensorFileError> {
    Err(TensorFileError::Write {
        path: path.display().to_string(),
        what: super::NOT_BUILT_IN.to_owned(),
    })
}

/// A temporary file with the permissions that a new file usually gets.
#[cfg(any(feature = "files", feature = "proptest"))]
pub(crate) fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gradproof-");
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666))
    };
    builder.tempfile_in(folder)
}

#[cfg(feature = "files")]
fn try_out(folder: &Path) -> io::Result<()> {
    temporary(folder).map(drop)
}

#[cfg(not(feature = "files"))]
fn try_out(_: &Path) -> io::Result<()> {
    Ok(())
}

fn cannot(path: &Path, error: &io::Error) -> TensorFileError {
    TensorFileError::Write {
        path: path.display().to_string(),
        what: format!(
            "it cannot be written ({error}): name a folder that there is or can be made, with room in it"
        ),
    }
}
