//! Numbers that show what the words of a report mean.

use crate::check::{Silent, check, check_subject};
use crate::judge::metrics::matching_digits;
use crate::report::{Control, Report};
use crate::rng::Stream;
use crate::scalar::DoubleDouble;
use crate::source::GradientSource;
use crate::spec::NetworkSpec;
use crate::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use crate::spec::files::Files;
use crate::spec::preset::preset;

use super::super::mutant::{Mutant, Mutated};
use super::Example;

pub(super) fn example(word: &str) -> Option<Example> {
    match word {
        "agree" => agree(),
        "disagree" | "blame" => disagree(word),
        "kink" => Some(kink()),
        "tie" => Some(tie()),
        "unresolved" => unresolved(),
        "unobservable" => unobservable(),
        "truncation" => Some(truncation()),
        "rounding" => Some(rounding()),
        "bound" => Some(bound()),
        "planted_fault" => planted_fault(),
        "projection" => Some(projection()),
        "digits" => Some(digits()),
        "double_double" => Some(double_double()),
        _ => None,
    }
}

fn made<const N: usize>(
    title: &str,
    header: [&str; N],
    rows: Vec<[String; N]>,
    conclusion: impl Into<String>,
) -> Example {
    Example {
        title: title.to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|row| row.to_vec()).collect(),
        conclusion: conclusion.into(),
    }
}

/// (f(x + h) − f(x − h))/2h.
fn central(f: impl Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    (f(x + h) - f(x - h)) / (2.0 * h)
}

fn kink() -> Example {
    let x = 2e-4;
    let rows = [1e-3, 5e-4, 2e-4, 1e-4, 1e-5].map(|h| {
        let slope = central(|x: f64| x.max(0.0), x, h);
        let is_across = h > x;
        [
            format!("{h:e}"),
            format!("{slope:.4}"),
            if is_across { "yes" } else { "no" }.to_owned(),
        ]
    });
    made(
        "A ReLU at x = 0.0002, whose derivative is 1, and central differences of it:",
        ["step", "difference", "across the kink"],
        rows.to_vec(),
        "Steps shorter than the distance to the kink are right; longer ones mix both slopes.",
    )
}

fn tie() -> Example {
    let (a, b, h) = (1.0_f64, 1.0_f64, 1e-3);
    let left = (a.max(b) - (a - h).max(b)) / h;
    let right = ((a + h).max(b) - a.max(b)) / h;
    let rows = [("to the left", left), ("to the right", right)];
    made(
        "The maximum of a = 1 and b = 1, and its slope along a:",
        ["slope", "value"],
        rows.map(|(side, slope)| [side.to_owned(), format!("{slope:.3}")])
            .to_vec(),
        "Every derivative from the one to the other is right: 1 in PyTorch, whose maximum is the first.",
    )
}

/// Central differences of e^x at 1, and how far off they are.
fn differences(steps: &[f64]) -> Vec<[String; 3]> {
    let rows = steps.iter().map(|h| {
        let slope = central(f64::exp, 1.0, *h);
        let off = (slope - 1.0_f64.exp()).abs();
        [
            format!("{h:.0e}"),
            format!("{slope:.12}"),
            format!("{off:.1e}"),
        ]
    });
    rows.collect()
}

fn truncation() -> Example {
    made(
        "Central differences of e^x at x = 1, whose derivative is 2.718281828459:",
        ["step", "difference", "off by"],
        differences(&[1e-1, 1e-2, 1e-3, 1e-4]),
        "A tenth of the step has a hundredth of the error.",
    )
}

fn rounding() -> Example {
    made(
        "Central differences of e^x at x = 1, whose derivative is 2.718281828459:",
        ["step", "difference", "off by"],
        differences(&[1e-5, 1e-7, 1e-9, 1e-11, 1e-13]),
        "Below the best step the error grows as 1/h: the rounding of e^x, divided by the step.",
    )
}

fn bound() -> Example {
    let (one, other) = ((0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3));
    let gap: f64 = one - other;
    let allowed = 4.0 * f64::EPSILON / 2.0 * one;
    made(
        "0.1 + 0.2 + 0.3, added in two orders:",
        ["", "value"],
        vec![
            ["(0.1 + 0.2) + 0.3".to_owned(), format!("{one:.17}")],
            ["0.1 + (0.2 + 0.3)".to_owned(), format!("{other:.17}")],
            ["gap".to_owned(), format!("{:.1e}", gap.abs())],
            ["bound".to_owned(), format!("{allowed:.1e}")],
        ],
        format!(
            "Four roundings of at most one unit each allow the gap: gap/bound is {:.2}.",
            gap.abs() / allowed
        ),
    )
}

fn digits() -> Example {
    let rows = [1.0_f64, 0.999, 0.999_999_9, -1.0].map(|n| {
        [
            "1".to_owned(),
            n.to_string(),
            format!("{:.1}", matching_digits(1.0, n) + 0.0),
        ]
    });
    made(
        "Two derivatives, and the digits in which they match:",
        ["a", "n", "digits"],
        rows.to_vec(),
        "Whether 3 digits are enough, the numbers alone do not say.",
    )
}

fn double_double() -> Example {
    let small = 1e-20;
    let plain = (1.0 + small) - 1.0;
    let long =
        (DoubleDouble::from_f64(1.0) + DoubleDouble::from_f64(small)) - DoubleDouble::from_f64(1.0);
    made(
        "(1 + 1e-20) - 1:",
        ["arithmetic", "value"],
        vec![
            ["f64".to_owned(), format!("{plain:e}")],
            ["double-double".to_owned(), format!("{:e}", long.hi())],
        ],
        "What f64 loses, double-double keeps.",
    )
}

