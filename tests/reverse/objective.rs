//! Losses and penalties, with a network and alone.

use gradproof::loss::Loss;
use gradproof::network::Problem;
use gradproof::spec::{OpSpec, PenaltySpec};
use gradproof::tensor::{Tensor, zeros};

use super::layers::{conv, linear};
use super::{assert_agrees, network_of, random, reverse, single, weighted_sum};

fn loss_alone(output: Tensor<f64>, loss: Loss) -> Problem {
    Problem::single(None, Vec::new(), output, loss, 1.0).unwrap()
}

#[test]
fn cross_entropy_agrees_alone() {
    let small = random(&[3, 4], "logits");
    let large = small.mapv(|z| 800.0 * z);
    for label_smoothing in [0.0, 0.1] {
        let loss = |classes: &[usize]| Loss::SoftmaxCrossEntropy {
            classes: classes.to_vec(),
            label_smoothing,
            class_weights: None,
        };
        for (what, logits) in [
            ("small logits", small.clone()),
            ("large logits", large.clone()),
            ("equal logits", zeros(&[3, 4])),
        ] {
            assert_agrees(what, loss_alone(logits, loss(&[2, 0, 3])));
        }
        let weighted = Loss::SoftmaxCrossEntropy {
            classes: vec![2, 0, 3],
            label_smoothing,
            class_weights: Some(vec![0.5, 2.0, 1.0, 0.25]),
        };
        assert_agrees("class weights", loss_alone(small.clone(), weighted));
        assert_agrees("one class", loss_alone(zeros(&[2, 1]), loss(&[0, 0])));
        assert_agrees("one sample", loss_alone(random(&[1, 2], "one"), loss(&[1])));
    }
}

#[test]
fn squared_error_and_weighted_sum_agree_alone_at_both_ranks() {
    for shape in [&[3, 4][..], &[2, 3, 2, 4], &[1, 1]] {
        let target = random(shape, "target");
        let output = random(shape, "output");
        let squared_error = Loss::MeanSquaredError { target };
        assert_agrees("squared error", loss_alone(output.clone(), squared_error));
        assert_agrees("weighted sum", loss_alone(output, weighted_sum(shape)));
    }
}

#[test]
fn likelihoods_agree_with_and_without_class_weights() {
    for class_weights in [None, Some(vec![0.5, 2.0, 1.0, 0.25])] {
        let loss = Loss::Nll {
            classes: vec![2, 0, 3],
            class_weights,
        };
        assert_agrees("nll", loss_alone(random(&[3, 4], "likelihoods"), loss));
    }
}

#[test]
fn losses_of_entries_agree_alone_also_where_they_branch() {
    let size = |x: &Tensor<f64>| x.shape().to_vec();
    for output in [random(&[3, 4], "output"), random(&[2, 3, 2, 2], "output")] {
        let target = random(&size(&output), "target");
        let huber = |delta| Loss::Huber {
            target: target.clone(),
            delta,
        };
        for loss in [
            Loss::L1 {
                target: target.clone(),
            },
            huber(0.25),
            huber(8.0),
        ] {
            assert_agrees("alone", loss_alone(output.clone(), loss.clone()));
            assert_agrees("at its target", loss_alone(target.clone(), loss.clone()));
            let at_delta = target.mapv(|t| t + 0.25);
            assert_agrees("at delta", loss_alone(at_delta, loss));
        }
        let target = target.mapv(f64::abs);
        let loss = Loss::BceWithLogits { target };
        for factor in [0.0, 1.0, 40.0, 800.0] {
            let logits = output.mapv(|z| factor * z);
            assert_agrees("logits", loss_alone(logits, loss.clone()));
        }
    }
}

#[test]
fn penalties_agree_with_a_loss_and_alone() {
    for penalty in [
        PenaltySpec::L2 { strength: 0.01 },
        PenaltySpec::L1 { strength: 0.01 },
    ] {
        let mut problem = network_of(
            vec![OpSpec::Flatten {}, linear(3, true)],
            random(&[2, 1, 2, 3], "image"),
        );
        problem.objective.penalty = Some(penalty);
        // L1's kink, where the slope is 0 by convention.
        problem.parameters.tensors[0][[1, 2]] = 0.0;
        assert_agrees(&format!("{penalty:?} and a loss"), problem.clone());
        problem.objective.loss = None;
        assert_agrees(&format!("{penalty:?} alone"), problem);
    }
}

#[test]
fn nothing_to_differentiate_has_gradient_zero() {
    let mut problem = network_of(Vec::new(), random(&[2, 3], "input"));
    problem.objective.loss = None;
    let gradient = reverse(problem);
    assert_eq!(gradient.estimates.len(), 6, "one for each input");
    assert!(
        gradient.value.abs() == 0.0
            && gradient
                .estimates
                .iter()
                .all(|slope| slope.value.abs() == 0.0),
        "{gradient:?}"
    );
}

#[test]
fn the_scale_multiplies_value_and_gradient() {
    let mut problem = single(
        OpSpec::Conv2d(conv(2, [2, 2])),
        random(&[2, 2, 3, 3], "scale"),
    );
    for scale in [1e-6, -3.0] {
        problem.objective.scale = scale;
        assert_agrees(&format!("scale {scale}"), problem.clone());
    }
}
