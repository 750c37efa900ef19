//! Dead letters: what nobody took, and what failed for good. A fold over the events, like everything here.

use super::text::failure_line;
use crate::event::{DeathCause, Event, Line, Names, RunId, Sink, What};
use core::time::Duration;
use polity_agents::{Failure, Undeliverable};
use polity_protocols::{AgentId, Name, TaskId, Time};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// Dead letters that are kept in memory; of more, the oldest are only counted.
pub const DEAD_LETTERS: usize = 10_000;
/// Errors of one task that are kept: the last ones.
pub const LAST_ERRORS: usize = 10;
/// Agents that are named as having tried.
const TRIED: usize = 64;
/// How long a dead letter is shown, if nobody decides about it: 30 days. It expires then; nothing is erased.
pub const RETENTION: Duration = Duration::from_secs(30 * 86_400);

/// A dead letter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadLetter {
    /// The number of the event that made it one: unique within its log.
    pub number: u64,
    /// When, in nanoseconds of the world's time.
    #[serde(serialize_with = "nanos", rename = "at_ns")]
    pub at: Time,
    /// Which run it belongs to; none for what agents told each other.
    #[serde(skip)]
    pub run: RunId,
    /// What it is.
    #[serde(flatten)]
    pub what: Dead,
}
fn nanos<S: serde::Serializer>(at: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(at.as_nanos())
}

/// What a dead letter is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Dead {
    /// A task that failed for good.
    Task(DeadTask),
    /// A letter that nobody took.
    Letter {
        /// Who sent it.
        from: Name,
        /// The agent, group or topic that it was for.
        to: Name,
        /// True if `to` is a topic.
        topic: bool,
        /// The agent whose inbox it was for.
        agent: Option<Name>,
        /// Why nobody took it.
        cause: Undeliverable,
        /// The same as a sentence.
        reason: Name,
        /// The beginning of its content, JSON.
        body: Name,
    },
}

/// A task that failed for good.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadTask {
    /// Its id, or `id[label]` of an instance.
    pub task: Name,
    /// Its number.
    #[serde(skip)]
    pub id: TaskId,
    /// Why.
    pub cause: DeathCause,
    /// The hash of what it was to work on: equal for equal work.
    pub input: Name,
    /// How many attempts were made.
    pub attempts: u32,
    /// The agents that tried, in the order in which they first did.
    pub agents: Vec<Name>,
    /// What went wrong, the last [`LAST_ERRORS`] times; the last of them ended it.
    pub errors: VecDeque<DeadError>,
}
/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadError {
    /// When, in nanoseconds of the world's time.
    #[serde(serialize_with = "nanos", rename = "at_ns")]
    pub at: Time,
    /// With whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Name>,
    /// A word for it: a kind of failure, or `lost` if the agent was.
    pub word: Name,
    /// What was said.
    pub message: String,
}
impl Dead {
    /// The cause's word.
    pub fn cause(&self) -> &'static str {
        match self {
            Dead::Task(task) => task.cause.word(),
            Dead::Letter { cause, .. } => cause.word(),
        }
    }
    /// The task, if it is one.
    pub fn task(&self) -> Option<&DeadTask> {
        if let Dead::Task(task) = self { Some(task) } else { None }
    }
}

/// All dead letters of a log, in order. It remembers of a task only what went wrong, so that healthy tasks cost nothing.
///
/// ```
/// use polity::event::{Event, RunId, What};
/// use polity::report::DeadLetters;
/// use polity_agents::Undeliverable;
/// use polity_protocols::Time;
/// let (from, to, reason, body) = ("ann".into(), "bobb".into(), "no agent is called so".into(), "1".into());
/// let what = What::Undelivered { from, to, topic: false, agent: None, cause: Undeliverable::UnknownName, reason, body };
/// let mut dead = DeadLetters::default();
/// dead.take(&Event { at: Time::ZERO, seq: 7, run: RunId::SOCIETY, what });
/// assert_eq!(dead.all().next().unwrap().number, 7);
/// ```
#[derive(Default)]
pub struct DeadLetters {
    names: Names,
    letters: VecDeque<DeadLetter>,
    dropped: u64,
    troubled: BTreeMap<TaskId, Trouble>,
    /// The failure that was told last: the task that it is of may become a dead letter by the next event.
    failed: Option<(TaskId, u32)>,
}
/// What went wrong with a task so far.
#[derive(Default)]
struct Trouble {
    agents: Vec<Name>,
    errors: VecDeque<DeadError>,
}

