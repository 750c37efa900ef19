//! What was reported to a lead or to the leader's desk, and the choice by it.

use super::book::still_busy_until;
use super::delegation::turns_until;
use super::message::{Soon, Summary};
use super::settings::Delegation;
use crate::{AgentId, Arrival, Profile, Rng, Time, seconds_to_duration};
use std::collections::BTreeMap;

/// The last report of each direct report, and what was sent its way since.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    /// By reporter.
    last: BTreeMap<AgentId, Heard>,
    /// Whose turn was last.
    turn: Option<AgentId>,
}

#[derive(Clone, Debug)]
struct Heard {
    seq: u64,
    state: Summary,
    /// How fast the reporter proved to be, by the desk's stamp.
    pace: f64,
    /// Slots that were spoken for since: the report does not know of them yet.
    spoken_for: u32,
    /// Calls that it has not answered. No report is known to count them.
    calls: u32,
    /// What a plain member reported, before it was given what it has not reported yet.
    before: Option<Box<Summary>>,
    /// What it was asked for since, as if it were done by its fastest: when that would end, and how fast it goes.
    given: Vec<Soon>,
    /// In this scan: until when busy ones have work, and the seconds for which tasks wait for them beyond that.
    reserved: Vec<(Slot, f64)>,
}

/// A busy one of a report: until when it has work, and which it is of those that have it until then.
type Slot = (Time, usize);

/// What somebody is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need<'a> {
    pub kind: &'a str,
    pub work: f64,
    pub now: Time,
    /// When each agent can have what it needs.
    pub arrival: Arrival,
    /// True if those who report are plain members: what arrives is for themselves.
    pub plain: bool,
    /// Whether to wait for busy ones that would finish it sooner.
    pub waits: bool,
}

impl Need<'_> {
    /// When what it needs is there, in seconds; below a lead, with any of its people.
    fn here(&self, agent: AgentId) -> f64 {
        let at = if self.plain { self.arrival.at(agent) } else { self.arrival.everywhere() };
        at.as_secs_f64()
    }
}

/// Who is chosen by what was reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pick {
    /// This one reported a free slot; when it should be done, in seconds.
    Ask(AgentId, f64),
    /// A busy one below another is expected to finish it sooner than any free one.
    Wait(Waiting),
    /// Nobody who may be asked reported a free slot.
    Nobody,
}

impl Pick {
    /// When the task should be done, in seconds, if somebody was found.
    pub(super) fn finish(&self) -> Option<f64> {
        match self {
            Pick::Ask(_, finish) => Some(*finish),
            Pick::Wait(waiting) => Some(waiting.finish),
            Pick::Nobody => None,
        }
    }
}

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Waiting {
    lead: AgentId,
    slot: Slot,
    /// How long the task would take it.
    seconds: f64,
    /// When it should be done, in seconds.
    pub finish: f64,
    /// Until when it is right to wait, in seconds. See [`Choice`](super::delegation::Choice).
    pub until: f64,
}

/// What is known of one who may be asked, whatever it reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Able {
    /// The best fit.
    pub fit: f64,
    /// The greatest work per second that is believed.
    pub most: f64,
}

/// One who could be asked.
#[derive(Clone, Copy)]
struct Offer {
    agent: AgentId,
    /// Less is better.
    key: f64,
}

impl Offer {
    fn before(&self, other: &Offer) -> bool {
        self.key.total_cmp(&other.key).then(self.agent.cmp(&other.agent)).is_lt()
    }
}

