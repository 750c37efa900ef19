//! Live progress, in nextest's manner: a status word, a time, a counter, and why.

use super::fold::{Report, concerns};
use super::paint::{Paint, Status};
use super::record::TaskRecord;
use super::sentence::{handled, sentence};
use super::text::{clipped, count, failure_line, harmless, listed, put};
use crate::event::{COPIES, Disturbance, Event, Names, RunHead, RunId, Sink, UNDOING, What};
use crate::supervision::Circuit;
use core::time::Duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use polity_protocols::{AgentId, Decision, Name, TaskId, Time};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// Runs with more tasks tell of failures only, and of how far they are.
const LARGE: u64 = 1_000;
/// Of a large run in a pipe there is a line every so many per cent.
const EVERY: u64 = 5;
/// Columns for a task's and for an agent's name.
const WIDTHS: (usize, usize) = (28, 16);

/// How progress is shown.
#[derive(Clone, Debug, Default)]
pub struct ConsoleOptions {
    /// Whether with colours (the caller respects `NO_COLOR`).
    pub color: bool,
    /// Whether error output is a terminal: then there is a bar below the lines.
    pub terminal: bool,
    /// Whether refusals, notes and agents that join are told of too, and every task of a large run.
    pub verbose: bool,
    /// Where the run's folder or report is; said at the end.
    pub folder: Option<String>,
    /// The command that replays the run; said when it did not end well.
    pub replay: Option<String>,
}

/// Shows a run as it goes on. It never fails: when nobody reads any more, it is silent.
///
/// ```
/// use polity::event::{EventLog, RunId};
/// use polity::report::{Console, ConsoleOptions};
/// let log = EventLog::default();
/// log.add(Box::new(Console::new(RunId(0), ConsoleOptions::default(), Box::new(std::io::stderr()))));
/// ```
pub struct Console {
    run: RunId,
    pub(super) options: ConsoleOptions,
    pub(super) paint: Paint,
    out: Option<Box<dyn Write>>,
    bar: Option<ProgressBar>,
    pub(super) names: Names,
    pub(super) report: Report,
    /// The last award of each open task.
    awards: BTreeMap<u32, Arc<Decision>>,
    pub(super) failed: Vec<u32>,
    total: u64,
    ended: u64,
    /// Counter value at which a large run in a pipe speaks next.
    next: u64,
    over: bool,
    widths: (usize, usize),
}

impl Console {
    /// Shows run `run` on `out` (error output, as a rule).
    pub fn new(run: RunId, options: ConsoleOptions, out: Box<dyn Write>) -> Console {
        Console {
            run,
            paint: Paint::new(options.color),
            options,
            out: Some(out),
            bar: None,
            names: Names::default(),
            report: Report::of(run),
            awards: BTreeMap::new(),
            failed: Vec::new(),
            total: 0,
            ended: 0,
            next: 0,
            over: false,
            widths: (0, 0),
        }
    }
    fn say(&mut self, text: &str) {
        let Some(out) = self.out.as_mut() else { return };
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        if written.is_err() {
            self.out = None;
        }
    }
    fn is_large(&self) -> bool {
        self.total > LARGE
    }

