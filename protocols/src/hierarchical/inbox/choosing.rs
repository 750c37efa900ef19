//! The choice by what was reported, and by nothing else.

use super::{Heard, Inbox, Slot};
use crate::hierarchical::book::still_busy_until;
use crate::hierarchical::delegation::turns_until;
use crate::hierarchical::message::{Kind, Soon};
use crate::hierarchical::settings::Delegation;
use crate::{AgentId, Arrival, Rng, Time};

/// What somebody is looked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::hierarchical) struct Need<'a> {
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
pub(in crate::hierarchical) enum Pick {
    /// This one reported a free slot; when it should be done, in seconds.
    Ask(AgentId, f64),
    /// A busy one below another is expected to finish it sooner than any free one.
    Wait(Waiting),
    /// Nobody who may be asked reported a free slot.
    Nobody,
}

impl Pick {
    /// When the task should be done, in seconds, if somebody was found.
    pub(in crate::hierarchical) fn finish(&self) -> Option<f64> {
        match self {
            Pick::Ask(_, finish) => Some(*finish),
            Pick::Wait(waiting) => Some(waiting.finish),
            Pick::Nobody => None,
        }
    }
}

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::hierarchical) struct Waiting {
    pub(super) lead: AgentId,
    pub(super) slot: Slot,
    /// How long the task would take it.
    pub(super) seconds: f64,
    /// For how much of that it would wait for what the task needs.
    pub idle: f64,
    /// When it should be done, in seconds.
    pub finish: f64,
    /// Until when it is right to wait, in seconds. See [`Choice`](super::delegation::Choice).
    pub until: f64,
}

/// What is known of one who may be asked, whatever it reported.
#[derive(Clone, Copy, Debug)]
pub(in crate::hierarchical) struct Able {
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

/// A slot of a busy one that a task would wait for.
#[derive(Clone, Copy)]
struct Wait {
    offer: Offer,
    slot: Slot,
    seconds: f64,
    idle: f64,
}

/// One reporter, as somebody is looked for.
struct Asked<'a> {
    agent: AgentId,
    heard: &'a Heard,
    kind: &'a Kind,
    fit: f64,
    /// What is believed of a rate that it reported.
    scale: f64,
    most: f64,
    /// When what is needed can be there, in seconds.
    here: f64,
}

impl Asked<'_> {
    fn believed(&self, rate: f64) -> f64 {
        (rate * self.scale).min(self.most)
    }
    /// Its best free slot, if it has one.
    fn free(&self, rule: Delegation, need: &Need<'_>, turn: Option<AgentId>) -> Option<Offer> {
        let gone = self.heard.gone_for(need.kind);
        let rate = self.kind.rate(gone)?;
        let key = match rule {
            Delegation::LoadBalanced if need.work > 0.0 => {
                need.now.as_secs_f64().max(self.here) + need.work / self.believed(rate)
            }
            Delegation::LoadBalanced => -self.believed(rate),
            Delegation::LeastLoaded => -f64::from(self.kind.free - gone) / f64::from(self.heard.state.slots.max(1)),
            Delegation::BestFit => -self.fit.min(self.kind.best),
            Delegation::RoundRobin => f64::from(turns_until(turn, self.agent)),
            Delegation::Random => 0.0,
        };
        Some(Offer { agent: self.agent, key })
    }
    /// Its busy slot that would finish the work first, if that is before `best` and before `until`.
    fn soonest(&self, need: &Need<'_>, until: f64, mut best: Option<Wait>) -> Option<Wait> {
        let now = need.now.as_secs_f64();
        let mut slot = (Time::MAX, 0);
        let given = self.heard.given.iter().filter_map(|given| given.soon.as_ref());
        for Soon { at, rate } in self.kind.soon.iter().chain(given) {
            slot = (*at, if slot.0 == *at { slot.1 + 1 } else { 0 });
            let (mut start, work) = (still_busy_until(at.as_secs_f64(), now), need.work / self.believed(*rate));
            // Whatever waits for it already, it is done no sooner.
            let least = start + work;
            if least >= until || best.is_some_and(|best| least > best.offer.key) {
                continue;
            }
            if !self.heard.reserved.is_empty() {
                let promised = self.heard.reserved.iter().filter(|(other, _)| *other == slot).map(|(_, seconds)| seconds);
                start += promised.sum::<f64>();
            }
            let idle = (self.here - start).max(0.0);
            let seconds = idle + work;
            let offer = Offer { agent: self.agent, key: start + seconds };
            if best.is_none_or(|best| offer.before(&best.offer)) {
                best = Some(Wait { offer, slot, seconds, idle });
            }
        }
        best
    }
}

impl Inbox {
    /// Chooses by what was reported and nothing else. `able` tells who may be asked at all.
    /// O(reporters): of each the free slots are looked at, and if somebody has one, the busy slots that could finish the work before that.
    pub(in crate::hierarchical) fn choose(
        &self,
        rule: Delegation,
        need: &Need<'_>,
        able: impl Fn(AgentId) -> Option<Able>,
        rng: &mut Rng,
    ) -> Pick {
        let now = need.now.as_secs_f64();
        let asked = || self.last.iter().filter_map(|(agent, heard)| self.asked(*agent, heard, need, &able));
        let (mut best, mut lot) = (None::<Offer>, Vec::new());
        for offer in asked().filter_map(|asked| asked.free(rule, need, self.turn)) {
            if rule == Delegation::Random {
                lot.push(offer.agent);
            }
            if best.is_none_or(|best| offer.before(&best)) {
                best = Some(offer);
            }
        }
        if !lot.is_empty() {
            return Pick::Ask(lot[rng.below(lot.len())], now);
        }
        let Some(free) = best else { return Pick::Nobody };
        if need.waits && need.work > 0.0 {
            let busy = asked().fold(None, |best, asked| asked.soonest(need, free.key, best));
            if let Some(Wait { offer, slot, seconds, idle }) = busy.filter(|busy| busy.offer.key < free.key) {
                let until = now + 2.0 * (slot.0.as_secs_f64() - now).max(0.0) + (free.key - offer.key);
                return Pick::Wait(Waiting { lead: offer.agent, slot, seconds, idle, finish: offer.key, until });
            }
        }
        let finish = if need.work > 0.0 { free.key } else { now.max(need.here(free.agent)) };
        Pick::Ask(free.agent, finish)
    }
    fn asked<'a>(
        &self,
        agent: AgentId,
        heard: &'a Heard,
        need: &Need<'_>,
        able: impl Fn(AgentId) -> Option<Able>,
    ) -> Option<Asked<'a>> {
        let kind = heard.state.kind(need.kind)?;
        let Able { fit, most } = able(agent)?;
        Some(Asked { agent, heard, kind, fit, scale: (fit / kind.best).min(1.0), most, here: need.here(agent) })
    }
}
