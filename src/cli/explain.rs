//! `gradproof explain [WORD]`.

use clap::Args;

use crate::harness::explain::{self, Explanation};
use crate::report::text::{Look, Sheet, Tone, left, right};

use super::ExitCode;
use super::output::say;
use super::screen::Screen;

/// Explain a kind of bug, or another word of a report: what it is, how it comes about, how to mend it.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    gradproof explain\n  \
    gradproof explain kernel_rotated\n  \
    gradproof explain kink")]
pub(super) struct Arguments {
    /// The word, as a report has it behind 'Explained:'; all of them are listed when it is left out
    #[arg(value_name = "WORD", num_args = 0..)]
    word: Vec<String>,
}

impl Arguments {
    /// Say what it means.
    pub(super) fn run(self, screen: Screen) -> Result<ExitCode, String> {
        let text = if self.word.is_empty() {
            list(screen.look)
        } else {
            let word = self.word.join(" ");
            let found = explain::explain(&word).map_err(|error| error.to_string())?;
            whole(found, screen.look)
        };
        if !screen.is_silent() {
            say(&screen.look.ascii(&text))?;
        }
        Ok(ExitCode::Right)
    }
}

/// All words, a line each.
fn list(look: Look) -> String {
    let mut text = String::new();
    for (title, is_kind) in [
        ("Kinds of bugs that a report names:", true),
        ("Other words of reports:", false),
    ] {
        let mut sheet = Sheet::new([left("word"), left("what it says")]);
        for own in explain::all().filter(|own| own.is_kind == is_kind) {
            sheet.row([own.word.to_owned(), own.line.clone()]);
        }
        text += &format!(
            "{}\n{}\n\n",
            look.paint(Tone::Title, title),
            sheet.render(look)
        );
    }
    text + "'gradproof explain WORD' tells more, with an example in numbers.\n"
}

/// Everything about one.
fn whole(own: &Explanation, look: Look) -> String {
    let mut text = format!(
        "{}\n",
        look.lead(
            Tone::Title,
            &look.wrapped(&format!("{}: {}.", own.word, own.line))
        )
    );
    let comes = if own.is_kind {
        "How it comes about"
    } else {
        "Why"
    };
    let mend = if own.is_kind {
        "How to mend it"
    } else {
        "What to do"
    };
    for (title, words) in [
        ("What it is", &own.what),
        (comes, &own.comes),
        (mend, &own.mend),
    ] {
        let paragraph = look.wrapped(&format!("{title}: {words}"));
        text += &format!("\n{}\n", look.lead(Tone::Title, &paragraph));
    }
    if let Some(example) = own.example() {
        let title = look.wrapped(&format!("In numbers: {}", example.title));
        text += &format!("\n{}\n", look.lead(Tone::Title, &title));
        let mut sheet = Sheet::new(example.header.iter().enumerate().map(|(number, title)| {
            // Sentences and names stand to the left.
            let cells = example.rows.iter().filter_map(|row| row.get(number));
            let in_numbers = |letter: char| letter.is_ascii_digit() || " +-.e…".contains(letter);
            match cells.into_iter().any(|cell| !cell.chars().all(in_numbers)) {
                true => left(title.clone()),
                false => right(title.clone()),
            }
        }));
        for row in &example.rows {
            sheet.row(row.clone());
        }
        text += &format!(
            "{}\n\n{}\n",
            sheet.render(look),
            look.wrapped(&example.conclusion)
        );
    }
    text
}
