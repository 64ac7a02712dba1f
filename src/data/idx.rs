//! The IDX format of the MNIST files: two zero bytes, type, rank, big-endian sizes, bytes.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits*.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use thiserror::Error;

use super::array::{self, Array, Entries, MOST_BYTES};

/// Unsigned bytes with their shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes<'a> {
    /// Size of every axis.
    pub shape: Vec<usize>,
    /// Entries in row-major order.
    pub data: &'a [u8],
}

/// Why a file is not IDX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdxError {
    /// The first bytes are not `0 0 8 rank`.
    #[error("not an IDX file of unsigned bytes: it has to begin with 0 0 8 and the number of axes")]
    Magic,
    /// The file's length is not what its header says.
    #[error(
        "the header promises {promised} bytes of data, and the file holds {found}: it is cut or damaged, so copy it again"
    )]
    Length {
        /// Product of the sizes; the largest number when it overflows.
        promised: usize,
        /// Bytes after the header.
        found: usize,
    },
    /// The header promises more than anybody reads.
    #[error(
        "the header promises more than {MOST_BYTES} bytes of data: no more are read, so split the file"
    )]
    TooLarge,
    /// What follows gzip's first bytes is not gzip.
    #[error("it is gzipped, and damaged or cut: copy it again")]
    Gzip,
}

/// Read a whole IDX file of unsigned bytes, gzipped or not.
///
/// # Errors
/// [`IdxError`].
pub fn read(file: &[u8]) -> Result<Array, IdxError> {
    let Some([0x1f, 0x8b]) = file.first_chunk() else {
        return parse(file).map(|bytes| Array {
            shape: bytes.shape,
            entries: Entries::Bytes(bytes.data.to_vec()),
        });
    };
    let gzip = |_| IdxError::Gzip;
    let mut reader = MultiGzDecoder::new(file);
    // As much is unpacked as the header says, whatever there is.
    let mut header = vec![0; 4];
    reader.read_exact(&mut header).map_err(gzip)?;
    let mut sizes = vec![0; usize::from(header[3]) * 4];
    reader.read_exact(&mut sizes).map_err(gzip)?;
    header.extend(sizes);
    let (shape, promised) = match parse(&header) {
        Ok(bytes) => (bytes.shape, 0),
        Err(IdxError::Length { promised, .. }) => (shape(&header[4..]), promised),
        Err(other) => return Err(other),
    };
    if promised > MOST_BYTES {
        return Err(IdxError::TooLarge);
    }
    let data = array::rest(reader, promised).map_err(gzip)?;
    if data.len() != promised {
        return Err(IdxError::Length {
            promised,
            found: data.len(),
        });
    }
    Ok(Array {
        shape,
        entries: Entries::Bytes(data),
    })
}

/// Big-endian sizes.
fn shape(sizes: &[u8]) -> Vec<usize> {
    let (sizes, _) = sizes.as_chunks::<4>();
    sizes
        .iter()
        .map(|size| u32::from_be_bytes(*size) as usize)
        .collect()
}

/// Read a whole IDX file of unsigned bytes.
///
/// # Errors
/// [`IdxError::Magic`] and [`IdxError::Length`].
pub fn parse(file: &[u8]) -> Result<Bytes<'_>, IdxError> {
    let [0, 0, 8, rank, rest @ ..] = file else {
        return Err(IdxError::Magic);
    };
    let (sizes, data) = rest
        .split_at_checked(usize::from(*rank) * 4)
        .ok_or(IdxError::Magic)?;
    let shape = shape(sizes);
    let promised = crate::tensor::size(&shape).unwrap_or(usize::MAX);
    if promised != data.len() {
        return Err(IdxError::Length {
            promised,
            found: data.len(),
        });
    }
    Ok(Bytes { shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_bytes() {
        let file = [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9];
        assert_eq!(
            parse(&file),
            Ok(Bytes {
                shape: vec![1, 3],
                data: &[7, 8, 9]
            })
        );
    }

    #[test]
    fn damage_is_told() {
        assert_eq!(parse(&[]), Err(IdxError::Magic), "nothing");
        assert_eq!(
            parse(&[0, 0, 9, 1, 0, 0, 0, 0]),
            Err(IdxError::Magic),
            "signed bytes"
        );
        assert_eq!(
            parse(&[0, 0, 8, 2, 0, 0, 0, 1]),
            Err(IdxError::Magic),
            "a cut header"
        );
        let cut = parse(&[0, 0, 8, 1, 0, 0, 0, 3, 1]);
        assert_eq!(
            cut,
            Err(IdxError::Length {
                promised: 3,
                found: 1
            }),
            "cut data"
        );
        let mut absurd = vec![0, 0, 8, 3];
        absurd.extend([0xff; 12]);
        assert_eq!(
            parse(&absurd),
            Err(IdxError::Length {
                promised: usize::MAX,
                found: 0
            }),
            "overflow"
        );
    }
}
