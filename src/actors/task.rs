//! The task's actor: one per open task, carrying its life.

use super::dead::dead_letter;
use super::messages::{AgentMail, CoordinatorMail, Finished, RunMail, TaskEnd, TaskMail, TaskResult, ToTask};
use super::run::Handed;
use super::{AgentActor, Award, Book, Claim, CoordinatorId, Detour, Holders, News, RunActor};
use crate::delegation::Purse;
use crate::event::{COPIES, RunId, What};
use crate::lifecycle::{Effect, Ignored, Input, Lifecycle, OverBudget, Policy, RetryBudget, RetryLimit, Settled, State};
use crate::mutation::planted;
use crate::supervision::Backoff;
use crate::workflow::{Conditions, duration_text};
use crate::world::{Alarm, AlarmId, Letter, Mail, Ticket, Wire, World};
use actix::{Actor, Addr, AsyncContext, Context, Handler};
use polity_agents::{Failure, FailureKind, HandedOn, Job, JobId, Simulation, Spent, Work};
use polity_protocols::{AgentId, Decision, Ended, Load, Outcome, TaskView};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What a task is, once it is ready.
pub(crate) struct TaskSetup {
    pub(crate) run: Addr<RunActor>,
    pub(crate) coordinator: Rc<Book>,
    /// What its run has for retries; none if it needs none.
    pub(crate) budget: Option<Budget>,
    pub(crate) errand: Box<Errand>,
}

/// The retry budget of a run and its sub-runs.
pub(crate) type Budget = Rc<RefCell<RetryBudget>>;

/// One task of a run, as its actor gets it.
pub(crate) struct Errand {
    pub(crate) view: Arc<TaskView>,
    /// Who finds an agent for it.
    pub(crate) coordinator: CoordinatorId,
    /// Who has the other copies, if it is a copy of a redundant task.
    pub(crate) holders: Option<Holders>,
    pub(crate) job: Job,
    pub(crate) policy: Option<Arc<Policy>>,
    /// Which failures its policy tries again.
    pub(crate) conditions: Option<Arc<Conditions>>,
    /// Its agent is asked for work and not for a result.
    pub(crate) decomposes: bool,
    /// When it has failed for good, its run looks for another way.
    pub(crate) detours: Detour,
    /// What it draws from.
    pub(crate) purse: Option<Arc<Purse>>,
    /// What made it ready; let go when it is announced.
    pub(crate) news: Option<Arc<News>>,
}

/// One open task at a time. When it has settled, its run may begin another with the same actor: to make one costs as much as all the
/// messages of a task's life.
pub(crate) struct TaskActor {
    world: Rc<World>,
    /// Itself; the strong ones are others', so that it can end.
    me: Weak<Addr<TaskActor>>,
    run: Addr<RunActor>,
    coordinator: Rc<Book>,
    budget: Option<Budget>,
    /// Its run's retries were too many, and it was said that it waits.
    postponed: bool,
    errand: Box<Errand>,
    life: Lifecycle,
    alarm: Alarm,
    /// Refusals in a row.
    refusals: u32,
    /// An announcement that waits after a refusal.
    announcement: Option<AlarmId>,
    /// Who has it, or had it last.
    holder: Option<(AgentId, Wire<AgentActor>)>,
    /// Fit and record of the award that is being performed.
    award: Option<(f64, Arc<Decision>)>,
    /// What the agent last said of itself.
    load: Load,
    quality: f64,
    /// How long the last award took.
    took: Duration,
    answer: Option<Arc<Value>>,
    /// Work that its agent gave instead.
    handed_on: Option<HandedOn>,
    spent: Spent,
    /// Its outcome, if it is to go by its run.
    news: Option<Arc<News>>,
    birth: Option<Ticket>,
    /// Its run begins nothing more.
    halted: bool,
}

