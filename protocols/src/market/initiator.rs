//! The auctioneer's side: what happens in its house.

use super::call::{Call, Proposal};
use super::house::House;
use super::ledger::{Ledger, Money};
use super::message::{Message, Rejection};
use super::reputation::Reputation;
use super::settings::{Market, Payment};
use crate::{AgentId, DemandId, Ended, Held, Initiator, Judged, Memory, Outcome, Profile, TaskId, TaskView, Time, Turn, Why};

/// What earlier lives of a market have spent, in its memory.
const SPENT: &str = "spent";

/// The auctioneer of a team: it calls for proposals, sells, and pays.
///
/// A task of a team of `n` costs `3n - 1` messages if nothing is lost: `n` calls, `n` answers, `n - 1` rejections; with a shortlist
/// of `k`, `3k - 1`, and three for each agent that is asked later since it is idle. A sale costs O(k) for one task, and
/// O(tasks² · places) for a batch of at most 24.
#[derive(Clone, Debug)]
pub struct Auctioneer {
    house: House,
}

impl Auctioneer {
    /// A market without agents.
    pub fn new(settings: &Market) -> Auctioneer {
        Auctioneer { house: House::new(settings) }
    }
    /// Who was paid what.
    pub fn ledger(&self) -> &Ledger {
        &self.house.ledger
    }
    /// Who is trusted how far.
    pub fn reputation(&self) -> &Reputation {
        &self.house.reputation
    }
    /// Takes an agent out of all calls; the tasks that it was asked about.
    fn forget(&mut self, agent: AgentId) -> Vec<TaskId> {
        self.house.seats.renew(agent);
        let asked = self.house.calls.iter_mut().filter(|(_, call)| call.invite(agent).is_some());
        asked.map(|(task, call)| (*task, call.forget(agent)).0).collect()
    }
    /// Calls that lost somebody end now, or begin again.
    fn go_on(&mut self, tasks: Vec<TaskId>, turn: &mut Turn<'_, Message>) {
        for task in tasks {
            let Some(call) = self.house.calls.get(&task) else { continue };
            if !call.stands && call.is_complete() {
                self.house.end_call(task, turn);
            } else if call.stands && !self.house.is_viable(task) {
                self.house.call(task, turn);
            }
        }
    }
    fn decline_hopeless(&mut self, demands: &[DemandId], turn: &mut Turn<'_, Message>) {
        for demand in demands {
            let Some(queue) = self.house.queues.get(demand) else { continue };
            let view = queue.first().and_then(|order| self.house.calls.get(&order.task)).map(|call| call.view.clone());
            if view.is_some_and(|view| self.house.roster.nobody_able(&view)) {
                let hopeless: Vec<TaskId> = self.house.queues[demand].iter().map(|order| order.task).collect();
                hopeless.into_iter().for_each(|task| self.house.decline(task, Why::NobodyAble, turn));
            }
        }
    }
    /// Tasks whose proposals came only from agents that they need no longer put up with.
    fn choosy(&self) -> Vec<TaskId> {
        let choosy = |call: &&Call| !call.view.avoid.is_empty();
        self.house.calls.values().filter(choosy).map(|call| call.view.id).collect()
    }
    fn pay(&mut self, task: TaskId, agent: AgentId, held: &Held, outcome: &Outcome) {
        let house = &mut self.house;
        if outcome.ended == Ended::Refused {
            return house.ledger.annul(task, agent);
        }
        let Some(entry) = house.ledger.open(task) else { return };
        let due = match house.set.payment {
            Payment::OnAward => entry.price.to_price(),
            Payment::Performance => due(entry.price.to_price(), held.seconds, house.set.urgency, outcome),
        };
        house.ledger.settle(task, agent, Money::from_price(due));
    }
}

/// What is due by the outcome, of a price for so many promised seconds. See [`Payment::Performance`].
fn due(price: f64, promised: f64, urgency: f64, outcome: &Outcome) -> f64 {
    let took = outcome.took.as_secs_f64();
    match outcome.ended {
        Ended::Succeeded => {
            let quality = if outcome.quality.is_nan() { 0.0 } else { outcome.quality.clamp(0.0, 1.0) };
            // Durations are whole nanoseconds: what is late by less is in time.
            let late = if took - promised > 1e-8 { took - promised } else { 0.0 };
            (price * quality - urgency * late).max(0.0)
        }
        Ended::Cancelled if promised > 0.0 => price * (took / promised).min(1.0),
        Ended::Cancelled | Ended::Failed | Ended::Refused | Ended::Lost => 0.0,
    }
}

