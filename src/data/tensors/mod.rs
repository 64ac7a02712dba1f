//! Named tensors in files: NumPy's `.npz`, and `.safetensors`.
//!
//! Both are what PyTorch users write with one call: `numpy.savez("grads.npz", **tensors)` and
//! `safetensors.torch.save_file(tensors, "grads.safetensors")`.
//!
//! ```
//! # #[cfg(feature = "files")]
//! # {
//! use gradproof::data::tensors::{Entries, NamedTensor, TensorFile, TensorFormat, Wanted};
//!
//! let weight = NamedTensor {
//!     name: "fc1.weight".to_owned(),
//!     shape: vec![1, 2],
//!     entries: Entries::F64(vec![0.5, -0.25]),
//! };
//! let bytes = TensorFormat::Npz.write(&[weight])?;
//! let file = TensorFile::from_bytes("weights.npz", bytes)?;
//! let wanted = [Wanted::needed("fc1.weight", &[1, 2])];
//! let tensors = file.fit("parameters", "mlp", &wanted)?;
//! assert_eq!(tensors[0].as_ref().map(|tensor| tensor[[0, 1]]), Some(-0.25));
//! # }
//! # Ok::<(), gradproof::data::tensors::TensorFileError>(())
//! ```

mod error;
mod fit;
#[cfg(feature = "files")]
mod npz;
#[cfg(feature = "files")]
mod safetensors;
mod whole;

use std::fmt;
use std::path::Path;

use crate::tensor::Tensor;

use super::disk;

pub use error::{Misfit, TensorFault, TensorFileError};
pub use fit::Wanted;
#[cfg(feature = "proptest")]
pub(crate) use whole::temporary;
pub use whole::{create_folder, write_all};

/// The format of a file of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorFormat {
    /// NumPy's: a zip archive of .npy files.
    Npz,
    /// Hugging Face's: a JSON header and the entries.
    Safetensors,
}

/// The type of a tensor's entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryType {
    /// Double precision.
    F64,
    /// Single precision.
    F32,
    /// Half precision, IEEE 754's binary16.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Anything else, which no parameter or gradient is: by its name.
    Other(String),
}

/// What a file says of one of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The type of its entries.
    pub entry_type: EntryType,
    /// Size of every axis.
    pub shape: Vec<usize>,
    /// Where its entries are in the file; `None` where they are packed.
    #[cfg(feature = "files")]
    place: Option<std::ops::Range<usize>>,
}

/// A file of named tensors: what is in it is known, the entries are read when they are wanted.
///
/// A file whose names, types and shapes are not those that are wanted is refused before its entries
/// are unpacked, so that reading takes no more memory than the tensors that somebody wants.
#[derive(Clone, Debug)]
pub struct TensorFile {
    path: String,
    format: TensorFormat,
    content: Vec<u8>,
    tensors: Vec<Listed>,
}

/// A tensor to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its name.
    pub name: String,
    /// Size of every axis.
    pub shape: Vec<usize>,
    /// Entries in row-major order.
    pub entries: Entries,
}

/// The entries of a tensor to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Entries {
    /// Double precision.
    F64(Vec<f64>),
    /// Single precision.
    F32(Vec<f32>),
    /// Whole numbers, as PyTorch keeps classes.
    I64(Vec<i64>),
}

impl TensorFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Npz, Self::Safetensors];

    /// The ending of such files' names.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Safetensors => "safetensors",
        }
    }

    /// The format that the ending of `path` stands for.
    ///
    /// # Errors
    /// [`TensorFileError::Ending`], for any other ending.
    pub fn of_path(path: &str) -> Result<Self, TensorFileError> {
        let ending = Path::new(path).extension().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|format| ending.eq_ignore_ascii_case(format.ending()))
            .ok_or_else(|| TensorFileError::Ending {
                path: path.to_owned(),
            })
    }

    /// The bytes of a file with `tensors`, which are the same for the same tensors.
    ///
    /// # Errors
    /// [`TensorFileError::Write`], when a shape is not that of the entries, a name stands twice, or this
    /// build has not the format.
    pub fn write(self, tensors: &[NamedTensor]) -> Result<Vec<u8>, TensorFileError> {
        let refused = |what: String| TensorFileError::Write {
            path: format!("a .{} file", self.ending()),
            what,
        };
        for (number, tensor) in tensors.iter().enumerate() {
            let NamedTensor { name, shape, .. } = tensor;
            if crate::tensor::size(shape) != Some(tensor.entries.len()) {
                let entries = tensor.entries.len();
                return Err(refused(format!(
                    "{name} has the shape {shape:?}, and {entries} entries"
                )));
            }
            if tensors[..number].iter().any(|other| other.name == *name) {
                return Err(refused(format!(
                    "two tensors are called {name}: give each a name of its own"
                )));
            }
        }
        let bytes: Result<Vec<u8>, String> = match self {
            #[cfg(feature = "files")]
            Self::Npz => npz::write(tensors),
            #[cfg(feature = "files")]
            Self::Safetensors => safetensors::write(tensors),
            #[cfg(not(feature = "files"))]
            _ => Err(NOT_BUILT_IN.to_owned()),
        };
        bytes.map_err(refused)
    }
}

