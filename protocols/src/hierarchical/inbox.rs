//! What was reported to a lead or to the leader's desk, and the choice by it.

use super::book::still_busy_until;
use super::delegation::turns_until;
use super::message::{Soon, Summary};
use super::settings::Delegation;
use super::sum::{Part, Sums};
use crate::{AgentId, Arrival, Name, Profile, Rng, TaskId, Time, seconds_to_duration};
use core::time::Duration;

/// The last report of each direct report, and what was sent its way since.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    /// By reporter, in order of number: they are few.
    last: Vec<(AgentId, Heard)>,
    /// The sum of what they reported.
    sums: Sums,
    /// Whose turn was last.
    turn: Option<AgentId>,
}

#[derive(Clone, Debug)]
struct Heard {
    seq: u64,
    state: Summary,
    /// How fast the reporter proved to be, by the desk's stamp.
    pace: f64,
    /// It has nothing, whatever it reported.
    exhausted: bool,
    /// What a plain member reported, before it was given what it has not reported yet.
    before: Option<Box<Summary>>,
    /// What it was asked for, and the report does not count yet.
    given: Vec<Given>,
    /// In this scan: until when busy ones have work, and the seconds for which tasks wait for them beyond that.
    reserved: Vec<(Slot, f64)>,
    /// In this scan: the kinds of work for each of which a free slot is kept idle.
    kept: Vec<Name>,
}

/// A slot that was spoken for.
#[derive(Clone, Copy, Debug)]
struct Given {
    task: TaskId,
    call: u64,
    since: Time,
    /// As if the fastest did it: when that would end, and how fast it goes.
    soon: Option<Soon>,
}

impl Heard {
    /// Slots of the report that are gone.
    fn gone(&self) -> u32 {
        if self.exhausted { u32::MAX } else { self.given.len() as u32 }
    }
    /// The same of one kind, with those that are kept idle.
    fn gone_for(&self, kind: &str) -> u32 {
        let kept = self.kept.iter().filter(|name| &***name == kind).count() as u32;
        self.gone().saturating_add(kept)
    }
}

