//! Where failing cases are kept.

use std::path::Path;

use proptest::test_runner::{Config, FileFailurePersistence};

/// The directory of kept failures, beside `Cargo.toml`; `cargo test` runs tests from there.
pub const REGRESSIONS: &str = "proptest-regressions";

/// A configuration that keeps failures in `proptest-regressions/NAME.txt`.
///
/// The environment variable `PROPTEST_CASES` says how many cases are tried (256 when unset), and
/// kept failures are tried before them.
#[must_use]
pub fn config(name: &str) -> Config {
    config_in(Path::new(REGRESSIONS), name)
}

/// The same with the file `NAME.txt` in `directory`.
#[must_use]
pub fn config_in(directory: &Path, name: &str) -> Config {
    let path = directory.join(format!("{name}.txt"));
    // proptest's default puts the failures of `tests/*.rs` beside those files, not at the top; and
    // it takes a path that lives as long as the program, which one per property may.
    let path: &'static str = Box::leak(path.to_string_lossy().into_owned().into_boxed_str());
    Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(path))),
        ..Config::default()
    }
}
