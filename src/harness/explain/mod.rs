//! What the words of reports mean: every kind of bug, and every other word, with an example that is
//! computed while you wait.
//!
//! ```
//! use gradproof::harness::explain::explain;
//!
//! let rotated = explain("kernel_rotated")?;
//! assert!(rotated.mend.contains("correlation"));
//! assert!(rotated.example().expect("an example").conclusion.contains("rotated by 180 degrees"));
//! assert_eq!(explain("kernel_rotate").unwrap_err().nearest, Some("kernel_rotated"));
//! # Ok::<(), gradproof::harness::explain::UnknownWord>(())
//! ```

mod kind;
mod word;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use thiserror::Error;

use crate::spec::nearest::nearest;

/// The kinds of bugs, as a file that is read like a book.
const KINDS: &str = include_str!("kinds.toml");

/// All other words.
const WORDS: &str = include_str!("words.toml");

/// What a word means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The word, as in `kernel_rotated`.
    pub word: &'static str,
    /// Whether it is a kind of bug.
    pub is_kind: bool,
    /// It in half a sentence.
    pub line: String,
    /// What it is.
    pub what: String,
    /// How it comes about.
    pub comes: String,
    /// How it is mended, or why it need not be.
    pub mend: String,
    shown: Option<Shown>,
}

/// The example of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    fault: String,
    problem: Option<(String, Vec<usize>)>,
}

/// Numbers that show it, computed when they are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What is computed.
    pub title: String,
    /// What stands in each column.
    pub header: Vec<String>,
    /// The numbers.
    pub rows: Vec<Vec<String>>,
    /// What they show.
    pub conclusion: String,
}

/// A word that no report uses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no report says '{word}'{}: 'gradproof explain' lists all that can be explained", meant(*nearest))]
pub struct UnknownWord {
    /// What was asked.
    pub word: String,
    /// What may have been meant.
    pub nearest: Option<&'static str>,
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |near| format!(", did you mean '{near}'?"))
}

/// As it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    line: String,
    what: String,
    comes: String,
    mend: String,
    fault: Option<String>,
    op: Option<String>,
    input: Option<Vec<usize>>,
}

static ALL: LazyLock<Vec<Explanation>> = LazyLock::new(|| {
    [(KINDS, true), (WORDS, false)]
        .into_iter()
        .flat_map(|(text, is_kind)| read(text, is_kind))
        .collect()
});

/// Everything that stands in `text`, in its order.
fn read(text: &'static str, is_kind: bool) -> Vec<Explanation> {
    let mut entries: BTreeMap<String, Entry> =
        toml::from_str(text).expect("a test reads what is compiled in");
    let headings = text.lines().filter_map(|line| line.strip_prefix('['));
    let words = headings.filter_map(|line| line.strip_suffix(']'));
    words
        .filter_map(|word| Some((word, entries.remove(word)?)))
        .map(|(word, entry)| Explanation {
            word,
            is_kind,
            line: entry.line,
            what: entry.what,
            comes: entry.comes,
            mend: entry.mend,
            shown: entry.fault.map(|fault| Shown {
                fault,
                problem: entry.op.zip(entry.input),
            }),
        })
        .collect()
}

/// Everything that can be explained: first the kinds of bugs, then all other words.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    ALL.iter()
}

/// What `word` means; spaces, hyphens and capitals are as good as `kernel_rotated`.
///
/// # Errors
/// [`UnknownWord`], with the nearest that there is.
pub fn explain(word: &str) -> Result<&'static Explanation, UnknownWord> {
    let plain = word.trim().to_lowercase().replace([' ', '-'], "_");
    let meant = match plain.as_str() {
        "unseen" | "not_seen" | "hidden" => "unobservable",
        "control" | "on_purpose" | "planted" | "caught" => "planted_fault",
        "inside" | "outside" | "at_kink" => "kink",
        "error_bound" | "gap" | "tolerance" => "bound",
        "culprit" | "who" => "blame",
        "projections" => "projection",
        other => other,
    };
    let found = all().find(|own| own.word == meant);
    found.ok_or_else(|| {
        let words: Vec<&'static str> = all().map(|own| own.word).collect();
        // The word as a whole says more than one of its parts.
        let distance = |own: &&&str| strsim::damerau_levenshtein(&plain, own);
        let whole = words.iter().min_by_key(distance);
        let whole = whole.filter(|own| 3 * distance(own) <= own.len());
        let part = || {
            let near = nearest(&plain, &words)?;
            words.iter().find(|word| **word == near)
        };
        UnknownWord {
            word: word.to_owned(),
            nearest: whole.or_else(part).copied(),
        }
    })
}

impl Explanation {
    /// Numbers that show it, computed now.
    #[must_use]
    pub fn example(&self) -> Option<Example> {
        match &self.shown {
            Some(shown) => kind::example(self.word, &shown.fault, shown.problem.as_ref()),
            None => word::example(self.word),
        }
    }
}