impl TensorFile {
    /// Open the file at `path`; its ending says of which format it is.
    ///
    /// # Errors
    /// [`TensorFileError`], when it cannot be read, or is damaged.
    pub fn open(path: &str) -> Result<Self, TensorFileError> {
        TensorFormat::of_path(path)?;
        let refused = |what: String| TensorFileError::Read {
            path: path.to_owned(),
            what,
        };
        let bytes = disk::whole(path).map_err(|error| {
            refused(format!(
                "it cannot be read ({error}): name a file that there is, counted from the current folder"
            ))
        })?;
        let bytes = bytes.ok_or_else(|| refused("it is larger than 1 GiB".to_owned()))?;
        Self::from_bytes(path, bytes)
    }

    /// The same of a file's content, which errors call `path`.
    ///
    /// # Errors
    /// As [`TensorFile::open`].
    pub fn from_bytes(path: &str, content: Vec<u8>) -> Result<Self, TensorFileError> {
        let format = TensorFormat::of_path(path)?;
        let tensors: Result<Vec<Listed>, String> = match format {
            #[cfg(feature = "files")]
            TensorFormat::Npz => npz::list(&content),
            #[cfg(feature = "files")]
            TensorFormat::Safetensors => safetensors::list(&content),
            #[cfg(not(feature = "files"))]
            _ => Err(NOT_BUILT_IN.to_owned()),
        };
        let mut tensors = tensors.map_err(|what| TensorFileError::Read {
            path: path.to_owned(),
            what,
        })?;
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            path: path.to_owned(),
            format,
            content,
            tensors,
        })
    }

    /// The file's path, as it was named.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tensors that are in it, by name.
    #[must_use]
    pub fn tensors(&self) -> &[Listed] {
        &self.tensors
    }

    /// The content's checksum.
    #[must_use]
    pub fn checksum(&self) -> String {
        format!("{:08x}", crc32fast::hash(&self.content))
    }

    /// The entries of `listed`, a tensor of floating-point numbers, which `f64` holds exactly.
    ///
    /// # Errors
    /// [`TensorFileError::Read`], when they are damaged or of another type.
    fn read(&self, listed: &Listed) -> Result<Tensor<f64>, TensorFileError> {
        let numbers: Result<Vec<f64>, String> = match self.format {
            #[cfg(feature = "files")]
            TensorFormat::Npz => npz::read(&self.content, listed),
            #[cfg(feature = "files")]
            TensorFormat::Safetensors => safetensors::read(&self.content, listed),
            #[cfg(not(feature = "files"))]
            _ => Err(NOT_BUILT_IN.to_owned()),
        };
        let tensor = numbers.and_then(|numbers| {
            let tensor = crate::tensor::from_values(&listed.shape, numbers);
            tensor.ok_or_else(|| "it has not as many entries as its shape says".to_owned())
        });
        tensor.map_err(|what| TensorFileError::Read {
            path: self.path.clone(),
            what: format!("tensor {}: {what}", listed.name),
        })
    }
}

impl EntryType {
    /// Whether it is a type of floating-point numbers that is read.
    #[must_use]
    pub fn is_float(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl fmt::Display for EntryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::Other(name) => name,
        })
    }
}

impl Entries {
    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(entries) => entries.len(),
            Self::F32(entries) => entries.len(),
            Self::I64(entries) => entries.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries in little-endian order, one after the other.
    #[cfg(feature = "files")]
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::F64(entries) => entries.iter().flat_map(|e| e.to_le_bytes()).collect(),
            Self::F32(entries) => entries.iter().flat_map(|e| e.to_le_bytes()).collect(),
            Self::I64(entries) => entries.iter().flat_map(|e| e.to_le_bytes()).collect(),
        }
    }
}

/// What is said where the crates that know the formats are not built in.
#[cfg(not(feature = "files"))]
const NOT_BUILT_IN: &str =
    "this build knows no .npz and .safetensors files: enable the feature 'files'";
