//! Samples from files: what NumPy and Pillow wrote is read, and damage is an error.

#![cfg(feature = "cli")]
#![expect(
    clippy::float_cmp,
    reason = "pixels and targets are exactly representable"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use gradproof::data::array::{Array, Entries};
use gradproof::data::{self, DataError, idx, npy};
use gradproof::loss::Loss;
use gradproof::rng::Stream;
use gradproof::spec::NetworkSpec;
use gradproof::spec::plan::Plan;
use gradproof::tensor::Tensor;
use tempfile::TempDir;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).expect(name)
}

/// Pixel `at` of the fixtures; make.py has the same formula.
fn pixel(at: usize) -> u8 {
    (at * 7 % 256) as u8
}

fn network(data: &str, input: &str, outputs: usize, loss: &str) -> NetworkSpec {
    let flatten = "[[layers]]\nop = \"flatten\"\n";
    NetworkSpec::from_toml(&format!(
        "name = \"n\"\ninput = {input}\ndata = {data}\nloss = {{ op = \"{loss}\" }}\n{flatten}[[layers]]\nop = \"linear\"\nout_features = {outputs}\n"
    ))
    .expect(data)
}

fn batch(spec: &NetworkSpec, samples: usize) -> Result<(Tensor<f64>, Loss), DataError> {
    let mut spec = spec.clone();
    let from_folder = |path: &str| folder().join(path).display().to_string();
    spec.data = spec.data.with_paths(from_folder);
    data::batch(&spec, &Plan::new(&spec, samples).expect("it fits"), 1)
}

#[test]
fn every_type_and_order_of_numpy_is_read() {
    for name in ["f8", "f8-big", "f4", "f4-big", "f8-fortran"] {
        let array = npy::read(bytes(&format!("{name}.npy")).as_slice()).expect(name);
        assert_eq!(array.shape, [6, 4, 3], "{name}");
        let expected = (0..72).map(|at| f64::from(pixel(at)) / 256.0).collect();
        assert_eq!(array.entries, Entries::Numbers(expected), "{name}");
    }
    for name in ["u1", "u1-fortran"] {
        let array = npy::read(bytes(&format!("{name}.npy")).as_slice()).expect(name);
        let expected = (0..72).map(pixel).collect();
        assert_eq!(array.entries, Entries::Bytes(expected), "{name}");
    }
    for (name, sign) in [
        ("i1", -1.0),
        ("i2-big", -1.0),
        ("i4", -1.0),
        ("i8", -1.0),
        ("u2", 1.0),
        ("u8-big", 1.0),
    ] {
        let array = npy::read(bytes(&format!("{name}.npy")).as_slice()).expect(name);
        let expected = [1.0, 2.0, 100.0, 127.0].map(|value| sign * value).to_vec();
        assert_eq!(array.entries, Entries::Numbers(expected), "{name}");
    }
    let truths = npy::read(bytes("b1.npy").as_slice()).expect("booleans");
    assert_eq!(truths.entries, Entries::Numbers(vec![1.0, 0.0]));
    for (name, word) in [
        ("object", "objects"),
        ("struct", "struct"),
        ("complex", "<c16"),
    ] {
        let error = npy::read(bytes(&format!("{name}.npy")).as_slice()).expect_err(name);
        let error = error.to_string();
        assert!(
            error.contains(word) && error.contains("save it"),
            "{name}: {error}"
        );
    }
}

#[test]
fn idx_files_are_read_gzipped_or_not() {
    let expected = Array {
        shape: vec![6, 4, 3],
        entries: Entries::Bytes((0..72).map(pixel).collect()),
    };
    assert_eq!(idx::read(&bytes("images-idx3-ubyte")), Ok(expected.clone()));
    assert_eq!(idx::read(&bytes("images-idx3-ubyte.gz")), Ok(expected));
}

