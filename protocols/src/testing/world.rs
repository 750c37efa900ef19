//! The loop of a round table: one event or wake at a time, each a turn of a role, each turn judged.

use super::body::{Body, Jobs};
use super::ledger::{Entry, Ledger, State};
use super::post::{Letter, Post};
use super::report::{Fate, Report};
use super::table::{Again, Script, Table};
use crate::ids::{AgentId, TaskId};
use crate::profile::Load;
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

/// What happens.
impl<P: Protocol> World<P> {
    fn happen(&mut self, event: Event<P::Message>) {
        match event {
            Event::Script(Script::Join(agent)) => self.join(agent),
            Event::Script(Script::Leave(agent)) => self.leave(agent),
            Event::Script(Script::Withdraw(task)) => self.withdraw(task),
            Event::Script(Script::Rebuild) => self.rebuild(),
            Event::Announce(task) => self.announce(task),
            Event::Letter(letter) => self.deliver(letter),
            Event::Done(agent, life, task) => self.done(agent, life, task),
            Event::Outcome(task, agent, award, outcome) => self.outcome(task, agent, award, outcome),
        }
    }
    fn join(&mut self, agent: AgentId) {
        let Some(seat) = self.seats.get_mut(agent.index()).filter(|seat| seat.life.is_none()) else { return };
        let profile = seat.body.profile.clone();
        seat.life = Some((self.protocol.participant(agent, &profile), Jobs::default()));
        seat.lives += 1;
        self.ledger.report.sometimes.rejoins += u64::from(seat.lives > 1);
        self.ledger.present.insert(agent, profile.clone());
        self.turn(|initiator, turn| initiator.on_join(agent, &profile, turn));
    }
    fn leave(&mut self, agent: AgentId) {
        if self.seats.get_mut(agent.index()).and_then(|seat| seat.life.take()).is_none() {
            return;
        }
        let held = self.ledger.held_tasks(agent);
        let sometimes = &mut self.ledger.report.sometimes;
        sometimes.leaves += 1;
        sometimes.leaves_while_open += u64::from(!self.ledger.open.is_empty());
        sometimes.leaves_while_held += u64::from(!held.is_empty());
        self.ledger.present.remove(&agent);
        for task in held {
            let late = self.late_news.mul_f64(self.chaos.unit());
            let award = self.ledger.tasks[&task].awards;
            let lost = Outcome::new(Ended::Lost, Duration::ZERO);
            self.post.schedule(self.now + late, Event::Outcome(task, agent, award, lost));
        }
        self.turn(|initiator, turn| initiator.on_leave(agent, turn));
        self.ledger.judge_hopeless(self.now);
    }
    fn announce(&mut self, task: TaskId) {
        let Some(entry) = self.ledger.tasks.get_mut(&task).filter(|entry| entry.state == State::Waiting) else { return };
        entry.announced = self.now;
        let view = entry.view.clone();
        self.first_announcement.get_or_insert(self.now);
        self.steps_without_progress = 0;
        self.ledger.set(task, State::Open);
        self.turn(|initiator, turn| initiator.on_task(&view, turn));
        if self.ledger.open.contains(&task) {
            self.ledger.report.sometimes.lingered += 1;
            self.ledger.judge_hopeless(self.now);
        }
    }
    fn withdraw(&mut self, task: TaskId) {
        match self.ledger.tasks.get(&task).map(|entry| entry.state.clone()) {
            Some(State::Waiting) => self.settle(task, Fate::Withdrawn),
            Some(State::Open) => {
                self.ledger.report.sometimes.withdrawals_while_open += 1;
                self.settle(task, Fate::Withdrawn);
                self.turn(|initiator, turn| initiator.on_withdraw(task, turn));
            }
            Some(State::Held(agent)) => self.cancel(task, agent),
            Some(State::Settled(_)) | None => {}
        }
    }
    fn cancel(&mut self, task: TaskId, agent: AgentId) {
        self.ledger.report.sometimes.withdrawals_while_held += 1;
        let entry = self.ledger.tasks.get_mut(&task).expect("it is held");
        entry.cancelled = true;
        let award = entry.awards;
        let job = self.seats[agent.index()].life.as_mut().and_then(|(_, jobs)| jobs.remove(task));
        // Without a job its outcome is already under way.
        if let Some(job) = job {
            self.start_jobs(agent);
            self.outcome(task, agent, award, Outcome::new(Ended::Cancelled, job.took(self.now)));
        }
    }
    /// The initiator dies and is rebuilt: what it knew of members and open tasks is gone, what it saved is not.
    fn rebuild(&mut self) {
        let mut memory = self.initiator.save();
        memory.set("testing/an entry that no protocol knows", [f64::NAN, -1.0]);
        self.initiator = self.protocol.initiator();
        self.initiator.restore(&memory);
        let sometimes = &mut self.ledger.report.sometimes;
        sometimes.rebuilds += 1;
        sometimes.rebuilds_while_open += u64::from(!self.ledger.open.is_empty());
        // No task waits on the new one yet, so none may be judged as waiting.
        let open: Vec<TaskId> = self.ledger.open.iter().copied().collect();
        for task in &open {
            self.ledger.set(*task, State::Waiting);
        }
        for (agent, profile) in self.ledger.present.clone() {
            self.turn(|initiator, turn| initiator.on_join(agent, &profile, turn));
        }
        for task in open {
            self.announce(task);
        }
    }
    fn done(&mut self, agent: AgentId, life: u32, task: TaskId) {
        let seat = &mut self.seats[agent.index()];
        if seat.lives != life {
            return;
        }
        let Some(job) = seat.life.as_mut().and_then(|(_, jobs)| jobs.remove(task)) else { return };
        self.start_jobs(agent);
        let ended = if job.fails { Ended::Failed } else { Ended::Succeeded };
        let award = self.ledger.tasks[&task].awards;
        self.outcome(task, agent, award, Outcome::new(ended, job.took(self.now)));
    }
    fn start_jobs(&mut self, agent: AgentId) {
        let Seat { body, lives, life: Some((_, jobs)), .. } = &mut self.seats[agent.index()] else { return };
        while let Some((task, ends)) = jobs.start(body, self.now) {
            self.post.schedule(ends, Event::Done(agent, *lives, task));
        }
    }
    fn load(&self, agent: AgentId) -> Load {
        let life = self.seats.get(agent.index()).and_then(|seat| seat.life.as_ref());
        life.map_or(Load::default(), |(_, jobs)| jobs.load(self.now))
    }
    fn outcome(&mut self, task: TaskId, agent: AgentId, award: u32, mut outcome: Outcome) {
        let is_its = |entry: &Entry| entry.state == State::Held(agent) && entry.awards == award;
        if !self.ledger.tasks.get(&task).is_some_and(is_its) {
            return;
        }
        self.steps_without_progress = 0;
        outcome.load = if outcome.ended == Ended::Lost { Load::default() } else { self.load(agent) };
        self.ledger.set(task, State::Waiting);
        if !matches!(outcome.ended, Ended::Refused | Ended::Lost) {
            let kind = self.ledger.tasks[&task].view.demand.kind.clone();
            self.reply(agent, |participant, reply| participant.on_outcome(task, &kind, &outcome, reply));
        }
        self.turn(|initiator, turn| initiator.on_outcome(task, agent, &outcome, turn));
        self.conclude(task, agent, outcome.ended);
    }
    /// Whether again: the part that a task's lifecycle plays in the runtime.
    fn conclude(&mut self, task: TaskId, agent: AgentId, ended: Ended) {
        let again = self.again;
        let sometimes = &mut self.ledger.report.sometimes;
        let entry = self.ledger.tasks.get_mut(&task).expect("it has an outcome");
        let mut avoid = false;
        match ended {
            Ended::Succeeded => {
                self.last_success = self.now;
                return self.settle(task, Fate::Done { agent, at: self.now });
            }
            Ended::Failed => {
                sometimes.failures += 1;
                entry.failures += 1;
                avoid = true;
            }
            Ended::Refused => {
                sometimes.refusals += 1;
                entry.refusals += 1;
                avoid = again.avoid_refusers;
            }
            Ended::Cancelled | Ended::Lost => {}
        }
        if entry.cancelled || ended == Ended::Cancelled {
            return self.settle(task, Fate::Withdrawn);
        }
        if entry.failures >= again.attempts || entry.refusals >= MOST_REFUSALS {
            return self.settle(task, Fate::Failed);
        }
        self.announce_again(task, avoid.then_some(agent));
    }
    fn announce_again(&mut self, task: TaskId, avoid: Option<AgentId>) {
        let entry = self.ledger.tasks.get_mut(&task).expect("it was announced before");
        entry.view.attempt += 1;
        if let Some(agent) = avoid.filter(|agent| !entry.view.avoids(*agent)) {
            entry.view.avoid = entry.view.avoid.iter().copied().chain([agent]).collect::<Arc<[AgentId]>>();
        }
        let pause = self.again.pause.saturating_mul((1u32 << entry.refusals.min(7)).min(100));
        self.post.schedule(self.now + pause, Event::Announce(task));
    }
    /// A task is settled; what comes after it is announced if it was done, and else skipped at the end.
    fn settle(&mut self, task: TaskId, fate: Fate) {
        let done = matches!(fate, Fate::Done { .. });
        self.ledger.set(task, State::Settled(fate));
        let followers = self.ledger.tasks[&task].followers.clone();
        for follower in followers.into_iter().filter(|_| done) {
            let entry = self.ledger.tasks.get_mut(&follower).expect("a follower is known");
            entry.blocked_by -= 1;
            if entry.blocked_by == 0 {
                self.post.schedule(self.now, Event::Announce(follower));
            }
        }
    }
}

