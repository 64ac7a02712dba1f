//! Plots of reports, as SVG and PNG. Their letters come with them, so that they are the same bytes on
//! every machine.

mod check;
mod sweep;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};
use thiserror::Error;

use super::Report;
use super::sweep::SweepReport;

/// The font that lengths are measured by, and those that a viewer may take instead.
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Pixels of a PNG for each unit of length: letters are small otherwise.
const SCALE: u32 = 2;

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FAINT: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);
const RED: RGBColor = RGBColor(0xC6, 0x2B, 0x1E);
/// Colours that people who see few colours can tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 4] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
];

/// What can be plotted.
#[derive(Clone, Copy, Debug)]
pub enum Figure<'a> {
    /// The gaps of a check, its digits, and its derivatives.
    Check(&'a Report),
    /// The gap over steps.
    Sweep(&'a SweepReport),
}

/// Why there is no plot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlotError {
    /// It could not be drawn.
    #[error("the plot cannot be drawn: {0}")]
    Draw(String),
}

impl<'a> From<&'a Report> for Figure<'a> {
    fn from(report: &'a Report) -> Self {
        Self::Check(report)
    }
}

impl<'a> From<&'a SweepReport> for Figure<'a> {
    fn from(report: &'a SweepReport) -> Self {
        Self::Sweep(report)
    }
}

/// The plot as SVG.
///
/// # Errors
/// [`PlotError`] when it cannot be drawn.
pub fn svg<'a>(figure: impl Into<Figure<'a>>) -> Result<String, PlotError> {
    let figure = figure.into();
    let mut text = String::new();
    figure.draw(SVGBackend::with_string(&mut text, figure.size()), 1)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The plot as PNG.
///
/// # Errors
/// [`PlotError`] when it cannot be drawn.
pub fn png<'a>(figure: impl Into<Figure<'a>>) -> Result<Vec<u8>, PlotError> {
    let figure = figure.into();
    let (width, height) = figure.size();
    let size = (width * SCALE, height * SCALE);
    let mut pixels = vec![0; 3 * size.0 as usize * size.1 as usize];
    figure.draw(BitMapBackend::with_buffer(&mut pixels, size), SCALE)?;
    let mut bytes = Vec::new();
    let cannot = |error: png::EncodingError| PlotError::Draw(error.to_string());
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(cannot)?;
    writer.write_image_data(&pixels).map_err(cannot)?;
    writer.finish().map_err(cannot)?;
    Ok(bytes)
}

impl Figure<'_> {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Check(report) => check::size(report),
            Self::Sweep(_) => (900, 620),
        }
    }

    fn draw<B: DrawingBackend>(&self, backend: B, scale: u32) -> Result<(), PlotError> {
        let cannot = |error: &dyn std::fmt::Display| PlotError::Draw(error.to_string());
        register_font(FONT, FontStyle::Normal, dejavu::sans::regular())
            .map_err(|_| PlotError::Draw("the font cannot be read".to_owned()))?;
        let area = backend.into_drawing_area();
        let pen = Pen { scale };
        area.fill(&WHITE).map_err(|error| cannot(&error))?;
        match self {
            Self::Check(report) => check::draw(report, &area, pen),
            Self::Sweep(report) => sweep::draw(report, &area, pen),
        }
        .map_err(|error| cannot(&error))?;
        area.present().map_err(|error| cannot(&error))
    }
}

/// What a drawing may fail with.
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// A chart of two linear axes.
type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The size of everything.
#[derive(Clone, Copy)]
struct Pen {
    scale: u32,
}

/// An axis: its range, what it shows, and how a number on it is written.
struct Axis<'a> {
    from: f64,
    to: f64,
    label: &'a str,
    number: &'a dyn Fn(&f64) -> String,
    /// Labels, at most.
    count: usize,
}

impl Pen {
    fn px(self, length: u32) -> u32 {
        length * self.scale
    }

    fn at(self, length: u32) -> i32 {
        i32::try_from(self.px(length)).unwrap_or(i32::MAX)
    }

    fn letters(self, size: u32) -> TextStyle<'static> {
        TextStyle::from((FONT, f64::from(self.px(size))).into_font()).color(&INK)
    }

    fn line(self, colour: RGBColor) -> ShapeStyle {
        colour.stroke_width(self.px(1))
    }

    /// A frame with axes.
    fn chart<'a, B: DrawingBackend>(
        self,
        area: &'a DrawingArea<B, Shift>,
        title: &str,
        names: u32,
        [x, y]: [&Axis<'_>; 2],
    ) -> Result<Chart<'a, B>, DrawingAreaErrorKind<B::ErrorType>> {
        let mut chart = ChartBuilder::on(area)
            .caption(title, self.letters(15))
            .margin(self.px(10))
            .margin_right(self.px(24))
            .x_label_area_size(self.px(44))
            .y_label_area_size(self.px(names))
            .build_cartesian_2d(x.from..x.to, y.from..y.to)?;
        let (small, usual) = (self.letters(11), self.letters(12));
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(self.line(INK))
            .bold_line_style(self.line(FAINT))
            .light_line_style(TRANSPARENT)
            .x_desc(x.label)
            .y_desc(y.label)
            .x_labels(x.count)
            .y_labels(y.count)
            .x_label_formatter(x.number)
            .y_label_formatter(y.number)
            .label_style(small)
            .axis_desc_style(usual);
        if y.count == 0 {
            mesh.disable_y_mesh();
        }
        mesh.draw()?;
        Ok(chart)
    }

    /// What the series are.
    fn legend<'a, B: DrawingBackend + 'a>(
        self,
        chart: &mut Chart<'a, B>,
        at: SeriesLabelPosition,
    ) -> Drawn<B> {
        chart
            .configure_series_labels()
            .position(at)
            .margin(self.px(8))
            .legend_area_size(self.px(18))
            .label_font(self.letters(11))
            .background_style(WHITE.mix(0.85))
            .border_style(self.line(FAINT))
            .draw()
    }
}

/// Text that ends at a point of the whole area.
fn ending_at(pen: Pen, size: u32) -> TextStyle<'static> {
    pen.letters(size).pos(Pos::new(HPos::Right, VPos::Center))
}

/// 10 to this power, of a whole number.
fn power(exponent: &f64) -> String {
    if (exponent - exponent.round()).abs() > 1e-6 {
        return String::new();
    }
    match exponent.round() {
        0.0 => "1".to_owned(),
        exponent => format!("1e{exponent}"),
    }
}

/// A number of few digits.
fn plain(number: &f64) -> String {
    match number.abs() {
        size if size < 1e-12 => "0".to_owned(),
        size if (1e-3..1e5).contains(&size) => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{number:.1e}"),
    }
}

/// Numbers beyond have no place on an axis: twice as large, they would be none.
const MOST: f64 = 1e300;

/// Whether a number has a place on an axis.
fn has_place(number: f64) -> bool {
    number.abs() <= MOST
}

/// The least and the largest number that has a place.
fn range(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    numbers
        .filter(|number| has_place(*number))
        .fold(None, |range, number| {
            let (low, high) = range.unwrap_or((number, number));
            Some((low.min(number), high.max(number)))
        })
}

/// At most so many characters, the middle left out.
fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    let head: String = letters[..head].iter().collect();
    let tail: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}…{tail}")
}
