//! Random damage to cases, replies and tokens: an error or a case, and never a panic.

use gradproof::harness::Trial;
use gradproof::harness::{RandomCase, Replay, strategy};
use gradproof::interchange::{OpCase, Reply};
use gradproof::rng::Stream;
use gradproof::spec::case::Precision;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Damaged texts of each kind.
const DAMAGED: usize = 100_000;

/// Pieces that parsers may trip over.
const PIECES: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "-",
    "1e999",
    "18446744073709551616",
    "null",
    "NaN",
    "\\u0000",
    "é",
    "0",
    "-1",
];

/// A small number below `bound`.
fn below(stream: &mut Stream, bound: usize) -> usize {
    (stream.symmetric(1.0, 30).abs() * bound as f64) as usize % bound
}

/// `text` with one to three bytes or pieces cut, doubled, moved or put in.
fn damaged(text: &str, stream: &mut Stream) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=below(stream, 3) {
        if bytes.is_empty() {
            break;
        }
        let at = below(stream, bytes.len());
        match below(stream, 5) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + 1 + below(stream, 20)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let piece = PIECES[below(stream, PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
            3 => bytes[at] = 32 + below(stream, 95) as u8,
            _ => {
                let end = (at + 1 + below(stream, 30)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A few small cases of everything.
fn trials() -> Vec<Trial> {
    let mut runner = TestRunner::deterministic();
    let mut trials = Vec::new();
    for name in strategy::names() {
        let strategy = strategy::named(name).expect("a listed name");
        let tree = strategy.new_tree(&mut runner).expect("drawn");
        trials.push(Trial {
            case: tree.current(),
            precision: Precision::F64,
        });
    }
    trials
}

fn request(trial: &Trial) -> OpCase {
    let problem = trial.problem().expect("it fits");
    match &trial.case {
        RandomCase::Operator(case) => OpCase::of_operator(&case.op, &problem, trial.precision),
        RandomCase::Loss(_) => OpCase::of_loss(&problem, trial.precision),
        RandomCase::Network(case) => OpCase::of_network(&case.spec, &problem, trial.precision),
    }
}

#[test]
fn damaged_cases_are_refused_or_read() {
    let mut stream = Stream::new(1, "damaged cases");
    let texts: Vec<String> = trials()
        .iter()
        .map(|trial| request(trial).to_line())
        .collect();
    let short: Vec<&String> = texts.iter().filter(|text| text.len() < 3000).collect();
    assert!(short.len() > 20, "{} texts", short.len());
    let (mut read, mut refused) = (0, 0);
    for number in 0..DAMAGED {
        let text = damaged(short[number % short.len()], &mut stream);
        match OpCase::from_json(&text).and_then(|case| case.posed().map(drop)) {
            Ok(()) => read += 1,
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{text}");
            }
        }
    }
    assert!(
        read > 100 && refused > DAMAGED / 2,
        "{read} read, {refused} refused"
    );
}

#[test]
fn damaged_replies_are_refused_or_read() {
    let mut stream = Stream::new(2, "damaged replies");
    let whole = r#"{"output": {"shape": [1, 2], "data": [0.5, -1e-3]}, "gradients": {"x": {"shape": [1, 2], "data": [1, 2]}, "weight": {"shape": [2], "data": [NaN, null]}}}"#;
    let (mut read, mut refused) = (0, 0);
    for _ in 0..DAMAGED {
        let text = damaged(whole, &mut stream);
        match Reply::from_json(&text) {
            Ok(Reply::Answer(answer)) => {
                read += 1;
                // As many numbers as the shape says, or an error.
                let _ = answer.output.tensor("output");
            }
            Ok(_) => read += 1,
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{text}");
            }
        }
    }
    assert!(
        read > 100 && refused > DAMAGED / 2,
        "{read} read, {refused} refused"
    );
}

#[test]
fn damaged_tokens_are_refused() {
    let mut stream = Stream::new(3, "damaged tokens");
    let tokens: Vec<String> = trials().iter().map(Trial::token).collect();
    let mut refused = 0;
    for number in 0..DAMAGED {
        let whole = &tokens[number % tokens.len()];
        let text = damaged(whole, &mut stream);
        match text.parse::<Replay>() {
            // A checksum of 32 bits lets nothing through that was changed, at this number of trials.
            Ok(replay) => assert_eq!(replay.token(), *whole, "{text}"),
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{text}");
            }
        }
    }
    assert!(refused > DAMAGED * 9 / 10, "{refused} refused");
}

/// Blocks within blocks come to an end, with an error and not with the stack.
#[test]
fn deep_nesting_is_refused() {
    for depth in [10, 60, 1000, 100_000] {
        let mut layers = r#"[{"op": "relu"}]"#.to_owned();
        for _ in 0..depth {
            layers = format!(r#"[{{"op": "residual", "layers": {layers}}}]"#);
        }
        let text = format!(
            r#"{{"op": "network", "attrs": {{"layers": {layers}, "loss": {{"op": "l1", "target": {{"shape": [1, 1], "data": [0]}}}}}},
            "inputs": {{"x": {{"shape": [1, 1], "data": [1]}}}}}}"#
        );
        let read = OpCase::from_json(&text).and_then(|case| case.posed().map(drop));
        assert_eq!(read.is_ok(), depth == 10, "depth {depth}: {read:?}");
    }
}
