//! What a report knows.

use super::Report;
use crate::event::{COPIES, Governance, RunHead, RunId, RunStatus, RunTail};
use crate::report::disturbed::{Disturbed, Faulted};
use crate::report::record::{AgentRecord, State, TaskRecord, Work};
use polity_protocols::{AgentId, Name, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Whether every step of every task is kept, with its decision records and results: what [`explain`](crate::report::explain) tells from. Off by
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
    pub(in crate::report) fn faulted(&self) -> &Faulted {
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
}
