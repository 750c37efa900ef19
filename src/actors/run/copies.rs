//! The copies of a run's redundant tasks: which are open, who has them, and what their panel says.

use crate::actors::messages::{TaskEnd, TaskResult};
use crate::event::COPIES;
use crate::lifecycle::{Panel, Race, Redundancy, Vote};
use crate::mutation::planted;
use crate::plan::NodeIx;
use crate::world::World;
use parking_lot::Mutex;
use polity_agents::{Failure, FailureKind, Job};
use polity_protocols::{AgentId, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who has which copy of one task. All its copies share it, so that each is announced as one that the others' agents should not get.
#[derive(Clone, Default)]
pub(crate) struct Holders(Arc<Mutex<BTreeMap<u32, AgentId>>>);
impl Holders {
    /// A copy was awarded.
    pub(crate) fn hold(&self, copy: u32, agent: AgentId) {
        self.0.lock().insert(copy, agent);
    }
    /// The copy that an agent has.
    fn copy_of(&self, agent: AgentId) -> Option<u32> {
        self.0.lock().iter().find(|(_, holder)| **holder == agent).map(|(copy, _)| *copy)
    }
    /// Who has the others.
    pub(crate) fn others(&self, copy: u32) -> Vec<AgentId> {
        self.0.lock().iter().filter(|(number, _)| **number != copy).map(|(_, agent)| *agent).collect()
    }
}

/// Who says which result stands.
pub(super) enum Judge {
    /// The copies vote.
    Panel(Panel),
    /// The first answer wins.
    Race(Race),
}
impl Judge {
    pub(super) fn vote(rules: Redundancy) -> Judge {
        Judge::Panel(Panel::new(rules))
    }
    pub(super) fn race() -> Judge {
        Judge::Race(Race::default())
    }
    /// Copies that a round begins with.
    fn first(&self) -> u32 {
        match self {
            Judge::Panel(panel) => panel.copies(),
            Judge::Race(_) => 1,
        }
    }
    /// The place of the next copy, where so many of the round are still to be opened.
    fn place(&self, to_open: u32) -> u32 {
        match self {
            Judge::Panel(panel) => panel.copies() - to_open,
            Judge::Race(race) => u32::from(race.has_second()),
        }
    }
    fn held(&mut self, place: u32, agent: AgentId, fit: f64) {
        match self {
            Judge::Panel(panel) => panel.held(place, agent, fit),
            Judge::Race(race) => race.held(place, agent),
        }
    }
    fn answered(&mut self, place: u32, output: Arc<Value>) -> Vote {
        match self {
            Judge::Panel(panel) => panel.answered(place, output),
            Judge::Race(race) => race.answered(place, output),
        }
    }
    fn failed(&mut self, place: u32) -> Vote {
        match self {
            Judge::Panel(panel) => panel.failed(place),
            Judge::Race(race) => race.failed(place),
        }
    }
}

/// One redundant task that is being done.
pub(super) struct Ballot {
    pub(super) node: NodeIx,
    judge: Judge,
    holders: Holders,
    /// What each copy does.
    pub(super) job: Job,
    began: Time,
    /// Copies that were opened in all rounds: names and numbers go on.
    opened: u32,
    /// Copies of this round that were opened, by number; each by its place in the panel.
    open: BTreeMap<u32, u32>,
    /// Copies of this round that are still to be opened.
    to_open: u32,
    attempts: u32,
    /// The last failure of a copy.
    failure: Option<Arc<Failure>>,
    /// What was decided; the copies that are still open are being cancelled.
    end: Option<TaskResult>,
}

/// The redundant tasks of a run.
#[derive(Default)]
pub(super) struct Ballots {
    next: u32,
    /// By the instance that the copies are of.
    all: BTreeMap<u32, Ballot>,
    /// Copy → of which instance.
    of: BTreeMap<u32, u32>,
}

/// What is to be done about a redundant task.
pub(super) enum Step {
    /// Open a copy: its number, and the how manieth it is.
    Open { instance: u32, copy: u32, number: u32, holders: Holders },
    /// Cancel a copy.
    Cancel(u32),
    /// Tell how the vote ended.
    Tell { instance: u32, agree: Vec<AgentId>, differ: Vec<AgentId>, why: String },
    /// Tell its coordinator what the vote found out about the result of a copy, which had been told as one of full quality.
    Judged { node: NodeIx, copy: u32, agent: AgentId, quality: f64 },
    /// All copies are over: the task has ended so.
    Settle { instance: u32, result: TaskResult, began: Time, job: Box<Job> },
}

impl Ballots {
    /// True if this is a copy of something.
    pub(super) fn is_copy(&self, instance: u32) -> bool {
        self.of.contains_key(&instance)
    }
    /// The instance that a copy is of.
    pub(super) fn of(&self, copy: u32) -> Option<u32> {
        self.of.get(&copy).copied()
    }
    /// A redundant task begins.
    pub(super) fn begin(&mut self, instance: u32, node: NodeIx, judge: Judge, job: Job, world: &World) -> Vec<Step> {
        let to_open = judge.first();
        let ballot = Ballot {
            node,
            judge,
            holders: Holders::default(),
            job,
            began: world.now(),
            opened: 0,
            open: BTreeMap::new(),
            to_open,
            attempts: 0,
            failure: None,
            end: None,
        };
        self.all.insert(instance, ballot);
        self.open_next(instance).into_iter().collect()
    }
    pub(super) fn get(&self, instance: u32) -> Option<&Ballot> {
        self.all.get(&instance)
    }
    /// A number for a further job of a task.
    pub(super) fn number(&mut self) -> Option<u32> {
        let number = COPIES.checked_add(self.next).filter(|number| *number < u32::MAX)?;
        self.next += 1;
        Some(number)
    }
    /// One copy after the other, so that each is announced with those to avoid who have the ones before.
    fn open_next(&mut self, instance: u32) -> Option<Step> {
        self.all.get(&instance).filter(|ballot| ballot.to_open > 0 && ballot.end.is_none())?;
        let copy = self.number()?;
        let ballot = self.all.get_mut(&instance)?;
        let place = ballot.judge.place(ballot.to_open);
        ballot.to_open -= 1;
        ballot.opened += 1;
        ballot.open.insert(copy, place);
        self.of.insert(copy, instance);
        Some(Step::Open { instance, copy, number: ballot.opened, holders: ballot.holders.clone() })
    }
    /// True if a hedged task has a second try already.
    pub(super) fn has_second(&self, instance: u32) -> bool {
        let judge = self.all.get(&instance).map(|ballot| &ballot.judge);
        matches!(judge, Some(Judge::Race(race)) if race.has_second())
    }
    /// A second try at a hedged task, if the first still goes on and is the only one.
    pub(super) fn open_second(&mut self, instance: u32) -> Option<Step> {
        let ballot = self.all.get_mut(&instance).filter(|ballot| ballot.end.is_none() && !ballot.open.is_empty())?;
        let Judge::Race(race) = &mut ballot.judge else { return None };
        if race.has_second() {
            return None;
        }
        race.opened();
        ballot.to_open = 1;
        self.open_next(instance)
    }
    /// A copy was awarded: the next may be announced.
    pub(super) fn held(&mut self, copy: u32, agent: AgentId, fit: f64) -> Option<Step> {
        let instance = *self.of.get(&copy)?;
        let ballot = self.all.get_mut(&instance)?;
        let place = *ballot.open.get(&copy)?;
        let last = ballot.open.keys().next_back() == Some(&copy);
        ballot.judge.held(place, agent, fit);
        if last { self.open_next(instance) } else { None }
    }
    /// A copy is over.
    pub(super) fn settled(&mut self, copy: u32, result: TaskResult) -> Vec<Step> {
        let Some(instance) = self.of.remove(&copy) else { return Vec::new() };
        let Some(ballot) = self.all.get_mut(&instance) else { return Vec::new() };
        let last = ballot.open.keys().next_back() == Some(&copy);
        let Some(place) = ballot.open.remove(&copy) else { return Vec::new() };
        ballot.attempts = ballot.attempts.max(result.attempts);
        let mut steps = Vec::new();
        if ballot.end.is_none() {
            let vote = match result.end {
                TaskEnd::Completed(output) => ballot.judge.answered(place, output),
                TaskEnd::Failed(failure) => {
                    ballot.failure = Some(failure);
                    ballot.judge.failed(place)
                }
                TaskEnd::Setback(setback) => {
                    ballot.failure = Some(setback.0);
                    ballot.judge.failed(place)
                }
                TaskEnd::Handed(_) => {
                    let why = "a copy of a redundant task can't hand its work on: there would be nothing to compare";
                    ballot.failure = Some(Arc::new(Failure::new(FailureKind::Delegation, why)));
                    ballot.judge.failed(place)
                }
                TaskEnd::Cancelled => ballot.judge.failed(place),
            };
            ballot.take(instance, vote, &mut steps);
            // One that failed before it was awarded still makes room for the next.
            if last {
                steps.extend(self.open_next(instance));
            }
        }
        steps.extend(self.close(instance));
        steps
    }
    /// The task is no longer wanted.
    pub(super) fn cancel(&mut self, instance: u32) -> Vec<Step> {
        let Some(ballot) = self.all.get_mut(&instance) else { return Vec::new() };
        let mut steps = Vec::new();
        ballot.decide(TaskResult::new(None, ballot.attempts, TaskEnd::Cancelled), &mut steps);
        steps.extend(self.close(instance));
        steps
    }
    fn close(&mut self, instance: u32) -> Option<Step> {
        let over = self.all.get(&instance).is_some_and(|ballot| ballot.open.is_empty() && ballot.end.is_some());
        let ballot = if over { self.all.remove(&instance)? } else { return None };
        let result = ballot.end?;
        Some(Step::Settle { instance, result, began: ballot.began, job: Box::new(ballot.job) })
    }
}

impl Ballot {
    fn take(&mut self, instance: u32, vote: Vote, steps: &mut Vec<Step>) {
        match vote {
            Vote::Open => {}
            Vote::Decided { output, agree, differ, why } => {
                let agent = agree.first().copied();
                if !why.is_empty() {
                    self.judge(&agree, &differ, steps);
                    steps.push(Step::Tell { instance, agree, differ, why });
                }
                self.decide(self.result(agent, TaskEnd::Completed(output)), steps);
            }
            Vote::Again { differ } => {
                let why = "no result has the agreement that was asked for; all do it again".to_owned();
                steps.push(Step::Tell { instance, agree: Vec::new(), differ, why });
                (self.holders, self.to_open) = (Holders::default(), self.judge.first());
            }
            Vote::Undecided { differ, message } => {
                let failure = match message {
                    Some(message) => {
                        steps.push(Step::Tell { instance, agree: Vec::new(), differ, why: message.clone() });
                        Arc::new(Failure::new(FailureKind::Disagreement, message))
                    }
                    None => self.failure.clone().unwrap_or_else(|| Arc::new(Failure::error("none of its copies gave a result"))),
                };
                self.decide(self.result(None, TaskEnd::Failed(failure)), steps);
            }
        }
    }
    /// Who won the vote was right, and who lost it was wrong; unless it was no vote that decided, but a rule for when there is no majority.
    fn judge(&self, agree: &[AgentId], differ: &[AgentId], steps: &mut Vec<Step>) {
        if agree.len() > differ.len() {
            let won = agree.iter().map(|agent| (agent, 1.0));
            let all = won.chain(differ.iter().map(|agent| (agent, 0.0)));
            let judged = all.filter_map(|(agent, quality)| {
                let copy = self.holders.copy_of(*agent)?;
                Some(Step::Judged { node: self.node, copy, agent: *agent, quality })
            });
            steps.extend(judged);
        }
    }
    fn result(&self, agent: Option<AgentId>, end: TaskEnd) -> TaskResult {
        TaskResult::new(agent, self.attempts.max(1), end)
    }
    fn decide(&mut self, result: TaskResult, steps: &mut Vec<Step>) {
        if self.end.is_none() {
            self.end = Some(result);
            if planted("forget_the_second_try") && matches!(self.judge, Judge::Race(_)) {
                return;
            }
            steps.extend(self.open.keys().map(|copy| Step::Cancel(*copy)));
        }
    }
}
