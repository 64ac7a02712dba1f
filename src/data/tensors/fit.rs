//! A file's tensors against those that are wanted.

use super::error::{Misfit, TensorFault, TensorFileError};
use super::{Listed, TensorFile};
use crate::tensor::{Tensor, unflatten};

/// A tensor that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its shape; a tensor of one entry may stand for a single number.
    pub shape: Vec<usize>,
    /// Whether it has to be there.
    pub is_needed: bool,
}

impl Wanted {
    /// A tensor that has to be there.
    #[must_use]
    pub fn needed(name: &str, shape: &[usize]) -> Self {
        Self {
            name: name.to_owned(),
            shape: shape.to_vec(),
            is_needed: true,
        }
    }

    /// One that may be there.
    #[must_use]
    pub fn optional(name: &str, shape: &[usize]) -> Self {
        Self {
            is_needed: false,
            ..Self::needed(name, shape)
        }
    }

    fn has_shape(&self, shape: &[usize]) -> bool {
        self.shape == shape || (self.shape.is_empty() && shape == [1])
    }
}

impl TensorFile {
    /// The tensors that are `wanted`, in that order; errors call them the `what` of `network`.
    ///
    /// # Errors
    /// [`TensorFileError::Misfit`], with every tensor that is missing, surplus, of another shape or type,
    /// or not finite; [`TensorFileError::Read`], when entries are damaged.
    pub fn fit(
        &self,
        what: &str,
        network: &str,
        wanted: &[Wanted],
    ) -> Result<Vec<Option<Tensor<f64>>>, TensorFileError> {
        let there = |name: &str| self.tensors.iter().find(|listed| listed.name == name);
        let is_wanted = |listed: &&Listed| wanted.iter().any(|wanted| wanted.name == listed.name);
        let surplus: Vec<&Listed> = self.tensors.iter().filter(|t| !is_wanted(t)).collect();
        let mut faults = Vec::new();
        for wanted in wanted {
            let Wanted { name, shape, .. } = wanted;
            match there(name) {
                None if wanted.is_needed => faults.push(TensorFault::Missing {
                    name: name.clone(),
                    shape: shape.clone(),
                    suggestion: meant(wanted, &surplus),
                }),
                Some(found) if !wanted.has_shape(&found.shape) => {
                    faults.push(TensorFault::Shape {
                        name: name.clone(),
                        found: found.shape.clone(),
                        wanted: shape.clone(),
                    });
                }
                Some(found) if !found.entry_type.is_float() => faults.push(TensorFault::Type {
                    name: name.clone(),
                    found: found.entry_type.to_string(),
                }),
                _ => (),
            }
        }
        faults.extend(surplus.iter().map(|listed| TensorFault::Surplus {
            name: listed.name.clone(),
            shape: listed.shape.clone(),
        }));
        // What has another shape is not unpacked: it could be any size.
        let fits = |wanted: &Wanted, listed: &&Listed| {
            wanted.has_shape(&listed.shape) && listed.entry_type.is_float()
        };
        let mut tensors = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let listed = there(&wanted.name).filter(|listed| fits(wanted, listed));
            let tensor = listed.map(|listed| self.read(listed)).transpose()?;
            faults.extend(tensor.as_ref().and_then(|t| not_finite(&wanted.name, t)));
            tensors.push(tensor);
        }
        if faults.is_empty() {
            return Ok(tensors);
        }
        let needed = wanted.iter().filter(|wanted| wanted.is_needed);
        Err(TensorFileError::Misfit(Box::new(Misfit {
            path: self.path.clone(),
            what: what.to_owned(),
            network: network.to_owned(),
            faults,
            wanted: needed
                .map(|wanted| (wanted.name.clone(), wanted.shape.clone()))
                .collect(),
            found: self.tensors.clone(),
        })))
    }
}

fn not_finite(name: &str, tensor: &Tensor<f64>) -> Option<TensorFault> {
    let mut odd = tensor
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_finite());
    let (first, value) = odd.next()?;
    Some(TensorFault::NotFinite {
        name: name.to_owned(),
        count: 1 + odd.count(),
        of: tensor.len(),
        first: unflatten(first, tensor.shape()),
        value: *value,
    })
}

