//! Every coordinate of a check as a line of CSV.

use super::detail::{Detail, TensorDetail, verdict_of_letter};
use super::{Part, Report};

/// Why there is no table of coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the report has no numbers of single coordinates: check once more without --no-detail")]
pub struct NoDetail;

/// A line for each coordinate, in the order of the report: its part, tensor and name, what each source
/// says with the bound on its error, the verdict, and the largest gap in units of its bound. Numbers have
/// all their digits; `NaN` stands where a source has nothing to say.
///
/// # Errors
/// [`NoDetail`] when the report holds no coordinates.
pub fn render(report: &Report) -> Result<String, NoDetail> {
    let details: Vec<(&Part, &Detail)> = report
        .parts
        .iter()
        .filter_map(|part| Some((part, part.detail.as_ref()?)))
        .collect();
    if details.is_empty() {
        return Err(NoDetail);
    }
    // Parts may have asked other sources: there is a column for each.
    let mut sources = Vec::new();
    for (_, detail) in &details {
        for source in detail.tensors.iter().flat_map(|tensor| &tensor.sources) {
            if !sources.contains(&source.source) {
                sources.push(source.source);
            }
        }
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = ["part", "tensor", "coordinate", "verdict"]
        .map(str::to_owned)
        .to_vec();
    for source in &sources {
        header.extend([source.to_string(), format!("{source}_bound")]);
    }
    header.push("gap_by_bound".to_owned());
    write(&mut table, &header);
    for (part, detail) in details {
        for tensor in &detail.tensors {
            for (position, letter) in tensor.verdicts.chars().enumerate() {
                let mut cells = vec![
                    part.name.title().to_owned(),
                    tensor.name.clone(),
                    tensor.coordinate(position),
                    verdict_of_letter(letter).to_owned(),
                ];
                for source in &sources {
                    let own = tensor.sources.iter().find(|own| own.source == *source);
                    cells.extend(match own {
                        Some(own) => [
                            number(own.values[position].0),
                            number(own.errors[position].0),
                        ],
                        None => [String::new(), String::new()],
                    });
                }
                cells.push(gap(tensor, position).map_or(String::new(), number));
                write(&mut table, &cells);
            }
        }
    }
    let bytes = table.into_inner().unwrap_or_default();
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// Memory can always be written.
fn write(table: &mut csv::Writer<Vec<u8>>, cells: &[String]) {
    let _ = table.write_record(cells);
}

/// The fewest digits that are this number again.
fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value.is_finite() => format!("{value:e}"),
        value if value.is_nan() => "NaN".to_owned(),
        value if value > 0.0 => "Infinity".to_owned(),
        _ => "-Infinity".to_owned(),
    }
}

/// The largest distance of the gradient under test from a reference, in units of the sum of both bounds;
/// `None` where no reference has a number.
pub(super) fn gap(tensor: &TensorDetail, position: usize) -> Option<f64> {
    let (own, references) = tensor.sources.split_first()?;
    let gaps = references.iter().filter_map(|other| {
        let distance = (own.values[position].0 - other.values[position].0).abs();
        let bound = own.errors[position].0 + other.errors[position].0;
        match distance {
            distance if distance.is_nan() => None,
            0.0 => Some(0.0),
            distance => Some(distance / bound).filter(|ratio| !ratio.is_nan()),
        }
    });
    gaps.reduce(f64::max)
}
