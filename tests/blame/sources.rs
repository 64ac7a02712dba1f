//! Faults in each of the four sources.

use gradproof::judge::{Blame, Culprit, Undecided, blame};
use gradproof::network::{Coordinate, LeafName};
use gradproof::source::{
    Backprop, Central, Dual, Estimate, FaultySource, GradientSource, Point, Question, Reverse,
};
use gradproof::spec::case::{SourceName, Step};

use super::{SEED, problem, small, witness};

/// Factors of the loss: what is blamed must not depend on them.
const SCALES: [f64; 3] = [1.0, 1e-3, 1e-6];

/// The tensor that faults are planted in: a convolution's weight.
const LEAF: LeafName = LeafName::Parameter(2);

/// How a source's answer is wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// One tensor is 1 % too large.
    Factor,
    /// One tensor has the other sign.
    Sign,
    /// Three entries are off by a tenth of the largest.
    Additive,
    /// One entry is off by 10 times the largest distance at which all sources would still agree.
    TenBounds,
    /// One entry is not a number.
    NotANumber,
}

const FAULTS: [Fault; 5] = [
    Fault::Factor,
    Fault::Sign,
    Fault::Additive,
    Fault::TenBounds,
    Fault::NotANumber,
];

fn point(scale: f64) -> Point {
    let mut problem = problem(&small(), 2);
    problem.objective.scale = scale;
    Point::new(problem, SEED)
}

fn source(name: SourceName) -> Box<dyn GradientSource> {
    match name {
        SourceName::Backprop | SourceName::Given => Box::new(Backprop),
        SourceName::Dual => Box::new(Dual),
        SourceName::Reverse => Box::new(Reverse),
        SourceName::Central => Box::new(Central::new(Step::Auto)),
    }
}

/// `name` with `fault`; `widest` is the widest error bound of any source at each coordinate.
fn faulty(name: SourceName, fault: Fault, widest: Vec<f64>) -> Box<dyn GradientSource> {
    let alter = move |question: &Question<'_>, estimates: &mut [Estimate]| {
        let leaf: Vec<usize> = (0..estimates.len())
            .filter(|position| question.coordinates[*position].leaf == LEAF)
            .collect();
        let largest = leaf
            .iter()
            .map(|position| estimates[*position].value.abs())
            .fold(0.0, f64::max);
        match fault {
            Fault::Factor => leaf.iter().for_each(|at| estimates[*at].value *= 1.01),
            Fault::Sign => leaf.iter().for_each(|at| estimates[*at].value *= -1.0),
            Fault::Additive => {
                for at in &leaf[4..7] {
                    estimates[*at].value += 0.1 * largest;
                }
            }
            Fault::TenBounds => estimates[leaf[5]].value += 10.0 * 2.0 * widest[leaf[5]],
            Fault::NotANumber => estimates[leaf[5]].value = f64::NAN,
        }
    };
    match name {
        SourceName::Backprop | SourceName::Given => Box::new(FaultySource::new(Backprop, alter)),
        SourceName::Dual => Box::new(FaultySource::new(Dual, alter)),
        SourceName::Reverse => Box::new(FaultySource::new(Reverse, alter)),
        SourceName::Central => Box::new(FaultySource::new(Central::new(Step::Auto), alter)),
    }
}

fn widest(point: &Point, coordinates: &[Coordinate]) -> Vec<f64> {
    let mut widest = vec![0.0_f64; coordinates.len()];
    for name in SourceName::ALL {
        let answer = witness(point, source(name).as_ref(), coordinates);
        for (widest, estimate) in widest.iter_mut().zip(answer.derivatives) {
            *widest = widest.max(estimate.map_or(0.0, |estimate| estimate.error));
        }
    }
    widest
}

fn blame_among(
    point: &Point,
    names: &[SourceName],
    planted: &[(SourceName, Fault)],
    widest: &[f64],
) -> Blame {
    let coordinates = point.all_coordinates();
    let witnesses: Vec<_> = names
        .iter()
        .map(|name| {
            let fault = planted.iter().find(|(faulty, _)| faulty == name);
            let source = match fault {
                None => source(*name),
                Some((_, fault)) => faulty(*name, *fault, widest.to_vec()),
            };
            witness(point, source.as_ref(), &coordinates)
        })
        .collect();
    blame(&witnesses)
}

#[test]
fn nobody_is_blamed_for_a_right_gradient() {
    for scale in SCALES {
        let blame = blame_among(&point(scale), &SourceName::ALL, &[], &[]);
        assert!(!blame.is_due(), "scale {scale:e}: {blame:#?}");
        assert!(blame.values_agree(), "scale {scale:e}: {:?}", blame.values);
        assert!(
            blame
                .groupings
                .iter()
                .all(|grouping| grouping.groups.len() == 1),
            "scale {scale:e}: {:?}",
            blame.groupings
        );
    }
}

