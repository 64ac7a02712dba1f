//! One thread or two, the fast way or the plain one: the same verdicts.

use gradproof::check::{Details, Manner, Silent, check_by};
use gradproof::report::{Counts, Report};
use gradproof::source::Passes;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

/// LeNet-5 on one digit, whose background ties, and networks with what is computed as a whole.
const NETWORKS: [(&str, usize); 4] = [
    ("lenet5", 1500),
    ("lenet5-tanh", 400),
    ("mobilenet-tiny", 120),
    ("autoencoder", 200),
];

fn report(name: &str, coordinates: usize, passes: Passes, threads: usize) -> Report {
    let case = Case {
        spec: preset(name).expect("a preset's name"),
        seed: 3,
        precision: Precision::F64,
        samples: 1,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::Sample(coordinates),
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    };
    let manner = Manner {
        passes,
        details: Some(Details::default()),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let checked = pool
        .expect("threads can be started")
        .install(|| check_by(&case, &manner, &Silent));
    checked.expect("a preset can be checked").report
}

#[test]
fn verdicts_do_not_depend_on_threads_or_on_the_way() {
    for (name, coordinates) in NETWORKS {
        let fast = report(name, coordinates, Passes::Changes, 1);
        let on_two = report(name, coordinates, Passes::Changes, 2);
        let plain = report(name, coordinates, Passes::Whole, 2);
        let json = |report: &Report| serde_json::to_string(report).expect("a report is JSON");
        assert_eq!(json(&fast), json(&on_two), "{name}: one thread and two");
        let verdicts = |report: &Report| -> Vec<Counts> {
            let tensors = report.parts.iter().flat_map(|part| &part.tensors);
            tensors.map(|tensor| tensor.counts).collect()
        };
        assert_eq!(verdicts(&fast), verdicts(&plain), "{name}: fast and plain");
        assert_eq!(fast.outcome, plain.outcome, "{name}");
        let used = |report: &Report| {
            let passes = report.parts[0].passes.clone().expect("steps were taken");
            (passes.changes, passes.whole)
        };
        assert_eq!(used(&fast).1, 0, "{name}: every weight by changes");
        assert_eq!(used(&plain).0, 0, "{name}: every weight by all layers");
        assert_eq!(used(&fast).0, used(&plain).1, "{name}: as many weights");
    }
}
