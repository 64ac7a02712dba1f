//! Tensors in `.safetensors`.

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::super::npy::half;
use super::{Entries, EntryType, Listed, NamedTensor};

/// Bytes of the header's length, with which a file begins.
const LENGTH: usize = 8;

/// What is in the file `content`, whose header is in accordance with its size.
pub(super) fn list(content: &[u8]) -> Result<Vec<Listed>, String> {
    let (header, metadata) = SafeTensors::read_metadata(content).map_err(|error| {
        let hint = if content.starts_with(b"PK") {
            "; it looks like a zip archive: a file of torch.save or numpy.savez under another name?"
        } else {
            ""
        };
        format!("it is no whole .safetensors file: {error}{hint}")
    })?;
    let start = LENGTH + header;
    let tensors = metadata.tensors().into_iter();
    let listed = tensors.map(|(name, info)| {
        let (first, end) = info.data_offsets;
        Listed {
            name,
            entry_type: entry_type(info.dtype),
            shape: info.shape.clone(),
            place: Some(start + first..start + end),
        }
    });
    Ok(listed.collect())
}

/// The entries of one tensor.
pub(super) fn read(content: &[u8], listed: &Listed) -> Result<Vec<f64>, String> {
    let place = listed.place.clone();
    let bytes = place
        .and_then(|place| content.get(place))
        .ok_or_else(|| "its entries lie outside of the file".to_owned())?;
    let single = |bytes: &[u8; 4]| f64::from(f32::from_le_bytes(*bytes));
    match &listed.entry_type {
        EntryType::F64 => Ok(numbers(bytes, |bytes| f64::from_le_bytes(*bytes))),
        EntryType::F32 => Ok(numbers(bytes, single)),
        EntryType::F16 => Ok(numbers(bytes, |bytes| half(u16::from_le_bytes(*bytes)))),
        EntryType::Bf16 => Ok(numbers(bytes, |[low, high]| single(&[0, 0, *low, *high]))),
        EntryType::Other(name) => Err(format!("its entries are of type {name}")),
    }
}

fn numbers<const SIZE: usize>(bytes: &[u8], number: impl Fn(&[u8; SIZE]) -> f64) -> Vec<f64> {
    bytes.as_chunks::<SIZE>().0.iter().map(number).collect()
}

fn entry_type(dtype: Dtype) -> EntryType {
    match dtype {
        Dtype::F64 => EntryType::F64,
        Dtype::F32 => EntryType::F32,
        Dtype::F16 => EntryType::F16,
        Dtype::BF16 => EntryType::Bf16,
        Dtype::BOOL => EntryType::Other("bool".to_owned()),
        Dtype::I64 => EntryType::Other("int64".to_owned()),
        Dtype::I32 => EntryType::Other("int32".to_owned()),
        other => EntryType::Other(format!("{other:?}")),
    }
}

/// The file of `tensors`.
pub(super) fn write(tensors: &[NamedTensor]) -> Result<Vec<u8>, String> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| tensor.entries.bytes())
        .collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let dtype = match tensor.entries {
            Entries::F64(_) => Dtype::F64,
            Entries::F32(_) => Dtype::F32,
            Entries::I64(_) => Dtype::I64,
        };
        let view = TensorView::new(dtype, tensor.shape.clone(), bytes)
            .map_err(|error| format!("{}: {error}", tensor.name))?;
        views.push((tensor.name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}
