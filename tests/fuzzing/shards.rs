//! Shares of a run, and the report that all of them make.

use std::path::Path;

use super::{python, run};

/// The whole run's report, and that which `shares` shares of it make.
fn both(folder: &Path, arguments: &[&str], shares: usize) -> [String; 2] {
    let whole = run(
        folder,
        &[arguments, &["--format", "json", "--no-timing"]].concat(),
    );
    let mut files = Vec::new();
    for number in 1..=shares {
        let shard = format!("{number}/{shares}");
        let ran = run(
            folder,
            &[
                arguments,
                &["--shard", &shard, "--output", "share-{shard}.json"],
            ]
            .concat(),
        );
        assert!(ran.code < 2, "{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains(&format!("Share {shard} is in")),
            "{}",
            ran.out
        );
        files.push(format!("share-{number}.json"));
    }
    // In any order.
    files.reverse();
    let mut merge = vec!["merge", "--format", "json"];
    merge.extend(files.iter().map(String::as_str));
    let merged = run(folder, &merge);
    assert_eq!(merged.code, whole.code, "{}", merged.err);
    [whole.out, merged.out]
}

#[test]
fn shares_of_random_cases_make_the_whole_report_to_the_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shares in [1, 2, 5] {
        let [whole, merged] = both(
            folder.path(),
            &["fuzz", "all", "--cases", "43", "--seed", "5"],
            shares,
        );
        assert!(whole.contains("\"cases\": 43"), "{whole}");
        assert_eq!(whole, merged, "{shares} shares");
    }
}

#[test]
fn a_failure_in_a_share_is_that_of_the_whole_and_merge_keeps_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let subject = python(folder.path(), "if 0 <= h < H", "if 0 <= h < min(H, 3)");
    let arguments = [
        "fuzz",
        "conv2d",
        "--cases",
        "40",
        "--seed",
        "4",
        "--subject",
        &subject,
    ];
    let whole = run(
        folder.path(),
        &[&arguments[..], &["--format", "json"]].concat(),
    );
    assert_eq!(whole.code, 1, "{}", whole.out);
    let regressions = folder.path().join("proptest-regressions");
    let kept = std::fs::read_to_string(regressions.join("fuzz-conv2d.txt")).expect("kept");
    std::fs::remove_dir_all(&regressions).expect("removed");
    for number in 1..=3 {
        let shard = format!("{number}/3");
        let more = ["--shard", &shard, "--output", "s{shard}.json"];
        run(folder.path(), &[&arguments[..], &more].concat());
        assert!(
            !regressions.exists(),
            "shares do not read each other's failures"
        );
    }
    let merge = ["merge", "s1.json", "s2.json", "s3.json", "--format", "json"];
    let merged = run(folder.path(), &merge);
    assert_eq!(merged.code, 1, "{}", merged.err);
    assert_eq!(merged.out, whole.out);
    let again = std::fs::read_to_string(regressions.join("fuzz-conv2d.txt")).expect("kept");
    assert_eq!(again, kept);
}

#[test]
fn shares_of_a_check_make_the_whole_report_to_the_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = r#"
        name = "small"
        input = [1, 7, 7]
        data = "random"
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "conv2d", out_channels = 2, kernel = 3 },
            { op = "relu" },
            { op = "max_pool2d", kernel = 2 },
            { op = "flatten" },
            { op = "linear", out_features = 3 },
        ]
    "#;
    std::fs::write(folder.path().join("net.toml"), network).expect("written");
    for (shares, more) in [
        (2, &[][..]),
        (3, &["--penalty", "l2=0.01"]),
        (2, &["--step", "0.01"]),
        (2, &["--precision", "f32"]),
        (4, &["--coordinates", "20", "--order", "2"]),
    ] {
        let arguments = [&["check", "net.toml", "--samples", "3"], more].concat();
        let [whole, merged] = both(folder.path(), &arguments, shares);
        assert!(whole.contains("\"parts\""), "{whole}");
        assert_eq!(whole, merged, "{more:?}");
    }
}

#[test]
fn shares_that_do_not_belong_together_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let share = |shard: &str, seed: &str, name: &str| {
        let arguments = [
            "fuzz", "relu", "--cases", "6", "--seed", seed, "--shard", shard, "--output", name,
        ];
        assert_eq!(run(folder.path(), &arguments).code, 0);
    };
    share("1/2", "1", "a.json");
    share("2/2", "1", "b.json");
    share("2/2", "2", "other.json");
    share("2/3", "1", "third.json");
    let check = [
        "check",
        "lenet5",
        "--coordinates",
        "20",
        "--shard",
        "2/2",
        "--output",
        "c.json",
    ];
    assert_eq!(run(folder.path(), &check).code, 0);
    std::fs::write(folder.path().join("no.json"), "{\"a\": 1}").expect("written");
    let text = std::fs::read_to_string(folder.path().join("b.json")).expect("written above");
    let write = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write(
        "new.json",
        text.replacen("\"version\":1", "\"version\":9", 1),
    );
    write("short.json", text.replacen("\"index\":3", "\"index\":7", 1));
    for (files, words) in [
        (&["a.json"][..], &["2/2", "missing"][..]),
        (&["a.json", "a.json", "b.json"], &["both share 1/2"]),
        (&["a.json", "other.json"], &["seed"]),
        (&["a.json", "third.json"], &["2 shares", "3"]),
        (&["a.json", "c.json"], &["not of one run"]),
        (&["a.json", "no.json"], &["no.json", "no share"]),
        (&["a.json", "nowhere.json"], &["nowhere.json"]),
        (&["a.json", "new.json"], &["version 9", "too new"]),
        (&["a.json", "short.json"], &["share 2", "damaged"]),
    ] {
        let ran = run(folder.path(), &[&["merge"], files].concat());
        assert_eq!(ran.code, 2, "{files:?}: {}", ran.out);
        for word in words {
            assert!(ran.err.contains(word), "'{word}' in: {}", ran.err);
        }
    }
}
