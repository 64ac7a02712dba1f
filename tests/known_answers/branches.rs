//! Blocks of branches on whole numbers, worked out by hand.

use gradproof::layer::Join;
use gradproof::network::Network;
use gradproof::spec::plan::{Plan, PlanError};
use gradproof::spec::{NetworkSpec, OpSpec};
use gradproof::tensor::Tensor;

use super::{array, exact_gradients, problem};

fn op(toml: &str) -> OpSpec {
    let text = format!(
        "name = 'block'\ninput = [1]\nloss = {{ op = 'weighted_sum' }}\nlayers = [{{ {toml} }}]"
    );
    let mut spec = NetworkSpec::from_toml(&text).expect("the block is well written");
    spec.layers.remove(0).op
}

fn plan(input: &str, layers: &str) -> Result<Plan, PlanError> {
    let text = format!(
        "name = 'net'\ninput = {input}\nloss = {{ op = 'weighted_sum' }}\nlayers = [{layers}]"
    );
    Plan::new(
        &NetworkSpec::from_toml(&text).expect("it is well written"),
        1,
    )
}

/// y = relu(W·x) + x, so that dx = Wᵀ·(dy·[W·x > 0]) + dy and dW = (dy·[W·x > 0])·xᵀ.
#[test]
fn a_residual_block_adds_both_ways_back() {
    let block = op(
        "op = 'residual', layers = [{ op = 'linear', out_features = 2, bias = false }, { op = 'relu' }]",
    );
    let w = array("[[1, 2], [3, -4]]");
    let case = problem(block, vec![w], array("[[5, 6]]"), array("[[7, 11]]"));
    // W·x = (17, -9): the second unit is off, and only the shortcut brings its gradient back.
    let gradients = exact_gradients(&case);
    assert_eq!(
        gradients.value.to_bits(),
        f64::to_bits(7.0 * (17.0 + 5.0) + 11.0 * 6.0)
    );
    assert_eq!(gradients.input, array("[[14, 25]]"), "7·(1, 2) + (7, 11)");
    assert_eq!(
        gradients.parameters[0],
        array("[[35, 42], [0, 0]]"),
        "7·(5, 6) and none"
    );
}

/// y = W·x + V·x.
#[test]
fn a_projected_shortcut_has_parameters_of_its_own() {
    let layers = "{ op = 'linear', out_features = 2, bias = false }";
    let block = op(&format!(
        "op = 'residual', layers = [{layers}], shortcut = [{layers}]"
    ));
    let (w, v) = (
        array("[[1, 2, 0], [0, 1, -1]]"),
        array("[[2, 0, 1], [1, 1, 1]]"),
    );
    let case = problem(block, vec![w, v], array("[[1, 2, 3]]"), array("[[5, 7]]"));
    let gradients = exact_gradients(&case);
    // W·x = (5, -1), V·x = (5, 6); both weights have the gradient dy·xᵀ, and dx = (W + V)ᵀ·dy.
    assert_eq!(
        gradients.value.to_bits(),
        f64::to_bits(5.0 * 10.0 + 7.0 * 5.0)
    );
    assert_eq!(gradients.input, array("[[22, 24, 5]]"));
    let outer = array("[[5, 10, 15], [7, 14, 21]]");
    assert_eq!(gradients.parameters, [outer.clone(), outer]);
}

/// Branches of one and of two rows, along each axis behind the batch.
#[test]
fn a_concatenation_gives_each_branch_its_own_part() {
    let x = array("[[[[1, 2], [3, 4]]]]");
    let half = "{ op = 'conv2d', out_channels = 1, kernel = [2, 1], bias = false }";
    let block = op(&format!(
        "op = 'concatenation', dim = 2, branches = [[], [{half}]]"
    ));
    let w = array("[[[[2], [-1]]]]");
    let dy = array("[[[[1, 2], [3, 5], [7, 11]]]]");
    let case = problem(block, vec![w], x.clone(), dy);
    let gradients = exact_gradients(&case);
    // y = ((1, 2), (3, 4), (2·1 - 3, 2·2 - 4)).
    assert_eq!(
        gradients.value.to_bits(),
        f64::to_bits(1.0 + 4.0 + 9.0 + 20.0 - 7.0)
    );
    assert_eq!(gradients.input, array("[[[[15, 24], [-4, -6]]]]"));
    assert_eq!(gradients.parameters[0], array("[[[[29], [65]]]]"));

    // The same input twice, the channels of the second behind those of the first.
    let block = op("op = 'concatenation', branches = [[], []]");
    let dy = array("[[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]]");
    let gradients = exact_gradients(&problem(block, Vec::new(), x, dy));
    assert_eq!(gradients.input, array("[[[[11, 22], [33, 44]]]]"));
}

