//! A failed check as a page, for tests: where the environment asks for it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::data::tensors::temporary;
use crate::report::claim::ClaimReport;
use crate::report::{Report, failure, html};

/// The environment variable that holds the folder for pages of failed checks.
const REPORT: &str = "GRADPROOF_REPORT";

/// Whether pages are wanted.
pub(super) fn is_wanted() -> bool {
    folder().is_some()
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(REPORT).filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from)
}

/// The message of a failed assertion on `report`: the replay token first, then the ten worst coordinates, counts,
/// blame, place and kind; and where its page is, when `GRADPROOF_REPORT` names a folder for such.
///
/// For tests that call [`crate::check`] themselves. The page shows single coordinates when the check kept them
/// ([`crate::check::Manner::details`]).
///
/// ```
/// use gradproof::check::{Silent, check};
/// use gradproof::harness::failure_message;
/// # use gradproof::report::Outcome;
/// # use gradproof::spec::{case::*, files::Files, preset::preset};
/// # let case = Case { spec: preset("mlp").unwrap(), seed: 1, precision: Precision::F64, samples: 1, train_steps: 0,
/// #     penalty: None, step: Step::Auto, coordinates: Selection::Sample(9), sources: SourceName::ALL.to_vec(),
/// #     order: Order::First, files: Files::default() };
/// let report = check(&case, &Silent).unwrap().report;
/// assert!(report.outcome == Outcome::Right, "{}", failure_message(&report));
/// ```
#[must_use]
pub fn failure_message(report: &Report) -> String {
    with_page(failure::render(report), &report.replay, || {
        html::render(report)
    })
}

/// The message of a failed check of a function, a layer or a model.
pub(super) fn claim_message(report: &ClaimReport) -> String {
    let message = report.message();
    let known_by = message.clone();
    with_page(message, &known_by, || html::render_claim(report))
}

/// `message`, and where the page is; what is `known_by` the same text has a page of the same name.
pub(super) fn with_page(message: String, known_by: &str, page: impl FnOnce() -> String) -> String {
    let Some(folder) = folder() else {
        return message;
    };
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test");
    let path = folder.join(name(test, known_by));
    let told = match write(&path, &page()) {
        Ok(()) => format!("Page: {}", path.display()),
        Err(error) => format!(
            "{REPORT}: cannot write {}: {error}; name a folder that can be written",
            path.display()
        ),
    };
    format!("{message}\n{told}")
}

/// The test's name, as files may be called, and a checksum, since one test can fail in several ways.
fn name(test: &str, known_by: &str) -> String {
    let plain = |letter: char| {
        let is_plain = letter.is_ascii_alphanumeric() || letter == '-';
        if is_plain { letter } else { '_' }
    };
    let test: String = test.replace("::", "-").chars().map(plain).collect();
    format!("{test}-{:08x}.html", crc32fast::hash(known_by.as_bytes()))
}

/// Whole or not at all.
fn write(path: &Path, page: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = temporary(folder)?;
    file.write_all(page.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_after_its_test() {
        let name = name("layers::conv2d is right/α", "token");
        let (test, checksum) = name.rsplit_once('-').expect("both");
        assert_eq!(test, "layers-conv2d_is_right__");
        assert_eq!(checksum.len(), "01234567.html".len());
    }

    #[test]
    fn a_page_is_written_into_a_folder_that_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("page.html");
        write(&path, "<p>").expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "<p>");
        let inside = path.join("page.html");
        assert!(write(&inside, "<p>").is_err(), "a file is no folder");
    }
}
