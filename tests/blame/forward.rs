//! A wrong forward, with a backward that is consistent with it.

use gradproof::judge::{Culprit, blame, locate_forward};
use gradproof::network::{Network, Problem};
use gradproof::source::{
    Backprop, Central, Dual, FaultySource, Forward, Gradient, GradientSource, Point, Question,
    Reverse, SourceError,
};
use gradproof::spec::NetworkSpec;
use gradproof::spec::case::{SourceName, Step};
use gradproof::spec::plan::Plan;

use super::{SEED, SMALL, problem, witness};

const BATCH: usize = 2;

/// Changes of the network's description that keep every name and shape, with the layer they change.
const CHANGES: [(&str, &str, &str); 4] = [
    (
        "mean",
        "stride = 2, padding = 1 }",
        "stride = 2, padding = 1, count_include_pad = false }",
    ),
    (
        "conv2",
        "out_channels = 3, kernel = 3, padding = 1 }",
        "out_channels = 3, kernel = 3, padding = 2, dilation = 2 }",
    ),
    ("act2", r#"op = "tanh""#, r#"op = "relu""#),
    ("act3", r#"op = "sigmoid""#, r#"op = "tanh""#),
];

/// A source that is asked about the altered network, or a part of it, and answers for the right one.
struct OnRightNetwork<S> {
    right: Network,
    source: S,
}

impl<S> OnRightNetwork<S> {
    fn restore(&self, problem: &Problem) -> Problem {
        let mut restored = problem.clone();
        if let Some(first) = problem.network.layers().first() {
            let mut names = self.right.layers().iter().map(|layer| &layer.name);
            let start = names.position(|name| *name == first.name).unwrap();
            let end = start + problem.network.layers().len();
            restored.network = self.right.part(start..end, start, &[]);
        }
        restored
    }
}

impl<S: GradientSource> GradientSource for OnRightNetwork<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn forward(&self) -> Forward {
        self.source.forward()
    }

    fn gradient(&self, question: Question<'_>) -> Result<Gradient, SourceError> {
        let problem = self.restore(question.problem);
        let pattern = problem.pattern();
        self.source.gradient(Question {
            problem: &problem,
            pattern: &pattern,
            ..question
        })
    }
}

fn altered(changes: &[(&str, &str, &str)]) -> Point {
    let mut toml = SMALL.to_owned();
    for (layer, from, to) in changes {
        assert!(toml.contains(from), "{layer} has {from}");
        toml = toml.replacen(from, to, 1);
    }
    Point::new(
        problem(&NetworkSpec::from_toml(&toml).unwrap(), BATCH),
        SEED,
    )
}

fn right() -> OnRightNetwork<Reverse> {
    let spec = NetworkSpec::from_toml(SMALL).unwrap();
    OnRightNetwork {
        right: Network::new(&Plan::new(&spec, BATCH).unwrap()),
        source: Reverse,
    }
}

#[test]
fn a_wrong_forward_is_pinned_on_the_forward_and_on_its_layers() {
    for (position, first) in CHANGES.into_iter().enumerate() {
        for second in CHANGES.into_iter().skip(position + 1) {
            let point = altered(&[first, second]);
            let coordinates = point.all_coordinates();
            let central = Central::new(Step::Auto);
            let sources: [&dyn GradientSource; 4] = [&Backprop, &Dual, &right(), &central];
            let blame = blame(&sources.map(|source| witness(&point, source, &coordinates)));
            let sentence = blame.sentence();
            assert_eq!(blame.culprits, [Culprit::Forward], "{sentence}");
            assert!(!blame.values_agree(), "{sentence}");

            let layers = locate_forward(&point, &right()).unwrap();
            let mut expected = [first.0, second.0];
            expected.sort_by_key(|name| {
                let layers = point.problem.network.layers();
                layers.iter().position(|layer| layer.name == *name)
            });
            assert_eq!(layers, expected, "{sentence}");
        }
    }
}

#[test]
fn a_wrong_forward_does_not_hide_a_wrong_backward() {
    let point = altered(&CHANGES[..2]);
    let coordinates = point.all_coordinates();
    let doubled = FaultySource::new(Dual, |_, estimates| {
        for estimate in estimates {
            estimate.value *= 2.0;
        }
    });
    let central = Central::new(Step::Auto);
    let sources: [&dyn GradientSource; 4] = [&Backprop, &doubled, &right(), &central];
    let blame = blame(&sources.map(|source| witness(&point, source, &coordinates)));
    let expected = [Culprit::Forward, Culprit::Source(SourceName::Dual)];
    assert_eq!(blame.culprits, expected, "{}", blame.sentence());
    insta::assert_snapshot!(blame.sentence(), @"The forward passes differ: the objective is 1.1300250079967458 by backprop, dual and central, but 1.1267976485775433 by reverse. Wrong is either the forward pass of reverse, or the one behind backprop, dual and central, and then their derivatives agree on the wrong function. Golden values or another framework have to decide. dual is alone against backprop and central at 506 coordinates; all of them share one forward pass, which a source with its own would have to confirm.");
}

#[test]
fn no_layer_is_named_when_the_forward_is_right() {
    let point = altered(&[]);
    assert_eq!(
        locate_forward(&point, &Reverse).unwrap(),
        [""; 0],
        "ours and dfdx's"
    );
}
