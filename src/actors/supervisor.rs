//! The supervisor's actor: OTP supervision of agents, coordinators and further supervisors.

use super::messages::{AgentMail, CoordinatorMail, RunMail, SupervisorMail};
use super::{AgentActor, Blueprint, Book, CoordinatorActor, Door, Orphan};
use crate::event::{RunId, What};
use crate::supervision::{ChildSpec, ChildState, Effect, Exit, Input, Supervision};
use crate::world::{Alarm, InTurn, Letter, Mail, World};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler};
use polity_protocols::AgentId;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Makes a supervisor's machine, and the children that it begins with.
pub(crate) type Nursery = Rc<dyn Fn() -> (Supervision<u64>, Vec<Orphan>)>;

/// What a supervisor can make a new life of.
pub(crate) enum Child {
    Agent(Rc<Blueprint>),
    Coordinator(Rc<Book>),
    /// A supervisor with its children; the closure makes its machine and them.
    Supervisor(Nursery),
}

/// The address of a child's present life.
enum Life {
    Agent(Addr<AgentActor>),
    Coordinator(Rc<Book>),
    Supervisor(Addr<SupervisorActor>),
}

/// A supervisor and what it needs to make its children.
pub(crate) struct SupervisorActor {
    world: Rc<World>,
    door: Door,
    /// Who supervises it, and as which child in which life; `None` for the root.
    parent: Option<(Addr<SupervisorActor>, u64, u64)>,
    machine: Supervision<u64>,
    children: BTreeMap<u64, (Child, Option<Life>)>,
    effects: Vec<Effect<u64>>,
    alarm: Alarm,
    exit: Option<Exit>,
    /// Children to be added when it starts.
    first: Vec<(ChildSpec<u64>, Child)>,
    in_turn: InTurn,
}

impl SupervisorActor {
    pub(crate) fn new(
        world: Rc<World>,
        door: Door,
        parent: Option<(Addr<SupervisorActor>, u64, u64)>,
        machine: Supervision<u64>,
        first: Vec<(ChildSpec<u64>, Child)>,
    ) -> SupervisorActor {
        let in_turn = InTurn::first(&world);
        SupervisorActor {
            world,
            door,
            parent,
            machine,
            children: BTreeMap::new(),
            effects: Vec::new(),
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
                self.part(child);
            }
            SupervisorMail::Adopt => {
                let next = self.world.directory.next_orphan(self.door);
                if let Some((spec, child)) = next {
                    self.add(spec, child, context);
                }
            }
            SupervisorMail::Wake => {
                self.alarm.rang();
                self.turn(Input::Wake, context);
            }
            SupervisorMail::Stop => self.turn(Input::Stop, context),
        }
    }
    fn add(&mut self, spec: ChildSpec<u64>, child: Child, context: &mut Context<SupervisorActor>) {
        self.children.insert(spec.id, (child, None));
        self.turn(Input::Add(spec), context);
    }
    /// A child that is not restarted left its teams for good. Where all are given up, whoever supervises this one decides about them.
    fn part(&self, child: u64) {
        if self.machine.is_giving_up() || matches!(self.exit, Some(Exit::Failed(_))) {
            return;
        }
        let comes_back = |state| !matches!(state, ChildState::Stopping | ChildState::Stopped);
        let stays = self.machine.child(&child).is_some_and(|view| comes_back(view.state));
        if let Some((Child::Agent(blueprint), _)) = self.children.get(&child).filter(|_| !stays) {
            self.bid_farewell(blueprint.id);
        }
    }
    fn bid_farewell(&self, agent: AgentId) {
        self.world.directory.strike_off(agent);
        self.world.boxes.close(agent, &self.world);
        for book in self.world.directory.coordinators() {
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
        let at = self.machine.next_wake();
        self.alarm.set(at, &self.world, || Letter::Supervisor(context.address(), SupervisorMail::Wake));
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
    /// One agent is given up: it left its teams for good. With the last one there is nobody left to go on with.
    fn give_up_one(&mut self, id: u64, reason: String, context: &mut Context<SupervisorActor>) {
        let Some((Child::Agent(blueprint), _)) = self.children.get(&id) else { return };
        let agent = blueprint.id;
        let sentence = format!("agent \"{}\" {reason}", blueprint.profile.name);
        self.world.record(RunId::SOCIETY, What::AgentGivenUp { agent, reason: sentence.as_str().into() });
        let others = self.world.directory.expected().iter().any(|(expected, _)| *expected != agent);
        if others { self.bid_farewell(agent) } else { self.escalate(sentence, context) }
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
                Life::Agent(AgentActor::new(world, blueprint.clone(), incarnation, me).start())
            }
            Child::Coordinator(book) => {
                CoordinatorActor::new(world, book.clone(), incarnation, me).start();
                Life::Coordinator(book.clone())
            }
            Child::Supervisor(make) => {
                let (machine, first) = make();
                let machine = machine.after(world.directory.lives());
                Life::Supervisor(SupervisorActor::new(world, Door::Agents, Some((me, id, incarnation)), machine, first).start())
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
            self.world.send(Letter::Supervisor(parent, SupervisorMail::Exited { child, incarnation, exit }));
        }
    }
}
