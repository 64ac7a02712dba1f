//! All integration tests in one program, so that what they share is compiled and linked once, and all of
//! them run side by side.
//!
//! To add `NAME.rs` or `NAME/main.rs`, name it below as those around it; [`every_file_is_named`] fails
//! until it is. Shared code stands in `support/`, and is reached as `crate::support`. A file's tests alone
//! are run by `cargo test --test suite NAME::`.

#[path = "blame/main.rs"]
mod blame;
#[path = "bounds/main.rs"]
mod bounds;
mod changes;
mod cli;
mod cli_sweep;
mod controls;
mod dfdx_primitives;
#[path = "diagnosis/main.rs"]
mod diagnosis;
#[path = "double_double/main.rs"]
mod double_double;
mod errors;
#[path = "exchange/main.rs"]
mod exchange;
mod explain;
mod extended;
mod failures;
mod fraction_cases;
#[path = "function/main.rs"]
mod function;
#[path = "fuzzing/main.rs"]
mod fuzzing;
mod goldens;
#[path = "harness_api/main.rs"]
mod harness_api;
mod help;
#[path = "interchange/main.rs"]
mod interchange;
#[path = "known_answers/main.rs"]
mod known_answers;
mod layering;
mod outcomes;
#[path = "pages/main.rs"]
mod pages;
mod power;
#[path = "projection/main.rs"]
mod projection;
#[path = "properties/main.rs"]
mod properties;
mod question;
mod report;
mod report_sweep;
#[path = "reports/main.rs"]
mod reports;
#[path = "reverse/main.rs"]
mod reverse;
mod samples;
#[path = "second_order/main.rs"]
mod second_order;
mod single;
mod spec_file;
mod sweep;
mod terminal;

mod support {
    pub(crate) mod checks;
    pub(crate) mod comparison;
    pub(crate) mod op_case;
    pub(crate) mod pages;
    pub(crate) mod snapshot;
    pub(crate) mod wide;
}

/// A file that is not named above would never be compiled.
#[test]
fn every_file_is_named() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = include_str!("suite.rs");
    let manifest = include_str!("../Cargo.toml");
    let entries = std::fs::read_dir(&folder).expect("the tests are there");
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("names are UTF-8");
        let is_module =
            path.extension().is_some_and(|extension| extension == "rs") && name != "suite";
        if is_module || path.join("main.rs").is_file() {
            let named = text.lines().any(|line| line == format!("mod {name};"));
            let is_program = manifest.contains(&format!("path = \"tests/{name}/main.rs\""));
            assert!(named || is_program, "tests/suite.rs does not name {name}");
        }
    }
}
