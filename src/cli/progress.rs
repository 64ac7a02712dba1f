//! A progress bar on a terminal, and nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::check::Progress;
use crate::spec::case::SourceName;

/// One bar, for one source after the other; indicatif draws it on a terminal only.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg:>8} {bar:40} {human_pos}/{human_len} {eta}");
        bar.set_style(style.expect("a well-formed template"));
        Self(bar)
    }

    /// Show that so many of all are done.
    pub(super) fn count(&self, what: &'static str, done: usize, all: usize) {
        self.0.set_length(all as u64);
        self.0.set_message(what);
        self.0.set_position(done as u64);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, source: SourceName, coordinates: usize) {
        self.0.reset();
        self.0.set_length(coordinates as u64);
        self.0.set_message(source.to_string());
    }

    fn advance(&self, coordinates: usize) {
        self.0.inc(coordinates as u64);
    }
}
