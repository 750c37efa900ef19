//! The leader's desk: open tasks on one side, the book of members on the other, and the scan that brings them together.
//!
//! Binding is late. A scan goes through the open tasks in the order of rank, works out for each who would finish it first, busy
//! agents included, and binds only what starts at once. A task that would be finished sooner by a busy agent reserves that agent's
//! time for the rest of the scan and stays open, so that it can still go to whoever is free first. So does a task that becomes ready soon.

use super::book::{Book, at_least};
use super::delegation::{Choice, Step, Weighed};
use super::foresight::{Foresight, IDLE, Seen};
use super::lanes::{Lanes, Open, Order};
use super::leader::Leadership;
use super::settings::{Hierarchical, Reporting};
use crate::{AgentId, Candidate, Decision, DemandId, Measure, Outcome, Profile, TaskId, TaskView, Time, Turn, Why};
use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many tasks of one demand a scan may leave waiting before it stops reserving. Behind that a free agent gets a task of this
/// demand only if it ends it before all able agents together would have emptied the lane, which is when it surely helps.
///
/// So a scan makes at most `demands with open tasks × LOOKAHEAD + awards` choices, however long the lanes are.
pub(super) const LOOKAHEAD: u32 = 32;

/// The desk of one team.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub book: Book,
    pub lanes: Lanes,
    pub leader: Leadership,
    pub foresight: Foresight,
    choice: Choice,
    /// The next task of each lane in a scan; kept so that a scan allocates nothing.
    heads: BinaryHeap<Reverse<(Order, DemandId)>>,
    /// When the last scan's waiting should be thought over, if nothing happens before.
    again: Option<Time>,
    /// Who was awarded something by the desk itself; the tree clears it.
    pub awarded: Vec<AgentId>,
    /// Whether that is kept: only a tree asks for it.
    keeps_awarded: bool,
    span: usize,
}

