//! Progress of a long run, and its end before its time.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

use crate::harness::fuzz::Watch;
use crate::report::fuzz::CaseOutcomes;

use super::output::remark;
use super::progress;
use super::screen::Screen;

/// How often progress is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The exit code of a second Ctrl-C, as shells have it.
const KILLED: i32 = 130;

/// Shows the rate and the outcomes so far; notices Ctrl-C and SIGTERM.
pub(super) struct Interrupt {
    asked_to_end: Arc<AtomicBool>,
    bar: ProgressBar,
    /// Whether progress is written in lines, where there is no terminal.
    speaks: bool,
    start: Instant,
    written: Mutex<Instant>,
}

impl Interrupt {
    /// Of a run of so many cases, or of so much time.
    pub(super) fn new(
        cases: Option<usize>,
        time: Option<Duration>,
        screen: Screen,
    ) -> Result<Self, String> {
        let asked_to_end = Arc::new(AtomicBool::new(false));
        for signal in TERM_SIGNALS {
            // The first asks for the report so far, the second for nothing at all.
            flag::register_conditional_shutdown(*signal, KILLED, Arc::clone(&asked_to_end))
                .and_then(|_| flag::register(*signal, Arc::clone(&asked_to_end)))
                .map_err(|error| format!("cannot listen for interruptions: {error}"))?;
        }
        let length = cases.map(|cases| cases as u64);
        let bar = progress::bar(length, screen);
        let template = match (length, time) {
            (Some(_), _) => "cases {bar:20} {human_pos}/{human_len} {rate} {eta} left · {msg}",
            (None, Some(time)) => {
                let whole = humantime::format_duration(time);
                &format!(
                    "{{spinner}} {{human_pos}} cases in {{elapsed}} of {whole} {{rate}} · {{msg}}"
                )
            }
            (None, None) => "{spinner} {human_pos} cases in {elapsed} {rate} · {msg}",
        };
        bar.set_style(progress::style(template, screen));
        let start = Instant::now();
        Ok(Self {
            asked_to_end,
            bar,
            speaks: screen.is_talkative() && !std::io::stderr().is_terminal(),
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
        self.bar.set_position(outcomes.total() as u64);
        self.bar.set_message(words.clone());
        if !self.speaks {
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
