//! [candle](https://crates.io/crates/candle-core)'s tensors under test.
//!
//! ```
//! use gradproof::adapter::candle;
//! use gradproof::harness::OperatorTest;
//!
//! let silu = candle::subject(|on| Ok(on["x"].silu()?));
//! OperatorTest::new("silu").keep_nothing().assert_subject(silu);
//! ```

mod losses;
mod operators;

use std::collections::BTreeMap;
use std::ops::Index;

use candle_core::{DType, Device, Error, Tensor, Var};
use ndarray::ArrayD;

use crate::harness::{Answer, Request, Subject, SubjectError};
use crate::spec::case::Precision;

use super::composed::{array, composed, cotangent, leaves};

use operators::Candle;

/// What a closure computes with: candle's tensors, by name.
///
/// `on["x"]` is the input, `on["weight"]` and `on["bias"]` are parameters; gradients are taken with
/// respect to all of them.
#[derive(Debug)]
pub struct Context<'a> {
    request: &'a Request<'a>,
    leaves: BTreeMap<String, Var>,
    dtype: DType,
}

/// A closure over candle's tensors, as [`subject`] makes it.
#[derive(Debug)]
pub struct Closure<F> {
    forward: F,
    precision: Precision,
}

/// Put `forward` under test, in `f64`: what it returns is the output, and gradients are those of candle's
/// `backward`.
///
/// What is not connected with the output has the gradient 0, which is what candle means by giving none.
/// Errors by which candle itself says that it has no backward, or not in this format, are [`SubjectError::Unsupported`].
pub fn subject<F>(forward: F) -> Closure<F>
where
    F: FnMut(&Context<'_>) -> Result<Tensor, SubjectError> + Send,
{
    Closure {
        forward,
        precision: Precision::F64,
    }
}

/// Every operator, loss and network that candle has, in `f64`, by its own functions and modules.
#[must_use]
pub fn operators()
-> Closure<impl FnMut(&Context<'_>) -> Result<Tensor, SubjectError> + Send + Clone> {
    subject(|on: &Context<'_>| on.operators())
}

impl<F> Closure<F> {
    /// The same in `f32`.
    #[must_use]
    pub fn single(self) -> Self {
        Self {
            precision: Precision::F32,
            ..self
        }
    }
}

impl<F> Subject for Closure<F>
where
    F: FnMut(&Context<'_>) -> Result<Tensor, SubjectError> + Send,
{
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let dtype = match self.precision {
            Precision::F64 => DType::F64,
            Precision::F32 => DType::F32,
        };
        let cotangent = tensor(&cotangent(request)?, dtype)?;
        let mut vars = BTreeMap::new();
        for (name, values) in leaves(request) {
            vars.insert(name, Var::from_tensor(&tensor(values, dtype)?)?);
        }
        let context = Context {
            request,
            leaves: vars,
            dtype,
        };
        let output = (self.forward)(&context)?;
        let mut answer = Answer::new(values(&output)?);
        let gradients = (output * cotangent)?.sum_all()?.backward()?;
        for (name, var) in &context.leaves {
            let gradient = match gradients.get(var.as_tensor()) {
                Some(gradient) => values(gradient)?,
                None => ArrayD::zeros(var.dims()),
            };
            answer = answer.with(name, gradient);
        }
        Ok(answer)
    }

    fn precision(&self) -> Precision {
        self.precision
    }
}

impl Context<'_> {
    /// What is asked: the operator with its attributes, or the loss with its targets.
    #[must_use]
    pub fn request(&self) -> &Request<'_> {
        self.request
    }

    /// The tensor of this name; `None` when nothing is called so.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.leaves.get(name).map(Var::as_tensor)
    }

    /// Numbers that no gradient is asked for, such as targets.
    ///
    /// # Errors
    /// candle's.
    pub fn constant(&self, values: &ArrayD<f64>) -> Result<Tensor, SubjectError> {
        Ok(tensor(values, self.dtype)?)
    }

    /// What is asked, by candle's own operators: to fall back on for all that is not under test.
    ///
    /// # Errors
    /// [`SubjectError::Unsupported`] where candle has none, and candle's own.
    pub fn operators(&self) -> Result<Tensor, SubjectError> {
        let candle = Candle { dtype: self.dtype };
        composed(&candle, self.request, |name| self.get(name).cloned())
    }
}

impl Index<&str> for Context<'_> {
    type Output = Tensor;

    /// The tensor of this name.
    ///
    /// # Panics
    /// When nothing is called so.
    fn index(&self, name: &str) -> &Tensor {
        let known: Vec<&String> = self.leaves.keys().collect();
        self.get(name)
            .unwrap_or_else(|| panic!("nothing is called '{name}'; there are {known:?}"))
    }
}

impl From<Error> for SubjectError {
    /// That there is no backward, or not in this format, is candle's own word; all else is a failure.
    fn from(error: Error) -> Self {
        let words = error.to_string();
        let words = words.lines().next().unwrap_or_default().to_owned();
        if words.contains("ackward not supported") || words.contains("unsupported dtype") {
            Self::Unsupported(words)
        } else {
            Self::Failed(words)
        }
    }
}

/// Values as a tensor.
fn tensor(values: &ArrayD<f64>, dtype: DType) -> Result<Tensor, Error> {
    let entries: Vec<f64> = values.iter().copied().collect();
    Tensor::from_vec(entries, values.shape(), &Device::Cpu)?.to_dtype(dtype)
}

/// A tensor's values.
fn values(tensor: &Tensor) -> Result<ArrayD<f64>, SubjectError> {
    let entries = tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    array(tensor.dims(), entries)
}
