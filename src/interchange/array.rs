//! Arrays in files: a shape, and numbers in row-major order.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tensor::{self, Tensor, values};

use super::{CaseError, number};

/// An array as it stands in a file. A number that JSON has none for is `NaN`, `Infinity`,
/// `-Infinity`, one of these in quotes, or `null`, which is read as NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// Entries along each axis; none for a single number.
    pub shape: Vec<usize>,
    data: Vec<Entry>,
}

impl Array {
    /// Its numbers, if there are as many as the shape says.
    ///
    /// # Errors
    /// [`CaseError::Count`], with `name` for the array.
    pub fn tensor(&self, name: &str) -> Result<Tensor<f64>, CaseError> {
        let numbers: Vec<f64> = self.data.iter().map(|entry| entry.0).collect();
        tensor::from_values(&self.shape, numbers).ok_or_else(|| CaseError::Count {
            name: name.to_owned(),
            count: self.data.len(),
            shape: self.shape.clone(),
        })
    }
}

impl From<&Tensor<f64>> for Array {
    fn from(tensor: &Tensor<f64>) -> Self {
        Self {
            shape: tensor.shape().to_vec(),
            data: values(tensor).iter().copied().map(Entry).collect(),
        }
    }
}

/// One number.
#[derive(Clone, Copy, Debug)]
struct Entry(f64);

impl PartialEq for Entry {
    /// Of bits, so that NaN is read back as what was written.
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_as_it_is_written() {
        let numbers = vec![
            0.1,
            -0.0,
            5e-324,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
            -f64::INFINITY,
        ];
        let tensor = tensor::from_values(&[7], numbers.clone()).expect("seven numbers");
        let text = serde_json::to_string(&Array::from(&tensor)).expect("an array is JSON");
        let back: Array = serde_json::from_str(&text).expect("its own JSON");
        let back = back.tensor("x").expect("seven numbers");
        for (back, number) in values(&back).iter().zip(&numbers) {
            assert_eq!(back.to_bits(), number.to_bits(), "{number} in {text}");
        }
    }

    #[test]
    fn null_is_nan_and_words_are_refused() {
        let array: Array =
            serde_json::from_str(r#"{"shape": [2], "data": [null, 3]}"#).expect("an array");
        let tensor = array.tensor("x").expect("two numbers");
        assert!(tensor[[0]].is_nan(), "{tensor}");
        assert_eq!(tensor[[1]].to_bits(), 3.0_f64.to_bits());
        let error = serde_json::from_str::<Array>(r#"{"shape": [1], "data": ["one"]}"#)
            .expect_err("a word");
        assert!(error.to_string().contains("NaN"), "{error}");
    }

    #[test]
    fn another_number_of_numbers_is_named() {
        for (shape, count) in [
            ("[2,2]", 3),
            ("[18446744073709551615,2]", 1),
            ("[]", 2),
            ("[0]", 1),
        ] {
            let data = vec!["1"; count].join(",");
            let text = format!(r#"{{"shape":{shape},"data":[{data}]}}"#);
            let array: Array = serde_json::from_str(&text).expect("an array");
            let error = array.tensor("weight").expect_err("misfit").to_string();
            assert!(
                error.contains("weight") && error.contains(&count.to_string()),
                "{error}"
            );
        }
    }
}
