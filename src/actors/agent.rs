//! The agent's actor: its body, its seats in the teams, its jobs.

mod virtual_work;

pub(crate) use virtual_work::seed_of_job;

use super::jobs::{Held, Jobs, Stage, carry};
use super::listen::Ears;
use super::messages::{AgentMail, CoordinatorMail, Finished, SupervisorMail};
use super::task::reach;
use super::{Blueprint, Book, Claim, CoordinatorId, SupervisorActor, panics};
use crate::event::{RunId, What};
use crate::mutation::planted;
use crate::registry::{AnyParticipant, AnyReply, Government, Talk};
use crate::supervision::Exit;
use crate::world::{Desk, InTurn, Letter, Mail, Wire, World};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use polity_agents::{Body, CancelToken, Context as JobContext, Executed, Executors, Job, JobId, Offer, SharedAgent, Work, share};
use polity_protocols::{Ended, Outcome, Rng};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

/// One life of an agent.
pub(crate) struct AgentActor {
    pub(super) world: Rc<World>,
    pub(super) blueprint: Rc<Blueprint>,
    pub(super) incarnation: u64,
    supervisor: Addr<SupervisorActor>,
    /// Itself; the strong ones are others', so that it can end.
    me: Weak<Addr<AgentActor>>,
    pub(super) body: Body,
    /// In order of id. As many as slots and queue allow: a short list, and no tree whose nodes come and go with each job.
    pub(super) held: Jobs,
    /// Cancels that overtook their jobs. A job is offered once, so that each entry is used or outlives its use by a few bytes; bounded.
    overtaken: BTreeSet<JobId>,
    seats: BTreeMap<CoordinatorId, Seat>,
    /// The user's agent of this life.
    pub(super) own: Option<SharedAgent>,
    /// How it hears letters.
    pub(super) ears: Ears,
    /// A buffer, so that talk allocates nothing.
    said: Vec<Talk>,
    /// How this life ends, once that is known.
    pub(super) exit: Option<Exit>,
    /// How long it stays down when it has ended.
    pub(super) down: Duration,
    pub(super) stopping: bool,
    /// What its pool was last told that it holds: running, queued.
    told: (u32, u32),
    in_turn: InTurn,
}

/// Cancels remembered at most.
const OVERTAKEN: usize = 1024;

/// The agent's place in one team.
struct Seat {
    epoch: u32,
    book: Rc<Book>,
    participant: Box<dyn AnyParticipant>,
    rng: Rng,
}

impl AgentActor {
    pub(crate) fn new(
        world: Rc<World>,
        blueprint: Rc<Blueprint>,
        incarnation: u64,
        supervisor: Addr<SupervisorActor>,
    ) -> AgentActor {
        let body = Body::new(blueprint.profile.slots, blueprint.queue);
        let in_turn = InTurn::first(&world);
        let seed = Rng::derive(Rng::derive(world.seed(), !u64::from(blueprint.id.0)), incarnation);
        let ears = Ears::new(Desk::new(world.clone(), blueprint.inbox.clone(), incarnation), seed);
        AgentActor {
            ears,
            world,
            blueprint,
            incarnation,
            supervisor,
            me: Weak::new(),
            body,
            held: Jobs::default(),
            overtaken: BTreeSet::new(),
            seats: BTreeMap::new(),
            own: None,
            said: Vec::new(),
            exit: None,
            down: Duration::ZERO,
            stopping: false,
            told: (0, 0),
            in_turn,
        }
    }