impl DeadLetters {
    /// The dead letters that are kept, in order.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &DeadLetter> + DoubleEndedIterator {
        self.letters.iter()
    }
    /// Older ones beyond [`DEAD_LETTERS`], which were only counted.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
    /// Takes one event. O(log of the tasks in trouble).
    pub fn take(&mut self, event: &Event) {
        match &event.what {
            What::AgentJoined { .. } | What::RunStarted(_) | What::Expanded { .. } | What::Copied { .. } => {
                self.names.take(event)
            }
            What::Retried { task, agent, failure, .. } => self.error(event.at, *task, Some(*agent), failure),
            What::Displaced { task, agent, .. } => {
                let lost = ("lost".into(), "the agent was lost under it".to_owned());
                self.trouble(event.at, *task, Some(*agent), lost);
            }
            What::Failed { task, agent, attempts, failure } => {
                self.error(event.at, *task, *agent, failure);
                self.failed = Some((*task, *attempts));
            }
            What::DeadLettered { task, cause, input } => self.bury(event, *task, *cause, input),
            What::Completed { task, .. }
            | What::Cancelled { task }
            | What::Synthesized { task, .. }
            | What::Skipped { task, .. }
                if !self.troubled.is_empty() =>
            {
                self.troubled.remove(task);
            }
            What::Undelivered { from, to, topic, agent, cause, reason, body } => {
                let agent = agent.map(|agent| self.names.agent(agent));
                let (from, to, reason, body) = (from.clone(), to.clone(), reason.clone(), body.clone());
                self.keep(event, Dead::Letter { from, to, topic: *topic, agent, cause: *cause, reason, body });
            }
            What::RunEnded(_) => {
                self.troubled.retain(|task, _| task.run() != event.run.0);
                self.names.forget(event.run);
            }
            _ => {}
        }
    }
    fn error(&mut self, at: Time, task: TaskId, agent: Option<AgentId>, failure: &Arc<Failure>) {
        self.trouble(at, task, agent, (failure.kind.word().into(), failure_line(failure)));
    }
    fn trouble(&mut self, at: Time, task: TaskId, agent: Option<AgentId>, (word, message): (Name, String)) {
        // Nobody tried, if it was given to nobody: the log then has a number that is nobody's.
        let agent = agent.filter(|agent| agent.0 != u32::MAX).map(|agent| self.names.agent(agent));
        let trouble = self.troubled.entry(task).or_default();
        trouble.errors.push_back(DeadError { at, agent: agent.clone(), word, message });
        if trouble.errors.len() > LAST_ERRORS {
            trouble.errors.pop_front();
        }
        if let Some(agent) = agent.filter(|agent| trouble.agents.len() < TRIED && !trouble.agents.contains(agent)) {
            trouble.agents.push(agent);
        }
    }
    fn bury(&mut self, event: &Event, id: TaskId, cause: DeathCause, input: &Name) {
        let Trouble { agents, errors } = self.troubled.remove(&id).unwrap_or_default();
        let attempts = self.failed.take().filter(|(of, _)| *of == id).map_or(0, |(_, attempts)| attempts);
        let (task, input) = (self.names.task(id), input.clone());
        self.keep(event, Dead::Task(DeadTask { task, id, cause, input, attempts, agents, errors }));
    }
    fn keep(&mut self, event: &Event, what: Dead) {
        self.letters.push_back(DeadLetter { number: event.seq, at: event.at, run: event.run, what });
        if self.letters.len() > DEAD_LETTERS {
            self.letters.pop_front();
            self.dropped += 1;
        }
    }

    /// The dead letters of a log on disk, and when its run began. Only the lines that matter are looked into. A last line that was cut off is
    /// left out.
    ///
    /// # Errors
    /// If the file can't be read, or a line that matters is not an event.
    pub fn read(path: &Path) -> Result<(DeadLetters, Time), super::ReadError> {
        let io = |source| super::ReadError::Io { path: path.into(), source };
        let mut from = BufReader::new(std::fs::File::open(path).map_err(io)?);
        let (mut dead, mut began, mut text, mut line) = (DeadLetters::default(), Time::ZERO, Vec::new(), 0);
        loop {
            text.clear();
            line += 1;
            if from.read_until(b'\n', &mut text).map_err(io)? == 0 {
                return Ok((dead, began));
            }
            if !matters(&text) {
                continue;
            }
            let read = serde_json::from_slice::<Line>(&text).map_err(|error| error.to_string());
            let event = read.and_then(|line| line.event().ok_or_else(|| "a part of it is missing".to_owned()));
            match event {
                Ok(event) => {
                    if let What::RunStarted(_) = event.what {
                        began = event.at;
                    }
                    dead.take(&event);
                }
                Err(_) if text.last() != Some(&b'\n') => {}
                Err(reason) => return Err(super::ReadError::Line { path: path.into(), line, reason }),
            }
        }
    }
}
impl Sink for DeadLetters {
    fn take(&mut self, event: &Event) {
        DeadLetters::take(self, event);
    }
}

/// The events that dead letters are made of. What completed is none, and by far the most lines tell of such.
const MATTER: [&str; 8] =
    ["agent_joined", "run_started", "expanded", "retried", "displaced", "failed", "dead_lettered", "undelivered"];
/// Whether a line may tell of such an event, by its first hundred bytes: the kind stands near the beginning.
fn matters(line: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&line[..line.len().min(100)]);
    match head.split_once("\"event\":\"").and_then(|(_, rest)| rest.split_once('"')) {
        Some((kind, _)) => MATTER.contains(&kind),
        None => !line.trim_ascii().is_empty(),
    }
}
