//! The load that our own awards put on each member, and the rest that a refusal asks for.

use super::seat::Seat;
use super::{Held, Roster};
use crate::ids::{AgentId, TaskId};
use crate::task::{Ended, Outcome};
use crate::time::{Time, seconds_to_duration};
use core::time::Duration;

/// The least rest after a refusal, in seconds: so that a refused task does not spin at one moment.
const LEAST_REST: f64 = 0.1;
/// The longest rest after a refusal, in seconds: the agent's own word may be wrong by any factor.
const LONGEST_REST: f64 = 60.0;

/// What everyone holds of our awards.
impl Roster {
    /// Notes that the task was given to the agent, which is expected to need `seconds` for it once it runs. O(log n).
    pub fn award(&mut self, task: TaskId, agent: AgentId, seconds: f64, now: Time) {
        let Some(seat) = self.seats.get_mut(agent.index()).and_then(Option::as_mut) else { return };
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        seat.take(task, seconds, now);
        self.awards.insert(task, Held { agent, seconds, life: self.lives[agent.index()] });
        self.refresh(agent, Some(now));
    }
    /// Notes that the award ended, and lets the agent's next job start. Returns what was held; `None` for an award unknown
    /// here. An award of an earlier life changes no load. O(log n + slots).
    pub fn settle(&mut self, task: TaskId, agent: AgentId, now: Time) -> Option<Held> {
        if self.awards.get(&task)?.agent != agent {
            return None;
        }
        let held = self.awards.remove(&task)?;
        if self.lives[agent.index()] == held.life
            && let Some(seat) = self.seats[agent.index()].as_mut()
        {
            let awards = &self.awards;
            seat.drop_job(task, held.seconds, now, |next| awards.get(&next).map(|held| held.seconds));
            self.refresh(agent, Some(now));
        }
        Some(held)
    }
    /// The award of a task, if it has no outcome yet.
    pub fn held(&self, task: TaskId) -> Option<&Held> {
        self.awards.get(&task)
    }
    /// How many of our awards the agent holds, running or waiting.
    pub fn jobs(&self, agent: AgentId) -> u32 {
        self.seat(agent).map_or(0, Seat::jobs)
    }
    /// True if the agent is here, has a free slot as far as our awards tell, and does not rest.
    pub fn is_free(&self, agent: AgentId) -> bool {
        self.seat(agent).is_some_and(Seat::is_free)
    }
    /// How many agents have a free slot, as far as our awards tell, and do not rest. O(1).
    pub fn count_free(&self) -> usize {
        self.free
    }
    /// When a further job would start: now if a slot is free, else when the running jobs (by their estimates) and the waiting
    /// ones leave room; a job that overran its estimate counts as about to end. Exact for one slot, fluid for more.
    /// [`Time::MAX`] for an agent that is not here. O(slots).
    pub fn expected_start(&self, agent: AgentId, now: Time) -> Time {
        self.seat(agent).map_or(Time::MAX, |seat| now + seconds_to_duration(seat.wait(now)))
    }
    /// When a further job of `seconds` would end.
    pub fn expected_finish(&self, agent: AgentId, seconds: f64, now: Time) -> Time {
        self.expected_start(agent, now) + seconds_to_duration(seconds)
    }
    /// What an agent holds has changed, at a moment if that is known.
    fn refresh(&mut self, agent: AgentId, now: Option<Time>) {
        self.changes += 1;
        let Some(seat) = self.seats[agent.index()].as_mut() else { return };
        let free = seat.is_free();
        let changed = core::mem::replace(&mut seat.listed_free, free) != free;
        if changed {
            self.free = if free { self.free + 1 } else { self.free - 1 };
        }
        for demand in &seat.demands {
            if let Some(table) = self.tables[demand.index()].as_mut() {
                table.moved(agent, || now.map_or(0.0, |now| now.as_secs_f64() + seat.wait(now)));
                if changed {
                    table.set_free(agent, free);
                }
            }
        }
    }
}

/// Rests: an agent that refused is full with work that we know nothing of, so it counts as busy for a while.
impl Roster {
    /// Counts the agent as not free until then. Its holder owes a wake at [`next_rest`](Roster::next_rest).
    pub fn rest(&mut self, agent: AgentId, until: Time) {
        if let Some(seat) = self.seats.get_mut(agent.index()).and_then(Option::as_mut) {
            seat.resting = Some(until);
            self.rests.set(agent, until);
            self.refresh(agent, None);
        }
    }
    /// Ends an agent's rest at `now`, if it rests: its holder is woken at once. True if it did.
    pub fn hurry(&mut self, agent: AgentId, now: Time) -> bool {
        let rests = self.seat(agent).is_some_and(|seat| seat.resting.is_some_and(|until| until > now));
        if rests {
            self.rest(agent, now);
        }
        rests
    }
    /// When the first rest ends. O(1).
    pub fn next_rest(&self) -> Option<Time> {
        self.rests.next()
    }
    /// Takes one agent whose rest is over at `now`.
    pub fn rested(&mut self, now: Time) -> Option<AgentId> {
        let agent = self.rests.pop(now)?;
        if let Some(seat) = self.seats[agent.index()].as_mut() {
            seat.resting = None;
        }
        self.refresh(agent, Some(now));
        Some(agent)
    }
    /// Settles an award by its outcome, and lets an agent that refused rest for as long as its own backlog should take it.
    /// Another outcome than a refusal ends a rest. Returns what was held.
    pub fn settle_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, now: Time) -> Option<Held> {
        let held = self.settle(task, agent, now)?;
        if self.seat(agent).is_some() && self.lives[agent.index()] == held.life {
            if outcome.ended == Ended::Refused {
                self.rest(agent, now + self.rest_after(agent, outcome));
            } else if self.seat(agent).is_some_and(|seat| seat.resting.is_some()) {
                self.rests.clear(&agent);
                self.seats[agent.index()].as_mut().expect("looked at above").resting = None;
                self.refresh(agent, Some(now));
            }
        }
        Some(held)
    }
    fn rest_after(&self, agent: AgentId, outcome: &Outcome) -> Duration {
        let slots = self.profile(agent).map_or(1, |profile| profile.slots.max(1));
        let seconds = outcome.load.backlog / f64::from(slots);
        seconds_to_duration(if seconds.is_nan() { LEAST_REST } else { seconds.clamp(LEAST_REST, LONGEST_REST) })
    }
}
