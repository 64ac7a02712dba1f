//! A program that runs: lines in, lines out, and nothing that it does can hold up who asks.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

/// A reply may have this many bytes, beside some for each byte of the request.
const REPLY_BYTES: u64 = 1 << 20;

/// A reply holds as many numbers as the request, and perhaps the request as well; an output may be larger
/// than all inputs, and a number be written longer.
const REPLY_PER_REQUEST: u64 = 32;

/// What is kept of standard error.
const LAST_WORDS: usize = 600;

/// What is shown of a line.
const SHOWN: usize = 120;

/// How long a program may take to end by itself once nobody asks it any more.
const FAREWELL: Duration = Duration::from_millis(200);

/// What has come from standard output.
enum Line {
    Whole(Vec<u8>),
    TooLong(u64),
}

/// Why there is no reply.
pub(super) enum Trouble {
    /// It had ended before it was asked.
    Gone,
    /// It has ended.
    Ended,
    /// Time is over.
    Silent,
    /// It wrote more than any reply is long.
    TooLong(u64),
    /// It wrote before it was asked.
    Unasked(String),
    /// It wrote what is no text.
    NotText(String),
}

/// A program that runs.
#[derive(Debug)]
pub(super) struct Running {
    child: Box<dyn ChildWrapper>,
    requests: Option<Sender<String>>,
    replies: Receiver<Line>,
    limit: Arc<AtomicU64>,
    last_words: Arc<Mutex<Vec<u8>>>,
}

impl Running {
    /// Start the program `words[0]` with the other words as arguments.
    pub(super) fn start(words: &[String]) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        // What it starts itself is stopped with it.
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("it has no standard input or output");
        let stdin = child.stdin().take().ok_or_else(missing)?;
        let stdout = child.stdout().take().ok_or_else(missing)?;
        let stderr = child.stderr().take().ok_or_else(missing)?;
        let (requests, to_write) = mpsc::channel();
        // A program that writes without being asked waits when nobody reads.
        let (read, replies) = mpsc::sync_channel(4);
        let limit = Arc::new(AtomicU64::new(REPLY_BYTES));
        let last_words = Arc::new(Mutex::new(Vec::new()));
        let (own_limit, own_words) = (Arc::clone(&limit), Arc::clone(&last_words));
        thread::spawn(move || write_requests(stdin, &to_write));
        thread::spawn(move || read_replies(stdout, &read, &own_limit));
        thread::spawn(move || read_words(stderr, &own_words));
        Ok(Self {
            child,
            requests: Some(requests),
            replies,
            limit,
            last_words,
        })
    }

    /// Send `line`, and wait for the line that answers it.
    pub(super) fn ask(&mut self, line: &str, timeout: Duration) -> Result<String, Trouble> {
        match self.replies.try_recv() {
            Ok(Line::Whole(line)) => {
                return Err(Trouble::Unasked(
                    String::from_utf8_lossy(&line).into_owned(),
                ));
            }
            Ok(Line::TooLong(bytes)) => return Err(Trouble::TooLong(bytes)),
            Err(TryRecvError::Disconnected) => return Err(Trouble::Gone),
            Err(TryRecvError::Empty) => (),
        }
        let allowed = REPLY_BYTES + REPLY_PER_REQUEST * line.len() as u64;
        self.limit.store(allowed, Ordering::Relaxed);
        let sent = self.requests.as_ref().map(|requests| {
            // Its thread has ended when standard input is closed; then there will be no reply either.
            requests.send(format!("{line}\n"))
        });
        drop(sent);
        match self.replies.recv_timeout(timeout) {
            Ok(Line::Whole(line)) => String::from_utf8(line).map_err(|error| {
                Trouble::NotText(String::from_utf8_lossy(error.as_bytes()).into_owned())
            }),
            Ok(Line::TooLong(bytes)) => Err(Trouble::TooLong(bytes)),
            Err(RecvTimeoutError::Timeout) => Err(Trouble::Silent),
            Err(RecvTimeoutError::Disconnected) => Err(Trouble::Ended),
        }
    }

    /// Stop it, and tell how it ended and what it last said on standard error.
    fn stop(&mut self, is_ended: bool) -> (Option<String>, String) {
        let status = if is_ended {
            // Its output is closed, and so it is about to end; who only closes it is stopped.
            self.wait(FAREWELL)
        } else {
            None
        };
        if status.is_none() {
            let _ = self.child.start_kill();
            let _ = self.child.wait();
        }
        // What it said last may still be on its way.
        thread::sleep(Duration::from_millis(20));
        let words = self.last_words.lock();
        let words = words.unwrap_or_else(std::sync::PoisonError::into_inner);
        let words = String::from_utf8_lossy(&words).trim().to_owned();
        (status, words)
    }

    /// How it ends within `time`.
    fn wait(&mut self, time: Duration) -> Option<String> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status.to_string()),
                Ok(None) if start.elapsed() < time => thread::sleep(Duration::from_millis(2)),
                _ => return None,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // With its input closed it may end by itself, and write what it has to.
        self.requests = None;
        if self.wait(FAREWELL).is_none() {
            let _ = self.child.start_kill();
            let _ = self.child.wait();
        }
    }
}

