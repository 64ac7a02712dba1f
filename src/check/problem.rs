//! From a case to the point that its gradients are taken at.

use crate::data;
use crate::network::{Network, Objective, Parameters, Problem, sgd};
use crate::spec::case::Case;
use crate::spec::plan::Plan;

use super::{CheckError, given};

/// The network of `case` at the point that its gradients are taken at: after training, under the data
/// loss and the penalty, in numbers that the case's precision holds.
///
/// # Errors
/// [`CheckError`], which names what is wrong and the way out.
pub fn problem(case: &Case) -> Result<Problem, CheckError> {
    if let Some(penalty) = case.penalty
        && !(penalty.strength().is_finite() && penalty.strength() > 0.0)
    {
        return Err(CheckError::Penalty(penalty.strength()));
    }
    let format = case.precision.format();
    if let Some(penalty) = case.penalty
        && !(format.round(penalty.strength()) > 0.0 && format.round(penalty.strength()).is_finite())
    {
        return Err(CheckError::PenaltyBeyondF32(penalty.strength()));
    }
    let plan = Plan::new(&case.spec, case.samples)?;
    let (input, loss) = data::batch(&case.spec, &plan, case.seed)?;
    let network = Network::new(&plan);
    let parameters = match given::parameters(case, &network)? {
        Some(given) => given,
        None => Parameters::seeded(&plan, case.seed),
    };
    let mut problem = Problem {
        network,
        parameters,
        input,
        objective: Objective {
            loss: Some(loss),
            scale: 1.0,
            penalty: case.penalty,
        },
    };
    if problem.parameters.count() == 0 {
        return Err(CheckError::NoParameters(case.spec.name.clone()));
    }
    sgd::train(&mut problem, case.train_steps);
    if problem
        .parameters
        .tensors
        .iter()
        .flatten()
        .any(|w| !w.is_finite())
    {
        return Err(CheckError::Diverged(case.train_steps));
    }
    let problem = problem.rounded_to(format);
    let weights = problem.parameters.tensors.iter().flatten();
    if weights.chain(&problem.input).any(|w| !w.is_finite()) {
        return Err(CheckError::BeyondF32);
    }
    Ok(problem)
}

/// The case with the checksum of its files' content, which its token carries.
pub(super) fn sealed(case: &Case) -> Result<Case, CheckError> {
    let mut case = case.clone();
    if case.spec.data.checksum().is_none()
        && let Some(checksum) = data::files::checksum(&case.spec.data)?
    {
        case.spec.data = case.spec.data.sealed(checksum);
    }
    given::seal(&mut case.files)?;
    Ok(case)
}
