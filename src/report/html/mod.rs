//! The report as one page: a file that needs no network and no other file.
//!
//! Everything that a reader without scripts needs (verdict, tables, words) stands in the page as HTML, made by
//! the template [`page.html`](https://docs.rs/minijinja); charts of single coordinates are drawn by Apache
//! ECharts from numbers that [`pack`] makes small.

mod charts;
mod pack;
mod view;

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::Report;
use super::claim::ClaimReport;

/// Coordinates that a page holds; of larger reports it shows some of every tensor, wrong ones first.
pub const MOST_COORDINATES: usize = 1 << 16;

const PAGE: &str = include_str!("page.html");
const CLAIM: &str = include_str!("claim.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const LIBRARY: &str = include_str!("vendor/echarts.min.js");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, template) in [("page.html", PAGE), ("claim.html", CLAIM)] {
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
/// When the template asks for what [`view`] does not give; a test renders every kind of report.
#[must_use]
pub fn render(report: &Report) -> String {
    let charts = charts::Charts::of(report);
    let template = TEMPLATES.get_template("page.html").expect("added above");
    let page = template.render(context! {
        page => Value::from(Serde(view::Page::of(report, &charts))),
        data => in_script(&charts),
        style => STYLE,
        script => SCRIPT,
        library => if charts.is_empty() { "" } else { SMALL_LIBRARY.as_str() },
    });
    page.expect("the template asks for what it is given")
}

/// The page of a check of a function, a layer or a model, of which no single coordinates are kept.
///
/// # Panics
/// As [`render`].
#[must_use]
pub fn render_claim(report: &ClaimReport) -> String {
    let template = TEMPLATES.get_template("claim.html").expect("added above");
    let page = template.render(context! {
        page => Value::from(Serde(view::ClaimPage::of(report))),
        style => STYLE,
        script => SCRIPT,
    });
    page.expect("the template asks for what it is given")
}

/// JSON that no text in it can end the script element of: `<` is written as an escape.
fn in_script(charts: &charts::Charts) -> String {
    let text = serde_json::to_string(charts).expect("string keys only");
    text.replace('<', "\\u003c")
}
