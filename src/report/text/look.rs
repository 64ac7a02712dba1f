//! For whom a text is rendered: how wide the window is, what it can show, and how much is to be said.

use anstyle::{AnsiColor, Style};

/// Columns that sentences are wrapped to where there is no window, or a wider one.
const WIDTH: usize = 100;

/// No window is taken to be narrower.
const NARROWEST: usize = 20;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Nothing.
    Silent,
    /// The answer, and what repeats it.
    Quiet,
    /// What the answer rests on.
    #[default]
    Usual,
    /// All that there is.
    Verbose,
}

/// How a text is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns of the window that the text has to fit; `None` for a file or a pipe, where sentences are
    /// wrapped to 100 columns and tables are as wide as they are.
    pub window: Option<usize>,
    /// Whether colours are shown.
    pub is_coloured: bool,
    /// Whether there are more characters than those of ASCII.
    pub is_unicode: bool,
    /// How much is said.
    pub verbosity: Verbosity,
}

/// What a colour says. It never says it alone: words or marks do too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Right.
    Good,
    /// Wrong.
    Bad,
    /// Not known, or to be looked at.
    Open,
    /// What a line is about.
    Title,
    /// What is there for completeness.
    Faint,
}

impl Default for Look {
    fn default() -> Self {
        Self::plain()
    }
}

impl Look {
    /// That of a file: no colours, no window.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            window: None,
            is_coloured: false,
            is_unicode: true,
            verbosity: Verbosity::Usual,
        }
    }

    /// Whether everything is to be said.
    pub(crate) fn is_verbose(self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Columns of a sentence.
    pub(crate) fn width(self) -> usize {
        self.width_of(WIDTH)
    }

    /// Columns of what would take `usual` where there is room.
    pub(crate) fn width_of(self, usual: usize) -> usize {
        self.window
            .map_or(usual, |window| window.clamp(NARROWEST, usual))
    }

    /// The sentence with line breaks between words.
    pub(crate) fn wrapped(self, sentence: &str) -> String {
        wrapped_to(self.width(), sentence)
    }

    /// The same with a margin on all lines but the first.
    pub(crate) fn hanging(self, sentence: &str) -> String {
        let width = match self.window {
            Some(_) => self.width().min(WIDTH) - MARGIN.len(),
            None => WIDTH,
        };
        wrapped_to(width, sentence).replace('\n', &format!("\n{MARGIN}"))
    }

    /// A line that is broken in a window only, with `indent` spaces before all but its first part.
    pub(crate) fn beside(self, indent: usize, line: &str) -> String {
        match self.window {
            Some(window) if columns(line) + indent > window => {
                let width = window.saturating_sub(indent).max(NARROWEST);
                wrapped_to(width, line).replace('\n', &format!("\n{}", " ".repeat(indent)))
            }
            _ => line.to_owned(),
        }
    }

    /// A line that is broken in a window only.
    pub(crate) fn fit(self, line: &str) -> String {
        match self.window {
            Some(window) if columns(line) > window => wrapped_to(window.max(NARROWEST), line),
            _ => line.to_owned(),
        }
    }

    /// `text` in the colour of `tone`.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.is_coloured || text.is_empty() {
            return text.to_owned();
        }
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        let style = match tone {
            Tone::Good => colour(AnsiColor::Green),
            Tone::Bad => colour(AnsiColor::Red).bold(),
            Tone::Open => colour(AnsiColor::Yellow),
            Tone::Title => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }

    /// `text` with what stands before its first colon in the colour of `tone`, and all of it when there
    /// is none.
    pub(crate) fn lead(self, tone: Tone, text: &str) -> String {
        let end = text.find(':').map_or(text.len(), |colon| colon + 1);
        let (lead, rest) = text.split_at(end);
        self.paint(tone, lead) + rest
    }

    /// What a cell or line looks like where there is only ASCII.
    pub(crate) fn ascii(self, text: &str) -> String {
        if self.is_unicode {
            return text.to_owned();
        }
        let mut plain = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '±' => plain.push_str("+-"),
                '≠' => plain.push_str("!="),
                '…' => plain.push_str("..."),
                '→' => plain.push_str("->"),
                '×' => plain.push('x'),
                '·' | '─' | '−' | '–' => plain.push('-'),
                '│' => plain.push('|'),
                // Where lines meet.
                '\u{2502}'..='\u{257f}' => plain.push('+'),
                '●' => plain.push('*'),
                '░' => plain.push(':'),
                // An empty pattern of braille, and all others.
                '\u{2800}' => plain.push(' '),
                '\u{2801}'..='\u{28ff}' => plain.push('.'),
                '²' => plain.push('2'),
                '∞' => plain.push_str("inf"),
                // Letters of ASCII; and names, which are somebody's own.
                other => plain.push(other),
            }
        }
        plain
    }
}

/// In front of all lines of a paragraph but the first.
const MARGIN: &str = "    ";

/// The text with line breaks between words, at most `width` columns a line.
fn wrapped_to(width: usize, sentence: &str) -> String {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let last = lines.last_mut().expect("starts with one line");
        if last.is_empty() {
            last.push_str(word);
        } else if columns(last) + 1 + columns(word) <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// Columns that a text without line breaks takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().count()
}
