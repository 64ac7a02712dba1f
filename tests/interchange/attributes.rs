//! Other names for operators and attributes, and what is left out.

use gradproof::report::verify::CaseOutcome;

use super::{case, judged};

/// A case of `op` on x = (1, −2, 3, −4) of shape 1×1×2×2 (or 1×4 for a loss).
fn of(op: &str, attributes: &str, more: &str, output: &str, gradients: &str) -> String {
    format!(
        r#"{{"op": "{op}", "attrs": {attributes},
        "inputs": {{"x": {{"shape": [1, 1, 2, 2], "data": [1, -2, 3, -4]}}{more}}},
        "cotangent": {{"shape": [1, 1, 2, 2], "data": [1, 1, -1, 2]}},
        "output": {output}, "gradients": {gradients}}}"#
    )
}

#[track_caller]
fn agrees(text: &str) {
    let row = judged(&case(text));
    assert_eq!(row.outcome, CaseOutcome::Agree, "{row:?}");
}

const FOUR: &str = r#"{"shape": [1, 1, 2, 2], "data": "#;

#[test]
fn pytorchs_long_names_mean_the_same() {
    // relu6 is hardtanh from 0 to 6; exact.
    let output = format!("{FOUR} [1, 0, 3, 0]}}");
    let gradients = format!("{{\"x\": {FOUR} [1, 0, -1, 0]}}}}");
    agrees(&of(
        "relu6",
        r#"{"inplace": true}"#,
        "",
        &output,
        &gradients,
    ));
    agrees(&of("relu", "{}", "", &output, &gradients));
    for attributes in [
        r#"{"negative_slope": 0.5}"#,
        r#"{"slope": 0.5, "inplace": null}"#,
    ] {
        let output = format!("{FOUR} [1, -1, 3, -2]}}");
        let gradients = format!("{{\"x\": {FOUR} [1, 0.5, -1, 1]}}}}");
        agrees(&of("leaky_relu", attributes, "", &output, &gradients));
    }
    for attributes in [
        r#"{"kernel": 1}"#,
        r#"{"kernel_size": [1, 1], "stride": null, "padding": 0}"#,
        r#"{"kernel_size": 1, "stride": 1, "dilation": 1, "ceil_mode": false}"#,
    ] {
        let output = format!("{FOUR} [1, -2, 3, -4]}}");
        let gradients = format!("{{\"x\": {FOUR} [1, 1, -1, 2]}}}}");
        agrees(&of("max_pool2d", attributes, "", &output, &gradients));
    }
}

#[test]
fn an_input_may_be_called_input_and_a_kernel_is_read_off_the_weight() {
    let text = r#"{"op": "conv2d", "attrs": {"kernel_size": 1, "padding_mode": "zeros"},
        "inputs": {"input": {"shape": [1, 1, 1, 2], "data": [1, 2]},
                   "weight": {"shape": [1, 1, 1, 1], "data": [3]}},
        "cotangent": {"shape": [1, 1, 1, 2], "data": [1, -1]},
        "output": {"shape": [1, 1, 1, 2], "data": [3, 6]},
        "gradients": {"input": {"shape": [1, 1, 1, 2], "data": [3, -3]},
                      "weight": {"shape": [1, 1, 1, 1], "data": [-1]}}}"#;
    agrees(text);
    let row = judged(&case(&text.replace("\"data\": [-1]", "\"data\": [1]")));
    assert_eq!(row.outcome, CaseOutcome::Disagree, "{row:?}");
    let names: Vec<&str> = row.tensors.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["input", "weight"], "the file's own names");
    assert!(!row.sentence.contains("conv2d.weight"), "{}", row.sentence);
}

#[test]
fn a_loss_may_be_a_sum_and_have_its_target_among_the_inputs() {
    // Σ (x − t)² with t = 0: 1 + 4 = 5, gradient 2x.
    let text = r#"{"op": "mse_loss", "attrs": {"reduction": "sum"},
        "inputs": {"x": {"shape": [1, 2], "data": [1, -2]},
                   "target": {"shape": [1, 2], "data": [0, 0]}},
        "output": {"shape": [1], "data": [5]},
        "gradients": {"x": {"shape": [1, 2], "data": [2, -4]}}}"#;
    agrees(text);
    // With β = 2, smooth L1 is (x − t)²/2β below β: 1/4 and 1, gradient x/β, mean of two.
    let smooth = r#"{"op": "smooth_l1_loss", "attrs": {"beta": 2, "target": {"shape": [1, 2], "data": [0, 0]}},
        "inputs": {"x": {"shape": [1, 2], "data": [1, -1]}},
        "cotangent": {"shape": [], "data": [4]},
        "output": {"shape": [], "data": [0.25]},
        "gradients": {"x": {"shape": [1, 2], "data": [1, -1]}}}"#;
    agrees(smooth);
    // −log of 1/2, and p − 1 and p for the logits.
    let entropy = r#"{"op": "cross_entropy", "attrs": {"target": [1]},
        "inputs": {"x": {"shape": [1, 2], "data": [0, 0]}},
        "output": {"shape": [], "data": [0.6931471805599453]},
        "gradients": {"x": {"shape": [1, 2], "data": [0.5, -0.5]}}}"#;
    agrees(entropy);
}

#[test]
fn numbers_that_json_lacks_are_read_and_disagree() {
    let output = format!("{FOUR} [1, 0, 3, 0]}}");
    for bad in ["NaN", "null", "\"NaN\"", "Infinity", "-Infinity"] {
        let gradients = format!("{{\"x\": {FOUR} [1, 0, {bad}, 0]}}}}");
        let row = judged(&case(&of("relu", "{}", "", &output, &gradients)));
        assert_eq!(row.outcome, CaseOutcome::Disagree, "{row:?}");
        let worst = row.tensors[0].worst.as_ref().expect("the bad one");
        assert_eq!(worst.coordinate, "x[0,0,1,0]");
        assert!(!worst.value.0.is_finite(), "{worst:?}");
    }
}
