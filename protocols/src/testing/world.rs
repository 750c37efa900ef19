//! The loop of a round table: one event or wake at a time, each a turn of a role, each turn judged.

mod events;
mod nonsense;
mod turns;

use super::body::{Body, Jobs};
use super::ledger::{Entry, Ledger, State};
use super::post::{Letter, Post};
use super::report::{Fate, Report};
use super::table::{Again, Script, Table};
use crate::ids::{AgentId, TaskId};
use crate::profile::Load;
use crate::prospect::{Awaited, Prospect};
use crate::protocol::{Initiator, Participant, Protocol};
use crate::rng::Rng;
use crate::task::{Ended, Outcome, TaskView};
use crate::time::Time;
use crate::turn::{Effect, Reply, Turn, Why};
use core::time::Duration;
use std::sync::Arc;

/// So many wakes at one moment, each asking for another at once, are a wheel that spins.
const MOST_WAKES_AT_ONCE: u32 = 1_000;
/// So many wakes without effect, while nothing else is to come, have no aim.
const MOST_BARREN_WAKES: u32 = 1_000;
/// So many steps without an announcement, award, decline or outcome mean that no end is in sight.
const MOST_STEPS_WITHOUT_PROGRESS: u64 = 300_000;
/// A task refused so often is given up.
const MOST_REFUSALS: u32 = 200;

pub(super) enum Event<M> {
    Script(Script),
    Announce(TaskId),
    Letter(Letter<M>),
    Done(AgentId, u32, TaskId),
    /// The award's number, and how it ended.
    Outcome(TaskId, AgentId, u32, Outcome),
}

struct Seat<P: Protocol> {
    body: Body,
    rng: Rng,
    lives: u32,
    life: Option<(P::Participant, Jobs)>,
}

pub(super) struct World<P: Protocol> {
    protocol: P,
    seed: u64,
    again: Again,
    nonsense: f64,
    late_wakes: Duration,
    late_news: Duration,
    now: Time,
    post: Post<P::Message>,
    seats: Vec<Seat<P>>,
    ledger: Ledger,
    initiator: P::Initiator,
    rng: Rng,
    chaos: Rng,
    effects: Vec<Effect<P::Message>>,
    wakes_at_once: (Time, u32),
    /// In a row, without effect, with nothing else to come.
    barren_wakes: u32,
    steps_without_progress: u64,
    broken_off: bool,
    first_announcement: Option<Time>,
    last_success: Time,
}

