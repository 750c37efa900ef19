//! The side of a voter: it ranks the candidates by what it alone has seen.

use super::evidence::Evidence;
use super::message::{Agenda, DEPTH, Message, Ranking};
use super::settings::Consensus;
use super::tally::Voting;
use crate::{AgentId, Arrival, DemandId, Load, Outcome, Participant, Reply, Rng, TaskId, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// A candidate is approved if it should finish at most by this factor later than the best.
const APPROVED: f64 = 1.25;
/// Tasks for which a voter stood that it remembers at most, to learn from them if it gets them.
const MOST_STANDS: usize = 128;

/// A task for which this voter stood.
#[derive(Clone, Copy, Debug)]
struct Stand {
    task: TaskId,
    demand: DemandId,
    /// How long it should take by the voter's declared rate.
    seconds: f64,
    arrival: Arrival,
}

/// When a candidate could begin, in the plan that a voter makes while it goes through the motions.
#[derive(Clone, Copy, Debug)]
struct Plan {
    slots: u32,
    free: u32,
    wait: f64,
}

impl Plan {
    /// It begins another job of so many seconds.
    fn take(&mut self, seconds: f64) {
        if self.free > 0 {
            self.free -= 1;
            self.wait = if self.wait > 0.0 { self.wait.min(seconds) } else { seconds };
        } else {
            self.wait += seconds / f64::from(self.slots.max(1));
        }
    }
    fn start(&self) -> f64 {
        if self.free > 0 { 0.0 } else { self.wait }
    }
}

/// A voter. Its evidence is its own: outcomes of its own jobs (exact), those of others that it happened to take notice of (misjudged a
/// little), and its own load. It ranks by the finish that it expects, motion by motion, and assumes that its own choices are followed.
#[derive(Clone, Debug)]
pub struct Voter {
    me: AgentId,
    voting: Voting,
    witness: f64,
    noise: f64,
    evidence: Evidence,
    stands: VecDeque<Stand>,
    /// The latest minute that was read out to it.
    heard: u64,
    /// The last ballot that it knows to be closed.
    closed: Option<u64>,
    plan: Vec<Plan>,
    /// Seconds for a second of work, by entry of each slate.
    paces: Vec<f64>,
}

/// The best candidates of a motion, as many as a ranking has room for: the first to finish first; of equal ones the first that was weighed.
struct Best {
    weighed: [Weighed; DEPTH],
    len: usize,
}

#[derive(Clone, Copy)]
struct Weighed {
    finish: f64,
    /// Seconds of work.
    seconds: f64,
    option: u16,
}

impl Best {
    fn new() -> Best {
        Best { weighed: [Weighed { finish: f64::INFINITY, seconds: 0.0, option: 0 }; DEPTH], len: 0 }
    }
    fn all(&self) -> &[Weighed] {
        &self.weighed[..self.len]
    }
    #[inline]
    fn weigh(&mut self, one: Weighed) {
        let behind = |other: &Weighed| other.finish > one.finish;
        if self.len < DEPTH {
            self.len += 1;
        } else if !behind(&self.weighed[DEPTH - 1]) {
            return;
        }
        let mut at = self.len - 1;
        while at > 0 && behind(&self.weighed[at - 1]) {
            self.weighed[at] = self.weighed[at - 1];
            at -= 1;
        }
        self.weighed[at] = one;
    }
}

impl Voter {
    /// A voter that has seen nothing yet.
    pub fn new(me: AgentId, settings: &Consensus) -> Voter {
        Voter {
            me,
            voting: settings.voting,
            witness: settings.witness,
            noise: settings.noise,
            evidence: Evidence::default(),
            stands: VecDeque::new(),
            heard: 0,
            closed: None,
            plan: Vec::new(),
            paces: Vec::new(),
        }
    }
    /// Listens to the minutes, each with a chance, and with its own eyes. Its own jobs it knows better.
    fn listen(&mut self, agenda: &Agenda, rng: &mut Rng) {
        for minute in &agenda.minutes {
            if minute.number <= self.heard {
                continue;
            }
            self.heard = minute.number;
            if minute.agent == self.me || !rng.chance(self.witness) {
                continue;
            }
            let misjudged = if self.noise > 0.0 { libm::exp(self.noise * rng.normal()) } else { 1.0 };
            let pace = minute.pace.map(|pace| pace * misjudged);
            self.evidence.observe(minute.agent, Some(minute.demand), pace, minute.success);
        }
    }
    /// Begins the plan: what the register says, and of itself what it knows.
    fn begin_plan(&mut self, agenda: &Agenda, load: &Load) {
        self.plan.clear();
        for seat in &agenda.seats {
            let mut plan = Plan { slots: seat.slots.max(1), free: seat.free, wait: seat.wait };
            if seat.agent == self.me {
                let own = plan.slots.saturating_sub(load.jobs());
                plan.free = plan.free.min(own);
                if own == 0 {
                    plan.wait = plan.wait.max(finite(load.backlog) / f64::from(plan.slots));
                }
            }
            self.plan.push(plan);
        }
    }
    /// The candidates of one motion in its order; none if nobody stands. `from` is where the paces of its slate begin.
    fn rank(&mut self, agenda: &Agenda, at: usize, from: usize, now: Time) -> Ranking {
        let motion = &agenda.motions[at];
        let entries = &agenda.slates[usize::from(motion.slate)].entries;
        let mut best = Best::new();
        for (option, (entry, pace)) in entries.iter().zip(&self.paces[from..]).enumerate() {
            let (seat, option) = (usize::from(entry.seat), option as u16);
            if motion.only.is_some() && !motion.stands(option) {
                continue;
            }
            let (start, seconds) = (self.plan[seat].start(), pace * motion.work);
            let finish = if motion.arrival.is_none() {
                start + seconds
            } else {
                start + motion.arrival.taken(agenda.seats[seat].agent, now, start, seconds)
            };
            // What is no number is never.
            best.weigh(Weighed { finish: finish.min(f64::INFINITY), seconds, option });
        }
        let Some(first) = best.all().first() else { return Ranking::new([], 0.0) };
        let plan = &mut self.plan[usize::from(entries[usize::from(first.option)].seat)];
        plan.take(first.finish - plan.start());
        let approving = self.voting == Voting::Approval;
        let listed = best.all().iter().filter(|one| !approving || one.finish <= first.finish * APPROVED);
        Ranking::new(listed.map(|one| one.option), first.seconds)
    }
    fn note_stands(&mut self, agenda: &Agenda) {
        let Ok(mine) = agenda.seats.binary_search_by_key(&self.me, |seat| seat.agent) else { return };
        for motion in &agenda.motions {
            let slate = &agenda.slates[usize::from(motion.slate)];
            if let Some(entry) = slate.entries.iter().find(|entry| usize::from(entry.seat) == mine) {
                if self.stands.len() >= MOST_STANDS {
                    self.stands.pop_front();
                }
                let seconds = motion.work / entry.rate;
                self.stands.push_back(Stand { task: motion.task, demand: slate.demand, seconds, arrival: motion.arrival });
            }
        }
    }
    fn vote(&mut self, agenda: &Agenda, load: &Load, now: Time) -> Vec<Ranking> {
        self.begin_plan(agenda, load);
        self.paces.clear();
        let mut starts = Vec::with_capacity(agenda.slates.len());
        for slate in &agenda.slates {
            starts.push(self.paces.len());
            for entry in &slate.entries {
                let agent = agenda.seats[usize::from(entry.seat)].agent;
                self.paces.push(self.evidence.slowness(agent, slate.demand) / entry.rate);
            }
        }
        let ranking = |at: usize| self.rank(agenda, at, starts[usize::from(agenda.motions[at].slate)], now);
        (0..agenda.motions.len()).map(ranking).collect()
    }
    fn answer(&mut self, agenda: &Arc<Agenda>, reply: &mut Reply<'_, Message>) {
        self.listen(agenda, reply.rng);
        if self.closed == Some(agenda.ballot) {
            return;
        }
        self.note_stands(agenda);
        let load = reply.load;
        let rankings = self.vote(agenda, &load, reply.now);
        if rankings.iter().all(|ranking| ranking.options().is_empty()) {
            reply.send(Message::Abstain { ballot: agenda.ballot });
        } else {
            reply.send(Message::Vote { ballot: agenda.ballot, rankings });
        }
    }
}

fn finite(seconds: f64) -> f64 {
    if seconds.is_nan() { 0.0 } else { seconds.max(0.0) }
}

impl Participant for Voter {
    type Message = Message;

    fn on_message(&mut self, message: Message, reply: &mut Reply<'_, Message>) {
        match message {
            Message::OpenBallot(agenda) => self.answer(&agenda, reply),
            Message::Closed { ballot } => self.closed = Some(ballot),
            // What only voters say makes no sense here.
            Message::Vote { .. } | Message::Abstain { .. } => {}
        }
    }
    fn on_outcome(&mut self, task: TaskId, _kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Message>) {
        if !outcome.ended.is_evidence() {
            return;
        }
        let stand = self.stands.iter().rev().find(|stand| stand.task == task).copied();
        // For what had to arrive it waited, however fast it is.
        let worked = |stand: Stand| stand.arrival.worked(self.me, outcome.took, reply.now);
        let took = stand.map_or(outcome.took, worked).as_secs_f64();
        let pace = stand.filter(|_| outcome.ended.is_success() && took > 0.0).map(|stand| stand.seconds / took);
        self.evidence.observe(self.me, stand.map(|stand| stand.demand), pace, outcome.ended.is_success());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_are_those_that_a_stable_sort_has_first(finishes in proptest::collection::vec(prop_oneof![0.0..4.0f64, (0u8..4).prop_map(f64::from), Just(f64::INFINITY)], 0..20)) {
            let mut best = Best::new();
            let mut all: Vec<(f64, u16)> = finishes.iter().copied().zip(0..).collect();
            all.iter().for_each(|(finish, option)| best.weigh(Weighed { finish: *finish, seconds: 0.0, option: *option }));
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let first: Vec<u16> = all.iter().take(DEPTH).map(|(_, option)| *option).collect();
            prop_assert_eq!(best.all().iter().map(|one| one.option).collect::<Vec<_>>(), first);
        }
    }
}
