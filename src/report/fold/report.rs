//! The report: a fold over one run's events. It computes nothing that is not in them.

use super::lower::Lower;
use crate::event::{COPIES, Event, Governance, RunHead, RunId, RunStatus, RunTail, UNDOING, What};
use crate::report::disturbed::{Disturbed, Faulted};
use crate::report::record::{AgentRecord, BreakerRecord, State, Step, TaskRecord};
use crate::supervision::Circuit;
use polity_protocols::{AgentId, Decision, Name, TaskId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Instances that may be told of before the events say that they exist. A log is input: a wild number in it must not fill the memory.
const AHEAD: usize = 4_096;

/// Copies that a report keeps: a log is input here too.
const MOST_COPIES: usize = 1 << 20;

/// Breakers of an agent that a report keeps.
const MOST_BREAKERS: usize = 1_024;

/// Everything that is known of one run, as far as its events have told.
///
/// Give it the events of one run, those of the society, and those of the runs below it: of these it keeps what the agents did
/// ([`Report::work`]). Those of other runs change nothing. Each event costs O(1), plus O(log agents).
///
/// ```
/// use polity::event::{Event, RunId, What};
/// use polity::report::{Report, State};
/// use polity_protocols::{TaskId, Time};
/// let mut report = Report::default();
/// report.take(&Event { at: Time::ZERO, seq: 0, run: RunId(0), what: What::Announced { task: TaskId::new(0, 1), attempt: 1 } });
/// assert_eq!(report.task(1).unwrap().state, State::Ready);
/// ```
#[derive(Clone, Default)]
pub struct Report {
    pub(super) run: Option<RunId>,
    pub(super) head: Option<Arc<RunHead>>,
    pub(super) tail: Option<Arc<RunTail>>,
    pub(super) began: Option<Time>,
    pub(super) ended: Option<Time>,
    pub(super) last: Time,
    pub(super) events: u64,
    pub(super) strays: u64,
    pub(super) keeps: bool,
    pub(super) tasks: Vec<TaskRecord>,
    /// Expanded tasks: task → (first instance, how many).
    pub(super) families: BTreeMap<u32, (u32, u32)>,
    /// The same the other way round: first instance → task.
    pub(super) parents: BTreeMap<u32, u32>,
    /// Copies of redundant tasks, by their numbers.
    pub(super) copies: BTreeMap<u32, TaskRecord>,
    /// Instances that have copies.
    pub(super) voted: BTreeSet<u32>,
    /// How many instances the head and the expansions have told of.
    pub(super) known: usize,
    pub(super) agents: BTreeMap<AgentId, AgentRecord>,
    pub(super) coordinator: Vec<(Time, Name)>,
    pub(super) escalation: Option<Name>,
    pub(super) paused: bool,
    pub(super) stalls: Vec<(Time, Name)>,
    pub(super) governed: Vec<Arc<Governance>>,
    pub(super) undelivered: u64,
    pub(super) turned_back: Option<RunStatus>,
    pub(super) faulted: Faulted,
    pub(super) lower: Lower,
    pub(in crate::report) remarks: Vec<String>,
    pub(in crate::report) cost: Cost,
}

/// What coordination cost, summed over the awards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Awards.
    pub awards: u64,
    /// Protocol messages.
    pub messages: u64,
    /// Rounds of talk.
    pub rounds: u64,
    /// What the winners were paid, where a protocol pays.
    pub paid: f64,
    /// Awards that the agent did not take.
    pub refusals: u64,
    /// Jobs whose agent was lost under them.
    pub displaced: u64,
    /// Attempts that failed and were followed by another.
    pub retries: u64,
    /// Retries that waited longer, since the run's retry budget was spent.
    pub postponed: u64,
}

