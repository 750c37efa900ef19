//! What a report remembers of one task and of one agent.

use crate::event::Counts;
use crate::supervision::Circuit;
use core::time::Duration;
use polity_agents::Failure;
use polity_protocols::{AgentId, Decision, Name, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps that are remembered per task; a task that is retried without end must not fill the memory.
pub const STEPS: usize = 1_000;

/// Where a task instance stands, as far as the events have told.
///
/// ```
/// use polity::report::State;
/// assert!(State::Skipped.has_ended() && !State::BackingOff.has_ended());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the words are those of the language
pub enum State {
    #[default]
    Pending,
    /// Announced to the coordinator, not yet awarded.
    Ready,
    Assigned,
    Executing,
    BackingOff,
    /// A `for_each` task that became instances, not all of which have ended.
    Expanded,
    /// Sub-runs do it.
    Nested,
    /// A `for_each` task all of whose instances ended.
    Joined {
        /// True if every instance that was needed succeeded.
        succeeded: bool,
    },
    Completed,
    Failed,
    Skipped,
    Blocked,
    Cancelled,
    /// It was completed, and then undone.
    Compensated,
}
impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Ready => "ready",
            State::Assigned => "assigned",
            State::Executing => "executing",
            State::BackingOff => "backing off",
            State::Expanded => "expanded",
            State::Nested => "in sub-runs",
            State::Joined { succeeded: true } => "joined",
            State::Joined { succeeded: false } => "joined, failed",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Skipped => "skipped",
            State::Blocked => "blocked",
            State::Cancelled => "cancelled",
            State::Compensated => "undone",
        }
    }
    /// True if an agent has it.
    pub fn is_held(self) -> bool {
        matches!(self, State::Assigned | State::Executing)
    }
    /// True if nothing more will become of it.
    pub fn has_ended(self) -> bool {
        use State::*;
        matches!(self, Joined { .. } | Completed | Failed | Skipped | Blocked | Cancelled | Compensated)
    }
    /// Counts it in a tally, if it is one of the ends.
    pub(super) fn tally(self, counts: &mut Counts) {
        match self {
            State::Completed | State::Compensated => counts.completed += 1,
            State::Failed => counts.failed += 1,
            State::Skipped => counts.skipped += 1,
            State::Blocked => counts.blocked += 1,
            State::Cancelled => counts.cancelled += 1,
            _ => {}
        }
    }
}

/// One thing that happened to a task between its announcement and its end.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // as the events of the same names
pub enum Step {
    Announced { attempt: u32 },
    Awarded { agent: AgentId, attempt: u32, launch: u32, decision: Arc<Decision> },
    Refused { agent: AgentId },
    Started { agent: AgentId },
    Displaced { agent: AgentId },
    Retried { agent: AgentId, attempt: u32, failure: Arc<Failure>, again: Time },
    Voted { agree: Arc<[AgentId]>, differ: Arc<[AgentId]>, reason: Name },
    Noted(Name),
    CalledOff { by: u32 },
    Handled { handler: u32, does: Name, reason: Name },
}

/// A moment, or none, in eight bytes: a report may hold a million tasks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment(u64);
impl Default for Moment {
    fn default() -> Self {
        Moment(u64::MAX)
    }
}
impl Moment {
    fn get(self) -> Option<Time> {
        (self.0 != u64::MAX).then(|| Time::from_nanos(self.0))
    }
    fn at(time: Time) -> Moment {
        Moment(time.as_nanos())
    }
}

/// One task instance: about 120 bytes, and a box for those to which something unusual happened.
#[derive(Clone, Default)]
pub struct TaskRecord {
    /// Where it stands.
    pub state: State,
    /// The agent that has it, or had it last.
    pub agent: Option<AgentId>,
    /// Attempts so far, by its retry policy.
    pub attempts: u32,
    /// Awards so far; more than attempts if agents were lost under it or refused it.
    pub launches: u32,
    /// Why it failed for good.
    pub failure: Option<Arc<Failure>>,
    /// Why it was skipped.
    pub reason: Option<Name>,
    ready: Moment,
    announced: Moment,
    assigned: Moment,
    started: Moment,
    ended: Moment,
    took: u64,
    worked: u64,
    deciding: u64,
    more: Option<Box<More>>,
}

#[derive(Clone, Default)]
struct More {
    causes: Option<Arc<[u32]>>,
    nested: Moment,
    output: Option<Arc<Value>>,
    dead: Option<Name>,
    steps: Vec<(Time, Step)>,
    dropped: u64,
}

fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

