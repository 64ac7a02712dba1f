//! A program in any language under test: it is started once, and speaks JSON lines.
//!
//! Each request is an [op-case](crate::interchange) without output and gradients on one line of its
//! standard input; the reply, on one line of its standard output, adds them. Instead it may reply
//! `{"unsupported": "why"}`, or `{"error": "why"}`.

mod running;

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::interchange::{self, OpCase, Reply};
use crate::spec::case::Precision;
use crate::tensor::{Tensor, reshape};

use super::subject::{Answer, Asked, Request, Subject, SubjectError};
use running::{Running, Trouble};

/// How long a reply may take, when nothing is said about it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The same of the first reply after its start, since interpreters and libraries take their time to load.
const FIRST_TIMEOUT: Duration = Duration::from_secs(60);

/// Replies that it waits for in vain before it has had enough.
const MOST_HANGS: usize = 8;

/// A program under test.
#[derive(Debug)]
pub struct Process {
    /// As somebody wrote it.
    command: String,
    /// The program and its arguments.
    words: Vec<String>,
    timeout: Duration,
    first_timeout: Duration,
    precision: Precision,
    running: Option<Running>,
    has_replied: bool,
    hangs: usize,
}

/// Why there is no program.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The command cannot be taken apart.
    #[error(
        "the command {0:?} has a quote that is not closed: close it, or write it with a backslash"
    )]
    Quotes(String),
    /// There is no word in it.
    #[error("the command is empty: name a program, as in --subject 'python my_conv.py'")]
    Empty,
    /// It cannot be started.
    #[error(
        "'{program}' cannot be started ({error}): name a program that there is, with its path when it is not on PATH"
    )]
    Start {
        /// The program.
        program: String,
        /// Why.
        error: io::Error,
    },
}

impl Process {
    /// Start `command`, which is split into words as a shell does, but is not run by one. It computes in
    /// `f64`. A reply may take 10 seconds, and the first after a start a minute.
    ///
    /// # Errors
    /// [`ProcessError`], when there is no such program.
    pub fn start(command: &str) -> Result<Self, ProcessError> {
        let words =
            shlex::split(command).ok_or_else(|| ProcessError::Quotes(command.to_owned()))?;
        let program = words.first().ok_or(ProcessError::Empty)?;
        let running = Running::start(&words).map_err(|error| ProcessError::Start {
            program: program.clone(),
            error,
        })?;
        Ok(Self {
            command: command.to_owned(),
            words,
            timeout: TIMEOUT,
            first_timeout: FIRST_TIMEOUT,
            precision: Precision::F64,
            running: Some(running),
            has_replied: false,
            hangs: 0,
        })
    }

    /// The same, every reply of which may take `timeout`.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self {
            timeout,
            first_timeout: timeout,
            ..self
        }
    }

    /// The same, which computes in `precision`.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    fn timeout(&self) -> Duration {
        if self.has_replied {
            self.timeout
        } else {
            self.first_timeout
        }
    }

    /// What it replies to `case`. After anything but a whole reply it is stopped, and started anew for
    /// the next case.
    fn ask(&mut self, case: &OpCase) -> Result<Reply, String> {
        let line = case.to_line();
        let (mut running, mut answer) = match self.running.take() {
            Some(mut running) => {
                let answer = running.ask(&line, self.timeout());
                (running, answer)
            }
            None => self.asked_anew(&line)?,
        };
        // Who ends after each reply is started for each case.
        if matches!(answer, Err(Trouble::Gone)) {
            (running, answer) = self.asked_anew(&line)?;
        }
        match answer {
            Ok(reply) => match Reply::from_json(&reply) {
                Ok(reply) => {
                    self.has_replied = true;
                    self.running = Some(running);
                    Ok(reply)
                }
                Err(error) => Err(format!(
                    "'{}' wrote a line that is no reply ({error}): {}; a reply is one line of JSON with output and gradients, and all else belongs on standard error",
                    self.command,
                    running::shown(&reply)
                )),
            },
            Err(trouble) => {
                self.hangs += usize::from(matches!(trouble, Trouble::Silent));
                Err(format!(
                    "'{}' {}",
                    self.command,
                    trouble.in_words(running, self.timeout())
                ))
            }
        }
    }
}

impl Process {
    /// Start it again, and ask.
    fn asked_anew(&mut self, line: &str) -> Result<(Running, Result<String, Trouble>), String> {
        let mut running = Running::start(&self.words)
            .map_err(|error| format!("'{}' cannot be started again: {error}", self.command))?;
        self.has_replied = false;
        let answer = running.ask(line, self.timeout());
        Ok((running, answer))
    }
}

impl Subject for Process {
    fn answer(&mut self, request: &Request<'_>) -> Result<Answer, SubjectError> {
        let case = op_case(request, self.precision);
        let answer = match self.ask(&case).map_err(SubjectError::Failed)? {
            Reply::Answer(answer) => answer,
            Reply::Unsupported(why) => return Err(SubjectError::Unsupported(why)),
            Reply::Failed(why) => {
                return Err(SubjectError::Failed(format!(
                    "'{}' says: {why}",
                    self.command
                )));
            }
        };
        let is_single = !matches!(request.asked, Asked::Operator(_));
        self.read(answer, is_single).map_err(|error| {
            SubjectError::Failed(format!("'{}' replied, and {error}", self.command))
        })
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn is_weary(&self) -> bool {
        self.hangs >= MOST_HANGS
    }
}

impl Process {
    /// The reply's arrays, in numbers of the precision; a loss may be a list of one.
    fn read(
        &self,
        answer: interchange::Answer,
        is_single: bool,
    ) -> Result<Answer, interchange::CaseError> {
        let format = self.precision.format();
        let rounded = |tensor: Tensor<f64>| tensor.mapv_into(|value| format.round(value));
        let mut output = rounded(answer.output.tensor("output")?);
        if is_single && output.len() == 1 {
            output = reshape(output, &[]);
        }
        let mut read = Answer::new(output);
        for (name, array) in &answer.gradients {
            let gradient = array.tensor(&format!("the gradient of {name}"))?;
            read = read.with(name, rounded(gradient));
        }
        Ok(read)
    }
}

/// A request in the format of files.
#[must_use]
pub fn op_case(request: &Request<'_>, precision: Precision) -> OpCase {
    let problem = request.problem;
    match request.asked {
        Asked::Operator(op) => OpCase::of_operator(op, problem, precision),
        Asked::Loss(_) => OpCase::of_loss(problem, precision),
        Asked::Network(spec) => OpCase::of_network(spec, problem, precision),
    }
}
