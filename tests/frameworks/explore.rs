use crate::sweep::{sweep, words};
use gradproof::harness::{Subject, strategy};

fn explore<S: Subject>(label: &str, make: &(dyn Fn() -> S + Sync)) {
    let wanted = std::env::var("NAMES").unwrap_or_default();
    let cases: usize = std::env::var("CASES")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(300);
    for name in strategy::names() {
        if !wanted.is_empty() && !wanted.split(',').any(|w| w == name) {
            continue;
        }
        let start = std::time::Instant::now();
        let report = sweep(name, cases, make, &[]);
        let o = report.outcomes;
        println!(
            "{label} {name}: right {} wrong {} unseen {} unjudged {} failed {} refused {} {:.1?}\n{}",
            o.right,
            o.wrong,
            o.unseen,
            o.unjudged,
            o.failed,
            o.refused,
            start.elapsed(),
            words(&report)
        );
    }
}
#[cfg(feature = "candle")]
#[test]
fn candle() {
    explore("candle", &gradproof::adapter::candle::operators);
}
#[cfg(feature = "burn")]
#[test]
fn burn() {
    explore("burn", &gradproof::adapter::burn::operators);
}
#[test]
fn dfdx() {
    explore("dfdx", &gradproof::adapter::dfdx::operators);
}

/// Every failing case, one line: to see under which attributes.
#[cfg(feature = "candle")]
#[test]
fn table() {
    use gradproof::harness::Trial;
    use gradproof::harness::fuzz::{Examiner, Found, Strategy, Tested};
    let name = std::env::var("TABLE").unwrap_or_else(|_| "conv1d".into());
    let which = std::env::var("WHICH").unwrap_or_else(|_| "candle".into());
    let cases: usize = std::env::var("CASES")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(300);
    let mut examiner: Box<dyn Examiner> = match which.as_str() {
        "candle" => Box::new(Tested::new(gradproof::adapter::candle::operators())),
        "single" => Box::new(Tested::new(
            gradproof::adapter::candle::operators().single(),
        )),
        "dfdx" => Box::new(Tested::new(gradproof::adapter::dfdx::operators())),
        #[cfg(feature = "burn")]
        _ => Box::new(Tested::new(gradproof::adapter::burn::operators())),
        #[cfg(not(feature = "burn"))]
        _ => panic!(),
    };
    let strategy = Strategy::named(&name).expect("a strategy");
    for index in 0..cases {
        let trial = Trial {
            case: strategy.case(7, index).expect("a case"),
            precision: Default::default(),
        };
        let line = match examiner.examine(&trial).expect("examined") {
            Found::Report(report) => format!(
                "{:?}: {}",
                report.outcome,
                report.sentence.chars().take(170).collect::<String>()
            ),
            Found::Failed(why) => format!("Failed: {}", why.chars().take(150).collect::<String>()),
            Found::Refused(_) => continue,
        };
        println!("{} => {line}", trial.case);
    }
}
