//! The supervisor's actor: OTP supervision of agents, coordinators and further supervisors.

use super::messages::{AgentMail, CoordinatorMail, RunMail, SupervisorMail};
use super::pools::Pools;
use super::{AgentActor, Blueprint, Book, CoordinatorActor, Door, Orphan};
use crate::event::{RunId, What};
use crate::supervision::{ChildSpec, ChildState, Effect, Exit, Input, Pool, Resize, Supervision};
use crate::world::{Alarm, InTurn, Letter, Mail, Wire, World};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use polity_protocols::{AgentId, Name};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What is the same in every life of a supervisor below another.
pub(crate) struct Ward {
    pub(crate) name: Name,
    pub(crate) door: Door,
    /// Makes its machine, and the children that it begins with.
    pub(crate) found: Box<dyn Fn(&World) -> Founding>,
}
/// A supervisor's machine, and the children that it begins with.
pub(crate) type Founding = (Supervision<u64>, Vec<Orphan>);
impl Ward {
    /// The agents that it supervises itself.
    fn agents(&self, world: &World) -> Vec<AgentId> {
        let agent = |(_, child)| if let Child::Agent(blueprint) = child { Some(blueprint.id) } else { None };
        (self.found)(world).1.into_iter().filter_map(agent).collect()
    }
}

/// What a supervisor can make a new life of.
pub(crate) enum Child {
    Agent(Rc<Blueprint>),
    Coordinator(Rc<Book>),
    /// A supervisor with its children.
    Supervisor(Rc<Ward>),
}
impl Child {
    /// Every agent that ends with it.
    fn agents(&self, world: &World) -> Vec<AgentId> {
        match self {
            Child::Agent(blueprint) => vec![blueprint.id],
            Child::Supervisor(ward) => ward.agents(world),
            Child::Coordinator(_) => Vec::new(),
        }
    }
    fn name(&self) -> &str {
        match self {
            Child::Agent(blueprint) => &blueprint.profile.name,
            Child::Supervisor(ward) => &ward.name,
            Child::Coordinator(book) => book.government.name(),
        }
    }
}

/// The address of a child's present life.
enum Life {
    Agent(Wire<AgentActor>),
    Coordinator(Rc<Book>),
    Supervisor(Addr<SupervisorActor>),
}

/// A supervisor and what it needs to make its children.
pub(crate) struct SupervisorActor {
    world: Rc<World>,
    door: Door,
    name: Name,
    /// Who supervises it, and as which child in which life; `None` for the root.
    parent: Option<(Addr<SupervisorActor>, u64, u64)>,
    machine: Supervision<u64>,
    children: BTreeMap<u64, (Child, Option<Life>)>,
    effects: Vec<Effect<u64>>,
    pools: Pools,
    alarm: Alarm,
    exit: Option<Exit>,
    /// Children to be added when it starts.
    first: Vec<(ChildSpec<u64>, Child)>,
    in_turn: InTurn,
}

impl SupervisorActor {
    pub(crate) fn new(
        world: Rc<World>,
        (name, door): (Name, Door),
        parent: Option<(Addr<SupervisorActor>, u64, u64)>,
        machine: Supervision<u64>,
        first: Vec<(ChildSpec<u64>, Child)>,
    ) -> SupervisorActor {
        let in_turn = InTurn::first(&world);
        SupervisorActor {
            world,
            door,
            name,
            parent,
            machine,
            children: BTreeMap::new(),
            effects: Vec::new(),
            pools: Pools::default(),
            alarm: Alarm::default(),
            exit: None,
            first,
            in_turn,
        }
    }

