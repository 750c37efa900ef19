//! The actor itself: what it holds, its mail, and what it does on each turn.

use super::admit::Kit;
use super::ahead::Ahead;
use super::below::BACK;
use super::copies::{Ballots, Step};
use super::detour::Detours;
use super::doors::Doors;
use super::hedge::Hedges;
use super::hold::Hold;
use super::nest::Nest;
use super::rank::Rank;
use super::render::read_tasks;
use super::saga::Saga;
use super::scope::{RunScope, word};
use super::{ChildEnd, Finish, Launch, Origin, Progress};
use crate::actors::messages::{RunMail, TaskMail, ToTask};
use crate::actors::{News, Offices, TaskActor};
use crate::event::{RunId, RunStatus, What};
use crate::plan::{Join, Ledger, LedgerEffect, NodeIx, Plan, Refined};
use crate::report::Recall;
use crate::workflow::Workflow;
use crate::world::{Letter, Mail, Ticket, Wire, World};
use actix::{Actor, Context, Handler};
use polity_protocols::{Demand, Name, TaskId, Time};
use serde_json::Value;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;
use std::sync::Arc;

/// What a run is, before it begins.
pub(crate) struct RunSetup {
    pub(crate) id: RunId,
    pub(crate) name: Name,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) plan: Arc<Plan>,
    /// How urgent its tasks are; by their upward ranks, and without looking ahead, if none.
    pub(crate) ranks: Option<Arc<Refined>>,
    pub(crate) inputs: BTreeMap<Name, Arc<Value>>,
    pub(crate) offices: Offices,
    /// What need not be done again.
    pub(crate) recall: Recall,
    /// The hash of what coordinators began with.
    pub(crate) memory: Option<String>,
    /// Task actors that may be there at a time.
    pub(crate) max_open: usize,
    /// Strategies of its teams and tasks count, and so do those of its sub-runs.
    pub(crate) their_own: bool,
    pub(crate) origin: Origin,
    pub(crate) launcher: Rc<dyn Launch>,
    pub(crate) finish: Finish,
}

/// One run.
pub(crate) struct RunActor {
    pub(super) world: Rc<World>,
    pub(super) id: RunId,
    pub(super) name: Name,
    pub(super) workflow: Arc<Workflow>,
    pub(super) inputs: BTreeMap<Name, Arc<Value>>,
    pub(super) offices: Offices,
    pub(super) recall: Recall,
    pub(super) memory: Option<String>,
    pub(super) max_open: usize,
    pub(super) finish: Option<Finish>,
    pub(super) ledger: Ledger,
    pub(super) ranks: Option<Arc<Refined>>,
    /// Tasks by id, made when an expression first asks: most runs of many tasks have none.
    pub(super) places: OnceCell<BTreeMap<Name, u32>>,
    pub(super) kits: Vec<Option<Kit>>,
    /// The demand that was looked up last: most tasks demand what their neighbour does.
    pub(super) demand: Option<Arc<Demand>>,
    pub(super) progress: Progress,
    /// What becomes ready soon, where somebody wants to know.
    pub(super) ahead: Ahead,
    /// Tasks whose output somebody works on.
    pub(super) read: Vec<bool>,
    /// Ready and not yet open, the highest rank first, then the order of the file.
    pub(super) ready: BinaryHeap<(Rank, Reverse<u32>)>,
    pub(super) open: BTreeMap<u32, Wire<TaskActor>>,
    /// Actors whose task has settled, to be used again.
    pub(super) idle: Vec<Wire<TaskActor>>,
    /// Redundant tasks that are being done.
    pub(super) ballots: Ballots,
    /// Tasks that failed, and are done in another way.
    pub(super) detours: Detours,
    /// What its tasks share, if they do.
    pub(super) doors: Option<Doors>,
    /// Tasks that a second agent does if they take too long.
    pub(super) hedges: Hedges,
    /// What was told to wait.
    pub(super) hold: Hold,
    /// What copies ask for, when nobody is at hand to do it.
    pub(super) steps: Vec<Step>,
    /// What is undone if it does not come to its end.
    pub(super) saga: Saga,
    /// Tasks that are done by sub-runs.
    pub(super) nest: Nest,
    pub(super) effects: Vec<LedgerEffect>,
    pub(super) problems: Vec<String>,
    pub(super) status: Option<RunStatus>,
    /// A task failed since a budget was spent.
    pub(super) overspent: bool,
    /// What an earlier run knows is being taken: true if that made a task fail.
    pub(super) recalling: Option<bool>,
    /// Nothing is done but to undo what an earlier run did.
    pub(super) goes_back: bool,
    /// Coordinators that were asked what it cost, and have not answered; all tasks have ended.
    pub(super) asked: Option<usize>,
    /// Since when nothing has been there that could move it.
    pub(super) stalled: Option<Time>,
    /// The outcome of the task that has just settled, while what it made ready is opened.
    pub(super) news: Option<Arc<News>>,
    pub(super) birth: Option<Ticket>,
}