    fn take(&mut self, mail: AgentMail, context: &mut Context<AgentActor>) {
        match mail {
            AgentMail::Invite { coordinator, epoch, government } => self.sit(coordinator, epoch, &government),
            AgentMail::Talk { coordinator, epoch, talk } => self.listen(coordinator, epoch, talk),
            AgentMail::Execute { job, rank, coordinator, claim } => self.offer(job, rank, coordinator, claim, context),
            AgentMail::Cancel { job } => self.cancel(job, context),
            AgentMail::Ended { job, executed } => self.end(job, *executed, false, context),
            AgentMail::Knock => self.knocked(context),
            AgentMail::Heard => self.heard(context),
            AgentMail::Panicked { reason, by_a_job } => {
                self.ears.blame(!by_a_job);
                self.exit = Some(Exit::Panic(reason.to_string()));
                context.stop();
            }
            AgentMail::Due { job } => self.due(job, context),
            AgentMail::Pulse { job } => self.pulse(job, context),
            AgentMail::Stop => self.wind_up(Exit::Normal, context),
            AgentMail::Fell { repair, era } => self.fall(repair, era, context),
            AgentMail::Bounce => self.bounce(context),
            AgentMail::Unhang { job } => self.unhang(job, context),
            AgentMail::Kill => {
                self.exit = Some(Exit::Killed);
                context.stop();
            }
        }
    }

    /// Where it is reached.
    pub(super) fn wire(&self, context: &Context<AgentActor>) -> Wire<AgentActor> {
        reach(&self.me, context)
    }

    // ---- its places in the teams

    fn sit(&mut self, id: CoordinatorId, epoch: u32, government: &Government) {
        if self.seats.get(&id).is_some_and(|seat| seat.epoch >= epoch) {
            return;
        }
        let Some(book) = self.world.directory.coordinator(id) else { return };
        let participant = self.voice(government, id.0);
        let rng =
            Rng::numbered(self.world.seed(), &format!("participant/{}/{}", id.0, self.blueprint.profile.name), self.incarnation);
        self.seats.insert(id, Seat { epoch, book, participant, rng });
    }
    fn listen(&mut self, id: CoordinatorId, epoch: u32, talk: Talk) {
        let now = self.world.now();
        let load = self.body.load(now);
        match self.seats.get_mut(&id).filter(|seat| seat.epoch == epoch) {
            Some(seat) => {
                seat.participant.on_message(talk, AnyReply { now, load, rng: &mut seat.rng, said: &mut self.said });
                self.speak(id);
            }
            None => self.world.ignore(),
        }
    }
    fn speak(&mut self, id: CoordinatorId) {
        let Some(seat) = self.seats.get(&id) else { return };
        for talk in self.said.drain(..) {
            let mail = CoordinatorMail::Talk { from: self.blueprint.id, epoch: seat.epoch, talk };
            self.world.post(self.blueprint.id, Letter::Coordinator(seat.book.clone(), mail));
        }
    }

    // ---- its jobs

