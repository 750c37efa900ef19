//! The report: a fold over one run's events. It computes nothing that is not in them.

use super::disturbed::{Disturbed, Faulted};
use super::lower::Lower;
use super::record::{AgentRecord, BreakerRecord, State, Step, TaskRecord, Work};
use crate::event::{COPIES, Event, Governance, RunHead, RunId, RunStatus, RunTail, Sink, UNDOING, What};
use crate::supervision::Circuit;
use core::time::Duration;
use polity_agents::Failure;
use polity_protocols::{AgentId, Decision, Name, TaskId, Time};
use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
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
    run: Option<RunId>,
    head: Option<Arc<RunHead>>,
    tail: Option<Arc<RunTail>>,
    began: Option<Time>,
    ended: Option<Time>,
    last: Time,
    events: u64,
    strays: u64,
    keeps: bool,
    tasks: Vec<TaskRecord>,
    /// Expanded tasks: task → (first instance, how many).
    families: BTreeMap<u32, (u32, u32)>,
    /// The same the other way round: first instance → task.
    parents: BTreeMap<u32, u32>,
    /// Copies of redundant tasks, by their numbers.
    copies: BTreeMap<u32, TaskRecord>,
    /// Instances that have copies.
    voted: BTreeSet<u32>,
    /// How many instances the head and the expansions have told of.
    known: usize,
    agents: BTreeMap<AgentId, AgentRecord>,
    coordinator: Vec<(Time, Name)>,
    escalation: Option<Name>,
    paused: bool,
    stalls: Vec<(Time, Name)>,
    governed: Vec<Arc<Governance>>,
    undelivered: u64,
    turned_back: Option<RunStatus>,
    faulted: Faulted,
    lower: Lower,
    pub(super) remarks: Vec<String>,
    pub(super) cost: Cost,
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
    /// Of a run of which nothing is known yet.
    ///
    /// ```
    /// use polity::{event::RunId, report::Report};
    /// assert_eq!(Report::of(RunId(3)).run(), Some(RunId(3)));
    /// ```
    pub fn of(run: RunId) -> Report {
        Report { run: Some(run), ..Report::default() }
    }
    /// Whether every step of every task is kept, with its decision records and results: what [`super::explain`] tells from. Off by
    /// default, since it costs some hundred bytes per award.
    pub fn keeping_decisions(mut self, keep: bool) -> Report {
        self.keeps = keep;
        self
    }
    /// Whether it keeps every step, with decisions and results.
    pub fn keeps_decisions(&self) -> bool {
        self.keeps
    }
    /// The run that it is about; none before its first event.
    pub fn run(&self) -> Option<RunId> {
        self.run
    }
    /// What the run is.
    pub fn head(&self) -> Option<&Arc<RunHead>> {
        self.head.as_ref()
    }
    /// How it ended; none as long as it goes on.
    pub fn tail(&self) -> Option<&Arc<RunTail>> {
        self.tail.as_ref()
    }
    /// One task instance, by its number.
    pub fn task(&self, instance: u32) -> Option<&TaskRecord> {
        if instance >= COPIES { self.copies.get(&instance) } else { self.tasks.get(instance as usize) }
    }
    /// All task instances, by number. Tasks that were expanded are among them ([`Report::family`]).
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = (u32, &TaskRecord)> {
        self.tasks.iter().enumerate().map(|(n, t)| (n as u32, t))
    }
    /// The copies of redundant tasks, by number; they are not among [`Report::tasks`].
    pub fn copies(&self) -> impl ExactSizeIterator<Item = (u32, &TaskRecord)> {
        self.copies.iter().map(|(n, t)| (*n, t))
    }
    /// All agents that were told of, by number.
    pub fn agents(&self) -> impl ExactSizeIterator<Item = (AgentId, &AgentRecord)> {
        self.agents.iter().map(|(id, a)| (*id, a))
    }
    /// The instances that a task was expanded into: the first, and how many.
    pub fn family(&self, task: u32) -> Option<(u32, u32)> {
        self.families.get(&task).copied()
    }
    /// The task of the workflow that an instance belongs to; itself if it is none of an expansion.
    pub fn node(&self, instance: u32) -> u32 {
        let range = self.parents.range(..=instance).next_back();
        let inside = range.filter(|(first, of)| self.family(**of).is_some_and(|(_, n)| instance - **first < n));
        inside.map_or(instance, |(_, of)| *of)
    }
    /// When the run began.
    pub fn began(&self) -> Option<Time> {
        self.began
    }
    /// The moment of the run's end, or of the last event as long as it goes on.
    pub fn now(&self) -> Time {
        self.ended.unwrap_or(self.last)
    }
    /// Events taken.
    pub fn events(&self) -> u64 {
        self.events
    }
    /// Events that made no sense where they stood: of a task that had ended, or that nobody had told of.
    pub fn strays(&self) -> u64 {
        self.strays
    }
    /// How often, when and why a coordinator was lost.
    pub fn coordinator_losses(&self) -> &[(Time, Name)] {
        &self.coordinator
    }
    /// What each coordinator's government cost, and how its agents stand; once the run has ended.
    pub fn governed(&self) -> &[Arc<Governance>] {
        &self.governed
    }
    /// Why a supervisor gave up, if one did.
    pub fn escalation(&self) -> Option<&Name> {
        self.escalation.as_ref()
    }
    /// True while the run is paused.
    pub fn is_paused(&self) -> bool {
        self.paused && self.ended.is_none()
    }
    /// How the run would have ended without undoing, if it turned back to undo what it did: it failed, was cancelled, or was given up. A log
    /// that was cut off before it said so still tells of the failure, or of the cancel, that made it turn. `O(tasks)`.
    pub fn turned_back(&self) -> Option<RunStatus> {
        if self.turned_back.is_some() {
            return self.turned_back;
        }
        let ended_so = |state: State| self.tasks.iter().any(|task| task.state == state);
        let cut_off = self.tail.is_none() && self.head.as_ref().is_some_and(|head| head.compensates);
        let undid = ended_so(State::Compensated) || self.tail.as_ref().is_some_and(|tail| !tail.left.is_empty());
        match (undid || cut_off, ended_so(State::Failed), ended_so(State::Cancelled)) {
            (true, true, _) => Some(RunStatus::Failed),
            (true, false, true) => Some(RunStatus::Cancelled),
            (true, false, false) if undid => Some(RunStatus::Failed),
            _ => None,
        }
    }
    /// The same, if it has not come to an end with undoing: its process died before, or effects are left.
    pub fn undoing(&self) -> Option<RunStatus> {
        self.turned_back().filter(|_| self.tail.as_ref().is_none_or(|tail| !tail.left.is_empty()))
    }
    /// When nothing moved the run any more, and what waited for what: a defect.
    pub fn stalls(&self) -> &[(Time, Name)] {
        &self.stalls
    }
    /// What went wrong on purpose, in order; of very much, the beginning.
    pub fn disturbed(&self) -> &[Disturbed] {
        &self.faulted.all
    }
    pub(super) fn faulted(&self) -> &Faulted {
        &self.faulted
    }
    /// What each agent did, in the run and in those below it, by number. O(agents + runs below that go on).
    ///
    /// ```
    /// use polity::report::Report;
    /// assert!(Report::default().work().is_empty());
    /// ```
    pub fn work(&self) -> BTreeMap<AgentId, Work> {
        let mut all = self.lower.work();
        for (id, agent) in &self.agents {
            let one = all.entry(*id).or_default();
            *one = one.and(Work { done: agent.done, failed: agent.failed, busy: agent.busy });
        }
        all
    }
    /// Letters between agents that nobody took.
    pub fn undelivered(&self) -> u64 {
        self.undelivered
    }
    /// What a reader should know of how this report was made: a log that was cut off, for example.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

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
    fn record(&mut self, n: u32) -> Option<&mut TaskRecord> {
        if n >= COPIES { self.copies.get_mut(&n) } else { self.tasks.get_mut(n as usize) }
    }
    /// The record of a task that has not ended; counts a stray if there is none.
    fn open(&mut self, task: TaskId) -> Option<&mut TaskRecord> {
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
    fn agent(&mut self, id: AgentId) -> &mut AgentRecord {
        self.agents.entry(id).or_insert_with(|| AgentRecord { slots: 1, ..AgentRecord::default() })
    }

    fn task_event(&mut self, at: Time, what: &What) {
        let keeps = self.keeps;
        let Some(task) = what.task() else { return };
        let Some(record) = self.open(task) else { return };
        match what {
            What::Announced { attempt, .. } => {
                record.announce(at, *attempt);
                if keeps {
                    record.step(at, Step::Announced { attempt: *attempt });
                }
            }
            What::Assigned { agent, attempt, launch, decision, .. } => {
                record.assign(at, *agent, *attempt, *launch);
                if keeps {
                    let (agent, attempt, launch, decision) = (*agent, *attempt, *launch, decision.clone());
                    record.step(at, Step::Awarded { agent, attempt, launch, decision });
                }
                self.cost.add(decision);
            }
            What::Started { agent, .. } => {
                record.start(at, *agent);
                if keeps {
                    record.step(at, Step::Started { agent: *agent });
                }
            }
            What::Voted { agree, differ, reason, .. } => {
                record.step(at, Step::Voted { agree: agree.clone(), differ: differ.clone(), reason: reason.clone() });
            }
            What::Noted { note, .. } => record.step(at, Step::Noted(note.clone())),
            What::Handled { handler, does, reason, .. } => {
                record.step(at, Step::Handled { handler: *handler, does: does.clone(), reason: reason.clone() });
            }
            What::Postponed { reason, .. } => {
                record.step(at, Step::Noted(format!("its retry waits longer: {reason}").into()));
                self.cost.postponed += 1;
            }
            What::Refused { .. } | What::Displaced { .. } | What::Retried { .. } => self.again(at, task, what),
            What::Delegated { .. } | What::Replanned { .. } if task.instance() < COPIES => self.hand_on(at, task, what),
            What::Nested { .. } => record.nested(at),
            what => self.end(at, task, what),
        }
    }
    /// Its agent is done with it, and sub-runs go on.
    fn hand_on(&mut self, at: Time, task: TaskId, what: &What) {
        self.stop(at, task);
        let (agent, note) = match what {
            What::Replanned { agent, failure, .. } => {
                agent.iter().for_each(|agent| self.agent(*agent).failed += 1);
                (*agent, format!("it failed for good ({}), and another way is asked for", failure_line(failure)))
            }
            What::Delegated { agent, .. } => {
                self.agent(*agent).done += 1;
                (Some(*agent), "its agent handed the work on".into())
            }
            _ => return,
        };
        let Some(record) = self.record(task.instance()) else { return };
        (record.state, record.agent) = (State::Nested, agent.or(record.agent));
        record.step(at, Step::Noted(note.into()));
    }
    /// The job is over and the task is not.
    fn again(&mut self, at: Time, task: TaskId, what: &What) {
        let (state, step) = match what {
            What::Refused { agent, .. } => (State::Pending, Step::Refused { agent: *agent }),
            What::Displaced { agent, .. } => (State::Pending, Step::Displaced { agent: *agent }),
            What::Retried { agent, attempt, failure, at: again, .. } => {
                let (agent, attempt, failure, again) = (*agent, *attempt, failure.clone(), *again);
                (State::BackingOff, Step::Retried { agent, attempt, failure, again })
            }
            _ => return,
        };
        match &step {
            Step::Refused { .. } => self.cost.refusals += 1,
            Step::Displaced { .. } => self.cost.displaced += 1,
            Step::Retried { agent, .. } => {
                self.cost.retries += 1;
                self.agent(*agent).failed += 1;
            }
            _ => {}
        }
        self.stop(at, task);
        let Some(record) = self.record(task.instance()) else { return };
        if let Step::Retried { attempt, .. } = &step {
            record.attempts = record.attempts.max(*attempt);
        }
        record.state = state;
        record.step(at, step);
    }
    fn end(&mut self, at: Time, task: TaskId, what: &What) {
        let spent = self.stop(at, task);
        let keeps = self.keeps;
        let voted = self.voted.contains(&task.instance());
        match what {
            _ if voted => {} // its copies did the work
            What::Completed { agent, .. } | What::Delegated { agent, .. } => self.agent(*agent).done += 1,
            What::Failed { agent: Some(agent), .. } => self.agent(*agent).failed += 1,
            _ => {}
        }
        let Some(record) = self.record(task.instance()) else { return };
        match what {
            What::Completed { agent, attempts, took, output, .. } => {
                (record.agent, record.attempts) = (Some(*agent), *attempts);
                record.end(at, State::Completed, *took);
                if voted {
                    record.took_all();
                }
                if keeps {
                    record.answered(output);
                }
            }
            What::Delegated { agent, attempts, took, .. } => {
                (record.agent, record.attempts) = (Some(*agent), *attempts);
                record.end(at, State::Completed, *took);
            }
            What::Synthesized { took, output, .. } => {
                record.end(at, State::Completed, *took);
                if keeps {
                    record.answered(output);
                }
            }
            What::Recalled { output, .. } => {
                record.step(at, Step::Noted("its output was taken from the record of an earlier run".into()));
                record.end(at, State::Completed, Duration::ZERO);
                if keeps {
                    record.answered(output);
                }
            }
            What::Failed { agent, attempts, failure, .. } => {
                record.agent = agent.or(record.agent);
                (record.attempts, record.failure) = (*attempts, Some(failure.clone()));
                record.end(at, State::Failed, spent);
            }
            What::Skipped { reason, .. } => {
                record.reason = Some(reason.clone());
                record.end(at, State::Skipped, spent);
            }
            What::Blocked { causes, .. } => {
                record.blocked_by(causes);
                record.end(at, State::Blocked, spent);
            }
            What::Cancelled { .. } => record.end(at, State::Cancelled, spent),
            What::Joined { succeeded, .. } => record.end(at, State::Joined { succeeded: *succeeded }, spent),
            _ => {}
        }
    }
    /// Nobody works on the task any more: the time goes to its agent.
    fn stop(&mut self, at: Time, task: TaskId) -> Duration {
        let spent = self.record(task.instance()).and_then(|t| t.stop(at));
        let Some((agent, spent)) = spent else { return Duration::ZERO };
        let agent = self.agent(agent);
        agent.busy = agent.busy.saturating_add(spent);
        spent
    }
}
impl Cost {
    fn add(&mut self, decision: &Decision) {
        self.awards += 1;
        self.messages += u64::from(decision.messages);
        self.rounds += u64::from(decision.rounds);
        self.paid += decision.price.unwrap_or(0.0);
    }
}

