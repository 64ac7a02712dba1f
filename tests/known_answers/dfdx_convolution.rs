//! dfdx, `dfdx-core/src/tensor_ops/conv2d/tests.rs`: convolutions that PyTorch computed in `f32`.
//!
//! The loss is mean(exp(y)), whose gradient with respect to y is exp(y)/len(y).

use gradproof::spec::extent::Rounding;
use gradproof::spec::{Conv2dSpec, OpSpec};
use gradproof::tensor::{Tensor, from_values, zeros};
use ndarray::Axis;

use super::{array, assert_near, problem};

/// The tolerance of dfdx's own tests.
const TOLERANCE: f64 = 1e-6;

/// Images without the batch axis, as published.
struct Case {
    name: &'static str,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    weight: &'static str,
    bias: &'static str,
    x: &'static str,
    y: Option<&'static str>,
    dx: &'static str,
    dw: &'static str,
    db: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        name: "2×2",
        kernel: [2, 2],
        stride: [1, 1],
        padding: [0, 0],
        weight: "[[[[-0.04958433,-0.43007267],[0.01935136,0.09778714]]],[[[0.44083858,-0.20507240],[-0.30017477,-0.10937047]]]]",
        bias: "[0.36406237,-0.30981010]",
        x: "[[[-0.86713916,0.52773184,-0.95238322],[-0.64531374,0.77809018,-0.49099201]]]",
        y: Some("[[[0.24369538,0.71453357]],[[-0.69169492,-0.06172103]]]"),
        dx: "[[[0.03936806,-0.08457474,-0.26788417],[-0.03140351,-0.04316529,0.02424446]]]",
        dw: "[[[[-0.00703794,-0.31814471],[0.19160703,-0.00260070]]],[[[0.01548620,-0.15778227],[0.10209797,-0.01799832]]]]",
        db: "[0.82979727,0.36021793]",
    },
    Case {
        name: "2×2, stride 2: the last column of the input is not reached",
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        weight: "[[[[0.44704646,-0.29563826],[0.29228759,-0.16575140]]],[[[-0.30488998,0.25222939],[0.13279295,0.38153177]]]]",
        bias: "[-0.44699109,0.38371694]",
        x: "[[[0.37100124,-0.59504986,-1.19781005],[-0.31547278,0.58071911,0.86612970]]]",
        y: Some("[[[-0.29368058]],[[0.30018353]]]"),
        dx: "[[[-0.03917716,0.06006697,0],[0.19859464,0.19576924,0]]]",
        dw: "[[[[0.13829342,-0.22180916],[-0.11759478,0.21646728]]],[[[0.25044560,-0.40169036],[-0.21296094,0.39201635]]]]",
        db: "[0.37275729,0.67505330]",
    },
    Case {
        name: "2×2, padding 1, three kernels",
        kernel: [2, 2],
        stride: [1, 1],
        padding: [1, 1],
        weight: "[[[[0.10215953,0.06263646],[-0.04124039,-0.09729567]],[[-0.32656857,0.24254093],[-0.27209827,0.15361503]]],[[[0.03449896,0.22931078],[-0.17652659,0.08222872]],[[-0.06016779,0.29082409],[-0.19154115,0.13483226]]],[[[-0.14262493,0.19654515],[0.15921101,0.01759464]],[[0.16749159,0.33096817],[0.28376505,-0.05524009]]]]",
        bias: "[-0.22854491,0.28763595,0.20709404]",
        x: "[[[-0.32224107,-0.32800716]],[[-1.13570976,0.93713200]]]",
        y: None,
        dx: "[[[0.010052743,0.038219165]],[[0.0013861917,0.096129306]]]",
        dw: "[[[[-0.03488452,-0.035597768],[-0.03483199,-0.036207683]],[[-0.05705857,0.03406856],[-0.05008337,0.024666183]]],[[[-0.053492695,-0.04727108],[-0.05620105,-0.055251926]],[[-0.04363727,0.033381317],[-0.0607851,0.030584559]]],[[[-0.051853612,-0.03900232],[-0.04206547,-0.037880093]],[[-0.0073834136,0.0208545],[0.02886929,-0.040557314]]]]",
        db: "[0.28636602,0.44933242,0.40484178]",
    },
    Case {
        name: "3×3, stride 3, padding 4: more than the kernel",
        kernel: [3, 3],
        stride: [3, 3],
        padding: [4, 4],
        weight: "[[[[-0.10252278,-0.14387409,-0.14627469],[0.28396228,-0.14590892,0.29269591],[0.01090384,0.14785287,0.29242596]]],[[[-0.31163597,0.13224581,-0.20954299],[0.27902845,-0.14735751,0.14001134],[-0.05224654,0.16499066,-0.13981307]]]]",
        bias: "[-0.07123789,-0.17244765]",
        x: "[[[0.69103152,0.25624934],[-0.38448590,0.03110456],[0.83753252,0.53786588],[1.15540242,-0.54148245]]]",
        y: None,
        dx: "[[[-0.009780421,0.01484663],[0.010391434,0.0062526874],[0.00032053515,-0.009087289],[-0.0073772445,0.0105412705]]]",
        dw: "[[[[0,0.019200183,0.012330416],[0,0.051398464,-0.003175714],[0,-0.013860448,0.0011212977]]],[[[0,0.02291844,0.01471829],[0,0.05281557,-0.0069562597],[0,-0.011794927,0.00095419877]]]]",
        db: "[0.44699076,0.408709]",
    },
];

