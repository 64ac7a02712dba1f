//! Activations: values and slopes to all digits, slopes at kinks, and inputs far out.

use gradproof::scalar::{DoubleDouble, DualDoubleDouble, Scalar};
use gradproof::source::{Backprop, Dual, GradientSource, Point, Reverse};
use gradproof::spec::plan::Plan;
use gradproof::spec::{NetworkSpec, OpSpec};
use gradproof::tensor::{Tensor, from_values, values};

use super::{array, exact_gradients, problem};

fn network(attributes: &str, input: &[usize]) -> NetworkSpec {
    let toml = format!(
        "name = 'one'\ninput = {input:?}\nloss = {{ op = 'weighted_sum' }}\nlayers = [{{ {attributes} }}]"
    );
    NetworkSpec::from_toml(&toml).expect("the operator is well written")
}

fn operator(attributes: &str) -> OpSpec {
    network(attributes, &[1]).layers.remove(0).op
}

/// The operator's output, and dx of backprop, num-dual and dfdx under a sum.
fn outputs_and_slopes(attributes: &str, x: &[f64]) -> (Vec<f64>, [Vec<f64>; 3]) {
    let row = |numbers: Vec<f64>| from_values(&[1, x.len()], numbers).expect("one row");
    let ones = row(vec![1.0; x.len()]);
    let problem = problem(operator(attributes), Vec::new(), row(x.to_vec()), ones);
    let output = problem
        .network
        .forward(&problem.parameters, problem.input.clone(), None)
        .output;
    let point = Point::new(problem, 1);
    let exact: [&dyn GradientSource; 3] = [&Backprop, &Dual, &Reverse];
    let slopes = exact.map(|source| {
        let gradient = point
            .ask(source, &point.all_coordinates(), &|_| {})
            .expect("an exact source takes no steps");
        gradient.estimates.iter().map(|e| e.value).collect()
    });
    (values(&output).to_vec(), slopes)
}

/// Computed with mpmath at 40 digits: `diff(f, mpf(x))` of each function's definition.
#[test]
fn values_and_slopes_to_all_digits() {
    for (attributes, points) in [
        (
            "op = 'selu'",
            [
                [1.5, 1.576_051_481_033_220_7, 1.050_700_987_355_480_5],
                [-0.75, -0.927_632_015_835_051_1, 0.830_467_325_012_325_5],
                [-4.0, -1.725_898_628_189_894_5, 0.032_200_712_657_482_14],
            ],
        ),
        (
            "op = 'mish'",
            [
                [1.5, 1.403_378_266_395_802_6, 1.088_487_985_007_847_7],
                [-0.75, -0.276_494_714_505_465_2, 0.160_745_740_499_838_7],
                [
                    -30.0,
                    -2.807_286_890_651_921e-12,
                    -2.713_710_660_963_392e-12,
                ],
            ],
        ),
        (
            "op = 'silu'",
            [
                [1.5, 1.226_361_714_290_465_5, 1.041_294_154_299_143],
                [-0.75, -0.240_615_975_618_455_27, 0.157_400_055_503_246_5],
                [
                    -30.0,
                    -2.807_286_890_651_789_7e-12,
                    -2.713_710_660_963_134e-12,
                ],
            ],
        ),
        (
            "op = 'softplus', beta = 2.0",
            [
                [1.5, 1.524_293_675_786_871, 0.952_574_126_822_433_2],
                [-0.75, 0.100_706_638_991_376_2, 0.182_425_523_806_356_35],
                [
                    -20.0,
                    2.124_177_127_645_794_5e-18,
                    4.248_354_255_291_589e-18,
                ],
            ],
        ),
        (
            "op = 'gelu'",
            [
                [1.5, 1.399_789_198_096_713, 1.127_469_192_229_979_5],
                [
                    -0.75,
                    -0.169_970_514_282_651_15,
                    0.000_774_278_260_764_895_6,
                ],
                [0.0, 0.0, 0.5],
            ],
        ),
    ] {
        let (outputs, slopes) = outputs_and_slopes(attributes, &points.map(|[x, _, _]| x));
        for (index, [x, y, slope]) in points.into_iter().enumerate() {
            let near = |what: &str, got: f64, wanted: f64| {
                assert!(
                    (got - wanted).abs() <= 8.0 * f64::EPSILON * wanted.abs().max(0.1),
                    "{what} of {attributes} at {x}: {got:e} instead of {wanted:e}"
                );
            };
            near("value", outputs[index], y);
            for slopes in &slopes {
                near("slope", slopes[index], slope);
            }
        }
    }
}

/// PyTorch's backward formulas at the points where pieces meet.
#[test]
fn slopes_at_kinks_are_pytorchs() {
    for (attributes, points) in [
        (
            "op = 'leaky_relu', negative_slope = 0.25",
            [[0.0, 0.25], [-0.0, 0.25]],
        ),
        ("op = 'elu', alpha = 0.5", [[0.0, 0.5], [-0.0, 0.5]]),
        ("op = 'hardswish'", [[-3.0, 0.0], [3.0, 1.0]]),
        (
            "op = 'hardtanh', min_val = -0.5, max_val = 2.0",
            [[-0.5, 0.0], [2.0, 0.0]],
        ),
        (
            "op = 'softplus', beta = 64.0, threshold = 64.0",
            [[1.0, 1.0], [1.25, 1.0]],
        ),
    ] {
        let (_, slopes) = outputs_and_slopes(attributes, &points.map(|[x, _]| x));
        for slopes in slopes {
            for (slope, [x, wanted]) in slopes.iter().zip(points) {
                assert!(
                    (slope - wanted).abs() == 0.0,
                    "{attributes} at {x}: {slope}"
                );
            }
        }
    }
}

