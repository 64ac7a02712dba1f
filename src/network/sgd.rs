//! A little training before the check, as CS231n advises: gradients at initial weights can hide
//! what gradients at trained ones show.

use super::Problem;

/// Step size of [`train`].
pub const LEARNING_RATE: f64 = 0.05;

/// Take `steps` steps of plain gradient descent, w ← w − 0.05·dL/dw, on the problem's own batch.
pub fn train(problem: &mut Problem, steps: usize) {
    for _ in 0..steps {
        let gradients = problem.backpropagate::<f64>(None).parameters;
        for (weight, gradient) in problem.parameters.tensors.iter_mut().zip(gradients) {
            weight.scaled_add(-LEARNING_RATE, &gradient);
        }
    }
}