fn one_image(text: &str) -> Tensor<f64> {
    array(text).insert_axis(Axis(0))
}

#[test]
fn the_mean_of_exponentials_has_pytorchs_gradients() {
    for case in &CASES {
        let weight = array(case.weight);
        let spec = Conv2dSpec {
            out_channels: weight.shape()[0],
            kernel: case.kernel,
            stride: case.stride,
            padding: case.padding,
            dilation: [1, 1],
            groups: 1,
            bias: true,
        };
        let x = one_image(case.x);
        let output = spec
            .window()
            .output([x.shape()[2], x.shape()[3]], Rounding::Floor)
            .expect("the kernel fits");
        let no_cotangent = zeros(&[1, spec.out_channels, output[0], output[1]]);
        let parameters = vec![weight, array(case.bias)];
        let problem = problem(OpSpec::Conv2d(spec), parameters, x, no_cotangent);

        let (network, parameters) = (&problem.network, &problem.parameters);
        let trace = network.forward(parameters, problem.input.clone(), None);
        if let Some(y) = case.y {
            let what = format!("y of {}", case.name);
            assert_near(&what, &trace.output, &one_image(y), TOLERANCE);
        }
        let entries = trace.output.len() as f64;
        let dy = trace.output.mapv(|y| y.exp() / entries);
        let gradients = network.backward(parameters, trace.saved, dy);
        for (what, ours, published) in [
            ("dx", &gradients.input, one_image(case.dx)),
            ("dw", &gradients.parameters[0], array(case.dw)),
            ("db", &gradients.parameters[1], array(case.db)),
        ] {
            let what = format!("{what} of {}", case.name);
            assert_near(&what, ours, &published, TOLERANCE);
        }
    }
}

/// The file's dilated case: kernel 2×2, dilation 2, loss mean(y), with fractions for its decimals.
#[test]
fn a_dilated_convolution_has_the_published_gradients() {
    let spec = Conv2dSpec {
        out_channels: 1,
        kernel: [2, 2],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [2, 2],
        groups: 1,
        bias: false,
    };
    let x = one_image("[[[0,1,2,4,5],[6,7,8,9,10],[11,12,13,14,15],[16,17,18,19,20]]]");
    let weight = array("[[[[0.1,0.5],[1,2]]]]");
    let mean = zeros::<f64>(&[1, 1, 2, 3]) + 1.0 / 6.0;
    let problem = problem(OpSpec::Conv2d(spec), vec![weight], x, mean);
    let trace = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None);
    let y = one_image("[[[38.0,42.1,45.7],[56.6,60.2,63.8]]]");
    assert_near("y", &trace.output, &y, 1e-13);

    let gradients = problem.backpropagate::<f64>(None);
    let upper = [1.0 / 60.0, 1.0 / 60.0, 1.0 / 10.0, 1.0 / 12.0, 1.0 / 12.0];
    let lower = [1.0 / 6.0, 1.0 / 6.0, 1.0 / 2.0, 1.0 / 3.0, 1.0 / 3.0];
    let dx = from_values(&[1, 1, 4, 5], [upper, upper, lower, lower].concat());
    assert_near("dx", &gradients.input, &dx.expect("4 rows of 5"), 1e-15);
    let dw = from_values(&[1, 1, 2, 2], vec![4.0, 19.0 / 3.0, 14.5, 16.5]);
    assert_near("dw", &gradients.parameters[0], &dw.expect("2×2"), 1e-13);
}
