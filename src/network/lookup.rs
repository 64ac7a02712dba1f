//! From a coordinate's name to the coordinate, or to what is wrong with the name.

use thiserror::Error;

use crate::tensor;

use super::{Coordinate, LeafName, Network};

/// Why a name is no coordinate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CoordinateError {
    /// It is not of the form `tensor[i,j]`.
    #[error(
        "'{name}' is no coordinate: write the tensor's name and the index in brackets, for example '{example}'"
    )]
    Form {
        /// What was asked for.
        name: String,
        /// A coordinate that exists.
        example: String,
    },
    /// The network has no such tensor.
    #[error("there is no tensor '{tensor}'{}: this network has {}",
        .suggestion.as_ref().map(|known| format!(", did you mean '{known}'?")).unwrap_or_default(), known.join(", "))]
    Tensor {
        /// What was asked for.
        tensor: String,
        /// The tensor with the nearest name.
        suggestion: Option<String>,
        /// All tensors.
        known: Vec<String>,
    },
    /// There are too few or too many indices.
    #[error("'{name}' has {given} indices, but {tensor} has the shape {shape:?}: give {} of them, counted from 0", shape.len())]
    Rank {
        /// What was asked for.
        name: String,
        /// Indices given.
        given: usize,
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An index is too large.
    #[error("'{name}' lies outside of {tensor}, which has the shape {shape:?}: index {axis} is at most {}, counted from 0", shape[*axis].saturating_sub(1))]
    Range {
        /// What was asked for.
        name: String,
        /// The axis.
        axis: usize,
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
}

impl Network {
    /// The coordinate of this name, such as `conv1.weight[0,2,1,1]` or `input[0,0,5,5]`.
    ///
    /// # Errors
    /// [`CoordinateError`], which names what is wrong and what would be right.
    pub fn find_coordinate(&self, name: &str) -> Result<Coordinate, CoordinateError> {
        let form = || CoordinateError::Form {
            name: name.to_owned(),
            example: self.coordinate_name(Coordinate {
                leaf: self
                    .leaf_called(name.split('[').next().unwrap_or_default())
                    .unwrap_or(if self.parameter_shapes().next().is_some() {
                        LeafName::Parameter(0)
                    } else {
                        LeafName::Input
                    }),
                index: 0,
            }),
        };
        let (tensor, index) = name
            .trim()
            .strip_suffix(']')
            .and_then(|open| open.split_once('['))
            .ok_or_else(form)?;
        let leaf = self
            .leaf_called(tensor)
            .ok_or_else(|| self.unknown_tensor(tensor))?;
        let index: Vec<usize> = index
            .split(',')
            .map(|i| i.trim().parse().ok())
            .collect::<Option<_>>()
            .ok_or_else(form)?;
        let shape = self.leaf_shape(leaf);
        if index.len() != shape.len() {
            return Err(CoordinateError::Rank {
                name: name.to_owned(),
                given: index.len(),
                tensor: tensor.to_owned(),
                shape: shape.to_vec(),
            });
        }
        if let Some(axis) = (0..shape.len()).find(|axis| index[*axis] >= shape[*axis]) {
            return Err(CoordinateError::Range {
                name: name.to_owned(),
                axis,
                tensor: tensor.to_owned(),
                shape: shape.to_vec(),
            });
        }
        let index = tensor::flatten(&index, shape).ok_or_else(form)?;
        Ok(Coordinate { leaf, index })
    }

    fn leaf_called(&self, name: &str) -> Option<LeafName> {
        if name == "input" {
            return Some(LeafName::Input);
        }
        self.parameter_shapes()
            .position(|(known, _)| known == name)
            .map(LeafName::Parameter)
    }

    fn unknown_tensor(&self, tensor: &str) -> CoordinateError {
        let mut known: Vec<String> = self
            .parameter_shapes()
            .map(|(name, _)| name.to_owned())
            .collect();
        known.push("input".to_owned());
        let suggestion = known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(name, tensor), name))
            // Half of a name has to be right before it is worth a guess.
            .filter(|(distance, name)| 2 * distance <= name.len().min(tensor.len()))
            .min()
            .map(|(_, name)| name.clone());
        CoordinateError::Tensor {
            tensor: tensor.to_owned(),
            suggestion,
            known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::plan::Plan;
    use crate::spec::preset::preset;

    fn refusal(name: &str) -> String {
        let spec = preset("lenet5").expect("a preset");
        let network = Network::new(&Plan::new(&spec, 2).expect("it fits"));
        let error = network.find_coordinate(name).expect_err(name);
        error.to_string()
    }

    #[test]
    fn every_coordinate_is_found_by_its_name() {
        let spec = preset("mlp").expect("a preset");
        let network = Network::new(&Plan::new(&spec, 2).expect("it fits"));
        for leaf in [
            LeafName::Input,
            LeafName::Parameter(0),
            LeafName::Parameter(5),
        ] {
            let coordinate = Coordinate { leaf, index: 7 };
            let name = network.coordinate_name(coordinate);
            assert_eq!(network.find_coordinate(&name), Ok(coordinate), "{name}");
        }
        let spaced = network.find_coordinate("fc1.weight[0, 7]");
        assert_eq!(spaced, network.find_coordinate("fc1.weight[0,7]"), "spaces");
    }

    #[test]
    fn a_wrong_name_is_answered_with_what_would_be_right() {
        for (name, words) in [
            (
                "conv1.weight",
                &["in brackets", "'conv1.weight[0,0,0,0]'"][..],
            ),
            (
                "conv2.weight[0,0,0",
                &["in brackets", "'conv2.weight[0,0,0,0]'"],
            ),
            ("conv1.weight[a]", &["in brackets"]),
            ("conv1.weight[]", &["in brackets"]),
            ("", &["in brackets"]),
            (
                "conv1.wieght[0]",
                &["did you mean 'conv1.weight'?", "fc3.bias"],
            ),
            (
                "zzz[0]",
                &["no tensor 'zzz'", "conv1.weight, conv1.bias", "input"],
            ),
            (
                "conv1.weight[0,0]",
                &["2 indices", "[6, 1, 5, 5]", "give 4"],
            ),
            (
                "conv1.weight[0,0,5,0]",
                &["[6, 1, 5, 5]", "index 2 is at most 4"],
            ),
            ("conv1.weight[0,0,99999999999999999999,0]", &["in brackets"]),
        ] {
            let message = refusal(name);
            for word in words {
                assert!(message.contains(word), "'{word}' in: {message}");
            }
        }
    }
}
