//! Which lead is asked for which task.

use super::{Asked, Below, Chain, TRIES, number_after};
use crate::hierarchical::book::{Book, at_least};
use crate::hierarchical::desk::{Desk, LOOKAHEAD};
use crate::hierarchical::foresight::{IDLE, Seen};
use crate::hierarchical::inbox::{Able, Need, Pick};
use crate::hierarchical::lanes::{Lane, Order};
use crate::hierarchical::message::{Call, Message};
use crate::hierarchical::settings::Delegation;
use crate::{AgentId, DemandId, TaskId, Turn};
use core::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

impl Chain {
    /// Asks leads for as many tasks as they reported free slots for, in the order of rank.
    pub(super) fn delegate(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        (self.again, self.patience) = (None, self.patience.take());
        if desk.lanes.is_empty() {
            self.patience = None;
            return;
        }
        self.inbox.plan();
        desk.book.plan();
        self.place_hard(desk, turn);
        let mut heads: BinaryHeap<Reverse<(Order, DemandId)>> = BinaryHeap::new();
        let first = |at| desk.lanes.busy_at(at).and_then(|d| Some(Reverse((desk.lanes.lane(d)?.first()?, d))));
        heads.extend((0..desk.lanes.busy_len()).filter_map(first));
        let mut passed: BTreeMap<DemandId, u32> = BTreeMap::new();
        let mut stuck = false;
        let mut seen = Seen::default();
        while let Some(Reverse((order, demand))) = heads.pop() {
            self.reserve_for_soon(&mut seen, order, desk, turn);
            let next = desk.lanes.lane(demand).and_then(|lane| lane.after(order));
            match self.ask(order, demand, desk, turn) {
                Asking::Placed => {}
                Asking::Waits => *passed.entry(demand).or_default() += 1,
                Asking::NobodyForIt => {
                    stuck |= desk.book.free() > 0 && desk.any_free(demand);
                    *passed.entry(demand).or_default() += 1;
                }
                Asking::Nobody => {
                    stuck |= desk.book.free() > 0 && desk.any_free(demand);
                    continue;
                }
            }
            let goes_on = passed.get(&demand).is_none_or(|count| *count < LOOKAHEAD);
            heads.extend(next.filter(|_| goes_on).map(|next| Reverse((next, demand))));
        }
        let until = turn.now + self.patience_of_one();
        // What is kept idle is looked at again by itself.
        self.patience = if stuck && !seen.kept { self.patience.or(Some(until)) } else { None };
    }
    /// Reserves, by what was reported, for what becomes ready soon and comes before `before`.
    fn reserve_for_soon(&mut self, seen: &mut Seen, before: Order, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let now = turn.now.as_secs_f64();
        while let Some((open, expected)) = desk.foresight.next(seen, before, now) {
            let Some(lane) = desk.lanes.lane(open.demand).filter(|lane| lane.is_mixed() && lane.demand.agent.is_none()) else {
                continue;
            };
            self.look_below(lane, &desk.book);
            let roots = self.below.get(&open.demand).map(|below| &below.roots);
            let may = |lead: AgentId| roots?.get(&lead).map(|(_, best)| *best);
            let kind = lane.demand.kind.clone();
            let need = Need { kind: &kind, work: open.work, now: turn.now, arrival: open.arrival, plain: false, waits: true };
            let here = open.arrival.everywhere().as_secs_f64();
            match self.inbox.choose(self.settings.delegation, &need, may, turn.rng) {
                Pick::Ask(lead, finish) => {
                    let longest = IDLE * (finish - here);
                    if here - now <= longest && now < expected + longest {
                        self.inbox.keep_idle(lead, &kind);
                        seen.kept = true;
                        let until = at_least(expected + longest, now);
                        self.again = Some(self.again.map_or(until, |at| at.min(until)));
                    }
                }
                Pick::Wait(waiting) if waiting.idle <= IDLE * (waiting.finish - here) => self.inbox.reserve(&waiting),
                Pick::Wait(_) | Pick::Nobody => {}
            }
        }
    }
    /// Tasks that leads could not place are the desk's own affair.
    fn place_hard(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if desk.book.free() == 0 {
            return;
        }
        let tasks: Vec<_> = self.hard.values().copied().take(LOOKAHEAD as usize).collect();
        for (order, demand) in tasks {
            if desk.place_one(order, demand, turn) {
                self.hard.remove(&order.task());
            }
        }
    }
    /// Who is able to meet a demand, by direct reports of the leader. O(able agents) once for each arrangement of the tree.
    fn look_below(&mut self, lane: &Lane, book: &Book) -> &Below {
        let below = self.below.entry(lane.demand.id).or_default();
        if below.version != self.tree.version {
            below.version = self.tree.version;
            below.roots.clear();
            for able in &lane.able {
                if let Some(root) = self.tree.root_of(able.agent) {
                    let pace = book.get(able.agent).map_or(1.0, |m| m.pace);
                    let (count, best) = below.roots.get_or_insert_with(root, || (0, Able { fit: 0.0, most: 0.0 }));
                    *count += 1;
                    (best.fit, best.most) = (best.fit.max(able.fit), best.most.max(able.rate * pace));
                }
            }
        }
        below
    }
    /// Asks for one task.
    fn ask(&mut self, order: Order, demand: DemandId, desk: &mut Desk, turn: &mut Turn<'_, Message>) -> Asking {
        let Some(lane) = desk.lanes.lane(demand) else { return Asking::Nobody };
        let Some(open) = lane.get(order) else { return Asking::Nobody };
        // A pinned task leaves nothing to choose.
        if lane.demand.agent.is_some() {
            return if desk.place_one(order, demand, turn) { Asking::Placed } else { Asking::NobodyForIt };
        }
        if open.tries >= TRIES {
            return Asking::NobodyForIt;
        }
        let avoid = if lane.has_choice(&open.avoid) { open.avoid.clone() } else { Arc::from([]) };
        let passed: Vec<AgentId> =
            avoid.iter().filter(|a| lane.able_one(**a).is_some()).filter_map(|a| self.tree.root_of(*a)).collect();
        let picky = !passed.is_empty();
        self.look_below(lane, &desk.book);
        let roots = self.below.get(&demand).map(|below| &below.roots);
        let may = |lead: AgentId| {
            let (count, best) = roots?.get(&lead)?;
            let others = *count as usize > passed.iter().filter(|root| **root == lead).count();
            others.then_some(*best)
        };
        let rule = self.settings.delegation;
        let waits = rule == Delegation::LoadBalanced;
        let arrival = open.arrival;
        let kind = lane.demand.kind.clone();
        let need = Need { kind: &kind, work: open.work, now: turn.now, arrival, plain: false, waits };
        let pick = self.inbox.choose(rule, &need, may, turn.rng);
        let home = arrival.home_at(turn.now).filter(|home| waits && !avoid.contains(home));
        if let (Some(home), Some(others)) = (home, pick.finish())
            && let Some(asking) = self.leave_at_home((order, demand), home, others, desk, turn)
        {
            return asking;
        }
        match pick {
            Pick::Ask(lead, _) => {
                self.calls = number_after(self.calls, turn.now);
                self.inbox.speak_for(lead, (order.task(), self.calls), &need);
                self.call(lead, order.task(), avoid, desk, turn)
            }
            Pick::Wait(waiting) => {
                self.inbox.reserve(&waiting);
                let until = at_least(waiting.until, turn.now.as_secs_f64());
                self.again = Some(self.again.map_or(until, |at| at.min(until)));
                Asking::Waits
            }
            Pick::Nobody if picky => Asking::NobodyForIt,
            Pick::Nobody => Asking::Nobody,
        }
    }
    /// Who alone holds what a task needs may end it before all others can, as far as those above them know: `others`, in seconds. Names are
    /// not in reports, so that the desk looks that one up in its own book. `None` if that one would end it later.
    fn leave_at_home(
        &mut self,
        (order, demand): (Order, DemandId),
        home: AgentId,
        others: f64,
        desk: &mut Desk,
        turn: &mut Turn<'_, Message>,
    ) -> Option<Asking> {
        let at_home = desk.weigh_one(order, demand, home).filter(|one| one.finish() <= others)?;
        if at_home.ready.free {
            desk.award_one(order.task(), &at_home, turn);
            return Some(Asking::Placed);
        }
        desk.book.reserve(home, at_home.seconds);
        let ahead = (at_home.ready.base - desk.book.now()).max(0.0);
        let until = at_least(desk.book.now() + 2.0 * ahead + (others - at_home.finish()), desk.book.now());
        self.again = Some(self.again.map_or(until, |at| at.min(until)));
        Some(Asking::Waits)
    }
    fn call(
        &mut self,
        lead: AgentId,
        task: TaskId,
        avoid: Arc<[AgentId]>,
        desk: &mut Desk,
        turn: &mut Turn<'_, Message>,
    ) -> Asking {
        let Some(mut open) = desk.lanes.close(task) else { return Asking::Nobody };
        let Some(demand) = desk.lanes.lane(open.demand).map(|lane| lane.demand.clone()) else { return Asking::Nobody };
        open.tries += 1;
        let call = Call {
            to: lead,
            level: self.tree.levels,
            task,
            call: self.calls,
            demand,
            work: open.work,
            arrival: open.arrival,
            avoid,
        };
        self.due.set(task, turn.now + self.patience_of_one());
        self.asked.insert(task, Asked { open, lead, with: lead, call: self.calls, messages: 1 });
        turn.send(lead, Message::Delegate(call));
        Asking::Placed
    }
}

/// What came of asking for a task.
enum Asking {
    /// A lead was asked, or the desk awarded it.
    Placed,
    /// It waits for somebody who is busy.
    Waits,
    /// Nobody for this task; for another of its lane there may be.
    NobodyForIt,
    /// Nobody for any task of its lane.
    Nobody,
}
