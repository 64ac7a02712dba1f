//! What a reader sees who does not know the code.

use gradproof::layer::Layer;
use gradproof::loss::Loss;
use gradproof::network::Problem;
use gradproof::tensor::{self, Tensor};

use super::{BIAS, INPUT, Right, WEIGHT, mutant, operator};

/// The operator under the name that a network gives it.
fn conv2(name: &str, leaf: super::LeafName) -> String {
    let op = r#"op = "conv2d", out_channels = 4, kernel = 3, stride = 2, padding = 1"#;
    let spec = format!(
        r#"
        name = "two"
        input = [2, 7, 8]
        loss = {{ op = "weighted_sum" }}
        layers = [{{ name = "conv2", {op} }}]"#
    );
    let case = gradproof::harness::NetworkCase {
        spec: gradproof::spec::NetworkSpec::from_toml(&spec).expect("a network"),
        batch: 3,
        seed: 2,
    };
    let problem = case.problem().expect("the shapes fit");
    assert!(matches!(
        problem.network.layers()[0].layer,
        Layer::Conv2d(_)
    ));
    let right = Right::of(&problem);
    right
        .diagnose(leaf, &right.mutated(leaf, mutant(name)))
        .sentence
}

#[test]
fn sentences_on_a_convolution() {
    for (name, leaf, sentence) in [
        (
            "conv2d.dk_rotated",
            WEIGHT,
            "conv2.weight: equals the right gradient rotated by 180 degrees: the kernel is flipped where the \
             input is correlated with the output's gradient",
        ),
        (
            "conv2d.stride_ignored",
            WEIGHT,
            "conv2.weight: equals what windows give that are one step apart instead of the stride: the stride \
             is missing where a position in the input is computed from one in the output",
        ),
        (
            "conv2d.db_first_sample",
            BIAS,
            "conv2.bias: equals what the first sample alone gives: the sum over the batch is missing, or a \
             loop ends after the first sample",
        ),
        (
            "conv2d.dx_kernel_rotated",
            INPUT,
            "the gradient of conv2's input: equals what comes out with the kernel rotated by 180 degrees: dx \
             is a convolution with the kernel rotated once; look for a rotation too many or too few",
        ),
    ] {
        assert_eq!(conv2(name, leaf), sentence);
    }
}

#[test]
fn sentences_on_activation_loss_and_nothing_known() {
    let right = Right::of(&operator(r#"op = "tanh""#, &[3, 2, 4, 5]));
    let Some(Loss::WeightedSum { cotangent }) = &right.problem.objective.loss else {
        panic!("a weighted sum");
    };
    assert_eq!(
        right.diagnose(INPUT, cotangent).sentence,
        "the gradient of tanh's input: equals the output's gradient unchanged: the derivative 1 - y^2 is \
         missing: what the derivative is computed from"
    );

    let z: Tensor<f64> = tensor::from_values(
        &[3, 4],
        vec![
            0.5, 1.0, -1.0, 0.25, 2.0, 0.0, 0.75, -0.5, 1.5, -1.25, 0.0, 1.0,
        ],
    )
    .expect("twelve numbers");
    let loss = Loss::SoftmaxCrossEntropy {
        classes: vec![1, 0, 3],
        label_smoothing: 0.0,
        class_weights: None,
    };
    let problem = Problem::single(None, Vec::new(), z, loss, 1.0).expect("the shapes fit");
    let right = Right::of(&problem);
    assert_eq!(
        right
            .diagnose(INPUT, &right.gradient(INPUT).mapv(|g| 3.0 * g))
            .sentence,
        "the loss's gradient: equals 3 times the right gradient, 3 being the batch size: the division: a sum \
         stands where a mean belongs"
    );
}

/// candle 0.11.1 divides a max-pool's gradient by the entries of its window.
#[test]
fn a_factor_is_written_as_by_hand_and_known_by_its_window() {
    let pool = operator(r#"op = "max_pool2d", kernel = [2, 3]"#, &[2, 2, 4, 6]);
    let right = Right::of(&pool);
    let wrong = right.gradient(INPUT).mapv(|g| g / 6.0);
    assert_eq!(
        right.diagnose(INPUT, &wrong).sentence,
        "the gradient of max_pool2d's input: equals 1/6 times the right gradient: where a factor 1/6 comes \
         from; it is 1 over the number of entries in a window"
    );
}
