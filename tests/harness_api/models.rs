//! Whole models.

use std::collections::BTreeMap;

use gradproof::harness::{Model, Sampling, assert_model, check_model, random_array};
use gradproof::report::Outcome;
use ndarray::{Array2, ArrayD, Axis, Ix2};

use super::message;

/// What is wrong with the backward of [`Dense`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Sign,
    MeanForgotten,
    Transposed,
    BiasForgotten,
    AddsUp,
    Named,
}

/// mean((tanh(x·W₁ + b₁)·W₂ − t)²), by hand.
struct Dense {
    x: Array2<f64>,
    target: Array2<f64>,
    parameters: [ArrayD<f64>; 3],
    sums: Option<BTreeMap<String, ArrayD<f64>>>,
    fault: Fault,
}

const NAMES: [&str; 3] = ["hidden.weight", "hidden.bias", "head.weight"];

impl Dense {
    fn new(seed: u64, hidden: usize, fault: Fault) -> Self {
        let matrix = |shape: &[usize], seed| -> Array2<f64> {
            random_array(shape, seed)
                .into_dimensionality::<Ix2>()
                .expect("two axes")
        };
        Self {
            x: matrix(&[5, hidden], seed),
            target: matrix(&[5, 2], seed + 1),
            parameters: [
                random_array(&[hidden, hidden], seed + 2) * 0.5,
                random_array(&[hidden], seed + 3),
                random_array(&[hidden, 2], seed + 4),
            ],
            sums: None,
            fault,
        }
    }

    fn matrix(&self, at: usize) -> Array2<f64> {
        let parameter = self.parameters[at].clone();
        parameter.into_dimensionality::<Ix2>().expect("two axes")
    }

    fn forward(&self) -> (Array2<f64>, Array2<f64>) {
        let bias = self.parameters[1].clone();
        let hidden = (self.x.dot(&self.matrix(0)) + &bias).mapv(f64::tanh);
        let hidden = hidden.into_dimensionality::<Ix2>().expect("two axes");
        let off = hidden.dot(&self.matrix(2)) - &self.target;
        (hidden, off)
    }
}

impl Model for Dense {
    fn parameters(&mut self) -> Vec<(String, &mut ArrayD<f64>)> {
        let names = NAMES.into_iter().map(str::to_owned);
        names.zip(&mut self.parameters).collect()
    }

    fn loss(&mut self) -> f64 {
        let (_, off) = self.forward();
        off.mapv(|e| e * e).sum() / off.len() as f64
    }

    fn gradients(&mut self) -> BTreeMap<String, ArrayD<f64>> {
        let (hidden, off) = self.forward();
        let count = match self.fault {
            Fault::MeanForgotten => 1.0,
            _ => off.len() as f64,
        };
        let dy = off * (2.0 / count);
        let mut head = hidden.t().dot(&dy);
        if self.fault == Fault::Sign {
            head = -head;
        }
        let dz = dy.dot(&self.matrix(2).t()) * hidden.mapv(|h| 1.0 - h * h);
        let mut weight = self.x.t().dot(&dz);
        if self.fault == Fault::Transposed {
            weight = weight.t().to_owned();
        }
        let mut bias = dz.sum_axis(Axis(0));
        if self.fault == Fault::BiasForgotten {
            bias.fill(0.0);
        }
        let mut found = BTreeMap::from([
            (NAMES[0].to_owned(), weight.into_dyn()),
            (NAMES[1].to_owned(), bias.into_dyn()),
            (NAMES[2].to_owned(), head.into_dyn()),
        ]);
        if self.fault == Fault::AddsUp {
            if let Some(sums) = &self.sums {
                for (name, gradient) in &mut found {
                    *gradient += &sums[name];
                }
            }
            self.sums = Some(found.clone());
        }
        if self.fault == Fault::Named {
            let bias = found.remove(NAMES[1]).expect("a bias");
            found.insert("hidden.b".to_owned(), bias);
        }
        found
    }
}

#[test]
fn right_models_are_never_accused() {
    for seed in 0..60 {
        let mut model = Dense::new(seed, 3 + (seed % 4) as usize, Fault::None);
        let before = model.parameters.clone();
        let report = check_model(&mut model, Sampling::default()).expect("checked");
        assert_eq!(report.outcome, Outcome::Right, "{}", report.message());
        assert_eq!(model.parameters, before, "parameters are put back");
    }
    assert_model(&mut Dense::new(1, 4, Fault::None));
}

#[test]
fn faults_are_caught_placed_and_named() {
    for (fault, place, kind) in [
        (Fault::Sign, "head.weight", "minus the right gradient"),
        (
            Fault::MeanForgotten,
            "hidden.weight, hidden.bias and head.weight",
            "10 times the right gradient",
        ),
        (
            Fault::Transposed,
            "hidden.weight",
            "the right gradient transposed",
        ),
        (Fault::BiasForgotten, "hidden.bias", "0 everywhere"),
    ] {
        let text = message(|| assert_model(&mut Dense::new(3, 4, fault)));
        assert!(
            text.starts_with(
                "GRADPROOF_SEED=1 cargo test repeats this, tests/harness_api/models.rs:"
            ),
            "{text}"
        );
        assert!(
            text.contains(&format!("are wrong, in {place}.")),
            "{fault:?}: {text}"
        );
        assert!(text.contains(kind), "{fault:?}: {text}");
    }
    let text = message(|| assert_model(&mut Dense::new(3, 4, Fault::AddsUp)));
    assert!(text.contains("the gradient is not deterministic"), "{text}");
    assert!(text.contains("adds up between calls"), "{text}");
    let text = message(|| assert_model(&mut Dense::new(3, 4, Fault::Named)));
    assert!(text.contains("no gradient of 'hidden.bias'"), "{text}");
}

#[test]
fn of_a_large_model_a_sample_is_checked_and_the_report_says_so() {
    let mut model = Dense::new(2, 24, Fault::None);
    let sampling = Sampling { most: 40, seed: 9 };
    let report = check_model(&mut model, sampling).expect("checked");
    assert_eq!(report.outcome, Outcome::Right, "{}", report.message());
    assert!(
        (40..=43).contains(&report.counts.all()),
        "{:?}",
        report.counts
    );
    assert!(
        report.arrays.iter().all(|array| array.counts.all() > 0),
        "every parameter has a part"
    );
    assert!(
        report
            .sentence
            .contains("of all 648 derivatives were checked"),
        "{}",
        report.sentence
    );
    assert!(
        report.repeat.starts_with("GRADPROOF_SEED=9"),
        "{}",
        report.repeat
    );
    let mut wrong = Dense::new(2, 24, Fault::Sign);
    let report = check_model(&mut wrong, sampling).expect("checked");
    assert_eq!(
        report.outcome,
        Outcome::Wrong,
        "a sample sees what is wrong everywhere"
    );
}
