//! [burn](https://crates.io/crates/burn)'s tensors under test, on its processor backend in `f64`.
//!
//! ```
//! use ::burn::tensor::activation;
//! use gradproof::adapter::burn;
//! use gradproof::harness::OperatorTest;
//!
//! let silu = burn::subject(|on| Ok(activation::silu(on.get::<4>("x")?)));
//! OperatorTest::new("silu").keep_nothing().assert_subject(silu);
//! ```

mod losses;
mod operators;
mod ranked;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use ndarray::ArrayD;

use crate::harness::{Answer, Request, Subject, SubjectError};

use super::composed::{array, composed, cotangent, leaves};

use operators::Burn;

pub use ranked::Ranked;

/// What a closure computes with: burn's tensors, by name.
#[derive(Debug)]
pub struct Context<'a> {
    request: &'a Request<'a>,
    leaves: BTreeMap<String, Ranked>,
}

/// A closure over burn's tensors, as [`subject`] makes it.
#[derive(Debug)]
pub struct Closure<F> {
    forward: F,
}

/// Put `forward` under test, in `f64`: what it returns is the output, and gradients are those of burn's
/// `backward`. What burn gives no gradient for has the gradient 0.
pub fn subject<T, F>(
    mut forward: F,
) -> Closure<impl FnMut(&Context<'_>) -> Result<Ranked, SubjectError> + Send>
where
    F: FnMut(&Context<'_>) -> Result<T, SubjectError> + Send,
    T: Into<Ranked>,
{
    Closure {
        forward: move |on: &Context<'_>| forward(on).map(Into::into),
    }
}

/// Every operator, loss and network that burn has, by its own functions and modules.
#[must_use]
pub fn operators() -> Closure<impl FnMut(&Context<'_>) -> Result<Ranked, SubjectError> + Send> {
    subject(|on: &Context<'_>| on.operators())
}

impl<F> Subject for Closure<F>
where
    F: FnMut(&Context<'_>) -> Result<Ranked, SubjectError> + Send,
{
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let cotangent = cotangent(request)?;
        let leaves: BTreeMap<String, Ranked> = leaves(request)
            .into_iter()
            .map(|(name, values)| (name, constant(values).into_leaf()))
            .collect();
        let context = Context { request, leaves };
        let mut output = (self.forward)(&context)?;
        // A number is a tensor of one entry there.
        if cotangent.ndim() == 0 && output.shape == [1] {
            output.shape = Vec::new();
        }
        let mut answer = Answer::new(array(&output.shape, entries(output.flat.clone())?)?);
        let objective = (output.flat * constant(&cotangent).flat).sum();
        let gradients = objective.backward();
        for (name, leaf) in &context.leaves {
            let gradient = match leaf.flat.grad(&gradients) {
                Some(gradient) => array(&leaf.shape, entries(gradient)?)?,
                None => ArrayD::zeros(leaf.shape.clone()),
            };
            answer = answer.with(name, gradient);
        }
        Ok(answer)
    }
}

impl Context<'_> {
    /// What is asked: the operator with its attributes, or the loss with its targets.
    #[must_use]
    pub fn request(&self) -> &Request<'_> {
        self.request
    }

    /// The tensor of this name, of `D` axes: `x` is the input, `weight` and `bias` are parameters;
    /// gradients are taken with respect to all of them.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] when nothing is called so, or it has other axes.
    pub fn get<const D: usize>(&self, name: &str) -> Result<Tensor<D>, SubjectError> {
        let known = || self.leaves.keys().collect::<Vec<_>>();
        let leaf = self.leaves.get(name).ok_or_else(|| {
            SubjectError::Failed(format!(
                "nothing is called '{name}'; there are {:?}",
                known()
            ))
        })?;
        leaf.rank()
    }

    /// Numbers that no gradient is asked for, such as targets.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] when there are other axes than `D`.
    pub fn constant<const D: usize>(
        &self,
        values: &ArrayD<f64>,
    ) -> Result<Tensor<D>, SubjectError> {
        constant(values).rank()
    }

    /// What is asked, by burn's own operators: to fall back on for all that is not under test.
    ///
    /// # Errors
    /// [`SubjectError::Unsupported`] where burn has none.
    pub fn operators(&self) -> Result<Ranked, SubjectError> {
        composed(&Burn, self.request, |name| self.leaves.get(name).cloned())
    }
}

/// burn's processor device, with gradients. `f64` becomes its default, unless somebody has set another.
fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| {
        let mut device = Device::flex();
        // Whoever came first has decided; leaves say their format themselves.
        let _ = device.configure(FloatDType::F64);
        device.autodiff()
    })
}

/// Values as a tensor.
fn constant(values: &ArrayD<f64>) -> Ranked {
    let entries: Vec<f64> = values.iter().copied().collect();
    let data = TensorData::new(entries, [values.len()]);
    Ranked {
        flat: Tensor::from_data(data, (device(), DType::F64)),
        shape: values.shape().to_vec(),
    }
}

/// A tensor's values, which have to be of `f64`.
fn entries(tensor: Tensor<1>) -> Result<Vec<f64>, SubjectError> {
    let unreadable = |error: &dyn std::fmt::Debug| SubjectError::Failed(format!("{error:?}"));
    let data = tensor.try_into_data().map_err(|error| unreadable(&error))?;
    if data.dtype() != DType::F64 {
        return Err(SubjectError::Failed(format!(
            "it computes in {:?}, though all that it is given is in f64",
            data.dtype()
        )));
    }
    data.try_into_vec::<f64>()
        .map_err(|error| unreadable(&error))
}
