//! Blame in plain words.

use crate::judge::words::{counted, listed};
use crate::spec::case::SourceName;

use super::verdict::{Blame, Culprit, Undecided};

impl Blame {
    /// Who is to blame, by whose word, and how independent these are of each other.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.culprits.is_empty() {
            return "All sources agree.".to_owned();
        }
        let sentences: Vec<String> = self
            .culprits
            .iter()
            .map(|culprit| match culprit {
                Culprit::Source(source) => self.accusation(*source),
                Culprit::Forward => self.forward(),
                Culprit::Undecided(why) => self.undecided(why),
            })
            .collect();
        sentences.join(" ")
    }

    fn accusation(&self, source: SourceName) -> String {
        let (coordinates, opponents) = self.against(source);
        if source == SourceName::Given {
            return self.given(coordinates, &opponents);
        }
        if coordinates == 0 {
            return format!(
                "{source} finds another value of the objective than the others, though not another gradient."
            );
        }
        if opponents.is_empty() {
            let at = counted(coordinates, "coordinate");
            return format!("{source} agrees with nobody at {at}.");
        }
        let (own_forward, shared): (Vec<SourceName>, Vec<SourceName>) = opponents
            .iter()
            .partition(|opponent| self.independent.contains(opponent));
        let independence = if self.independent.contains(&source) {
            format!(
                "they share a forward pass that {source} does not use, but its value of the objective is theirs, so that it is {source}'s derivative that is off"
            )
        } else if own_forward.is_empty() {
            "all of them share one forward pass, which a source with its own would have to confirm"
                .to_owned()
        } else {
            format!(
                "{} its forward pass, and {} one of {} own",
                with_verb(&shared, "shares", "share"),
                with_verb(&own_forward, "has", "have"),
                if own_forward.len() == 1 {
                    "its"
                } else {
                    "their"
                }
            )
        };
        let what = match source {
            SourceName::Central => {
                " So its step or its error bound is at fault, and not the gradient under test."
            }
            _ => "",
        };
        format!(
            "{source} is alone against {} at {}; {independence}.{what}",
            listed(&names(&opponents)),
            counted(coordinates, "coordinate")
        )
    }

    /// Of a gradient that somebody gave nothing is known but its numbers.
    fn given(&self, coordinates: usize, opponents: &[SourceName]) -> String {
        let mut values = self.values.iter();
        let own = values.find(|group| group.sources.contains(&SourceName::Given));
        let value = match own {
            None => "The loss was not given, so that only the gradient was compared.",
            Some(group) if group.sources.len() > 1 => {
                "The given loss is theirs, so that the forward pass is the same."
            }
            Some(_) => {
                "The given loss is another one as well: the forward pass, the loss, the parameters or the samples are not the same."
            }
        };
        let at = counted(coordinates, "coordinate");
        let gradient = match (coordinates, opponents) {
            (0, _) => "The given gradient is that of the others.".to_owned(),
            (_, []) => format!("The given gradient agrees with nobody at {at}."),
            (_, opponents) => format!(
                "The given gradient is alone against {} at {at}.",
                listed(&names(opponents))
            ),
        };
        format!("{gradient} {value}")
    }

    fn forward(&self) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|group| format!("{:?} by {}", group.value.0, listed(&names(&group.sources))))
            .collect();
        let sources = self.values.iter().flat_map(|group| &group.sources);
        let others: Vec<SourceName> = sources
            .filter(|source| !self.independent.contains(source))
            .copied()
            .collect();
        format!(
            "The forward passes differ: the objective is {}. Wrong is either the forward pass of {}, or the one behind {}, and then their derivatives agree on the wrong function. Golden values or another framework have to decide.",
            values.join(", but "),
            listed(&names(&self.independent)),
            listed(&names(&others))
        )
    }

    fn undecided(&self, why: &Undecided) -> String {
        let disputed = self
            .groupings
            .iter()
            .find(|grouping| grouping.groups.len() != 1);
        let Some(disputed) = disputed else {
            return "The sources find different values of the objective, and nobody is alone against two that agree.".to_owned();
        };
        let groups: Vec<String> = disputed
            .groups
            .iter()
            .map(|group| listed(&names(group)))
            .collect();
        let at = counted(disputed.coordinates, "coordinate");
        match why {
            Undecided::NoThird { add } if !add.is_empty() => format!(
                "{} disagree at {at}, and a third has to decide between them: add {} to --sources.",
                groups.join(" and "),
                names(add).join(" or ")
            ),
            Undecided::NoThird { .. } => format!(
                "{} disagree at {at}, and the others cannot judge there or are too inexact to differ from either.",
                groups.join(" and ")
            ),
            Undecided::Divided => format!(
                "The sources are divided, {} at {at}: more than one of them is wrong, and majorities do not decide.",
                groups.join(" against ")
            ),
            Undecided::EachAlone => format!(
                "At {at} no two of {} agree in a way that the others let stand: more than one of them is wrong.",
                listed(&names(
                    &[disputed.groups.concat(), disputed.neither.clone()].concat()
                ))
            ),
        }
    }
}

fn names(sources: &[SourceName]) -> Vec<String> {
    sources.iter().map(ToString::to_string).collect()
}

/// "dual shares", "dual and central share".
fn with_verb(sources: &[SourceName], singular: &str, plural: &str) -> String {
    let verb = if sources.len() == 1 { singular } else { plural };
    format!("{} {verb}", listed(&names(sources)))
}
