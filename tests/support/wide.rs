//! A network for projections.

use gradproof::spec::NetworkSpec;

/// A network of 338,670 parameters in matrices: large enough to be projected, and quickly checked.
pub(crate) fn wide() -> NetworkSpec {
    NetworkSpec::from_toml(
        r#"
        name = "wide"
        input = [1, 28, 28]
        loss = { op = "softmax_cross_entropy" }
        layers = [
            { op = "flatten" },
            { op = "linear", name = "fc1", out_features = 400 },
            { op = "tanh" },
            { op = "linear", name = "fc2", out_features = 60 },
            { op = "leaky_relu" },
            { op = "linear", name = "fc3", out_features = 10 },
        ]
        "#,
    )
    .expect("a network")
}
