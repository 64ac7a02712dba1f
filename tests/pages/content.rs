//! What stands in a page, without a browser.

use gradproof::report::html::{render, render_cases, render_sweep};
use gradproof::report::{Outcome, Report};
use gradproof::source::Backprop;
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::{Case, Order, Precision, Selection};

use crate::support::pages::{case, failing, kinky, passing, report};

/// The page without what is in style and script elements.
fn words(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest
        .find("<script")
        .into_iter()
        .chain(rest.find("<style"))
        .min()
    {
        text += &rest[..start];
        let end = rest[start..]
            .find("</s")
            .map_or(rest.len(), |end| start + end + 9);
        rest = &rest[end.min(rest.len())..];
    }
    text + rest
}

/// No address but the one that is said to be a namespace or a licence.
fn is_self_contained(page: &str) -> bool {
    let loads = [
        "src=\"http",
        "href=\"http",
        "url(http",
        "@import",
        "<link rel=\"stylesheet",
    ];
    loads.iter().all(|load| !words(page).contains(load))
}

#[test]
fn a_page_says_the_verdict_and_how_to_repeat_it() {
    for report in [passing(), failing()] {
        let page = render(&report);
        assert!(page.len() < 2_000_000, "{} bytes", page.len());
        assert!(is_self_contained(&page));
        let words = words(&page);
        for part in [&report.sentence, &report.replay, "conv1.weight"] {
            let escaped = part.replace('\'', "&#x27;");
            assert!(words.contains(part) || words.contains(&escaped), "{part}");
        }
        let verdict = if report.outcome == Outcome::Right {
            "Right"
        } else {
            "Wrong"
        };
        assert!(words.contains(&format!("<title>{verdict}")), "{verdict}");
    }
}

#[test]
fn the_same_report_is_the_same_page() {
    assert_eq!(render(&passing()), render(&passing()));
}

#[test]
fn a_report_that_was_read_back_gives_the_same_page() {
    for report in [failing(), kinky()] {
        let text = serde_json::to_string(&report).expect("a report is JSON");
        let back: Report = serde_json::from_str(&text).expect("as written");
        assert_eq!(render(&back), render(&report));
    }
}

#[test]
fn what_is_wrong_is_the_first_to_be_seen() {
    let page = words(&render(&failing()));
    let rows = page.split("<tbody>").nth(2).expect("tables");
    let first = rows.split("</tr>").next().expect("a row");
    assert!(
        first.contains("conv2.weight") && first.contains("wrong"),
        "{first}"
    );
    assert!(page.contains("<dt>Where</dt>") && page.contains("<dt>What</dt>"));
}

/// Every form that a report can take has a page.
#[test]
fn every_kind_of_report_has_a_page() {
    let small = |case: Case| {
        let page = render(&report(&case, subject(&case)));
        assert!(page.contains("Do it again"));
        words(&page)
    };
    let mlp = || case("mlp");
    let penalised = small(Case {
        penalty: Some(PenaltySpec::L1 { strength: 0.001 }),
        ..mlp()
    });
    for title in ["Data loss", "Penalty", "Data loss + penalty"] {
        assert!(
            penalised.contains(&format!("-title\">{title}</h2>")),
            "{title}"
        );
    }
    let second = small(Case {
        order: Order::Second,
        coordinates: Selection::Sample(60),
        ..case("lenet5-tanh")
    });
    assert!(second.contains("Second order"));
    let single = small(Case {
        precision: Precision::F32,
        ..mlp()
    });
    assert!(single.contains("In f32"));
    let sampled = small(Case {
        coordinates: Selection::Sample(40),
        ..mlp()
    });
    assert!(sampled.contains("of its weights"));
    let fewer = small(Case {
        sources: vec![
            gradproof::spec::case::SourceName::Backprop,
            gradproof::spec::case::SourceName::Reverse,
        ],
        ..mlp()
    });
    assert!(fewer.contains("not asked") || !fewer.contains("Digits, central"));
}

/// A sweep shows its curve, and cases their table.
#[test]
fn sweeps_and_cases_have_pages() {
    let swept = gradproof::check::sweep(&case("mlp"), "fc1.weight[0,0]").expect("a coordinate");
    let page = render_sweep(&swept);
    assert!(words(&page).contains("<option value=\"0\">fc1.weight[0,0]: you asked for it"));
    assert!(
        words(&page).contains("<tr data-name="),
        "with its sources as cases"
    );
    let page = render_cases(&failing());
    assert!(
        is_self_contained(&page) && page.len() < 200_000,
        "{} bytes",
        page.len()
    );
    let first = words(&page);
    let first = first.split("<tr data-name=").nth(1).expect("a case");
    assert!(
        first.starts_with("\"conv2.weight\" data-state=\"wrong\""),
        "{first}"
    );
}

fn subject(case: &Case) -> Box<dyn gradproof::source::GradientSource> {
    gradproof::check::backprop(match case.precision {
        Precision::F32 => Precision::F32,
        Precision::F64 => return Box::new(Backprop),
    })
}

/// Names come from files of users.
#[test]
fn names_cannot_break_out_of_a_page() {
    let mut report = passing();
    let evil = "</script><script>alert(1)</script>\"'&";
    report.setup.network = evil.to_owned();
    report.parts[0].tensors[0].name = evil.to_owned();
    let detail = report.parts[0].detail.as_mut().expect("asked for");
    detail.tensors[0].name = evil.to_owned();
    detail.kinks[0].layer = evil.to_owned();
    let page = render(&report);
    assert!(!page.contains("<script>alert"));
    assert_eq!(
        page.matches("</script>").count(),
        3,
        "data, library, script"
    );
}
