//! Tensors in NumPy's `.npz`.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::super::npy::{self, Kind};
use super::{Entries, EntryType, Listed, NamedTensor};

/// What every file in the archive is called behind the tensor's name.
const ENDING: &str = ".npy";

/// Entries of a .npy file begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// What is in the archive `content`; entries stay packed.
pub(super) fn list(content: &[u8]) -> Result<Vec<Listed>, String> {
    let mut archive = open(content)?;
    let mut names = Vec::with_capacity(archive.len());
    for name in archive.file_names() {
        let name = name.map_err(|error| format!("a name in it cannot be read: {error}"))?;
        let Some(tensor) = name.strip_suffix(ENDING) else {
            return Err(if name.ends_with("data.pkl") {
                "this is a file of torch.save, which only PyTorch can read: write it with safetensors.torch.save_file or numpy.savez".to_owned()
            } else {
                format!("'{}' in it is no array of numpy.savez", name.escape_debug())
            });
        };
        names.push(tensor.to_owned());
    }
    let listed = names.into_iter().map(|name| {
        let mut entry = archive
            .by_name(&format!("{name}{ENDING}"))
            .map_err(|error| format!("tensor {name} cannot be read: {error}"))?;
        let header = npy::read_header(&mut entry)
            .map_err(|error| format!("tensor {}: {error}", name.escape_debug()))?;
        Ok(Listed {
            entry_type: entry_type(header.kind),
            shape: header.shape,
            place: None,
            name,
        })
    });
    listed.collect()
}

/// The entries of one tensor.
pub(super) fn read(content: &[u8], listed: &Listed) -> Result<Vec<f64>, String> {
    let mut archive = open(content)?;
    let entry = archive
        .by_name(&format!("{}{ENDING}", listed.name))
        .map_err(|error| error.to_string())?;
    let array = npy::read(entry).map_err(|error| error.to_string())?;
    Ok((0..array.len()).map(|at| array.number(at)).collect())
}

fn open(content: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, String> {
    ZipArchive::new(Cursor::new(content)).map_err(|error| {
        format!("it is no .npz file, which is a zip archive of numpy.savez: {error}")
    })
}

fn entry_type(kind: Kind) -> EntryType {
    match (kind.letter, kind.size) {
        (b'f', 2) => EntryType::F16,
        (b'f', 4) => EntryType::F32,
        (b'f', _) => EntryType::F64,
        (b'b', _) => EntryType::Other("bool".to_owned()),
        (b'u', size) => EntryType::Other(format!("uint{}", 8 * size)),
        (_, size) => EntryType::Other(format!("int{}", 8 * size)),
    }
}

/// The archive of `tensors`, as `numpy.savez` writes it: nothing packed, and no time in it.
pub(super) fn write(tensors: &[NamedTensor]) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    let failed = |error: &dyn std::fmt::Display| format!("it cannot be packed: {error}");
    for tensor in tensors {
        archive
            .start_file(format!("{}{ENDING}", tensor.name), options)
            .map_err(|error| failed(&error))?;
        let written = archive.write_all(&header(tensor));
        written
            .and_then(|()| archive.write_all(&tensor.entries.bytes()))
            .map_err(|error| failed(&error))?;
    }
    let archive = archive.finish().map_err(|error| failed(&error))?;
    Ok(archive.into_inner())
}

/// The header of a .npy file of version 1.
fn header(tensor: &NamedTensor) -> Vec<u8> {
    let descr = match tensor.entries {
        Entries::F64(_) => "<f8",
        Entries::F32(_) => "<f4",
        Entries::I64(_) => "<i8",
    };
    // A tuple of one has a comma too.
    let sizes: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", sizes.join(", "));
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}").into_bytes();
    // Magic, version, the length itself, and the line's end.
    let before = 10;
    let length = (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before;
    text.resize(length - 1, b' ');
    text.push(b'\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    let length = u16::try_from(length).expect("a shape of few axes");
    header.extend(length.to_le_bytes());
    header.extend(text);
    header
}
