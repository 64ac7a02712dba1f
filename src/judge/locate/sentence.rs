//! A place in plain words.

use crate::judge::words::listed;

use super::place::{FaultyTensor, LayerFault, Place, Seen};

impl Place {
    /// Where agreement is lost, who only inherits the error, and what cannot be seen.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some((first, further)) = self.culprits.split_first() else {
            if self.inherited.is_empty() {
                return "Every gradient that can be seen is right, in every layer.".to_owned();
            }
            return format!(
                "Gradients of {} are wrong, but no layer is, given what reaches it: the error is spread too thinly over several.",
                listed(&self.inherited)
            );
        };
        let mut sentences = match &self.seen {
            Seen::Leaves { or_in } => self.by_leaves(or_in),
            Seen::Outputs => {
                let further = further.iter().map(another);
                std::iter::once(first_lost(first)).chain(further).collect()
            }
        };
        if !self.inherited.is_empty() {
            let verb = if self.inherited.len() == 1 {
                "inherits"
            } else {
                "inherit"
            };
            sentences.push(format!(
                "{} only {verb} the error.",
                listed(&self.inherited)
            ));
        }
        sentences.join(" ")
    }

    /// One sentence for each culprit, where only leaves are seen.
    fn by_leaves(&self, or_in: &[String]) -> Vec<String> {
        let mut layers = self.culprits.iter().filter(|fault| fault.number.is_some());
        let nearest = if or_in.is_empty() {
            None
        } else {
            layers.next_back()
        };
        let layers = layers
            .map(by_itself)
            .chain(nearest.map(|fault| self::nearest(fault, or_in)));
        let others = self.culprits.iter().filter(|fault| fault.number.is_none());
        layers.chain(others.map(first_lost)).collect()
    }
}

/// A gradient that is wrong where what reaches it is right.
fn by_itself(fault: &LayerFault) -> String {
    let (those, are) = that_is(&fault.tensors);
    format!(
        "Agreement is lost in {}, where {those} of {} {are} wrong and nothing else comes of it: gradients that the error would have come through to are right. Gradients of activations are not known.",
        fault.layer,
        tensors(&fault.tensors)
    )
}

fn first_lost(fault: &LayerFault) -> String {
    let layer = &fault.layer;
    match (fault.number, layer.as_str()) {
        (None, "penalty") => penalty(fault),
        (None, _) => format!(
            "Agreement is lost at the {layer} already: the gradient of {} is wrong.",
            tensors(&fault.tensors)
        ),
        (Some(_), _) => {
            let (those, are) = that_is(&fault.tensors);
            format!(
                "Agreement is first lost in {layer}: the gradient of its output is right, {those} of {} {are} not.",
                tensors(&fault.tensors)
            )
        }
    }
}

fn another(fault: &LayerFault) -> String {
    if fault.number.is_none() {
        return penalty(fault);
    }
    let (those, are) = that_is(&fault.tensors);
    format!(
        "{} has a fault of its own besides: given the gradient that reaches it, {those} of {} {are} wrong.",
        fault.layer,
        tensors(&fault.tensors)
    )
}

fn penalty(fault: &LayerFault) -> String {
    format!(
        "The penalty's gradient is wrong: without it {} agree{}, with it not.",
        tensors(&fault.tensors),
        if fault.tensors.len() == 1 { "s" } else { "" }
    )
}

/// Where the trail ends when only leaves are seen.
fn nearest(fault: &LayerFault, or_in: &[String]) -> String {
    let (those, _) = that_is(&fault.tensors);
    format!(
        "{} is the layer nearest to the loss with a wrong gradient, {those} of {}. The fault is there or in {}: this source does not show the gradients of outputs, which would tell.",
        fault.layer,
        tensors(&fault.tensors),
        or_in.join(" or ")
    )
}

fn that_is(tensors: &[FaultyTensor]) -> (&'static str, &'static str) {
    match tensors {
        [_] => ("that", "is"),
        _ => ("those", "are"),
    }
}

fn tensors(tensors: &[FaultyTensor]) -> String {
    let names: Vec<String> = tensors.iter().map(|tensor| tensor.name.clone()).collect();
    listed(&names)
}
