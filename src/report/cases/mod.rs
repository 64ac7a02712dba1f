//! Any report as a list of cases with an outcome each: what test runners know, whatever was checked.

mod check;
mod others;

use serde::{Deserialize, Serialize};

pub(super) use check::is_of;

use super::Outcome;

/// A report, told case by case.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases {
    /// The program and what it looked at: "gradproof check lenet5".
    pub title: String,
    /// The answer in a sentence.
    pub sentence: String,
    /// The answer.
    pub outcome: Outcome,
    /// The command that repeats it; `None` where no token holds it.
    pub replay: Option<String>,
    /// What belongs together.
    pub suites: Vec<Suite>,
}

/// Cases that belong together: an objective's tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// Their name: "data loss".
    pub name: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case: a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub state: State,
    /// The same on a line.
    pub summary: String,
    /// All that is known of it, line by line; empty where there is no more to say.
    pub details: String,
    /// Seconds; `None` when the report does not say them.
    pub seconds: Option<f64>,
}

/// What became of a case, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Right.
    Passed,
    /// Nothing of it can be seen.
    Skipped,
    /// It could not be judged.
    Open,
    /// Wrong.
    Failed,
}

impl Cases {
    /// All cases in this state, each with its suite's name.
    pub fn in_state(&self, state: State) -> impl Iterator<Item = (&str, &Case)> {
        let suites = self.suites.iter();
        suites.flat_map(move |suite| {
            let cases = suite.cases.iter().filter(move |case| case.state == state);
            cases.map(|case| (suite.name.as_str(), case))
        })
    }

    /// The same with a case for the answer itself, where no other case gives it.
    fn answered(mut self) -> Self {
        let wanted = match self.outcome {
            Outcome::Right => return self,
            Outcome::Wrong => State::Failed,
            Outcome::Unjudged => State::Open,
        };
        if self.in_state(wanted).next().is_none() {
            self.suites.push(Suite {
                name: "answer".to_owned(),
                cases: vec![Case::new("answer", wanted, self.sentence.clone())],
            });
        }
        self
    }
}

impl State {
    /// In a word or two.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "right",
            Self::Skipped => "unseen",
            Self::Open => "not judged",
            Self::Failed => "wrong",
        }
    }
}

impl Case {
    fn new(name: &str, state: State, summary: String) -> Self {
        Self {
            name: name.to_owned(),
            state,
            summary,
            details: String::new(),
            seconds: None,
        }
    }

    /// What it says, on a line and in all lines.
    #[must_use]
    pub fn text(&self) -> String {
        if self.details.is_empty() {
            self.summary.clone()
        } else {
            format!("{}\n{}", self.summary, self.details)
        }
    }

    fn with_details(mut self, details: String) -> Self {
        self.details = details;
        self
    }
}
