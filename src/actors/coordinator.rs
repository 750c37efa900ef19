//! The coordinator's actor: one per team and strategy, carrying the protocol's initiator across runs.

use super::book::{Book, Knock, Member, Open, Pages};
use super::messages::{AgentMail, CoordinatorMail, SupervisorMail, TaskMail, ToTask};
use super::pools::Queues;
use super::{AgentActor, Award, Inquiry, SupervisorActor, panics};
use crate::event::{Governance, RunId, Standing, What};
use crate::mutation::planted;
use crate::registry::{AnyInitiator, AnyTurn, Talk, Told};
use crate::supervision::Exit;
use crate::world::{Alarm, InTurn, Letter, Mail, Wire, World};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use polity_protocols::{AgentId, Decision, Effect, Name, Outcome, Profile, Rng, TaskId, TaskView, Time, Why};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How long a task waits for somebody who is coming back, before it is declined: what keeps dying does not keep a run from its end.
const PARKED_AT_MOST: Duration = Duration::from_secs(60);

/// Outcomes between two savings of what a protocol has learned: as many as it has learned things, if those are more.
const SAVE_EVERY: usize = 256;

/// One life of a coordinator.
pub(crate) struct CoordinatorActor {
    pub(super) world: Rc<World>,
    pub(super) book: Rc<Book>,
    epoch: u32,
    incarnation: u64,
    supervisor: Addr<SupervisorActor>,
    initiator: Box<dyn AnyInitiator>,
    rng: Rng,
    /// A buffer, so that a turn allocates nothing.
    effects: Vec<Effect<Talk>>,
    /// More of this moment is to be told: mail in the inbox, or tasks that are let in.
    more: bool,
    alarm: Alarm,
    /// Outcomes since its memory was saved, and after how many it is saved next.
    unsaved: usize,
    save_after: usize,
    /// Agents that are expected and have never lived, as far as this life of the coordinator has heard. Until they do, tasks wait: a choice among
    /// those who happened to be born first would be a poor one.
    unborn: usize,
    /// What the elastic pools were told.
    queues: Queues,
    exit: Option<Exit>,
    in_turn: InTurn,
}

impl CoordinatorActor {
    pub(crate) fn new(world: Rc<World>, book: Rc<Book>, incarnation: u64, supervisor: Addr<SupervisorActor>) -> CoordinatorActor {
        let epoch = {
            let mut pages = book.pages.borrow_mut();
            pages.epoch += 1;
            pages.epoch
        };
        let label = format!("coordinator/{}/{}", book.id.0, book.government.name());
        CoordinatorActor {
            rng: Rng::numbered(world.seed(), &label, u64::from(epoch)),
            initiator: book.government.initiator(),
            in_turn: InTurn::first(&world),
            world,
            book,
            epoch,
            incarnation,
            supervisor,
            effects: Vec::new(),
            more: false,
            alarm: Alarm::default(),
            unsaved: 0,
            save_after: SAVE_EVERY,
            unborn: 0,
            queues: Queues::default(),
            exit: None,
        }
    }

    fn take(&mut self, mail: CoordinatorMail, context: &mut Context<CoordinatorActor>) {
        match mail {
            CoordinatorMail::Announce { view, addr } => {
                let parked = (self.unborn > 0).then(|| self.world.now());
                let tell = parked.is_none().then(|| view.clone());
                let mut pages = self.book.pages.borrow_mut();
                pages.account.announced(view.id.run());
                pages.open.insert(view.id, Open { view, told: None, addr, parked });
                drop(pages);
                if let Some(view) = tell {
                    self.tell(view);
                }
            }
            CoordinatorMail::Outcome { task, demand, agent, outcome } => self.ended(task, demand, agent, &outcome),
            CoordinatorMail::Judged(judged) => self.turn(Told::Judged(&judged)),
            CoordinatorMail::Breaker { kind, agent } => self.half_open(kind, agent),
            CoordinatorMail::Talk { from, epoch, talk } => {
                if epoch == self.epoch || planted("forget_the_epoch") {
                    self.world.count_talk();
                    self.book.pages.borrow_mut().account.message(|| talk.bytes());
                    self.turn(Told::Message(from, talk));
                } else {
                    self.world.ignore();
                }
            }
            CoordinatorMail::Freed { agent } => {
                let here = self.book.pages.borrow().members.get(&agent).is_some_and(|member| member.addr.is_some());
                if here {
                    self.turn(Told::Free(agent));
                }
            }
            CoordinatorMail::Wake => {
                self.alarm.rang();
                self.turn(Told::Wake);
            }
            CoordinatorMail::Withdraw { task } => {
                let open = self.book.pages.borrow_mut().open.remove(&task);
                if open.is_some_and(|open| open.parked.is_none()) {
                    self.turn(Told::Withdraw(task));
                }
            }
            CoordinatorMail::Join { agent, incarnation, profile, addr } => self.join(agent, incarnation, profile, addr),
            CoordinatorMail::Leave { agent, incarnation, for_good } => self.leave(agent, incarnation, for_good),
            CoordinatorMail::Overdue { task, since } => self.overdue(task, since),
            CoordinatorMail::Report(inquiry) => self.report(inquiry),
            CoordinatorMail::Stop => {
                self.exit = Some(Exit::Normal);
                context.stop();
            }
        }
    }

