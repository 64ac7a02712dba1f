//! The two formats: what is written, what is read, and what is refused.

use std::io::Write;

use gradproof::data::tensors::{
    Entries, EntryType, NamedTensor, TensorFile, TensorFileError, TensorFormat, Wanted,
};
use gradproof::rng::Stream;
use gradproof::tensor::values;

fn tensors() -> Vec<NamedTensor> {
    let tensor = |name: &str, shape: &[usize], entries| NamedTensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        entries,
    };
    vec![
        tensor(
            "conv1.weight",
            &[2, 1, 1, 3],
            Entries::F64(vec![0.1, -0.0, f64::MIN_POSITIVE / 3.0, 1e300, -2.5, 3.0]),
        ),
        tensor("conv1.bias", &[2], Entries::F32(vec![0.1, f32::MAX])),
        tensor("loss", &[], Entries::F64(vec![2.25])),
        tensor("labels", &[3], Entries::I64(vec![7, -1, 1 << 40])),
    ]
}

fn file(format: TensorFormat, bytes: Vec<u8>) -> Result<TensorFile, TensorFileError> {
    TensorFile::from_bytes(&format!("t.{}", format.ending()), bytes)
}

fn wanted() -> [Wanted; 3] {
    [
        Wanted::needed("conv1.weight", &[2, 1, 1, 3]),
        Wanted::needed("conv1.bias", &[2]),
        Wanted::optional("loss", &[]),
    ]
}

#[test]
fn what_is_written_is_read_to_the_bit() {
    for format in TensorFormat::ALL {
        let floats = &tensors()[..3];
        let file = file(format, format.write(floats).unwrap()).unwrap();
        let types: Vec<String> = file
            .tensors()
            .iter()
            .map(|t| format!("{} {} {:?}", t.name, t.entry_type, t.shape))
            .collect();
        assert_eq!(
            types,
            [
                "conv1.bias float32 [2]",
                "conv1.weight float64 [2, 1, 1, 3]",
                "loss float64 []"
            ]
        );
        let found = file.fit("tensors", "made-up", &wanted()).unwrap();
        let bits = |number: &f64| number.to_bits();
        for (tensor, found) in floats.iter().zip(found) {
            let expected: Vec<u64> = match &tensor.entries {
                Entries::F64(entries) => entries.iter().map(bits).collect(),
                Entries::F32(entries) => entries.iter().map(|e| f64::from(*e).to_bits()).collect(),
                Entries::I64(_) => panic!("no floats"),
            };
            let found: Vec<u64> = values(&found.unwrap()).iter().map(bits).collect();
            assert_eq!(found, expected, "{format:?} {}", tensor.name);
        }
    }
}

/// The header as *NEP 1* has it, and the entries behind it, at a multiple of 64 bytes.
#[test]
fn npz_is_what_numpy_writes() {
    let bytes = TensorFormat::Npz.write(&tensors()).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut read = |name: &str| {
        let mut content = Vec::new();
        let mut entry = archive.by_name(name).unwrap();
        assert_eq!(entry.compression(), zip::CompressionMethod::Stored);
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        content
    };
    for (name, header, size) in [
        (
            "conv1.weight.npy",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1, 1, 3), }",
            48,
        ),
        (
            "conv1.bias.npy",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
            8,
        ),
        (
            "loss.npy",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
            8,
        ),
        (
            "labels.npy",
            "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }",
            24,
        ),
    ] {
        let content = read(name);
        assert_eq!(content.len(), 128 + size, "{name}");
        assert_eq!(&content[..10], b"\x93NUMPY\x01\x00\x76\x00", "{name}");
        let text = String::from_utf8(content[10..128].to_vec()).unwrap();
        assert_eq!(text.trim_end(), header);
        assert!(text.ends_with('\n') && text.len() == 118, "{text:?}");
    }
    assert_eq!(&read("labels.npy")[128..136], &7_i64.to_le_bytes());
}

#[test]
fn the_same_tensors_are_the_same_bytes() {
    for format in TensorFormat::ALL {
        let first = format.write(&tensors()).unwrap();
        assert!((0..20).all(|_| format.write(&tensors()).unwrap() == first));
    }
}

/// A file of one tensor, as other programs write it.
fn safetensors(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(
        r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{}]}}}}"#,
        data.len()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Half precision in either format is widened exactly.
