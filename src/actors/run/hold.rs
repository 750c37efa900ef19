//! Orders to a run that goes on: pause, resume and cancel, of the whole run and of single tasks.

use super::RunActor;
use super::nest::Closing;
use super::rank::Rank;
use crate::actors::messages::{RunMail, TaskMail, ToTask};
use crate::event::What;
use crate::mutation::planted;
use crate::plan::{NodeIx, NodeState};
use crate::world::Letter;
use actix::Context;
use polity_protocols::Name;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use tokio::sync::oneshot;

/// What a run may be told to do, as a whole or with one of its tasks.
///
/// ```
/// assert_eq!(polity::Order::Pause.word(), "pause");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Nothing new begins; what agents work on goes on to its end. The clocks `queue` and `total` of what waits stand still.
    Pause,
    /// It goes on.
    Resume,
    /// What runs is stopped, what waits is withdrawn. It wins over every retry.
    Cancel,
}
impl Order {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Order::Pause => "pause",
            Order::Resume => "resume",
            Order::Cancel => "cancel",
        }
    }
}

/// An order to one task, and who waits to hear whether it makes sense.
pub(crate) struct TaskOrder {
    pub(crate) order: Order,
    pub(crate) task: Name,
    pub(crate) answer: Option<oneshot::Sender<Result<(), String>>>,
}

/// What of a run is held.
#[derive(Default)]
pub(super) struct Hold {
    /// All of it.
    pub(super) run: bool,
    /// These tasks, with all their instances.
    nodes: BTreeSet<NodeIx>,
    /// Of tasks that were expanded, these instances.
    instances: BTreeSet<u32>,
    /// Tasks that are cancelled as soon as they would become ready.
    doomed: BTreeSet<NodeIx>,
    /// Instances that were told to stop: were one to fail in that very moment, nothing else is tried for it.
    pub(super) cancelled: BTreeSet<u32>,
    /// Ready instances that were passed over, since they are held.
    aside: Vec<(Rank, Reverse<u32>)>,
}

impl RunActor {
    /// True if this instance of a task may not begin anything now. Who paused a task that has ended holds nothing of it: what undoes it is the
    /// run's affair.
    pub(super) fn is_held(&self, instance: u32, node: NodeIx) -> bool {
        let alone = self.hold.nodes.contains(&node) || self.hold.instances.contains(&instance);
        self.hold.run || (alone && !self.ledger.instance_state(instance).is_some_and(NodeState::is_end))
    }
    /// True if the run, or something that could begin, is paused.
    pub(super) fn waits_for_a_person(&self) -> bool {
        self.hold.run || !self.hold.aside.is_empty()
    }
    /// Puts a ready instance aside, if it alone is held. What it could have used is there for others meanwhile.
    pub(super) fn put_aside(&mut self, rank: Rank, instance: u32) -> bool {
        let held = !self.hold.nodes.is_empty() || !self.hold.instances.is_empty();
        let held = held && self.ledger.locate(instance).is_some_and(|(node, _)| self.is_held(instance, node));
        if held {
            self.leaves(instance);
            self.hold.aside.push((rank, Reverse(instance)));
        }
        held
    }
    /// Cancels a task that has just become ready, if it was cancelled before. True if so.
    pub(super) fn was_called_off(&mut self, node: NodeIx) -> bool {
        let doomed = self.hold.doomed.remove(&node);
        if doomed {
            self.withdraw(node.0);
        }
        doomed
    }