/// From one refusal to the next announcement; the first is followed at once, by another agent if there is one.
const PATIENCE: Backoff = Backoff { initial: Duration::from_millis(10), cap: Duration::from_secs(1) };

impl TaskActor {
    /// Starts one.
    pub(crate) fn begun(world: &Rc<World>, setup: TaskSetup) -> Wire<TaskActor> {
        let mut wire = None;
        TaskActor::create(|context| {
            let me = wire.insert(Arc::new(context.address()));
            TaskActor::new(world.clone(), setup, Arc::downgrade(me))
        });
        wire.expect("`create` calls its closure")
    }
    fn new(world: Rc<World>, setup: TaskSetup, me: Weak<Addr<TaskActor>>) -> TaskActor {
        let birth = Some(world.ticket());
        TaskActor {
            world,
            me,
            life: Lifecycle::new(setup.errand.policy.clone()),
            run: setup.run,
            coordinator: setup.coordinator,
            budget: setup.budget,
            postponed: false,
            errand: setup.errand,
            alarm: Alarm::default(),
            refusals: 0,
            announcement: None,
            holder: None,
            award: None,
            load: Load::default(),
            quality: 1.0,
            took: Duration::ZERO,
            answer: None,
            handed_on: None,
            spent: Spent::default(),
            news: None,
            birth,
            halted: false,
        }
    }
    /// Where it is reached.
    fn wire(&self, context: &Context<TaskActor>) -> Wire<TaskActor> {
        reach(&self.me, context)
    }
    /// The next task, once the last one has settled.
    fn begin(&mut self, errand: Box<Errand>, context: &mut Context<TaskActor>) {
        if !self.life.state().is_settled() {
            return self.world.ignore(); // no run does that
        }
        if let Some(book) = self.world.directory.coordinator(errand.coordinator).filter(|book| book.id != self.coordinator.id) {
            self.coordinator = book;
        }
        self.life = Lifecycle::new(errand.policy.clone());
        self.halted = false;
        self.errand = errand;
        (self.refusals, self.announcement, self.holder, self.award) = (0, None, None, None);
        (self.load, self.quality, self.took, self.answer) = (Load::default(), 1.0, Duration::ZERO, None);
        (self.handed_on, self.spent) = (None, Spent::default());
        self.first(context);
    }
    /// The first attempt begins.
    fn first(&mut self, context: &mut Context<TaskActor>) {
        if let Some(budget) = &self.budget {
            budget.borrow_mut().first(self.world.now());
        }
        let news = self.errand.news.take();
        self.turn(Input::Announce, context);
        drop(news);
    }

