//! The report as one page: a file that needs no network and no other file.
//!
//! Everything that a reader without scripts needs (verdict, tables, words) stands in the page as HTML, made by
//! templates; charts of single coordinates are drawn by Apache ECharts from numbers that are packed small.

mod charts;
mod pack;
mod view;

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use serde::Serialize;

use super::Report;
use super::cases::Cases;
use super::claim::ClaimReport;
use super::sweep::SweepReport;
use charts::Charts;

/// Coordinates that a page holds; of larger reports it shows some of every tensor, wrong ones first.
pub const MOST_COORDINATES: usize = 1 << 16;

/// What all pages have, what some have, and each kind of page.
const TEMPLATES_OF: [(&str, &str); 6] = [
    ("frame.html", include_str!("frame.html")),
    ("curves.html", include_str!("curves.html")),
    ("filter.html", include_str!("filter.html")),
    ("page.html", include_str!("page.html")),
    ("claim.html", include_str!("claim.html")),
    ("cases.html", include_str!("cases.html")),
];
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const LIBRARY: &str = include_str!("vendor/echarts.min.js");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, template) in TEMPLATES_OF {
        let added = environment.add_template(name, template);
        added.expect("the template is well formed");
    }
    environment
});

/// Deflated and in base64, as pages hold it.
static SMALL_LIBRARY: LazyLock<String> = LazyLock::new(|| pack::small(LIBRARY.as_bytes()));

/// The whole page.
///
/// # Panics
/// When a template asks for what it is not given; a test renders every kind of report.
#[must_use]
pub fn render(report: &Report) -> String {
    let charts = Charts::of(report);
    page("page.html", view::Page::of(report, &charts), &charts)
}

/// The page of a report of cases, such as one of random cases.
///
/// # Panics
/// As [`render`].
#[must_use]
pub fn render_cases(cases: impl Into<Cases>) -> String {
    let charts = Charts::default();
    let cases = cases.into();
    page(
        "cases.html",
        view::CasesPage::of(&cases, &charts.parts),
        &charts,
    )
}

/// The page of a sweep over the steps.
///
/// # Panics
/// As [`render`].
#[must_use]
pub fn render_sweep(sweep: &SweepReport) -> String {
    let charts = Charts::of_sweep(sweep);
    let cases = Cases::from(sweep);
    page(
        "cases.html",
        view::CasesPage::of(&cases, &charts.parts),
        &charts,
    )
}

/// The page of a check of a function, a layer or a model, of which no single coordinates are kept.
///
/// # Panics
/// As [`render`].
#[must_use]
pub fn render_claim(report: &ClaimReport) -> String {
    page(
        "claim.html",
        view::ClaimPage::of(report),
        &Charts::default(),
    )
}

fn page(template: &str, view: impl Serialize, charts: &Charts) -> String {
    let template = TEMPLATES.get_template(template).expect("added above");
    let has_charts = !charts.is_empty();
    let page = template.render(context! {
        page => Value::from(Serde(view)),
        data => if has_charts { in_script(charts) } else { String::new() },
        style => STYLE,
        script => SCRIPT,
        library => if has_charts { SMALL_LIBRARY.as_str() } else { "" },
    });
    page.expect("the template asks for what it is given")
}

/// JSON that no text in it can end the script element of: `<` is written as an escape.
fn in_script(charts: &Charts) -> String {
    let text = serde_json::to_string(charts).expect("string keys only");
    text.replace('<', "\\u003c")
}