/// A call of which no report told for so long is taken as lost on its way.
const FORGOTTEN: Duration = Duration::from_secs(2);

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
    /// For how much of that it would wait for what the task needs.
    pub idle: f64,
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
    /// Where this reporter is, or would be.
    fn place_of(&self, agent: AgentId) -> Result<usize, usize> {
        self.last.binary_search_by_key(&agent, |(reporter, _)| *reporter)
    }
    /// What is about to change what this one contributes to the sum.
    fn change(&mut self, agent: AgentId) -> Option<&mut Heard> {
        let at = self.place_of(agent).ok()?;
        self.sums.changed(at);
        Some(&mut self.last[at].1)
    }
    /// The same of what is noted for a scan, and adds to no sum.
    fn note(&mut self, agent: AgentId) -> Option<&mut Heard> {
        self.place_of(agent).ok().map(|at| &mut self.last[at].1)
    }
    /// Takes up a report that counts all calls up to a number. False if a newer one is here already.
    pub(super) fn hear(&mut self, from: AgentId, seq: u64, mut state: Summary, pace: f64, counts: u64, now: Time) -> bool {
        state.put_in_order();
        let at = self.place_of(from);
        let Ok(known) = at.map(|at| &mut self.last[at].1) else {
            let heard = Heard {
                seq,
                state,
                pace,
                exhausted: false,
                before: None,
                given: Vec::new(),
                reserved: Vec::new(),
                kept: Vec::new(),
            };
            self.last.insert(at.unwrap_or_else(|at| at), (from, heard));
            self.sums.restart(self.last.len());
            return true;
        };
        if known.seq >= seq {
            return false;
        }
        known.given.retain(|given| given.call > counts && now.since(given.since) < FORGOTTEN);
        known.reserved.clear();
        (known.seq, known.state, known.pace, known.exhausted, known.before) = (seq, state, pace, false, None);
        self.sums.changed(at.unwrap_or_default());
        true
    }
    /// Believes no more of a plain member's report than what it declared, at the pace that it proved.
    pub(super) fn doubt(&mut self, agent: AgentId, profile: &Profile) {
        if let Some(heard) = self.change(agent) {
            heard.state.doubt(profile, heard.pace);
        }
    }
    pub(super) fn forget_all_but(&mut self, keep: impl Fn(AgentId) -> bool) {
        self.last.retain(|(agent, _)| keep(*agent));
        self.sums.restart(self.last.len());
    }
    pub(super) fn len(&self) -> usize {
        self.last.len()
    }
    /// Of how many agents it was told. O(reporters).
    pub(super) fn agents(&self) -> usize {
        self.last.iter().map(|(_, heard)| heard.state.agents as usize).sum()
    }
    /// One more slot below this one is spoken for, by a call for a task.
    pub(super) fn speak_for(&mut self, agent: AgentId, (task, call): (TaskId, u64), need: &Need<'_>) {
        self.turn = Some(agent);
        if let Some(heard) = self.change(agent) {
            let rate = heard.state.kind(need.kind).and_then(|kind| kind.rate(heard.gone_for(need.kind)));
            let begins = need.now.max(need.arrival.everywhere());
            let soon = rate.map(|rate| Soon { at: begins + seconds_to_duration(need.work / rate), rate });
            heard.given.push(Given { task, call, since: need.now, soon });
        }
    }
    /// A call for a task is void: nothing is spoken for by it. True if it was.
    pub(super) fn void(&mut self, task: TaskId) -> bool {
        let mut any = false;
        for (at, (_, heard)) in self.last.iter_mut().enumerate() {
            let before = heard.given.len();
            heard.given.retain(|given| given.task != task);
            if heard.given.len() < before {
                self.sums.changed(at);
                any = true;
            }
        }
        any
    }
    /// A plain member is about to take so much work, with which it begins then.
    pub(super) fn occupy(&mut self, agent: AgentId, work: f64, begins: Time) {
        self.turn = Some(agent);
        if let Some(heard) = self.change(agent) {
            heard.before.get_or_insert_with(|| Box::new(heard.state.clone()));
            heard.state.taken(work, begins);
        }
    }
    /// True if its last report is of a later moment.
    pub(super) fn heard_after(&self, agent: AgentId, seq: u64) -> bool {
        self.place_of(agent).is_ok_and(|at| self.last[at].1.seq > seq)
    }
    /// A plain member takes nothing after all.
    pub(super) fn release(&mut self, agent: AgentId) {
        if let Some(heard) = self.change(agent)
            && let Some(before) = heard.before.take()
        {
            heard.state = *before;
        }
    }
    /// It has nothing, whatever it reported; until its next report.
    pub(super) fn exhausted(&mut self, agent: AgentId) {
        if let Some(heard) = self.change(agent) {
            heard.exhausted = true;
            heard.given.clear();
        }
    }
    /// The sum of what was reported, less what was spoken for since.
    /// O(log reporters) sums of two for each that changed since the last look.
    pub(super) fn sum(&mut self) -> Summary {
        let last = &self.last;
        self.sums.total(|at| Part { state: &last[at].1.state, gone: last[at].1.gone() })
    }
    /// Begins a scan: nothing waits for anybody.
    pub(super) fn plan(&mut self) {
        for (_, heard) in &mut self.last {
            heard.reserved.clear();
            heard.kept.clear();
        }
    }
    /// Keeps the best free slot that this one reported idle, for the rest of the scan.
    pub(super) fn keep_idle(&mut self, lead: AgentId, kind: &Name) {
        if let Some(heard) = self.note(lead) {
            heard.kept.push(kind.clone());
        }
    }
    /// Notes for the rest of the scan that a task waits for a busy one.
    pub(super) fn reserve(&mut self, waiting: &Waiting) {
        if let Some(heard) = self.note(waiting.lead) {
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
        let mut busy: Option<(Offer, Slot, f64, f64)> = None;
        let mut lot = Vec::new();
        let now = need.now.as_secs_f64();
        for (agent, heard) in &self.last {
            let Some(kind) = heard.state.kind(need.kind) else { continue };
            let Some(Able { fit, most }) = able(*agent) else { continue };
            let scale = (fit / kind.best).min(1.0);
            let believed = |rate: f64| (rate * scale).min(most);
            let here = need.here(*agent);
            if let Some(rate) = kind.rate(heard.gone_for(need.kind)) {
                let key = match rule {
                    Delegation::LoadBalanced if need.work > 0.0 => now.max(here) + need.work / believed(rate),
                    Delegation::LoadBalanced => -believed(rate),
                    Delegation::LeastLoaded => {
                        -f64::from(kind.free - heard.gone_for(need.kind)) / f64::from(heard.state.slots.max(1))
                    }
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
                for Soon { at, rate } in kind.soon.iter().chain(heard.given.iter().filter_map(|given| given.soon.as_ref())) {
                    slot = (*at, if slot.0 == *at { slot.1 + 1 } else { 0 });
                    let mut start = still_busy_until(at.as_secs_f64(), now);
                    if !heard.reserved.is_empty() {
                        let promised = heard.reserved.iter().filter(|(other, _)| *other == slot).map(|(_, seconds)| seconds);
                        start += promised.sum::<f64>();
                    }
                    let idle = (here - start).max(0.0);
                    let seconds = idle + need.work / believed(*rate);
                    let offer = Offer { agent: *agent, key: start + seconds };
                    if busy.is_none_or(|(best, ..)| offer.before(&best)) {
                        busy = Some((offer, slot, seconds, idle));
                    }
                }
            }
        }
        if !lot.is_empty() {
            return Pick::Ask(lot[rng.below(lot.len())], now);
        }
        match (free, busy) {
            (None, _) => Pick::Nobody,
            (Some(free), Some((busy, slot, seconds, idle))) if busy.key < free.key => {
                let until = now + 2.0 * (slot.0.as_secs_f64() - now).max(0.0) + (free.key - busy.key);
                Pick::Wait(Waiting { lead: busy.agent, slot, seconds, idle, finish: busy.key, until })
            }
            (Some(free), _) => {
                let finish = if need.work > 0.0 { free.key } else { now.max(need.here(free.agent)) };
                Pick::Ask(free.agent, finish)
            }
        }
    }
}