/// Turns of the roles.
impl<P: Protocol> World<P> {
    fn turn(&mut self, act: impl FnOnce(&mut P::Initiator, &mut Turn<'_, P::Message>)) -> usize {
        let mut effects = std::mem::take(&mut self.effects);
        act(&mut self.initiator, &mut Turn::new(self.now, &mut self.rng, &mut effects));
        let count = effects.len();
        for effect in effects.drain(..) {
            self.perform(effect);
        }
        self.effects = effects;
        self.look_for_stuck();
        count
    }
    fn look_for_stuck(&mut self) {
        if !self.ledger.open.is_empty() && self.post.under_way() == 0 && self.next_wake().is_none() {
            self.broken_off |= self.ledger.judge_stuck(self.now);
        }
    }
    fn perform(&mut self, effect: Effect<P::Message>) {
        match effect {
            Effect::Send(to, message) => self.post.send_to_agent(self.now, to, message),
            Effect::Decline(task, why) => self.decline(task, why),
            Effect::Assign(task, agent, decision) => {
                if decision.protocol != P::NAME {
                    let sentence = format!("the decision on {task:?} says protocol {:?}, not {:?}", decision.protocol, P::NAME);
                    self.ledger.violation(self.now, sentence);
                }
                if let Some(fit) = self.ledger.judge_award(task, agent, &decision, self.now) {
                    self.ledger.note_award(task, agent, *decision, self.now);
                    self.steps_without_progress = 0;
                    self.give(task, agent, fit);
                }
            }
        }
    }
    fn give(&mut self, task: TaskId, agent: AgentId, fit: f64) {
        self.ledger.set(task, State::Held(agent));
        let entry = self.ledger.tasks.get_mut(&task).expect("it was open");
        entry.awards += 1;
        let (view, award) = (entry.view.clone(), entry.awards);
        let Seat { body, life: Some((_, jobs)), .. } = &mut self.seats[agent.index()] else { return };
        let job = body.job(&view, fit, self.seed);
        if jobs.take(body, job) {
            self.start_jobs(agent);
        } else {
            // At this moment, but not within this turn.
            let refused = Outcome::new(Ended::Refused, Duration::ZERO);
            self.post.schedule(self.now, Event::Outcome(task, agent, award, refused));
        }
    }
    fn decline(&mut self, task: TaskId, why: Why) {
        if !self.ledger.judge_decline(task, &why, self.now) {
            return;
        }
        self.steps_without_progress = 0;
        self.ledger.report.sometimes.declines += 1;
        self.ledger.report.declines.push((task, self.now, why.clone()));
        let entry = self.ledger.tasks.get_mut(&task).expect("it is open");
        entry.failures += 1;
        if why == Why::NobodyAble || entry.failures >= self.again.attempts {
            self.settle(task, Fate::Declined(why));
        } else {
            self.ledger.set(task, State::Waiting);
            self.announce_again(task, None);
        }
    }
    fn deliver(&mut self, letter: Letter<P::Message>) {
        match letter {
            Letter::ToAgent(agent, message) => {
                self.reply(agent, |participant, reply| participant.on_message(message, reply));
                // A letter that nobody answers may have been the last hope of a task.
                self.look_for_stuck();
            }
            Letter::ToInitiator(from, message) => {
                self.turn(|initiator, turn| initiator.on_message(from, message, turn));
            }
        }
    }
    fn reply(&mut self, agent: AgentId, act: impl FnOnce(&mut P::Participant, &mut Reply<'_, P::Message>)) {
        let load = self.load(agent);
        let Some(seat) = self.seats.get_mut(agent.index()) else { return };
        let Some((participant, _)) = seat.life.as_mut() else { return };
        let mut said = Vec::new();
        act(participant, &mut Reply::new(self.now, load, &mut seat.rng, &mut said));
        for message in said {
            self.post.send_to_initiator(self.now, agent, message);
        }
    }
}

/// Nonsense: what a coordinator may hear though it should not.
impl<P: Protocol> World<P> {
    fn maybe_nonsense(&mut self) {
        if !self.chaos.chance(self.nonsense) {
            return;
        }
        match self.chaos.below(4) {
            0 => self.spurious_wake(),
            1 => self.withdraw_what_is_not_open(),
            2 => {
                let Some((_, message)) = self.post.recall_to_initiator(&mut self.chaos) else { return };
                let stranger = self.chaos.chance(0.5);
                let from = if stranger { u32::MAX - 1 } else { self.chaos.below(self.seats.len()) as u32 };
                self.ledger.report.sometimes.nonsense += 1;
                let effects = self.turn(|initiator, turn| initiator.on_message(AgentId(from), message, turn));
                if stranger && effects > 0 {
                    self.ledger.violation(self.now, format!("a message of a stranger had {effects} effects"));
                }
            }
            _ => {
                let Some((_, message)) = self.post.recall_to_agent(&mut self.chaos) else { return };
                let to = AgentId(self.chaos.below(self.seats.len()) as u32);
                self.ledger.report.sometimes.nonsense += 1;
                self.reply(to, |participant, reply| participant.on_message(message, reply));
            }
        }
    }
    fn spurious_wake(&mut self) {
        if self.initiator.next_wake().is_some_and(|at| at <= self.now) {
            return;
        }
        self.ledger.report.sometimes.spurious_wakes += 1;
        let effects = self.turn(|initiator, turn| initiator.on_wake(turn));
        if effects > 0 {
            self.ledger.violation(self.now, format!("a wake that was not asked for had {effects} effects"));
        }
    }
    fn withdraw_what_is_not_open(&mut self) {
        let at = self.chaos.below(self.ledger.tasks.len());
        let closed = |entry: &Entry| matches!(entry.state, State::Settled(_) | State::Held(_));
        let task = self.ledger.tasks.iter().nth(at).filter(|(_, entry)| closed(entry)).map(|(task, _)| *task);
        if let Some(task) = task {
            self.ledger.report.sometimes.nonsense += 1;
            self.turn(|initiator, turn| initiator.on_withdraw(task, turn));
        }
    }
}