#[test]
fn a_fault_in_each_source_names_that_source_at_every_scale() {
    for scale in SCALES {
        let point = point(scale);
        let widest = widest(&point, &point.all_coordinates());
        for name in SourceName::ALL {
            for fault in FAULTS {
                let blame = blame_among(&point, &SourceName::ALL, &[(name, fault)], &widest);
                let sentence = blame.sentence();
                assert_eq!(
                    blame.culprits,
                    [Culprit::Source(name)],
                    "{fault:?} in {name}, scale {scale:e}: {sentence}\n{:?}",
                    blame.groupings
                );
                assert!(
                    sentence.starts_with(&format!("{name} is alone against ")),
                    "{sentence}"
                );
                let (coordinates, opponents) = blame.against(name);
                let others: Vec<SourceName> = SourceName::ALL
                    .into_iter()
                    .filter(|other| *other != name)
                    .collect();
                assert_eq!(opponents, others, "{fault:?} in {name}: {sentence}");
                let most = match fault {
                    Fault::Factor | Fault::Sign => point.problem.leaf(LEAF).len(),
                    Fault::Additive => 3,
                    Fault::TenBounds | Fault::NotANumber => 1,
                };
                assert!(
                    (1..=most).contains(&coordinates),
                    "{fault:?} in {name} at {coordinates}: {sentence}"
                );
            }
        }
    }
}

#[test]
fn faults_in_two_sources_at_different_places_name_both() {
    let point = point(1.0);
    let planted = [
        (SourceName::Backprop, Fault::Additive),
        (SourceName::Dual, Fault::Additive),
    ];
    let both = blame_among(&point, &SourceName::ALL, &planted, &[]);
    assert_eq!(
        both.culprits,
        [Culprit::Undecided(Undecided::Divided)],
        "two that are wrong alike: {}",
        both.sentence()
    );
    let planted = [
        (SourceName::Backprop, Fault::Sign),
        (SourceName::Dual, Fault::NotANumber),
    ];
    let both = blame_among(&point, &SourceName::ALL, &planted, &[]);
    assert_eq!(
        both.culprits,
        [
            Culprit::Source(SourceName::Backprop),
            Culprit::Source(SourceName::Dual)
        ],
        "two that are wrong in different ways: {}",
        both.sentence()
    );
}

#[test]
fn of_two_sources_neither_is_named_and_a_third_is_asked_for() {
    let point = point(1.0);
    let names = [SourceName::Backprop, SourceName::Central];
    let blame = blame_among(&point, &names, &[(names[0], Fault::Factor)], &[]);
    let add = vec![SourceName::Dual, SourceName::Reverse];
    assert_eq!(
        blame.culprits,
        [Culprit::Undecided(Undecided::NoThird { add })],
        "{}",
        blame.sentence()
    );
    assert!(
        blame
            .sentence()
            .ends_with("add dual or reverse to --sources."),
        "{}",
        blame.sentence()
    );
}

#[test]
fn of_three_the_odd_one_is_named_with_what_the_others_share() {
    let point = point(1.0);
    let shared = [SourceName::Backprop, SourceName::Dual, SourceName::Central];
    let blame = blame_among(
        &point,
        &shared,
        &[(SourceName::Backprop, Fault::Additive)],
        &[],
    );
    insta::assert_snapshot!(blame.sentence(), @"backprop is alone against dual and central at 3 coordinates; all of them share one forward pass, which a source with its own would have to confirm.");
}

#[test]
fn sentences_say_who_is_independent_of_whom() {
    let point = point(1.0);
    let sentences: Vec<String> = SourceName::ALL
        .into_iter()
        .map(|name| {
            blame_among(&point, &SourceName::ALL, &[(name, Fault::Additive)], &[]).sentence()
        })
        .collect();
    insta::assert_snapshot!(sentences.join("\n"), @r"
    backprop is alone against dual, reverse and central at 3 coordinates; dual and central share its forward pass, and reverse has one of its own.
    dual is alone against backprop, reverse and central at 3 coordinates; backprop and central share its forward pass, and reverse has one of its own.
    reverse is alone against backprop, dual and central at 3 coordinates; they share a forward pass that reverse does not use, but its value of the objective is theirs, so that it is reverse's derivative that is off.
    central is alone against backprop, dual and reverse at 3 coordinates; backprop and dual share its forward pass, and reverse has one of its own. So its step or its error bound is at fault, and not the gradient under test.
    ");
}

#[test]
fn blame_reads_back_from_json() {
    let planted = [(SourceName::Dual, Fault::NotANumber)];
    let blame = blame_among(&point(1.0), &SourceName::ALL, &planted, &[]);
    let json = serde_json::to_string(&blame).unwrap();
    assert_eq!(
        serde_json::from_str::<Blame>(&json).unwrap(),
        blame,
        "{json}"
    );
}
