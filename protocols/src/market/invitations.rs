//! Who is asked about a task.

use super::call::{Answer, Call, Order};
use super::house::House;
use super::message::Message;
use crate::{Able, AgentId, TaskId, Time, Turn};
use core::time::Duration;

/// Rounds of calls without an admitted proposal, until it counts as a refusal. With the time doubling, the last waits minutes.
const MOST_ROUNDS: u32 = 16;
/// The time of a call doubles with each round, so often at most.
const MOST_DOUBLINGS: u32 = 9;
/// So many times the shortlist are looked at to make it.
const SEEN: usize = 8;
/// How many open tasks are looked at for an agent that has nothing to bid for.
const LOOKED_AT: usize = 32;

impl House {
    /// Calls for proposals, once more if nobody answered. Declines the task if nobody is left to ask.
    pub(super) fn call(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        self.unlist(task);
        let Some(call) = self.calls.get(&task).filter(|call| call.round < MOST_ROUNDS) else {
            return self.decline_unwilling(task, turn);
        };
        let asked = self.shortlist(&call.clone(), turn.now);
        if asked.is_empty() {
            return self.decline_unwilling(task, turn);
        }
        let number = self.next_number(turn);
        let Some(call) = self.calls.get_mut(&task) else { return };
        let reply_by = turn.now + self.set.deadline.saturating_mul(1 << call.round.min(MOST_DOUBLINGS));
        for agent in call.asked() {
            self.seats.change(agent, |seat| seat.asked = seat.asked.saturating_sub(1));
        }
        call.begin(number, asked.iter().copied(), reply_by);
        for agent in call.asked() {
            self.seats.change(agent, |seat| seat.asked += 1);
        }
        for agent in asked {
            turn.send(agent, question(call, agent, reply_by));
        }
        self.due.set(task, reply_by);
    }
    /// Those who may be asked, without those who are out already: all of a small team. Of a large one the fastest free ones, each the
    /// slower the more open calls it is asked in; and some of the fastest whether free or not, since one that is soon free may be the
    /// better; and the one that need not wait for what the task needs.
    fn shortlist(&mut self, call: &Call, now: Time) -> Vec<AgentId> {
        let out = |agent: AgentId| call.invite(agent).is_some_and(|invite| matches!(invite.answer, Answer::Out));
        let most = self.set.shortlist.unwrap_or(usize::MAX);
        if self.roster.count_candidates(&call.view) <= most {
            return self.roster.candidates(&call.view).map(|able| able.agent).filter(|agent| !out(*agent)).collect();
        }
        let seats = &self.seats;
        let slowed = |able: &Able| able.rate / f64::from(1 + seats.get(able.agent).map_or(0, |seat| seat.asked));
        let mut free: Vec<Able> =
            self.roster.free(&call.view).filter(|able| !out(able.agent)).take(most.saturating_mul(SEEN)).collect();
        free.sort_by(|a, b| slowed(b).total_cmp(&slowed(a)));
        let home = call.arrival.home_at(now).filter(|home| !out(*home));
        let home = home.and_then(|home| self.roster.may_do(&call.view, home)).map(|able| able.agent);
        let mut asked: Vec<AgentId> = home.into_iter().collect();
        asked.extend(free.iter().map(|able| able.agent).filter(|agent| home != Some(*agent)).take(most - most / 4));
        for able in self.roster.fastest(&call.view) {
            if asked.len() >= most {
                break;
            }
            if !out(able.agent) && !asked.contains(&able.agent) {
                asked.push(able.agent);
            }
        }
        asked
    }
    /// A task that has to wait is offered to one more agent, if one is free that was asked about nothing.
    pub(super) fn ask_one_more(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) {
        let Some(call) = self.calls.get(&task) else { return };
        let most = self.set.shortlist.unwrap_or(usize::MAX);
        if self.roster.count_candidates(&call.view) <= most {
            return;
        }
        let seats = &self.seats;
        let is_idle = |agent: AgentId| seats.get(agent).is_some_and(|seat| seat.asked == 0);
        let free = self.roster.free(&call.view).take(most.saturating_mul(SEEN)).map(|able| able.agent);
        let idle = { free }.find(|agent| is_idle(*agent));
        if let Some(agent) = idle {
            self.ask_also(task, agent, turn);
        }
    }
    fn ask_also(&mut self, task: TaskId, agent: AgentId, turn: &mut Turn<'_, Message>) {
        let reply_by = turn.now + self.set.deadline;
        if let Some(call) = self.calls.get_mut(&task)
            && call.also(agent, reply_by)
        {
            turn.send(agent, question(call, agent, reply_by));
            self.seats.change(agent, |seat| seat.asked += 1);
        }
    }
    /// An agent that is free and bids for nothing is asked about the first open task that it was not asked about.
    pub(super) fn ask_idle(&mut self, agent: AgentId, turn: &mut Turn<'_, Message>) {
        if self.calls.is_empty() || self.seats.bids_for_something(agent) || !self.roster.is_free(agent) {
            return;
        }
        if let Some(order) = self.first_unasked(agent) {
            self.ask_also(order.task, agent, turn);
        }
    }
    fn first_unasked(&mut self, agent: AgentId) -> Option<Order> {
        let each = LOOKED_AT.div_ceil(self.queues.len().max(1));
        let mut first: Option<Order> = None;
        for queue in self.queues.values().take(LOOKED_AT) {
            for order in queue.iter().take(each) {
                let Some(call) = self.calls.get(&order.task) else { continue };
                let asks = call.stands && call.invite(agent).is_none() && first.is_none_or(|first| *order < first);
                if asks && self.roster.may_do(&call.view, agent).is_some() {
                    first = Some(*order);
                }
            }
        }
        first
    }
}

fn question(call: &Call, agent: AgentId, reply_by: Time) -> Message {
    let (view, here) = (&call.view, call.arrival.at(agent));
    Message::CallForProposals { task: view.id, call: call.number, demand: view.demand.clone(), work: view.work, here, reply_by }
}

/// How long a waiting task stands before it is thought over though nothing happened: until the turn that it waits for is overdue by
/// as much as it was early, and by what waiting was to save.
pub(super) fn patience(ahead: f64, margin: f64) -> Duration {
    crate::seconds_to_duration(2.0 * ahead + margin).max(Duration::from_millis(1))
}