    fn take(&mut self, mail: ToTask, context: &mut Context<TaskActor>) {
        if mail.task != self.errand.view.id && !matches!(mail.word, TaskMail::Begin(_)) {
            return self.world.ignore(); // it speaks of a task that has settled
        }
        match mail.word {
            TaskMail::Begin(errand) => self.begin(errand, context),
            TaskMail::Assigned(award) => self.assigned(award, context),
            TaskMail::Declined { why } => {
                self.turn(Input::Declined(Failure::new(FailureKind::Unassigned, &*why)), context);
            }
            TaskMail::Refused { launch, load } => {
                if self.is_current(launch) {
                    self.load = load;
                }
                self.turn(Input::Refused { launch }, context);
            }
            TaskMail::Started { launch } => self.started(launch, context),
            TaskMail::Beat { launch } => {
                self.turn(Input::Beat { launch }, context);
            }
            TaskMail::Finished(finished) => self.finished(*finished, context),
            TaskMail::Lost { launch, begun } => self.lost(launch, begun, context),
            TaskMail::Pause if planted("award_in_a_pause") => {}
            TaskMail::Pause => self.hold(Input::Pause, context),
            TaskMail::Resume => self.hold(Input::Resume, context),
            TaskMail::Cancel if planted("lose_a_cancel") => {}
            TaskMail::Cancel => {
                self.turn(Input::Cancel, context);
            }
            TaskMail::Halt => self.halted = true,
            TaskMail::Wake => {
                self.alarm.rang();
                let input = self.over_budget().unwrap_or(Input::Wake);
                self.turn(input, context);
            }
        }
    }
    /// Once its run begins nothing more, it waits for nobody.
    fn halt(&mut self, context: &mut Context<TaskActor>) {
        let state = self.life.state();
        if self.halted && !state.is_settled() && state != State::Executing {
            self.turn(Input::Cancel, context);
        }
    }
    /// It is held, or no longer. Of one that has settled meanwhile there is nothing to hold.
    fn hold(&mut self, input: Input, context: &mut Context<TaskActor>) {
        if !self.life.state().is_settled() {
            self.turn(input, context);
        }
    }
    /// Its retry is due, but its run has had too many: it waits longer.
    fn over_budget(&mut self) -> Option<Input> {
        let (budget, now) = (self.budget.as_ref()?, self.world.now());
        if !self.life.is_due(now) {
            return None;
        }
        let OverBudget { until, retries, firsts } = budget.borrow_mut().ask(now).err()?;
        if !std::mem::replace(&mut self.postponed, true) {
            let RetryLimit { window, .. } = *budget.borrow().limit();
            let reason = format!(
                "the run's retry budget is spent: {retries} retries and {firsts} first attempts in the last {} (limits.retry_budget)",
                duration_text(window)
            );
            let (task, attempt) = (self.errand.view.id, self.life.attempt());
            self.record(What::Postponed { task, attempt, at: until, reason: reason.into() });
        }
        Some(Input::Postpone { until })
    }
    /// True if mail about this award speaks of the one that is held now.
    fn is_current(&self, launch: u32) -> bool {
        (launch == self.life.launch() || planted("forget_the_fence")) && self.life.agent().is_some()
    }
    fn assigned(&mut self, mut award: Award, context: &mut Context<TaskActor>) {
        if self.life.state() != State::Announced {
            return self.world.ignore(); // it crossed a withdrawal; dropped, the award says so itself
        }
        if let Some(why) = self.errand.purse.as_ref().and_then(|purse| purse.spent_by(self.world.now())) {
            self.turn(Input::Declined(Failure::new(FailureKind::Budget, why)), context);
            return; // dropped, the award says so itself
        }
        let (Some(decision), Some(addr)) = (award.decision.take(), award.addr.take()) else { return };
        if let Some(holders) = &self.errand.holders {
            let (task, agent, fit) = (self.errand.view.id, award.agent, award.fit);
            holders.hold(task.instance(), agent);
            self.world.tell_run(&self.run, RunMail::Held { task, agent, fit });
        }
        self.holder = Some((award.agent, addr));
        self.award = Some((award.fit, decision));
        self.turn(Input::Awarded { agent: award.agent }, context);
    }
    fn started(&mut self, launch: u32, context: &mut Context<TaskActor>) {
        if self.turn(Input::Started { launch }, context)
            && let Some(agent) = self.holder.as_ref().map(|(agent, _)| *agent)
        {
            self.refusals = 0;
            self.record(What::Started { task: self.errand.view.id, agent, launch });
        }
    }
    fn lost(&mut self, launch: u32, begun: bool, context: &mut Context<TaskActor>) {
        if self.is_current(launch) {
            self.load = Load::default();
            if begun && self.life.state() == State::Assigned {
                self.started(launch, context); // else what kills its agents before they can say that they began would never be poison
            }
        }
        self.turn(Input::AgentLost { launch, suspect: begun }, context);
    }
    fn finished(&mut self, finished: Finished, context: &mut Context<TaskActor>) {
        let launch = finished.launch;
        if planted("complete_twice") && self.life.state() == State::Completed && launch == self.life.launch() {
            return self.settle(Settled::Completed);
        }
        if !self.is_current(launch) {
            return self.world.ignore();
        }
        if finished.at_once || self.life.state() == State::Assigned {
            self.started(launch, context); // its word that it began was not sent, or is overtaken by this
        }
        for note in finished.notes {
            self.record(What::Noted { task: self.errand.view.id, note: note.into() });
        }
        (self.load, self.quality) = (finished.load, finished.quality);
        self.spent.add(finished.spent);
        self.handed_on = finished.handed_on;
        let result = finished.answer.map(|answer| self.answer = Some(answer));
        self.turn(Input::Finished { launch, result }, context);
    }