#[test]
fn layers_of_blocks_are_named_after_them() {
    let layers = "{ op = 'relu' }, { op = 'residual', name = 'block', layers = [{ op = 'relu' }, \
                  { op = 'concatenation', branches = [[], [{ op = 'linear', out_features = 3 }]] }, \
                  { op = 'linear', out_features = 4 }], shortcut = [{ op = 'linear', out_features = 4 }] }, { op = 'relu' }";
    let plan = plan("[2]", layers).expect("it fits");
    let names: Vec<&str> = plan
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    let expected = [
        "relu1",
        "block.relu1",
        "block.concat1.branch2.fc1",
        "block.concat1",
        "block.fc1",
        "block.shortcut.fc1",
        "block",
        "relu2",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        plan.layers[2].parameters[0].name,
        "block.concat1.branch2.fc1.weight"
    );
    assert_eq!(plan.layers[3].output, [1, 5], "2 and 3 features");
}

#[test]
fn blocks_that_do_not_fit_are_refused_with_both_shapes() {
    let wide = "{ op = 'linear', out_features = 3 }";
    for (layers, words) in [
        (
            format!("{{ op = 'residual', name = 'r', layers = [{wide}] }}"),
            &["layer 'r' (residual)", "[1, 3]", "[1, 2]", "projection"][..],
        ),
        ("{ op = 'residual', layers = [] }".to_owned(), &["no layers", "at least one"]),
        ("{ op = 'concatenation', branches = [] }".to_owned(), &["no layers"]),
        (
            "{ op = 'concatenation', branches = [[], []], dim = 2 }".to_owned(),
            &["dim = 2", "[1, 2]", "use 1"],
        ),
        (
            "{ op = 'concatenation', branches = [[], []], dim = 0 }".to_owned(),
            &["dim = 0", "behind the batch"],
        ),
        (
            format!("{{ op = 'residual', layers = [{wide}, {wide}], shortcut = [{{ op = 'max_pool2d', kernel = 2 }}] }}"),
            &["residual1.shortcut.pool1", "[batch, channels, rows, columns]"],
        ),
        (
            "{ op = 'relu', name = 'a.b' }, { op = 'residual', name = 'a', layers = [{ op = 'relu', name = 'b' }] }".to_owned(),
            &["two layers are called 'a.b'"],
        ),
    ] {
        let message = plan("[2]", &layers).expect_err(&layers).to_string();
        for word in words {
            assert!(message.contains(word), "'{word}' in: {message}");
        }
    }
    let uneven = "{ op = 'concatenation', branches = [[], [{ op = 'max_pool2d', kernel = 2 }]] }";
    let message = plan("[2, 4, 4]", uneven).expect_err("uneven").to_string();
    assert!(
        message.contains("[1, 2, 4, 4] and [1, 2, 2, 2]"),
        "{message}"
    );
}

/// What lies outside of a part stands in it as a constant.
#[test]
fn a_part_of_a_network_is_a_function_of_one_activation() {
    let layers = "{ op = 'residual', layers = [{ op = 'linear', out_features = 2 }, { op = 'tanh' }] }, { op = 'relu' }";
    let network = Network::new(&plan("[2]", layers).expect("it fits"));
    let activations: Vec<Tensor<f64>> = (0..5).map(|n| array(&format!("[[{n}, {n}.5]]"))).collect();
    // From the tanh on: the block's input comes past it.
    let part = network.part(1..4, 1, &activations);
    let constant = &part.layers()[0];
    assert_eq!(
        constant.layer,
        gradproof::layer::Layer::Join(Join::Constant(activations[0].clone()))
    );
    assert_eq!(part.layers()[2].reads, [2, 1], "the tanh, and the constant");
    assert_eq!(part.input_shape(), [1, 2]);
}
