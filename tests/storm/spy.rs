//! A protocol that is watched: what its initiator is told must make sense, and each award has exactly one outcome.

use polity::Government;
use polity::protocols::baselines::{FifoFastestIdle, MinCompletion, Random, RoundRobin};
use polity::protocols::consensus::Consensus;
use polity::protocols::hierarchical::Hierarchical;
use polity::protocols::market::Market;
use polity::protocols::stigmergic::Stigmergic;
use polity::protocols::{
    AgentId, Decision, Effect, Initiator, Memory, Outcome, Participant, Profile, Protocol, TaskId, TaskView, Time, Turn, Why,
};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What the watched initiator was told and asked for.
#[derive(Debug, Default)]
pub struct Ledger {
    turns: u64,
    /// The turn in which the initiator panics.
    fatal: Option<u64>,
    pub awards: u64,
    /// Awards without an outcome so far.
    pub outstanding: BTreeMap<(TaskId, AgentId), u32>,
    pub open: BTreeSet<TaskId>,
    team: BTreeSet<AgentId>,
    /// What made no sense.
    pub wrong: Vec<String>,
}
impl Ledger {
    fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }
}

thread_local! {
    static LEDGER: RefCell<Rc<RefCell<Ledger>>> = RefCell::default();
}
/// A new ledger for this thread; the initiator panics in one turn, if at all.
pub fn begin(fatal: Option<u64>) -> Rc<RefCell<Ledger>> {
    let ledger = Rc::new(RefCell::new(Ledger { fatal, ..Ledger::default() }));
    LEDGER.with(|here| here.replace(ledger.clone()));
    ledger
}
fn ledger() -> Rc<RefCell<Ledger>> {
    LEDGER.with(|here| here.borrow().clone())
}

/// The same government, watched; itself, if it is of a protocol that is not known here.
pub fn spied(government: &Government) -> Government {
    let watched = match government.name() {
        "hierarchical" => Government::new(Spied(Hierarchical::default())),
        "consensus" => Government::new(Spied(Consensus::default())),
        "market" => Government::new(Spied(Market::default())),
        "stigmergic" => Government::new(Spied(Stigmergic::default())),
        "random" => Government::new(Spied(Random::default())),
        "round_robin" => Government::new(Spied(RoundRobin::default())),
        "fifo_fastest_idle" => Government::new(Spied(FifoFastestIdle::default())),
        "min_completion" => Government::new(Spied(MinCompletion::default())),
        _ => return government.clone(),
    };
    watched.unwrap()
}

#[derive(Clone, Debug, Serialize)]
struct Spied<P>(P);
struct Watched<I>(I);

impl<P: Protocol + Serialize> Protocol for Spied<P>
where
    P::Participant: Participant<Message = P::Message>,
{
    const NAME: &'static str = P::NAME;
    type Message = P::Message;
    type Initiator = Watched<P::Initiator>;
    type Participant = P::Participant;
    fn initiator(&self) -> Self::Initiator {
        // A new life knows nobody and nothing open; awards of the life before still have their outcomes.
        let ledger = ledger();
        let mut ledger = ledger.borrow_mut();
        (ledger.open, ledger.team) = Default::default();
        Watched(self.0.initiator())
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Self::Participant {
        self.0.participant(me, profile)
    }
}

impl<I: Initiator> Watched<I> {
    /// One turn of the watched one; what it asks for is noted and passed on.
    fn turn(&mut self, outer: &mut Turn<'_, I::Message>, act: impl FnOnce(&mut I, &mut Turn<'_, I::Message>)) {
        let mut effects = Vec::new();
        let fatal = {
            let ledger = ledger();
            let mut ledger = ledger.borrow_mut();
            ledger.turns += 1;
            ledger.fatal == Some(ledger.turns)
        };
        assert!(!fatal, "the fatal turn of a coordinator");
        act(&mut self.0, &mut Turn::new(outer.now, outer.rng, &mut effects));
        let ledger = ledger();
        let mut ledger = ledger.borrow_mut();
        for effect in effects {
            match effect {
                Effect::Send(to, message) => outer.send(to, message),
                Effect::Assign(task, agent, decision) => {
                    let (is_open, is_there) = (ledger.open.remove(&task), ledger.team.contains(&agent));
                    ledger.claim(is_open && is_there, || {
                        format!("{task:?} was awarded to {agent:?}: open {is_open}, there {is_there}")
                    });
                    ledger.awards += 1;
                    *ledger.outstanding.entry((task, agent)).or_default() += 1;
                    outer.assign(task, agent, Decision::clone(&decision));
                }
                Effect::Decline(task, why) => {
                    let is_open = ledger.open.remove(&task);
                    ledger.claim(is_open, || format!("{task:?} was declined and was not open"));
                    outer.decline(task, Why::clone(&why));
                }
            }
        }
    }
}
impl<I: Initiator> Initiator for Watched<I> {
    type Message = I::Message;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, I::Message>) {
        let ledger = ledger();
        let is_new = ledger.borrow_mut().team.insert(agent);
        ledger.borrow_mut().claim(is_new, || format!("{agent:?} joined twice"));
        self.turn(turn, |inner, turn| inner.on_join(agent, profile, turn));
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, I::Message>) {
        let ledger = ledger();
        let was_there = ledger.borrow_mut().team.remove(&agent);
        ledger.borrow_mut().claim(was_there, || format!("{agent:?} left and was not there"));
        self.turn(turn, |inner, turn| inner.on_leave(agent, turn));
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, I::Message>) {
        let ledger = ledger();
        let is_new = ledger.borrow_mut().open.insert(task.id);
        ledger.borrow_mut().claim(is_new, || format!("{:?} was announced twice", task.id));
        self.turn(turn, |inner, turn| inner.on_task(task, turn));
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, I::Message>) {
        let ledger = ledger();
        let was_open = ledger.borrow_mut().open.remove(&task);
        ledger.borrow_mut().claim(was_open, || format!("{task:?} was withdrawn and was not open"));
        self.turn(turn, |inner, turn| inner.on_withdraw(task, turn));
    }
    fn on_message(&mut self, from: AgentId, message: I::Message, turn: &mut Turn<'_, I::Message>) {
        self.turn(turn, |inner, turn| inner.on_message(from, message, turn));
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, I::Message>) {
        let ledger = ledger();
        {
            let mut ledger = ledger.borrow_mut();
            let left = ledger.outstanding.get_mut(&(task, agent)).filter(|left| **left > 0).map(|left| *left -= 1);
            ledger.claim(left.is_some(), || format!("an outcome of {task:?} at {agent:?} that has no award: {outcome:?}"));
            ledger.outstanding.retain(|_, left| *left > 0);
        }
        self.turn(turn, |inner, turn| inner.on_outcome(task, agent, outcome, turn));
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, I::Message>) {
        self.turn(turn, |inner, turn| inner.on_wake(turn));
    }
    fn next_wake(&self) -> Option<Time> {
        self.0.next_wake()
    }
    fn save(&self) -> Memory {
        self.0.save()
    }
    fn restore(&mut self, memory: &Memory) {
        self.0.restore(memory);
    }
}
