//! Bare `NaN` and `Infinity`, which Python writes and JSON does not know.

use std::borrow::Cow;

/// The words, and the same in quotes.
const WORDS: [(&str, &str); 3] = [
    ("NaN", "\"NaN\""),
    ("-Infinity", "\"-Infinity\""),
    ("Infinity", "\"Infinity\""),
];

/// Put the bare words in `text`, outside of strings, into quotes.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    if WORDS.iter().all(|(word, _)| !text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::with_capacity(text.len() + 16);
    let mut rest = text;
    // Of everything up to the next quote or word it takes no notice.
    while let Some(at) = rest.find(['"', 'N', '-', 'I']) {
        let (before, from) = rest.split_at(at);
        quoted += before;
        let word = WORDS.iter().find(|(word, _)| from.starts_with(word));
        let (written, length) = match word {
            Some((word, quotes)) => (*quotes, word.len()),
            None if from.starts_with('"') => {
                let length = string_length(from);
                (&from[..length], length)
            }
            None => (&from[..1], 1),
        };
        quoted += written;
        rest = &from[length..];
    }
    quoted += rest;
    Cow::Owned(quoted)
}

/// Bytes of the string that `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => (),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_of_strings_alone_are_put_into_quotes() {
        for (text, expected) in [
            (
                "[NaN, -Infinity,Infinity]",
                r#"["NaN", "-Infinity","Infinity"]"#,
            ),
            (r#"{"NaN": NaN}"#, r#"{"NaN": "NaN"}"#),
            (r#"["a \" NaN", -1]"#, r#"["a \" NaN", -1]"#),
            (r#"["NaN"#, r#"["NaN"#),
            (r#"["é NaN \\", NaN]"#, r#"["é NaN \\", "NaN"]"#),
            ("[-1, 2]", "[-1, 2]"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
