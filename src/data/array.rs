//! An array read from a file, and how much of one is read.

use std::io::{self, Read};

/// The most bytes of one array: 1 GiB.
pub(super) const MOST_BYTES: usize = 1 << 30;

/// An array of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Size of every axis.
    pub shape: Vec<usize>,
    /// Entries in row-major order.
    pub entries: Entries,
}

/// Entries of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Entries {
    /// Bytes: pixels from 0 to 255, or small whole numbers.
    Bytes(Vec<u8>),
    /// Numbers of any other type.
    Numbers(Vec<f64>),
}

impl Array {
    /// Entry `at` as an input: a pixel b is b/256, as for the embedded digits; a number is itself.
    pub(super) fn input(&self, at: usize) -> f64 {
        match &self.entries {
            Entries::Bytes(bytes) => f64::from(bytes[at]) / 256.0,
            Entries::Numbers(numbers) => numbers[at],
        }
    }

    /// Entry `at` as it stands.
    pub(super) fn number(&self, at: usize) -> f64 {
        match &self.entries {
            Entries::Bytes(bytes) => f64::from(bytes[at]),
            Entries::Numbers(numbers) => numbers[at],
        }
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        match &self.entries {
            Entries::Bytes(bytes) => bytes.len(),
            Entries::Numbers(numbers) => numbers.len(),
        }
    }
}

/// Read to the end, and no more than a byte beyond what is `promised`: memory follows what there is,
/// not what a header says.
pub(super) fn rest(reader: impl Read, promised: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(promised.saturating_add(1) as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