fn projection() -> Example {
    let gradient = [0.5, -0.25, 1.0, 0.125];
    let mut wrong = gradient;
    wrong[1] = -0.26;
    let mut stream = Stream::new(2, "explained projection");
    let rows = (0..4).map(|_| {
        let signs = gradient.map(|_| if stream.below(2) == 0 { 1.0 } else { -1.0 });
        let along = |g: [f64; 4]| -> f64 { g.iter().zip(signs).map(|(g, r)| g * r).sum() };
        let plus = signs.map(|sign| if sign > 0.0 { '+' } else { '-' });
        [
            plus.iter().collect(),
            format!("{:.3}", along(gradient)),
            format!("{:.3}", along(wrong)),
        ]
    });
    made(
        "g = (0.5, -0.25, 1, 0.125), and the same with -0.26 for its second entry, along four vectors of random signs:",
        ["signs", "right", "wrong"],
        rows.collect(),
        "One wrong entry shows in every projection, by its own size.",
    )
}

/// A small check: of a preset, at few coordinates.
fn case(sources: &[SourceName], step: Step) -> Option<Case> {
    Some(Case {
        spec: preset("mlp").ok()?,
        seed: 1,
        precision: Precision::F64,
        samples: 2,
        train_steps: 0,
        penalty: None,
        step,
        coordinates: Selection::Sample(60),
        sources: sources.to_vec(),
        order: Order::First,
        files: Files::default(),
    })
}

fn report(case: &Case) -> Option<Report> {
    Some(check(case, &Silent).ok()?.report)
}

const TITLE: &str = "The network mlp at 60 of its weights";

fn agree() -> Option<Example> {
    let report = report(&case(&SourceName::ALL, Step::Auto)?)?;
    let rows = report.parts.first()?.tensors.iter().filter_map(|row| {
        let closest = row.closest.as_ref()?;
        Some([
            closest.at.coordinate.clone(),
            format!("{:.1e}", closest.at.gap.0),
            format!("{:.1e}", closest.at.bound.0),
            format!("{:.3}", closest.ratio.0),
        ])
    });
    let header = ["closest to a disagreement", "gap", "bound", "gap/bound"];
    let title = format!("{TITLE}, checked just now:");
    Some(made(
        &title,
        header,
        rows.collect(),
        report.sentence.clone(),
    ))
}

fn disagree(word: &str) -> Option<Example> {
    let mutated = Mutated {
        mutant: Mutant::named("linear.dw_over_batch"),
        at: None,
    };
    let case = case(&SourceName::ALL, Step::Auto)?;
    let subject: Box<dyn GradientSource> = Box::new(mutated);
    let report = check_subject(&case, subject, &Silent).ok()?.report;
    let part = report.parts.first()?;
    let worst = part.worst.first()?;
    let rows = worst.values.iter().map(|value| {
        [
            value.source.to_string(),
            format!("{:e}", value.value.0),
            format!("{:.1e}", value.error.0),
        ]
    });
    let conclusion = match word {
        "blame" => part.blame.as_ref()?.sentence(),
        _ => report.sentence.clone(),
    };
    let title = format!(
        "{TITLE}, its weights' gradients divided by the batch once too often. {}:",
        worst.coordinate
    );
    let header = ["source", "derivative", "error, at most"];
    Some(made(&title, header, rows.collect(), conclusion))
}

fn unresolved() -> Option<Example> {
    let sources = [SourceName::Backprop, SourceName::Central];
    let report = report(&case(&sources, Step::Fixed(0.5))?)?;
    let unresolved = &report.parts.first()?.unresolved;
    let rows = unresolved
        .iter()
        .map(|row| [row.example.clone(), row.count.to_string()]);
    let title = format!("{TITLE}, by central differences of step 0.5 and nothing else:");
    let words = format!("Why: {}.", unresolved.first()?.reason.words());
    Some(made(&title, ["such as", "weights"], rows.collect(), words))
}

fn unobservable() -> Option<Example> {
    let spec = NetworkSpec::from_toml(
        r#"
        name = "explained"
        input = [1, 4, 4]
        data = "random"
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "conv2d", out_channels = 2, kernel = 3 },
            { op = "batch_norm2d" },
            { op = "flatten" },
            { op = "linear", out_features = 3 },
        ]"#,
    );
    let case = Case {
        spec: spec.ok()?,
        samples: 3,
        coordinates: Selection::All,
        ..case(&SourceName::ALL, Step::Auto)?
    };
    let report = report(&case)?;
    let tensors = &report.parts.first()?.tensors;
    let rows = tensors.iter().map(|row| {
        let counts = row.counts;
        [
            row.name.clone(),
            counts.agree.to_string(),
            counts.unobservable.to_string(),
        ]
    });
    let words = tensors.iter().find_map(|row| row.unobservable.as_ref());
    let words = format!("{}.", words?.words);
    let title = "A convolution with a bias, and a batch norm behind it:";
    let header = ["tensor", "agree", "unseen"];
    Some(made(title, header, rows.collect(), words))
}

fn planted_fault() -> Option<Example> {
    let report = report(&case(&SourceName::ALL, Step::Auto)?)?;
    let Control::Caught { coordinate, factor } = &report.control else {
        return None;
    };
    let row = [coordinate.clone(), factor.to_string(), "caught".to_owned()];
    let title = format!("{TITLE}, checked just now:");
    Some(made(
        &title,
        ["where", "times", "and it was"],
        vec![row],
        "Had it not been caught, the check would have proved nothing, and said so.",
    ))
}
