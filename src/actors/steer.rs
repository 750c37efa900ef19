//! How a coordinator steers work past agents that are sick: their breakers are fed here, and who is passed over is said to the protocol.
//!
//! A breaker is a wish and no ban, as [`TaskView::avoid`] is: while one able agent's breaker is closed, the agents whose breakers are open
//! get nothing of that kind. When those of all able agents are open, what fails is hardly the agents but the work, or what all of them
//! need; to leave it undone would help nobody, so then nobody is passed over.
//!
//! An announcement says whom to avoid at its moment. What has changed by the award is noticed then: an award to an agent whose breaker has
//! opened since is taken back, and the task announced again, once for each such agent. A breaker that lets work through again has the
//! tasks announced again that avoid its agent, as many as the agent can use.

use super::book::Pages;
use super::breakers::Turned;
use super::coordinator::CoordinatorActor;
use super::messages::CoordinatorMail;
use crate::event::{COPIES, RunId, What};
use crate::registry::Told;
use crate::supervision::Circuit;
use crate::world::{KindId, Letter};
use polity_protocols::{AgentId, DemandId, Ended, Outcome, TaskId, TaskView};
use std::sync::Arc;
use std::time::Duration;

/// For each slot of an agent that gets work again so many tasks are announced again.
const AGAIN: u64 = 4;

impl CoordinatorActor {
    /// Tells the initiator of a task, with those to avoid whose breakers are open.
    pub(super) fn tell(&mut self, view: Arc<TaskView>) {
        let told = self.steered(&self.book.pages.borrow(), &view);
        if let Some(open) = self.book.pages.borrow_mut().open.get_mut(&view.id) {
            open.told.clone_from(&told);
        }
        self.turn(Told::Task(told.as_ref().unwrap_or(&view)));
    }
    /// The task as it should be announced now; none if that is as it is.
    pub(super) fn steered(&self, pages: &Pages, view: &Arc<TaskView>) -> Option<Arc<TaskView>> {
        if !pages.breakers.any_tripped() {
            return None;
        }
        let sick = pages.breakers.passed_over(self.world.kind_of(view.demand.id)?, self.world.now());
        let is_sick = |agent: &AgentId| sick.binary_search(agent).is_ok();
        let left = |agent: &AgentId| {
            let member = pages.members.get(agent);
            member.is_some_and(|member| member.addr.is_some() && view.demand.fit(*agent, &member.profile).is_some())
        };
        if sick.is_empty() || !pages.members.keys().any(|agent| !is_sick(agent) && left(agent)) {
            return None;
        }
        // Whoever failed this task before is better than the sick; but the copies of a task should not go to one agent.
        let own = view.id.instance() >= COPIES || pages.members.keys().any(|a| !is_sick(a) && !view.avoids(*a) && left(a));
        let own = view.avoid.iter().filter(|agent| own && !is_sick(agent)).copied();
        let avoid: Vec<AgentId> = own.chain(sick.iter().copied()).collect();
        Some(Arc::new(TaskView { avoid: avoid.into(), ..view.as_ref().clone() }))
    }
    /// True if an award is to be taken back: when the task was announced, the agent's breaker was not open.
    pub(super) fn is_stale(&self, pages: &Pages, view: &Arc<TaskView>, told: Option<&Arc<TaskView>>, agent: AgentId) -> bool {
        if !pages.breakers.any_tripped() || told.unwrap_or(view).avoids(agent) {
            return false;
        }
        self.steered(pages, view).is_some_and(|now| now.avoids(agent))
    }
    /// Takes awards back: the protocol hears that they were cancelled, and of the tasks again.
    pub(super) fn take_back(&mut self, stale: Vec<(TaskId, AgentId)>) {
        for (task, agent) in stale {
            self.turn(Told::Outcome(task, agent, &Outcome::new(Ended::Cancelled, Duration::ZERO)));
            let view = self.book.pages.borrow().open.get(&task).map(|open| open.view.clone());
            if let Some(view) = view {
                self.tell(view);
            }
        }
    }

    /// An award has ended: its agent's breaker is told first, so that the protocol's answer meets it as it is.
    pub(super) fn ended(&mut self, task: TaskId, demand: DemandId, agent: AgentId, outcome: &Outcome) {
        let kind = self.world.kind_of(demand);
        let turned = kind.and_then(|kind| {
            let turned = self.book.pages.borrow_mut().breakers.ended(kind, agent, task, outcome.ended, self.world.now());
            turned.map(|turned| (kind, self.turned(kind, agent, turned)))
        });
        self.learn(task, agent, outcome);
        if let Some((kind, circuit)) = turned {
            self.let_through(kind, agent, circuit);
        }
    }
    /// The time of an open breaker is over.
    pub(super) fn half_open(&mut self, kind: KindId, agent: AgentId) {
        let turned = self.book.pages.borrow_mut().breakers.wake(kind, agent, self.world.now());
        if let Some(turned) = turned {
            let circuit = self.turned(kind, agent, turned);
            self.let_through(kind, agent, circuit);
        }
    }
    /// A breaker has changed: it is told, and it will be woken.
    fn turned(&self, kind: KindId, agent: AgentId, turned: Turned) -> Circuit {
        let Turned { circuit, reason, wake } = turned;
        let (work, coordinator) = (self.world.kind_name(kind), self.book.id.0);
        self.world.record(RunId::SOCIETY, What::BreakerTurned { agent, work, coordinator, circuit, reason: reason.into() });
        if let Some(at) = wake {
            let mail = CoordinatorMail::Breaker { kind, agent };
            self.world.alarm(at, Letter::Coordinator(self.book.clone(), mail));
        }
        circuit
    }
    /// An agent gets work again: tasks that wait may be for it.
    fn let_through(&mut self, kind: KindId, agent: AgentId, circuit: Circuit) {
        let pages = self.book.pages.borrow();
        let most = match circuit {
            Circuit::Open => 0,
            Circuit::HalfOpen => pages.breakers.breaking().map_or(0, |set| u64::from(set.probes)),
            Circuit::Closed => pages.members.get(&agent).map_or(0, |member| u64::from(member.profile.slots)) * AGAIN,
        };
        drop(pages);
        if most > 0 {
            self.announce_again(kind, agent, most);
        }
    }
    /// Some tasks that avoid an agent only since its breaker was open are announced again, those with the lowest numbers.
    fn announce_again(&mut self, kind: KindId, agent: AgentId, most: u64) {
        let pages = self.book.pages.borrow();
        let passes = |told: &Arc<TaskView>| told.avoids(agent) && self.world.kind_of(told.demand.id) == Some(kind);
        let waits = pages.open.values().filter(|open| open.parked.is_none() && !open.view.avoids(agent));
        let waits = waits.filter(|open| open.told.as_ref().is_some_and(passes));
        let views: Vec<_> = waits.take(usize::try_from(most).unwrap_or(usize::MAX)).map(|open| open.view.clone()).collect();
        drop(pages);
        for view in views {
            self.turn(Told::Withdraw(view.id));
            // Awards that this led to are under way; what is open still is told of anew.
            if self.book.pages.borrow().open.contains_key(&view.id) {
                self.tell(view);
            }
        }
    }
}
