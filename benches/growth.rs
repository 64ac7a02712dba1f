//! How the cost of checking every weight grows: `cargo bench --bench growth`.
//!
//! One thread, fastest of three runs; a table, and the same as a chart. The last line is the exponent
//! that a straight line through the logarithms of the times has.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

#[expect(dead_code, reason = "shared with other benchmarks")]
mod common;

use gradproof::source::{Backprop, Central, Dual, Point};
use gradproof::spec::case::Step;
use gradproof::spec::{Conv2dSpec, DataSpec, LayerSpec, LinearSpec, LossSpec, NetworkSpec, OpSpec};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::symbols::Marker;
use ratatui_core::widgets::Widget;
use ratatui_widgets::chart::{Axis, Chart, Dataset, GraphType};

/// Runs of which the fastest counts.
const RUNS: usize = 3;

/// One size of a series.
struct Row {
    size: usize,
    parameters: usize,
    backprop: f64,
    dual: f64,
    central: f64,
}

fn main() {
    // `cargo test --benches` asks for no measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let series = [
        (
            "parameters (width of two hidden layers)",
            [16, 32, 64, 128, 256].map(|w| measure(w, mlp(w, 2), 1)),
        ),
        (
            "depth (hidden layers of width 32)",
            [1, 2, 4, 8, 16].map(|d| measure(d, mlp(32, d), 1)),
        ),
        (
            "batch (convolutional network)",
            [1, 2, 4, 8, 16].map(|n| measure(n, conv_net(12), n)),
        ),
        (
            "image size (rows and columns)",
            [8, 12, 16, 24, 32].map(|s| measure(s, conv_net(s), 1)),
        ),
    ];
    for (name, rows) in &series {
        table(name, rows);
        chart(rows);
    }
}

fn measure(size: usize, spec: NetworkSpec, samples: usize) -> Row {
    let point = Point::new(common::problem(spec, samples), 1);
    let coordinates = common::parameters(&point);
    let seconds = |source: &dyn gradproof::source::GradientSource| {
        common::seconds_of(source, &point, &coordinates, RUNS)
    };
    Row {
        size,
        parameters: coordinates.len(),
        backprop: seconds(&Backprop),
        dual: seconds(&Dual),
        central: seconds(&Central::new(Step::Auto)),
    }
}

/// 32 features, `depth` hidden layers of `width` with ReLU, 10 classes.
fn mlp(width: usize, depth: usize) -> NetworkSpec {
    let hidden = (0..depth).flat_map(|_| [linear(width), OpSpec::Relu {}]);
    spec(vec![32], hidden.chain([linear(10)]).collect())
}

/// Two 3×3 convolutions of 8 channels with ReLU, then 10 classes, on one channel of `size`×`size`.
fn conv_net(size: usize) -> NetworkSpec {
    let conv = || {
        OpSpec::Conv2d(Conv2dSpec {
            out_channels: 8,
            kernel: [3, 3],
            stride: [1, 1],
            padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
            bias: true,
        })
    };
    let ops = vec![
        conv(),
        OpSpec::Relu {},
        conv(),
        OpSpec::Relu {},
        OpSpec::Flatten {},
        linear(10),
    ];
    spec(vec![1, size, size], ops)
}

fn linear(out_features: usize) -> OpSpec {
    OpSpec::Linear(LinearSpec {
        out_features,
        bias: true,
    })
}

fn spec(input: Vec<usize>, ops: Vec<OpSpec>) -> NetworkSpec {
    NetworkSpec {
        name: "growth".to_owned(),
        input,
        data: DataSpec::Random,
        loss: LossSpec::SoftmaxCrossEntropy {
            label_smoothing: 0.0,
            class_weights: None,
        },
        layers: ops
            .into_iter()
            .map(|op| LayerSpec { name: None, op })
            .collect(),
    }
}

fn table(name: &str, rows: &[Row]) {
    println!("\nCost against {name}, milliseconds:");
    println!(
        "  {:>8} {:>12} {:>12} {:>12} {:>12} {:>18}",
        "size", "weights", "backprop", "dual", "central", "central/backprop"
    );
    for row in rows {
        println!(
            "  {:>8} {:>12} {:>12.3} {:>12.2} {:>12.2} {:>18.0}",
            row.size,
            row.parameters,
            row.backprop * 1e3,
            row.dual * 1e3,
            row.central * 1e3,
            row.central / row.backprop,
        );
    }
    let exponent = |time: fn(&Row) -> f64| slope(rows, |row| row.size as f64, time);
    println!(
        "  grows as size to the power of {:>22.1} {:>12.1} {:>12.1}",
        exponent(|row| row.backprop),
        exponent(|row| row.dual),
        exponent(|row| row.central),
    );
}

/// The slope of the straight line of least squares through the logarithms.
fn slope(rows: &[Row], x: impl Fn(&Row) -> f64, y: impl Fn(&Row) -> f64) -> f64 {
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (x(row).ln(), y(row).ln())).collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let across: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    along / across
}

/// Times against sizes, both logarithmic.
fn chart(rows: &[Row]) {
    let series = [
        ('b', "backprop", (|row| row.backprop) as fn(&Row) -> f64),
        ('d', "dual", |row| row.dual),
        ('c', "central", |row| row.central),
    ];
    let points = series.map(|(_, _, time)| -> Vec<(f64, f64)> {
        rows.iter()
            .map(|row| ((row.size as f64).log10(), (time(row) * 1e3).log10()))
            .collect()
    });
    let range = |values: &mut dyn Iterator<Item = f64>, whole: bool| {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if whole {
            [low.floor(), high.ceil()]
        } else {
            [low, high]
        }
    };
    let across = range(&mut points.iter().flatten().map(|point| point.0), false);
    let up = range(&mut points.iter().flatten().map(|point| point.1), true);
    let datasets = series.iter().zip(&points).map(|((marker, ..), points)| {
        let marker = Marker::Custom(*marker);
        Dataset::default()
            .marker(marker)
            .graph_type(GraphType::Scatter)
            .data(points)
    });
    let labels: Vec<String> = (up[0] as i32..=up[1] as i32)
        .map(|power| format!("1e{power} ms"))
        .collect();
    let ends = [&rows[0], &rows[rows.len() - 1]].map(|row| row.size.to_string());
    let area = Rect::new(0, 0, 70, 3 * (labels.len() as u16 - 1) + 3);
    let mut buffer = Buffer::empty(area);
    Chart::new(datasets.collect())
        .legend_position(None)
        .x_axis(Axis::default().bounds(across).labels(ends))
        .y_axis(Axis::default().bounds(up).labels(labels))
        .render(area, &mut buffer);
    for row in 0..area.height {
        let cells = (0..area.width).filter_map(|column| buffer.cell((column, row)));
        let text: String = cells.map(|cell| cell.symbol()).collect();
        println!("  {}", text.trim_end());
    }
    let legend = series.map(|(marker, name, _)| format!("{marker} {name}"));
    println!("  {}", legend.join("   "));
}