impl RunActor {
    pub(crate) fn new(world: Rc<World>, setup: RunSetup) -> RunActor {
        let kits = setup.workflow.tasks.iter().map(|_| None).collect();
        let birth = Some(world.ticket());
        let read = read_tasks(&setup.workflow, setup.origin.parent.is_some());
        let now = world.now();
        let detours = Detours::new(&setup.workflow);
        let doors = Doors::of(&setup.workflow, setup.origin.alone);
        let nest = Nest::new(setup.launcher, setup.origin, setup.their_own, &setup.workflow, now);
        RunActor {
            world,
            id: setup.id,
            name: setup.name,
            workflow: setup.workflow,
            inputs: setup.inputs,
            offices: setup.offices,
            recall: setup.recall,
            memory: setup.memory,
            max_open: setup.max_open.max(1),
            finish: Some(setup.finish),
            ledger: Ledger::new(setup.plan),
            ranks: setup.ranks,
            places: OnceCell::new(),
            kits,
            demand: None,
            progress: Progress::default(),
            ahead: Ahead::default(),
            read,
            ready: BinaryHeap::new(),
            open: BTreeMap::new(),
            idle: Vec::new(),
            ballots: Ballots::default(),
            detours,
            doors,
            hedges: Hedges::default(),
            hold: Hold::default(),
            steps: Vec::new(),
            saga: Saga::default(),
            nest,
            effects: Vec::new(),
            problems: Vec::new(),
            status: None,
            overspent: false,
            recalling: None,
            goes_back: false,
            asked: None,
            stalled: None,
            news: None,
            birth,
        }
    }
    /// Performs what the ledger asks for until it asks for nothing more, then opens what may be open.
    pub(super) fn proceed(&mut self, context: &mut Context<RunActor>) {
        loop {
            let steps = std::mem::take(&mut self.steps);
            self.perform_steps(steps, context);
            let mut effects = std::mem::take(&mut self.effects);
            for effect in effects.drain(..) {
                self.perform(effect, context);
            }
            if self.effects.is_empty() {
                self.effects = effects; // the larger buffer, for the next time
            }
            self.take_detours(context);
            if self.effects.is_empty() && !self.open_more(context) && !self.detours.is_due() && !self.look_at_stand_ins() {
                return self.look_for_stall(context);
            }
        }
    }
    pub(super) fn perform(&mut self, effect: LedgerEffect, context: &mut Context<RunActor>) {
        match effect {
            LedgerEffect::Ready(node) => self.admit(node),
            LedgerEffect::Joined { node, state } => self.join(node, state),
            LedgerEffect::Skipped { node, because } => {
                let reason = format!("it works on what \"{}\" gives, which was skipped", self.id_of(because));
                self.world.record(self.id, What::Skipped { task: self.task(node.0), reason: reason.into() });
            }
            LedgerEffect::Unmet { node, by } => {
                let reason = self.unmet(node, by);
                self.world.record(self.id, What::Skipped { task: self.task(node.0), reason: reason.into() });
            }
            LedgerEffect::CalledOff { node, by } => {
                self.world.record(self.id, What::CalledOff { task: self.task(node.0), by: by.0 });
            }
            LedgerEffect::Blocked { node, .. } => {
                let causes = self.ledger.cause(node).iter().skip(1).map(|cause| cause.0).collect();
                self.world.record(self.id, What::Blocked { task: self.task(node.0), causes });
            }
            LedgerEffect::Withdrawn(instance) => {
                self.leaves(instance.0); // it may have been let in, and not have begun
                self.world.record(self.id, What::Cancelled { task: self.task(instance.0) });
            }
            LedgerEffect::Cancelled(instance) => {
                self.stop_instance(instance.0);
                let steps = std::mem::take(&mut self.steps);
                self.perform_steps(steps, context);
            }
            LedgerEffect::Finished(_) => {
                if !self.begin_undo(context) {
                    self.inquire(context);
                }
            }
        }
    }
    /// Why a task is skipped whose join is not met.
    pub(super) fn unmet(&self, node: NodeIx, by: NodeIx) -> String {
        let rule = self.ledger.plan().join(node);
        let became = self.ledger.state(by).map_or("unknown", word);
        match rule {
            Join::OneFailed => format!("nothing that it depends on failed (join: {rule})"),
            Join::OneSuccess | Join::AtLeast(_) => {
                format!(
                    "too little of what it depends on was done, and nothing failed (join: {rule}); \"{}\" was {became}",
                    self.id_of(by)
                )
            }
            _ => format!("\"{}\" is {became} (join: {rule})", self.id_of(by)),
        }
    }
    pub(super) fn scope(&self, item: Option<(Arc<Value>, usize)>) -> RunScope<'_> {
        RunScope {
            workflow: &self.workflow,
            name: &self.name,
            inputs: &self.inputs,
            places: &self.places,
            ledger: &self.ledger,
            progress: &self.progress,
            item,
            own: None,
            error: None,
            run: self.id,
            world: &self.world,
        }
    }
    pub(super) fn cancel(&self, instance: u32, addr: &Wire<TaskActor>) {
        let cancel = ToTask { task: self.task(instance), word: TaskMail::Cancel };
        self.world.send(Letter::Task(addr.clone(), cancel));
    }
    pub(super) fn task(&self, instance: u32) -> TaskId {
        TaskId::new(self.id.0, instance)
    }
    pub(super) fn id_of(&self, node: NodeIx) -> &Name {
        &self.workflow.tasks[node.index()].id
    }
    /// `analyse`, or `analyse[2013]` of an instance.
    pub(super) fn name_of(&self, instance: u32) -> Name {
        let Some((node, index)) = self.ledger.locate(instance) else { return self.name.clone() };
        let id = self.id_of(node);
        match self.progress.expansions.get(&node.0).and_then(|expansion| expansion.keys.get(index as usize)) {
            Some(key) => format!("{id}[{key}]").into(),
            None => id.clone(),
        }
    }
}

