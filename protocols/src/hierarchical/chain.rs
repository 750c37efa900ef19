//! The leader's desk when the team is a tree: it delegates by reports, and hears nominations.
//!
//! Nothing hangs on a message. A call that is not answered in time is withdrawn and another lead is asked; after [`TRIES`] calls, or
//! when work waits although the desk's own book knows somebody free for longer than any report should take, the desk awards by its
//! own book, as in a small team, and gives those concerned their orders again.

use super::desk::{Desk, LOOKAHEAD};
use super::lanes::{Open, Order};
use super::message::{Call, Message};
use super::report::Inbox;
use super::settings::{Hierarchical, Reporting};
use super::tree::Tree;
use crate::{AgentId, Deadlines, DemandId, Profile, TaskId, Time, Turn};
use core::cmp::Reverse;
use core::time::Duration;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// Calls for one task before the desk decides by its own book.
pub(super) const TRIES: u32 = 3;
/// How long a call or a report may take for each level.
const PER_LEVEL: Duration = Duration::from_millis(500);

/// A task for which a lead was asked.
#[derive(Clone, Debug)]
struct Asked {
    open: Open,
    lead: AgentId,
    call: u64,
    messages: u32,
}

/// The desk's side of the tree.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    settings: Hierarchical,
    tree: Tree,
    number: u64,
    inbox: Inbox,
    asked: BTreeMap<TaskId, Asked>,
    due: Deadlines<TaskId>,
    /// Since work waits although somebody is free: until when that may be so.
    patience: Option<Time>,
    calls: u64,
    active: bool,
}