    /// One turn of the initiator, and what it asks for.
    pub(super) fn turn(&mut self, told: Told<'_>) {
        let now = self.world.now();
        let mut effects = std::mem::take(&mut self.effects);
        self.initiator.take(told, AnyTurn { now, more: self.more, rng: &mut self.rng, effects: &mut effects });
        let mut stale = Vec::new();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(agent, talk) => self.say(agent, talk),
                Effect::Assign(task, agent, decision) => {
                    if !self.award(task, agent, decision) {
                        stale.push((task, agent));
                    }
                }
                Effect::Decline(task, why) => self.decline(task, &why),
            }
        }
        self.effects = effects;
        self.take_back(stale);
    }
    /// After its turns of a moment: to be woken when the initiator wants that.
    fn set_alarm(&mut self) {
        self.alarm.set(self.initiator.next_wake(), &self.world, || Letter::Coordinator(self.book.clone(), CoordinatorMail::Wake));
    }
    fn say(&self, agent: AgentId, talk: Talk) {
        let mut pages = self.book.pages.borrow_mut();
        let addr = pages.members.get(&agent).and_then(|member| member.addr.clone());
        if let Some(addr) = addr {
            self.world.count_talk();
            pages.account.message(|| talk.bytes());
            drop(pages);
            let mail = AgentMail::Talk { coordinator: self.book.id, epoch: self.epoch, talk };
            self.world.post(agent, Letter::Agent(addr, mail));
        }
    }
    /// False if it is to be taken back, since the agent's breaker has opened meanwhile.
    fn award(&self, task: TaskId, agent: AgentId, decision: Arc<Decision>) -> bool {
        let mut pages = self.book.pages.borrow_mut();
        let Some(open) = pages.open.remove(&task) else {
            self.world.ignore();
            return true;
        };
        if self.is_stale(&pages, &open.view, open.told.as_ref(), agent) {
            pages.open.insert(task, open);
            return false;
        }
        let Some(member) = pages.members.get(&agent) else {
            // No protocol that passes the suite awards to a stranger; the task must not vanish even so.
            self.park(&mut pages, task, open);
            self.world.ignore();
            return true;
        };
        let fit = open.view.demand.fit(agent, &member.profile).unwrap_or(1.0);
        let Some(addr) = member.addr.clone() else {
            self.park(&mut pages, task, open);
            self.world.ignore();
            return true;
        };
        pages.account.decided(task.run(), &decision);
        let demand = open.view.demand.id;
        if let Some(kind) = Some(demand).filter(|_| pages.breakers.any_tripped()).and_then(|demand| self.world.kind_of(demand)) {
            pages.breakers.given(kind, agent, task, self.world.now());
        }
        drop(pages);
        if planted("award_twice") {
            let decision = Some(decision.clone());
            let award = Award { agent, addr: Some(addr.clone()), fit, task, demand, decision, coordinator: self.book.id };
            self.world.send(Letter::Task(open.addr.clone(), ToTask { task, word: TaskMail::Assigned(award) }));
        }
        let award = Award { agent, addr: Some(addr), fit, task, demand, decision: Some(decision), coordinator: self.book.id };
        self.world.send(Letter::Task(open.addr, ToTask { task, word: TaskMail::Assigned(award) }));
        true
    }
    /// Nobody will do it; but if somebody who is able is only dead for a while, it waits for that one.
    fn decline(&mut self, task: TaskId, why: &Why) {
        let mut pages = self.book.pages.borrow_mut();
        let Some(open) = pages.open.remove(&task) else { return self.world.ignore() };
        let comes_back =
            |(id, member): (&AgentId, &Member)| member.addr.is_none() && open.view.demand.fit(*id, &member.profile).is_some();
        if pages.members.iter().any(comes_back) {
            return self.park(&mut pages, task, open);
        }
        pages.account.declined(task.run());
        drop(pages);
        self.world.send(Letter::Task(open.addr, ToTask { task, word: TaskMail::Declined { why: why.to_string().into() } }));
    }
    fn park(&self, pages: &mut Pages, task: TaskId, open: Open) {
        let since = self.world.now();
        pages.open.insert(task, Open { parked: Some(since), ..open });
        let mail = CoordinatorMail::Overdue { task, since };
        self.world.alarm(since + PARKED_AT_MOST, Letter::Coordinator(self.book.clone(), mail));
    }
    /// A task that has been parked for too long is declined for good.
    fn overdue(&mut self, task: TaskId, since: Time) {
        let mut pages = self.book.pages.borrow_mut();
        if pages.open.get(&task).is_none_or(|open| open.parked != Some(since)) {
            return; // awarded, withdrawn or parked anew meanwhile
        }
        let Some(open) = pages.open.remove(&task) else { return };
        drop(pages);
        let why = format!("every agent that is able to do it has been down for {} s", PARKED_AT_MOST.as_secs());
        self.world.send(Letter::Task(open.addr, ToTask { task, word: TaskMail::Declined { why: why.into() } }));
    }
    /// Closes the books of a run: what it cost, how everybody stands, what was learned.
    fn report(&mut self, inquiry: Inquiry) {
        let mut pages = self.book.pages.borrow_mut();
        let expense = pages.account.close(inquiry.run);
        pages.memory = self.initiator.save();
        let figures = |agent: AgentId| -> Vec<(Name, f64)> {
            self.initiator.standing(agent).into_iter().filter(|(_, n)| n.is_finite()).map(|(name, n)| (name.into(), n)).collect()
        };
        let standings = pages.members.keys().take(Governance::STANDINGS);
        let standings = standings.map(|agent| Standing { agent: *agent, figures: figures(*agent) });
        let nanos = |share| u64::try_from(expense.latency(share).as_nanos()).unwrap_or(u64::MAX);
        let governance = Governance {
            team: self.book.team().cloned(),
            strategy: self.book.government.name().into(),
            decisions: expense.decisions,
            declined: expense.declined,
            rounds: expense.rounds,
            messages: expense.messages,
            bytes: expense.bytes,
            latency_p50_ns: nanos(0.5),
            latency_p99_ns: nanos(0.99),
            standings: standings.filter(|standing| !standing.figures.is_empty()).collect(),
        };
        drop(pages);
        inquiry.answer(governance);
    }
    pub(super) fn learn(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome) {
        self.turn(Told::Outcome(task, agent, outcome));
        self.unsaved += 1;
        if self.unsaved >= self.save_after {
            let memory = self.initiator.save();
            (self.unsaved, self.save_after) = (0, SAVE_EVERY.max(memory.len()));
            self.book.pages.borrow_mut().memory = memory;
        }
    }

    fn join(&mut self, agent: AgentId, incarnation: u64, profile: Arc<Profile>, addr: Wire<AgentActor>) {
        let known = self.book.pages.borrow().members.get(&agent).map(|m| (m.incarnation, m.addr.is_some()));
        if known.is_some_and(|(known, alive)| known > incarnation || (known == incarnation && alive)) {
            return; // heard of in two ways
        }
        self.invite(&addr);
        if known.is_some_and(|(_, alive)| alive) {
            self.turn(Told::Leave(agent));
        }
        let member = Member { profile: profile.clone(), incarnation, addr: Some(addr) };
        self.book.pages.borrow_mut().members.insert(agent, member);
        self.turn(Told::Join(agent, &profile));
        self.hear_of(known.map(|(incarnation, _)| incarnation));
        if self.unborn == 0 && !planted("leave_what_is_parked") {
            self.unpark(|view| view.demand.fit(agent, &profile).is_some());
        }
    }
    /// An agent was heard of, whose life before was `incarnation`; with the last of the unborn, tasks are let in.
    fn hear_of(&mut self, incarnation: Option<u64>) {
        if incarnation == Some(0) && self.unborn > 0 {
            self.unborn -= 1;
            if self.unborn == 0 {
                self.unpark(|_| true);
            }
        }
    }
    fn invite(&self, addr: &Wire<AgentActor>) {
        let (coordinator, government) = (self.book.id, self.book.government.clone());
        let mail = AgentMail::Invite { coordinator, epoch: self.epoch, government };
        self.world.send(Letter::Agent(addr.clone(), mail));
    }
    fn leave(&mut self, agent: AgentId, incarnation: u64, for_good: bool) {
        let mut pages = self.book.pages.borrow_mut();
        let Some(member) = pages.members.get_mut(&agent).filter(|member| member.incarnation <= incarnation) else {
            drop(pages);
            return self.world.ignore();
        };
        let was_alive = member.addr.take().is_some();
        let before = std::mem::replace(&mut member.incarnation, incarnation.clamp(1, u64::MAX - 1));
        if for_good {
            pages.members.remove(&agent);
        }
        drop(pages);
        if was_alive {
            self.turn(Told::Leave(agent));
        }
        self.hear_of(Some(before));
        if for_good && self.unborn == 0 {
            self.unpark(|_| true); // whoever waited for it is declined now, or given to somebody else
        }
    }
    /// Tells the initiator again of parked tasks, the most urgent first: each may be awarded at once, but who looks at a moment as a whole waits for the last.
    fn unpark(&mut self, which: impl Fn(&TaskView) -> bool) {
        let mut views = Vec::new();
        for open in self.book.pages.borrow_mut().open.values_mut().filter(|open| open.parked.is_some() && which(&open.view)) {
            open.parked = None;
            views.push(open.view.clone());
        }
        views.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        // All of them at one moment: it is looked at as a whole.
        let (more, last) = (self.more, views.len().saturating_sub(1));
        for (at, view) in views.into_iter().enumerate() {
            self.more = more || at < last;
            self.tell(view);
        }
        self.more = more;
    }
    /// A new life takes up what the last one left: what was learned, who is there, what is open, what is in the inbox.
    fn rise(&mut self, context: &mut Context<CoordinatorActor>) {
        let memory = self.book.pages.borrow().memory.clone();
        self.initiator.restore(&memory);
        // Whoever lives is heard of again at once. The others are expected (back): those who have never lived are waited for, and what only those
        // can do who are down.
        let mut expected = self.world.directory.expected();
        expected.retain(|(_, profile)| self.book.admits(profile));
        let has_lived = |id: AgentId| self.world.directory.has_lived(id);
        let absent = |(id, profile)| (id, Member { profile, incarnation: u64::from(has_lived(id)), addr: None });
        // One more, until all who live have been heard of: each may be the best for what is open.
        self.unborn = 1 + expected.iter().filter(|(id, _)| !has_lived(*id)).count();
        self.book.pages.borrow_mut().members = expected.into_iter().map(absent).collect();
        if planted("forget_what_was_open") {
            self.book.pages.borrow_mut().open.clear();
        }
        for open in self.book.pages.borrow_mut().open.values_mut() {
            open.parked = Some(self.world.now());
        }
        let mut living = self.world.directory.agents();
        living.retain(|seat| self.book.admits(&seat.profile));
        for seat in living {
            self.join(seat.id, seat.incarnation, seat.profile, seat.addr);
        }
        self.hear_of(Some(0));
        let me = context.address();
        if !self.book.inbox.borrow().is_empty() {
            me.do_send(Mail { body: Knock, ticket: self.world.ticket() });
        }
        self.book.addr.replace(Some(me));
    }
}

