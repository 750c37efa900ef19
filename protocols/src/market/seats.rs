//! What the auctioneer keeps of each agent beside the roster: the tasks that it bids for, and when its slots should be free.

use super::call::Order;
use crate::{AgentId, Roster, TaskId, Time};
use std::collections::BTreeSet;

/// A job that has not ended takes at least so many seconds more: only a free slot is free now.
const LEAST_LEFT: f64 = 1e-6;

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Open tasks for which it proposed, and which were not sold at once.
    pub(super) offers: BTreeSet<Order>,
    /// Our awards that it holds, and when each should end.
    jobs: Vec<(TaskId, Time)>,
    pub(super) trust: f64,
    /// In how many open calls it is asked: so that tasks of one moment are not all offered to the same few.
    pub(super) asked: u32,
}
impl Default for Seat {
    fn default() -> Seat {
        Seat { offers: BTreeSet::new(), jobs: Vec::new(), trust: 1.0, asked: 0 }
    }
}

/// All agents by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

impl Seats {
    pub(super) fn get(&self, agent: AgentId) -> Option<&Seat> {
        self.0.get(agent.index())
    }
    /// A newcomer, or an old one in a new life.
    pub(super) fn renew(&mut self, agent: AgentId) -> &mut Seat {
        if self.0.len() <= agent.index() {
            self.0.resize_with(agent.index() + 1, Seat::default);
        }
        self.0[agent.index()] = Seat::default();
        &mut self.0[agent.index()]
    }
    pub(super) fn change(&mut self, agent: AgentId, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.0.get_mut(agent.index()) {
            change(seat);
        }
    }
    pub(super) fn took(&mut self, agent: AgentId, task: TaskId, until: Time) {
        self.change(agent, |seat| seat.jobs.push((task, until)));
    }
    pub(super) fn ended(&mut self, agent: AgentId, task: TaskId) {
        self.change(agent, |seat| seat.jobs.retain(|(held, _)| *held != task));
    }
    pub(super) fn trust(&self, agent: AgentId) -> f64 {
        self.get(agent).map_or(1.0, |seat| seat.trust)
    }
    pub(super) fn bids_for_something(&self, agent: AgentId) -> bool {
        self.get(agent).is_some_and(|seat| !seat.offers.is_empty())
    }
    /// True if one of its jobs should have ended by now.
    pub(super) fn is_overdue(&self, agent: AgentId, now: Time) -> bool {
        self.get(agent).is_some_and(|seat| seat.jobs.iter().any(|(_, end)| *end < now))
    }
    /// Seconds until each of its next turns, the soonest first: at most `most` of its slots.
    ///
    /// A job that is overdue is expected to take as long again as it is overdue. An agent that rests has no turn before.
    pub(super) fn turns(&self, agent: AgentId, roster: &Roster, now: Time, most: usize, turns: &mut Vec<f64>) {
        turns.clear();
        let slots = roster.profile(agent).map_or(0, |profile| profile.slots.max(1) as usize);
        let jobs = self.get(agent).map_or(&[][..], |seat| &seat.jobs);
        let free = slots.saturating_sub(jobs.len()).min(most);
        // A rest counts for every slot; for busy ones the roster says no less than their own ends do.
        let rest = if roster.is_free(agent) || free == 0 { 0.0 } else { (roster.expected_start(agent, now) - now).as_secs_f64() };
        turns.extend(core::iter::repeat_n(rest, free));
        let left = |end: Time| if end >= now { end - now } else { now - end };
        turns.extend(jobs.iter().map(|(_, end)| left(*end).as_secs_f64().max(LEAST_LEFT)));
        turns.sort_unstable_by(f64::total_cmp);
        turns.truncate(most);
    }
}
