//! The leader's desk when the team is a tree: it delegates by reports, and hears nominations.
//!
//! Nothing hangs on a message. A call that is not answered in time is withdrawn and another lead is asked; after [`TRIES`] calls, or
//! when work waits although the desk's own book knows somebody free for longer than any report should take, the desk awards by its
//! own book, as in a small team, and gives those concerned their orders again.

mod asking;

use super::desk::Desk;
use super::inbox::{Able, Inbox};
use super::lanes::{Open, Order};
use super::message::{Message, Summary};
use super::news::News;
use super::settings::{Hierarchical, Reporting};
use super::tree::Tree;
use crate::{AgentId, Deadlines, DemandId, KeyMap, Profile, TaskId, Time, Turn};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Calls for one task before the desk decides by its own book.
pub(super) const TRIES: u32 = 3;
/// How long a call or a report may take for each level.
const PER_LEVEL: Duration = Duration::from_millis(500);

/// So many times as long as a call may take, a lead may be silent after one that it did not answer. Then it is taken as lost.
const SILENCE: u32 = 2;
/// So many times as long as a call may take, a tree may form: long enough to ask again for what was lost.
const FORMING: u32 = 8;
/// An agent is told of its pace when that has changed by this share.
const PACE_NEWS: f64 = 0.1;

/// Who is able to do one kind of demand, by the direct report of the leader above them: how many, and the best of them.
#[derive(Clone, Debug, Default)]
struct Below {
    version: u64,
    roots: KeyMap<AgentId, (u32, Able)>,
}

/// A task for which a lead was asked.
#[derive(Clone, Debug)]
struct Asked {
    open: Open,
    lead: AgentId,
    /// Who had the call last, as far as the desk passed it on.
    with: AgentId,
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
    asked: KeyMap<TaskId, Asked>,
    due: Deadlines<TaskId>,
    /// Since work waits although somebody is free: until when that may be so.
    patience: Option<Time>,
    calls: u64,
    active: bool,
    /// When those who did not answer are taken as lost.
    suspects: Deadlines<AgentId>,
    suspected: BTreeSet<AgentId>,
    /// When to go on after somebody came or went, or reported: once for all that did at one moment.
    settle: Option<Time>,
    /// Until when the waiting for busy ones stands.
    again: Option<Time>,
    below: BTreeMap<DemandId, Below>,
    /// Who reports to whom has changed, and not everybody was told of since: until when the desk decides by its own book at most.
    forming: Option<Time>,
    news: News,
    /// Open tasks that leads could not place: the desk does.
    hard: BTreeMap<TaskId, (Order, DemandId)>,
    /// The pace that each was told.
    paces: BTreeMap<AgentId, f64>,
}

