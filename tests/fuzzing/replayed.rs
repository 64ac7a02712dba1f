//! Tokens and files of them, repeated: with another program, explained, and saved.

use gradproof::report::account::AccountReport;
use gradproof::report::verify::VerifyReport;

use super::{fuzzed, python, run};

#[test]
fn a_case_is_repeated_explained_and_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let subject = python(folder, "dx[at_x] += r", "dx[at_x] -= r");
    let arguments = [
        "conv2d",
        "--cases",
        "30",
        "--seed",
        "1",
        "--subject",
        &subject,
    ];
    let failure = fuzzed(folder, &arguments).0.failure.expect("it fails");
    let token = failure.token.as_str();

    // The same bytes in another process; our own backprop has no such fault.
    let of = |more: &[&str]| run(folder, &[&["replay", token], more].concat());
    let again = of(&["--subject", &subject]);
    assert_eq!(again.code, 1, "{}", again.out);
    assert_eq!(again.out, of(&["--subject", &subject]).out);
    assert_ne!(of(&[]).code, 1, "{}", of(&[]).out);
    let file = [
        "replay",
        "proptest-regressions/fuzz-conv2d.txt",
        "--subject",
        &subject,
    ];
    let file = run(folder, &file);
    assert_eq!(file.code, 1, "{}", file.out);
    assert!(
        file.out.contains("line 3") && file.out.contains(token),
        "{}",
        file.out
    );

    let explained = of(&[
        "--subject",
        &subject,
        "--explain",
        "x[0,0,0,0]",
        "--format",
        "json",
    ]);
    let account: AccountReport = serde_json::from_str(&explained.out).expect("an account");
    assert_eq!(account.places.len(), 3, "{account:?}");
    assert_eq!(account.sources.len(), 4, "{account:?}");
    let (own, dual) = (account.sources[0].value.0, account.sources[1].value.0);
    assert!(
        (own + dual).abs() <= 1e-12 * dual.abs(),
        "the sign is wrong: {account:?}"
    );
    assert!(account.verdict.contains("differs"), "{}", account.verdict);
    let (down, up) = (account.places[0].value.0, account.places[2].value.0);
    let width = account.places[2].at.0 - account.places[0].at.0;
    let slope = account.slopes.expect("a step was taken").central.0.0;
    assert!(
        ((up - down) / width - slope).abs() <= 1e-12 * slope.abs(),
        "{account:?}"
    );
    let unknown = of(&["--explain", "x[0,0,0,99]"]);
    assert_eq!(unknown.code, 2, "{}", unknown.out);

    for (name, more, agree) in [
        ("theirs.json", &["--subject", subject.as_str()][..], 0),
        ("ours.json", &[], 1),
    ] {
        let saved = of(&[&["--save", name], more].concat());
        assert_eq!(saved.code, 0, "{}", saved.err);
        let verified = run(folder, &["verify", name, "--format", "json"]);
        let report: VerifyReport = serde_json::from_str(&verified.out).expect("a report");
        assert_eq!(report.counts.agree, agree, "{}", report.sentence);
        assert_eq!(report.counts.disagree, 1 - agree, "{}", report.sentence);
    }
}

#[test]
fn a_check_is_explained_and_saved_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let ran = run(
        folder,
        &[
            "check",
            "mlp",
            "--coordinates",
            "30",
            "--samples",
            "2",
            "--format",
            "json",
        ],
    );
    let report: gradproof::report::Report = serde_json::from_str(&ran.out).expect("a report");
    let token = report.replay.as_str();
    let coordinate = report.parts[0].tensors[0]
        .closest
        .as_ref()
        .expect("compared");
    let explained = run(
        folder,
        &["replay", token, "--explain", &coordinate.at.coordinate],
    );
    assert_eq!(explained.code, 0, "{}", explained.err);
    for words in [
        "w − h",
        "(L(w+h) − L(w−h))/2h",
        "reverse",
        "Verdict: agrees",
    ] {
        assert!(
            explained.out.contains(words),
            "'{words}' in: {}",
            explained.out
        );
    }
    let saved = run(folder, &["replay", token, "--save", "net.json"]);
    assert_eq!(saved.code, 0, "{}", saved.err);
    let bytes = std::fs::metadata(folder.join("net.json"))
        .expect("written")
        .len();
    assert!(bytes > 10_000, "{bytes} bytes");
}
