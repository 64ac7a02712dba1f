//! A size per axis in files, written as one number where both are equal.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A size per axis, or one for both.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a whole number, or a pair of whole numbers such as [3, 3]"
)]
enum OneOrTwo {
    One(usize),
    Two([usize; 2]),
}

impl From<[usize; 2]> for OneOrTwo {
    fn from(sizes: [usize; 2]) -> Self {
        if sizes[0] == sizes[1] {
            Self::One(sizes[0])
        } else {
            Self::Two(sizes)
        }
    }
}

impl From<OneOrTwo> for [usize; 2] {
    fn from(sizes: OneOrTwo) -> Self {
        match sizes {
            OneOrTwo::One(size) => [size; 2],
            OneOrTwo::Two(sizes) => sizes,
        }
    }
}

pub(super) fn serialize<S: Serializer>(
    sizes: &[usize; 2],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    OneOrTwo::from(*sizes).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[usize; 2], D::Error> {
    OneOrTwo::deserialize(deserializer).map(Into::into)
}

/// The same for sizes that may be left out.
pub(super) mod optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::OneOrTwo;

    pub(in super::super) fn serialize<S: Serializer>(
        sizes: &Option<[usize; 2]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        sizes.map(OneOrTwo::from).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[usize; 2]>, D::Error> {
        OneOrTwo::deserialize(deserializer).map(|sizes| Some(sizes.into()))
    }
}