impl Trouble {
    /// What has happened to `running`, which is stopped; a verb comes first.
    pub(super) fn in_words(self, mut running: Running, timeout: Duration) -> String {
        let (status, words) = running.stop(matches!(self, Self::Ended | Self::Gone));
        let what = match self {
            Self::Ended | Self::Gone => format!(
                "ended without a reply ({})",
                status
                    .as_deref()
                    .unwrap_or("it closed its output, and was stopped")
            ),
            Self::Silent => format!(
                "gave no reply within {}, and was stopped; use --timeout for a longer time, and flush standard output after each reply",
                seconds(timeout)
            ),
            Self::TooLong(bytes) => format!(
                "wrote a line of more than {bytes} bytes, which is more than any reply to this case, and was stopped"
            ),
            Self::Unasked(line) => format!(
                "wrote a line before it was asked: {}; a request gets one line, and all else belongs on standard error",
                shown(&line)
            ),
            Self::NotText(line) => format!("wrote a line that is not UTF-8: {}", shown(&line)),
        };
        if words.is_empty() {
            what
        } else {
            // Most languages say last what was the matter, and before it how they came there.
            let last = words.lines().next_back().unwrap_or_default().trim();
            format!("{what}; its last words on standard error: {last}")
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// The beginning of a line, in quotes, with what cannot be shown written in escapes.
pub(super) fn shown(line: &str) -> String {
    let line = line.trim_end();
    let start: String = line.chars().take(SHOWN).collect();
    let more = if start.len() < line.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

fn write_requests(mut stdin: ChildStdin, requests: &Receiver<String>) {
    for request in requests {
        // Who has closed it gives no reply, which is seen where one is waited for.
        if stdin
            .write_all(request.as_bytes())
            .and_then(|()| stdin.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read_replies(stdout: ChildStdout, replies: &SyncSender<Line>, limit: &AtomicU64) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let most = |line: &[u8]| {
            let limit = limit.load(Ordering::Relaxed);
            (limit + 1).saturating_sub(line.len() as u64)
        };
        // The limit grows when a longer request is sent, while this already waits.
        while !line.ends_with(b"\n") {
            let room = most(&line);
            if room == 0 {
                let _ = replies.send(Line::TooLong(limit.load(Ordering::Relaxed)));
                return;
            }
            let step = room.min(1 << 16);
            match (&mut stdout).take(step).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) if line.is_empty() => return,
                // A last line without its end.
                Ok(0) => break,
                Ok(_) => (),
                Err(_) => return,
            }
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if replies.send(Line::Whole(line)).is_err() {
            return;
        }
    }
}

fn read_words(mut stderr: ChildStderr, last_words: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        let mut words = last_words
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        words.extend(&buffer[..read]);
        let surplus = words.len().saturating_sub(LAST_WORDS);
        words.drain(..surplus);
    }
}
