//! Text in Markdown as GitHub reads it, whatever characters it has.

/// Words of a sentence: nothing in them is markup, a tag, or a mention of somebody.
pub(in crate::report) fn words(text: &str) -> String {
    escaped(text, "\\`*_[]#|~")
}

/// Text between tags.
pub(in crate::report) fn html(text: &str) -> String {
    escaped(text, "")
}

/// No tag and no mention, and a backslash before each of `markup`.
fn escaped(text: &str, markup: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '@' => escaped += "&#64;",
            '\n' | '\r' => escaped.push(' '),
            c => {
                if markup.contains(c) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
    }
    escaped
}

/// A name in a cell of a table, in the letters of code.
pub(in crate::report) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let fence = "`".repeat(longest_run(&text) + 1);
    // A backtick at an end needs a space to be told from the fence.
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A block of code in this language.
pub(in crate::report) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// A row of a table.
pub(in crate::report) fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Text of at most `most` bytes.
pub(in crate::report) fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

fn longest_run(text: &str) -> usize {
    let (longest, _) = text.chars().fold((0, 0), |(longest, run), c| {
        let run = if c == '`' { run + 1 } else { 0 };
        (run.max(longest), run)
    });
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_what_they_are() {
        assert_eq!(code("a<b&\"c"), "`a<b&\"c`");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(words("a<b> *c* @d_e"), "a&lt;b&gt; \\*c\\* &#64;d\\_e");
        assert_eq!(html("a<b & \"c\""), "a&lt;b &amp; \"c\"");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        assert_eq!(fenced("sh", "a"), "```sh\na\n```\n");
        assert_eq!(fenced("", "````"), "`````\n````\n`````\n");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(shortened("äöü", 3), "ä…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