impl TaskRecord {
    /// When it was announced first.
    pub fn ready_at(&self) -> Option<Time> {
        self.ready.get()
    }
    /// When it began to be done: announced, or handed to a sub-run.
    pub fn began_at(&self) -> Option<Time> {
        self.ready_at().or_else(|| self.more.as_ref()?.nested.get())
    }
    /// When it was announced last.
    pub fn announced_at(&self) -> Option<Time> {
        self.announced.get()
    }
    /// When it was awarded last.
    pub fn assigned_at(&self) -> Option<Time> {
        self.assigned.get()
    }
    /// When an agent last began to work on it.
    pub fn started_at(&self) -> Option<Time> {
        self.started.get()
    }
    /// When it ended.
    pub fn ended_at(&self) -> Option<Time> {
        self.ended.get()
    }
    /// How long the attempt took that ended it; zero if none did.
    pub fn took(&self) -> Duration {
        Duration::from_nanos(self.took)
    }
    /// How long agents worked on it, all attempts together.
    pub fn worked(&self) -> Duration {
        Duration::from_nanos(self.worked)
    }
    /// How long it lay announced without an award, all announcements together.
    pub fn deciding(&self) -> Duration {
        Duration::from_nanos(self.deciding)
    }
    /// How long it was ready, until its end or `now`, without being worked on.
    pub fn waited(&self, now: Time) -> Duration {
        let Some(ready) = self.ready_at() else { return Duration::ZERO };
        let mut worked = self.worked();
        if let (State::Executing, Some(started)) = (self.state, self.started_at()) {
            worked += now.since(started);
        }
        self.ended_at().unwrap_or(now).since(ready).saturating_sub(worked)
    }
    /// What blocked it: instances, from its own dependency to the root.
    pub fn causes(&self) -> &[u32] {
        self.more.as_ref().and_then(|m| m.causes.as_deref()).unwrap_or(&[])
    }
    /// Its result, if the report keeps decisions.
    pub fn output(&self) -> Option<&Arc<Value>> {
        self.more.as_ref()?.output.as_ref()
    }
    /// The hash of what it was to work on, if it became a dead letter.
    pub fn dead(&self) -> Option<&Name> {
        self.more.as_ref()?.dead.as_ref()
    }
    /// What happened to it, in order. Without [`super::Report::keeping_decisions`] only what is unusual: refusals, losses, retries, notes.
    pub fn steps(&self) -> &[(Time, Step)] {
        self.more.as_ref().map_or(&[], |m| &m.steps)
    }
    /// Steps beyond [`STEPS`], which were only counted.
    pub fn dropped_steps(&self) -> u64 {
        self.more.as_ref().map_or(0, |m| m.dropped)
    }
    /// Its failed attempts that were followed by another: attempt, agent, why, and when the next one may begin.
    pub fn retries(&self) -> impl Iterator<Item = (u32, AgentId, &Arc<Failure>, Time)> {
        self.steps().iter().filter_map(|(_, step)| match step {
            Step::Retried { agent, attempt, failure, again } => Some((*attempt, *agent, failure, *again)),
            _ => None,
        })
    }
    /// The task whose join called it off, if one did.
    pub fn called_off(&self) -> Option<u32> {
        self.steps().iter().find_map(|(_, step)| if let Step::CalledOff { by } = step { Some(*by) } else { None })
    }
    /// What the error handler does that took its failure, if one did: the key that says it.
    pub fn handled(&self) -> Option<&Name> {
        self.steps().iter().rev().find_map(|(_, step)| if let Step::Handled { does, .. } = step { Some(does) } else { None })
    }
    /// True if another task took its place.
    pub(super) fn is_replaced(&self) -> bool {
        self.notes().any(|note| note.ends_with("takes its place"))
    }
    /// What its jobs noted.
    pub fn notes(&self) -> impl Iterator<Item = &Name> {
        self.steps().iter().filter_map(|(_, step)| if let Step::Noted(note) = step { Some(note) } else { None })
    }
    /// The decision of the last award, if the report keeps decisions.
    pub fn decision(&self) -> Option<&Arc<Decision>> {
        self.steps().iter().rev().find_map(|(_, s)| if let Step::Awarded { decision, .. } = s { Some(decision) } else { None })
    }

