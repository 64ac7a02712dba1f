//! What serde's derives know: the names of operators, losses and their attributes, and why a value
//! is refused.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Error, Expected, Unexpected};

use super::super::{LossSpec, OpSpec};

/// Names, as a derive lists them.
pub(super) type Names = &'static [&'static str];

/// Why serde refuses a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such name, but these.
    Unknown { name: String, known: Names },
    /// A name without which there is no value.
    Missing(&'static str),
    /// The value is not what it has to be: words that go on from "expected".
    Expected(String),
    /// Anything else, in whole words.
    Other(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, known } => write!(f, "'{name}' is none of {}", known.join(", ")),
            Self::Missing(name) => write!(f, "'{name}' is missing"),
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Refusal {}

impl Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        match message.strip_prefix("expected ") {
            Some(what) => Self::Expected(what.to_owned()),
            None => Self::Other(message),
        }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(in_plain_words(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(in_plain_words(&expected.to_string()))
    }

    fn unknown_variant(name: &str, known: Names) -> Self {
        Self::Unknown {
            name: name.to_owned(),
            known,
        }
    }

    fn unknown_field(name: &str, known: Names) -> Self {
        Self::Unknown {
            name: name.to_owned(),
            known,
        }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }
}

/// Serde's names for types, in a reader's words.
fn in_plain_words(expected: &str) -> String {
    let words = match expected {
        "usize" | "u64" => "a whole number from 0 on",
        "isize" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" => "text in quotes",
        "a sequence" => "a list in [ ]",
        other if other.starts_with("struct ") || other.contains(" enum ") => "a table in { }",
        other => other,
    };
    words.to_owned()
}

/// The names that `T` is chosen by with `op`.
pub(super) fn choices<T: for<'de> Deserialize<'de>>() -> Names {
    known::<T>([("op", "")])
}

/// The names that `T` takes beside `op`, which is a known one.
pub(super) fn fields<T: for<'de> Deserialize<'de>>(op: &str) -> Names {
    known::<T>([("op", op), ("", "")])
}

/// The names that a struct takes.
pub(super) fn keys<T: for<'de> Deserialize<'de>>() -> Names {
    known::<T>([("", "")])
}

/// What `T` says to a name that it does not know.
fn known<'a, T: for<'de> Deserialize<'de>>(
    entries: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> Names {
    let map = MapDeserializer::<_, Refusal>::new(entries.into_iter());
    match T::deserialize(map) {
        Err(Refusal::Unknown { known, .. }) => known,
        _ => &[],
    }
}

/// The names of all operators.
#[must_use]
pub fn operators() -> &'static [&'static str] {
    choices::<OpSpec>()
}

/// The names of an operator's attributes; none for an operator that there is not.
#[must_use]
pub fn attributes(operator: &str) -> &'static [&'static str] {
    if operators().contains(&operator) {
        fields::<OpSpec>(operator)
    } else {
        &[]
    }
}

/// The names of all losses.
#[must_use]
pub fn losses() -> &'static [&'static str] {
    choices::<LossSpec>()
}

/// The names of a loss's attributes; none for a loss that there is not.
#[must_use]
pub fn loss_attributes(loss: &str) -> &'static [&'static str] {
    if losses().contains(&loss) {
        fields::<LossSpec>(loss)
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_derives_list_their_names() {
        assert!(operators().contains(&"conv2d"), "{:?}", operators());
        assert!(losses().contains(&"huber"), "{:?}", losses());
        let conv = attributes("conv2d");
        assert!(conv.starts_with(&["out_channels", "kernel"]), "{conv:?}");
        assert_eq!(attributes("relu"), [""; 0], "none to choose");
        assert_eq!(attributes("conv9d"), [""; 0], "no such operator");
        assert_eq!(loss_attributes("huber"), ["delta"]);
        assert_eq!(loss_attributes("hinge"), [""; 0], "no such loss");
    }
}