impl Chain {
    pub(super) fn new(settings: &Hierarchical) -> Chain {
        Chain {
            settings: settings.clone(),
            tree: Tree::new(settings.span),
            number: 0,
            inbox: Inbox::default(),
            asked: BTreeMap::new(),
            due: Deadlines::default(),
            patience: None,
            calls: 0,
            active: false,
        }
    }
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        if self.settings.reporting == Reporting::Tree {
            self.inbox.forget_all_but(|a| a != agent);
            self.tree.join(agent, profile);
        }
    }
    /// Before the desk forgets an agent: what it was asked for, or alone was able to do, is open again.
    pub(super) fn leave(&mut self, agent: AgentId, desk: &mut Desk) {
        let alone = |d: DemandId| desk.lanes.lane(d).is_some_and(|l| l.able.len() == 1 && l.able[0].agent == agent);
        let back = self.asked.iter().filter(|(_, asked)| asked.lead == agent || alone(asked.open.demand));
        for task in back.map(|(task, _)| *task).collect::<Vec<_>>() {
            self.take_back(task, desk);
        }
        self.inbox.forget_all_but(|a| a != agent);
        self.tree.leave(agent);
    }
    /// Forgets a task for which somebody was asked; true if there was one.
    pub(super) fn close(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) -> bool {
        self.due.clear(&task);
        let Some(asked) = self.asked.remove(&task) else { return false };
        self.inbox.release(asked.lead);
        turn.send(asked.lead, Message::Withdraw { task });
        true
    }
    fn take_back(&mut self, task: TaskId, desk: &mut Desk) -> Option<AgentId> {
        self.due.clear(&task);
        let asked = self.asked.remove(&task)?;
        desk.lanes.put_back(asked.open);
        Some(asked.lead)
    }
    /// When to look again although nothing happened. O(1).
    pub(super) fn next(&self, desk: &Desk) -> Option<Time> {
        if !self.active {
            return desk.next();
        }
        let believed = if desk.lanes.is_empty() { None } else { desk.book.next() };
        [self.due.next(), self.patience, believed].into_iter().flatten().min()
    }
    /// Goes on after any event: with the tree where there is one, else by the desk alone.
    pub(super) fn proceed(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let wanted = self.settings.reporting == Reporting::Tree && desk.book.len() > self.settings.span;
        if !wanted {
            if core::mem::take(&mut self.active) {
                self.dissolve(desk, turn);
            }
            return desk.place(turn);
        }
        if !self.active {
            self.active = true;
            self.number = number_after(self.number, turn.now);
            let all: Vec<AgentId> = desk.book.iter().map(|(agent, _)| agent).collect();
            self.tree.arrange(&desk.book);
            self.order(&all, turn);
        }
        let told = self.tree.arrange(&desk.book);
        if !told.is_empty() {
            self.number = number_after(self.number, turn.now);
            self.inbox.forget_all_but(|a| self.tree.is_root(a));
            self.order(&told, turn);
        }
        self.expire(desk, turn);
        self.delegate(desk, turn);
        desk.awarded.clear();
    }
    /// The team fits under one lead again.
    fn dissolve(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        for task in self.asked.keys().copied().collect::<Vec<_>>() {
            self.take_back(task, desk);
        }
        self.number = number_after(self.number, turn.now);
        self.patience = None;
        self.inbox = Inbox::default();
        for (agent, _) in desk.book.iter() {
            turn.send(agent, Message::Orders { number: self.number, seats: Arc::from([]) });
        }
    }
    fn order(&self, agents: &[AgentId], turn: &mut Turn<'_, Message>) {
        for agent in agents {
            if let Some(seats) = self.tree.orders(*agent) {
                turn.send(*agent, Message::Orders { number: self.number, seats });
            }
        }
    }
    /// Calls that were not answered, and work that waited too long.
    fn expire(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        while let Some(task) = self.due.pop(turn.now) {
            let Some(lead) = self.take_back(task, desk) else { continue };
            self.inbox.exhausted(lead);
            turn.send(lead, Message::Withdraw { task });
            self.order(&[lead], turn);
        }
        if self.patience.is_some_and(|until| until <= turn.now) {
            self.patience = None;
            desk.awarded.clear();
            desk.place(turn);
            let mut told = core::mem::take(&mut desk.awarded);
            told.sort_unstable();
            told.dedup();
            self.order(&told, turn);
        }
    }
    /// Asks leads for as many tasks as they reported free slots for, in the order of rank.
    fn delegate(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let mut heads: BinaryHeap<Reverse<(Order, DemandId)>> = BinaryHeap::new();
        let first = |at| desk.lanes.busy_at(at).and_then(|d| Some(Reverse((desk.lanes.lane(d)?.first()?, d))));
        heads.extend((0..desk.lanes.busy_len()).filter_map(first));
        let mut passed: BTreeMap<DemandId, u32> = BTreeMap::new();
        while let Some(Reverse((order, demand))) = heads.pop() {
            let next = desk.lanes.lane(demand).and_then(|lane| lane.after(order));
            if !self.ask(order, demand, desk, turn) {
                let count = passed.entry(demand).or_default();
                *count += 1;
                if *count >= LOOKAHEAD {
                    continue;
                }
            }
            heads.extend(next.map(|next| Reverse((next, demand))));
        }
        let stuck = desk.book.free() > 0 && desk.could_start();
        let until = turn.now + PER_LEVEL * u32::from(self.tree.levels);
        self.patience = if stuck { self.patience.or(Some(until)) } else { None };
    }
    /// Asks for one task; false if it stays open.
    fn ask(&mut self, order: Order, demand: DemandId, desk: &mut Desk, turn: &mut Turn<'_, Message>) -> bool {
        let Some(lane) = desk.lanes.lane(demand) else { return false };
        let Some(open) = lane.get(order) else { return false };
        // A pinned task leaves nothing to choose, and one that nobody could be found for is the desk's own affair.
        if lane.demand.agent.is_some() || open.tries >= TRIES {
            return desk.place_one(order, demand, turn);
        }
        let avoid = if lane.has_choice(&open.avoid) { open.avoid.clone() } else { Arc::from([]) };
        let mut fits: BTreeMap<AgentId, f64> = BTreeMap::new();
        for able in lane.able.iter().filter(|able| !avoid.contains(&able.agent)) {
            if let Some(root) = self.tree.root_of(able.agent) {
                let best = fits.entry(root).or_insert(able.fit);
                *best = best.max(able.fit);
            }
        }
        let may = |lead: AgentId| fits.get(&lead).copied();
        let Some(lead) = self.inbox.choose(self.settings.delegation, &lane.demand.kind, may, turn.rng) else { return false };
        let (task, demand) = (order.task(), lane.demand.clone());
        let Some(mut open) = desk.lanes.close(task) else { return false };
        open.tries += 1;
        self.calls = number_after(self.calls, turn.now);
        let call = Call { to: lead, level: self.tree.levels, task, call: self.calls, demand, work: open.work, avoid };
        self.inbox.speak_for(lead);
        self.due.set(task, turn.now + PER_LEVEL * u32::from(self.tree.levels));
        self.asked.insert(task, Asked { open, lead, call: self.calls, messages: 1 });
        turn.send(lead, Message::Delegate(call));
        true
    }
    /// Something was said.
    pub(super) fn on_message(&mut self, from: AgentId, message: Message, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if !self.active || desk.book.get(from).is_none() {
            return;
        }
        match message {
            Message::Report { to: None, level, from: reporter, seq, state } => {
                let known = from == reporter && level == self.tree.levels + 1 && self.tree.is_root(from);
                if known && self.inbox.hear(from, seq, state) {
                    self.proceed(desk, turn);
                }
            }
            Message::Report { to: Some(to), .. } => relay(to, message, desk, turn),
            Message::Delegate(ref call) => {
                let to = call.to;
                if let Some(asked) = self.asked.get_mut(&call.task) {
                    asked.messages += 2;
                }
                relay(to, message, desk, turn);
            }
            Message::Nominate { task, call, agent } => self.nominated(task, call, agent, desk, turn),
            Message::NoneAble { task, call } => self.none_able(task, call, desk, turn),
            Message::Orders { .. } | Message::Withdraw { .. } => {}
        }
    }
    fn nominated(&mut self, task: TaskId, call: u64, agent: AgentId, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let Some(asked) = self.asked.get(&task).filter(|asked| asked.call == call) else { return };
        if !desk.may_have(&asked.open, agent) {
            return self.none_able(task, call, desk, turn);
        }
        let (messages, lead) = (asked.messages + 1, asked.lead);
        self.take_back(task, desk);
        desk.award_nominee(task, agent, lead, messages, turn);
        self.proceed(desk, turn);
    }
    fn none_able(&mut self, task: TaskId, call: u64, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if self.asked.get(&task).is_some_and(|asked| asked.call == call) {
            if let Some(lead) = self.take_back(task, desk) {
                self.inbox.exhausted(lead);
            }
            self.proceed(desk, turn);
        }
    }
}

/// Numbers that rise with time, so that those of a rebuilt desk outrank those of its earlier life.
fn number_after(last: u64, now: Time) -> u64 {
    (last + 1).max(now.as_nanos())
}

/// Passes on what one member says to another, unread.
fn relay(to: AgentId, message: Message, desk: &Desk, turn: &mut Turn<'_, Message>) {
    if desk.book.get(to).is_some() {
        turn.send(to, message);
    }
}
