//! Pages in headless Chromium: no errors, and sorting, filtering, hovering and keys work.
//!
//! A program of its own, behind the feature `browser`: `.ci/pages` installs Chromium from Debian's packages and runs it. A script
//! behind the page's own does what a reader does, and writes what it saw into the page, which Chromium prints.

#[path = "../support/checks.rs"]
mod checks;
#[path = "../support/pages.rs"]
mod reports;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use gradproof::report::Report;
use gradproof::report::html::render;
use serde_json::Value;

use reports::{failing, kinky, passing};

/// In front of everything: what goes wrong is noted.
const WATCH: &str = "<script>window.seen = { errors: [] };
addEventListener('error', (event) => seen.errors.push(String(event.message)));
addEventListener('unhandledrejection', (event) => seen.errors.push(String(event.reason)));
for (const kind of ['error', 'warn']) console[kind] = (...words) => seen.errors.push(words.join(' '));
</script>";

/// Behind everything: the reader.
const READER: &str = include_str!("reader.js");

fn chromium() -> String {
    std::env::var("GRADPROOF_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned())
}

/// What the reader saw in the page of `report`.
fn read(name: &str, report: &Report) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let page = render(report);
    let page = page.replacen(
        "<meta charset=\"utf-8\">",
        &format!("<meta charset=\"utf-8\">{WATCH}"),
        1,
    );
    let page = page.replace("</body>", &format!("<script>{READER}</script></body>"));
    let path = folder.path().join(format!("{name}.html"));
    fs::write(&path, page).expect("a file");
    let printed = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--window-size=1280,900",
            "--virtual-time-budget=60000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("Chromium; .ci/pages installs it, and GRADPROOF_CHROMIUM names another");
    let dom = String::from_utf8_lossy(&printed.stdout);
    let start = dom.find("<pre id=\"seen\">").unwrap_or_else(|| {
        panic!(
            "{name}: the reader did not come to an end: {}",
            String::from_utf8_lossy(&printed.stderr)
        )
    });
    let text = &dom[start + "<pre id=\"seen\">".len()..];
    let text = &text[..text.find("</pre>").expect("it ends")];
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let seen: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(seen["errors"], serde_json::json!([]), "{name}");
    seen
}

fn text<'a>(seen: &'a Value, what: &str) -> &'a str {
    seen[what]
        .as_str()
        .unwrap_or_else(|| panic!("{what} is missing in {seen}"))
}

#[test]
fn a_passing_page_can_be_sorted_filtered_and_pointed_at() {
    let seen = read("passing", &passing());
    assert_eq!(text(&seen, "verdict"), "Right");
    assert_eq!(
        text(&seen, "largest"),
        "fc1.weight",
        "sorted by weights, most first"
    );
    assert_eq!(
        text(&seen, "smallest"),
        "conv1.bias",
        "and again, fewest first"
    );
    assert_eq!(seen["filtered"], 2, "conv2 has two tensors");
    assert_eq!(seen["not_right"], 0, "all are");
    let pointed = text(&seen, "pointed");
    for part in [
        "conv1.weight[0,0,0,0]: agrees",
        "backprop: ",
        "dual: ",
        "reverse: ",
        "central: ",
        "digits",
    ] {
        assert!(pointed.contains(part), "{part} in {pointed}");
    }
    assert!(
        text(&seen, "by_key").starts_with("conv1.weight[0,0,0,1]: "),
        "one to the right"
    );
    assert!(
        text(&seen, "gone_to").starts_with("conv1.weight[5,0,4,4]: "),
        "as it was told"
    );
    assert_ne!(
        seen["curve"], seen["other_curve"],
        "another weight has another sentence"
    );
    assert_eq!(seen["turned_dark"], true);
    assert_eq!(
        seen["printed"], seen["drawn"],
        "paper gets a picture of every chart"
    );
    assert_eq!(seen["left"], 0, "and the window its charts again");
    assert!(text(&seen, "unit").contains("relu1[·,0,0,0] is"), "{seen}");
    assert_eq!(seen["opened"], 10, "every tensor has its charts");
    assert_eq!(seen["overflows"], false, "nothing is wider than the window");
}

#[test]
fn a_failing_page_shows_what_is_wrong_first() {
    let seen = read("failing", &failing());
    assert_eq!(text(&seen, "verdict"), "Wrong");
    assert_eq!(text(&seen, "first"), "conv2.weight");
    assert_eq!(seen["not_right"], 1);
    assert!(
        text(&seen, "pointed").starts_with("conv2.weight[0,0,0,0]: DIFFERS"),
        "{seen}"
    );
}

#[test]
fn a_kinky_page_has_its_kinks() {
    let seen = read("kinky", &kinky());
    assert_eq!(text(&seen, "verdict"), "Right");
    assert!(
        seen["crossed"].as_u64().is_some_and(|rows| rows > 0),
        "{seen}"
    );
}

/// `GRADPROOF_LARGE_REPORT` is the JSON of `gradproof check vgg11 --coordinates auto --samples 1`, which
/// takes minutes where nothing is optimised.
#[test]
fn the_page_of_ten_million_parameters_is_small_and_works() {
    let path = std::env::var_os("GRADPROOF_LARGE_REPORT").map(PathBuf::from);
    let path = path.expect("GRADPROOF_LARGE_REPORT; .ci/pages makes it");
    let text_of = fs::read_to_string(path).expect("a report");
    let report: Report = serde_json::from_str(&text_of).expect("a report");
    assert!(report.setup.parameters > 9_000_000);
    assert!(render(&report).len() < 2_000_000);
    let seen = read("large", &report);
    assert_eq!(text(&seen, "verdict"), "Right");
    let largest = ["conv6.weight", "conv7.weight", "conv8.weight"];
    assert!(largest.contains(&text(&seen, "largest")), "{seen}");
    assert_eq!(seen["filtered"], 2);
}
