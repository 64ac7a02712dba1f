//! The program: exit codes, files in and out, and tokens.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use super::{entries, right_gradient, write};
use gradproof::data::tensors::TensorFormat;

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn gradproof(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("gradproof").expect("the program is built with the tests");
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts");
    Run {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

#[track_caller]
fn says(run: &Run, code: i32, words: &[&str]) {
    let all = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, code, "{all}");
    assert!(!all.contains("panicked"), "{all}");
    for word in words {
        assert!(all.contains(word), "'{word}' in: {all}");
    }
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// A folder with a small network, and what the program exports of it.
fn exported() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("small.toml"), super::SMALL).unwrap();
    let run = gradproof(folder.path(), &["check", "small.toml", "--export", "out"]);
    says(
        &run,
        0,
        &["Yes: your gradient is right", "Exported: 12 files in out"],
    );
    folder
}

#[test]
fn an_export_is_the_same_bytes_and_comes_back_right() {
    let folder = exported();
    let names: Vec<String> = contents(&folder.path().join("out")).into_keys().collect();
    assert_eq!(
        names,
        [
            "batch.npz",
            "batch.safetensors",
            "gradients-backprop.npz",
            "gradients-backprop.safetensors",
            "gradients-central.npz",
            "gradients-central.safetensors",
            "gradients-dual.npz",
            "gradients-dual.safetensors",
            "gradients-reverse.npz",
            "gradients-reverse.safetensors",
            "parameters.npz",
            "parameters.safetensors",
        ]
    );
    let again = gradproof(folder.path(), &["check", "small.toml", "--export", "again"]);
    says(&again, 0, &[]);
    let [first, second] = ["out", "again"].map(|name| contents(&folder.path().join(name)));
    assert_eq!(first, second, "the same seed, the same bytes");

    for (parameters, gradients) in [
        ("out/parameters.npz", "out/gradients-backprop.safetensors"),
        ("out/parameters.safetensors", "out/gradients-dual.npz"),
    ] {
        let run = gradproof(
            folder.path(),
            &[
                "check",
                "small.toml",
                "--seed",
                "9",
                "--data",
                "out/batch.npz",
                "--parameters",
                parameters,
                "--gradients",
                gradients,
            ],
        );
        says(
            &run,
            0,
            &[
                &format!("parameters of {parameters}"),
                &format!("The gradient given in {gradients} is held against dual"),
                "given and reverse agree within rounding",
                "Yes: your gradient is right",
            ],
        );
    }
    // The seed alone leads to the same point.
    let run = gradproof(
        folder.path(),
        &[
            "check",
            "small.toml",
            "--gradients",
            "out/gradients-reverse.npz",
        ],
    );
    says(&run, 0, &["Yes: your gradient is right"]);
}

#[test]
fn a_wrong_gradient_is_wrong_and_said_to_be_given() {
    let folder = exported();
    let case = super::Case {
        samples: 4,
        seed: 1,
        ..super::small()
    };
    let mut tensors = right_gradient(&gradproof::check::problem(&case).unwrap());
    entries(&mut tensors, "conv1.bias")
        .iter_mut()
        .for_each(|g| *g = -*g);
    write(folder.path(), "mine.npz", &tensors);
    let run = gradproof(
        folder.path(),
        &["check", "small.toml", "--gradients", "mine.npz"],
    );
    says(
        &run,
        1,
        &[
            "The gradient given in mine.npz is held against",
            "the loss was not given",
            "The given gradient is alone against dual, reverse and central at 3",
            "Agreement is lost in conv1, where that of conv1.bias is wrong",
            "equals minus the right gradient",
            "No: something is wrong in conv1.",
            " given ",
        ],
    );
    let single = super::in_single(&tensors);
    write(folder.path(), "single.safetensors", &single);
    let arguments = ["check", "small.toml", "--gradients", "single.safetensors"];
    let run = gradproof(folder.path(), &arguments);
    says(
        &run,
        1,
        &["· f32 ·", "judged as one computed in f32", "conv1.bias"],
    );
    let run = gradproof(
        folder.path(),
        &[&arguments[..], &["--precision", "f64"]].concat(),
    );
    says(
        &run,
        2,
        &["single.safetensors", "too coarse for the bounds of f64"],
    );
}

