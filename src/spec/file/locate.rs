//! From a layer whose sizes do not fit to its place in the file.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::NetworkSpec;
use super::super::plan::{Plan, PlanError};
use super::SpecError;
use super::read::{indexed, parse, read, spec};

/// What stands around a layer's number in the name that it gets here.
const MARK: char = '\u{1}';

/// A layer's place in the file.
struct Place {
    path: String,
    name: Option<String>,
    span: Range<usize>,
}

/// Read a network, and plan it for a batch of `batch` samples.
///
/// # Errors
/// [`SpecError`], at a layer whose sizes do not fit too. What has no place in the file is left to
/// [`Plan::new`].
pub(in super::super) fn planned(text: &str, batch: usize) -> Result<NetworkSpec, SpecError> {
    let network = read(text)?;
    // No samples, or too many, are not the file's fault.
    let batch = batch.clamp(1, 2);
    let Err(error) = Plan::new(&network, batch) else {
        return Ok(network);
    };
    let mut table = parse(text)?.into_inner();
    match place(text, &mut table, &error, batch) {
        Some((span, path)) => Err(SpecError::at(text, &span, &path, error.to_string())),
        None => Ok(network),
    }
}

fn place(
    text: &str,
    table: &mut DeTable<'_>,
    error: &PlanError,
    batch: usize,
) -> Option<(Range<usize>, String)> {
    let key = |name: &str| {
        let (key, _) = table.iter().find(|(key, _)| key.get_ref() == name)?;
        Some((key.span(), name.to_owned()))
    };
    match error {
        PlanError::Input { .. } => key("input"),
        PlanError::Loss { .. } => key("loss"),
        PlanError::TooLarge { .. } => None,
        PlanError::DuplicateName { layer, .. } => {
            let places = numbered(table);
            let twice = places
                .into_iter()
                .rfind(|place| place.name.as_deref() == Some(layer))?;
            Some((twice.span, twice.path))
        }
        // A layer's name is made from those before it and around it. Named by numbers instead, the
        // network fails at the same layer, and its number leads to its place.
        PlanError::Layer { .. } => {
            let mut places = numbered(table);
            let renamed = spec(text, table).ok()?;
            let Err(PlanError::Layer { layer, .. }) = Plan::new(&renamed, batch) else {
                return None;
            };
            let number: usize = layer.split(MARK).rev().find_map(|part| part.parse().ok())?;
            (number < places.len()).then(|| {
                let place = places.swap_remove(number);
                (place.span, place.path)
            })
        }
    }
}

/// Name every layer by its number, and tell where each stood.
fn numbered(table: &mut DeTable<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some((_, layers)) = table.iter_mut().find(|(key, _)| key.get_ref() == "layers") {
        number(layers.get_mut(), "layers", &mut places);
    }
    places
}

fn number(value: &mut DeValue<'_>, path: &str, places: &mut Vec<Place>) {
    let DeValue::Array(items) = value else {
        return;
    };
    for (index, item) in items.iter_mut().enumerate() {
        let path = indexed(path, index);
        let span = item.span();
        match item.get_mut() {
            DeValue::Table(table) => {
                let text = |name: &str| {
                    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
                    Some((value.span(), value.get_ref().as_str()?.to_owned()))
                };
                let name = text("name").map(|(_, name)| name);
                let span = text("op").map_or(span, |(span, _)| span);
                let mark = format!("{MARK}{}{MARK}", places.len());
                places.push(Place {
                    path: path.clone(),
                    name,
                    span,
                });
                for (key, value) in table.iter_mut() {
                    number(
                        value.get_mut(),
                        &format!("{path}.{}", key.get_ref()),
                        places,
                    );
                }
                table.insert(
                    Spanned::new(0..0, Cow::Borrowed("name")),
                    Spanned::new(0..0, DeValue::String(Cow::Owned(mark))),
                );
            }
            _ => number(item.get_mut(), &path, places),
        }
    }
}