#[test]
fn narrow_numbers_are_widened_exactly() {
    // 1, -2, the largest number, the smallest, and 1/3 rounded.
    let half: [u16; 5] = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555];
    let of_half = [1.0, -2.0, 65504.0, f64::exp2(-24.0), 0.333251953125];
    let brain: [u16; 5] = [0x3f80, 0xc000, 0x7f7f, 0x0001, 0x3eab];
    let of_brain = [
        1.0,
        -2.0,
        3.3895313892515355e38,
        f64::exp2(-133.0),
        0.333984375,
    ];
    let bytes = |numbers: [u16; 5]| -> Vec<u8> {
        numbers.iter().flat_map(|bits| bits.to_le_bytes()).collect()
    };
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }\n";
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(bytes(half));
    let files = [
        (
            TensorFormat::Safetensors,
            safetensors("F16", "[5]", &bytes(half)),
            EntryType::F16,
            of_half,
        ),
        (
            TensorFormat::Safetensors,
            safetensors("BF16", "[5]", &bytes(brain)),
            EntryType::Bf16,
            of_brain,
        ),
        (
            TensorFormat::Npz,
            npz(&[("x.npy", &npy)]),
            EntryType::F16,
            of_half,
        ),
    ];
    for (format, bytes, entry_type, expected) in files {
        let file = file(format, bytes).unwrap();
        assert_eq!(file.tensors()[0].entry_type, entry_type);
        let found = file
            .fit("tensors", "one", &[Wanted::needed("x", &[5])])
            .unwrap();
        let found = values(found[0].as_ref().unwrap()).to_vec();
        let bits = |numbers: &[f64]| -> Vec<u64> { numbers.iter().map(|n| n.to_bits()).collect() };
        assert_eq!(bits(&found), bits(&expected), "{entry_type}: {found:?}");
    }
}

