//! How far a command is: on a terminal a bar with rate, time left and outcomes so far; elsewhere nothing.

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::check::Progress;
use crate::spec::case::SourceName;

use super::screen::Screen;

/// How often a bar is drawn though nothing has moved, so that its times go on.
const TICK: Duration = Duration::from_millis(200);

/// What is shown of a known number of steps.
const COUNTED: &str = "{msg} {bar:20} {human_pos}/{human_len} {rate} {eta} left{prefix}";

/// What is shown of work that nobody can count.
const UNCOUNTED: &str = "{spinner} {msg} for {elapsed}{prefix}";

/// One bar, for one source after the other.
pub(super) struct Bar {
    bar: ProgressBar,
    style: ProgressStyle,
    /// The source that is asked, and since when.
    source: Mutex<Option<(SourceName, Instant)>>,
}

impl Bar {
    /// Nothing is shown before something is counted.
    pub(super) fn new(screen: Screen) -> Self {
        let bar = bar(None, screen);
        bar.set_style(style("", screen));
        Self {
            bar,
            style: style(COUNTED, screen),
            source: Mutex::new(None),
        }
    }

    /// Work that nobody can count: `what` it is, as in "sweeping".
    pub(super) fn spinner(screen: Screen, what: &'static str) -> Self {
        let own = Self::new(screen);
        own.spin(what);
        own
    }

    /// Show that so many of all are done, and how they ended.
    pub(super) fn count(&self, what: &'static str, done: usize, all: usize, outcomes: &str) {
        self.bar.set_length(all as u64);
        self.bar.set_message(what);
        self.bar.set_position(done as u64);
        self.bar.set_style(self.style.clone());
        if !outcomes.is_empty() {
            self.bar.set_prefix(format!(" · {outcomes}"));
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn spin(&self, what: &'static str) {
        if let Ok(style) = ProgressStyle::with_template(UNCOUNTED) {
            self.bar.set_style(style);
        }
        self.bar.set_message(what);
    }

    /// Add the source that has ended to those that are told of.
    fn ended(&self, next: Option<SourceName>) {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, start)) = source.take() {
            let told = self.bar.prefix();
            let seconds = start.elapsed().as_secs_f64();
            self.bar
                .set_prefix(format!("{told} · {name} {seconds:.1} s"));
        }
        *source = next.map(|name| (name, Instant::now()));
    }
}

impl Progress for Bar {
    fn begin(&self, source: SourceName, coordinates: usize) {
        self.ended(Some(source));
        self.bar.set_length(coordinates as u64);
        self.bar.set_message(source.to_string());
        self.bar.reset();
        // Last, so that nothing is shown of what is not known yet.
        self.bar.set_style(self.style.clone());
    }

    fn advance(&self, coordinates: usize) {
        self.bar.inc(coordinates as u64);
    }

    fn judging(&self) {
        self.ended(None);
        self.spin("judging");
    }
}

/// A bar on a terminal that can show one.
pub(super) fn bar(length: Option<u64>, screen: Screen) -> ProgressBar {
    let target = match screen.shows_progress {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    if screen.shows_progress {
        bar.enable_steady_tick(TICK);
    }
    bar
}

/// A style in which `{rate}` is how many are done in a second.
pub(super) fn style(template: &str, screen: Screen) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).expect("a well-formed template");
    let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
        let rate = state.per_sec();
        // There is nowhere to complain.
        let _ = match rate < 10.0 {
            true => write!(out, "{rate:.1}/s"),
            false => write!(out, "{}/s", HumanCount(rate as u64)),
        };
    });
    match screen.look.is_unicode {
        true => style,
        false => style.progress_chars("#>-"),
    }
}