/// A failure in one line: `exit 1: no such file`.
pub(super) fn failure_line(failure: &Failure) -> String {
    match failure.exit_code {
        Some(code) if !failure.message.contains("exit") => format!("exit {code}: {}", failure.message),
        _ => failure.message.clone(),
    }
}

/// True for what a fold over one run needs: the run's own events, and those of the society.
pub(super) fn concerns(run: RunId, event: &Event) -> bool {
    event.run == run || !event.run.is_run()
}

/// A report that the runtime fills and others look at: give a clone to [`crate::event::EventLog::add`], keep one.
///
/// ```
/// use polity::event::{EventLog, RunId, What};
/// use polity::report::SharedReport;
/// use polity_protocols::{TaskId, Time};
/// let (log, report) = (EventLog::default(), SharedReport::of(RunId(0)));
/// log.add(Box::new(report.clone()));
/// log.record(Time::ZERO, RunId(0), What::Announced { task: TaskId::new(0, 0), attempt: 1 });
/// log.record(Time::ZERO, RunId(1), What::Announced { task: TaskId::new(1, 0), attempt: 1 }); // another run's
/// assert_eq!(report.look().events(), 1);
/// ```
#[derive(Clone)]
pub struct SharedReport {
    run: RunId,
    report: Rc<RefCell<Report>>,
}
impl SharedReport {
    /// A report of one run, empty.
    pub fn of(run: RunId) -> SharedReport {
        SharedReport::filling(run, Report::default())
    }
    /// Goes on with a report of one run: one that keeps decisions, for example.
    pub fn filling(run: RunId, report: Report) -> SharedReport {
        SharedReport { run, report: Rc::new(RefCell::new(report)) }
    }
    /// The report as it stands. Let go of it before the next event.
    pub fn look(&self) -> Ref<'_, Report> {
        self.report.borrow()
    }
}
impl Sink for SharedReport {
    fn take(&mut self, event: &Event) {
        if concerns(self.run, event) {
            self.report.borrow_mut().take(event);
        }
    }
}