#[test]
fn a_token_finds_its_files_or_says_what_became_of_them() {
    let folder = exported();
    let check = [
        "check",
        "small.toml",
        "--parameters",
        "out/parameters.npz",
        "--gradients",
        "out/gradients-backprop.npz",
    ];
    let first = gradproof(folder.path(), &check);
    says(&first, 0, &[]);
    let token = first.out.split_whitespace().last().unwrap();
    let replayed = gradproof(folder.path(), &["replay", token]);
    says(&replayed, 0, &[]);
    assert_eq!(replayed.out, first.out, "to the byte");

    let path = folder.path().join("out/gradients-backprop.npz");
    let other = fs::read(folder.path().join("out/gradients-dual.npz")).unwrap();
    fs::write(&path, other).unwrap();
    let changed = gradproof(folder.path(), &["replay", token]);
    says(
        &changed,
        2,
        &[
            "out/gradients-backprop.npz",
            "content has changed",
            "check anew",
        ],
    );
    fs::remove_file(&path).unwrap();
    let missing = gradproof(folder.path(), &["replay", token]);
    says(
        &missing,
        2,
        &[
            "out/gradients-backprop.npz",
            "cannot be read",
            "current folder",
        ],
    );
    let elsewhere = TempDir::new().unwrap();
    let away = gradproof(elsewhere.path(), &["replay", token]);
    says(&away, 2, &["out/parameters.npz", "cannot be read"]);
}

#[test]
fn a_bad_file_is_named_with_the_way_out() {
    let folder = exported();
    let at = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    at("w.pt", b"PK");
    at("w.npz", b"nothing of the kind");
    at("w.safetensors", &[0xff; 40]);
    fs::create_dir(folder.path().join("folder.npz")).unwrap();
    for flag in ["--parameters", "--gradients"] {
        for (name, words) in [
            ("w.pt", "numpy.savez"),
            ("w.npz", "no .npz file"),
            ("w.safetensors", "no whole .safetensors file"),
            ("folder.npz", "cannot be read"),
            ("none.npz", "cannot be read"),
            ("out/batch.npz", "is missing"),
            ("", "numpy.savez"),
        ] {
            let run = gradproof(folder.path(), &["check", "small.toml", flag, name]);
            says(&run, 2, &[name, words]);
            assert_eq!(run.out, "", "no report of what was refused");
        }
    }
    let of_another = gradproof(
        folder.path(),
        &[
            "check",
            "mlp",
            "--gradients",
            "out/gradients-dual.safetensors",
        ],
    );
    says(
        &of_another,
        2,
        &[
            "are not those of mlp",
            "fc3.weight [10, 32] is missing",
            "mlp has",
            "dual.safetensors has",
        ],
    );
}

#[test]
fn an_export_is_whole_or_not_at_all() {
    let folder = exported();
    let out = folder.path().join("out");
    let before = contents(&out);
    // A folder stands where a file should: found out at the latest when it is written.
    fs::remove_file(out.join("batch.npz")).unwrap();
    fs::create_dir(out.join("batch.npz")).unwrap();
    let run = gradproof(
        folder.path(),
        &["check", "small.toml", "--seed", "5", "--export", "out"],
    );
    says(&run, 2, &["--export", "batch.npz", "cannot"]);
    fs::remove_dir(out.join("batch.npz")).unwrap();
    let leftovers: Vec<String> = contents(&out)
        .into_keys()
        .filter(|n| n.starts_with('.'))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
    for (name, content) in contents(&out) {
        let format = TensorFormat::of_path(&name).unwrap();
        let whole = gradproof::data::tensors::TensorFile::from_bytes(&name, content.clone());
        assert!(whole.is_ok(), "{name} {format:?}: {whole:?}");
        assert!(before.contains_key(&name));
    }

    fs::write(folder.path().join("file"), "mine").unwrap();
    for place in ["file", "file/below"] {
        let run = gradproof(folder.path(), &["check", "small.toml", "--export", place]);
        says(&run, 2, &["--export", place, "cannot write"]);
        assert_eq!(run.out, "", "before anything is checked");
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("file")).unwrap(),
        "mine"
    );
}