/// All six samples, whatever the format: the same pixels with the same classes.
#[test]
fn every_format_gives_the_same_samples() {
    for data in [
        "{ idx = { images = \"images-idx3-ubyte\", labels = \"labels-idx1-ubyte\" } }",
        "{ idx = { inputs = \"images-idx3-ubyte.gz\", labels = \"labels-idx1-ubyte\" } }",
        "{ npy = { inputs = \"f4-big.npy\", labels = \"labels.npy\" } }",
        "{ npy = { inputs = \"u1-fortran.npy\", labels = \"labels.npy\" } }",
        "{ npz = \"stored.npz\" }",
        "{ npz = { file = \"compressed.npz\", inputs = \"images\" } }",
    ] {
        let spec = network(data, "[1, 4, 3]", 3, "softmax_cross_entropy");
        let (input, loss) = batch(&spec, 6).expect(data);
        let Loss::SoftmaxCrossEntropy { classes, .. } = loss else {
            panic!("another loss: {loss:?}");
        };
        let samples: Vec<f64> = input.iter().copied().collect();
        for (sample, class) in samples.chunks(12).zip(classes) {
            // The first pixel tells which sample it is: 84 more each time, modulo 256.
            let which = (0..6).find(|which| sample[0] == f64::from(pixel(12 * which)) / 256.0);
            let which = which.expect("a sample of the file");
            for (at, value) in sample.iter().enumerate() {
                let expected = f64::from(pixel(12 * which + at)) / 256.0;
                assert!(value.to_bits() == expected.to_bits(), "{data}: {sample:?}");
            }
            assert_eq!(class, which % 3, "{data}");
        }
    }
}

#[test]
fn pictures_have_the_class_of_their_folder_and_the_networks_channels() {
    let spec = network("{ png = \"png\" }", "[1, 4, 3]", 2, "softmax_cross_entropy");
    let (input, loss) = batch(&spec, 4).expect("four pictures");
    let Loss::SoftmaxCrossEntropy { classes, .. } = loss else {
        panic!("another loss: {loss:?}");
    };
    for (sample, class) in input
        .iter()
        .copied()
        .collect::<Vec<_>>()
        .chunks(12)
        .zip(classes)
    {
        let which = (0..4).find(|which| sample[0] == f64::from(pixel(12 * which)) / 256.0);
        // Two cats, then two dogs.
        assert_eq!(which.map(|which| which / 2), Some(class), "{sample:?}");
    }
    // Grey pixels are the same in all three channels.
    let spec = network("{ png = \"png\" }", "[3, 4, 3]", 2, "softmax_cross_entropy");
    let (input, _) = batch(&spec, 1).expect("a picture");
    let values: Vec<f64> = input.iter().copied().collect();
    assert_eq!(values[..12], values[12..24]);
    assert_eq!(values[..12], values[24..]);
    // Colours become channels, or luma.
    let classes = TempDir::new().expect("a folder");
    for name in ["rgb", "rgba", "palette", "bits"] {
        let class = classes.path().join(name).join("7");
        fs::create_dir_all(&class).expect("made");
        fs::write(class.join("1.png"), bytes(&format!("colours/{name}.png"))).expect("written");
        let data = format!("{{ png = {:?} }}", classes.path().join(name));
        for channels in [1, 3] {
            let input = format!("[{channels}, 4, 3]");
            let spec = network(&data, &input, 8, "softmax_cross_entropy");
            let (input, _) = batch(&spec, 1).expect(name);
            let values: Vec<f64> = input.iter().copied().collect();
            if channels == 3 && name.starts_with("rgb") {
                let expected = (0..36)
                    .map(|at| f64::from(pixel(at)) / 256.0)
                    .collect::<Vec<_>>();
                assert_eq!(values, expected, "{name}");
            }
            if channels == 1 && name.starts_with("rgb") {
                let [red, green, blue] = [0, 12, 24].map(|at| u32::from(pixel(at)));
                let luma = (299 * red + 587 * green + 114 * blue + 500) / 1000;
                assert_eq!(values[0], f64::from(luma) / 256.0, "{name}");
            }
        }
    }
}

#[test]
fn targets_are_the_files_the_input_or_one_at_the_class() {
    let target = |data: &str, outputs: usize| -> (Vec<f64>, Vec<f64>) {
        let (input, loss) =
            batch(&network(data, "[12]", outputs, "mean_squared_error"), 6).expect(data);
        let Loss::MeanSquaredError { target } = loss else {
            panic!("another loss: {loss:?}");
        };
        (
            input.iter().copied().collect(),
            target.iter().copied().collect(),
        )
    };
    let (input, own) = target("{ npy = \"u1.npy\" }", 12);
    assert_eq!(input, own, "the input");
    let (input, from_file) = target("{ npz = \"compressed.npz\" }", 3);
    for (sample, target) in input.chunks(12).zip(from_file.chunks(3)) {
        assert_eq!(sample[..3], *target, "the first row, as make.py says");
    }
    let (input, hot) = target("{ npz = \"stored.npz\" }", 4);
    for (sample, target) in input.chunks(12).zip(hot.chunks(4)) {
        let which = (0..6).find(|which| sample[0] == f64::from(pixel(12 * which)) / 256.0);
        let class = which.expect("a sample") % 3;
        assert!(
            target[class] == 1.0 && target.iter().sum::<f64>() == 1.0,
            "{target:?}"
        );
    }
}