impl Inbox {
    /// Takes up a report. False if a newer one is here already.
    pub(super) fn hear(&mut self, from: AgentId, seq: u64, state: Summary, pace: f64) -> bool {
        if self.last.get(&from).is_some_and(|heard| heard.seq >= seq) {
            return false;
        }
        let (calls, mut given) =
            self.last.get_mut(&from).map_or((0, Vec::new()), |heard| (heard.calls, core::mem::take(&mut heard.given)));
        // The report does not count the latest calls if they are not answered.
        given.drain(..given.len().saturating_sub(calls as usize));
        self.last.insert(from, Heard { seq, state, pace, spoken_for: calls, calls, before: None, given, reserved: Vec::new() });
        true
    }
    /// Believes no more of a plain member's report than what it declared, at the pace that it proved.
    pub(super) fn doubt(&mut self, agent: AgentId, profile: &Profile) {
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.state.doubt(profile, heard.pace);
        }
    }
    pub(super) fn forget_all_but(&mut self, keep: impl Fn(AgentId) -> bool) {
        self.last.retain(|agent, _| keep(*agent));
    }
    pub(super) fn len(&self) -> usize {
        self.last.len()
    }
    /// One more slot below this one is spoken for.
    pub(super) fn speak_for(&mut self, agent: AgentId, need: &Need<'_>) {
        self.turn = Some(agent);
        if let Some(heard) = self.last.get_mut(&agent) {
            if let Some(rate) = heard.state.kind(need.kind).and_then(|kind| kind.rate(heard.spoken_for)) {
                let begins = need.now.max(need.arrival.everywhere());
                heard.given.push(Soon { at: begins + seconds_to_duration(need.work / rate), rate });
            }
            heard.spoken_for = heard.spoken_for.saturating_add(1);
        }
    }
    /// A call goes out to it.
    pub(super) fn call(&mut self, agent: AgentId, need: &Need<'_>) {
        self.speak_for(agent, need);
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.calls = heard.calls.saturating_add(1);
        }
    }
    /// A call is answered, or void. What was spoken for stays so until the next report.
    pub(super) fn answered(&mut self, agent: AgentId) {
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.calls = heard.calls.saturating_sub(1);
        }
    }
    /// A plain member is about to take so much work, with which it begins then.
    pub(super) fn occupy(&mut self, agent: AgentId, work: f64, begins: Time) {
        self.turn = Some(agent);
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.before.get_or_insert_with(|| Box::new(heard.state.clone()));
            heard.state.taken(work, begins);
        }
    }
    /// What was spoken for is free again.
    pub(super) fn release(&mut self, agent: AgentId) {
        if let Some(heard) = self.last.get_mut(&agent) {
            match heard.before.take() {
                Some(before) => heard.state = *before,
                None => heard.spoken_for = heard.spoken_for.saturating_sub(1),
            }
        }
    }
    /// It has nothing, whatever it reported; until its next report.
    pub(super) fn exhausted(&mut self, agent: AgentId) {
        if let Some(heard) = self.last.get_mut(&agent) {
            heard.spoken_for = u32::MAX;
            heard.given.clear();
        }
    }
    /// The sum of what was reported, less what was spoken for since.
    pub(super) fn sum(&self) -> Summary {
        let mut sum = Summary::default();
        for heard in self.last.values() {
            sum.add(&heard.state, heard.spoken_for);
        }
        sum
    }
    /// Begins a scan: nothing waits for anybody.
    pub(super) fn plan(&mut self) {
        self.last.values_mut().for_each(|heard| heard.reserved.clear());
    }
    /// Notes for the rest of the scan that a task waits for a busy one.
    pub(super) fn reserve(&mut self, waiting: &Waiting) {
        if let Some(heard) = self.last.get_mut(&waiting.lead) {
            heard.reserved.push((waiting.slot, waiting.seconds));
        }
    }
    /// Chooses by what was reported and nothing else. `able` tells who may be asked at all.
    /// O(reporters).
    pub(super) fn choose(
        &self,
        rule: Delegation,
        need: &Need<'_>,
        able: impl Fn(AgentId) -> Option<Able>,
        rng: &mut Rng,
    ) -> Pick {
        let mut free: Option<Offer> = None;
        let mut busy: Option<(Offer, Slot, f64)> = None;
        let mut lot = Vec::new();
        let now = need.now.as_secs_f64();
        for (agent, heard) in &self.last {
            let Some(kind) = heard.state.kind(need.kind) else { continue };
            let Some(Able { fit, most }) = able(*agent) else { continue };
            let scale = (fit / kind.best).min(1.0);
            let believed = |rate: f64| (rate * scale).min(most);
            if let Some(rate) = kind.rate(heard.spoken_for) {
                let key = match rule {
                    Delegation::LoadBalanced if need.work > 0.0 => now.max(need.here(*agent)) + need.work / believed(rate),
                    Delegation::LoadBalanced => -believed(rate),
                    Delegation::LeastLoaded => -f64::from(kind.free - heard.spoken_for) / f64::from(heard.state.slots.max(1)),
                    Delegation::BestFit => -fit.min(kind.best),
                    Delegation::RoundRobin => f64::from(turns_until(self.turn, *agent)),
                    Delegation::Random => 0.0,
                };
                let offer = Offer { agent: *agent, key };
                if rule == Delegation::Random {
                    lot.push(*agent);
                }
                if free.is_none_or(|best| offer.before(&best)) {
                    free = Some(offer);
                }
            }
            if need.waits && need.work > 0.0 {
                let mut slot = (Time::MAX, 0);
                for Soon { at, rate } in kind.soon.iter().chain(&heard.given) {
                    slot = (*at, if slot.0 == *at { slot.1 + 1 } else { 0 });
                    let promised: f64 = heard.reserved.iter().filter(|(other, _)| *other == slot).map(|(_, secs)| secs).sum();
                    let start = still_busy_until(at.as_secs_f64(), now) + promised;
                    let seconds = (need.here(*agent) - start).max(0.0) + need.work / believed(*rate);
                    let offer = Offer { agent: *agent, key: start + seconds };
                    if busy.is_none_or(|(best, ..)| offer.before(&best)) {
                        busy = Some((offer, slot, seconds));
                    }
                }
            }
        }
        if !lot.is_empty() {
            return Pick::Ask(lot[rng.below(lot.len())], now);
        }
        match (free, busy) {
            (None, _) => Pick::Nobody,
            (Some(free), Some((busy, slot, seconds))) if busy.key < free.key => {
                let until = now + 2.0 * (slot.0.as_secs_f64() - now).max(0.0) + (free.key - busy.key);
                Pick::Wait(Waiting { lead: busy.agent, slot, seconds, finish: busy.key, until })
            }
            (Some(free), _) => {
                let finish = if need.work > 0.0 { free.key } else { now.max(need.here(free.agent)) };
                Pick::Ask(free.agent, finish)
            }
        }
    }
}