    fn begin(&mut self, head: &RunHead) {
        self.total = head.tasks.len() as u64;
        let width = |names: &[Name], most: usize| names.iter().map(|n| n.chars().count()).max().unwrap_or(0).min(most);
        self.widths = (width(&head.tasks, WIDTHS.0), width(&head.agents, WIDTHS.1));
        let text = self.starting(head);
        self.say(&text);
        if self.options.terminal {
            let bar = ProgressBar::with_draw_target(Some(self.total), ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{prefix:>12} [{elapsed_precise}] [{bar:24}] {pos}/{len} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix("Running");
            self.bar = Some(bar);
        }
    }
    fn expand(&mut self, labels: &[Name], task: TaskId) {
        self.total = (self.total + labels.len() as u64).saturating_sub(1);
        let id = self.names.task(task).chars().count();
        let longest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        self.widths.0 = self.widths.0.max(id + longest + 2).min(WIDTHS.0);
        if let Some(bar) = &self.bar {
            bar.set_length(self.total);
        }
    }

    /// What an event is told as; nothing for most.
    fn tell(&mut self, at: Time, what: &What, before: Before) -> Option<String> {
        let verbose = self.options.verbose;
        match what {
            What::Completed { task, .. } | What::Cancelled { task } if task.instance() >= COPIES && !verbose => None,
            What::Compensated { task } => self.unless_large(Status::Undone, None, *task, ""),
            What::Uncompensated { task, reason } => Some(self.line(Status::Left, None, Some(*task), None, reason)),
            What::Completed { task, agent, attempts, took, .. } => {
                let why = before.award.map(|d| sentence(&d, *agent, &self.names)).unwrap_or_default();
                let again = if *attempts > 1 { format!("attempt {attempts}  ") } else { String::new() };
                self.quietly(Status::Completed, *took, *task, Some(*agent), &format!("{again}{why}"))
            }
            What::Synthesized { task, took, .. } => {
                let record = self.report.task(task.instance());
                let how = match record.and_then(TaskRecord::handled).map(|does| &**does) {
                    _ if record.is_some_and(TaskRecord::is_replaced) => "by the task that took its place",
                    Some("output") => "by its error handler",
                    _ if record.is_some_and(|record| record.began_at().is_none()) => "it lets others begin, one at a time",
                    _ => "by its sub-runs",
                };
                self.quietly(Status::Completed, *took, *task, None, how)
            }
            What::Handled { task, handler, does, reason } => {
                let why = format!("{}: {}", handled(*handler, does), clipped(reason, 120));
                self.quietly(Status::Note, Duration::ZERO, *task, None, &why)
            }
            What::Replanned { task, agent, failure, .. } => {
                let why = format!("{}; another way is asked for", clipped(&failure_line(failure), 80));
                self.quietly(Status::Retry, before.spent, *task, *agent, &why)
            }
            What::Delegated { task, agent, .. } if verbose => {
                Some(self.line(Status::Note, Some(before.spent), Some(*task), Some(*agent), "it hands the work on"))
            }
            What::Nested { task, round: UNDOING, .. } if verbose => {
                Some(self.line(Status::Note, None, Some(*task), None, "a sub-run begins that undoes what another did"))
            }
            What::Nested { task, depth, round, .. } if verbose => {
                let why = format!("a sub-run begins, depth {depth}, round {}", round + 1);
                Some(self.line(Status::Note, None, Some(*task), None, &why))
            }
            What::Recalled { task, .. } => self.unless_large(Status::Completed, None, *task, "as the record says"),
            What::RunPaused => Some(self.line(Status::Note, None, None, None, "the run is paused: nothing new begins")),
            What::RunResumed => Some(self.line(Status::Note, None, None, None, "the run goes on")),
            What::Paused { task } => Some(self.line(Status::Note, None, Some(*task), None, "it is paused")),
            What::Resumed { task } => Some(self.line(Status::Note, None, Some(*task), None, "it goes on")),
            What::Failed { task, agent, failure, .. } => {
                Some(self.line(Status::Failed, Some(before.spent), Some(*task), *agent, &failure_line(failure)))
            }
            What::Skipped { task, reason } => self.unless_large(Status::Skipped, None, *task, reason),
            What::Blocked { task, causes } => {
                let cause = causes.last().map(|n| self.names.task(TaskId::new(task.run(), *n)));
                let why = cause.map(|c| format!("by {c}")).unwrap_or_default();
                self.unless_large(Status::Blocked, None, *task, &why)
            }
            What::Cancelled { task } => {
                let why = self.called_off(*task);
                self.unless_large(Status::Cancelled, Some(before.spent), *task, &why)
            }
            What::Retried { task, agent, attempt, failure, at: again } => {
                let wait = again.since(at).as_secs_f64();
                let why = format!("{}; attempt {} in {wait:.1}s", clipped(&failure_line(failure), 80), attempt.saturating_add(1));
                self.quietly(Status::Retry, before.spent, *task, Some(*agent), &why)
            }
            What::Displaced { task, agent, .. } => {
                let why = "its agent was lost; it is announced again";
                self.quietly(Status::Lost, before.spent, *task, Some(*agent), why)
            }
            What::Refused { task, agent, .. } if verbose => {
                Some(self.line(Status::Refused, None, Some(*task), Some(*agent), "it is announced again"))
            }
            What::Voted { task, agree, differ, reason } if verbose || !differ.is_empty() => {
                let all = |agents: &[AgentId]| {
                    let named: Vec<String> = agents.iter().map(|agent| self.names.agent(*agent).to_string()).collect();
                    if named.is_empty() { "nobody".into() } else { named.join(", ") }
                };
                let against = if differ.is_empty() { String::new() } else { format!(" against {}", all(differ)) };
                Some(self.line(Status::Note, None, Some(*task), None, &format!("{}{against}: {reason}", all(agree))))
            }
            What::Noted { task, note } if verbose => Some(self.line(Status::Note, None, Some(*task), None, note)),
            What::AgentGivenUp { agent, reason } => Some(self.line(Status::Escalated, None, None, Some(*agent), reason)),
            // One that was told to end did so: a pool that shrinks, a group that is begun anew.
            What::AgentLost { reason, .. } if **reason == *"ended" && !verbose => None,
            What::AgentLost { agent, reason, .. } => Some(self.line(Status::Lost, None, None, Some(*agent), reason)),
            What::AgentJoined { agent, incarnation, .. } if verbose && self.report.head().is_some() => {
                let why = format!("incarnation {incarnation}");
                Some(self.line(Status::Joined, None, None, Some(*agent), &why))
            }
            What::CoordinatorLost { strategy, reason, .. } => {
                let why = format!("the {strategy} coordinator; it is built again: {reason}");
                Some(self.line(Status::Lost, None, None, None, &why))
            }
            What::PoolResized { pool, replicas } if verbose => Some(self.line(
                Status::Note,
                None,
                None,
                None,
                &format!("the pool \"{pool}\" has {} now", count(u64::from(*replicas), "agent")),
            )),
            What::BreakerTurned { agent, work, circuit, reason, .. } => {
                let work = if work.is_empty() { "for work without a type".into() } else { format!("for \"{work}\"") };
                let fate = match circuit {
                    Circuit::Open => "it is passed over while somebody else can do it",
                    Circuit::HalfOpen => "it is tried",
                    Circuit::Closed => "it gets work as before",
                };
                let why = format!("its breaker {work} is {}: {reason}; {fate}", circuit.word().replace('_', "-"));
                Some(self.line(Status::Breaker, None, None, Some(*agent), &why))
            }
            What::Postponed { task, at: again, reason, .. } => {
                let wait = again.since(at).as_secs_f64();
                self.quietly(Status::Retry, Duration::ZERO, *task, None, &format!("it waits {wait:.1}s longer: {reason}"))
            }
            What::Stalled { reason } => Some(self.line(Status::Stalled, None, None, None, reason)),
            What::SupervisorLost { name, reason, .. } => {
                Some(self.line(Status::Lost, None, None, None, &format!("the supervisor \"{name}\": {reason}")))
            }
            What::StateConflict { task, key, rejected, .. } => {
                let fate = if *rejected { "its write is rejected" } else { "the last writer wins" };
                let why = format!("another task had changed state.{key} meanwhile; {fate}");
                self.unless_large(Status::Note, None, *task, &why)
            }
            What::Undelivered { agent, reason, .. } if verbose => Some(self.line(Status::DeadLetter, None, None, *agent, reason)),
            What::Disturbed { fault, agents, reason } if self.options.verbose || *fault != Disturbance::Crashed => {
                let all: Vec<String> = agents.iter().map(|agent| self.names.agent(*agent).to_string()).collect();
                let who = if all.is_empty() { String::new() } else { format!(" {}", listed(&all, 8)) };
                let why = format!("on purpose: {}{who}: {reason}", fault.word().replace('_', " "));
                Some(self.line(Status::Note, None, None, None, &why))
            }
            What::Escalated { reason } => Some(self.line(Status::Escalated, None, None, None, reason)),
            _ => None,
        }
    }
    /// A line that a large run leaves out.
    fn quietly(&self, status: Status, took: Duration, task: TaskId, agent: Option<AgentId>, why: &str) -> Option<String> {
        (!self.is_large() || self.options.verbose).then(|| self.line(status, Some(took), Some(task), agent, why))
    }
    fn unless_large(&self, status: Status, spent: Option<Duration>, task: TaskId, why: &str) -> Option<String> {
        let spent = spent.filter(|s| !s.is_zero());
        (!self.is_large() || self.options.verbose).then(|| self.line(status, spent, Some(task), None, why))
    }
    /// `   COMPLETED [   0.021s] (1/6) extract  shell-2  3 bids: …`
    pub(super) fn line(
        &self,
        status: Status,
        took: Option<Duration>,
        task: Option<TaskId>,
        agent: Option<AgentId>,
        why: &str,
    ) -> String {
        let digits = self.total.max(1).ilog10() as usize + 1;
        let counter =
            if status.is_end() && !self.over { format!("({:>digits$}/{})", self.ended, self.total) } else { String::new() };
        let name = task.map(|t| clipped(&self.names.task(t), 2 * WIDTHS.0)).unwrap_or_default();
        let agent = agent.map(|a| clipped(&self.names.agent(a), 2 * WIDTHS.1)).unwrap_or_default();
        let (task_width, agent_width) = self.widths;
        let mut rest = format!("{counter:<counters$}", counters = 2 * digits + 3);
        let pad = " ".repeat(task_width.saturating_sub(name.chars().count()));
        put(&mut rest, format_args!(" {}{pad}  {agent:<agent_width$}  ", self.paint.bold(&name)));
        rest.push_str(&clipped(why, 160));
        format!("{} {} {}\n", self.paint.status(status), self.paint.time(took), rest.trim_end())
    }
    /// What a large run in a pipe says now and then.
    fn milestone(&mut self, at: Time) -> Option<String> {
        if !self.is_large() || self.options.terminal || self.options.verbose || self.ended < self.next || self.over {
            return None;
        }
        let step = (self.total * EVERY / 100).max(1);
        let first = self.next == 0;
        self.next = (self.ended / step + 1) * step;
        let counts = super::ending::counts(&self.report.tally(), 0);
        let took = self.report.began().map_or(Duration::ZERO, |began| at.since(began));
        let percent = self.ended * 100 / self.total.max(1);
        let line = format!(
            "{} {} {percent:>3}% ({}/{}) {counts}\n",
            self.paint.status(Status::Progress),
            self.paint.time(Some(took)),
            self.ended,
            self.total
        );
        (!first).then_some(line)
    }
    fn show_bar(&mut self, event: &Event) {
        let Some(bar) = &self.bar else { return };
        bar.set_position(self.ended);
        if let What::Started { task, agent, .. } = &event.what {
            let message = format!("{} on {}", self.names.task(*task), self.names.agent(*agent));
            bar.set_message(harmless(&message).into_owned());
        }
    }
}

/// What must be known from before an event was taken.
#[derive(Default)]
struct Before {
    award: Option<Arc<Decision>>,
    spent: Duration,
}

impl Console {
    fn look_back(&mut self, event: &Event) -> Before {
        let Some(task) = event.what.task() else { return Before::default() };
        let executing = self.report.task(task.instance()).filter(|t| t.state == super::State::Executing);
        let spent = executing.and_then(|t| t.started_at()).map_or(Duration::ZERO, |started| event.at.since(started));
        let award = match &event.what {
            What::Assigned { decision, .. } => self.awards.insert(task.instance(), decision.clone()),
            What::Announced { .. } | What::Started { .. } | What::Noted { .. } | What::Postponed { .. } => None,
            What::StateChanged { .. } | What::StateConflict { .. } => None,
            _ => self.awards.remove(&task.instance()),
        };
        Before { award, spent }
    }
    /// Why a task was called off, if a join did so.
    fn called_off(&self, task: TaskId) -> String {
        let by = |n: u32| self.report.task(n).and_then(|record| record.called_off());
        let by = by(task.instance()).or_else(|| by(self.report.node(task.instance())));
        by.map(|by| format!("what {} waited for is there", self.names.task(TaskId::new(task.run(), by)))).unwrap_or_default()
    }
    fn count(&mut self, what: &What) {
        match what {
            What::RunStarted(head) => self.begin(head),
            What::Expanded { labels, task, .. } => self.expand(labels, *task),
            what if what.task().is_some_and(|task| task.instance() >= COPIES) => {} // the task itself is counted
            // The end of an expanded task is that of its instances.
            what if what.task().is_some_and(|t| self.report.family(t.instance()).is_some()) => {}
            What::Completed { .. }
            | What::Synthesized { .. }
            | What::Recalled { .. }
            | What::Skipped { .. }
            | What::Blocked { .. }
            | What::Cancelled { .. } => self.ended += 1,
            What::Failed { task, .. } => {
                self.ended += 1;
                self.failed.push(task.instance());
            }
            _ => {}
        }
    }
}

impl Sink for Console {
    fn take(&mut self, event: &Event) {
        if self.over || self.out.is_none() {
            return;
        }
        if !concerns(self.run, event) {
            self.report.take(event); // what is done below it keeps its agents busy
            return;
        }
        self.names.take(event);
        let before = self.look_back(event);
        let strays = self.report.strays();
        self.report.take(event);
        if self.report.strays() > strays {
            return;
        }
        self.count(&event.what);
        if let Some(text) = self.tell(event.at, &event.what, before) {
            self.say(&text);
        }
        if let Some(text) = self.milestone(event.at) {
            self.say(&text);
        }
        self.show_bar(event);
        if let What::RunEnded(tail) = &event.what {
            self.over = true;
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            let text = self.ending(tail);
            self.say(&text);
        }
    }
    // The runtime is idle: the bar's clock goes on.
    fn flush(&mut self) {
        if let Some(bar) = &self.bar {
            bar.tick();
        }
    }
}