impl Desk {
    pub(super) fn new(settings: &Hierarchical) -> Desk {
        Desk {
            book: Book::default(),
            lanes: Lanes::default(),
            leader: Leadership::new(settings.leader.clone(), settings.delegation),
            foresight: Foresight::default(),
            choice: Choice::new(settings.delegation),
            heads: BinaryHeap::new(),
            again: None,
            awarded: Vec::new(),
            keeps_awarded: settings.reporting == Reporting::Tree,
            span: settings.span,
        }
    }
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        self.book.join(agent, profile);
        if let Some(member) = self.book.get(agent) {
            self.lanes.joined(agent, member);
        }
        self.leader.joined(agent, &self.book);
    }
    /// True if it was a member. Tasks that nobody is able to do any more are declined.
    pub(super) fn leave<M>(&mut self, agent: AgentId, turn: &mut Turn<'_, M>) -> bool {
        let was = self.book.leave(agent);
        if was {
            self.lanes.left(agent);
            self.leader.left(agent, &self.book);
            while let Some(task) = self.lanes.hopeless() {
                self.foresight.closed(task);
                turn.decline(task, Why::NobodyAble);
            }
        }
        was
    }
    /// Opens a task, or declines it if nobody is able. True if it is open.
    pub(super) fn open<M>(&mut self, task: &TaskView, turn: &mut Turn<'_, M>) -> bool {
        if self.lanes.meet(&task.demand, &self.book).able.is_empty() {
            self.withdraw(task.id);
            turn.decline(task.id, Why::NobodyAble);
            return false;
        }
        self.lanes.open(task, turn.now, &self.book);
        self.foresight.opened(task.id, &task.prospects);
        true
    }
    /// Closes a task that nobody shall do any more. True if it was open.
    pub(super) fn withdraw(&mut self, task: TaskId) -> bool {
        let was_open = self.lanes.close(task).is_some();
        self.foresight.closed(task);
        was_open
    }
    /// True if this was an award of ours.
    pub(super) fn ended(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome) -> bool {
        let factor = self.book.factor(agent, task, outcome);
        self.foresight.ended(task, agent, outcome.ended.is_success(), factor);
        self.book.ended(agent, task, outcome)
    }
    /// Takes up what is ready soon, before a scan.
    pub(super) fn take_up(&mut self) {
        self.foresight.take_up(&mut self.lanes, &self.book);
    }
    /// When the desk has to look again although nothing happened. O(1).
    pub(super) fn next(&self) -> Option<Time> {
        if self.lanes.is_empty() {
            return None;
        }
        [self.again, self.book.next()].into_iter().flatten().min()
    }

    /// Binds what can start now. See the module.
    pub(super) fn place<M>(&mut self, turn: &mut Turn<'_, M>) {
        self.again = None;
        if self.book.free() == 0 || self.lanes.is_empty() {
            return;
        }
        self.book.plan();
        let mut hopes = self.begin();
        let mut seen = Seen::default();
        while hopes > 0
            && let Some(Reverse((order, demand))) = self.heads.pop()
        {
            self.reserve_for_soon(&mut seen, order, turn);
            let next = self.lanes.lane(demand).and_then(|lane| lane.after(order));
            let goes_on = self.step(order, demand, turn);
            let hope = next.is_some() && goes_on && self.any_free(demand);
            let Some(lane) = self.lanes.lane_mut(demand) else { continue };
            if lane.hope && !hope {
                lane.hope = false;
                hopes -= 1;
            }
            if let Some(next) = next.filter(|_| goes_on) {
                self.heads.push(Reverse((next, demand)));
            }
        }
    }
    /// Reserves for what becomes ready soon and comes before `before`.
    fn reserve_for_soon<M>(&mut self, seen: &mut Seen, before: Order, turn: &mut Turn<'_, M>) {
        while let Some((open, expected)) = self.foresight.next(seen, before, self.book.now()) {
            let Some(lane) = self.lanes.lane_mut(open.demand) else { continue };
            lane.sync(self.choice.rule, &self.book);
            let Some(lane) = self.lanes.lane(open.demand).filter(|lane| lane.is_mixed() && !lane.is_deep()) else {
                continue;
            };
            let (Step::Wait(best, _) | Step::Start(best)) = self.choice.of_all(&open, lane, &mut self.book, turn.rng) else {
                continue;
            };
            let (here, end) = (best.here.as_secs_f64(), best.finish());
            let longest = IDLE * (end - here.max(best.ready.at));
            if here - best.ready.at > longest || self.book.now() >= expected + longest {
                continue; // others may have it meanwhile
            }
            if !best.ready.free {
                self.book.reserve(best.agent, best.seconds);
                continue;
            }
            self.book.keep_idle(best.agent, here, end);
            let again = Some(at_least(expected + longest, self.book.now()));
            self.again = [self.again, again].into_iter().flatten().min();
        }
    }
    /// Sets up the heads of all lanes in which something is open; how many of them have a free able agent.
    fn begin(&mut self) -> usize {
        self.heads.clear();
        let mut hopes = 0;
        for at in 0..self.lanes.busy_len() {
            let Some(demand) = self.lanes.busy_at(at) else { continue };
            let hope = self.any_free(demand);
            hopes += usize::from(hope);
            let Some(lane) = self.lanes.lane_mut(demand) else { continue };
            (lane.hope, lane.passed) = (hope, 0);
            if let Some(first) = lane.first() {
                self.heads.push(Reverse((first, demand)));
            }
        }
        hopes
    }
    /// True if somebody who is able has a free slot, as far as the book knows. Brings the index of a large lane up to date.
    pub(super) fn any_free(&mut self, demand: DemandId) -> bool {
        let free = |agent| self.book.has_free(agent);
        let Some(lane) = self.lanes.lane_mut(demand) else { return false };
        lane.sync(self.choice.rule, &self.book);
        match lane.index() {
            Some(index) => index.free_len() > 0,
            None => lane.able.iter().any(|a| free(a.agent)),
        }
    }
    /// Looks at one task of a lane; false if the lane is done with for this scan.
    fn step<M>(&mut self, order: Order, demand: DemandId, turn: &mut Turn<'_, M>) -> bool {
        if let Some(lane) = self.lanes.lane_mut(demand) {
            lane.sync(self.choice.rule, &self.book);
        }
        let Some(lane) = self.lanes.lane(demand) else { return false };
        let Some(open) = lane.get(order) else { return true }; // it filled a gap
        let deep = lane.is_deep();
        if (deep || !self.choice.waits()) && !lane.hope {
            return false;
        }
        let step = if deep && self.choice.waits() {
            self.choice.of_free(open, lane, &mut self.book, lane.drain())
        } else {
            self.choice.of_all(open, lane, &mut self.book, turn.rng)
        };
        match step {
            Step::Start(winner) if deep => {
                self.award(order.task(), &winner, turn);
                return true;
            }
            Step::Start(winner) if self.start((order, demand), &winner, turn) => return true,
            Step::Start(_) => {}
            Step::Wait(best, until) => {
                self.book.reserve(best.agent, best.seconds);
                let again = until.map(|until| at_least(until, self.book.now()));
                self.again = [self.again, again].into_iter().flatten().min();
            }
            Step::Full => {}
        }
        if let Some(lane) = self.lanes.lane_mut(demand) {
            lane.passed += 1;
        }
        !deep
    }
    /// Chooses for an open task from all that are able.
    fn choose<M>(&mut self, order: Order, demand: DemandId, turn: &mut Turn<'_, M>) -> Step {
        if let Some(lane) = self.lanes.lane_mut(demand) {
            lane.sync(self.choice.rule, &self.book);
        }
        let Some(lane) = self.lanes.lane(demand) else { return Step::Full };
        let Some(open) = lane.get(order) else { return Step::Full };
        self.choice.of_all(open, lane, &mut self.book, turn.rng)
    }
    /// A task that would go to this agent, too, and that it ends before what the first task needs has arrived there, so that its slot works while
    /// it would else wait: the insertion of HEFT, made at the last moment. Of those that are looked at, [`LOOKAHEAD`] of each demand, the most
    /// urgent.
    fn filler<M>(&mut self, first: Order, winner: &Weighed, turn: &mut Turn<'_, M>) -> Option<(Order, DemandId)> {
        let until = winner.idle_until(self.book.now())?;
        let fits = |one: &Weighed| one.agent == winner.agent && one.finish() <= until;
        let mut short: Vec<(Order, DemandId)> = Vec::new();
        for at in 0..self.lanes.busy_len() {
            let Some(lane) = self.lanes.busy_at(at).and_then(|demand| self.lanes.lane(demand)) else { continue };
            let Some(able) = lane.able_one(winner.agent) else { continue };
            for open in lane.some_open(LOOKAHEAD as usize).filter(|open| open.order != first) {
                if self.choice.weigh_one(able, open, &mut self.book).is_some_and(|one| fits(&one)) {
                    short.push((open.order, open.demand));
                }
            }
        }
        short.sort_unstable();
        short.into_iter().find(|(order, demand)| {
            let step = self.choose(*order, *demand, turn);
            matches!(step, Step::Start(best) if fits(&best))
        })
    }
    /// A task goes to one who is free. If that one would wait for what it needs, another may come before it; then it stays open. False if so.
    fn start<M>(&mut self, (order, demand): (Order, DemandId), winner: &Weighed, turn: &mut Turn<'_, M>) -> bool {
        if winner.idle_until(self.book.now()).is_none() || !self.choice.waits() {
            self.award(order.task(), winner, turn);
            return true;
        }
        let filler = self.filler(order, winner, turn);
        // Also to have weighed last what is awarded: its record tells of that.
        let (order, demand) = filler.unwrap_or((order, demand));
        let Step::Start(best) = self.choose(order, demand, turn) else { return filler.is_none() };
        self.award(order.task(), &best, turn);
        if filler.is_some() {
            if !self.book.has_free(winner.agent) {
                self.book.reserve(winner.agent, winner.finish() - best.finish());
            }
            let again = winner.idle_until(self.book.now()).map(|until| at_least(until, self.book.now()));
            self.again = [self.again, again].into_iter().flatten().min();
        }
        filler.is_none()
    }
    fn award<M>(&mut self, task: TaskId, winner: &Weighed, turn: &mut Turn<'_, M>) {
        let Some(open) = self.lanes.close(task) else { return };
        let mut decision = self.choice.decision(winner, self.book.now(), self.leader.sentence());
        decision.latency = turn.now - open.since;
        self.book.give(winner.agent, task, winner.declared, winner.seconds, winner.here);
        self.foresight.given(task, winner.agent, self.book.now() + winner.seconds);
        turn.assign(task, winner.agent, decision);
        self.leader.awarded(&self.book);
        if self.keeps_awarded && self.book.len() > self.span {
            self.awarded.push(winner.agent);
        }
    }

    /// Gives one open task to somebody by the book; false if there is nobody free, or somebody busy would do it sooner.
    pub(super) fn place_one<M>(&mut self, order: Order, demand: DemandId, turn: &mut Turn<'_, M>) -> bool {
        if !self.any_free(demand) {
            return false;
        }
        let Some(lane) = self.lanes.lane(demand) else { return false };
        let Some(open) = lane.get(order) else { return false };
        self.book.plan();
        let Step::Start(winner) = self.choice.of_all(open, lane, &mut self.book, turn.rng) else { return false };
        self.award(order.task(), &winner, turn);
        true
    }
    /// Weighs one agent for an open task; `None` if it is not able.
    pub(super) fn weigh_one(&mut self, order: Order, demand: DemandId, agent: AgentId) -> Option<Weighed> {
        let lane = self.lanes.lane(demand)?;
        self.choice.weigh_one(lane.able_one(agent)?, lane.get(order)?, &mut self.book)
    }
    /// Gives an open task to one that was weighed and is free.
    pub(super) fn award_one<M>(&mut self, task: TaskId, winner: &Weighed, turn: &mut Turn<'_, M>) {
        self.choice.only(winner);
        self.award(task, winner, turn);
    }
    /// True if the agent may have the task: a member, able, and not to be passed over.
    pub(super) fn may_have(&self, open: &Open, agent: AgentId) -> bool {
        let Some(lane) = self.lanes.lane(open.demand) else { return false };
        lane.able_one(agent).is_some() && (!open.avoid.contains(&agent) || !lane.has_choice(&open.avoid))
    }
    /// True if the agent holds as many of our jobs as it has slots.
    pub(super) fn has_its_fill(&self, agent: AgentId) -> bool {
        self.book.get(agent).is_some_and(|member| member.jobs() >= member.profile.slots)
    }
    /// Gives an open task to the agent that a lead nominated for it.
    pub(super) fn award_nominee<M>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        lead: AgentId,
        messages: u32,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(open) = self.lanes.close(task) else { return };
        let rate = self.lanes.lane(open.demand).and_then(|lane| lane.able_one(agent)).map(|a| a.rate);
        let declared = rate.filter(|_| open.work > 0.0).map_or(0.0, |rate| open.work / rate);
        let seconds = declared / self.book.get(agent).map_or(1.0, |m| m.pace);
        let here = open.arrival.at(agent);
        let seconds = open.arrival.taken(agent, turn.now, 0.0, seconds);
        let name = |id| self.book.get(id).map_or("", |m| &*m.profile.name);
        let leader = self.leader.holder().map_or("", name);
        let reason = format!("leader {leader}: lead {} nominated it by what was reported to it", name(lead));
        let decision = Decision::new(super::NAME, Measure::ExpectedFinish)
            .candidates([Candidate::new(agent, seconds)])
            .because(reason)
            .cost(messages, open.tries, turn.now - open.since);
        self.book.give(agent, task, declared, seconds, here);
        self.foresight.given(task, agent, self.book.now() + seconds);
        turn.assign(task, agent, decision);
        self.leader.awarded(&self.book);
    }
}