    /// The whole run is told to pause, or to go on.
    pub(super) fn hold_run(&mut self, held: bool, context: &mut Context<RunActor>) {
        if self.hold.run == held || self.asked.is_some() {
            return;
        }
        self.hold.run = held;
        self.world.record(self.id, if held { What::RunPaused } else { What::RunResumed });
        let own: Vec<u32> = self.open.keys().copied().collect();
        for instance in own {
            let still = !held && self.of(instance).is_some_and(|(instance, node)| self.is_held(instance, node));
            if !still {
                self.tell_task(instance, if held { TaskMail::Pause } else { TaskMail::Resume });
            }
        }
        for (instance, compound) in &self.nest.all {
            // What was paused by itself stays so.
            let still = !held && self.is_held(*instance, compound.node);
            if let Some((_, child)) = compound.child.as_ref().filter(|_| !still) {
                self.world.send(Letter::Run(child.clone(), if held { RunMail::Pause } else { RunMail::Resume }));
            }
        }
        self.tell_those_who_go_back(|| if held { RunMail::Pause } else { RunMail::Resume });
        if !held {
            let undid = self.saga.goes_on();
            self.undo_more(context);
            if undid && !self.saga.goes_on() {
                return self.inquire(context); // the last of it had ended while it was paused
            }
            self.proceed(context);
        }
    }
    /// One task is told something.
    pub(super) fn order(&mut self, order: TaskOrder, context: &mut Context<RunActor>) {
        let done = self.carry_out(order.order, &order.task);
        self.proceed(context);
        if let Some(answer) = order.answer {
            let _ = answer.send(done); // whoever asked may have stopped waiting
            self.world.tell_outside();
        }
    }
    fn carry_out(&mut self, order: Order, name: &Name) -> Result<(), String> {
        let (node, instance) = self.find(name)?;
        let state = match instance {
            Some(instance) => self.ledger.instance_state(instance),
            None => self.ledger.state(node),
        };
        let state = state.unwrap_or(NodeState::Pending);
        if state.is_end() || self.asked.is_some() {
            return Err(format!("task \"{name}\" has ended: it is {}", super::scope::word(state)));
        }
        match order {
            Order::Cancel => self.call_off_all(node, instance),
            Order::Pause => self.hold_task(node, instance, true),
            Order::Resume => self.hold_task(node, instance, false),
        }
        Ok(())
    }
    /// The task of a name, and which instance if it names one.
    fn find(&self, name: &Name) -> Result<(NodeIx, Option<u32>), String> {
        let id = name.split('[').next().unwrap_or_default();
        let tasks = &self.workflow.tasks;
        let Some(at) = tasks.iter().position(|task| *task.id == *id) else {
            let near = crate::workflow::text::nearest(id, tasks.iter().map(|task| &*task.id));
            let help = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
            return Err(format!("run \"{}\" has no task \"{name}\"{help}", self.name));
        };
        let node = NodeIx(at as u32);
        if id.len() == name.len() {
            return Ok((node, None));
        }
        let instance = self.ledger.instances(node).iter().find(|instance| self.name_of(instance.0) == *name);
        match instance {
            Some(instance) => Ok((node, Some(instance.0))),
            None => Err(format!("task \"{id}\" has no instance \"{name}\", or not yet")),
        }
    }
    fn hold_task(&mut self, node: NodeIx, instance: Option<u32>, held: bool) {
        let change = match instance {
            Some(instance) if held => self.hold.instances.insert(instance),
            Some(instance) => self.hold.instances.remove(&instance),
            None if held => self.hold.nodes.insert(node),
            None => {
                let instances = self.ledger.instances(node).range();
                let before = self.hold.instances.len();
                self.hold.instances.retain(|held| !instances.contains(held) || planted("hold_an_instance_for_ever"));
                self.hold.nodes.remove(&node) || self.hold.instances.len() < before
            }
        };
        if !change {
            return;
        }
        let task = self.task(instance.unwrap_or(node.0));
        self.world.record(self.id, if held { What::Paused { task } } else { What::Resumed { task } });
        if !held {
            for (rank, instance) in std::mem::take(&mut self.hold.aside) {
                self.ready.push((rank, instance)); // those that are still held are put aside again
            }
        }
        let affected = |number: &u32| {
            self.of(*number).filter(|(of, at)| *at == node && instance.is_none_or(|instance| instance == *of)).is_some()
        };
        for number in self.open.keys().copied().filter(affected).collect::<Vec<_>>() {
            if held {
                self.tell_task(number, TaskMail::Pause);
            } else if self.of(number).is_some_and(|(instance, node)| !self.is_held(instance, node)) {
                self.tell_task(number, TaskMail::Resume);
            }
        }
        for (of, compound) in &self.nest.all {
            if compound.node == node && instance.is_none_or(|instance| instance == *of) && !self.hold.run {
                let mail = if held { RunMail::Pause } else { RunMail::Resume };
                if let Some((_, child)) = &compound.child {
                    self.world.send(Letter::Run(child.clone(), mail));
                }
            }
        }
    }
    /// The instance and the task that a job's number belongs to: copies, fallbacks and the like have numbers of their own.
    fn of(&self, number: u32) -> Option<(u32, NodeIx)> {
        let instance = if self.ledger.locate(number).is_some() {
            number
        } else {
            let asks = self.nest.asks.get(&number).copied();
            asks.or_else(|| self.ballots.of(number)).or_else(|| self.detours.of(number)).or_else(|| self.saga.of(number))?
        };
        Some((instance, self.ledger.locate(instance)?.0))
    }
    fn tell_task(&self, number: u32, word: TaskMail) {
        if let Some(addr) = self.open.get(&number) {
            self.world.send(Letter::Task(addr.clone(), ToTask { task: self.task(number), word }));
        }
    }
    /// A job that has just been handed out is held too, if its task is.
    pub(super) fn hold_new(&self, number: u32) {
        if (self.hold.run || !self.hold.nodes.is_empty() || !self.hold.instances.is_empty())
            && self.of(number).is_some_and(|(instance, node)| self.is_held(instance, node))
        {
            self.tell_task(number, TaskMail::Pause);
        }
    }

    fn call_off_all(&mut self, node: NodeIx, instance: Option<u32>) {
        match (instance, self.ledger.state(node)) {
            (Some(instance), _) => self.call_off_one(instance),
            (None, Some(NodeState::Pending)) => drop(self.hold.doomed.insert(node)),
            (None, _) if self.ledger.is_expanded(node) => {
                for instance in self.ledger.instances(node).iter().collect::<Vec<_>>() {
                    self.call_off_one(instance.0);
                }
            }
            (None, _) => self.call_off_one(node.0),
        }
    }
    fn call_off_one(&mut self, instance: u32) {
        match self.ledger.instance_state(instance) {
            Some(NodeState::Ready) => self.withdraw(instance),
            Some(NodeState::Open) => {
                if !planted("lose_an_order") {
                    self.hold.cancelled.insert(instance);
                }
                self.stop_instance(instance);
            }
            _ => {}
        }
    }
    fn withdraw(&mut self, instance: u32) {
        self.world.record(self.id, What::Cancelled { task: self.task(instance) });
        self.settle_cancelled(instance);
    }
    /// Whatever goes on for an instance is stopped; it ends when that has.
    pub(super) fn stop_instance(&mut self, instance: u32) {
        if let Some(addr) = self.open.get(&instance) {
            self.cancel(instance, addr);
        }
        self.close_nested(instance, Closing::Cancelled);
        self.cancel_detour(instance);
        let steps = self.ballots.cancel(instance);
        self.steps.extend(steps);
    }
}
