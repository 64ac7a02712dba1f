//! The user's question: most weights match to 9-13 digits, some of the first convolution's to 3. Is
//! that a bug? How close is close enough?

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its case should stop there"
)]

use gradproof::check::{Examined, NamedSource, Silent, examine, problem};
use gradproof::judge::Verdict;
use gradproof::network::{Coordinate, LeafName};
use gradproof::report::PartName;
use gradproof::source::{Backprop, Central, Dual, Point, Reverse};
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName, Step};
use gradproof::spec::files::Files;
use gradproof::spec::preset::preset;

/// `gradproof check lenet5 --step …`, of which the first convolution's weights.
fn first_convolution(step: Step) -> Examined {
    let case = Case {
        spec: preset("lenet5").unwrap(),
        seed: 1,
        precision: Precision::F64,
        samples: 4,
        train_steps: 0,
        penalty: None,
        step,
        coordinates: Selection::All,
        sources: SourceName::ALL.to_vec(),
        order: Order::First,
        files: Files::default(),
    };
    let point = Point::new(problem(&case).unwrap(), 1);
    let weights: Vec<Coordinate> = point.problem.coordinates(LeafName::Parameter(0)).collect();
    let sources: [NamedSource; 4] = [
        (SourceName::Backprop, Box::new(Backprop)),
        (SourceName::Dual, Box::new(Dual)),
        (SourceName::Reverse, Box::new(Reverse)),
        (SourceName::Central, Box::new(Central::new(step))),
    ];
    examine(PartName::DataLoss, &point, &sources, &weights, &Silent).unwrap()
}

#[test]
fn a_fixed_step_matches_to_three_digits_and_fewer_though_the_gradient_is_right() {
    let examined = first_convolution(Step::Fixed(1e-3));
    assert_eq!(examined.verdicts, [Verdict::Agree; 150]);
    let row = &examined.part.tensors[0];
    let central = &row.against[2].metrics;
    assert!(central.fewest_digits.unwrap() < 1.0, "{central:?}");
    assert!(central.median_digits.unwrap() < 3.0, "{central:?}");
    let steps = row.steps.unwrap();
    assert!(steps.crossed > 100, "{steps:?}");
    // Why: the kinks within the step, unit by unit, explain what central differences are off by.
    for row in &examined.part.crossed {
        let off = row.central.0 - row.value.0;
        let unexplained = (off - row.explained.0).abs();
        assert!(unexplained <= 0.02 * off.abs(), "{row:?}: off by {off:e}");
        assert!(row.count > 0 && !row.switches.is_empty(), "{row:?}");
        for switch in &row.switches {
            let is_unit = switch.unit.starts_with("relu") || switch.unit.starts_with("pool");
            assert!(is_unit && switch.at.0.abs() <= 1e-3, "{switch:?}");
        }
    }
    assert_eq!(examined.part.crossed.len(), 5, "the five furthest off");
}

#[test]
fn chosen_steps_match_to_the_bound_at_the_same_weights() {
    let examined = first_convolution(Step::Auto);
    assert_eq!(examined.verdicts, [Verdict::Agree; 150]);
    let row = &examined.part.tensors[0];
    let closest = row.closest.as_ref().unwrap();
    assert!(closest.ratio.0 <= 1.0, "{closest:?}");
    let central = &row.against[2].metrics;
    assert!(central.fewest_digits.unwrap() > 6.0, "{central:?}");
    assert!(central.median_digits.unwrap() > 8.5, "{central:?}");
    let steps = row.steps.unwrap();
    assert_eq!(steps.certified + steps.one_sided, 150, "{steps:?}");
    // And where f64 allows few digits, double-double explains it for good.
    let row = &examined.part.extended[0];
    assert!(row.formula_digits.unwrap() > 20.0, "{row:?}");
    assert!(row.central_digits.unwrap() > 18.0, "{row:?}");
}
