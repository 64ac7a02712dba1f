//! Holds the one-way flow of modules, and the size of files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The top-level modules in flow order: a module uses only what stands before it.
const FLOW: [&str; 18] = [
    "scalar",
    "tensor",
    "rng",
    "spec",
    "layer",
    "change",
    "loss",
    "data",
    "penalty",
    "network",
    "interchange",
    "source",
    "judge",
    "report",
    "check",
    "harness",
    "adapter",
    "cli",
];

/// Lines of a file before its tests.
const MOST_LINES: usize = 400;

fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn in_src(path: &Path) -> &Path {
    path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("a file in src")
}

/// The top-level module that a file belongs to: `layer` for `layer/conv2d.rs`, `check` for `check.rs`.
fn module_of(path: &Path) -> String {
    let first = in_src(path).iter().next().expect("a file name");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code before the tests, without comments.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let uncommented = before_tests
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    uncommented.collect::<Vec<_>>().join("\n")
}

/// The top-level modules that code names as `crate::module`, or in `use crate::{module, …}`.
fn named_modules(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut named = BTreeSet::new();
    for (at, mark) in code.match_indices("crate::") {
        let rest = &code[at + mark.len()..];
        match rest.strip_prefix('{') {
            None => {
                named.insert(word(rest));
            }
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (position, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && depth == 0 && c.is_alphabetic() => {
                            named.insert(word(&group[position..]));
                            start = false;
                        }
                        _ => (),
                    }
                }
            }
        }
    }
    named
}

#[test]
fn a_module_uses_only_what_stands_before_it() {
    let rank = |module: &str| FLOW.iter().position(|known| *known == module);
    let mut uses = 0;
    for file in source_files() {
        let module = module_of(&file);
        let Some(own) = rank(&module) else {
            assert!(
                ["lib", "main"].contains(&module.as_str()),
                "{file:?} stands nowhere in the flow"
            );
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file is text");
        for named in named_modules(&code(&text)) {
            let Some(used) = rank(&named) else {
                panic!("{file:?} uses crate::{named}, which stands nowhere in the flow");
            };
            assert!(
                used <= own,
                "{file:?} uses crate::{named}, which stands after {module}"
            );
            uses += usize::from(used < own);
        }
    }
    assert!(
        uses > 40,
        "only {uses} uses of other modules were found: is the scan broken?"
    );
}

#[test]
fn layers_losses_and_sources_do_not_import_their_siblings() {
    for folder in ["layer", "loss"] {
        for file in source_files()
            .iter()
            .filter(|file| module_of(file) == folder)
        {
            let text = code(&fs::read_to_string(file).expect("a source file is text"));
            let own = file.file_name().is_some_and(|name| name == "mod.rs");
            assert!(
                own || !text.contains(&format!("crate::{folder}::")),
                "{file:?} imports a sibling"
            );
        }
    }
}

#[test]
fn the_crate_lists_its_modules_in_flow_order() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("lib.rs");
    let listed: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(listed, FLOW, "lib.rs is the table of contents");
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    for file in source_files() {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let lines = text
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        assert!(
            lines <= MOST_LINES,
            "{:?} has {lines} lines before its tests",
            in_src(&file)
        );
    }
}

#[test]
fn the_scan_finds_every_way_to_name_a_module() {
    let code =
        "use crate::alpha::X;\nuse crate::{beta::{Y, Z}, gamma};\nlet x = crate::delta::f();";
    let found: Vec<String> = named_modules(code).into_iter().collect();
    assert_eq!(found, ["alpha", "beta", "delta", "gamma"]);
}