fn npz(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in entries {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The error of a file that cannot even be opened.
fn refusal(path: &str, bytes: &[u8]) -> String {
    let error = TensorFile::from_bytes(path, bytes.to_vec()).expect_err(path);
    error.to_string()
}

#[test]
fn what_is_no_file_of_tensors_is_said_to_be_none() {
    let whole = TensorFormat::Safetensors.write(&tensors()).unwrap();
    let huge = safetensors("F64", "[4611686018427387904,4]", &[0; 8]);
    let zeros = safetensors("F64", "[0,18446744073709551615]", &[]);
    let cases: [(&str, Vec<u8>, &[&str]); 12] = [
        (
            "w.pt",
            vec![],
            &["w.pt", "numpy.savez", "safetensors.torch.save_file"],
        ),
        ("w", vec![], &["neither a .npz nor a .safetensors"]),
        ("w.npz", vec![], &["w.npz", "no .npz file"]),
        ("w.npz", b"PK\x03\x04".to_vec(), &["no .npz file"]),
        (
            "w.npz",
            npz(&[("archive/data.pkl", b"x")]),
            &["torch.save", "numpy.savez"],
        ),
        (
            "w.npz",
            npz(&[("read me", b"x")]),
            &["'read me'", "no array"],
        ),
        (
            "w.npz",
            npz(&[("x.npy", b"x")]),
            &["tensor x", "not a .npy file"],
        ),
        (
            "w.safetensors",
            vec![],
            &["w.safetensors", "no whole .safetensors file"],
        ),
        ("w.safetensors", npz(&[]), &["zip archive", "torch.save"]),
        (
            "w.safetensors",
            whole[..whole.len() - 1].to_vec(),
            &["no whole .safetensors file"],
        ),
        ("w.safetensors", huge, &["no whole .safetensors file"]),
        (
            "w.safetensors",
            u64::MAX.to_le_bytes().to_vec(),
            &["no whole .safetensors file"],
        ),
    ];
    for (path, bytes, words) in cases {
        let message = refusal(path, &bytes);
        for word in words {
            assert!(message.contains(word), "'{word}' in: {message}");
        }
    }
    // Nothing is in it, so that it is a file, though not the one that is wanted.
    let empty = TensorFile::from_bytes("w.safetensors", zeros).unwrap();
    let message = empty.fit("tensors", "one", &[Wanted::needed("x", &[2])]);
    let message = message.expect_err("another shape").to_string();
    assert!(
        message.contains("[0, 18446744073709551615], and [2] is wanted"),
        "{message}"
    );
}

/// A small file that would unpack to a GiB is refused by its shape, and its entries stay packed.
#[test]
fn a_bomb_is_not_unpacked() {
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (100000000,), }\n";
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(vec![0; 1 << 26]);
    let bytes = npz(&[("conv1.weight.npy", &npy), ("conv1.bias.npy", &npy)]);
    assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
    let file = file(TensorFormat::Npz, bytes).unwrap();
    let message = file
        .fit("tensors", "made-up", &wanted())
        .expect_err("a bomb")
        .to_string();
    for words in ["conv1.weight has the shape [100000000]", "[2] is wanted"] {
        assert!(message.contains(words), "'{words}' in: {message}");
    }

    // And one whose header tells a lie about it is cut where the header ends.
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(vec![0; 1 << 26]);
    let file = self::file(TensorFormat::Npz, npz(&[("x.npy", &npy)])).unwrap();
    let message = file.fit("tensors", "one", &[Wanted::needed("x", &[2])]);
    let message = message.expect_err("too long").to_string();
    assert!(
        message.contains("promises 16 bytes of data, and it holds more"),
        "{message}"
    );
}

/// Whatever is changed, cut or inserted: an error or tensors of the right shapes, and never a panic.
#[test]
fn damaged_files_are_errors() {
    let packed = {
        // Packed entries are damaged in other ways than plain ones.
        let bytes = TensorFormat::Npz.write(&tensors()[..3]).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let contents: Vec<(String, Vec<u8>)> = (0..archive.len())
            .map(|number| {
                let mut entry = archive.by_index(number).unwrap();
                let mut content = Vec::new();
                std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
                (tensors()[number].name.clone() + ".npy", content)
            })
            .collect();
        let contents: Vec<(&str, &[u8])> = contents
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
            .collect();
        npz(&contents)
    };
    let whole = [
        (
            TensorFormat::Npz,
            TensorFormat::Npz.write(&tensors()[..3]).unwrap(),
        ),
        (TensorFormat::Npz, packed),
        (
            TensorFormat::Safetensors,
            TensorFormat::Safetensors.write(&tensors()[..3]).unwrap(),
        ),
    ];
    let (mut refused, mut read) = (0, 0);
    for (number, (format, bytes)) in whole.iter().enumerate() {
        let mut stream = Stream::new(number as u64, "damage");
        for _ in 0..4_000 {
            let mut damaged = bytes.clone();
            for _ in 0..=stream.index(3) {
                let at = stream.index(damaged.len());
                match stream.index(4) {
                    0 => damaged[at] ^= 1 << stream.index(8),
                    1 => damaged[at] = stream.index(256) as u8,
                    2 => damaged.truncate(at.max(1)),
                    _ => damaged.insert(at, stream.index(256) as u8),
                }
            }
            let fitted =
                file(*format, damaged).and_then(|file| file.fit("tensors", "made-up", &wanted()));
            match fitted {
                Err(error) => {
                    assert!(error.to_string().contains("t."), "names the file: {error}");
                    refused += 1;
                }
                Ok(tensors) => {
                    let shapes = tensors.iter().flatten().zip(wanted());
                    for (tensor, wanted) in shapes {
                        let is_scalar = wanted.shape.is_empty() && tensor.shape() == [1];
                        assert!(is_scalar || tensor.shape() == wanted.shape, "{wanted:?}");
                    }
                    read += 1;
                }
            }
        }
    }
    assert!(
        refused > 6_000 && read > 100,
        "{refused} refused, {read} read"
    );
}

#[test]
fn what_cannot_be_written_is_said() {
    let mut two = vec![tensors()[0].clone(), tensors()[0].clone()];
    let twice = TensorFormat::Npz
        .write(&two)
        .expect_err("twice")
        .to_string();
    assert!(
        twice.contains("two tensors are called conv1.weight"),
        "{twice}"
    );
    two[1].name = "other".to_owned();
    two[1].shape = vec![usize::MAX, usize::MAX];
    for format in TensorFormat::ALL {
        let shape = format.write(&two).expect_err("no such shape").to_string();
        assert!(
            shape.contains("other has the shape") && shape.contains("6 entries"),
            "{shape}"
        );
    }
}
