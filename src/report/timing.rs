//! How long a check took, beside what it found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::spec::case::SourceName;

/// How long a check took: the only part of a report that is another one each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timing {
    /// Seconds from its beginning to its end.
    pub total: f64,
    /// Those of each source over all parts, in the order in which they were asked.
    pub sources: Vec<SourceTime>,
}

/// How long a source took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceTime {
    /// Who.
    pub source: SourceName,
    /// Seconds.
    pub seconds: f64,
}

impl Timing {
    /// Of these sources, in a check of this length.
    #[must_use]
    pub fn new(total: Duration, sources: &[(SourceName, Duration)]) -> Self {
        Self {
            total: total.as_secs_f64(),
            sources: sources
                .iter()
                .map(|(source, time)| SourceTime {
                    source: *source,
                    seconds: time.as_secs_f64(),
                })
                .collect(),
        }
    }

    /// Seconds of all sources together.
    #[must_use]
    pub fn asking(&self) -> f64 {
        self.sources.iter().map(|source| source.seconds).sum()
    }
}