/// Every branch at once, in every arithmetic: nothing overflows into NaN or infinity.
#[test]
fn nothing_breaks_far_out() {
    let x = [
        -1000.0, -745.0, -700.0, -40.0, -5e-324, 5e-324, 40.0, 700.0, 1000.0,
    ];
    for attributes in [
        "op = 'leaky_relu'",
        "op = 'elu'",
        "op = 'selu'",
        "op = 'gelu'",
        "op = 'gelu', approximate = 'tanh'",
        "op = 'silu'",
        "op = 'mish'",
        "op = 'softplus'",
        "op = 'softplus', threshold = 5000.0",
        "op = 'hardswish'",
        "op = 'hardtanh'",
        "op = 'softmax'",
        "op = 'log_softmax'",
    ] {
        let (outputs, slopes) = outputs_and_slopes(attributes, &x);
        for number in outputs.iter().chain(slopes.iter().flatten()) {
            assert!(number.is_finite(), "{attributes}: {outputs:?}, {slopes:?}");
        }
        let row: Tensor<f64> = from_values(&[1, x.len()], x.to_vec()).expect("one row");
        let problem = problem(
            operator(attributes),
            Vec::new(),
            row.clone(),
            row.mapv(|_| 1.0),
        );
        let extended = problem.backpropagate::<DoubleDouble>(None);
        let single = problem.backpropagate::<f32>(None);
        for (dx, single) in extended.input.iter().zip(&single.input) {
            assert!(
                dx.hi().is_finite() && single.is_finite(),
                "{attributes}: {dx}, {single}"
            );
        }
        let lifted = row.mapv(|x| DualDoubleDouble::<1>::variable(x, 0));
        let trace = problem
            .network
            .forward(&problem.parameters.lift(), lifted, None);
        for y in &trace.output {
            let slope = y.tangent(0).hi();
            assert!(
                y.primal().is_finite() && slope.is_finite(),
                "{attributes}: {y:?}"
            );
        }
    }
}

#[test]
fn softmax_of_logarithms() {
    // p = 1/4, 3/4; dx = p·(r − Σ r·p) with r = (1, 0): 1/4·3/4 and −3/4·1/4.
    let x = [0.0, 3.0_f64.ln()];
    let row = |numbers: &[f64]| from_values(&[1, 2], numbers.to_vec()).expect("one row");
    let problem = problem(
        operator("op = 'softmax'"),
        Vec::new(),
        row(&x),
        row(&[1.0, 0.0]),
    );
    let dx = problem.backpropagate::<f64>(None).input;
    for (dx, wanted) in dx.iter().zip([0.1875, -0.1875]) {
        assert!((dx - wanted).abs() <= 1e-16, "{dx} instead of {wanted}");
    }
}

#[test]
fn prelu_by_hand() {
    // dx = a·dy where x < 0; da = −2·1 − 4·3 and −1·4.
    let op = operator("op = 'prelu', num_parameters = 2");
    let a = from_values(&[2], vec![0.5, 0.25]).expect("two slopes");
    let (x, dy) = (array("[[-2,3],[-4,-1]]"), array("[[1,2],[3,4]]"));
    let gradients = exact_gradients(&problem(op, vec![a], x, dy));
    assert_eq!(gradients.input, array("[[0.5,2],[1.5,1]]"), "dx");
    assert_eq!(gradients.parameters[0], array("[-14,-4]"), "da");
}

#[test]
fn dropout_doubles_what_it_keeps() {
    let op = operator("op = 'dropout', p = 0.5, seed = 3");
    let x = array("[[1,2,3,4,5,6,7,8]]");
    let problem = problem(op, Vec::new(), x.clone(), x.mapv(|_| 1.0));
    let dx = exact_gradients(&problem).input;
    let kept = dx.iter().filter(|dx| **dx > 1.0).count();
    assert!((1..8).contains(&kept), "{dx:?}");
    let forward = problem
        .network
        .forward(&problem.parameters, x.clone(), None);
    assert_eq!(
        forward.output,
        x * &dx,
        "forward and backward have one mask"
    );
    assert!(
        dx.iter()
            .all(|dx| dx.abs() == 0.0 || (dx - 2.0).abs() == 0.0),
        "{dx:?}"
    );
}

#[test]
fn attributes_that_mean_nothing_are_refused() {
    for (attributes, word) in [
        ("op = 'softplus', beta = 0.0", "beta"),
        ("op = 'hardtanh', min_val = 1.0, max_val = 1.0", "min_val"),
        ("op = 'leaky_relu', negative_slope = inf", "negative_slope"),
        ("op = 'elu', alpha = nan", "alpha"),
        ("op = 'softmax', dim = 0", "dim"),
        ("op = 'log_softmax', dim = 3", "dim"),
        ("op = 'softmax', dim = -4", "dim"),
        ("op = 'prelu', num_parameters = 2", "num_parameters"),
        ("op = 'dropout', p = 1.0", "p has to be"),
    ] {
        let error = Plan::new(&network(attributes, &[3, 4]), 2).expect_err(attributes);
        assert!(error.to_string().contains(word), "{attributes}: {error}");
    }
}