    fn take(&mut self, mail: SupervisorMail, context: &mut Context<SupervisorActor>) {
        match mail {
            SupervisorMail::Exited { child, incarnation, exit } => {
                self.turn(Input::Exited { id: child, incarnation, reason: exit }, context);
                self.part(child, context);
                self.forget(child);
            }
            SupervisorMail::Load { child, running, queued } => {
                let now = self.world.now();
                self.resize(child, |pool, effects| pool.load(child, running, queued, now, effects), context);
            }
            SupervisorMail::Waiting { pool, coordinator, tasks } => {
                let now = self.world.now();
                let wanted = self.pools.turn(&pool, |pool, effects| pool.waiting(coordinator.0, tasks, now, effects));
                self.perform_resizes(wanted, context);
                self.set_alarm(context);
            }
            SupervisorMail::Adopt => {
                let next = self.world.directory.next_orphan(self.door);
                if let Some((spec, child)) = next {
                    self.add(spec, child, context);
                }
            }
            SupervisorMail::Wake => {
                self.alarm.rang();
                let wanted = self.pools.wake(self.world.now());
                self.perform_resizes(wanted, context);
                self.turn(Input::Wake, context);
            }
            SupervisorMail::Dismiss { child } => {
                self.turn(Input::Remove(child), context);
                self.forget(child);
            }
            SupervisorMail::Stop => self.turn(Input::Stop, context),
        }
    }
    fn add(&mut self, spec: ChildSpec<u64>, child: Child, context: &mut Context<SupervisorActor>) {
        if let Child::Agent(blueprint) = &child {
            self.pools.meet(blueprint);
        }
        self.children.insert(spec.id, (child, None));
        self.turn(Input::Add(spec), context);
    }
    /// A child that is not restarted left its teams for good. Where all are given up, whoever supervises this one decides about them.
    fn part(&mut self, child: u64, context: &mut Context<SupervisorActor>) {
        if self.machine.is_giving_up() || matches!(self.exit, Some(Exit::Failed(_))) {
            return;
        }
        let comes_back = |state| !matches!(state, ChildState::Stopping | ChildState::Stopped);
        let state = self.machine.child(&child).map(|view| view.state);
        if state.is_some_and(comes_back) {
            return;
        }
        if let Some((gone, _)) = self.children.get(&child) {
            gone.agents(&self.world).into_iter().for_each(|agent| self.bid_farewell(agent));
        }
        if !self.pools.is_empty() && !self.machine.is_over() {
            let (now, dismissed) = (self.world.now(), state.is_none());
            let gone = |pool: &mut Pool, effects: &mut Vec<Resize>| match dismissed {
                true => pool.left(child, now, effects),
                false => pool.lost(child, now, effects),
            };
            self.resize(child, gone, context);
        }
    }
    /// A child that was dismissed and has ended is not made again; a replica of an elastic pool may be.
    fn forget(&mut self, child: u64) {
        let pooled = |child: &Child| matches!(child, Child::Agent(blueprint) if blueprint.pool.is_some());
        if self.machine.child(&child).is_none() && self.children.get(&child).is_some_and(|(known, _)| !pooled(known)) {
            self.children.remove(&child);
        }
    }
    fn bid_farewell(&self, agent: AgentId) {
        self.world.directory.strike_off(agent);
        self.world.boxes.close(agent, &self.world);
        let Some(profile) = self.world.directory.profile(agent) else { return };
        for book in self.world.directory.coordinators_of(&profile) {
            let mail = CoordinatorMail::Leave { agent, incarnation: u64::MAX, for_good: true };
            self.world.send(Letter::Coordinator(book, mail));
        }
    }

