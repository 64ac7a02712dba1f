//! NumPy's .npy format: magic, version, a header in Python's notation, entries.
//!
//! Source: *NEP 1, A simple file format for NumPy arrays*. No crate is used, since those that there are make
//! room for what the header says before they look at how much the file holds.

use std::io::{self, Read};

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use thiserror::Error;

use super::array::{self, Array, Entries, MOST_BYTES};

/// The longest header; NumPy itself reads no more than 10,000 bytes without being told to.
const MOST_HEADER: usize = 1 << 16;

/// Why a file is not an array of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NpyError {
    /// The first bytes are not NumPy's.
    #[error(
        "not a .npy file: it has to begin with \\x93NUMPY and version 1, 2 or 3, as numpy.save writes it"
    )]
    Magic,
    /// The header is not a dictionary of descr, fortran_order and shape.
    #[error("its header is damaged: {0}; write it again with numpy.save")]
    Header(&'static str),
    /// Entries are no plain numbers.
    #[error(
        "its entries are of type {0}, which is not read: save it as float64, float32, uint8 or int64"
    )]
    Type(String),
    /// Entries are pickled.
    #[error("it holds Python objects, which only Python can read: save it with a dtype of numbers")]
    Objects,
    /// The header promises more than anybody reads.
    #[error(
        "its shape {shape:?} is too large: at most {MOST_BYTES} bytes are read, so save fewer samples"
    )]
    TooLarge {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The file's length is not what its header says.
    #[error("its header promises {promised} bytes of data, and it holds {}: write it again with numpy.save", if found > promised { "more".to_owned() } else { found.to_string() })]
    Length {
        /// Bytes that the shape needs.
        promised: usize,
        /// Bytes after the header; one more than promised stands for any number.
        found: usize,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(String),
}

impl From<io::Error> for NpyError {
    fn from(error: io::Error) -> Self {
        Self::Read(error.to_string())
    }
}

/// A type of entries.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// As NumPy writes it: f, i, u or b.
    pub(super) letter: u8,
    /// Bytes of an entry.
    pub(super) size: usize,
    is_big: bool,
}

