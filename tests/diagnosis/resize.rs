//! Wrong gradients of zero paddings, upsamplings and one-dimensional convolutions.

use gradproof::harness::mutant::Mutant;

use super::{BIAS, INPUT, Right, WEIGHT, is_named, mutant, operator};

/// The mutant is called by the kind that it is expected to have, at every scale.
fn is_called(name: &str, op: &str, shape: &[usize]) {
    let mutant = mutant(name);
    let kind = mutant.expected.expect("it has a kind");
    is_named(&operator(op, shape), INPUT, kind, |right| {
        right.mutated(INPUT, mutant)
    });
}

#[test]
fn faults_of_padding_have_names() {
    let op = "op = \"zero_pad2d\", padding = [4, 2, 0, 3]";
    for mutant in Mutant::all().filter(|mutant| mutant.subject() == "zero_pad2d") {
        is_called(&mutant.to_string(), op, &[3, 2, 5, 7]);
    }
}

#[test]
fn faults_of_nearest_have_names() {
    let op = "op = \"upsample\", scale_factor = [2.6, 1.7]";
    for name in [
        "overwritten",
        "first_alone",
        "averaged",
        "other_mode",
        "half_pixel_confused",
        "scale_recomputed",
        "last_row_dropped",
        "last_column_dropped",
    ] {
        is_called(&format!("upsample.{name}"), op, &[3, 2, 5, 7]);
    }
}

#[test]
fn faults_of_bilinear_have_names() {
    let op = "op = \"upsample\", mode = \"bilinear\", scale_factor = [2.6, 1.7]";
    for mutant in Mutant::all().filter(|mutant| mutant.subject() == "upsample") {
        is_called(&mutant.to_string(), op, &[3, 2, 5, 7]);
    }
}

#[test]
fn faults_of_sequences_have_names() {
    let op = "op = \"conv1d\", out_channels = 4, kernel = 3, stride = 2, padding = 1, dilation = 2, groups = 2";
    let problem = operator(op, &[3, 4, 11]);
    for (leaf, name) in [
        (INPUT, "conv1d.dx_kernel_reversed"),
        (WEIGHT, "conv1d.dk_reversed"),
        (WEIGHT, "conv1d.dk_first_sample"),
        (BIAS, "conv1d.db_mean_over_length"),
        (WEIGHT, "conv1d.stride_ignored"),
        (WEIGHT, "conv1d.dilation_ignored"),
        (INPUT, "conv1d.padding_ignored"),
        (INPUT, "conv1d.padding_off"),
    ] {
        let mutant = mutant(name);
        let kind = mutant.expected.expect("it has a kind");
        is_named(&problem, leaf, kind, |right| right.mutated(leaf, mutant));
    }
}

#[test]
fn a_sentence_says_what_to_look_at() {
    for (name, op, words) in [
        (
            "zero_pad2d.axes_swapped",
            "op = \"zero_pad2d\", padding = [4, 2, 0, 3]",
            "the gradient of zero_pad2d's input: equals what comes out when the paddings of rows and columns are exchanged: \
             padding is left, right, top, bottom: columns come first",
        ),
        (
            "upsample.half_pixel_confused",
            "op = \"upsample\", mode = \"bilinear\", size = [9, 8]",
            "the gradient of upsample's input: equals what comes out without the half of a pixel: output i is at \
             (i + 1/2)/scale - 1/2",
        ),
    ] {
        let right = Right::of(&operator(op, &[3, 2, 5, 7]));
        let diagnosis = right.diagnose(INPUT, &right.mutated(INPUT, mutant(name)));
        assert_eq!(diagnosis.sentence, words, "{name}");
    }
}
