//! Reports: how they add up.

use super::message::{Kind, Slots, Soon, Summary};
use crate::{Load, Name, Profile, Time, seconds_to_duration};

/// How many groups of free slots, and how many busy agents, a report tells of for each kind of work.
const TOLD: usize = 8;

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
    /// Adds what another one reported, less `spoken_for` slots that were given away since. It is taken that those were the fastest.
    pub(super) fn add(&mut self, other: &Summary, spoken_for: u32) {
        self.agents += other.agents;
        self.slots = self.slots.saturating_add(other.slots);
        self.free = self.free.saturating_add(other.free.saturating_sub(spoken_for));
        self.speed += other.speed;
        self.backlog += other.backlog;
        self.done += other.done;
        self.failed += other.failed;
        for kind in &other.kinds {
            match self.kinds.binary_search_by(|k| k.name.cmp(&kind.name)) {
                Ok(at) => self.kinds[at].add(kind, spoken_for),
                Err(at) => self.kinds.insert(at, kind.less(spoken_for)),
            }
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
    fn less(&self, taken: u32) -> Kind {
        // Room for what a sum adds before it is cut.
        let (rates, soon) = (Vec::with_capacity(2 * TOLD), Vec::with_capacity(2 * TOLD));
        let mut less = Kind { name: self.name.clone(), free: 0, best: self.best, rates, soon };
        less.add(self, taken);
        less
    }
    fn add(&mut self, other: &Kind, taken: u32) {
        self.best = self.best.max(other.best);
        if let Some(next) = other.rate(taken) {
            self.free = self.free.saturating_add(other.free - taken);
            let (mut left, mut any) = (taken, false);
            for slots in other.rates.iter().filter_map(|slots| rest_of(slots, &mut left)) {
                insert(&mut self.rates, slots);
                any = true;
            }
            if !any {
                insert(&mut self.rates, Slots { count: other.free - taken, rate: next });
            }
            group(&mut self.rates);
        }
        if other.soon.is_empty() {
            return;
        }
        for soon in &other.soon {
            let at = self.soon.partition_point(|known| known.at.cmp(&soon.at).then(soon.rate.total_cmp(&known.rate)).is_le());
            self.soon.insert(at, *soon);
        }
        if self.soon.len() > TOLD {
            let late = self.soon.drain(TOLD - 1..).max_by(|a, b| a.rate.total_cmp(&b.rate).then(b.at.cmp(&a.at)));
            self.soon.extend(late);
        }
    }
}

/// Puts slots where they belong, the fastest first; behind those of the same rate.
fn insert(rates: &mut Vec<Slots>, slots: Slots) {
    let at = rates.partition_point(|known| slots.rate.total_cmp(&known.rate).is_le());
    rates.insert(at, slots);
}

/// What is left of slots when so many are taken, these first; and how many are still to be taken.
fn rest_of(slots: &Slots, taken: &mut u32) -> Option<Slots> {
    let gone = slots.count.min(*taken);
    *taken -= gone;
    (slots.count > gone).then_some(Slots { count: slots.count - gone, rate: slots.rate })
}

/// Takes the fastest slots away.
fn drop_first(rates: &mut Vec<Slots>, mut taken: u32) {
    rates.retain_mut(|slots| rest_of(slots, &mut taken).map(|rest| *slots = rest).is_some());
}

/// Puts slots of about the same rate together until there are [`TOLD`] groups at most: each time those two neighbours that lose the least
/// by it, as Ward (1963) measures it. O(groups²), with one loss for each group and two for each that goes.
fn group(rates: &mut Vec<Slots>) {
    if rates.len() <= TOLD {
        return;
    }
    let lost = |one: &Slots, other: &Slots| {
        let (a, b) = (f64::from(one.count), f64::from(other.count));
        a * b / (a + b) * (one.rate - other.rate).powi(2)
    };
    // What it would cost to put each together with the next; of more groups than anybody reports the first are put together first.
    let mut losses = [f64::INFINITY; 2 * TOLD];
    rates.windows(2).zip(&mut losses).for_each(|(pair, loss)| *loss = lost(&pair[0], &pair[1]));
    while rates.len() > TOLD {
        let pairs = (rates.len() - 1).min(losses.len());
        let Some(at) = (0..pairs).min_by(|a, b| losses[*a].total_cmp(&losses[*b])) else { return };
        let (one, other) = (rates[at], rates.remove(at + 1));
        let (a, b) = (f64::from(one.count), f64::from(other.count));
        rates[at] = Slots { count: one.count.saturating_add(other.count), rate: (a * one.rate + b * other.rate) / (a + b) };
        losses.copy_within(at + 1..pairs, at);
        losses[pairs - 1] = f64::INFINITY;
        if at > 0 {
            losses[at - 1] = lost(&rates[at - 1], &rates[at]);
        }
        if let Some(next) = rates.get(at + 1) {
            losses[at] = lost(&rates[at], next);
        }
    }
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
