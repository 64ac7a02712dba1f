//! A parsed TOML value, handed to serde.

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use toml::de::{DeTable, DeValue};

use super::names::Refusal;

/// A value of a parsed file.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    Value(&'a DeValue<'a>),
    Table(&'a DeTable<'a>),
    Text(&'a str),
}

impl Node<'_> {
    /// The value in few words, for "found …".
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}\""),
            Self::Table(_) | Self::Value(DeValue::Table(_)) => "a table".to_owned(),
            Self::Value(DeValue::Array(items)) if items.is_empty() => "an empty list".to_owned(),
            Self::Value(DeValue::Array(items)) => {
                const MOST: usize = 4;
                let shown = items.iter().take(MOST);
                let mut shown: Vec<String> = shown
                    .map(|item| match item.get_ref() {
                        DeValue::Array(_) => "[…]".to_owned(),
                        DeValue::Table(_) => "{…}".to_owned(),
                        item => Node::Value(item).describe(),
                    })
                    .collect();
                shown.extend((items.len() > MOST).then(|| "…".to_owned()));
                format!("[{}]", shown.join(", "))
            }
            Self::Value(DeValue::String(text)) => {
                const LONGEST: usize = 40;
                let start: String = text.chars().take(LONGEST).collect();
                let rest = if start.len() < text.len() { "…" } else { "" };
                format!("{start:?}{rest}")
            }
            Self::Value(DeValue::Integer(number)) => number.to_string(),
            Self::Value(DeValue::Float(number)) => number.to_string(),
            Self::Value(DeValue::Boolean(choice)) => choice.to_string(),
            Self::Value(DeValue::Datetime(date)) => date.to_string(),
        }
    }
}

impl<'de> IntoDeserializer<'de, Refusal> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn entries<'a>(
    table: &'a DeTable<'a>,
) -> MapDeserializer<'a, impl Iterator<Item = (&'a str, Node<'a>)>, Refusal> {
    MapDeserializer::new(
        table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), Node::Value(value.get_ref()))),
    )
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self {
            Self::Text(text) => visitor.visit_str(text),
            Self::Table(table) | Self::Value(DeValue::Table(table)) => {
                visitor.visit_map(entries(table))
            }
            Self::Value(DeValue::String(text)) => visitor.visit_str(text),
            Self::Value(DeValue::Boolean(choice)) => visitor.visit_bool(*choice),
            Self::Value(DeValue::Integer(number)) => {
                let (digits, radix) = (number.as_str(), number.radix());
                match i64::from_str_radix(digits, radix) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => match u64::from_str_radix(digits, radix) {
                        Ok(number) => visitor.visit_u64(number),
                        Err(_) => Err(Refusal::Expected("a number of at most 64 bits".to_owned())),
                    },
                }
            }
            Self::Value(DeValue::Float(number)) => match number.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Refusal::Expected("a number".to_owned())),
            },
            Self::Value(DeValue::Datetime(_)) => Err(Refusal::Expected("no date".to_owned())),
            Self::Value(DeValue::Array(items)) => {
                let items = items.iter().map(|item| Node::Value(item.get_ref()));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self {
            Self::Text(text) => text
                .into_deserializer()
                .deserialize_enum(name, variants, visitor),
            Self::Value(DeValue::String(text)) => text
                .as_ref()
                .into_deserializer()
                .deserialize_enum(name, variants, visitor),
            Self::Table(table) | Self::Value(DeValue::Table(table)) if table.len() == 1 => {
                MapAccessDeserializer::new(entries(table)).deserialize_enum(name, variants, visitor)
            }
            _ => Err(Refusal::Expected(format!("one of {}", variants.join(", ")))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