impl Actor for CoordinatorActor {
    type Context = Context<CoordinatorActor>;

    fn started(&mut self, context: &mut Self::Context) {
        let _quiet = panics::contain();
        self.world.tick();
        self.rise(context);
        self.set_alarm();
        self.in_turn.end(context.state());
    }
}
impl Handler<Mail<Knock>> for CoordinatorActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<Knock>, context: &mut Self::Context) {
        self.in_turn.begin(mail.ticket);
        let _quiet = panics::contain();
        self.world.tick();
        // Taken out first: mail that makes a life panic shall not kill the next one too.
        while let Some(next) = self.book.next_mail() {
            self.more = self.book.has_mail();
            self.take(next, context);
        }
        self.set_alarm();
        if !self.world.directory.pools().is_empty() {
            let pages = self.book.pages.borrow();
            self.queues.tell(&self.world, self.book.id, &pages.open);
        }
        self.in_turn.end(context.state());
    }
}
impl Drop for CoordinatorActor {
    /// Nothing here may panic.
    fn drop(&mut self) {
        self.alarm.silence(&self.world);
        let addr = self.book.addr.take();
        drop(addr);
        let exit = match self.exit.take() {
            Some(exit) => exit,
            None if std::thread::panicking() => Exit::Panic(panics::reason()),
            None => Exit::Killed,
        };
        if exit == Exit::Normal {
            self.book.close();
        } else {
            let reason = exit.to_string().into();
            let strategy = self.book.government.name().into();
            self.world.record(RunId::SOCIETY, What::CoordinatorLost { strategy, epoch: self.epoch, reason });
        }
        let mail = SupervisorMail::Exited { child: self.book.child, incarnation: self.incarnation, exit };
        self.world.send(Letter::Supervisor(self.supervisor.clone(), mail));
    }
}