impl Chain {
    pub(super) fn new(settings: &Hierarchical) -> Chain {
        Chain {
            settings: settings.clone(),
            tree: Tree::new(settings.span),
            number: 0,
            inbox: Inbox::default(),
            asked: KeyMap::default(),
            due: Deadlines::default(),
            patience: None,
            calls: 0,
            active: false,
            suspects: Deadlines::default(),
            suspected: BTreeSet::new(),
            settle: None,
            again: None,
            below: BTreeMap::new(),
            forming: None,
            news: News::default(),
            hard: BTreeMap::new(),
            paces: BTreeMap::new(),
        }
    }
    pub(super) fn join(&mut self, agent: AgentId, profile: &Profile) {
        if self.settings.reporting == Reporting::Tree {
            self.forget(agent);
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
        self.forget(agent);
        self.tree.leave(agent);
    }
    fn forget(&mut self, agent: AgentId) {
        self.inbox.forget_all_but(|a| a != agent);
        self.clear(agent);
        self.news.forget(agent);
        self.paces.remove(&agent);
    }
    /// What the leader's direct reports told, summed.
    pub(super) fn reported(&self) -> Summary {
        self.inbox.clone().sum()
    }
    /// Goes on after somebody came or went. While there is no work the tree is arranged once for all of them.
    pub(super) fn moved(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let idle = desk.lanes.is_empty() && self.asked.is_empty();
        if idle && (self.active || self.is_wanted(desk)) {
            self.settle = self.settle.or(Some(turn.now));
        } else {
            self.proceed(desk, turn);
        }
    }
    fn is_wanted(&self, desk: &Desk) -> bool {
        self.settings.reporting == Reporting::Tree && desk.book.len() > self.settings.span
    }
    /// A job of the agent ended: its report is to tell of that.
    pub(super) fn ended(&mut self, agent: AgentId, now: Time) {
        if self.active {
            self.news.expect_anew(agent, now + self.patience_of_one());
        }
    }
    /// Tells an agent of its pace if that is news.
    pub(super) fn learned(&mut self, agent: AgentId, desk: &Desk, turn: &mut Turn<'_, Message>) {
        let Some(pace) = desk.book.get(agent).map(|m| m.pace).filter(|_| self.active) else { return };
        for (demand, below) in &mut self.below {
            if let Some(able) = desk.lanes.lane(*demand).and_then(|lane| lane.able_one(agent))
                && let Some((_, best)) = self.tree.root_of(agent).and_then(|root| below.roots.get_mut(&root))
            {
                best.most = best.most.max(able.rate * pace);
            }
        }
        let told = self.paces.get(&agent).copied().unwrap_or(1.0);
        if (pace / told - 1.0).abs() > PACE_NEWS {
            self.order(&[agent], desk, turn);
        }
    }
    /// Forgets a task for which somebody was asked; true if there was one.
    pub(super) fn close(&mut self, task: TaskId, turn: &mut Turn<'_, Message>) -> bool {
        self.due.clear(&task);
        self.hard.remove(&task);
        let Some(asked) = self.asked.remove(&task) else { return false };
        self.inbox.void(task);
        turn.send(asked.lead, Message::Withdraw { task });
        true
    }
    fn take_back(&mut self, task: TaskId, desk: &mut Desk) -> Option<AgentId> {
        self.due.clear(&task);
        let asked = self.asked.remove(&task)?;
        if asked.open.tries >= TRIES {
            self.hard.insert(task, (asked.open.order, asked.open.demand));
        }
        desk.lanes.put_back(asked.open);
        Some(asked.lead)
    }
    /// When to look again although nothing happened. O(1).
    pub(super) fn next(&self, desk: &Desk) -> Option<Time> {
        if !self.active {
            return [desk.next(), self.settle].into_iter().flatten().min();
        }
        // While the tree forms the desk waits as one that has none.
        let book = if self.forming.is_some() { desk.next() } else { desk.book.next() };
        let waiting = [book, self.forming, self.news.next()].into_iter().filter(|_| !desk.lanes.is_empty());
        let work = [self.due.next(), self.patience, self.again];
        waiting.chain(work).chain([self.suspects.next(), self.settle]).flatten().min()
    }
    /// Goes on after any event: with the tree where there is one, else by the desk alone.
    pub(super) fn proceed(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if turn.more {
            self.settle = self.settle.or(Some(turn.now)); // one look is for all that happened in a moment
            return;
        }
        self.settle = None;
        desk.take_up();
        if !self.is_wanted(desk) {
            if core::mem::take(&mut self.active) {
                self.dissolve(desk, turn);
            }
            return desk.place(turn);
        }
        if !core::mem::replace(&mut self.active, true) {
            self.tree.renew();
        }
        while let Some(agent) = self.suspects.pop(turn.now) {
            self.tree.give_up_on(agent);
        }
        let told = self.tree.arrange(&desk.book);
        if !told.is_empty() {
            self.number = number_after(self.number, turn.now);
            self.inbox.forget_all_but(|a| self.tree.is_root(a));
            self.order(&told, desk, turn);
            self.forming = Some(turn.now + self.patience_of_one() * FORMING);
        }
        self.expire(desk, turn);
        if self.is_forming(turn.now) {
            (self.again, self.patience) = (None, None);
            desk.place(turn);
        } else {
            self.delegate(desk, turn);
        }
        // What the desk awards by itself, leads don't know: those concerned are to report.
        let mut told = core::mem::take(&mut desk.awarded);
        told.sort_unstable();
        told.dedup();
        self.order(&told, desk, turn);
    }
    /// True while the leader's direct reports have not yet told of everybody: who speaks first must not get what others do better.
    fn is_forming(&mut self, now: Time) -> bool {
        let heard_of_all = self.inbox.agents() >= self.tree.len();
        self.forming = self.forming.filter(|until| now < *until && !heard_of_all);
        self.forming.is_some()
    }
    /// The team fits under one lead again.
    fn dissolve(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        for task in self.asked.keys().copied().collect::<Vec<_>>() {
            self.take_back(task, desk);
        }
        self.number = number_after(self.number, turn.now);
        (self.patience, self.again, self.forming) = (None, None, None);
        (self.inbox, self.news) = (Inbox::default(), News::default());
        self.hard.clear();
        self.suspects = Deadlines::default();
        for agent in core::mem::take(&mut self.suspected) {
            self.tree.heard(agent);
        }
        for (agent, member) in desk.book.iter() {
            turn.send(agent, Message::Orders { number: self.number, pace: member.pace, seats: Arc::from([]) });
        }
    }
    fn order(&mut self, agents: &[AgentId], desk: &Desk, turn: &mut Turn<'_, Message>) {
        for agent in agents {
            if let (Some(seats), Some(member)) = (self.tree.orders(*agent), desk.book.get(*agent)) {
                self.paces.insert(*agent, member.pace);
                self.news.expect(*agent, turn.now + self.patience_of_one());
                turn.send(*agent, Message::Orders { number: self.number, pace: member.pace, seats });
            }
        }
    }
    /// Calls that were not answered, and work that waited too long.
    fn expire(&mut self, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        while let Some(task) = self.due.pop(turn.now) {
            let with = self.asked.get(&task).map(|asked| asked.with);
            let Some(lead) = self.take_back(task, desk) else { continue };
            self.inbox.exhausted(lead);
            turn.send(lead, Message::Withdraw { task });
            match with.filter(|with| desk.book.get(*with).is_some()) {
                Some(with) => self.suspect(with, desk, turn),
                None => self.order(&[lead], desk, turn),
            }
        }
        while let Some(agent) = self.news.overdue(turn.now, self.patience_of_one()) {
            self.order(&[agent], desk, turn);
        }
        if self.again.is_some_and(|at| at <= turn.now) {
            self.again = None;
        }
        if self.patience.is_some_and(|until| until <= turn.now) {
            self.patience = None;
            desk.place(turn);
        }
    }
    /// It did not answer: it is asked for a report, and taken as lost if nothing is heard of it.
    fn suspect(&mut self, agent: AgentId, desk: &Desk, turn: &mut Turn<'_, Message>) {
        if self.suspected.insert(agent) {
            self.suspects.set(agent, turn.now + self.patience_of_one() * SILENCE);
        }
        self.order(&[agent], desk, turn);
    }
    /// It was heard, or is gone.
    fn clear(&mut self, agent: AgentId) {
        if self.suspected.remove(&agent) {
            self.suspects.clear(&agent);
            self.tree.heard(agent);
        }
    }
    /// How long a call, or a report, may take.
    fn patience_of_one(&self) -> Duration {
        PER_LEVEL * u32::from(self.tree.levels)
    }
    /// Something was said.
    pub(super) fn on_message(&mut self, from: AgentId, message: Message, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if !self.active || desk.book.get(from).is_none() {
            return;
        }
        self.clear(from);
        if let Message::Report { to, from: reporter, .. } = &message
            && *reporter == from
        {
            self.news.spoke(from, *to, turn.now + self.patience_of_one());
        }
        match message {
            Message::Report { to: None, level, from: reporter, seq, counts, state, .. } => {
                let known = from == reporter && level == self.tree.levels + 1 && self.tree.is_root(from);
                if known && self.inbox.hear(from, seq, state, 1.0, counts, turn.now) {
                    // Of a job that ended, reports are heard before what it makes ready is announced, and that may be more urgent.
                    self.settle = self.settle.or(Some(turn.now));
                }
            }
            Message::Report { to: Some(to), level, from: reporter, seq, counts, state, .. } if from == reporter => {
                let pace = desk.book.get(from).map_or(1.0, |m| m.pace);
                relay(to, Message::Report { to: Some(to), level, from, seq, pace, counts, state }, desk, turn);
            }
            Message::Report { .. } => {} // nobody reports for another
            Message::Delegate(ref call) => {
                let to = call.to;
                if let Some(asked) = self.asked.get_mut(&call.task).filter(|asked| asked.call == call.call) {
                    asked.messages += 2;
                    asked.with = to;
                }
                relay(to, message, desk, turn);
            }
            Message::Nominate { task, call, agent } => self.nominated(task, call, agent, desk, turn),
            Message::NoneAble { task, call, seq } => self.none_able(task, call, seq, desk, turn),
            Message::Orders { .. } | Message::Withdraw { .. } => {}
        }
    }
    fn nominated(&mut self, task: TaskId, call: u64, agent: AgentId, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        let Some(asked) = self.asked.get(&task).filter(|asked| asked.call == call) else { return };
        if desk.has_its_fill(agent) {
            // The lead has yet to hear of what the desk gave it.
            self.order(&[agent], desk, turn);
            return self.none_able(task, call, u64::MAX, desk, turn);
        }
        if !desk.may_have(&asked.open, agent) {
            return self.none_able(task, call, u64::MAX, desk, turn);
        }
        let (messages, lead) = (asked.messages + 1, asked.lead);
        self.take_back(task, desk);
        desk.award_nominee(task, agent, lead, messages, turn);
        self.proceed(desk, turn);
    }
    /// Nobody was found below a lead: it is not asked again before it reports, unless it has since the answer was given.
    fn none_able(&mut self, task: TaskId, call: u64, seq: u64, desk: &mut Desk, turn: &mut Turn<'_, Message>) {
        if self.asked.get(&task).is_some_and(|asked| asked.call == call) {
            if let Some(lead) = self.take_back(task, desk) {
                self.inbox.void(task);
                if !self.inbox.heard_after(lead, seq) {
                    self.inbox.exhausted(lead);
                }
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