    /// One turn of its life. False if the input changed nothing.
    fn turn(&mut self, input: Input, context: &mut Context<TaskActor>) -> bool {
        let now = self.world.now();
        let mut effects = self.world.lend_effects();
        let taken = self.life.take(input, now, &mut self.world.jitter(), &mut effects);
        match taken {
            Ok(()) => {}
            Err(Ignored::Unwanted { agent, .. }) => self.tell_outcome(agent, Ended::Cancelled, Duration::ZERO),
            Err(_) => self.world.ignore(),
        }
        for effect in effects.drain(..) {
            self.perform(effect, context);
        }
        self.world.take_back_effects(effects);
        self.news = None; // a success settles, and then its run has it
        let (at, task) = (self.life.next_wake(), self.errand.view.id);
        let me = &self.me;
        self.alarm.set(at, &self.world, || Letter::Task(reach(me, context), ToTask { task, word: TaskMail::Wake }));
        taken.is_ok()
    }
    fn perform(&mut self, effect: Effect, context: &mut Context<TaskActor>) {
        let task = self.errand.view.id;
        match effect {
            Effect::Announce { attempt, avoid } => self.announce(attempt, avoid, context),
            Effect::Withdraw => self.withdraw(),
            Effect::Execute { agent, launch, attempt } => self.execute(agent, launch, attempt, context),
            Effect::CancelJob { launch, .. } => {
                if let Some((agent, addr)) = &self.holder {
                    let job = JobId { task, attempt: self.life.attempt(), launch };
                    self.world.ship(*agent, Letter::Agent(addr.clone(), AgentMail::Cancel { job }));
                }
            }
            Effect::Outcome { agent, ended, took } => {
                self.took = took;
                self.count(agent, took);
                match ended {
                    Ended::Lost => self.record(What::Displaced { task, agent, launch: self.life.launch() }),
                    Ended::Refused => {
                        self.refusals += 1;
                        self.record(What::Refused { task, agent, launch: self.life.launch() });
                    }
                    Ended::Succeeded | Ended::Failed | Ended::Cancelled => {}
                }
                self.tell_outcome(agent, ended, took);
            }
            Effect::Retry { attempt, failure, at } => {
                if let Some(Err(why)) = self.errand.conditions.as_ref().map(|c| c.allow(&failure, attempt)) {
                    self.record(What::Noted { task, note: why.into() });
                    self.turn(Input::GiveUp(failure), context);
                    return;
                }
                let agent = self.holder.as_ref().map_or(AgentId(u32::MAX), |(agent, _)| *agent);
                self.record(What::Retried { task, agent, attempt, failure: Arc::new(failure), at });
            }
            Effect::Settle(settled) => self.settle(settled),
        }
    }
    fn announce(&mut self, attempt: u32, avoid: Vec<AgentId>, context: &mut Context<TaskActor>) {
        let mut avoid = avoid;
        if let Some(holders) = &self.errand.holders {
            avoid.extend(holders.others(self.errand.view.id.instance()));
        }
        let view = &mut self.errand.view;
        if view.attempt != attempt || *view.avoid != *avoid {
            let view = Arc::make_mut(view);
            (view.attempt, view.avoid) = (attempt, avoid.into());
        }
        let view = view.clone();
        self.postponed = false;
        self.record(What::Announced { task: view.id, attempt });
        let mail = CoordinatorMail::Announce { view, addr: self.wire(context) };
        match self.patience() {
            Duration::ZERO => self.tell_coordinator(mail),
            wait => {
                let letter = Letter::Coordinator(self.coordinator.clone(), mail);
                self.announcement = Some(self.world.alarm(self.world.now() + wait, letter));
            }
        }
    }
    /// How long to wait before it is announced again: a protocol that looks at nobody's load would give it to the same full agent again
    /// and again, all in one moment.
    fn patience(&self) -> Duration {
        if self.refusals == 0 {
            return Duration::ZERO;
        }
        PATIENCE.delay(self.refusals - 1, self.world.jitter().unit())
    }
    fn withdraw(&mut self) {
        let unsent = self.announcement.take().is_some_and(|waits| self.world.silence(waits));
        if !unsent {
            self.tell_coordinator(CoordinatorMail::Withdraw { task: self.errand.view.id });
        }
    }
    fn execute(&mut self, agent: AgentId, launch: u32, attempt: u32, context: &mut Context<TaskActor>) {
        let (Some((_, addr)), Some((fit, decision))) = (self.holder.clone(), self.award.take()) else { return };
        let task = self.errand.view.id;
        self.record(What::Assigned { task, agent, attempt, launch, decision });
        let mut job = Box::new(self.errand.job.clone());
        (job.id, job.fit) = (JobId { task, attempt, launch }, fit);
        if self.world.trouble.is_on() {
            self.disillusion(agent, &mut job);
        }
        let claim = Claim::new(task, agent, self.wire(context), launch);
        let (rank, coordinator) = (self.errand.view.rank, self.coordinator.id);
        self.world.ship(agent, Letter::Agent(addr, AgentMail::Execute { job, rank, coordinator, claim }));
    }
    /// What an agent that claims too much can really do: it works as fast as it can. If it can't do this at all, it works as long as its claim
    /// said, and fails.
    fn disillusion(&self, agent: AgentId, job: &mut Job) {
        match self.world.trouble.true_fit(agent, &self.errand.view.demand) {
            None => {}
            Some(fit) if fit > 0.0 => job.fit = fit,
            Some(_) => {
                let work =
                    if let Work::Simulate(simulation) = &job.work { (**simulation).clone() } else { Simulation::default() };
                job.work = Work::Simulate(Arc::new(Simulation { failure: 1.0, past: None, ..work }));
            }
        }
    }
    fn settle(&mut self, settled: Settled) {
        let task = self.errand.view.id;
        let agent = self.holder.as_ref().map(|(agent, _)| *agent);
        let attempts = self.life.attempt();
        let end = match settled {
            Settled::Completed => self.completed(),
            Settled::Failed(failure)
                if self.errand.detours.is_open(&failure, attempts)
                    && self.errand.holders.is_none()
                    && failure.kind != FailureKind::Cancelled =>
            {
                TaskEnd::Setback(Box::new((Arc::new(failure), self.errand.job.clone())))
            }
            Settled::Failed(failure) => TaskEnd::Failed(Arc::new(failure)),
            Settled::Cancelled => TaskEnd::Cancelled,
        };
        self.record(match &end {
            TaskEnd::Completed(output) => {
                let agent = agent.unwrap_or(AgentId(u32::MAX));
                What::Completed { task, agent, attempts, took: self.took, output: output.clone() }
            }
            TaskEnd::Failed(failure) => What::Failed { task, agent, attempts, failure: failure.clone() },
            TaskEnd::Handed(_) => {
                let agent = agent.unwrap_or(AgentId(u32::MAX));
                What::Delegated { task, agent, attempts, took: self.took }
            }
            TaskEnd::Setback(setback) => What::Replanned { task, agent, attempts, failure: setback.0.clone() },
            TaskEnd::Cancelled => What::Cancelled { task },
        });
        if let (TaskEnd::Failed(failure), true) = (&end, task.instance() < COPIES) {
            dead_letter(task, &self.errand.job, failure).into_iter().for_each(|what| self.record(what));
        }
        let result = TaskResult { agent, attempts, end, spent: self.spent };
        self.world.tell_run(&self.run, RunMail::Settled { task, result, news: self.news.take() });
    }

