//! The choice of one agent for one task.

use super::book::{Book, Ready};
use super::lanes::{Lane, Open};
use super::settings::Delegation;
use crate::{AgentId, Candidate, Decision, KEPT, Measure, Rng};
use core::cmp::Ordering;

/// One able agent, as it was weighed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighed {
    pub agent: AgentId,
    /// What decides; less is better.
    key: (f64, f64),
    pub ready: Ready,
    /// How long it would take, at the pace that it proved.
    pub seconds: f64,
    /// How long it would take at the rate that it declared.
    pub declared: f64,
}

impl Weighed {
    fn finish(&self) -> f64 {
        self.ready.at + self.seconds
    }
    /// Less is better: by key, then free before busy, then by id.
    fn order(&self, other: &Weighed) -> Ordering {
        let key = self.key.0.total_cmp(&other.key.0).then(self.key.1.total_cmp(&other.key.1));
        key.then(other.ready.free.cmp(&self.ready.free)).then(self.agent.cmp(&other.agent))
    }
}

/// What shall be done with a task.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// It starts now.
    Start(Weighed),
    /// It waits for a busy agent, which finishes it sooner; if an idle agent was passed over for that, until when this stands (in
    /// seconds) if nothing happens.
    Wait(Weighed, Option<f64>),
    /// Nobody who may do it is free.
    Full,
}

/// The rule, and what it keeps between choices.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    rule: Delegation,
    /// Whose turn was last.
    last: Option<AgentId>,
    /// Those that were weighed for the task at hand; kept so that a choice allocates nothing.
    weighed: Vec<Weighed>,
}

impl Choice {
    pub(super) fn new(rule: Delegation) -> Choice {
        Choice { rule, last: None, weighed: Vec::new() }
    }
    /// True if tasks may wait for busy agents while others are idle.
    pub(super) fn waits(&self) -> bool {
        self.rule == Delegation::LoadBalanced
    }
    /// Chooses for one task from all that are able, busy ones too where the rule looks ahead. O(able agents).
    pub(super) fn of_all(&mut self, open: &Open, lane: &Lane, book: &mut Book, rng: &mut Rng) -> Step {
        self.weigh(open, lane, book, !self.waits());
        if self.rule == Delegation::Random && !self.weighed.is_empty() {
            let drawn = rng.below(self.weighed.len());
            self.weighed[drawn].key.0 = -1.0;
        }
        let Some(best) = self.best() else { return Step::Full };
        if best.ready.free { Step::Start(best) } else { Step::Wait(best, self.stands_until(&best, book.now())) }
    }
    /// Chooses from those that are free now, and only one that takes at most `limit` seconds. O(able agents).
    pub(super) fn of_free(&mut self, open: &Open, lane: &Lane, book: &mut Book, limit: f64) -> Step {
        self.weigh(open, lane, book, true);
        self.best().filter(|best| best.seconds <= limit).map_or(Step::Full, Step::Start)
    }
    fn best(&self) -> Option<Weighed> {
        self.weighed.iter().min_by(|a, b| a.order(b)).copied()
    }
    fn weigh(&mut self, open: &Open, lane: &Lane, book: &mut Book, free_only: bool) {
        self.weighed.clear();
        let passes_over = !open.avoid.is_empty() && lane.has_choice(&open.avoid);
        for able in &lane.able {
            if passes_over && open.avoid.contains(&able.agent) {
                continue;
            }
            let Some((ready, member)) = book.ready(able.agent) else { continue };
            if free_only && !ready.free {
                continue;
            }
            let declared = if open.work == 0.0 { 0.0 } else { open.work / able.rate };
            let seconds = declared / member.pace;
            let jobs = f64::from(member.jobs());
            let key = match self.rule {
                Delegation::LoadBalanced => (ready.at + seconds, 0.0),
                Delegation::LeastLoaded => (jobs, 0.0),
                Delegation::BestFit => (-able.fit, jobs),
                Delegation::RoundRobin => (f64::from(turns_until(self.last, able.agent)), 0.0),
                Delegation::Random => (0.0, 0.0),
            };
            self.weighed.push(Weighed { agent: able.agent, key, ready, seconds, declared });
        }
    }
    /// Until when it is right to wait for `best` while another is free. The busy agent is expected to end its job at `base`. Once
    /// that is overdue its expected end moves away by two seconds each second, so that it falls behind by the margin in as long.
    fn stands_until(&self, best: &Weighed, now: f64) -> Option<f64> {
        let idle = self.weighed.iter().filter(|w| w.ready.free).min_by(|a, b| a.order(b))?;
        let (margin, ahead) = (idle.finish() - best.finish(), (best.ready.base - now).max(0.0));
        Some(now + 2.0 * ahead + margin).filter(|at| at.is_finite())
    }
    /// The record of an award to `winner`, from what was weighed last.
    pub(super) fn decision(&mut self, winner: &Weighed, now: f64, reason: &str) -> Decision {
        let kept = self.weighed.len().min(KEPT);
        if self.weighed.len() > 4 * KEPT {
            self.weighed.select_nth_unstable_by(KEPT, Weighed::order);
        }
        let near = if self.weighed.len() > 4 * KEPT { KEPT } else { self.weighed.len() };
        self.weighed[..near].sort_unstable_by(Weighed::order);
        let mut decision = Decision::new(super::NAME, self.measure()).because(reason.to_owned());
        decision.considered = self.weighed.len() as u32;
        decision.candidates = Vec::with_capacity(kept);
        decision.candidates.extend(self.weighed[..kept].iter().map(|w| self.shown(w, now)));
        self.last = Some(winner.agent);
        decision
    }
    fn shown(&self, weighed: &Weighed, now: f64) -> Candidate {
        let score = match self.rule {
            Delegation::LoadBalanced => weighed.finish() - now,
            Delegation::LeastLoaded => weighed.key.0,
            Delegation::BestFit | Delegation::RoundRobin => -weighed.key.0,
            Delegation::Random => 1.0 / self.weighed.len() as f64,
        };
        Candidate::new(weighed.agent, score).note(if weighed.ready.free { "" } else { "busy" })
    }
    fn measure(&self) -> Measure {
        match self.rule {
            Delegation::LoadBalanced => Measure::ExpectedFinish,
            Delegation::LeastLoaded => Measure::Jobs,
            Delegation::BestFit => Measure::Fit,
            Delegation::RoundRobin => Measure::Score,
            Delegation::Random => Measure::Trail,
        }
    }
}

/// How many ids lie between the one whose turn was last and this one, going round.
fn turns_until(last: Option<AgentId>, agent: AgentId) -> u32 {
    last.map_or(agent.0, |last| agent.0.wrapping_sub(last.0).wrapping_sub(1))
}