impl<P: Protocol> World<P> {
    pub(super) fn new(table: Table<P>) -> World<P> {
        let seed = table.seed;
        let seat = |(index, body)| Seat { body, rng: Rng::numbered(seed, "participant", index as u64), lives: 0, life: None };
        let mut world = World {
            initiator: table.protocol.initiator(),
            protocol: table.protocol,
            seed,
            again: table.again,
            nonsense: table.nonsense,
            late_wakes: table.late_wakes,
            late_news: table.late_news,
            now: Time::ZERO,
            post: Post::new(table.weather, seed, table.nonsense > 0.0),
            seats: table.bodies.into_iter().enumerate().map(seat).collect(),
            ledger: Ledger::default(),
            rng: Rng::new(seed, "initiator"),
            chaos: Rng::new(seed, "chaos"),
            effects: Vec::new(),
            wakes_at_once: (Time::ZERO, 0),
            barren_wakes: 0,
            steps_without_progress: 0,
            broken_off: false,
            first_announcement: None,
            last_success: Time::ZERO,
        };
        for (at, what) in table.script {
            world.post.schedule(at, Event::Script(what));
        }
        for (at, before, view) in table.tasks {
            world.enter(at, &before, view);
        }
        world
    }
    fn enter(&mut self, at: Option<Time>, before: &[TaskId], view: TaskView) {
        let id = view.id;
        let entry = Entry {
            view,
            state: State::Waiting,
            announced: Time::ZERO,
            cancelled: false,
            awards: 0,
            failures: 0,
            refusals: 0,
            blocked_by: before.len(),
            followers: Vec::new(),
            before: before.to_vec(),
            unannounced: before.len(),
            told: false,
        };
        assert!(self.ledger.tasks.insert(id, entry).is_none(), "{id:?} is given to the table twice");
        self.ledger.unsettled += 1;
        for earlier in before {
            let known = self.ledger.tasks.get_mut(earlier);
            known
                .unwrap_or_else(|| panic!("{id:?} comes after {earlier:?}: give that one to the table first"))
                .followers
                .push(id);
        }
        if at.is_some() || before.is_empty() {
            self.post.schedule(at.unwrap_or(Time::ZERO), Event::Announce(id));
        }
    }
    pub(super) fn run(mut self) -> Report {
        while !self.broken_off && self.step() {
            self.steps_without_progress += 1;
            if self.steps_without_progress > MOST_STEPS_WITHOUT_PROGRESS {
                let open = self.ledger.open.len();
                self.break_off(format!("no end is in sight after {MOST_STEPS_WITHOUT_PROGRESS} steps; {open} tasks are open"));
            }
        }
        self.finish()
    }
    fn step(&mut self) -> bool {
        let event = self.post.next();
        let wake = self.next_wake().map(|at| if at <= self.now { self.now } else { at + self.late_wakes });
        match (event, wake) {
            // With nothing open and nothing to come, a wake could only turn a wheel.
            (None, Some(_)) if self.ledger.open.is_empty() => return false,
            (None, None) => return false,
            (Some(at), Some(wake)) if wake < at => _ = self.wake(wake),
            (None, Some(wake)) => {
                let effects = self.wake(wake);
                self.barren_wakes = if effects == 0 { self.barren_wakes + 1 } else { 0 };
                if self.barren_wakes > MOST_BARREN_WAKES {
                    let open = self.ledger.open.len();
                    self.break_off(format!(
                        "no end is in sight: {open} tasks are open, and one wake after the other has no effect"
                    ));
                }
            }
            (Some(_), _) => {
                if let Some((at, event)) = self.post.pop() {
                    self.now = at;
                    self.happen(event);
                    self.maybe_nonsense();
                }
            }
        }
        true
    }
    fn next_wake(&self) -> Option<Time> {
        // A wake at the end of time is none.
        self.initiator.next_wake().filter(|at| *at < Time::MAX)
    }
    fn wake(&mut self, at: Time) -> usize {
        self.wakes_at_once = if self.wakes_at_once.0 == at { (at, self.wakes_at_once.1 + 1) } else { (at, 1) };
        self.now = at;
        self.ledger.report.wakes += 1;
        let effects = self.turn(|initiator, turn| initiator.on_wake(turn));
        if self.wakes_at_once.1 > MOST_WAKES_AT_ONCE {
            self.break_off(format!("`next_wake` stays in the past after {MOST_WAKES_AT_ONCE} wakes at one moment"));
        }
        effects
    }
    fn break_off(&mut self, sentence: String) {
        self.ledger.violation(self.now, sentence);
        self.broken_off = true;
    }
    fn finish(mut self) -> Report {
        if !self.broken_off {
            for task in self.ledger.open.clone() {
                self.ledger.violation(self.now, format!("{task:?} was never decided"));
            }
        }
        let mut report = self.ledger.report;
        for (task, entry) in self.ledger.tasks {
            let fate = match entry.state {
                State::Settled(fate) => fate,
                State::Waiting if !self.broken_off => Fate::Skipped,
                _ => Fate::Unsettled,
            };
            report.tasks.insert(task, fate);
        }
        report.makespan = self.last_success.since(self.first_announcement.unwrap_or(Time::ZERO));
        report.messages = self.post.messages;
        report.sometimes.losses = report.messages.lost;
        report.sometimes.repeats = report.messages.repeated;
        report.sometimes.overtaken = self.post.overtaken;
        report
    }
}