impl Report {
    /// Takes one event.
    pub fn take(&mut self, event: &Event) {
        if let Some(run) = self.run.filter(|run| event.run.is_run() && *run != event.run) {
            self.lower.take(run, event);
            return;
        }
        self.events += 1;
        self.last = self.last.max(event.at);
        if event.run.is_run() && self.run.is_none() {
            self.run = Some(event.run);
        }
        match &event.what {
            What::RunStarted(head) => self.begin(event.at, head),
            What::RunEnded(tail) => (self.tail, self.ended) = (Some(tail.clone()), Some(event.at)),
            What::AgentJoined { agent, incarnation, .. } => self.joined(event.at, *agent, *incarnation),
            What::AgentLost { agent, reason, .. } => self.lost(event.at, *agent, reason),
            What::SupervisorLost { .. } | What::PoolResized { .. } => {}
            What::BreakerTurned { agent, work, coordinator, circuit, reason } => {
                self.breaker(*agent, (*coordinator, work.clone()), *circuit, reason);
            }
            What::Stalled { reason } => self.stalls.push((event.at, reason.clone())),
            What::Disturbed { fault, agents, reason } => {
                let (agents, reason) = (agents.clone(), reason.clone());
                self.faulted.take(Disturbed { at: event.at, fault: *fault, agents, reason });
            }
            What::CoordinatorLost { reason, .. } => self.coordinator.push((event.at, reason.clone())),
            What::AgentGivenUp { agent, reason } => self.agent(*agent).reason = Some(reason.clone()),
            What::Escalated { reason } => self.escalation = Some(reason.clone()),
            What::TurnedBack { because } => self.turned_back = Some(*because),
            What::Governed(governance) => self.governed.push(governance.clone()),
            What::Undelivered { .. } => self.undelivered += 1,
            What::StateChanged { .. } => {}
            What::RunPaused => self.paused = true,
            What::RunResumed => self.paused = false,
            What::Paused { task } | What::Resumed { task } => {
                let word = if matches!(event.what, What::Paused { .. }) { "it was paused" } else { "it was resumed" };
                if let Some(record) = self.tasks.get_mut(task.instance() as usize).filter(|record| !record.state.has_ended()) {
                    record.step(event.at, Step::Noted(word.into()));
                }
            }
            What::CalledOff { task, by } => {
                // One that has ended is no stray: its end was told by itself, and the run had not heard of it.
                let record = self.tasks.get_mut(task.instance() as usize).filter(|record| !record.state.has_ended());
                record.into_iter().for_each(|record| record.step(event.at, Step::CalledOff { by: *by }));
            }
            What::StateConflict { task, key, rejected, .. } => {
                let fate = if *rejected { "the write was rejected" } else { "the last writer won" };
                let note = format!("another task had changed state.{key} meanwhile: {fate}");
                if let Some(record) = self.tasks.get_mut(task.instance() as usize) {
                    record.step(event.at, Step::Noted(note.into()));
                }
            }
            What::DeadLettered { task, input, .. } => {
                // Its failure was told just before.
                if let Some(record) = self.tasks.get_mut(task.instance() as usize).filter(|record| record.failure.is_some()) {
                    record.died(input);
                }
            }
            What::Compensating { task, undo } => {
                let fresh = *undo >= COPIES && self.copies.len() < MOST_COPIES && !self.copies.contains_key(undo);
                match self.tasks.get_mut(task.instance() as usize).filter(|record| fresh && record.state == State::Completed) {
                    Some(_) => drop(self.copies.insert(*undo, TaskRecord::default())),
                    None => self.strays += 1,
                }
            }
            What::Compensated { task } => match self.tasks.get_mut(task.instance() as usize) {
                Some(record) if record.state == State::Completed => {
                    record.state = State::Compensated;
                    record.step(event.at, Step::Noted("it was undone".into()));
                }
                // It did not come to its end itself.
                Some(record) if matches!(record.state, State::Failed | State::Cancelled) => {
                    record.step(event.at, Step::Noted("what its sub-runs did was undone".into()));
                }
                _ => self.strays += 1,
            },
            What::Nested { task, round: UNDOING, .. } => {
                if let Some(record) = self.tasks.get_mut(task.instance() as usize) {
                    record.step(event.at, Step::Noted("a sub-run undoes what another did".into()));
                }
            }
            What::Uncompensated { task, reason } => {
                if let Some(record) = self.tasks.get_mut(task.instance() as usize) {
                    record.step(event.at, Step::Noted(format!("what it did is left: {reason}").into()));
                }
            }
            What::Copied { task, copy, .. } => self.copied(event.at, *task, *copy),
            What::Expanded { task, first, labels } => self.expand(*task, *first, labels.len()),
            what => self.task_event(event.at, what),
        }
    }
    fn begin(&mut self, at: Time, head: &Arc<RunHead>) {
        self.began = Some(at);
        self.known = head.tasks.len();
        self.tasks.resize_with(self.tasks.len().max(head.tasks.len()), TaskRecord::default);
        for (n, slots) in head.agents.iter().enumerate().map(|(n, _)| (n, head.slots.get(n).copied().unwrap_or(1))) {
            self.agent(AgentId(n as u32)).slots = slots;
        }
        self.head = Some(head.clone());
    }
    fn joined(&mut self, at: Time, id: AgentId, incarnation: u64) {
        let agent = self.agent(id);
        if agent.is_away() {
            agent.restarts += 1;
        }
        (agent.joined, agent.incarnation) = (Some(at), incarnation);
    }
    fn lost(&mut self, at: Time, id: AgentId, reason: &Name) {
        let agent = self.agent(id);
        // Lost twice without a word of its return in between: it must have been back.
        if agent.is_away() {
            agent.restarts += 1;
        }
        agent.losses += 1;
        (agent.lost, agent.reason) = (Some(at), Some(reason.clone()));
    }
    fn breaker(&mut self, id: AgentId, key: (u32, Name), circuit: Circuit, reason: &Name) {
        let breakers = &mut self.agent(id).breakers;
        if breakers.len() >= MOST_BREAKERS && !breakers.contains_key(&key) {
            self.strays += 1;
            return;
        }
        let fresh = || BreakerRecord { circuit, opened: 0, reason: reason.clone() };
        let breaker = breakers.entry(key).or_insert_with(fresh);
        (breaker.circuit, breaker.reason) = (circuit, reason.clone());
        breaker.opened += u32::from(circuit == Circuit::Open);
    }
    fn expand(&mut self, task: TaskId, first: u32, count: usize) {
        let end = first as usize + count;
        if end > self.known + count + AHEAD || self.family(task.instance()).is_some() {
            self.strays += 1;
            return;
        }
        self.known += count;
        let Some(record) = self.open(task) else { return };
        record.state = State::Expanded;
        self.tasks.resize_with(self.tasks.len().max(end), TaskRecord::default);
        self.families.insert(task.instance(), (first, count as u32));
        if count > 0 {
            self.parents.insert(first, task.instance());
        }
    }
    fn copied(&mut self, at: Time, task: TaskId, copy: u32) {
        let fresh = copy >= COPIES && task.instance() < COPIES && self.copies.len() < MOST_COPIES;
        if !fresh || self.copies.contains_key(&copy) {
            self.strays += 1;
            return;
        }
        if let Some(record) = self.open(task) {
            record.copied(at);
            self.copies.insert(copy, TaskRecord::default());
            self.voted.insert(task.instance());
        }
    }
    pub(super) fn record(&mut self, n: u32) -> Option<&mut TaskRecord> {
        if n >= COPIES { self.copies.get_mut(&n) } else { self.tasks.get_mut(n as usize) }
    }
    /// The record of a task that has not ended; counts a stray if there is none.
    pub(super) fn open(&mut self, task: TaskId) -> Option<&mut TaskRecord> {
        let n = task.instance() as usize;
        if n >= self.tasks.len() && n < self.known + AHEAD {
            self.tasks.resize_with(n + 1, TaskRecord::default);
        }
        let found = if task.instance() >= COPIES { self.copies.get_mut(&task.instance()) } else { self.tasks.get_mut(n) };
        let found = found.filter(|t| !t.state.has_ended());
        if found.is_none() {
            self.strays += 1;
        }
        found
    }
    pub(super) fn agent(&mut self, id: AgentId) -> &mut AgentRecord {
        self.agents.entry(id).or_insert_with(|| AgentRecord { slots: 1, ..AgentRecord::default() })
    }
}
impl Cost {
    pub(super) fn add(&mut self, decision: &Decision) {
        self.awards += 1;
        self.messages += u64::from(decision.messages);
        self.rounds += u64::from(decision.rounds);
        self.paid += decision.price.unwrap_or(0.0);
    }
}