#[test]
fn what_does_not_fit_is_said_with_the_way_out() {
    let stored = "{ npz = \"stored.npz\" }";
    let xent = "softmax_cross_entropy";
    for (spec, samples, words) in [
        (
            network(stored, "[1, 8, 8]", 3, xent),
            2,
            &["[4, 3]", "set input = [1, 4, 3]"][..],
        ),
        (
            network(stored, "[12]", 2, xent),
            2,
            &["label 2", "2 outputs", "enlarge"],
        ),
        (
            network(stored, "[12]", 3, xent),
            7,
            &["7 samples", "6 samples in", "--samples 1 to 6"],
        ),
        (
            network("{ npy = \"f8.npy\" }", "[12]", 3, xent),
            2,
            &["labels' file"],
        ),
        (
            network("{ npz = \"missing.npz\" }", "[12]", 3, xent),
            2,
            &["missing.npz", "cannot be read"],
        ),
        (
            network("{ npz = \"f8.npy\" }", "[12]", 3, xent),
            2,
            &["zip archive"],
        ),
        (
            network(
                "{ npz = { file = \"stored.npz\", inputs = \"z\" } }",
                "[12]",
                3,
                xent,
            ),
            2,
            &["'z'", "x, y"],
        ),
        (
            network("{ png = \"missing\" }", "[1, 4, 3]", 3, xent),
            2,
            &["cannot be read", "folder"],
        ),
        (
            network("{ png = \"colours\" }", "[1, 4, 3]", 3, xent),
            2,
            &["no samples", "cats/1.png"],
        ),
        (
            network("{ png = \"png\" }", "[1, 5, 3]", 3, xent),
            2,
            &["set input = [1, 4, 3]"],
        ),
        (
            network("{ png = \"png\" }", "[2, 4, 3]", 3, xent),
            2,
            &["1 or 3 channels"],
        ),
        (
            network(
                "{ npy = { inputs = \"f8.npy\", labels = \"f8.npy\" } }",
                "[12]",
                3,
                xent,
            ),
            2,
            &["one number for each sample"],
        ),
        (
            network(
                "{ npy = { inputs = \"f8.npy\", labels = \"b1.npy\" } }",
                "[12]",
                3,
                xent,
            ),
            2,
            &["6 samples and 2 labels"],
        ),
        (
            network("{ idx = \"f8.npy\" }", "[12]", 3, xent),
            2,
            &["not an IDX file"],
        ),
    ] {
        let error = batch(&spec, samples).expect_err("refused").to_string();
        for word in words {
            assert!(error.contains(word), "'{word}' in: {error}");
        }
    }
}

/// Change some bytes, or cut the file; other lengths and absurd sizes come of it.
fn damaged(file: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=stream.index(3) {
        let at = stream.index(bytes.len().min(160));
        match stream.index(4) {
            0 => bytes[at] = [0, 0xff, b'9', b'(', 0x7f][stream.index(5)],
            1 => bytes[at] ^= 1 << stream.index(8),
            2 => bytes.truncate(1 + stream.index(bytes.len())),
            _ => bytes.splice(at..at, *b"9999").for_each(drop),
        }
    }
    bytes
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    let scratch = TempDir::new().expect("a folder");
    let mut stream = Stream::new(1, "damage");
    let mut errors = 0;
    for round in 0..150 {
        for name in [
            "f8.npy",
            "f8-fortran.npy",
            "u1.npy",
            "images-idx3-ubyte",
            "images-idx3-ubyte.gz",
            "stored.npz",
            "compressed.npz",
            "png/cats/a.png",
            "colours/palette.png",
        ] {
            let file = damaged(&bytes(name), &mut stream);
            let path = match name {
                _ if name.ends_with(".png") => {
                    let class = scratch.path().join("damaged/1");
                    fs::create_dir_all(&class).expect("made");
                    fs::write(class.join("1.png"), file).expect("written");
                    scratch.path().join("damaged")
                }
                _ => {
                    let path = scratch.path().join("file");
                    fs::write(&path, file).expect("written");
                    path
                }
            };
            let ending = name.rsplit_once('.').map(|(_, ending)| ending);
            let kind = ending.filter(|ending| ["npy", "npz", "png"].contains(ending));
            let kind = kind.unwrap_or("idx");
            let spec = network(
                &format!("{{ {kind} = {path:?} }}"),
                "[1, 4, 3]",
                12,
                "mean_squared_error",
            );
            if let Err(error) = batch(&spec, 1) {
                errors += 1;
                assert!(!error.to_string().is_empty(), "round {round}, {name}");
            }
        }
    }
    assert!(errors > 600, "{errors} of 1350 were refused");
}