    /// What its agent gave: work, if it was asked for that or gave it by itself.
    fn completed(&mut self) -> TaskEnd {
        let answer = self.answer.take().unwrap_or_default();
        let handed = match self.handed_on.take() {
            Some(work) => Handed::Work(work),
            None if self.errand.decomposes => Handed::Answer(answer),
            None => return TaskEnd::Completed(answer),
        };
        TaskEnd::Handed(Box::new((handed, self.errand.job.clone())))
    }
    /// An agent's time costs what a second of it does.
    fn count(&mut self, agent: AgentId, took: Duration) {
        if self.errand.purse.is_some()
            && let Some(profile) = self.world.directory.profile(agent)
        {
            self.spent.add(Spent { cost: took.as_secs_f64() * profile.cost, tokens: 0 });
        }
    }
    fn tell_outcome(&mut self, agent: AgentId, ended: Ended, took: Duration) {
        let outcome = Outcome { ended, took, quality: self.quality, load: self.load };
        let (task, demand) = (self.errand.view.id, self.errand.view.demand.id);
        // Where nobody waits, whoever is made ready shall know that the slot is free.
        if ended == Ended::Succeeded && self.coordinator.anyone_waits() {
            self.news = Some(Arc::new(News { coordinator: self.coordinator.id, task, demand, agent, outcome }));
        } else {
            self.tell_coordinator(CoordinatorMail::Outcome { task, demand, agent, outcome });
        }
    }
    fn tell_coordinator(&self, mail: CoordinatorMail) {
        self.world.send(Letter::Coordinator(self.coordinator.clone(), mail));
    }
    fn record(&self, what: What) {
        self.world.record(RunId(self.errand.view.id.run()), what);
    }
}

