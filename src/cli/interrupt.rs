//! Progress of a long run, and its end before its time.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

use crate::harness::fuzz::Watch;
use crate::report::fuzz::CaseOutcomes;

use super::output::remark;

/// How often progress is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The exit code of a second Ctrl-C, as shells have it.
const KILLED: i32 = 130;

/// Shows the rate and the outcomes so far; notices Ctrl-C and SIGTERM.
pub(super) struct Interrupt {
    asked_to_end: Arc<AtomicBool>,
    bar: ProgressBar,
    is_terminal: bool,
    start: Instant,
    written: Mutex<Instant>,
}

impl Interrupt {
    /// Of a run of so many cases, or of so much time.
    pub(super) fn new(cases: Option<usize>, time: Option<Duration>) -> Result<Self, String> {
        let asked_to_end = Arc::new(AtomicBool::new(false));
        for signal in TERM_SIGNALS {
            // The first asks for the report so far, the second for nothing at all.
            flag::register_conditional_shutdown(*signal, KILLED, Arc::clone(&asked_to_end))
                .and_then(|_| flag::register(*signal, Arc::clone(&asked_to_end)))
                .map_err(|error| format!("cannot listen for interruptions: {error}"))?;
        }
        let length = cases.map(|cases| cases as u64);
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        let template = match (length, time) {
            (Some(_), _) => "{bar:30} {human_pos}/{human_len} {per_sec} {msg} {eta}",
            (None, _) => "{spinner} {human_pos} cases in {elapsed} {per_sec} {msg}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("a well-formed template"));
        let start = Instant::now();
        Ok(Self {
            asked_to_end,
            bar,
            is_terminal: std::io::stderr().is_terminal(),
            start,
            written: Mutex::new(start),
        })
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Interrupt {
    fn advance(&self, outcomes: CaseOutcomes) {
        let words = words(outcomes);
        if self.is_terminal {
            self.bar.set_position(outcomes.total() as u64);
            self.bar.set_message(words);
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.elapsed() >= EVERY {
            *written = Instant::now();
            let seconds = self.start.elapsed().as_secs_f64();
            let rate = outcomes.total() as f64 / seconds;
            remark(&format!(
                "{} cases in {seconds:.0} s, {rate:.0} a second: {words}",
                outcomes.total()
            ));
        }
    }

    fn shrinking(&self) {
        self.bar.set_message("a failure: making it smaller");
    }

    fn is_interrupted(&self) -> bool {
        self.asked_to_end.load(Ordering::Relaxed)
    }
}

/// As in "97 right, 1 wrong".
pub(super) fn words(outcomes: CaseOutcomes) -> String {
    let counts = [
        (outcomes.right, "right"),
        (outcomes.wrong, "wrong"),
        (outcomes.failed, "failed"),
        (outcomes.refused, "refused"),
        (outcomes.unseen, "unseen"),
        (outcomes.unjudged, "unjudged"),
    ];
    let words: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    words.join(", ")
}