#[test]
fn absurd_headers_take_no_memory() {
    let header = |shape: &str, descr: &str| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': True, 'shape': {shape}, }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.bytes());
        file
    };
    for shape in [
        "(99999999999,)",
        "(4294967296, 4294967296, 4294967296)",
        "(0, 18446744073709551615)",
        "(99999999999999999999999,)",
        "(-1,)",
        "(100000000,)",
        "((((((((1,),),),),),),),)",
        "",
    ] {
        let file = header(shape, "<f8");
        npy::read(file.as_slice()).expect_err(shape);
    }
    npy::read(header("(1,)", "<f16").as_slice()).expect_err("a long type");
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend([0xff; 4]);
    npy::read(long.as_slice()).expect_err("a long header");
    // A gzip bomb: a small header before a hundred megabytes of zeros.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut bomb, &[0, 0, 8, 1, 0, 0, 0, 2]).expect("memory");
    std::io::Write::write_all(&mut bomb, &vec![0; 100_000_000]).expect("memory");
    let bomb = bomb.finish().expect("memory");
    assert_eq!(
        idx::read(&bomb),
        Err(idx::IdxError::Length {
            promised: 2,
            found: 3
        }),
        "no more is unpacked than a byte too many"
    );
}

fn gradproof(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("gradproof").expect("the program is built with the tests");
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts")
}

#[test]
fn a_check_on_files_is_replayed_and_notices_other_content() {
    let scratch = TempDir::new().expect("a folder");
    fs::create_dir(scratch.path().join("nets")).expect("made");
    let data = scratch.path().join("nets/stored.npz");
    fs::write(&data, bytes("stored.npz")).expect("written");
    let text = "name = \"own\"\ninput = [1, 4, 3]\ndata = { npz = \"stored.npz\" }\nloss = { op = \"softmax_cross_entropy\" }\n\
        [[layers]]\nop = \"flatten\"\n[[layers]]\nop = \"linear\"\nout_features = 3\n";
    fs::write(scratch.path().join("nets/own.toml"), text).expect("written");
    let check = gradproof(
        scratch.path(),
        &["check", "nets/own.toml", "--samples", "3"],
    );
    let out = String::from_utf8(check.stdout).expect("text");
    assert_eq!(check.status.code(), Some(0), "{out}");
    assert!(out.contains("3 samples of nets/stored.npz"), "{out}");
    let token = out.split_whitespace().last().expect("a token").to_owned();
    let again = gradproof(scratch.path(), &["replay", &token]);
    assert_eq!(
        String::from_utf8(again.stdout).expect("text"),
        out,
        "the same bytes"
    );

    let refused = |words: &[&str]| {
        let run = gradproof(scratch.path(), &["replay", &token]);
        let err = String::from_utf8(run.stderr).expect("text");
        assert_eq!(run.status.code(), Some(2), "{err}");
        for word in words {
            assert!(err.contains(word), "'{word}' in: {err}");
        }
    };
    fs::write(&data, bytes("compressed.npz")).expect("written");
    refused(&["nets/stored.npz", "content has changed", "checksum"]);
    fs::remove_file(&data).expect("removed");
    refused(&["nets/stored.npz", "cannot be read"]);

    for (samples, words) in [
        (
            folder().join("stored.npz").display().to_string(),
            "stored.npz",
        ),
        (
            folder().join("images-idx3-ubyte").display().to_string(),
            "images-idx3",
        ),
        (
            [folder().join("u1.npy"), folder().join("labels.npy")]
                .map(|p| p.display().to_string())
                .join(","),
            "u1.npy",
        ),
        (folder().join("png").display().to_string(), "png"),
        ("random".to_owned(), "2 random samples"),
    ] {
        let run = gradproof(
            scratch.path(),
            &[
                "check",
                "nets/own.toml",
                "--samples",
                "2",
                "--data",
                &samples,
            ],
        );
        let out = String::from_utf8(run.stdout).expect("text");
        assert_eq!(
            run.status.code(),
            Some(0),
            "{samples}: {out}{}",
            String::from_utf8_lossy(&run.stderr)
        );
        assert!(out.contains(words), "'{words}' in: {out}");
    }
}