impl Actor for RunActor {
    type Context = Context<RunActor>;

    fn started(&mut self, context: &mut Self::Context) {
        let birth = self.birth.take();
        self.world.tick();
        self.begin(context);
        drop(birth);
    }
}
impl Handler<Mail<RunMail>> for RunActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<RunMail>, context: &mut Self::Context) {
        self.world.tick();
        match mail.body {
            RunMail::Settled { task, result, news } => {
                self.news = news;
                self.settled(task, result, context);
                self.news = None;
            }
            RunMail::Held { task, agent, fit } => {
                self.hedge_awarded(task.instance(), context);
                let step = self.ballots.held(task.instance(), agent, fit);
                self.perform_steps(step.into_iter().collect(), context);
            }
            RunMail::ChildEnded { task, number: BACK, end } => self.went_back(task, end, context),
            RunMail::ChildEnded { task, number, end } => {
                self.child_ended(task, number, end, context);
                self.proceed(context);
            }
            RunMail::Overdue { task } => {
                self.overdue(task);
                self.proceed(context);
            }
            RunMail::Stalled { since } => self.stalled_since(since, context),
            RunMail::Reported(answer) => self.reported(answer, context),
            RunMail::Slow { task } => self.hedge(task, context),
            RunMail::Pause => self.hold_run(true, context),
            RunMail::Resume => self.hold_run(false, context),
            RunMail::Order(order) => self.order(order, context),
            RunMail::Escalate { .. } if self.asked.is_some() => self.finish(context), // nobody may be left to answer
            RunMail::Cancel | RunMail::Terminate if self.asked.is_some() => {}
            RunMail::Cancel if self.saga.goes_on() => {} // what is undone already can't be called off
            RunMail::Terminate if self.saga.goes_on() => self.end_undoing("the run was ended at once", context),
            RunMail::Escalate { reason } if self.saga.goes_on() => {
                self.status = Some(RunStatus::Escalated);
                self.problems.push(reason.to_string());
                self.end_undoing("nobody is left to undo it", context);
            }
            RunMail::Cancel => self.stop(RunStatus::Cancelled, None, context),
            RunMail::Terminate => {
                self.saga.off = true;
                self.stop(RunStatus::Cancelled, None, context);
            }
            RunMail::Escalate { reason } => self.stop(RunStatus::Escalated, Some(&reason), context),
        }
        drop(mail.ticket);
    }
}
impl Drop for RunActor {
    /// A run that is cut short (by a defect of ours) leaves no task behind. Whoever waits for it sees that its line is dead.
    fn drop(&mut self) {
        for (instance, addr) in &self.open {
            self.cancel(*instance, addr);
        }
        for compound in self.nest.all.values() {
            if let Some((_, child)) = &compound.child {
                self.world.send(Letter::Run(child.clone(), RunMail::Cancel));
            }
        }
        self.tell_those_who_go_back(|| RunMail::Terminate);
        self.world.boards.close(self.id);
        self.world.directory.leave_run(self.id.0);
        if let Some(Finish::Parent(line)) = self.finish.take() {
            self.leave_house();
            line.tell(&self.world, ChildEnd::lost());
        }
    }
}