    fn offer(&mut self, job: Box<Job>, rank: f64, coordinator: CoordinatorId, claim: Claim, context: &mut Context<AgentActor>) {
        let (id, now) = (job.id, self.world.now());
        if self.overtaken.remove(&id) {
            return claim.forget();
        }
        if self.stopping {
            return claim.refuse(self.body.load(now));
        }
        let seconds = self.blueprint.profile.seconds_for(job.estimate, job.fit);
        match self.body.offer(id, seconds, rank, now) {
            Offer::Duplicate => claim.forget(),
            Offer::Refused => claim.refuse(self.body.load(now)),
            offer @ (Offer::Start | Offer::Queued) => {
                let held = Held { claim: Some(claim), coordinator, kind: job.kind.clone(), stage: Stage::Waiting(job) };
                self.held.insert(id, held);
                if offer == Offer::Start || planted("take_a_slot_too_many") {
                    self.begin(id, context);
                }
            }
        }
    }
    /// Begins a job that has a slot, and what follows it if it ends at once.
    fn begin(&mut self, first: JobId, context: &mut Context<AgentActor>) {
        let mut next = Some(first);
        while let Some(id) = next.take() {
            if self.world.trouble.is_on() && self.hangs(id, context) {
                return;
            }
            if let Some(executed) = self.launch(id, context) {
                next = self.conclude(id, executed, true);
            }
        }
    }
    /// Begins a job that was hanging.
    pub(super) fn resume(&mut self, id: JobId, context: &mut Context<AgentActor>) {
        if let Some(executed) = self.launch(id, context) {
            self.end(id, executed, false, context);
        }
    }
    /// Starts a job; gives back what came of it, if that is known at once.
    fn launch(&mut self, id: JobId, context: &mut Context<AgentActor>) -> Option<Executed> {
        let held = self.held.get_mut(id)?;
        let now = self.world.now();
        let token = CancelToken::new();
        let Stage::Waiting(mut job) = std::mem::replace(&mut held.stage, Stage::Running { since: now, token: token.clone() })
        else {
            return None; // invariant: only what waits is begun
        };
        if let Work::Simulate(simulation) = &job.work {
            let simulation = simulation.clone();
            self.simulate(id, job, simulation, context);
            return None;
        }
        if let (Work::Own, Some(function)) = (&job.work, &self.blueprint.behaviour) {
            job.work = Work::Function(function.clone());
        }
        let executors = Executors {
            functions: self.blueprint.functions.clone(),
            workplace: self.world.directory.workplace(id.task.run()),
            speed: self.blueprint.profile.speed,
        };
        let mut job_context =
            JobContext::new(self.world.clone(), self.seed_of(id)).with_post(self.ears.desk()).with_boards(self.world.clone(), id);
        if let Some(claim) = self.held.get(id).and_then(|held| held.claim.as_ref()) {
            claim.begins();
            if let Some(limit) = job.heartbeat {
                job_context = job_context.with_pulse(claim.pulse(limit));
            }
        }
        let mut future = executors.perform(*job, self.own.clone(), job_context, token);
        // Most light work ends when it is first looked at: then it needs no task of its own.
        if let Poll::Ready(executed) = future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
            return Some(executed);
        }
        if let Some(claim) = self.held.get(id).and_then(|held| held.claim.as_ref()) {
            claim.started();
        }
        // Counted from now on and not from its first turn: until then time must not move on under it.
        let under_way = self.world.future();
        actix::spawn(carry(self.world.clone(), under_way, self.wire(context), id, future));
        None
    }
    fn end(&mut self, id: JobId, executed: Executed, at_once: bool, context: &mut Context<AgentActor>) {
        if let Some(next) = self.conclude(id, executed, at_once) {
            self.begin(next, context);
        }
        self.attend(context); // what the job left in the inbox
        self.stop_when_idle(context);
    }
    /// Frees the slot, answers, learns; gives back the job that has the slot now.
    fn conclude(&mut self, id: JobId, executed: Executed, at_once: bool) -> Option<JobId> {
        let Some(held) = self.held.remove(id) else {
            self.world.ignore();
            return None;
        };
        let now = self.world.now();
        let next = self.body.finished(id, now);
        let load = self.body.load(now);
        if self.seats.len() > 1 && self.body.running() < self.blueprint.profile.slots {
            self.tell_others(held.coordinator);
        }
        let since = match held.stage {
            Stage::Running { since, .. } | Stage::Simulated { since, .. } | Stage::Hung { since, .. } => since,
            Stage::Waiting(_) | Stage::Over => now,
        };
        let took = now - since;
        let ended = if executed.answer.is_ok() { Ended::Succeeded } else { Ended::Failed };
        if let Some(claim) = held.claim {
            let launch = claim.launch();
            let Executed { answer, notes, handed_on, spent, .. } = executed;
            let answer = if self.blueprint.part.is_some() { self.told(id, answer) } else { answer };
            let answer = answer.map(Arc::new);
            claim.finish(Finished { launch, answer, at_once, quality: 1.0, load, notes, handed_on, spent });
            self.learn(held.coordinator, id, &held.kind, &Outcome { ended, took, quality: 1.0, load });
        }
        next
    }
    /// A slot is free: the coordinators that did not give it the job would not hear of it otherwise.
    fn tell_others(&mut self, coordinator: CoordinatorId) {
        // Those of teams that were made for one run go with it: else a long life would be one of ever more letters.
        let directory = &self.world.directory;
        self.seats.retain(|id, _| *id == coordinator || directory.coordinator(*id).is_some());
        for (_, seat) in self.seats.iter().filter(|(id, _)| **id != coordinator) {
            let mail = CoordinatorMail::Freed { agent: self.blueprint.id };
            self.world.send(Letter::Coordinator(seat.book.clone(), mail));
        }
    }
    fn learn(&mut self, coordinator: CoordinatorId, id: JobId, kind: &str, outcome: &Outcome) {
        let now = self.world.now();
        let Some(seat) = self.seats.get_mut(&coordinator) else { return };
        let reply = AnyReply { now, load: outcome.load, rng: &mut seat.rng, said: &mut self.said };
        seat.participant.on_outcome(id.task, kind, outcome, reply);
        if !self.said.is_empty() {
            self.speak(coordinator);
        }
    }
    fn cancel(&mut self, id: JobId, context: &mut Context<AgentActor>) {
        let now = self.world.now();
        match self.body.cancel(id, now) {
            polity_agents::Cancel::Unknown => {
                // Most are of jobs that are over already. Where there are too many, the oldest goes: its job would have come long ago.
                if self.overtaken.len() >= OVERTAKEN {
                    self.overtaken.pop_first();
                }
                self.overtaken.insert(id);
            }
            polity_agents::Cancel::Queued => {
                if let Some(claim) = self.held.remove(id).and_then(|held| held.claim) {
                    claim.forget();
                }
            }
            polity_agents::Cancel::Running => self.interrupt(id, context),
        }
    }
    /// Stops a job that runs. Its slot is free when it has really ended.
    fn interrupt(&mut self, id: JobId, context: &mut Context<AgentActor>) {
        let Some(held) = self.held.get_mut(id) else { return };
        if let Some(claim) = held.claim.take() {
            claim.forget();
        }
        match &mut held.stage {
            Stage::Running { token, .. } => token.cancel(),
            Stage::Simulated { alarm, .. } => {
                if let Some(alarm) = alarm.take() {
                    self.world.silence(alarm);
                }
                if !planted("leak_a_slot") {
                    self.end(id, Executed::of(Ok(serde_json::Value::Null)), false, context);
                }
            }
            Stage::Hung { alarm, .. } => {
                self.world.silence(*alarm);
                self.end(id, Executed::of(Ok(serde_json::Value::Null)), false, context);
            }
            Stage::Waiting(_) | Stage::Over => {}
        }
    }

    /// A replica of an elastic pool says what it holds, when that has changed.
    fn tell_pool(&mut self) {
        let held = (self.body.running(), self.body.queued());
        if self.blueprint.pool.is_some() && held != self.told {
            self.told = held;
            let mail = SupervisorMail::Load { child: self.blueprint.child, running: held.0, queued: held.1 };
            self.world.send(Letter::Supervisor(self.supervisor.clone(), mail));
        }
    }

    // ---- its end

    /// It takes nothing more, ends what runs, and then itself.
    pub(super) fn wind_up(&mut self, exit: Exit, context: &mut Context<AgentActor>) {
        self.stopping = true;
        self.exit = Some(exit);
        for id in self.body.drain() {
            self.held.remove(id); // its claim says that it is lost here, and it goes elsewhere
        }
        self.stop_when_idle(context);
    }
    fn stop_when_idle(&mut self, context: &mut Context<AgentActor>) {
        if self.stopping && self.body.is_idle() {
            context.stop();
        }
    }
    /// A turn in which the user's code may panic: then this life ends. The panic is caught here, and not by the executor, so that what is
    /// left of the user's agent is dropped in peace: a `drop` that panics too would end the process. False if it panicked.
    fn guarded(
        &mut self,
        context: &mut Context<AgentActor>,
        turn: impl FnOnce(&mut AgentActor, &mut Context<AgentActor>),
    ) -> bool {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| turn(self, context))).is_ok();
        if !done {
            self.exit = Some(Exit::Panic(panics::reason()));
            context.stop();
        }
        done
    }
    /// Makes the user's agent of this life.
    fn awake(&mut self) {
        self.blueprint.inbox.begin(self.incarnation);
        if let Some(factory) = &self.blueprint.factory {
            let mut agent = factory();
            agent.started();
            let topics = agent.topics();
            self.own = Some(share(agent));
            self.tune_in(&topics);
        }
    }
    fn join_teams(&self, addr: &Wire<AgentActor>) {
        if self.world.trouble.is_on() {
            self.world.trouble.is_up(self.blueprint.id);
        }
        let (agent, profile) = (self.blueprint.id, &self.blueprint.profile);
        self.world.directory.enter_agent(agent, addr.clone(), profile.clone(), self.incarnation);
        self.world.record(RunId::SOCIETY, What::AgentJoined { agent, name: profile.name.clone(), incarnation: self.incarnation });
        for coordinator in self.world.directory.coordinators_of(profile) {
            let mail =
                CoordinatorMail::Join { agent, incarnation: self.incarnation, profile: profile.clone(), addr: addr.clone() };
            self.world.send(Letter::Coordinator(coordinator, mail));
        }
    }
}

