//! What the benchmarks measure, and how.

use std::time::Instant;

use gradproof::check;
use gradproof::network::{Coordinate, Problem};
use gradproof::source::{GradientSource, Point};
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;
use gradproof::spec::{DataSpec, NetworkSpec};

/// The problem of a preset at seed 1; more samples than there are built-in digits are random data.
pub(crate) fn of_preset(name: &str, samples: usize) -> Problem {
    let mut spec = preset(name).expect("a preset's name");
    if samples > 40 {
        spec.data = DataSpec::Random;
    }
    problem(spec, samples)
}

/// The problem of a network at seed 1.
pub(crate) fn problem(spec: NetworkSpec, samples: usize) -> Problem {
    let case = Case {
        spec,
        seed: 1,
        precision: Precision::F64,
        samples,
        train_steps: 0,
        penalty: None,
        step: Step::Auto,
        coordinates: Selection::All,
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    };
    check::problem(&case).expect("a network that can be checked")
}

/// Every parameter of the problem.
pub(crate) fn parameters(point: &Point) -> Vec<Coordinate> {
    let leaves = point.problem.leaves().into_iter().skip(1);
    leaves
        .flat_map(|leaf| point.problem.coordinates(leaf))
        .collect()
}

/// Seconds of the fastest of `runs` runs: the others say how busy the machine is.
pub(crate) fn fastest<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

/// What `work` gives on so many threads.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be started").install(work)
}

/// Seconds that `source` takes for `coordinates` on one thread.
pub(crate) fn seconds_of(
    source: &dyn GradientSource,
    point: &Point,
    coordinates: &[Coordinate],
    runs: usize,
) -> f64 {
    on_threads(1, || {
        fastest(runs, || {
            let answer = point.ask(source, coordinates, &|_| ());
            answer.expect("steps are chosen, and no source refuses")
        })
    })
}