pub(super) struct Header {
    pub(super) kind: Kind,
    is_fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// Read a whole .npy file.
///
/// # Errors
/// [`NpyError`].
pub fn read(mut reader: impl Read) -> Result<Array, NpyError> {
    let header = read_header(&mut reader)?;
    read_entries(reader, header)
}

/// Read up to where the entries begin.
pub(super) fn read_header(reader: &mut impl Read) -> Result<Header, NpyError> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| NpyError::Magic)?;
    if !start.starts_with(b"\x93NUMPY") {
        return Err(NpyError::Magic);
    }
    let cut = |_| NpyError::Header("it is cut");
    let length = match start[6] {
        1 => {
            let mut length = [0; 2];
            reader.read_exact(&mut length).map_err(cut)?;
            usize::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            reader.read_exact(&mut length).map_err(cut)?;
            u32::from_le_bytes(length) as usize
        }
        _ => return Err(NpyError::Magic),
    };
    if length > MOST_HEADER {
        return Err(NpyError::Header("it is longer than 65,536 bytes"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(cut)?;
    header(&text)
}

/// Read the entries behind `header`, and see that nothing follows them.
pub(super) fn read_entries(reader: impl Read, header: Header) -> Result<Array, NpyError> {
    let too_large = || NpyError::TooLarge {
        shape: header.shape.clone(),
    };
    // Zero entries are none only if the other sizes are in reason too.
    let nonzero: Vec<usize> = header.shape.iter().map(|size| (*size).max(1)).collect();
    let most =
        crate::tensor::size(&nonzero).and_then(|entries| entries.checked_mul(header.kind.size));
    most.filter(|bytes| *bytes <= MOST_BYTES)
        .ok_or_else(too_large)?;
    let entries = crate::tensor::size(&header.shape).ok_or_else(too_large)?;
    let promised = entries * header.kind.size;
    let bytes = array::rest(reader, promised)?;
    if bytes.len() != promised {
        return Err(NpyError::Length {
            promised,
            found: bytes.len(),
        });
    }
    let entries = if (header.kind.letter, header.kind.size) == (b'u', 1) {
        Entries::Bytes(row_major(bytes, &header)?)
    } else {
        let numbers = bytes.chunks_exact(header.kind.size);
        let numbers = numbers.map(|bytes| number(header.kind, bytes)).collect();
        Entries::Numbers(row_major(numbers, &header)?)
    };
    Ok(Array {
        shape: header.shape,
        entries,
    })
}

/// The entries in row-major order.
fn row_major<T: Copy>(entries: Vec<T>, header: &Header) -> Result<Vec<T>, NpyError> {
    if !header.is_fortran {
        return Ok(entries);
    }
    let shape = IxDyn(&header.shape).f();
    let array = ArrayD::from_shape_vec(shape, entries).map_err(|_| NpyError::TooLarge {
        shape: header.shape.clone(),
    })?;
    Ok(array.iter().copied().collect())
}

/// The number in `bytes`, which are as many as the type has.
fn number(kind: Kind, bytes: &[u8]) -> f64 {
    let mut little = [0; 8];
    for (at, byte) in bytes.iter().enumerate() {
        let place = if kind.is_big {
            bytes.len() - 1 - at
        } else {
            at
        };
        little[place] = *byte;
    }
    let bits = u64::from_le_bytes(little);
    match (kind.letter, kind.size) {
        (b'f', 2) => half(bits as u16),
        (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
        (b'f', _) => f64::from_bits(bits),
        // The sign goes up to the top, and comes down again with the shift.
        (b'i', size) => {
            let unused = 64 - 8 * size as u32;
            ((bits << unused) as i64 >> unused) as f64
        }
        _ => bits as f64,
    }
}

/// A number of IEEE 754's binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
pub(super) fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * f64::exp2(-24.0),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * f64::exp2(f64::from(exponent - 25)),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// The three things that a header says.
fn header(text: &[u8]) -> Result<Header, NpyError> {
    let text = std::str::from_utf8(text).map_err(|_| NpyError::Header("it is no text"))?;
    let mut cursor = Cursor(text);
    let (mut kind, mut is_fortran, mut shape) = (None, None, None);
    cursor.expect('{', "it is no dictionary")?;
    while !cursor.takes('}') {
        let key = cursor.string()?;
        cursor.expect(':', "a key has no value")?;
        match key {
            "descr" => kind = Some(descr(&mut cursor)?),
            "fortran_order" => is_fortran = Some(cursor.boolean()?),
            "shape" => shape = Some(cursor.sizes()?),
            _ => return Err(NpyError::Header("there is an unknown key")),
        }
        if !cursor.takes(',') {
            cursor.expect('}', "the dictionary has no end")?;
            break;
        }
    }
    if !cursor.0.trim().is_empty() {
        return Err(NpyError::Header("something follows the dictionary"));
    }
    match (kind, is_fortran, shape) {
        (Some(kind), Some(is_fortran), Some(shape)) => Ok(Header {
            kind,
            is_fortran,
            shape,
        }),
        _ => Err(NpyError::Header("descr, fortran_order or shape is missing")),
    }
}

/// A type such as `<f8`.
fn descr(cursor: &mut Cursor<'_>) -> Result<Kind, NpyError> {
    if cursor.0.trim_start().starts_with('[') {
        return Err(NpyError::Type("struct".to_owned()));
    }
    let text = cursor.string()?;
    let other = || NpyError::Type(format!("'{}'", text.chars().take(20).collect::<String>()));
    let &[order, letter, size] = text.as_bytes() else {
        return Err(if text.contains('O') {
            NpyError::Objects
        } else {
            other()
        });
    };
    let size = usize::from(size.wrapping_sub(b'0'));
    let is_read = match letter {
        b'f' => [2, 4, 8].contains(&size),
        b'i' | b'u' => [1, 2, 4, 8].contains(&size),
        b'b' => size == 1,
        _ => false,
    };
    match order {
        b'O' => Err(NpyError::Objects),
        b'<' | b'>' | b'|' | b'=' if is_read && (size == 1 || order != b'|') => Ok(Kind {
            letter,
            size,
            is_big: order == b'>',
        }),
        _ => Err(other()),
    }
}

/// What is left of a header.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn takes(&mut self, wanted: char) -> bool {
        let rest = self.0.trim_start();
        self.0 = rest.strip_prefix(wanted).unwrap_or(rest);
        self.0.len() < rest.len()
    }

    fn expect(&mut self, wanted: char, otherwise: &'static str) -> Result<(), NpyError> {
        self.takes(wanted)
            .then_some(())
            .ok_or(NpyError::Header(otherwise))
    }

    fn string(&mut self) -> Result<&'a str, NpyError> {
        let quote = if self.takes('\'') { '\'' } else { '"' };
        if quote == '"' {
            self.expect('"', "a name is not in quotes")?;
        }
        let (text, rest) = self
            .0
            .split_once(quote)
            .ok_or(NpyError::Header("a name has no end"))?;
        self.0 = rest;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        let rest = self.0.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = rest.strip_prefix(word) {
                self.0 = rest;
                return Ok(value);
            }
        }
        Err(NpyError::Header("fortran_order is neither True nor False"))
    }

    fn sizes(&mut self) -> Result<Vec<usize>, NpyError> {
        let no_tuple = "shape is no tuple of whole numbers";
        self.expect('(', no_tuple)?;
        let mut sizes = Vec::new();
        while !self.takes(')') {
            let rest = self.0.trim_start();
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let size = rest[..end].parse();
            sizes.push(size.map_err(|_| NpyError::Header(no_tuple))?);
            // Python 2 wrote long integers with an L.
            self.0 = rest[end..].strip_prefix('L').unwrap_or(&rest[end..]);
            if !self.takes(',') {
                self.expect(')', no_tuple)?;
                break;
            }
        }
        Ok(sizes)
    }
}
