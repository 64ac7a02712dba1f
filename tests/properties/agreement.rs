//! All sources agree within the sum of their error bounds, away from kinks.

use std::cell::RefCell;

use gradproof::harness::{NetworkCase, strategy};
use gradproof::network::Problem;
use gradproof::source::{Backprop, Central, Dual, Gradient, GradientSource, Point, Reverse};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::Step;
use proptest::prelude::*;

use super::{Outcome, hold, made};

/// At most this share of coordinates may be left out because they are at a kink.
const MOST_KINKS: f64 = 0.005;

/// At most this share of cases may be left without a coordinate to compare.
const MOST_EMPTY: f64 = 0.01;

/// So many are left out without counting, lest one tie break a run of a few cases.
const FEW: f64 = 50.0;

#[test]
fn sources_agree_on_operators() {
    let tally = RefCell::new(Tally::default());
    hold("agreement_operator", strategy::operator(), |case| {
        tally
            .borrow_mut()
            .compare(made(case.problem())?, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("operators");
}

#[test]
fn sources_agree_on_networks() {
    let tally = RefCell::new(Tally::default());
    hold("agreement_network", strategy::network(), |case| {
        tally
            .borrow_mut()
            .compare(made(case.problem())?, case.seed, &case.to_string())
    });
    tally.into_inner().conclude("networks");
}

/// A step that somebody chose is seldom a good one, and its error bound has to say how bad it is.
#[test]
fn central_differences_of_any_step_stay_within_their_bound() {
    let cases = (strategy::network(), -1..=30_i32);
    hold("agreement_fixed_step", cases, |(case, halvings)| {
        let h = f64::exp2(f64::from(-halvings));
        let point = Point::new(made(case.problem())?, case.seed);
        let coordinates = point.all_coordinates();
        let ask = |source: &dyn GradientSource| made(point.ask(source, &coordinates, &|_| ()));
        let (ours, central) = (ask(&Backprop)?, ask(&Central::new(Step::Fixed(h)))?);
        let pairs = ours.estimates.iter().zip(&central.estimates);
        for ((a, n), coordinate) in pairs.zip(&coordinates) {
            let (gap, bound) = ((a.value - n.value).abs(), a.error + n.error);
            prop_assert!(
                gap <= bound,
                "{case}, {}, step {h:e}: {} and {}, gap {gap:e}, bound {bound:e}",
                point.problem.network.coordinate_name(*coordinate),
                a.value,
                n.value
            );
        }
        Ok(())
    });
}

/// Central differences with a first step far outside of the Taylor expansion's reach, that lined up by
/// chance: the error bound was 5 and 229 times too small.
#[test]
fn steps_that_line_up_by_chance_are_not_believed() {
    let through_softmax = r#"
        name = "max-pool, linear"
        input = [3, 4, 6]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "max_pool2d", kernel = [1, 2], stride = [2, 3] },
            { op = "flatten" },
            { op = "linear", out_features = 3 },
        ]"#;
    let through_tanh = r#"
        name = "linear, tanh, linear"
        input = [3, 5, 5]
        loss = { op = "weighted_sum" }
        layers = [
            { op = "flatten" },
            { op = "linear", out_features = 1 },
            { op = "tanh" },
            { op = "linear", out_features = 4 },
        ]"#;
    for (toml, batch, seed) in [
        (through_softmax, 2, 422_460_603),
        (through_tanh, 1, 2_619_783_528),
    ] {
        let spec = NetworkSpec::from_toml(toml).expect("the network is well written");
        let case = NetworkCase { spec, batch, seed };
        let problem = case.problem().expect("the shapes fit");
        let outcome = Tally::default().compare(problem, seed, &case.to_string());
        assert_eq!(outcome.map_err(|error| error.to_string()), Ok(()), "{case}");
    }
}

/// What was compared and what was left out.
#[derive(Default)]
struct Tally {
    cases: usize,
    empty_cases: usize,
    coordinates: usize,
    kinks: usize,
    /// The largest gap/bound of each pair of sources, in the order of [`pairs`].
    worst: Vec<(String, f64)>,
}

impl Tally {
    fn compare(&mut self, problem: Problem, seed: u64, case: &str) -> Outcome {
        let point = Point::new(problem, seed);
        let coordinates = point.all_coordinates();
        let sources: [&dyn GradientSource; 4] =
            [&Backprop, &Dual, &Reverse, &Central::new(Step::Auto)];
        let answers: Vec<(&str, Gradient)> = sources
            .into_iter()
            .map(|source| {
                let gradient = point.ask(source, &coordinates, &|_| ());
                Ok((source.name(), made(gradient)?))
            })
            .collect::<Result<_, TestCaseError>>()?;
        let is_kink = |position: &usize| {
            answers
                .iter()
                .any(|(_, gradient)| gradient.kinks.contains(position))
        };
        let (kinks, smooth): (Vec<usize>, Vec<usize>) = (0..coordinates.len()).partition(is_kink);

        self.cases += 1;
        self.empty_cases += usize::from(smooth.is_empty());
        self.coordinates += coordinates.len();
        self.kinks += kinks.len();
        for (first, (a_name, a)) in answers.iter().enumerate() {
            for (b_name, b) in &answers[first + 1..] {
                let pair = format!("{a_name} and {b_name}");
                for position in &smooth {
                    let (a, b) = (a.estimates[*position], b.estimates[*position]);
                    let (gap, bound) = ((a.value - b.value).abs(), a.error + b.error);
                    prop_assert!(
                        gap <= bound,
                        "{case}, {}: {pair} say {} and {}, gap {gap:e}, bound {bound:e}",
                        point
                            .problem
                            .network
                            .coordinate_name(coordinates[*position]),
                        a.value,
                        b.value
                    );
                    if gap > 0.0 {
                        self.note(&pair, gap / bound);
                    }
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, pair: &str, ratio: f64) {
        match self.worst.iter_mut().find(|(name, _)| name == pair) {
            Some((_, worst)) => *worst = worst.max(ratio),
            None => self.worst.push((pair.to_owned(), ratio)),
        }
    }

    #[expect(
        clippy::print_stderr,
        reason = "shares are to be seen as well as bounded"
    )]
    fn conclude(self, what: &str) {
        let kinks = self.kinks as f64 / self.coordinates as f64;
        let empty = self.empty_cases as f64 / self.cases as f64;
        eprintln!(
            "{what}: {} cases, {:.3} % without a coordinate to compare; {} coordinates, {:.4} % at kinks",
            self.cases,
            100.0 * empty,
            self.coordinates,
            100.0 * kinks
        );
        for (pair, ratio) in &self.worst {
            eprintln!("{what}: {pair} differ by at most {ratio:.3} of their bound");
        }
        assert!(
            self.kinks as f64 <= MOST_KINKS * self.coordinates as f64 + FEW,
            "{kinks} of the coordinates are at kinks"
        );
        assert!(
            self.empty_cases as f64 <= MOST_EMPTY * self.cases as f64 + 1.0,
            "{empty} of the cases compare nothing"
        );
    }
}
