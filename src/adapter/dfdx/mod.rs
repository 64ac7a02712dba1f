//! [dfdx](https://crates.io/crates/dfdx)'s tensors under test, in `f64`.
//!
//! ```
//! use gradproof::adapter::dfdx;
//! use gradproof::harness::OperatorTest;
//!
//! type Image = (usize, usize, usize, usize);
//! let tanh = dfdx::subject(|on| Ok(on.get::<Image>("x")?.tanh()));
//! OperatorTest::new("tanh").keep_nothing().assert_subject(tanh);
//! ```

mod operators;

use std::collections::BTreeMap;

use dfdx::prelude::{
    Axis, Backward, Cpu, HasShape, OwnedTape, ReshapeTo, Shape, SumTo, Tensor, TensorFromVec, Trace,
};
use ndarray::ArrayD;

use crate::harness::{Answer, Request, Subject, SubjectError};

use super::composed::{array, cotangent, leaves};

/// A tensor without history.
pub type Plain<S> = Tensor<S, f64, Cpu>;

/// A tensor that remembers where it comes from.
pub type Taped<S> = Tensor<S, f64, Cpu, OwnedTape<f64, Cpu>>;

/// What a closure computes with: dfdx's tensors, by name.
#[derive(Debug)]
pub struct Context<'a> {
    request: &'a Request<'a>,
    leaves: BTreeMap<String, Leaf>,
}

/// What a gradient is asked for, in one axis, and the shape that it has.
#[derive(Debug)]
struct Leaf {
    flat: Plain<(usize,)>,
    shape: Vec<usize>,
}

/// A tensor of any number of axes; every [`Taped`] can be made one.
#[derive(Debug)]
pub struct Ranked {
    flat: Taped<(usize,)>,
    shape: Vec<usize>,
}

impl<S: Shape> From<Taped<S>> for Ranked {
    fn from(tensor: Taped<S>) -> Self {
        let shape: Vec<usize> = tensor.shape().concrete().into();
        let size = shape.iter().product::<usize>();
        Self {
            flat: tensor.reshape_like(&(size,)),
            shape,
        }
    }
}

/// A closure over dfdx's tensors, as [`subject`] makes it.
#[derive(Debug)]
pub struct Closure<F> {
    forward: F,
}

/// Put `forward` under test: what it returns is the output, and gradients are those of dfdx's `backward`.
/// What is not connected with the output has the gradient 0.
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

/// Every operator and loss that dfdx has on stable Rust; its convolutions and poolings need a nightly
/// compiler.
#[must_use]
pub fn operators() -> Closure<impl FnMut(&Context<'_>) -> Result<Ranked, SubjectError> + Send> {
    subject(|on: &Context<'_>| on.operators())
}

impl<F> Subject for Closure<F>
where
    F: FnMut(&Context<'_>) -> Result<Ranked, SubjectError> + Send,
{
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let cotangent = flat(&cotangent(request)?);
        let leaf = |(name, values): (String, &ArrayD<f64>)| {
            let shape = values.shape().to_vec();
            let flat = flat(values);
            (name, Leaf { flat, shape })
        };
        let context = Context {
            request,
            leaves: leaves(request).into_iter().map(leaf).collect(),
        };
        let output = (self.forward)(&context)?;
        let mut answer = Answer::new(array(&output.shape, output.flat.as_vec())?);
        let objective: Taped<()> = (output.flat * cotangent).sum::<(), Axis<0>>();
        let mut gradients = objective.backward();
        for (name, leaf) in &context.leaves {
            // Zeros, where nothing is connected.
            gradients
                .get_or_alloc_mut(&leaf.flat)
                .map_err(|error| SubjectError::Failed(format!("{error:?}")))?;
            let gradient = gradients.get(&leaf.flat).as_vec();
            answer = answer.with(name, array(&leaf.shape, gradient)?);
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

    /// The tensor of this name in its shape, such as `(usize, usize)`: `x` is the input, `weight` and
    /// `bias` are parameters; gradients are taken with respect to all of them.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] when nothing is called so, or it has other axes.
    pub fn get<S: Shape>(&self, name: &str) -> Result<Taped<S>, SubjectError> {
        let leaf = self.leaf(name)?;
        Ok(leaf.flat.leaky_trace().reshape_like(&shape(&leaf.shape)?))
    }

    /// Numbers that no gradient is asked for, such as targets.
    ///
    /// # Errors
    /// [`SubjectError::Failed`] when there are other axes.
    pub fn constant<S: Shape>(&self, values: &ArrayD<f64>) -> Result<Plain<S>, SubjectError> {
        Ok(flat(values).reshape_like(&shape(values.shape())?))
    }

    /// What is asked, by dfdx's own operators: to fall back on for all that is not under test.
    ///
    /// # Errors
    /// [`SubjectError::Unsupported`] where dfdx has none.
    pub fn operators(&self) -> Result<Ranked, SubjectError> {
        operators::answer(self)
    }

    fn leaf(&self, name: &str) -> Result<&Leaf, SubjectError> {
        self.leaves.get(name).ok_or_else(|| {
            let known: Vec<&String> = self.leaves.keys().collect();
            SubjectError::Failed(format!("nothing is called '{name}'; there are {known:?}"))
        })
    }

    /// The tensor of this name, in `shape`, which has as many entries.
    fn reshaped<S: Shape>(&self, name: &str, shape: S) -> Result<Taped<S>, SubjectError> {
        Ok(self.leaf(name)?.flat.leaky_trace().reshape_like(&shape))
    }
}

fn flat(values: &ArrayD<f64>) -> Plain<(usize,)> {
    let entries: Vec<f64> = values.iter().copied().collect();
    let size = entries.len();
    Cpu::default().tensor_from_vec(entries, (size,))
}

/// The shape of these sizes.
fn shape<S: Shape>(sizes: &[usize]) -> Result<S, SubjectError> {
    let other = || {
        SubjectError::Failed(format!(
            "a tensor of shape {sizes:?} does not have {} axes",
            S::NUM_DIMS
        ))
    };
    if sizes.len() != S::NUM_DIMS {
        return Err(other());
    }
    let mut concrete = S::Concrete::default();
    for (axis, size) in sizes.iter().enumerate() {
        concrete[axis] = *size;
    }
    S::from_concrete(&concrete).ok_or_else(other)
}
