//! One-dimensional convolutions of whole numbers: by hand, and as convolutions of images with one row.

use gradproof::network::objective::Evaluation;
use gradproof::rng::Stream;
use gradproof::spec::{Conv1dSpec, Conv2dSpec, OpSpec};
use gradproof::tensor::{Tensor, reshape, zeros};

use super::{array, exact_gradients, problem};

fn spec(out_channels: usize, kernel: usize) -> Conv1dSpec {
    Conv1dSpec {
        out_channels,
        kernel,
        stride: 1,
        padding: 0,
        dilation: 1,
        groups: 1,
        bias: true,
    }
}

/// y, and all gradients.
fn run(
    op: OpSpec,
    parameters: Vec<Tensor<f64>>,
    x: Tensor<f64>,
    cotangent: Tensor<f64>,
) -> (Tensor<f64>, Evaluation<f64>) {
    let problem = problem(op, parameters, x, cotangent);
    let network = &problem.network;
    let trace = network.forward(&problem.parameters, problem.input.clone(), None);
    (trace.output, exact_gradients(&problem))
}

#[test]
fn four_numbers_and_a_difference_two_apart() {
    let parameters = vec![array("[[[1,0,-1]]]"), array("[5]")];
    let op = OpSpec::Conv1d(spec(1, 3));
    let (y, gradients) = run(op, parameters, array("[[[1,2,3,4]]]"), array("[[[1,10]]]"));
    assert_eq!(y, array("[[[3,3]]]"), "5 + 1 − 3 and 5 + 2 − 4");
    assert_eq!(gradients.input, array("[[[1,10,-1,-10]]]"));
    assert_eq!(gradients.parameters[0], array("[[[21,32,43]]]"));
    assert_eq!(gradients.parameters[1], array("[11]"));
}

/// Stride 2, padding 1, dilation 2: windows meet −1 1, 1 3 and 3 5 of 0 … 4.
#[test]
fn windows_are_where_stride_padding_and_dilation_put_them() {
    let op = OpSpec::Conv1d(Conv1dSpec {
        stride: 2,
        padding: 1,
        dilation: 2,
        bias: false,
        ..spec(1, 2)
    });
    let x = array("[[[1,2,3,4,5]]]");
    let (y, gradients) = run(op, vec![array("[[[10,1]]]")], x, array("[[[1,2,3]]]"));
    assert_eq!(y, array("[[[2,24,40]]]"));
    assert_eq!(gradients.input, array("[[[0,21,0,32,0]]]"));
    assert_eq!(gradients.parameters[0], array("[[[16,10]]]"));
}

#[test]
fn a_sequence_is_an_image_of_one_row() {
    let mut stream = Stream::new(1, "sequences");
    let mut integers = |shape: &[usize]| zeros::<f64>(shape).mapv(|_| stream.below(9) as f64 - 4.0);
    for (groups, stride, padding, dilation, bias) in [
        (1, 1, 0, 1, true),
        (2, 2, 1, 2, true),
        (3, 3, 2, 1, false),
        (6, 1, 3, 3, true),
    ] {
        let sequence = Conv1dSpec {
            stride,
            padding,
            dilation,
            groups,
            bias,
            ..spec(6, 3)
        };
        let image = Conv2dSpec {
            out_channels: 6,
            kernel: [1, 3],
            stride: [1, stride],
            padding: [0, padding],
            dilation: [1, dilation],
            groups,
            bias,
        };
        let length = sequence.output(&[2, 6, 9]).expect("it fits")[2];
        let mut parameters = vec![integers(&[6, 6 / groups, 3])];
        if bias {
            parameters.push(integers(&[6]));
        }
        let (x, cotangent) = (integers(&[2, 6, 9]), integers(&[2, 6, length]));
        let mut of_image = parameters.clone();
        of_image[0] = one_row(&parameters[0]);
        let (x_image, cotangent_image) = (one_row(&x), one_row(&cotangent));
        let (y, ours) = run(OpSpec::Conv1d(sequence), parameters, x, cotangent);
        let (y_image, theirs) = run(OpSpec::Conv2d(image), of_image, x_image, cotangent_image);
        assert_eq!(one_row(&y), y_image, "{groups} groups");
        assert_eq!(one_row(&ours.input), theirs.input, "{groups} groups");
        let kernels = [&ours.parameters[0], &theirs.parameters[0]];
        assert_eq!(&one_row(kernels[0]), kernels[1], "{groups} groups");
        assert_eq!(ours.parameters[1..], theirs.parameters[1..]);
    }
}

/// (A, B, L) as (A, B, 1, L).
fn one_row(tensor: &Tensor<f64>) -> Tensor<f64> {
    let shape = tensor.shape().to_vec();
    reshape(tensor.clone(), &[shape[0], shape[1], 1, shape[2]])
}
