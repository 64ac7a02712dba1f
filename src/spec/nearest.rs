//! The known name that somebody may have meant.

/// The one of `known` that is nearest to `name`, if half of it is right.
///
/// Names in several words are compared as a whole and word by word, so that `kernel_size` leads to
/// `kernel` and `chanels` to `out_channels`.
pub(crate) fn nearest<'a, N: AsRef<str> + 'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a N>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(AsRef::as_ref)
        .filter_map(|known| Some((distance(&name, known)?, known)))
        .min()
        .map(|(_, known)| known)
}

/// How many letters are wrong; `None` when more than half of them are.
fn distance(name: &str, known: &str) -> Option<usize> {
    let words = |text: &'_ str| -> Vec<String> {
        let words = text.split(['_', '-']);
        words.map(str::to_owned).collect()
    };
    let wrong = |name: &str, known: &str| {
        let distance = strsim::damerau_levenshtein(name, known);
        let length = name.chars().count().min(known.chars().count());
        (length > 0 && 2 * distance <= length).then_some(distance)
    };
    let whole = wrong(name, known);
    let known_words = words(known);
    // A word is worth less than the whole, and short ones are alike by chance.
    let by_word = words(name)
        .iter()
        .flat_map(|word| {
            let known_words = known_words.iter();
            known_words.filter_map(move |known| wrong(word, known).filter(|_| known.len() > 3))
        })
        .min()
        .map(|distance| distance + 1);
    whole.into_iter().chain(by_word).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_other_peoples_names_lead_to_the_known_one() {
        let known = ["out_channels", "kernel", "stride", "padding", "groups"];
        for (name, meant) in [
            ("chanels", Some("out_channels")),
            ("kernel_size", Some("kernel")),
            ("Stride", Some("stride")),
            ("strides", Some("stride")),
            ("num_groups", Some("groups")),
            ("pading", Some("padding")),
            ("zebra", None),
            ("", None),
            (".", None),
            ("_", None),
        ] {
            assert_eq!(nearest(name, &known), meant, "{name}");
        }
    }
}