impl Initiator for Auctioneer {
    type Message = Message;

    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Message>) {
        let lost = self.forget(agent);
        self.house.roster.join(agent, profile);
        let trust = self.house.reputation.of(&profile.name);
        self.house.seats.renew(agent).trust = trust;
        self.go_on(lost, turn);
        let choosy = self.choosy();
        self.go_on(choosy, turn);
        self.house.ask_idle(agent, turn);
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        let demands = self.house.roster.demands_of(agent).to_vec();
        if self.house.roster.leave(agent) {
            let lost = self.forget(agent);
            self.decline_hopeless(&demands, turn);
            self.go_on(lost, turn);
        }
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Message>) {
        self.house.open(task, turn);
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        if let Some(call) = self.house.close(task) {
            self.house.reject(&call, None, Rejection::Withdrawn, turn);
        }
    }
    fn on_message(&mut self, from: AgentId, message: Message, turn: &mut Turn<'_, Message>) {
        if !self.house.roster.contains(from) {
            return;
        }
        match message {
            Message::Propose { task, call, price, start, finish } => {
                let here = self.house.calls.get(&task).map_or(Time::ZERO, |call| call.arrival.at(from));
                let seconds = (finish - start.max(here)).as_secs_f64();
                self.house.proposed(from, task, call, Proposal { price, seconds, here }, start, turn);
            }
            Message::Refuse { task, call, .. } => self.house.refused(from, task, call, turn),
            Message::CallForProposals { .. } | Message::RejectProposal { .. } => {}
        }
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Message>) {
        let Some(held) = self.house.roster.settle_outcome(task, agent, outcome, turn.now) else { return };
        self.house.seats.ended(agent, task);
        self.pay(task, agent, &held, outcome);
        if let Some(name) = self.house.roster.profile(agent).map(|profile| profile.name.clone()) {
            self.house.reputation.learn(&name, held.seconds, outcome);
            let trust = self.house.reputation.of(&name);
            self.house.seats.change(agent, |seat| seat.trust = trust);
        }
        self.house.gather([agent], turn);
    }
    /// What was paid stays paid; trust does not.
    fn on_judged(&mut self, judged: &Judged, _: &mut Turn<'_, Message>) {
        if let Some(name) = self.house.roster.profile(judged.agent).map(|profile| profile.name.clone()) {
            self.house.reputation.judged(&name, judged.quality);
            let trust = self.house.reputation.of(&name);
            self.house.seats.change(judged.agent, |seat| seat.trust = trust);
        }
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.house.roster.hurry(agent, turn.now) {
            self.on_wake(turn);
        }
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Message>) {
        while let Some(agent) = self.house.roster.rested(turn.now) {
            self.house.gather([agent], turn);
        }
        while let Some(task) = self.house.due.pop(turn.now) {
            match self.house.calls.get(&task) {
                Some(call) if !call.stands => self.house.end_call(task, turn),
                Some(_) => self.house.think_over(task, turn),
                None => {}
            }
        }
        if self.house.closes.is_some_and(|at| at <= turn.now) {
            self.house.close_window(turn);
        }
    }
    fn next_wake(&self) -> Option<Time> {
        [self.house.due.next(), self.house.roster.next_rest(), self.house.closes].into_iter().flatten().min()
    }
    fn save(&self) -> Memory {
        let mut memory = Memory::default();
        self.house.reputation.save(&mut memory);
        let committed = self.house.ledger.committed();
        if committed > Money::NONE {
            memory.set(SPENT, [committed.to_price()]);
        }
        memory
    }
    fn restore(&mut self, memory: &Memory) {
        self.house.reputation.restore(memory);
        if let Some([spent]) = memory.get(SPENT) {
            self.house.ledger.restore(Money::from_price(*spent));
        }
        let names: Vec<(AgentId, f64)> =
            self.house.roster.iter().map(|(agent, profile)| (agent, self.house.reputation.of(&profile.name))).collect();
        for (agent, trust) in names {
            self.house.seats.change(agent, |seat| seat.trust = trust);
        }
    }
    fn standing(&self, agent: AgentId) -> Vec<(&'static str, f64)> {
        let Some(profile) = self.house.roster.profile(agent) else { return Vec::new() };
        let earned = self.house.ledger.earned(agent).to_price();
        vec![("reputation", self.house.reputation.of(&profile.name)), ("earned", earned)]
    }
}