/// The surplus tensor that may be the one that is missing: by the end of its name, by its name, or as the
/// only one of that shape.
fn meant(wanted: &Wanted, surplus: &[&Listed]) -> Option<String> {
    let name = |listed: &&&Listed| listed.name.clone();
    let inside = format!(".{}", wanted.name);
    if let Some(listed) = surplus.iter().find(|listed| listed.name.ends_with(&inside)) {
        return Some(name(&listed));
    }
    let same: Vec<&&Listed> = surplus
        .iter()
        .filter(|listed| wanted.has_shape(&listed.shape))
        .collect();
    if let [only] = same[..] {
        return Some(name(&only));
    }
    let candidates = if same.is_empty() {
        surplus.iter().collect()
    } else {
        same
    };
    let distance = |listed: &&&Listed| strsim::damerau_levenshtein(&listed.name, &wanted.name);
    let shorter = |listed: &&&Listed| listed.name.len().min(wanted.name.len());
    candidates
        .into_iter()
        // No name is worth the time that a very long one would take, nor a guess that is half wrong.
        .filter(|listed| listed.name.len() <= 4 * wanted.name.len())
        .filter(|listed| 2 * distance(listed) <= shorter(listed))
        .min_by_key(distance)
        .map(|listed| name(&listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tensors::{Entries, NamedTensor, TensorFormat};

    fn tensor(name: &str, shape: &[usize], value: f64) -> NamedTensor {
        let size = shape.iter().product();
        NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            entries: Entries::F64(vec![value; size]),
        }
    }

    fn message(tensors: &[NamedTensor]) -> String {
        let wanted = [
            Wanted::needed("conv1.weight", &[6, 1, 5, 5]),
            Wanted::needed("conv1.bias", &[6]),
            Wanted::needed("fc1.weight", &[3, 2]),
            Wanted::optional("loss", &[]),
        ];
        let mut messages = TensorFormat::ALL.map(|format| {
            let bytes = format.write(tensors).expect("tensors that can be written");
            let path = format!("mine.{}", format.ending());
            let file = TensorFile::from_bytes(&path, bytes).expect("a whole file");
            let error = file
                .fit("gradients", "lenet5", &wanted)
                .expect_err("a misfit");
            error.to_string().replace(&path, "FILE")
        });
        assert_eq!(messages[0], messages[1], "both formats say the same");
        std::mem::take(&mut messages[0])
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let message = message(&[
            tensor("module.conv1.weight", &[6, 1, 5, 5], 1.0),
            tensor("fc1.weight", &[2, 3], 1.0),
            tensor("loss", &[1], f64::INFINITY),
            tensor("bn1.running_mean", &[4], 0.0),
            NamedTensor {
                name: "conv1.bias".to_owned(),
                shape: vec![6],
                entries: Entries::I64(vec![1; 6]),
            },
        ]);
        for words in [
            "the gradients in FILE are not those of lenet5",
            "conv1.weight [6, 1, 5, 5] is missing: is it 'module.conv1.weight'?",
            "module.conv1.weight [6, 1, 5, 5] is surplus",
            "fc1.weight has the shape [2, 3], and [3, 2] is wanted: transposed?",
            "conv1.bias has entries of type int64, and float64 or float32 is wanted",
            "loss is not finite in 1 of 1 entries: loss[0] is inf",
            "lenet5 has conv1.weight [6, 1, 5, 5], conv1.bias [6], fc1.weight [3, 2]",
            "FILE has bn1.running_mean [4] float64, conv1.bias [6] int64",
            "dict(model.named_parameters())",
        ] {
            assert!(message.contains(words), "'{words}' in: {message}");
        }
    }

    #[test]
    fn a_name_is_guessed_by_its_shape_or_its_letters() {
        let guess = message(&[
            tensor("features.0.weight", &[6, 1, 5, 5], 1.0),
            tensor("conv1.bais", &[6], 1.0),
            tensor("classifier.bias", &[6], 1.0),
            tensor("zebra\n", &[9], 1.0),
        ]);
        for words in [
            "conv1.weight [6, 1, 5, 5] is missing: is it 'features.0.weight'?",
            "conv1.bias [6] is missing: is it 'conv1.bais'?",
            "fc1.weight [3, 2] is missing\n",
            "zebra\\n [9] is surplus",
        ] {
            assert!(guess.contains(words), "'{words}' in: {guess}");
        }
    }
}
