//! The walk through a parsed file, key by key.

use std::ops::Range;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::super::nearest::nearest;
use super::super::{LossSpec, NetworkSpec, OpSpec};
use super::SpecError;
use super::names::{self, Names, Refusal};
use super::node::Node;

type Key<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Read a network.
///
/// # Errors
/// [`SpecError`] at the first thing that is wrong.
pub(in super::super) fn read(text: &str) -> Result<NetworkSpec, SpecError> {
    let table = parse(text)?;
    Walk { text }.network(&table)?;
    spec(text, table.get_ref())
}

/// The TOML in `text`.
pub(super) fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, SpecError> {
    DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        SpecError::at(
            text,
            &span,
            "",
            format!("this is no TOML: {}", error.message()),
        )
    })
}

/// The network in a table that has been walked through.
pub(super) fn spec(text: &str, table: &DeTable<'_>) -> Result<NetworkSpec, SpecError> {
    NetworkSpec::deserialize(Node::Table(table))
        .map_err(|refusal| SpecError::at(text, &(0..0), "", refusal.to_string()))
}

/// The path of entry `index` of the list at `path`.
pub(super) fn indexed(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

struct Walk<'a> {
    text: &'a str,
}

impl Walk<'_> {
    fn error<T>(&self, span: &Range<usize>, path: &str, message: String) -> Result<T, SpecError> {
        Err(SpecError::at(self.text, span, path, message))
    }

    fn network(&self, table: &Spanned<DeTable<'_>>) -> Result<(), SpecError> {
        let known = names::keys::<NetworkSpec>();
        for (key, value) in in_order(table.get_ref()) {
            let path = key.get_ref().as_ref();
            match path {
                _ if !known.contains(&path) => {
                    let message = unknown("key", path, " of a network", known, "a network file");
                    return self.error(&key.span(), path, message);
                }
                "layers" => self.layers(value, path)?,
                "loss" => self.tagged::<LossSpec>(value, path, "loss", &[])?,
                _ => self.fits::<NetworkSpec>(&[], key, value, path)?,
            }
        }
        match refusal::<NetworkSpec>(Node::Table(table.get_ref())) {
            Some(Refusal::Missing(name)) => {
                let end = self.text.len();
                let what = match name {
                    "name" => ", such as name = \"mine\", which reports use",
                    "input" => {
                        ", such as input = [1, 28, 28]: channels, rows and columns of one sample"
                    }
                    "loss" => ", such as loss = { op = \"softmax_cross_entropy\" }",
                    "layers" => ", such as [[layers]] with op = \"conv2d\" below it",
                    _ => "",
                };
                self.error(
                    &(end..end),
                    name,
                    format!("the network has no '{name}': add one{what}"),
                )
            }
            Some(other) => self.error(&(0..0), "", other.to_string()),
            None => Ok(()),
        }
    }

    /// A list of layers, or a list of such lists.
    fn layers(&self, value: &Value<'_>, path: &str) -> Result<(), SpecError> {
        let DeValue::Array(items) = value.get_ref() else {
            let found = Node::Value(value.get_ref()).describe();
            let message = format!(
                "expected layers, each a table [[{path}]] with its op below it, found {found}"
            );
            return self.error(&value.span(), path, message);
        };
        for (index, item) in items.iter().enumerate() {
            let path = indexed(path, index);
            match item.get_ref() {
                DeValue::Array(_) => self.layers(item, &path)?,
                _ => self.tagged::<OpSpec>(item, &path, "operator", &["name"])?,
            }
        }
        Ok(())
    }

    /// A table that says with `op` what it is: a layer or a loss, `kind` in words. The keys `more` are
    /// text, beside the attributes.
    fn tagged<T: for<'de> Deserialize<'de>>(
        &self,
        value: &Value<'_>,
        path: &str,
        kind: &str,
        more: Names,
    ) -> Result<(), SpecError> {
        let all = names::choices::<T>();
        let DeValue::Table(table) = value.get_ref() else {
            let found = Node::Value(value.get_ref()).describe();
            let message = format!(
                "expected a table such as {{ op = \"{}\" }}, found {found}",
                all[0]
            );
            return self.error(&value.span(), path, message);
        };
        let Some((_, op)) = table.iter().find(|(key, _)| key.get_ref() == "op") else {
            let message = format!(
                "there is no 'op': name the {kind}, one of {}",
                all.join(", ")
            );
            return self.error(&value.span(), path, message);
        };
        let at_op = format!("{path}.op");
        let DeValue::String(name) = op.get_ref() else {
            let found = Node::Value(op.get_ref()).describe();
            let message = format!("expected the {kind}'s name in quotes, found {found}");
            return self.error(&op.span(), &at_op, message);
        };
        if !all.contains(&name.as_ref()) {
            let all = all.join(", ");
            let guess = guess(name, names::choices::<T>());
            let message = format!("there is no {kind} '{name}'{guess}: known are {all}");
            return self.error(&op.span(), &at_op, message);
        }
        let known = names::fields::<T>(name);
        for (key, value) in in_order(table) {
            let own = key.get_ref().as_ref();
            let path = format!("{path}.{own}");
            if own == "op" {
                continue;
            }
            if more.contains(&own) {
                if !matches!(value.get_ref(), DeValue::String(_)) {
                    let found = Node::Value(value.get_ref()).describe();
                    let message = format!("expected text in quotes, found {found}");
                    return self.error(&value.span(), &path, message);
                }
                continue;
            }
            if !known.contains(&own) {
                let message = unknown("attribute", own, &format!(" of {name}"), known, name);
                return self.error(&key.span(), &path, message);
            }
            if holds_layers(value.get_ref()) {
                self.layers(value, &path)?;
            }
            self.fits::<T>(&[("op", Node::Text(name))], key, value, &path)?;
        }
        let own = table.iter().filter(|(key, _)| {
            let key = key.get_ref().as_ref();
            !more.contains(&key)
        });
        let own = own.map(|(key, value)| (key.get_ref().as_ref(), Node::Value(value.get_ref())));
        match refusal::<T>(MapDeserializer::new(own)) {
            Some(Refusal::Missing(missing)) => self.error(
                &op.span(),
                path,
                format!(
                    "{name} needs '{missing}': {name} takes {}",
                    known.join(", ")
                ),
            ),
            Some(other) => self.error(&op.span(), path, other.to_string()),
            None => Ok(()),
        }
    }

    /// Refuse a value that `T` cannot take under this key, whatever else it needs.
    fn fits<'a, T: for<'de> Deserialize<'de>>(
        &self,
        before: &[(&'a str, Node<'a>)],
        key: &'a Key<'a>,
        value: &'a Value<'a>,
        path: &str,
    ) -> Result<(), SpecError> {
        let node = Node::Value(value.get_ref());
        let own = [(key.get_ref().as_ref(), node)];
        let entries = before.iter().copied().chain(own);
        match refusal::<T>(MapDeserializer::new(entries)) {
            None => Ok(()),
            // Another key is missing so far; one of a table inside of this one is missing for good.
            Some(Refusal::Missing(_)) if !matches!(value.get_ref(), DeValue::Table(_)) => Ok(()),
            Some(Refusal::Missing(name)) if names::keys::<NetworkSpec>().contains(&name) => Ok(()),
            Some(Refusal::Missing(name)) => {
                self.error(&value.span(), path, format!("'{name}' is missing here"))
            }
            Some(Refusal::Unknown { name, known }) => {
                let span = key_span(value.get_ref(), &name).unwrap_or(value.span());
                let message = unknown("name", &name, "", known, path);
                self.error(&span, path, message)
            }
            Some(Refusal::Expected(what)) => {
                let message = format!("expected {what}, found {}", node.describe());
                self.error(&value.span(), path, message)
            }
            Some(Refusal::Other(words)) => self.error(&value.span(), path, words),
        }
    }
}

