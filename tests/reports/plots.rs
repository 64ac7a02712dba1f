//! Plots: well-formed, the same bytes each time, and never without an answer.

use gradproof::check::sweep;
use gradproof::report::{Number, Report, plot};
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::Case;

use super::{ODD, RIGHT, all, case};

fn texts(svg: &str) -> Vec<String> {
    let document = uppsala::parse(svg).unwrap();
    let texts = document.get_elements_by_tag_name("text");
    let texts = texts
        .into_iter()
        .map(|text| document.text_content_deep(text));
    texts.map(|text| text.trim().to_owned()).collect()
}

#[test]
fn every_report_has_a_plot() {
    for (name, report) in all() {
        let svg = plot::svg(&report).unwrap();
        assert!(!texts(&svg).is_empty(), "{name}");
        assert!(!svg.contains("NaN"), "{name}: every place is a number");
        let png = plot::png(&report).unwrap();
        assert!(png.starts_with(b"\x89PNG"), "{name}");
    }
    assert_eq!(plot::svg(&*RIGHT).unwrap(), plot::svg(&*RIGHT).unwrap());
    assert_eq!(plot::png(&*RIGHT).unwrap(), plot::png(&*RIGHT).unwrap());
}

#[test]
fn a_check_is_shown_from_four_sides() {
    let svg = plot::svg(&*RIGHT).unwrap();
    let texts = texts(&svg);
    for words in [
        "mlp: the gradient is right",
        "Gap by bound: data loss",
        "fc1.weight",
        "Matching digits with each reference",
        "Derivatives: backprop against central",
        "step h",
        "chosen step",
    ] {
        assert!(
            texts.iter().any(|text| text.contains(words)),
            "'{words}' in {texts:?}"
        );
    }
}

#[test]
fn odd_names_and_numbers_are_drawn() {
    let mut report: Report = RIGHT.clone();
    let part = &mut report.parts[0];
    part.tensors[0].name = ODD.to_owned();
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        0.0,
    ];
    for (number, odd) in odd.into_iter().enumerate() {
        part.tensors[number % 2].closest.as_mut().unwrap().ratio = Number(odd);
        let detail = part.detail.as_mut().unwrap();
        let values = &mut detail.tensors[0].sources[number % 4].values;
        let place = number % values.len();
        values[place] = Number(odd);
        detail.curves[0].sweep.rungs[number].gaps[0] = Number(odd);
    }
    let svg = plot::svg(&report).unwrap();
    assert!(
        texts(&svg).iter().any(|text| text == ODD),
        "{:?}",
        texts(&svg)
    );
    assert!(!svg.contains("NaN"));
    plot::png(&report).unwrap();
}

#[test]
fn a_sweep_has_its_curve() {
    let case = Case {
        penalty: Some(PenaltySpec::L1 { strength: 0.01 }),
        ..case()
    };
    let report = sweep(&case, "fc1.weight[0,0]").unwrap();
    let texts = texts(&plot::svg(&report).unwrap());
    for words in [
        "fc1.weight[0,0]",
        "step h",
        "rounding bound",
        "backprop",
        "nearest kink",
    ] {
        assert!(
            texts.iter().any(|text| text.contains(words)),
            "'{words}' in {texts:?}"
        );
    }
    let mut bare = report;
    bare.rungs.clear();
    bare.sources.clear();
    plot::svg(&bare).unwrap();
}
