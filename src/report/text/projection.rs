//! The projections of a large network.

use crate::report::words::{counted, grouped, listed};
use crate::report::{Number, Part, Projected, ProjectionPart, ProjectionRow};

use super::{Cell, Look, Sheet, Tone, bounded, in_bounds, left, right};

/// Row by row, and what that means.
pub(super) fn projections(part: &Part, look: Look) -> String {
    let Some(projection) = &part.projection else {
        return String::new();
    };
    let k = projection.projections;
    let intro = look.wrapped(&format!(
        "The gradient g of each tensor against exact derivatives along {k} vectors r of random signs: r·g and the derivative along r by dual numbers, their largest gap beside the bound that rounding allows, and the smallest error of one weight that would have been seen, as such and in units of the tensor's median and largest derivative. Work is counted in forward passes:"
    ));
    let mut sheet = Sheet::new([
        left("tensor"),
        right("weights").rank(2),
        right("agree"),
        right("disagree"),
        right("error\nbound").rank(5),
        right("gap/bound"),
        right("error\nseen from").rank(6),
        right("of median\nderivative").rank(3),
        right("of largest\nderivative").rank(4),
        right("forward\npasses").rank(7),
        left("").rank(1),
    ]);
    for row in &projection.tensors {
        let is_wrong = matches!(row.outcome, Projected::Wrong(_) | Projected::Throughout);
        let tone = is_wrong.then_some(Tone::Bad);
        sheet.row(cells(row).into_iter().enumerate().map(|(column, text)| {
            // The name, how many disagree, and what is said of them.
            let is_telling = matches!(column, 0 | 3 | 10);
            Cell::toned(text, tone.filter(|_| is_telling))
        }));
    }
    let lines = [
        intro,
        sheet.render(look),
        String::new(),
        means(projection, look),
    ];
    lines.join("\n")
}

fn cells(row: &ProjectionRow) -> [String; 11] {
    let relative = |size: Number| match size.0 {
        0.0 => String::new(),
        size => bounded(Number(row.visible.0 / size)),
    };
    [
        row.name.clone(),
        grouped(row.parameters),
        row.agree.to_string(),
        row.disagree.to_string(),
        bounded(row.bound),
        in_bounds(row.gap.0),
        bounded(row.visible),
        relative(row.median),
        relative(row.largest),
        format!("{:.1}", row.projecting + row.searching),
        match row.outcome {
            Projected::Agrees => String::new(),
            Projected::Wrong(count) => format!("{} wrong", grouped(count)),
            Projected::Throughout => "wrong throughout".to_owned(),
            Projected::Unseen => "unseen".to_owned(),
            Projected::AtKink => "at a kink".to_owned(),
        },
    ]
}

fn means(projection: &ProjectionPart, look: Look) -> String {
    let k = projection.projections;
    let mut text = format!(
        "An error in one weight shows in every projection. Errors in several cancel in one with a probability of at most 1/2, whatever they are, since one of the two signs of any of them leaves a rest, and in all {k} with at most 2^-{k} = {:.2} %. Smaller errors than those above cannot be seen so.",
        100.0 * projection.miss.0
    );
    if let Some(row) = &projection.independent {
        text += &if row.disagree.is_empty() {
            format!(
                " {} (dfdx), with a forward pass of its own, agrees with the exact derivatives in all projections of all {}.",
                row.source,
                counted(row.agree, "tensor")
            )
        } else {
            format!(
                " {} (dfdx), with a forward pass of its own, disagrees with them in {}.",
                row.source,
                listed(&row.disagree)
            )
        };
    }
    let left_out: Vec<String> = projection
        .left_out
        .iter()
        .map(ToString::to_string)
        .collect();
    if !left_out.is_empty() {
        text += &format!(
            " {} {} no part in a check of this size.",
            listed(&left_out),
            if left_out.len() == 1 { "takes" } else { "take" }
        );
    }
    let mut work = format!(
        "Work: {:.1} forward passes for all derivatives along directions",
        projection.forward_equivalents
    );
    if let Some(found) = projection.found_after {
        work += &format!("; what is wrong was found after {found:.1}");
    }
    work += &format!(
        ". The bounds come from {} perturbed backward passes besides.",
        projection.perturbed_passes
    );
    format!("{}\n{}", look.wrapped(&text), look.wrapped(&work))
}