impl Actor for AgentActor {
    type Context = Context<AgentActor>;

    fn started(&mut self, context: &mut Self::Context) {
        let _quiet = panics::contain();
        self.world.tick();
        if self.guarded(context, |agent, _| agent.awake()) {
            let me = Arc::new(context.address());
            self.me = Arc::downgrade(&me);
            self.join_teams(&me);
            self.guarded(context, |agent, context| agent.attend(context)); // what came while it was dead
        }
        self.in_turn.end(context.state());
    }
}

impl Handler<Mail<AgentMail>> for AgentActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<AgentMail>, context: &mut Self::Context) {
        self.in_turn.begin(mail.ticket);
        self.world.tick();
        let _quiet = panics::contain();
        self.guarded(context, |agent, context| agent.take(mail.body, context));
        self.tell_pool();
        self.in_turn.end(context.state());
    }
}

impl Drop for AgentActor {
    /// The one place where every life ends, also by a panic. Nothing here may panic.
    fn drop(&mut self) {
        let exit = match self.exit.take() {
            Some(exit) => exit,
            None if std::thread::panicking() => Exit::Panic(panics::reason()),
            None => Exit::Killed,
        };
        let (agent, incarnation) = (self.blueprint.id, self.incarnation);
        for held in self.held.iter_mut() {
            if let (Some(claim), false) = (&held.claim, matches!(exit, Exit::Panic(_)) && !self.ears.is_to_blame()) {
                claim.excuse(); // stopped from outside, or by a letter: a job that was lost so is not poison
            }
            match &mut held.stage {
                Stage::Running { token, .. } => token.cancel(),
                Stage::Simulated { alarm: Some(alarm), .. } => {
                    self.world.silence(*alarm);
                }
                Stage::Hung { alarm, .. } => {
                    self.world.silence(*alarm);
                }
                Stage::Simulated { .. } | Stage::Waiting(_) | Stage::Over => {}
            }
        }
        self.world.directory.leave_agent(agent, incarnation);
        self.world.record(RunId::SOCIETY, What::AgentLost { agent, incarnation, reason: exit.to_string().into() });
        for coordinator in self.world.directory.coordinators_of(&self.blueprint.profile) {
            let mail = CoordinatorMail::Leave { agent, incarnation, for_good: false };
            self.world.send(Letter::Coordinator(coordinator, mail));
        }
        let mail = SupervisorMail::Exited { child: self.blueprint.child, incarnation, exit };
        let letter = Letter::Supervisor(self.supervisor.clone(), mail);
        if self.down.is_zero() {
            self.world.send(letter);
        } else {
            // Whoever would begin it anew hears of it when it is repaired.
            let until = self.world.alarm(self.world.now() + self.down, letter);
            self.world.trouble.goes_down(agent, until);
        }
        self.held.clear(); // every claim says now that its job is lost
    }
}
