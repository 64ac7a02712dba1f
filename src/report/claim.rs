//! What a check of somebody's derivatives found when little but values is known of the function.

use serde::{Deserialize, Serialize};

use super::failure::{columns, counted_verdicts};
use super::words::{counted, grouped, listed};
use super::{Counts, Number, Outcome};

/// Rows that are shown.
pub const MOST_ROWS: usize = 10;

/// The result of a check of a function, a layer or a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimReport {
    /// What was checked.
    pub what: String,
    /// What repeats it: no token outlives code that it cannot hold.
    pub repeat: String,
    /// What the derivatives are held against: "differences of the function".
    pub reference: String,
    /// Derivatives that there are; those that were not checked were left out of a sample.
    pub derivatives: usize,
    /// One row for each array.
    pub arrays: Vec<ClaimArray>,
    /// The coordinates that speak against the gradient, worst first, ten at most.
    pub worst: Vec<ClaimRow>,
    /// Coordinates that could not be judged, and why, three at most.
    pub unresolved: Vec<ClaimRow>,
    /// Whose fault it is, when something differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<String>,
    /// What wrong arrays look like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// The verdicts.
    pub counts: Counts,
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub sentence: String,
}

/// The verdicts on one array of derivatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimArray {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The verdicts on those that were checked.
    pub counts: Counts,
}

/// One coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// Its name.
    pub coordinate: String,
    /// The derivative under test.
    pub claimed: Number,
    /// What the references say, in words.
    pub said: String,
}

impl ClaimReport {
    /// The same with its answer.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.counts = Counts::total(self.arrays.iter().map(|array| &array.counts));
        let counts = self.counts;
        self.outcome = if counts.wrong() > 0 {
            Outcome::Wrong
        } else if counts.agree + counts.at_kink_inside > 0 && counts.unresolved == 0 {
            Outcome::Right
        } else {
            Outcome::Unjudged
        };
        self.sentence = self.answer();
        self
    }

    /// The message of a failed assertion: what repeats it, the ten worst coordinates, counts, blame,
    /// and kind.
    #[must_use]
    pub fn message(&self) -> String {
        let mut blocks = vec![self.repeat.clone(), self.what.clone()];
        for (title, rows) in [
            ("worst first", &self.worst),
            ("not judged", &self.unresolved),
        ] {
            if rows.is_empty() {
                continue;
            }
            let head = [title, "under test", self.reference.as_str()].map(str::to_owned);
            let body = rows.iter().map(|row| {
                vec![
                    row.coordinate.clone(),
                    format!("{:e}", row.claimed.0),
                    row.said.clone(),
                ]
            });
            let table: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(body).collect();
            blocks.push(columns(&table));
        }
        let arrays = self.arrays.iter();
        let arrays: Vec<(String, Counts)> = arrays
            .map(|array| (array.name.clone(), array.counts))
            .collect();
        blocks.push(counted_verdicts(&arrays));
        blocks.extend(self.blame.iter().map(|blame| format!("Who: {blame}")));
        blocks.extend(self.place().map(|place| format!("Where: {place}")));
        blocks.extend(self.kinds.iter().map(|kind| format!("What: {kind}")));
        blocks.push(self.sentence.clone());
        blocks.join("\n")
    }

    /// Which arrays are wrong, and which are not.
    pub(super) fn place(&self) -> Option<String> {
        let named = |is_wrong: bool| -> Vec<String> {
            let arrays = self.arrays.iter();
            let like = arrays.filter(|array| (array.counts.wrong() > 0) == is_wrong);
            like.map(|array| array.name.clone()).collect()
        };
        let (wrong, others) = (named(true), named(false));
        if wrong.is_empty() {
            return None;
        }
        let others = match others.len() {
            0 => String::new(),
            1 => format!("; that of {} is not", listed(&others)),
            _ => format!("; those of {} are not", listed(&others)),
        };
        let verb = if wrong.len() == 1 { "is" } else { "are" };
        Some(format!(
            "the gradient of {} {verb} wrong{others}",
            listed(&wrong)
        ))
    }

    fn answer(&self) -> String {
        let counts = self.counts;
        let sample = if counts.all() < self.derivatives {
            format!(
                " {} of all {} were checked, a random sample.",
                grouped(counts.all()),
                counted(self.derivatives, "derivative")
            )
        } else {
            String::new()
        };
        match self.outcome {
            Outcome::Right => format!(
                "Yes: the gradient is right at {}, within the error bounds.{sample}",
                counted(counts.all(), "coordinate"),
            ),
            Outcome::Wrong => {
                let places: Vec<String> = self
                    .arrays
                    .iter()
                    .filter(|array| array.counts.wrong() > 0)
                    .map(|array| array.name.clone())
                    .collect();
                format!(
                    "No: {} of {} are wrong, in {}.{sample}",
                    grouped(counts.wrong()),
                    counted(counts.all(), "derivative"),
                    listed(&places)
                )
            }
            Outcome::Unjudged => format!(
                "Cannot tell: {} of {} could not be judged.{sample}",
                grouped(counts.unresolved),
                counted(counts.all(), "derivative"),
            ),
        }
    }
}