    fn turn(&mut self, input: Input<u64>, context: &mut Context<SupervisorActor>) {
        let now = self.world.now();
        let mut effects = std::mem::take(&mut self.effects);
        if self.machine.take(input, now, &mut self.world.jitter(), &mut effects).is_err() {
            self.world.ignore();
        }
        for effect in effects.drain(..) {
            self.perform(effect, context);
        }
        self.effects = effects;
        self.set_alarm(context);
    }
    fn set_alarm(&mut self, context: &mut Context<SupervisorActor>) {
        let pools = self.pools.next_wake().filter(|_| !self.machine.is_over());
        let at = [self.machine.next_wake(), pools].into_iter().flatten().min();
        self.alarm.set(at, &self.world, || Letter::Supervisor(context.address(), SupervisorMail::Wake));
    }
    /// A turn of the elastic pool that a child is a replica of.
    fn resize(&mut self, child: u64, take: impl FnOnce(&mut Pool, &mut Vec<Resize>), context: &mut Context<SupervisorActor>) {
        let Some((Child::Agent(blueprint), _)) = self.children.get(&child) else { return };
        let Some(plan) = blueprint.pool.clone() else { return };
        let wanted = self.pools.turn(&plan.id, take);
        self.perform_resizes(wanted, context);
        self.set_alarm(context);
    }
    fn perform_resizes(&mut self, wanted: Vec<(Resize, Rc<Blueprint>)>, context: &mut Context<SupervisorActor>) {
        for (resize, blueprint) in wanted {
            match resize {
                Resize::Start(_) => self.add(blueprint.child_spec(), Child::Agent(blueprint.clone()), context),
                Resize::Dismiss(child) => self.turn(Input::Remove(child), context),
            }
            if let Some(plan) = &blueprint.pool {
                self.pools.record(&self.world, &plan.id);
            }
        }
    }
    fn perform(&mut self, effect: Effect<u64>, context: &mut Context<SupervisorActor>) {
        match effect {
            Effect::Start { id, incarnation } => self.start(id, incarnation, context),
            Effect::Stop { id, .. } => self.tell(id, false),
            Effect::Kill { id, .. } => self.tell(id, true),
            Effect::GiveUp { id, reason } => self.give_up_one(id, reason, context),
            Effect::Escalate { reason, .. } => self.escalate(reason, context),
            Effect::Done => {
                self.exit = Some(Exit::Normal);
                context.stop();
            }
        }
    }
    fn escalate(&mut self, reason: String, context: &mut Context<SupervisorActor>) {
        if self.parent.is_none() {
            self.give_up(&reason);
        }
        self.exit = Some(Exit::Failed(reason));
        context.stop();
    }
    /// One child is given up: its agents left their teams for good. With the last one there is nobody left to go on with.
    fn give_up_one(&mut self, id: u64, reason: String, context: &mut Context<SupervisorActor>) {
        let Some((child, _)) = self.children.get(&id) else { return };
        let what = if matches!(child, Child::Agent(_)) { "agent" } else { "supervisor" };
        let sentence = format!("{what} \"{}\" {reason}", child.name());
        let agents = child.agents(&self.world);
        for agent in &agents {
            self.world.record(RunId::SOCIETY, What::AgentGivenUp { agent: *agent, reason: sentence.as_str().into() });
        }
        let others = self.world.directory.expected().iter().any(|(expected, _)| !agents.contains(expected));
        if others { agents.into_iter().for_each(|agent| self.bid_farewell(agent)) } else { self.escalate(sentence, context) }
    }
    /// The root has nobody above it: every run ends, with the reason.
    fn give_up(&self, reason: &str) {
        self.world.record(RunId::SOCIETY, What::Escalated { reason: reason.into() });
        self.world.directory.escalate(reason);
        for run in self.world.directory.runs() {
            self.world.send(Letter::Run(run, RunMail::Escalate { reason: reason.into() }));
        }
    }
    fn start(&mut self, id: u64, incarnation: u64, context: &mut Context<SupervisorActor>) {
        let me = context.address();
        let Some((child, life)) = self.children.get_mut(&id) else { return };
        let world = self.world.clone();
        *life = Some(match child {
            Child::Agent(blueprint) => {
                world.directory.note_life(incarnation);
                world.directory.expect_again(blueprint.id);
                world.boxes.reopen(blueprint.id);
                Life::Agent(Arc::new(AgentActor::new(world, blueprint.clone(), incarnation, me).start()))
            }
            Child::Coordinator(book) => {
                CoordinatorActor::new(world, book.clone(), incarnation, me).start();
                Life::Coordinator(book.clone())
            }
            Child::Supervisor(ward) => {
                let (machine, first) = (ward.found)(&world);
                let machine = machine.after(world.directory.lives());
                let (known, above) = ((ward.name.clone(), ward.door), Some((me, id, incarnation)));
                Life::Supervisor(SupervisorActor::new(world, known, above, machine, first).start())
            }
        });
        self.turn(Input::Started { id, incarnation }, context);
    }
    fn tell(&self, id: u64, kill: bool) {
        match self.children.get(&id).and_then(|(_, life)| life.as_ref()) {
            Some(Life::Agent(addr)) => {
                let mail = if kill { AgentMail::Kill } else { AgentMail::Stop };
                self.world.send(Letter::Agent(addr.clone(), mail));
            }
            Some(Life::Coordinator(book)) => self.world.send(Letter::Coordinator(book.clone(), CoordinatorMail::Stop)),
            Some(Life::Supervisor(addr)) => self.world.send(Letter::Supervisor(addr.clone(), SupervisorMail::Stop)),
            None => {}
        }
    }
}

impl Actor for SupervisorActor {
    type Context = Context<SupervisorActor>;

    fn started(&mut self, context: &mut Self::Context) {
        self.world.directory.enter_supervisor(self.door, context.address());
        for (spec, child) in std::mem::take(&mut self.first) {
            self.add(spec, child, context);
        }
        // Whoever came while it was made is among the first, or was left at its door.
        while let Some((spec, child)) = self.world.directory.next_orphan(self.door) {
            if !self.children.contains_key(&spec.id) {
                self.add(spec, child, context);
            }
        }
        self.in_turn.end(context.state());
    }
}
impl Handler<Mail<SupervisorMail>> for SupervisorActor {
    type Result = ();
    fn handle(&mut self, mail: Mail<SupervisorMail>, context: &mut Self::Context) {
        self.in_turn.begin(mail.ticket);
        self.world.tick();
        self.take(mail.body, context);
        self.in_turn.end(context.state());
    }
}
impl Drop for SupervisorActor {
    fn drop(&mut self) {
        self.alarm.silence(&self.world);
        if let Some((parent, child, incarnation)) = self.parent.take() {
            let exit = self.exit.take().unwrap_or(Exit::Killed);
            if exit != Exit::Normal {
                let (name, reason) = (self.name.clone(), exit.to_string().into());
                self.world.record(RunId::SOCIETY, What::SupervisorLost { name, incarnation, reason });
            }
            self.world.send(Letter::Supervisor(parent, SupervisorMail::Exited { child, incarnation, exit }));
        }
    }
}
