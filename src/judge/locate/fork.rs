//! Where branches part: what comes back is the sum of what each sends.

use crate::network::{Coordinate, LeafName, NetworkLayer};
use crate::source::{Estimate, SourceError};
use crate::tensor::Tensor;

use super::compared::compare;
use super::gradients::value;
use super::place::{LayerFault, Place};
use super::search::Search;

impl Search<'_> {
    /// Hold the gradient of an activation that several layers read against the sum of what they send
    /// back; the block of branches that starts there answers for it.
    pub(super) fn fork(
        &self,
        activation: usize,
        outputs: &[Tensor<f64>],
        place: &mut Place,
    ) -> Result<(), SourceError> {
        let network = &self.reference.point.problem.network;
        let mut sum: Vec<Option<Estimate>> = Vec::new();
        let mut own_errors: Vec<f64> = Vec::new();
        for reader in network.readers(activation) {
            if !outputs[reader].iter().all(|dy| dy.is_finite()) {
                return Ok(());
            }
            let alone = self.reference.alone(reader, &outputs[reader])?;
            let Some(alone) = alone.of.iter().find(|alone| alone.activation == activation) else {
                continue;
            };
            sum.resize(
                alone.right.input.len(),
                Some(Estimate {
                    value: 0.0,
                    error: 0.0,
                }),
            );
            own_errors.resize(sum.len(), 0.0);
            let rounding = alone.point.rounding_in(self.format);
            for (index, (sum, term)) in sum.iter_mut().zip(&alone.right.input).enumerate() {
                *sum = match (*sum, term) {
                    (Some(sum), Some(term)) => Some(Estimate {
                        value: sum.value + term.value,
                        // The sum's own rounding is that of the terms' last digits.
                        error: sum.error + term.error + f64::EPSILON * term.value.abs(),
                    }),
                    _ => None,
                };
                let leaf = LeafName::Input;
                let spread = rounding.derivative(Coordinate { leaf, index });
                let size = term.map_or(0.0, |term| term.value.abs());
                own_errors[index] +=
                    self.safety * spread + 2.0 * self.format.unit_roundoff() * size;
            }
        }
        let own = self
            .gradient_of(activation, outputs)
            .into_iter()
            .zip(own_errors);
        let own = own.map(|(value, error)| value.map(|value| Estimate { value, error }));
        let compared = compare(&own.collect(), &sum);
        let starts_here = |layer: &NetworkLayer| layer.fork == Some(activation);
        let block = network.layers().iter().rposition(starts_here);
        if let Some(number) = block.filter(|_| compared.wrong > 0) {
            let layer = network.layers()[number].name.clone();
            let tensor = compared.of_activation(activation, format!("{layer}'s input"));
            place.clean.retain(|clean| *clean != layer);
            place.inherited.retain(|inherited| *inherited != layer);
            match place.culprits.iter_mut().find(|fault| fault.layer == layer) {
                Some(fault) => fault.tensors.push(tensor),
                None => place.culprits.push(LayerFault {
                    number: Some(number),
                    layer,
                    tensors: vec![tensor],
                }),
            }
        }
        Ok(())
    }

    /// What the subject says of activation number `activation`.
    pub(super) fn gradient_of(
        &self,
        activation: usize,
        outputs: &[Tensor<f64>],
    ) -> Vec<Option<f64>> {
        match activation.checked_sub(1) {
            None => self.subject.input.iter().map(value).collect(),
            Some(layer) => outputs[layer].iter().copied().map(Some).collect(),
        }
    }
}