/// The entries of a table, as they stand in the file.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<(&'a Key<'a>, &'a Value<'a>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// Why serde refuses the value as a `T`.
fn refusal<'de, T: Deserialize<'de>>(
    value: impl serde::Deserializer<'de, Error = Refusal>,
) -> Option<Refusal> {
    T::deserialize(value).err()
}

/// Whether layers stand inside: no attribute but layers has tables.
fn holds_layers(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Array(items) => items.iter().any(|item| match item.get_ref() {
            DeValue::Table(_) => true,
            inner => holds_layers(inner),
        }),
        _ => false,
    }
}

/// Where the key `name` stands inside of a value.
fn key_span(value: &DeValue<'_>, name: &str) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => table.iter().find_map(|(key, value)| {
            (key.get_ref() == name)
                .then(|| key.span())
                .or_else(|| key_span(value.get_ref(), name))
        }),
        DeValue::Array(items) => items.iter().find_map(|item| key_span(item.get_ref(), name)),
        _ => None,
    }
}

fn unknown(kind: &str, name: &str, of: &str, known: Names, taker: &str) -> String {
    if known.is_empty() {
        return format!("unknown {kind} '{name}'{of}: {taker} takes none");
    }
    let guess = guess(name, known);
    format!(
        "unknown {kind} '{name}'{of}{guess}: {taker} takes {}",
        known.join(", ")
    )
}

fn guess(name: &str, known: Names) -> String {
    nearest(name, known)
        .map(|known| format!(", did you mean '{known}'?"))
        .unwrap_or_default()
}
