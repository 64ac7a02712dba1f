//! What nobody knows gets no name, and what is right gets none either.

use gradproof::harness::{config, strategy};
use gradproof::judge::diagnosis::Along;
use gradproof::network::LeafName;
use gradproof::rng::Stream;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{INPUT, Right, SCALES, WEIGHT, at_scale, operator};

fn large() -> Right {
    Right::of(&operator(
        r#"op = "conv2d", out_channels = 5, kernel = [3, 4], padding = 1"#,
        &[3, 4, 6, 7],
    ))
}

/// A fault at random, of one of several sorts.
fn distort(values: &mut [f64], sort: usize, stream: &mut Stream) {
    let largest = values.iter().fold(0.0, |a: f64, g| a.max(g.abs()));
    match sort {
        // Every entry has a factor of its own.
        0 => {
            for g in values.iter_mut() {
                *g *= 1.0 + stream.signed_weight() / 2.0;
            }
        }
        // A permutation that nobody has: the odd places run backwards.
        1 => {
            let count = values.len() / 2;
            for pair in 0..count / 2 {
                values.swap(2 * pair + 1, 2 * (count - 1 - pair) + 1);
            }
        }
        // A few entries are anything.
        2 => {
            let count = 1 + values.len() / 33;
            for index in stream.sample(values.len(), count) {
                values[index] += largest * stream.signed_weight();
            }
        }
        // All are anything.
        _ => {
            for g in values.iter_mut() {
                *g = largest * stream.symmetric(1.0, 16);
            }
        }
    }
}

#[test]
fn a_random_wrong_tensor_never_gets_a_name() {
    let cases = (strategy::operator(), 0..4_usize, any::<u64>());
    let property = |(case, sort, seed): (gradproof::harness::OperatorCase, usize, u64)| {
        let problem = case
            .problem()
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let scale = SCALES[sort % SCALES.len()];
        let right = Right::of(&at_scale(&problem, scale));
        for leaf in right.problem.leaves() {
            let untouched = right.diagnose(leaf, right.gradient(leaf));
            prop_assert_eq!(untouched.kind, None, "{}", untouched.sentence);
            prop_assert!(untouched.also.is_empty() && untouched.differences.is_none());
            let mut wrong = right.gradient(leaf).clone();
            // With fewer, a random tensor is a permutation or a factor by chance.
            if wrong.iter().filter(|g| g.abs() > 0.0).count() < 12 {
                continue;
            }
            let mut stream = Stream::new(seed, "distortion");
            distort(gradproof::tensor::values_mut(&mut wrong), sort, &mut stream);
            let diagnosis = right.diagnose(leaf, &wrong);
            prop_assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
            prop_assert!(diagnosis.also.is_empty(), "{}", diagnosis.sentence);
        }
        Ok(())
    };
    if let Err(failure) = TestRunner::new(config("diagnosis-unknown")).run(&cases, property) {
        panic!("{failure}");
    }
}

#[test]
fn one_wrong_entry_is_located() {
    let right = large();
    let mut wrong = right.gradient(WEIGHT).clone();
    wrong[[2, 1, 0, 3]] *= 1.5;
    let diagnosis = right.diagnose(WEIGHT, &wrong);
    assert_eq!(diagnosis.kind, None);
    assert_eq!(
        diagnosis.sentence,
        "conv2d.weight: like no fault that is known; 1 of 240 entries are wrong, only at [2,1,0,3]; \
         wrong/right there is from 1.5 to 1.5, in the middle 1.5"
    );
}

#[test]
fn a_few_wrong_entries_are_called_scattered() {
    let right = large();
    let mut wrong = right.gradient(INPUT).clone();
    let mut stream = Stream::new(1, "places");
    let values = gradproof::tensor::values_mut(&mut wrong);
    for index in stream.sample(values.len(), 15) {
        values[index] *= 1.25;
    }
    let diagnosis = right.diagnose(INPUT, &wrong);
    let differences = diagnosis.differences.expect("entries are wrong");
    assert_eq!(diagnosis.kind, None);
    assert_eq!(
        (differences.wrong, differences.entries),
        (15, 504),
        "{differences:?}"
    );
    assert_eq!(differences.along, [], "{differences:?}");
    assert_eq!(differences.places, "scattered over the tensor");
}

/// A fault in a slice: the axis and the indices are named.
#[test]
fn slices_are_described() {
    let right = large();
    let random = |leaf: LeafName, here: &dyn Fn([usize; 4]) -> bool| {
        let mut stream = Stream::new(1, "slice");
        let mut wrong = right.gradient(leaf).clone();
        for at in super::indices(right.gradient(leaf).shape()) {
            if here(at) {
                wrong[at.as_slice()] *= 2.5 + stream.symmetric(1.0, 16);
            }
        }
        let diagnosis = right.diagnose(leaf, &wrong);
        assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
        diagnosis.differences.expect("entries are wrong")
    };
    for (leaf, here, places) in [
        (
            INPUT,
            &(|at: [usize; 4]| at[2] == 5) as &dyn Fn([usize; 4]) -> bool,
            "only in the last row, at every entry there",
        ),
        (
            INPUT,
            &|at| at[0] > 0,
            "only in every sample but the first, at every entry there",
        ),
        (
            WEIGHT,
            &|at| at[0] == 2 || at[0] == 3,
            "only in output channels 2 and 3, at every entry there",
        ),
        (
            WEIGHT,
            &|at| at[1] == 0 && at[3] == 3,
            "only in the first input channel, in the last kernel column, at every entry there",
        ),
        (
            INPUT,
            &|at| at[2] % 2 == 1,
            "only in every second row, from row 1 on, at every entry there",
        ),
        (
            INPUT,
            &|at| at[2] == 0 || at[2] == 5 || at[3] == 0 || at[3] == 6,
            "only along the border of the planes",
        ),
        (INPUT, &|_| true, ""),
    ] {
        assert_eq!(random(leaf, here).places, places);
    }
    let rows = random(INPUT, &|at| at[2] == 5);
    assert_eq!(
        rows.along,
        [Along {
            axis: "row".to_owned(),
            extent: 6,
            indices: vec![5]
        }]
    );
    let ratio = rows.ratio.expect("the right gradient is not 0");
    assert!(
        ratio.min.0 >= 1.5 && ratio.max.0 <= 3.5 && ratio.min.0 < ratio.median.0,
        "{ratio:?}"
    );
}

/// NaN fits nothing, and is counted.
#[test]
fn not_a_number_gets_no_name() {
    let right = large();
    let mut wrong = right.gradient(WEIGHT).mapv(|g| -g);
    wrong[[0, 0, 0, 0]] = f64::NAN;
    wrong[[1, 0, 0, 0]] = f64::INFINITY;
    let diagnosis = right.diagnose(WEIGHT, &wrong);
    assert_eq!(diagnosis.kind, None, "{}", diagnosis.sentence);
    assert!(
        diagnosis.sentence.contains("2 of them are NaN or infinite"),
        "{}",
        diagnosis.sentence
    );
    let text = serde_json::to_string(&diagnosis).expect("JSON");
    let back: gradproof::judge::diagnosis::Diagnosis =
        serde_json::from_str(&text).expect("the same");
    assert_eq!(back.sentence, diagnosis.sentence);
}