    pub(super) fn announce(&mut self, at: Time, attempt: u32) {
        self.state = State::Ready;
        self.attempts = self.attempts.max(attempt);
        self.announced = Moment::at(at);
        if self.ready.get().is_none() {
            self.ready = self.announced;
        }
    }
    pub(super) fn assign(&mut self, at: Time, agent: AgentId, attempt: u32, launch: u32) -> Duration {
        let since =
            if self.state == State::Ready { self.announced_at().map_or(Duration::ZERO, |t| at.since(t)) } else { Duration::ZERO };
        self.deciding = self.deciding.saturating_add(nanos(since));
        (self.state, self.agent, self.assigned) = (State::Assigned, Some(agent), Moment::at(at));
        self.attempts = self.attempts.max(attempt);
        self.launches = self.launches.max(launch);
        since
    }
    pub(super) fn start(&mut self, at: Time, agent: AgentId) {
        (self.state, self.agent, self.started) = (State::Executing, Some(agent), Moment::at(at));
    }
    /// It is no longer worked on: whose time that was, and how much.
    pub(super) fn stop(&mut self, at: Time) -> Option<(AgentId, Duration)> {
        let (State::Executing, Some(started), Some(agent)) = (self.state, self.started_at(), self.agent) else { return None };
        let spent = at.since(started);
        self.worked = self.worked.saturating_add(nanos(spent));
        Some((agent, spent))
    }
    pub(super) fn end(&mut self, at: Time, state: State, took: Duration) {
        (self.state, self.ended, self.took) = (state, Moment::at(at), nanos(took));
    }
    /// A sub-run of it began.
    pub(super) fn nested(&mut self, at: Time) {
        self.state = State::Nested;
        if self.began_at().is_none() {
            self.more().nested = Moment::at(at);
        }
    }
    /// Another copy of it was opened: it is being worked on, by nobody in particular.
    pub(super) fn copied(&mut self, at: Time) {
        self.state = State::Executing;
        if self.ready.get().is_none() {
            (self.ready, self.announced) = (Moment::at(at), Moment::at(at));
        }
    }
    /// From its first copy to the vote, or while it was done in another way, somebody worked on it.
    pub(super) fn took_all(&mut self) {
        self.worked = self.worked.saturating_add(self.took);
    }
    pub(super) fn blocked_by(&mut self, causes: &Arc<[u32]>) {
        self.more().causes = Some(causes.clone());
    }
    pub(super) fn answered(&mut self, output: &Arc<Value>) {
        self.more().output = Some(output.clone());
    }
    pub(super) fn died(&mut self, input: &Name) {
        self.more().dead = Some(input.clone());
    }
    pub(super) fn step(&mut self, at: Time, step: Step) {
        let more = self.more();
        if more.steps.len() < STEPS { more.steps.push((at, step)) } else { more.dropped += 1 }
    }
    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_with(Box::default)
    }
}

/// One agent, over the time of the report.
#[derive(Clone, Debug, Default)]
pub struct AgentRecord {
    /// Jobs at a time, as the run's head says; 1 for one that joined later.
    pub slots: u32,
    /// Jobs that it completed.
    pub done: u32,
    /// Jobs that failed in its hands.
    pub failed: u32,
    /// Time that its jobs took, all slots together.
    pub busy: Duration,
    /// The part of it that came to something: of jobs that it completed.
    pub useful: Duration,
    /// When it joined last.
    pub joined: Option<Time>,
    /// When it was lost last.
    pub lost: Option<Time>,
    /// Which of its lives it is in.
    pub incarnation: u64,
    /// How often it joined again after it was lost.
    pub restarts: u32,
    /// How often it was lost.
    pub losses: u32,
    /// Why it was lost last.
    pub reason: Option<Name>,
    /// Its breakers that ever opened, by coordinator and kind of work.
    pub breakers: BTreeMap<(u32, Name), BreakerRecord>,
}
/// What an agent did.
///
/// ```
/// use core::time::Duration;
/// use polity::report::Work;
/// let (here, below) = (Work { done: 1, failed: 0, busy: Duration::from_secs(2) }, Work { done: 2, failed: 1, busy: Duration::from_secs(3) });
/// assert_eq!(here.and(below), Work { done: 3, failed: 1, busy: Duration::from_secs(5) });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Jobs that it completed.
    pub done: u32,
    /// Jobs that failed in its hands.
    pub failed: u32,
    /// Time that its jobs took, all slots together.
    pub busy: Duration,
}
impl Work {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Work) -> Work {
        let busy = self.busy.saturating_add(other.busy);
        Work { done: self.done.saturating_add(other.done), failed: self.failed.saturating_add(other.failed), busy }
    }
    /// The share of so many slots that it was busy, over a time: 0..=1.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use polity::report::Work;
    /// let work = Work { busy: Duration::from_secs(3), ..Work::default() };
    /// assert_eq!((work.share(2, Duration::from_secs(6)), work.share(1, Duration::ZERO)), (0.25, 0.0));
    /// ```
    pub fn share(self, slots: u32, of: Duration) -> f64 {
        let whole = of.as_secs_f64() * f64::from(slots);
        if whole > 0.0 { (self.busy.as_secs_f64() / whole).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// What a report remembers of a breaker.
///
/// ```
/// use polity::report::BreakerRecord;
/// use polity::supervision::Circuit;
/// let record = BreakerRecord { circuit: Circuit::Open, opened: 1, reason: "10 of its last 12 failed".into() };
/// assert_eq!(record.circuit.word(), "open");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerRecord {
    /// Where it stands.
    pub circuit: Circuit,
    /// How often it opened.
    pub opened: u32,
    /// Why it changed last.
    pub reason: Name,
}
impl AgentRecord {
    /// True if it was lost and has not come back.
    pub fn is_away(&self) -> bool {
        self.losses > self.restarts
    }
}
