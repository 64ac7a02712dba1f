//! What stands in `--help` is run: every example of every command, on files made for it. And what shells
//! and manuals are given can be read by them.

#![cfg(feature = "cli")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use rayon::prelude::*;
use tempfile::TempDir;

/// Those that take minutes: the trial of the checker, which tests/power.rs holds. They are understood, and not
/// run to their end.
const LONG: [&str; 1] = ["power"];

/// What the files of examples hold.
const NETWORK: &str = "name = \"own\"\ninput = [1, 28, 28]\nloss = { op = \"softmax_cross_entropy\" }\n\
    [[layers]]\nop = \"conv2d\"\nout_channels = 1\nkernel = 5\nstride = 4\n\
    [[layers]]\nop = \"flatten\"\n[[layers]]\nop = \"linear\"\nout_features = 10\n";

/// The published program in another language.
const PROGRAM: &str = include_str!("subjects/conv2d.py");

fn gradproof(folder: &Path, arguments: &[String]) -> Output {
    let mut command = Command::cargo_bin("gradproof").unwrap();
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

fn words(line: &str) -> Vec<String> {
    shlex::split(line).unwrap().into_iter().skip(1).collect()
}

fn run(folder: &Path, line: &str) -> Output {
    gradproof(folder, &words(line))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The names of all commands.
fn commands() -> Vec<String> {
    let help = text(&run(Path::new("."), "gradproof --help").stdout);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The examples of one command.
fn examples(command: &str) -> Vec<String> {
    let help = text(&run(Path::new("."), &format!("gradproof {command} --help")).stdout);
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = lines.take_while(|line| line.starts_with("  gradproof"));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// A folder with every file that examples name.
fn prepared() -> TempDir {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::write(at.join("my-network.toml"), NETWORK).unwrap();
    fs::write(at.join("my_conv.py"), PROGRAM).unwrap();
    // What the example before writes.
    let export = "gradproof check lenet5 --coordinates 60 --sources backprop,reverse --export out";
    run(at, export);
    fs::copy(at.join("out/gradients-reverse.npz"), at.join("mine.npz")).unwrap();
    let case = token(at, "check mlp --coordinates 60");
    run(at, &format!("gradproof replay {case} --save cases.json"));
    let line = fs::read_to_string(at.join("cases.json")).unwrap();
    fs::write(at.join("forward.jsonl"), &line).unwrap();
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut zipped, line.as_bytes()).unwrap();
    fs::write(at.join("backward.jsonl.gz"), zipped.finish().unwrap()).unwrap();
    for report in ["report.json", "main.json", "branch.json"] {
        run(
            at,
            &format!("gradproof check mlp --coordinates 60 --output {report}"),
        );
    }
    for share in ["1/2", "2/2"] {
        let number = &share[..1];
        let line = format!(
            "gradproof fuzz conv2d --cases 4 --seed 7 --shard {share} --output share-{number}.json"
        );
        run(at, &line);
    }
    folder
}

/// The token of a report.
fn token(at: &Path, check: &str) -> String {
    let out = text(&run(at, &format!("gradproof {check} -q")).stdout);
    out.split_whitespace().last().unwrap().to_owned()
}

/// A token of a random case of conv2d.
const RANDOM_CASE: &str = "gp2.NYhBCoAgFETvMuu_qJZeJSJ-9iNJNNTaiHfPjGZg5vEyUjBsoTI0R3nfnxI4-fDxv9De3cMKgr_SrHd2TmyE6gmHhMoNF8PVbWyjFIJx55Wgxp5aJ0IUWaG6UvMA.d8992bc3";

#[test]
fn every_example_can_be_pasted() {
    let prepared = prepared();
    let at = prepared.path();
    let check = token(at, "check lenet5 --coordinates 60");
    let kept = at.join("proptest-regressions");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("fuzz-conv2d.txt"), format!("# {RANDOM_CASE}\n")).unwrap();
    let all: Vec<(String, String)> = commands()
        .into_iter()
        .flat_map(|command| {
            let examples = examples(&command);
            assert!(!examples.is_empty(), "{command} has examples");
            examples
                .into_iter()
                .map(move |line| (command.clone(), line))
        })
        .map(|(command, line)| match LONG.contains(&command.as_str()) {
            // At least it is understood.
            true => (command, line + " --help"),
            false => (command, line),
        })
        .collect();
    assert!(all.len() > 25, "{all:?}");
    let failed: Vec<String> = all
        .par_iter()
        .filter_map(|(_, line)| {
            // A token is too long for a help text.
            let arguments = words(line).into_iter().map(|word| match word.as_str() {
                word if word.ends_with('…') && word.starts_with("gp1.") => check.clone(),
                word if word.ends_with('…') => RANDOM_CASE.to_owned(),
                _ => word,
            });
            let arguments: Vec<String> = arguments.collect();
            let output = gradproof(at, &arguments);
            let code = output.status.code();
            let is_fine = code == Some(0);
            let said = || text(&[output.stdout.clone(), output.stderr.clone()].concat());
            (!is_fine).then(|| format!("{line}: {code:?}\n{}", said()))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn completions_are_read_by_their_shells() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(folder.path(), &format!("gradproof completions {shell}"));
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(
            script.contains("gradproof") && script.contains("--coordinates"),
            "{shell}: {script}"
        );
        if shell == "bash" {
            let file = folder.path().join("gradproof.bash");
            fs::write(&file, &script).unwrap();
            if let Ok(read) = std::process::Command::new("bash")
                .arg("-n")
                .arg(&file)
                .output()
            {
                assert!(read.status.success(), "{}", text(&read.stderr));
            }
        }
    }
}

#[test]
fn manual_pages_have_every_command() {
    let folder = TempDir::new().unwrap();
    let page = text(&run(folder.path(), "gradproof man").stdout);
    assert!(page.contains(".TH gradproof 1"), "{page}");
    let output = run(folder.path(), "gradproof man --output man1");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for command in commands() {
        let name = format!("gradproof-{command}.1");
        let page = fs::read_to_string(folder.path().join("man1").join(&name)).unwrap();
        assert!(
            page.contains(".TH") && page.contains(".SH"),
            "{name}: {page}"
        );
    }
    // Where there is somebody to read it.
    let first = folder.path().join("man1/gradproof.1");
    let reader = std::process::Command::new("mandoc")
        .arg("-Tlint")
        .arg("-Werror")
        .arg(&first)
        .output();
    if let Ok(read) = reader {
        let said = text(&read.stdout);
        assert!(!said.contains("ERROR") && !said.contains("FATAL"), "{said}");
    }
}

#[test]
fn the_program_alone_says_what_to_do_first_beside_the_report() {
    let alone = run(Path::new("."), "gradproof");
    let check = run(Path::new("."), "gradproof check lenet5");
    assert_eq!(alone.status.code(), Some(0));
    assert_eq!(text(&alone.stdout), text(&check.stdout), "the same report");
    let said = text(&alone.stderr);
    let commands: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("  gradproof "))
        .collect();
    assert_eq!(commands.len(), 4, "{said}");
    assert!(text(&check.stderr).is_empty(), "only then");
    assert!(text(&run(Path::new("."), "gradproof -q").stderr).is_empty());
}
