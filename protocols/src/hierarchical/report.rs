//! Reports: what an agent tells of itself, and what is believed of it.

use super::message::{Kind, Slots, Soon, Summary};
use crate::{Load, Name, Profile, Time, seconds_to_duration};

impl Summary {
    /// The state of one agent, by its own word. `pace` is what its leader told it of itself.
    pub(super) fn of_one(profile: &Profile, pace: f64, load: &Load, now: Time) -> Summary {
        let slots = profile.slots.max(1);
        let free = slots.saturating_sub(load.jobs());
        let wait = load.backlog / f64::from(slots) / pace;
        let able = profile.capabilities.iter().filter(|(_, score)| *score > 0.0).map(|(name, score)| (name.clone(), score));
        let kinds = core::iter::once((Name::from(""), 1.0)).chain(able).map(|(name, best)| {
            let rate = profile.speed * pace * best;
            let soon = Soon { at: now + seconds_to_duration(wait), rate };
            match free {
                0 => Kind { name, free, best, rates: Vec::new(), soon: vec![soon] },
                _ => Kind { name, free, best, rates: vec![Slots { count: free, rate }], soon: Vec::new() },
            }
        });
        let speed = profile.speed * pace;
        Summary { agents: 1, slots, free, speed, backlog: load.backlog, done: 0, failed: 0, kinds: kinds.collect() }
    }
    /// Takes away what an agent says of itself beyond what it declared, at the pace that it proved.
    pub(super) fn doubt(&mut self, profile: &Profile, pace: f64) {
        let slots = profile.slots.max(1);
        (self.agents, self.slots, self.free) = (1, slots, self.free.min(slots));
        self.speed = self.speed.min(profile.speed * pace);
        let score = |name: &str| if name.is_empty() { 1.0 } else { profile.capabilities.score(name) };
        self.kinds.retain(|kind| score(&kind.name) > 0.0);
        for kind in &mut self.kinds {
            let score = score(&kind.name);
            let most = profile.speed * pace * score;
            (kind.best, kind.free) = (kind.best.min(score), kind.free.min(slots));
            let free = kind.rates.iter_mut().map(|slots| &mut slots.rate);
            free.chain(kind.soon.iter_mut().map(|soon| &mut soon.rate)).for_each(|rate| *rate = rate.min(most));
        }
    }
    /// Puts what it tells in order, as honest reports are: only a sum of what is in order is in order.
    pub(super) fn put_in_order(&mut self) {
        if !self.kinds.is_sorted_by(|a, b| a.name < b.name) {
            self.kinds.sort_by(|a, b| a.name.cmp(&b.name));
            self.kinds.dedup_by(|later, kept| later.name == kept.name);
        }
        for kind in &mut self.kinds {
            kind.rates.retain(|slots| slots.count > 0);
            kind.rates.sort_by(Slots::order);
            kind.soon.sort_by(Soon::order);
        }
    }
    /// What it says of a kind of work; without a name, of work that anybody can do.
    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.binary_search_by(|k| (*k.name).cmp(name)).ok().map(|at| &self.kinds[at])
    }
    /// The one slot that was free is taken for so many seconds of `work`, which begins then.
    pub(super) fn taken(&mut self, work: f64, begins: Time) {
        self.free = self.free.saturating_sub(1);
        for kind in &mut self.kinds {
            kind.free = kind.free.saturating_sub(1);
            let rate = kind.rates.last().map(|slots| slots.rate);
            drop_first(&mut kind.rates, 1);
            let Some(rate) = rate.filter(|_| kind.free == 0) else { continue };
            kind.soon = vec![Soon { at: begins + seconds_to_duration(work / rate), rate }];
        }
    }
}

impl Kind {
    /// The rate of the fastest free slot after so many others are taken; `None` if none is left.
    pub(super) fn rate(&self, taken: u32) -> Option<f64> {
        let mut before = 0_u32;
        let next = self.rates.iter().find(|slots| {
            before = before.saturating_add(slots.count);
            before > taken
        });
        // What tells of fewer slots than it counts is taken to mean its slowest.
        (self.free > taken).then(|| next.or(self.rates.last()).map(|slots| slots.rate)).flatten()
    }
}

/// Takes the fastest slots away.
fn drop_first(rates: &mut Vec<Slots>, mut taken: u32) {
    rates.retain_mut(|slots| slots.rest_of(&mut taken).map(|rest| *slots = rest).is_some());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capabilities, Lie, Rng};
    use proptest::prelude::*;

    fn digger(speed: f64, score: f64, slots: u32) -> Profile {
        Profile::new("a", Capabilities::default().and("dig", score)).speed(speed).slots(slots)
    }

    proptest! {
        #[test]
        fn of_an_honest_report_nothing_is_doubted(
            speed in 0.1..8.0f64, score in 0.01..=1.0f64, slots in 1u32..20, jobs in 0u32..25, pace in 0.05..10.0f64,
        ) {
            let (profile, load) = (digger(speed, score, slots), Load { running: jobs, queued: 0, backlog: f64::from(jobs) });
            let honest = Summary::of_one(&profile, pace, &load, Time::ZERO);
            let mut heard = honest.clone();
            heard.doubt(&profile, pace);
            prop_assert_eq!(heard, honest);
        }
        #[test]
        fn no_lie_makes_an_agent_faster_than_it_proved_to_be(
            speed in 0.1..8.0f64, score in 0.01..=1.0f64, jobs in 0u32..4, factor in 0.05..=1.0f64, pace in 0.05..10.0f64,
        ) {
            let (profile, load) = (digger(speed, score, 2), Load { running: jobs, queued: 0, backlog: f64::from(jobs) });
            let state = Summary::of_one(&profile, pace, &load, Time::ZERO);
            let (to, from) = (Some(crate::AgentId(1)), crate::AgentId(0));
            let said = super::super::Message::Report { to, level: 1, from, seq: 1, pace: 9.0, counts: 0, state: state.clone() };
            let bent = super::super::bent::bend(said, &Lie::LowBall(factor), Time::ZERO, &mut Rng::new(1, "x"));
            let super::super::Message::Report { state: mut heard, .. } = bent else { panic!("a report stays one") };
            heard.doubt(&profile, pace);
            prop_assert!(heard.speed <= state.speed);
            for (heard, honest) in heard.kinds.iter().zip(&state.kinds) {
                prop_assert_eq!(&heard.rates, &honest.rates);
                prop_assert!(heard.soon.iter().zip(&honest.soon).all(|(heard, honest)| heard.rate == honest.rate));
            }
        }
    }
}