/// Where an actor is reached: shared, or made anew if nobody shares it any more.
pub(super) fn reach<A: Actor<Context = Context<A>>>(me: &Weak<Addr<A>>, context: &Context<A>) -> Wire<A> {
    me.upgrade().unwrap_or_else(|| Arc::new(context.address()))
}

impl Actor for TaskActor {
    type Context = Context<TaskActor>;

    fn started(&mut self, context: &mut Self::Context) {
        let birth = self.birth.take();
        self.first(context);
        drop(birth);
    }
}
impl Handler<Mail<ToTask>> for TaskActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<ToTask>, context: &mut Self::Context) {
        self.world.tick();
        self.take(mail.body, context);
        self.halt(context);
        drop(mail.ticket);
    }
}
impl Drop for TaskActor {
    /// A life that is cut short (by a defect of ours) still settles, so that its run ends.
    fn drop(&mut self) {
        self.alarm.silence(&self.world);
        if self.life.state().is_settled() || !std::thread::panicking() {
            return;
        }
        let task = self.errand.view.id;
        if let (Some(agent), Some((_, addr))) = (self.life.agent(), &self.holder) {
            let job = JobId { task, attempt: self.life.attempt(), launch: self.life.launch() };
            self.world.send(Letter::Agent(addr.clone(), AgentMail::Cancel { job }));
            self.tell_outcome(agent, Ended::Cancelled, Duration::ZERO);
        }
        let failure = Arc::new(Failure::new(FailureKind::Panic, "the task's own actor panicked: this is a defect of polity"));
        self.record(What::Failed { task, agent: None, attempts: self.life.attempt(), failure: failure.clone() });
        let result = TaskResult::new(None, self.life.attempt(), TaskEnd::Failed(failure));
        self.world.tell_run(&self.run, RunMail::Settled { task, result, news: None });
    }
}
