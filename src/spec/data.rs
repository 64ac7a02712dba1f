//! Where samples come from, as data.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Where a network's samples come from. Paths in a network file count from its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DataSpec {
    /// Seeded random numbers of any shape.
    #[default]
    Random,
    /// The 40 embedded MNIST digits, 1×28×28, ten classes.
    Digits,
    /// IDX files, as MNIST and Fashion-MNIST have them, gzipped or not.
    #[serde(deserialize_with = "path_or")]
    Idx(ArraysSpec),
    /// NumPy's .npy files.
    #[serde(deserialize_with = "path_or")]
    Npy(ArraysSpec),
    /// NumPy's .npz file, whose arrays have names.
    #[serde(deserialize_with = "path_or")]
    Npz(NpzSpec),
    /// A folder of PNG files, in a folder of its own for each class.
    #[serde(deserialize_with = "path_or")]
    Png(PngSpec),
}

/// Samples in a file, labels or targets in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArraysSpec {
    /// The samples' file, one sample for each index of the first axis.
    #[serde(alias = "images")]
    pub inputs: String,
    /// The file of their classes, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// The file of what the output is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// The content's checksum, which a replay holds against the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// Arrays of a .npz file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NpzSpec {
    /// The file.
    pub file: String,
    /// The samples' array; by its usual names when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// The array of their classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// The array of what the output is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// The content's checksum, which a replay holds against the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

/// A folder of PNG files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PngSpec {
    /// The folder; its folders' names are the classes, as numbers or in alphabetical order.
    pub folder: String,
    /// The content's checksum, which a replay holds against the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
}

impl From<String> for ArraysSpec {
    fn from(inputs: String) -> Self {
        Self {
            inputs,
            labels: None,
            targets: None,
            checksum: None,
        }
    }
}

impl From<String> for NpzSpec {
    fn from(file: String) -> Self {
        Self {
            file,
            inputs: None,
            labels: None,
            targets: None,
            checksum: None,
        }
    }
}

impl From<String> for PngSpec {
    fn from(folder: String) -> Self {
        Self {
            folder,
            checksum: None,
        }
    }
}

impl DataSpec {
    /// The file or folder of the samples; none for random ones and digits.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Random | Self::Digits => None,
            Self::Idx(arrays) | Self::Npy(arrays) => Some(&arrays.inputs),
            Self::Npz(npz) => Some(&npz.file),
            Self::Png(png) => Some(&png.folder),
        }
    }

    /// The checksum that the content has to have, if it is known.
    #[must_use]
    pub fn checksum(&self) -> Option<&str> {
        match self {
            Self::Random | Self::Digits => None,
            Self::Idx(arrays) | Self::Npy(arrays) => arrays.checksum.as_deref(),
            Self::Npz(npz) => npz.checksum.as_deref(),
            Self::Png(png) => png.checksum.as_deref(),
        }
    }

    /// The same with the content's checksum.
    #[must_use]
    pub fn sealed(mut self, checksum: String) -> Self {
        match &mut self {
            Self::Random | Self::Digits => (),
            Self::Idx(arrays) | Self::Npy(arrays) => arrays.checksum = Some(checksum),
            Self::Npz(npz) => npz.checksum = Some(checksum),
            Self::Png(png) => png.checksum = Some(checksum),
        }
        self
    }

    /// The same with `change` made to every path.
    #[must_use]
    pub fn with_paths(mut self, change: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::Random | Self::Digits => (),
            Self::Idx(arrays) | Self::Npy(arrays) => {
                let more = arrays.labels.iter_mut().chain(&mut arrays.targets);
                for path in more.chain([&mut arrays.inputs]) {
                    *path = change(path);
                }
            }
            Self::Npz(npz) => npz.file = change(&npz.file),
            Self::Png(png) => png.folder = change(&png.folder),
        }
        self
    }
}

/// A path alone, or a table.
fn path_or<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + From<String>,
    D: Deserializer<'de>,
{
    struct PathOr<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for PathOr<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a path in quotes, or a table of them")
        }

        fn visit_str<E: Error>(self, path: &str) -> Result<T, E> {
            Ok(path.to_owned().into())
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(PathOr(PhantomData))
}
