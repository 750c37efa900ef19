//! Duties that travel with mail: if the mail is lost, the duty is noticed, and whoever waits hears of it.

use super::{AgentActor, CoordinatorId, CoordinatorMail, Finished, RunActor, RunMail, TaskActor, TaskMail, ToTask};
use crate::event::Governance;
use crate::mutation::planted;
use crate::world::{Wire, World};
use actix::Addr;
use polity_agents::{Clock, Pulse};
use polity_protocols::{AgentId, Decision, DemandId, Ended, Load, Outcome, TaskId, Time};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The duty to answer for one job. It travels with the job; wherever it is dropped unanswered (in the mailbox of a dead agent, in an
/// agent that panics, in a future that is aborted), the task hears that the agent was lost. So no job can vanish.
pub(crate) struct Claim {
    task: TaskId,
    /// Who has the job.
    agent: AgentId,
    addr: Wire<TaskActor>,
    launch: u32,
    answered: bool,
    /// The agent has begun: if it is lost from now on, the job may be what killed it.
    begun: Cell<bool>,
}
impl Claim {
    pub(crate) fn new(task: TaskId, agent: AgentId, addr: Wire<TaskActor>, launch: u32) -> Claim {
        Claim { task, agent, addr, launch, answered: false, begun: Cell::new(false) }
    }
    /// Which award this is.
    pub(crate) fn launch(&self) -> u32 {
        self.launch
    }
    /// The job is about to begin; its task need not hear of it yet.
    pub(crate) fn begins(&self) {
        self.begun.set(true);
    }
    /// Whatever ends the agent now, it is not the job.
    pub(crate) fn excuse(&self) {
        self.begun.set(false);
    }
    /// The job begins.
    pub(crate) fn started(&self) {
        self.begins();
        self.say(TaskMail::Started { launch: self.launch });
    }
    /// Who tells the task that the job is alive: no oftener than four times within its limit.
    pub(crate) fn pulse(&self, limit: Duration) -> Rc<Beats> {
        let (agent, task, addr, launch) = (self.agent, self.task, self.addr.clone(), self.launch);
        Rc::new(Beats { agent, task, addr, launch, gap: limit / 4, last: Cell::new(None) })
    }
    /// The job is not taken.
    pub(crate) fn refuse(mut self, load: Load) {
        self.answered = true;
        self.say(TaskMail::Refused { launch: self.launch, load });
    }
    /// The job is done.
    pub(crate) fn finish(mut self, finished: Finished) {
        self.answered = true;
        self.say(TaskMail::Finished(Box::new(finished)));
    }
    /// Nobody waits for the answer any more: the job was cancelled, or is here twice.
    pub(crate) fn forget(mut self) {
        self.answered = true;
    }
    fn say(&self, word: TaskMail) {
        if let Some(world) = World::here() {
            world.ship_to_task(self.agent, &self.addr, ToTask { task: self.task, word });
        }
    }
}
impl Drop for Claim {
    fn drop(&mut self) {
        if !self.answered && !planted("drop_a_claim") {
            self.say(TaskMail::Lost { launch: self.launch, begun: self.begun.get() });
        }
    }
}

/// The heartbeats of one job.
pub(crate) struct Beats {
    agent: AgentId,
    task: TaskId,
    addr: Wire<TaskActor>,
    launch: u32,
    gap: Duration,
    last: Cell<Option<Time>>,
}
impl Pulse for Beats {
    fn beat(&self) {
        let Some(world) = World::here() else { return };
        let now = Clock::now(&*world); // a job is polled outside of any turn
        if self.last.get().is_some_and(|last| now.since(last) < self.gap) {
            return;
        }
        self.last.set(Some(now));
        world.ship_to_task(self.agent, &self.addr, ToTask { task: self.task, word: TaskMail::Beat { launch: self.launch } });
    }
}

/// A run's question to a coordinator, before it ends. Wherever it is dropped unanswered (in the inbox of a coordinator that has stopped),
/// the run hears that there is no answer. So no run waits for ever.
pub(crate) struct Inquiry {
    pub(crate) run: u32,
    asker: Option<Addr<RunActor>>,
}
impl Inquiry {
    pub(crate) fn new(run: u32, asker: Addr<RunActor>) -> Inquiry {
        Inquiry { run, asker: Some(asker) }
    }
    pub(crate) fn answer(mut self, governance: Governance) {
        self.say(Some(Arc::new(governance)));
    }
    fn say(&mut self, answer: Option<Arc<Governance>>) {
        if let (Some(asker), Some(world)) = (self.asker.take(), World::here()) {
            world.tell_run(&asker, RunMail::Reported(answer));
        }
    }
}
impl Drop for Inquiry {
    fn drop(&mut self) {
        self.say(None);
    }
}

/// An award on its way to its task. If the task is gone (it was cancelled meanwhile), the protocol hears that its award was cancelled:
/// every award has its outcome.
pub(crate) struct Award {
    pub(crate) agent: AgentId,
    /// Taken by the task.
    pub(crate) addr: Option<Wire<AgentActor>>,
    pub(crate) fit: f64,
    pub(crate) task: TaskId,
    pub(crate) demand: DemandId,
    /// Taken by the task.
    pub(crate) decision: Option<Arc<Decision>>,
    pub(crate) coordinator: CoordinatorId,
}
impl Drop for Award {
    fn drop(&mut self) {
        if self.decision.is_some()
            && let Some(world) = World::here()
        {
            let outcome = Outcome::new(Ended::Cancelled, Duration::ZERO);
            let mail = CoordinatorMail::Outcome { task: self.task, demand: self.demand, agent: self.agent, outcome };
            world.tell_coordinator(self.coordinator, mail);
        }
    }
}

/// The outcome of a task that settled, on its way to a coordinator at which others wait. It goes round by the tasks that it made ready and arrives
/// when the last of them is announced: a coordinator that heard of the free slot first would give it to one that waits, although what is about to
/// come may be more urgent. Wherever it is dropped it arrives: no outcome is lost.
pub(crate) struct News {
    pub(crate) coordinator: CoordinatorId,
    pub(crate) task: TaskId,
    pub(crate) demand: DemandId,
    pub(crate) agent: AgentId,
    pub(crate) outcome: Outcome,
}
impl Drop for News {
    fn drop(&mut self) {
        if let Some(world) = World::here() {
            let News { coordinator, task, demand, agent, ref outcome } = *self;
            world.tell_coordinator(coordinator, CoordinatorMail::Outcome { task, demand, agent, outcome: outcome.clone() });
        }
    }
}
