//! The op-case, as it stands in a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::spec::case::Precision;

use super::{Array, CaseError, tokens};

/// One operator or loss at one point, and what somebody computed for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpCase {
    /// The operator's or loss's name.
    pub op: String,
    /// Its attributes.
    #[serde(default)]
    pub attrs: Map<String, Value>,
    /// What it takes, by name.
    pub inputs: BTreeMap<String, Array>,
    /// The objective is Σ cotangent·output; 1 when left out for a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cotangent: Option<Array>,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Array>,
    /// The objective's gradient with respect to each input, by the input's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradients: Option<BTreeMap<String, Array>>,
    /// The arithmetic of output and gradients; `f64` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// Output and gradients alone: what somebody adds to a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What the operator gives.
    pub output: Array,
    /// The objective's gradient with respect to each input, by the input's name.
    pub gradients: BTreeMap<String, Array>,
}

/// What a program under test writes back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Output and gradients.
    Answer(Answer),
    /// It has no such operator, or not with such attributes; and why.
    Unsupported(String),
    /// It failed on this case, by its own account.
    Failed(String),
}

impl OpCase {
    /// The case that `text` holds.
    ///
    /// # Errors
    /// [`CaseError::Json`], with line and column.
    pub fn from_json(text: &str) -> Result<Self, CaseError> {
        from_json(text)
    }

    /// The case on one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Numbers that JSON has none for are written as words, so nothing can be refused.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same without output and gradients: what is asked for.
    #[must_use]
    pub fn request(&self) -> Self {
        Self {
            output: None,
            gradients: None,
            ..self.clone()
        }
    }

    /// The same with output and gradients.
    #[must_use]
    pub fn answered(self, answer: Answer) -> Self {
        Self {
            output: Some(answer.output),
            gradients: Some(answer.gradients),
            ..self
        }
    }
}

impl Reply {
    /// The reply that a line holds. It may repeat the request, of which it takes no notice.
    ///
    /// # Errors
    /// [`CaseError::Json`].
    pub fn from_json(text: &str) -> Result<Self, CaseError> {
        #[derive(Deserialize)]
        struct Keys {
            unsupported: Option<Value>,
            error: Option<Value>,
            output: Option<Array>,
            gradients: Option<BTreeMap<String, Array>>,
        }
        let keys: Keys = from_json(text)?;
        let words = |value: Value| match value {
            Value::String(words) => words,
            other => other.to_string(),
        };
        if let Some(why) = keys.unsupported {
            return Ok(Self::Unsupported(words(why)));
        }
        if let Some(why) = keys.error {
            return Ok(Self::Failed(words(why)));
        }
        Ok(Self::Answer(Answer {
            output: keys.output.ok_or(CaseError::Lacks("output"))?,
            gradients: keys.gradients.ok_or(CaseError::Lacks("gradients"))?,
        }))
    }
}

/// Read `text`, in which NaN and infinity may stand bare, as Python writes them.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, CaseError> {
    let text = tokens::quoted(text);
    serde_json::from_str(&text).map_err(|error| CaseError::Json(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = r#"{"op": "relu", "inputs": {"x": {"shape": [1], "data": [2]}},
        "cotangent": {"shape": [1], "data": [1]}}"#;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        let case = OpCase::from_json(CASE).expect("a case");
        let line = case.to_line();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(OpCase::from_json(&line), Ok(case));
        let error = OpCase::from_json(&CASE.replace("inputs", "input")).expect_err("a slip");
        assert!(error.to_string().contains("inputs"), "{error}");
    }

    #[test]
    fn replies_are_told_apart() {
        let reply = |text| Reply::from_json(text);
        assert_eq!(
            reply(r#"{"unsupported": "no groups"}"#),
            Ok(Reply::Unsupported("no groups".to_owned()))
        );
        assert_eq!(
            reply(r#"{"error": {"code": 3}}"#),
            Ok(Reply::Failed(r#"{"code":3}"#.to_owned()))
        );
        let answer = r#"{"op": "relu", "output": {"shape": [1], "data": [NaN]},
            "gradients": {"x": {"shape": [1], "data": [null]}}}"#;
        assert!(matches!(reply(answer), Ok(Reply::Answer(_))));
        assert_eq!(
            reply(r#"{"output": {"shape": [], "data": [1]}}"#),
            Err(CaseError::Lacks("gradients"))
        );
        assert_eq!(reply("{}"), Err(CaseError::Lacks("output")));
        for garbage in ["", "hello", "[1]", "7", "{\"output\": 3}"] {
            assert!(
                matches!(reply(garbage), Err(CaseError::Json(_))),
                "{garbage}"
            );
        }
    }
}
