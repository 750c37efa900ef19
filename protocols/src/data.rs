//! Where the input of a task lies, and when each agent could have it.

use crate::ids::AgentId;
use crate::time::Time;
use core::time::Duration;
use serde::Serialize;
use std::sync::Arc;

/// An input of a task, which lies where it was made.
///
/// ```
/// use polity_protocols::{AgentId, Input, Time};
/// let input = Input { holder: AgentId(2), bytes: 3_000_000, elsewhere: Time::from_secs_f64(7.0) };
/// assert!(input.elsewhere > Time::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Who has it.
    pub holder: AgentId,
    /// How large it is.
    pub bytes: u64,
    /// When any other agent can have it: the end of the task that made it, and then the time that its bytes travel.
    pub elsewhere: Time,
}

/// When each agent can have all that a task needs. Of any number of inputs this is enough: whoever lacks the one that arrives last waits for
/// that, so that only an agent that alone holds all the last ones can begin sooner than all others.
///
/// The moment is the *data ready time* of HEFT (Topcuoglu, Hariri and Wu 2002), by its model of communication: what lies with an agent needs no
/// time to reach it.
///
/// ```
/// use polity_protocols::{AgentId, Arrival, Input, Time};
/// let at = Time::from_secs_f64;
/// let input = |holder, seconds| Input { holder: AgentId(holder), bytes: 1, elsewhere: at(seconds) };
/// let arrival = Arrival::of(&[input(0, 9.0), input(1, 4.0), input(0, 2.0)]);
/// assert_eq!(arrival.home(), Some(AgentId(0)));
/// assert_eq!([0, 1, 2].map(|agent| arrival.at(AgentId(agent))), [at(4.0), at(9.0), at(9.0)]);
/// assert_eq!(Arrival::default().at(AgentId(7)), Time::ZERO); // what needs nothing can begin anywhere
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Arrival {
    elsewhere: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<(AgentId, Time)>,
}

impl Arrival {
    /// Of these inputs. O(inputs).
    pub fn of(inputs: &[Input]) -> Arrival {
        let Some(last) = inputs.iter().max_by_key(|input| input.elsewhere) else { return Arrival::default() };
        let others = inputs.iter().filter(|input| input.holder != last.holder);
        let at_home = others.map(|input| input.elsewhere).max().unwrap_or(Time::ZERO);
        let home = (at_home < last.elsewhere).then_some((last.holder, at_home));
        Arrival { elsewhere: last.elsewhere, home }
    }
    /// When everything has reached this agent; [`Time::ZERO`] if it was there from the beginning.
    #[inline]
    pub fn at(&self, agent: AgentId) -> Time {
        match self.home {
            Some((home, at_home)) if home == agent => at_home,
            _ => self.elsewhere,
        }
    }
    /// The same, and nowhere before `moment`.
    pub fn not_before(self, moment: Time) -> Arrival {
        let elsewhere = self.elsewhere.max(moment);
        let home = self.home.map(|(home, at_home)| (home, at_home.max(moment)));
        Arrival { elsewhere, home: home.filter(|(_, at_home)| *at_home < elsewhere) }
    }
    /// When everything has reached any agent.
    #[inline]
    pub fn everywhere(&self) -> Time {
        self.elsewhere
    }
    /// The one agent that can have everything sooner than all others, if there is one.
    #[inline]
    pub fn home(&self) -> Option<AgentId> {
        self.home.map(|(home, _)| home)
    }
    /// The same, if that still makes a difference at `now`.
    pub fn home_at(&self, now: Time) -> Option<AgentId> {
        self.home().filter(|_| self.elsewhere > now)
    }
    /// True if nothing has to arrive anywhere.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.elsewhere == Time::ZERO
    }
    /// Seconds that a slot of the agent, free `start` seconds after `now`, is taken by work of `seconds`: from then on, what has to arrive
    /// is waited for.
    pub fn taken(&self, agent: AgentId, now: Time, start: f64, seconds: f64) -> f64 {
        self.wait(agent, now, start) + seconds
    }
    /// Seconds for which a slot of the agent that is free `start` seconds after `now` waits until everything is there.
    pub fn wait(&self, agent: AgentId, now: Time, start: f64) -> f64 {
        let at = self.at(agent);
        if at <= now { 0.0 } else { (at.since(now).as_secs_f64() - start).max(0.0) }
    }
    /// How long the agent really worked on a job that ended at `now` and had its slot for `took`: not while it waited for what had to arrive.
    pub fn worked(&self, agent: AgentId, took: Duration, now: Time) -> Duration {
        worked(self.at(agent), took, now)
    }
}

/// How long was worked on a job that ended at `now` and had its slot for `took`, if what it needed was there at `here`.
pub(crate) fn worked(here: Time, took: Duration, now: Time) -> Duration {
    if here == Time::ZERO { took } else { took.min(now.since(here)) }
}

/// No inputs; shared, so that it costs nothing.
pub(crate) fn no_data() -> Arc<[Input]> {
    thread_local!(static NONE: Arc<[Input]> = Arc::from([]));
    NONE.with(Arc::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inputs() -> impl Strategy<Value = Vec<Input>> {
        let input = (0..5u32, 0..6u64).prop_map(|(holder, at)| Input {
            holder: AgentId(holder),
            bytes: at,
            elsewhere: Time::from_nanos(at * 500_000_000),
        });
        prop::collection::vec(input, 0..8)
    }

    proptest! {
        #[test]
        fn for_every_agent_it_is_the_last_of_what_it_lacks(inputs in inputs()) {
            let arrival = Arrival::of(&inputs);
            for agent in (0..7).map(AgentId) {
                let lacks = inputs.iter().filter(|input| input.holder != agent).map(|input| input.elsewhere);
                prop_assert_eq!(arrival.at(agent), lacks.max().unwrap_or(Time::ZERO));
                prop_assert!(arrival.at(agent) == arrival.everywhere() || arrival.home() == Some(agent));
            }
            prop_assert_eq!(arrival.is_none(), inputs.iter().all(|input| input.elsewhere == Time::ZERO));
        }
        #[test]
        fn a_slot_is_taken_until_the_work_is_done(inputs in inputs(), now in 0.0..4.0f64, start in 0.0..4.0f64, seconds in 0.0..4.0f64) {
            let (arrival, agent, at) = (Arrival::of(&inputs), AgentId(1), Time::from_secs_f64(now));
            let done = now + start + arrival.taken(agent, at, start, seconds);
            let expected = (now + start).max(arrival.at(agent).as_secs_f64()) + seconds;
            prop_assert!((done - expected).abs() < 1e-6, "{} {}", done, expected);
            // If the slot was free at once, what it took without the work is waiting.
            let took = Duration::from_secs_f64(arrival.taken(agent, at, 0.0, seconds));
            let worked = arrival.worked(agent, took, at + took).as_secs_f64();
            prop_assert!((worked - seconds).abs() < 1e-6, "{} {}", worked, seconds);
        }
    }
}
