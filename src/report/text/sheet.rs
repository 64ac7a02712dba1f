//! Tables that fit their window: the least important columns go first, and then rows become blocks.

use super::look::{Look, Tone, columns};

/// A window of fewer columns gets blocks instead of a table from which columns are missing.
const NARROW: usize = 60;

/// A table: one line below the header, and nothing else that could distract from the numbers.
pub(crate) struct Sheet {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// The line below the header is so much longer than the rows.
    after: usize,
}

/// A column of a table.
pub(crate) struct Column {
    title: String,
    is_left: bool,
    rank: usize,
    before: Option<usize>,
}

/// What stands in one place of a table.
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

/// A column of names.
pub(crate) fn left(title: impl Into<String>) -> Column {
    Column {
        title: title.into(),
        is_left: true,
        rank: 0,
        before: None,
    }
}

/// A column of numbers.
pub(crate) fn right(title: impl Into<String>) -> Column {
    Column {
        is_left: false,
        ..left(title)
    }
}

impl Column {
    /// Left out where there is no room, those of high rank first; of rank 0 always there.
    pub(crate) fn rank(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// With so many spaces before it.
    pub(crate) fn before(mut self, spaces: usize) -> Self {
        self.before = Some(spaces);
        self
    }

    /// As it is called in a sentence.
    fn name(&self) -> String {
        match self.title.split_once('\n') {
            // What stands below a title of several words divides the column.
            Some((first, _)) if first.contains(' ') => first.to_owned(),
            _ => self.title.replace('\n', " "),
        }
    }
}

impl Cell {
    /// In the colour of `tone`, if there is one.
    pub(crate) fn toned(text: String, tone: Option<Tone>) -> Self {
        Self { text, tone }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Sheet {
    /// Without rows.
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
            after: 1,
        }
    }

    /// With no space around it.
    pub(crate) fn flush(mut self) -> Self {
        self.after = 0;
        self
    }

    /// Add a row.
    pub(crate) fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As text, without a line break at its end.
    pub(crate) fn render(&self, look: Look) -> String {
        let widths = self.widths(look);
        match self.shown(look, &widths) {
            Some(shown) => self.table(look, &widths, &shown),
            None => self.blocks(look),
        }
    }

    /// Columns that each column needs.
    fn widths(&self, look: Look) -> Vec<usize> {
        let of_cell = |text: &str| text.lines().map(columns).max().unwrap_or(0);
        let numbered = self.columns.iter().enumerate();
        let widths = numbered.map(|(number, column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(number));
            let cells = cells.map(|cell| columns(&look.ascii(&cell.text)));
            cells.max().unwrap_or(0).max(of_cell(&column.title))
        });
        widths.collect()
    }

    fn before(&self, number: usize) -> usize {
        let usual = match (number, self.after) {
            (0, after) => after,
            (_, 0) => 2,
            _ => 3,
        };
        self.columns[number].before.unwrap_or(usual)
    }

    /// Which columns there is room for; `None` when there is too little for a table.
    fn shown(&self, look: Look, widths: &[usize]) -> Option<Vec<usize>> {
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let Some(window) = look.window else {
            return Some(shown);
        };
        let need = |shown: &[usize]| -> usize {
            let needed = shown
                .iter()
                .map(|column| self.before(*column) + widths[*column]);
            needed.sum()
        };
        let mut gone = Vec::new();
        while need(&shown) > window {
            let least = (0..shown.len()).max_by_key(|at| (self.columns[shown[*at]].rank, *at))?;
            if window < NARROW || self.columns[shown[least]].rank == 0 {
                return None;
            }
            gone.push(shown.remove(least));
        }
        // A narrow one may have room where a wide one had none.
        while let Some(back) = gone.pop() {
            let mut more = shown.clone();
            more.push(back);
            more.sort_unstable();
            if need(&more) <= window {
                shown = more;
            }
        }
        Some(shown)
    }

    fn table(&self, look: Look, widths: &[usize], shown: &[usize]) -> String {
        let mut lines = Vec::new();
        let titles = |number: usize| self.columns[number].title.split('\n');
        let height = shown.iter().map(|column| titles(*column).count()).max();
        for line in 0..height.unwrap_or(0) {
            let cells = shown.iter().map(|number| {
                let title = titles(*number).nth(line).unwrap_or_default();
                (*number, title.to_owned(), Some(Tone::Title))
            });
            lines.push(self.line(look, widths, cells));
        }
        let all: usize = shown
            .iter()
            .map(|column| self.before(*column) + widths[*column])
            .sum();
        let after = match look.window {
            Some(window) => self.after.min(window.saturating_sub(all)),
            None => self.after,
        };
        lines.push(look.paint(Tone::Faint, &look.ascii(&"─".repeat(all + after))));
        for row in &self.rows {
            let cells = shown.iter().map(|number| match row.get(*number) {
                Some(cell) => (*number, look.ascii(&cell.text), cell.tone),
                None => (*number, String::new(), None),
            });
            lines.push(self.line(look, widths, cells));
        }
        let gone: Vec<String> = (0..self.columns.len())
            .filter(|column| !shown.contains(column))
            .map(|column| self.columns[column].name())
            .collect();
        if !gone.is_empty() {
            let remark = format!(" (no room here for: {})", gone.join(", "));
            let remark = look.wrapped(&remark).replace('\n', "\n ");
            lines.extend(remark.lines().map(|line| look.paint(Tone::Faint, line)));
        }
        lines.join("\n")
    }

    /// One line of cells, each of which is coloured behind its padding.
    fn line(
        &self,
        look: Look,
        widths: &[usize],
        cells: impl Iterator<Item = (usize, String, Option<Tone>)>,
    ) -> String {
        let mut line = String::new();
        // What is left over by names, and needed only when something follows.
        let mut spaces = 0;
        for (number, text, tone) in cells {
            let free = widths[number].saturating_sub(columns(&text));
            spaces += self.before(number);
            if !self.columns[number].is_left {
                spaces += free;
            }
            if !text.is_empty() {
                line.push_str(&" ".repeat(spaces));
                spaces = 0;
                let shown = tone.map_or(text.clone(), |tone| look.paint(tone, &text));
                line.push_str(&shown);
            } else if !self.columns[number].is_left {
                continue;
            }
            if self.columns[number].is_left {
                spaces += free;
            }
        }
        line
    }

    /// A block for each row: its name, and below it what the columns say.
    fn blocks(&self, look: Look) -> String {
        let mut lines = Vec::new();
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for row in &self.rows {
            let mut cells = self.columns.iter().zip(row);
            if let Some((_, name)) = cells.next() {
                lines.push(look.paint(name.tone.unwrap_or(Tone::Title), &look.ascii(&name.text)));
            }
            let said = cells.filter(|(_, cell)| !cell.text.is_empty());
            let said = said.map(|(column, cell)| {
                let title = match column.title.split_once('\n') {
                    Some((first, rest)) if first.contains(' ') => format!("{first} ({rest})"),
                    _ => column.name(),
                };
                look.ascii(&squeezed(&format!("{title} {}", cell.text)))
            });
            let said: Vec<String> = said.collect();
            if !said.is_empty() {
                let text = look.hanging(&said.join(" · "));
                lines.push(format!("    {text}"));
            }
        }
        lines.join("\n")
    }
}
