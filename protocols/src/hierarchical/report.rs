//! Reports: how they add up.

use super::message::{Kind, Soon, Summary};
use crate::{Load, Name, Profile, Time, seconds_to_duration};

/// How many busy agents a report tells of for each kind of work.
const TOLD: usize = 4;

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
                0 => Kind { name, free, best, rate: 0.0, soon: vec![soon] },
                _ => Kind { name, free, best, rate, soon: Vec::new() },
            }
        });
        let speed = profile.speed * pace;
        Summary { agents: 1, slots, free, speed, backlog: load.backlog, done: 0, failed: 0, kinds: kinds.collect() }
    }
    /// Adds what another one reported, less `spoken_for` slots that were given away since. Which of its agents took them is not
    /// known, so the rate of the fastest stands as long as any slot is left.
    pub(super) fn add(&mut self, other: &Summary, spoken_for: u32) {
        self.agents += other.agents;
        self.slots = self.slots.saturating_add(other.slots);
        self.free = self.free.saturating_add(other.free.saturating_sub(spoken_for));
        self.speed += other.speed;
        self.backlog += other.backlog;
        self.done += other.done;
        self.failed += other.failed;
        for kind in &other.kinds {
            let free = kind.free.saturating_sub(spoken_for);
            let rate = if free > 0 { kind.rate } else { 0.0 };
            match self.kinds.binary_search_by(|k| k.name.cmp(&kind.name)) {
                Ok(at) => self.kinds[at].add(free, rate, kind),
                Err(at) => self.kinds.insert(at, Kind { free, rate, ..kind.clone() }),
            }
        }
    }
    /// What it says of a kind of work; without a name, of work that anybody can do.
    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.binary_search_by(|k| (*k.name).cmp(name)).ok().map(|at| &self.kinds[at])
    }
    /// The one slot that was free is taken for so many seconds of `work`.
    pub(super) fn taken(&mut self, work: f64, now: Time) {
        self.free = self.free.saturating_sub(1);
        for kind in &mut self.kinds {
            kind.free = kind.free.saturating_sub(1);
            if kind.free == 0 && kind.rate > 0.0 {
                let rate = core::mem::take(&mut kind.rate);
                kind.soon = vec![Soon { at: now + seconds_to_duration(work / rate), rate }];
            }
        }
    }
}

impl Kind {
    fn add(&mut self, free: u32, rate: f64, other: &Kind) {
        self.free = self.free.saturating_add(free);
        self.best = self.best.max(other.best);
        self.rate = self.rate.max(rate);
        if other.soon.is_empty() {
            return;
        }
        self.soon.extend(&other.soon);
        self.soon.sort_by(|a, b| a.at.cmp(&b.at).then(b.rate.total_cmp(&a.rate)));
        let mut fastest = 0.0;
        self.soon.retain(|soon| {
            let useful = soon.rate > fastest;
            fastest = soon.rate.max(fastest);
            useful
        });
        // The soonest ones, and the fastest.
        while self.soon.len() > TOLD {
            self.soon.remove(TOLD - 1);
        }
    }
}
