//! The published JSON Schemas of all reports as JSON.
//!
//! They stand beside this file, as the types say them: under the feature `schema`, [`derived`] makes them
//! anew, and a test compares.

use std::fmt;

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Report`](super::Report).
    Check,
    /// [`FuzzReport`](super::fuzz::FuzzReport).
    Fuzz,
    /// [`VerifyReport`](super::verify::VerifyReport).
    Verify,
    /// [`ReplayReport`](super::ReplayReport).
    Replay,
    /// [`SweepReport`](super::sweep::SweepReport).
    Sweep,
    /// [`PowerReport`](super::power::PowerReport).
    Power,
    /// [`AccountReport`](super::account::AccountReport).
    Account,
    /// [`DiffReport`](super::diff::DiffReport).
    Diff,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Check,
        Self::Fuzz,
        Self::Verify,
        Self::Replay,
        Self::Sweep,
        Self::Power,
        Self::Account,
        Self::Diff,
    ];

    /// The newest version of its format.
    #[must_use]
    pub fn version(self) -> u32 {
        match self {
            Self::Check => super::VERSION,
            Self::Fuzz => super::fuzz::VERSION,
            Self::Verify => super::verify::VERSION,
            Self::Replay => super::replay::VERSION,
            Self::Sweep => super::sweep::VERSION,
            Self::Power => super::power::VERSION,
            Self::Account => super::account::VERSION,
            Self::Diff => super::diff::VERSION,
        }
    }

    /// What it is a report of: "a check".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Check => "a check",
            Self::Fuzz => "a run of random cases",
            Self::Verify => "a verification",
            Self::Replay => "a repeated file of cases",
            Self::Sweep => "a sweep",
            Self::Power => "a trial of the checker",
            Self::Account => "the account of one coordinate",
            Self::Diff => "a comparison of two checks",
        }
    }

    /// A field that its reports have, and none of another kind.
    pub(super) fn mark(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["parts", "control"],
            Self::Fuzz => &["strategy", "outcomes"],
            Self::Verify => &["files", "counts", "cases"],
            Self::Replay => &["file", "cases"],
            Self::Sweep => &["rungs"],
            Self::Power => &["mutants", "trial"],
            Self::Account => &["places", "spread"],
            Self::Diff => &["old", "new"],
        }
    }

    /// Its schema, as it is published.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::Check => include_str!("check.json"),
            Self::Fuzz => include_str!("fuzz.json"),
            Self::Verify => include_str!("verify.json"),
            Self::Replay => include_str!("replay.json"),
            Self::Sweep => include_str!("sweep.json"),
            Self::Power => include_str!("power.json"),
            Self::Account => include_str!("account.json"),
            Self::Diff => include_str!("diff.json"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Fuzz => "fuzz",
            Self::Verify => "verify",
            Self::Replay => "replay",
            Self::Sweep => "sweep",
            Self::Power => "power",
            Self::Account => "account",
            Self::Diff => "diff",
        })
    }
}

/// The schema that the types of this kind have now.
#[cfg(feature = "schema")]
#[must_use]
pub fn derived(kind: Kind) -> String {
    use schemars::generate::SchemaSettings;

    let settings = SchemaSettings::draft2020_12().for_serialize();
    let generator = settings.into_generator();
    let mut schema = match kind {
        Kind::Check => generator.into_root_schema_for::<super::Report>(),
        Kind::Fuzz => generator.into_root_schema_for::<super::fuzz::FuzzReport>(),
        Kind::Verify => generator.into_root_schema_for::<super::verify::VerifyReport>(),
        Kind::Replay => generator.into_root_schema_for::<super::ReplayReport>(),
        Kind::Sweep => generator.into_root_schema_for::<super::sweep::SweepReport>(),
        Kind::Power => generator.into_root_schema_for::<super::power::PowerReport>(),
        Kind::Account => generator.into_root_schema_for::<super::account::AccountReport>(),
        Kind::Diff => generator.into_root_schema_for::<super::diff::DiffReport>(),
    };
    let version = kind.version();
    schema.insert(
        "$id".to_owned(),
        format!("urn:gradproof:{kind}-report:{version}").into(),
    );
    schema.insert(
        "title".to_owned(),
        format!("gradproof: report of {}, version {version}", kind.words()).into(),
    );
    // What is of another version is another format.
    if let Some(own) = schema.pointer_mut("/properties/version") {
        *own = serde_json::json!({
            "description": "Version of this format.",
            "const": version,
        });
    }
    super::json::render(&schema)
}
