//! The second order: products by tensor, symmetry, and what speaks against them.

use super::super::words::grouped;
use super::super::{Control, Number, Part, ProductComparison, ProductSource, SecondPart};
use super::{Cell, Look, Sheet, Tone, bounded, in_bounds, left, right, short};

/// Everything about the second order; empty when it was not asked for.
pub(super) fn second(part: &Part, look: Look) -> String {
    let Some(second) = &part.second else {
        return String::new();
    };
    let mut blocks = vec![
        look.wrapped(
            "Second order: the backward, run on dual numbers, gives the derivative H·v of its gradient along a direction v of random signs. It is held against hyper-dual numbers (forward only) and central differences of the gradient, on the branches of this point:",
        ) + &format!("\n{}", products(second, look)),
        symmetry(second, look),
    ];
    if !second.worst.is_empty() {
        blocks.push(worst(second, look));
    }
    blocks.push(look.fit(&control(&second.control)));
    blocks.join("\n\n")
}

fn products(second: &SecondPart, look: Look) -> String {
    let counts = second.counts();
    let mut header = vec![
        left("tensor"),
        right("products").rank(2),
        right("agree"),
        right("exactly 0").rank(3),
        right("disagree"),
    ];
    let is_open = counts.unresolved > 0;
    let is_hidden = counts.unobservable > 0;
    let is_infinite = counts.invalid > 0;
    for (column, is_shown) in [
        ("unresolved", is_open),
        ("unseen", is_hidden),
        ("not finite", is_infinite),
    ] {
        header.extend(is_shown.then(|| right(column).rank(1)));
    }
    header.extend(
        ProductSource::REFERENCES
            .map(|source| right(format!("digits: {source}\nfewest median")).rank(4)),
    );
    header.extend([right("gap/bound"), left("where that is largest").rank(5)]);
    let mut sheet = Sheet::new(header);
    for row in &second.tensors {
        let mut cells = vec![
            row.name.clone(),
            grouped(row.products),
            grouped(row.counts.agree),
            grouped(row.zeros),
            grouped(row.counts.disagree),
        ];
        for (count, is_shown) in [
            (row.counts.unresolved, is_open),
            (row.counts.unobservable, is_hidden),
            (row.counts.invalid, is_infinite),
        ] {
            cells.extend(is_shown.then(|| grouped(count)));
        }
        cells.extend(row.against.iter().map(digits));
        let (ratio, at) = match &row.closest {
            Some(closest) => (
                in_bounds(closest.ratio.0),
                format!("{} {}", closest.at.coordinate, closest.reference),
            ),
            None => Default::default(),
        };
        cells.extend([ratio, at]);
        sheet.row(cells);
    }
    sheet.render(look)
}

/// Fewest and median matching digits.
fn digits(comparison: &ProductComparison) -> String {
    match (comparison.fewest_digits, comparison.median_digits) {
        // No digit at all is −0 as a logarithm.
        (Some(fewest), Some(median)) => format!("{:>6.1} {:>6.1}", fewest + 0.0, median + 0.0),
        _ => "all zero".to_owned(),
    }
}

fn symmetry(second: &SecondPart, look: Look) -> String {
    let symmetry = &second.symmetry;
    let gap = Number((symmetry.first.0 - symmetry.second.0).abs());
    look.wrapped(&format!(
        "A Hessian is symmetric: u·Hv = {:.8e} and v·Hu = {:.8e} are {} apart, and rounding explains {}: {}.",
        symmetry.first.0,
        symmetry.second.0,
        short(gap),
        short(symmetry.bound),
        if symmetry.holds {
            "they are equal"
        } else {
            "THEY ARE NOT EQUAL"
        }
    ))
}

fn worst(second: &SecondPart, look: Look) -> String {
    let mut header = vec![left("weight"), right("direction").rank(2)];
    header.push(right(ProductSource::Backprop.to_string()));
    header.extend(ProductSource::REFERENCES.map(|source| right(source.to_string()).rank(1)));
    let mut sheet = Sheet::new(header);
    for row in &second.worst {
        let mut cells = vec![
            Cell::from(row.coordinate.clone()),
            row.direction.to_string().into(),
        ];
        let sources = std::iter::once(ProductSource::Backprop).chain(ProductSource::REFERENCES);
        cells.extend(sources.map(|source| {
            let value = row.values.iter().find(|value| value.source == source);
            value.map_or_else(
                || "".into(),
                |value| {
                    let mark = if value.disagrees { "≠ " } else { "" };
                    let text = format!("{mark}{:.6e} ± {}", value.value.0, bounded(value.error));
                    Cell::toned(text, value.disagrees.then_some(Tone::Bad))
                },
            )
        }));
        sheet.row(cells);
    }
    let title = look.fit(
        "Products that speak against it, worst first (≠ where it differs by more than the bounds):",
    );
    format!("{title}\n{}", sheet.render(look))
}

fn control(control: &Control) -> String {
    match control {
        Control::Caught { coordinate, factor } => format!(
            "Can this fail? The product at {coordinate} was made {:.0} % too large on purpose: caught.",
            (factor - 1.0) * 100.0
        ),
        Control::Missed { coordinate, factor } => format!(
            "Can this fail? The product at {coordinate} was made {:.0} % too large on purpose: NOT caught.",
            (factor - 1.0) * 100.0
        ),
        Control::Impossible => "Can this fail? No product was fit to plant a fault at.".to_owned(),
    }
}
