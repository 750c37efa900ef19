//! The choice of one agent for one task.

use super::book::{Book, Ready};
use super::index::{Index, Look};
use super::lanes::{Able, Lane, Open};
use super::settings::Delegation;
use crate::{AgentId, Candidate, Decision, KEPT, Measure, Rng, Time};
use core::cmp::Ordering;

/// One able agent, as it was weighed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighed {
    pub agent: AgentId,
    /// What decides; less is better.
    key: (f64, f64),
    pub ready: Ready,
    /// How long its slot would be taken: until what the task needs is there, and then for the work at the pace that it proved.
    pub seconds: f64,
    /// How long the work would take at the rate that it declared.
    pub declared: f64,
    /// When what the task needs can be there.
    pub here: Time,
    /// When it would be done, in seconds.
    finish: f64,
}

impl Weighed {
    /// When it would be done, in seconds.
    pub(super) fn finish(&self) -> f64 {
        self.finish
    }
    /// When its slot would begin to work and not only wait, if it were taken at `now`; `None` if that is at once.
    pub(super) fn idle_until(&self, now: f64) -> Option<f64> {
        let here = self.here.as_secs_f64();
        (here > now).then_some(here)
    }
    /// Less is better: by what decides, then free before busy, then by what decides next, then by id.
    fn order(&self, other: &Weighed) -> Ordering {
        let first = self.key.0.total_cmp(&other.key.0).then(other.ready.free.cmp(&self.ready.free));
        first.then(self.key.1.total_cmp(&other.key.1)).then(self.agent.cmp(&other.agent))
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
    pub(super) rule: Delegation,
    /// Whose turn was last.
    last: Option<AgentId>,
    /// Those that were weighed for the task at hand (of many only the best); kept so that a choice allocates nothing.
    weighed: Vec<Weighed>,
    /// How many they were chosen from.
    considered: usize,
    /// The best of those that are free, where only the best were weighed.
    idle: Option<Weighed>,
}

impl Choice {
    pub(super) fn new(rule: Delegation) -> Choice {
        Choice { rule, last: None, weighed: Vec::new(), considered: 0, idle: None }
    }
    /// True if tasks may wait for busy agents while others are idle.
    pub(super) fn waits(&self) -> bool {
        self.rule == Delegation::LoadBalanced
    }
    /// Chooses for one task from all that are able, busy ones too where the rule looks ahead. O(able agents) in a small lane; in one
    /// with an index O(log able agents) for each distinct rate and moment that could matter.
    pub(super) fn of_all(&mut self, open: &Open, lane: &Lane, book: &mut Book, rng: &mut Rng) -> Step {
        let free_only = !self.waits();
        match lane.index() {
            Some(index) if self.rule == Delegation::Random => self.draw(open, lane, index, book, rng),
            Some(index) => {
                self.few(1, open, lane, index, book, free_only);
                if self.weighed.first().is_some_and(|best| best.ready.free) {
                    self.few(KEPT, open, lane, index, book, free_only);
                }
            }
            None => {
                self.weigh(open, lane, book, free_only);
                if self.rule == Delegation::Random && !self.weighed.is_empty() {
                    let drawn = rng.below(self.weighed.len());
                    self.weighed[drawn].key.0 = -1.0;
                }
            }
        }
        let Some(best) = self.best() else { return Step::Full };
        if best.ready.free { Step::Start(best) } else { Step::Wait(best, self.stands_until(&best, book.now())) }
    }
    /// Chooses from those that are free now, and only one that takes at most `limit` seconds. Costs as [`of_all`](Choice::of_all).
    pub(super) fn of_free(&mut self, open: &Open, lane: &Lane, book: &mut Book, limit: f64) -> Step {
        match lane.index() {
            Some(index) if self.rule != Delegation::Random => self.few(KEPT, open, lane, index, book, true),
            _ => self.weigh(open, lane, book, true),
        }
        self.best().filter(|best| best.seconds <= limit).map_or(Step::Full, Step::Start)
    }
    /// Nobody but this one was weighed.
    pub(super) fn only(&mut self, one: &Weighed) {
        self.weighed.clear();
        self.weighed.push(*one);
        (self.considered, self.idle) = (1, None);
    }
    fn best(&self) -> Option<Weighed> {
        self.weighed.iter().min_by(|a, b| a.order(b)).copied()
    }
    /// Weighs everybody.
    fn weigh(&mut self, open: &Open, lane: &Lane, book: &mut Book, free_only: bool) {
        self.weighed.clear();
        self.idle = None;
        let passes_over = !open.avoid.is_empty() && lane.has_choice(&open.avoid);
        for able in &lane.able {
            if passes_over && open.avoid.contains(&able.agent) {
                continue;
            }
            let weighed = self.weigh_one(able, open, book).filter(|w| w.ready.free || !free_only);
            self.weighed.extend(weighed);
        }
        self.considered = self.weighed.len();
    }
    pub(super) fn weigh_one(&self, able: &Able, open: &Open, book: &mut Book) -> Option<Weighed> {
        let (ready, member) = book.ready(able.agent)?;
        let declared = if open.work == 0.0 { 0.0 } else { open.work / able.rate };
        let (seconds, here) = (declared / member.pace, open.arrival.at(able.agent));
        let wait = (here.as_secs_f64() - ready.at).max(0.0);
        let finish = ready.at.max(here.as_secs_f64()) + seconds;
        let jobs = f64::from(member.jobs());
        let key = match self.rule {
            // Where nobody knows how much work it is, the fastest is the best guess.
            Delegation::LoadBalanced => (finish, -able.rate * member.pace),
            Delegation::LeastLoaded => (jobs, 0.0),
            Delegation::BestFit => (-able.fit, jobs),
            Delegation::RoundRobin => (f64::from(turns_until(self.last, able.agent)), 0.0),
            Delegation::Random => (0.0, 0.0),
        };
        Some(Weighed { agent: able.agent, key, ready, seconds: wait + seconds, declared, here, finish })
    }
    /// Weighs the best `count` only, by the index.
    fn few(&mut self, count: usize, open: &Open, lane: &Lane, index: &Index, book: &mut Book, free_only: bool) {
        self.weighed.clear();
        let avoid: &[AgentId] = if lane.has_choice(&open.avoid) { &open.avoid } else { &[] };
        let gone = avoid.iter().filter(|a| if free_only { index.is_free(**a) } else { lane.able_one(**a).is_some() });
        self.considered = if free_only { index.free_len() } else { lane.able.len() }.saturating_sub(gone.count());
        let from = self.last.map_or(AgentId(0), |last| AgentId(last.0.wrapping_add(1)));
        let home = if self.waits() { open.arrival.home().filter(|home| !avoid.contains(home)) } else { None };
        let may = |a: &AgentId, book: &Book| !avoid.contains(a) && home != Some(*a) && book.has_free(*a);
        let mut free = index.free_from(from);
        while self.weighed.len() < count
            && let Some(agent) = free.find(|a| may(a, book))
        {
            let weighed = lane.able_one(agent).and_then(|able| self.weigh_one(able, open, book));
            self.weighed.extend(weighed);
        }
        // Of all others what the task needs arrives at one moment, so that the index's order is that of their finishes.
        let home = home.and_then(|home| self.weigh_one(lane.able_one(home)?, open, book));
        if let Some(home) = home.filter(|home| home.ready.free) {
            self.keep(home, count);
        }
        self.idle = self.weighed.first().copied();
        if free_only {
            return;
        }
        if let Some(home) = home.filter(|home| !home.ready.free) {
            self.keep(home, count);
        }
        let home = home.map(|home| home.agent);
        for at in 0..book.reserved().len() {
            let agent = book.reserved()[at];
            if let Some(able) = lane.able_one(agent).filter(|a| !avoid.contains(&a.agent) && home != Some(agent)) {
                let weighed = self.weigh_one(able, open, book).filter(|w| !w.ready.free);
                weighed.into_iter().for_each(|w| self.keep(w, count));
            }
        }
        let (now, everywhere) = (book.now(), open.arrival.everywhere().as_secs_f64());
        index.busy(now, &mut Busy { choice: self, lane, book, open, everywhere, home, avoid, count, seen: (f64::NAN, 0) });
    }
    /// Keeps one if it is among the best.
    fn keep(&mut self, one: Weighed, count: usize) {
        let at = self.weighed.partition_point(|w| w.order(&one).is_le());
        if at < count && !(at > 0 && self.weighed[at - 1].agent == one.agent) {
            self.weighed.insert(at, one);
            self.weighed.truncate(count);
        }
    }
    /// Draws one of the free ones by lot.
    fn draw(&mut self, open: &Open, lane: &Lane, index: &Index, book: &mut Book, rng: &mut Rng) {
        self.weighed.clear();
        let lot = index.lot();
        let passed = if lane.has_choice(&open.avoid) { &*open.avoid } else { &[] };
        let mut gaps: Vec<usize> = passed.iter().filter_map(|agent| lot.binary_search(agent).ok()).collect();
        gaps.sort_unstable();
        gaps.dedup();
        self.considered = lot.len() - gaps.len();
        if self.considered == 0 {
            return;
        }
        let drawn = gaps.iter().fold(rng.below(self.considered), |at, gap| if *gap <= at { at + 1 } else { at });
        let others = (0..lot.len()).filter(|at| *at != drawn && !gaps.contains(at)).take(KEPT - 1);
        for at in core::iter::once(drawn).chain(others) {
            let weighed = lane.able_one(lot[at]).and_then(|able| self.weigh_one(able, open, book));
            self.weighed.extend(weighed);
        }
        self.weighed[0].key.0 = -1.0;
    }
    /// Until when it is right to wait for `best` while another is free. The busy agent is expected to end its job at `base`. Once
    /// that is overdue its expected end moves away by two seconds each second, so that it falls behind by the margin in as long.
    fn stands_until(&self, best: &Weighed, now: f64) -> Option<f64> {
        let free = self.weighed.iter().filter(|w| w.ready.free).min_by(|a, b| a.order(b));
        let idle = self.idle.as_ref().or(free)?;
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
        decision.considered = self.considered as u32;
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
            Delegation::Random => 1.0 / self.considered as f64,
        };
        let note = match weighed.ready {
            Ready { free: true, .. } => "",
            Ready { kept: true, .. } => "kept for a task that is ready soon",
            _ => "busy",
        };
        Candidate::new(weighed.agent, score).note(note)
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
pub(super) fn turns_until(last: Option<AgentId>, agent: AgentId) -> u32 {
    last.map_or(agent.0, |last| agent.0.wrapping_sub(last.0).wrapping_sub(1))
}

/// A look through the busy ones for those that would finish before the best of the free ones.
struct Busy<'a> {
    choice: &'a mut Choice,
    lane: &'a Lane,
    book: &'a mut Book,
    open: &'a Open,
    /// When all but `home` can have what the task needs.
    everywhere: f64,
    /// It was weighed already.
    home: Option<AgentId>,
    avoid: &'a [AgentId],
    count: usize,
    /// The moment that is looked at, and how many of it were weighed.
    seen: (f64, usize),
}

impl Look for Busy<'_> {
    fn worth(&self, at: f64, rate: f64) -> bool {
        let Some(last) = self.choice.weighed.get(self.count - 1) else { return true };
        let seconds = if self.open.work == 0.0 { 0.0 } else { self.open.work / rate };
        // A sum may be rounded another way than that which it bounds.
        let finish = (at.max(self.everywhere) + seconds) * (1.0 - 4.0 * f64::EPSILON);
        finish <= last.finish()
    }
    fn see(&mut self, agent: AgentId) -> bool {
        if self.avoid.contains(&agent) || self.book.is_reserved(agent) || self.home == Some(agent) {
            return true;
        }
        let able = self.lane.able_one(agent);
        let Some(weighed) = able.and_then(|able| self.choice.weigh_one(able, self.open, self.book)) else { return true };
        self.choice.keep(weighed, self.count);
        let (moment, times) = self.seen;
        self.seen = (weighed.ready.base, if moment == weighed.ready.base { times + 1 } else { 1 });
        self.seen.1 < self.count
    }
}
