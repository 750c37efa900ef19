//! What was reported to a lead or to the leader's desk, and the choice by it.

mod choosing;

pub(super) use choosing::{Able, Need, Pick, Waiting};

use super::message::{Soon, Summary};
use super::sum::{Part, Sums};
use crate::{AgentId, Name, Profile, TaskId, Time, seconds_to_duration};
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

impl Inbox {
    /// Where this reporter is, or would be.
    fn place_of(&self, agent: AgentId) -> Result<usize, usize> {
        self.last.binary_search_by_key(&agent, |(reporter, _)| *reporter)
    }
    /// What was heard of this one, to be changed: its part of the sum counts as stale.
    fn change(&mut self, agent: AgentId) -> Option<&mut Heard> {
        let at = self.place_of(agent).ok()?;
        self.sums.changed(at);
        Some(&mut self.last[at].1)
    }
    /// The same, to be noted for a scan: that is part of no sum.
    fn note(&mut self, agent: AgentId) -> Option<&mut Heard> {
        self.place_of(agent).ok().map(|at| &mut self.last[at].1)
    }
    /// Takes up a report that counts all calls up to a number. False if a newer one is here already.
    pub(super) fn hear(&mut self, from: AgentId, seq: u64, mut state: Summary, pace: f64, counts: u64, now: Time) -> bool {
        let at = match self.place_of(from) {
            Ok(at) => at,
            Err(at) => {
                state.put_in_order();
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
                self.last.insert(at, (from, heard));
                self.sums.restart(self.last.len());
                return true;
            }
        };
        let known = &mut self.last[at].1;
        if known.seq >= seq {
            return false;
        }
        state.put_in_order();
        known.given.retain(|given| given.call > counts && now.since(given.since) < FORGOTTEN);
        known.reserved.clear();
        (known.seq, known.state, known.pace, known.exhausted, known.before) = (seq, state, pace, false, None);
        self.sums.changed(at);
        true
    }
    /// Believes no more of a plain member's report than what it declared, at the pace that it proved.
    pub(super) fn doubt(&mut self, agent: AgentId, profile: &Profile) {
        if let Some(heard) = self.change(agent) {
            heard.state.doubt(profile, heard.pace);
        }
    }
    pub(super) fn forget_all_but(&mut self, keep: impl Fn(AgentId) -> bool) {
        let before = self.last.len();
        self.last.retain(|(agent, _)| keep(*agent));
        if self.last.len() < before {
            self.sums.restart(self.last.len());
        }
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
    /// O(log reporters) sums of two for each that changed since the last look; of all, where somebody came or went.
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
}
