//! A protocol that is watched: what its initiator is told must make sense, and each award has exactly one outcome.

use polity::Government;
use polity::protocols::baselines::{FifoFastestIdle, MinCompletion, Random, RoundRobin};
use polity::protocols::consensus::Consensus;
use polity::protocols::hierarchical::Hierarchical;
use polity::protocols::market::Market;
use polity::protocols::stigmergic::Stigmergic;
use polity::protocols::{
    AgentId, Decision, Effect, Ended, Initiator, Memory, Outcome, Participant, Profile, Protocol, Reply, TaskId, TaskView, Time,
    Turn, Why,
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
    /// Lives of the initiator so far.
    life: u32,
    /// Who failed each task, the latest last.
    failed: BTreeMap<TaskId, Vec<AgentId>>,
    /// Announcements that had to name whom to avoid.
    pub avoided: u64,
    /// What made no sense.
    pub wrong: Vec<String>,
}
impl Ledger {
    fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }
    /// A task is announced again: whoever failed it is to be avoided, the latest at least.
    fn avoids(&mut self, task: &TaskView) {
        let failed = self.failed.get(&task.id).cloned().unwrap_or_default();
        let latest = failed.iter().rev().take(polity::lifecycle::MAX_AVOIDED);
        let forgotten = latest.clone().find(|agent| !task.avoid.contains(agent));
        self.avoided += u64::from(!failed.is_empty());
        self.claim(forgotten.is_none(), || {
            format!("{:?} is announced and does not avoid {forgotten:?}, which failed it", task.id)
        });
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
/// The initiator, and which of its lives it is.
struct Watched<I>(I, u32);
/// What is said, and to or of which life of the initiator.
#[derive(Clone, Debug, Serialize)]
struct Marked<M>(M, u32);
/// The participant, and the life that it last heard of.
struct Marking<P>(P, Option<u32>);

impl<P: Participant> Marking<P> {
    fn turn(&mut self, outer: &mut Reply<'_, Marked<P::Message>>, act: impl FnOnce(&mut P, &mut Reply<'_, P::Message>)) {
        let mut said = Vec::new();
        act(&mut self.0, &mut Reply::new(outer.now, outer.load, outer.rng, &mut said));
        // Before it has heard anything it knows no life: what it says then is of none.
        said.into_iter().for_each(|message| outer.send(Marked(message, self.1.unwrap_or(u32::MAX))));
    }
}
impl<P: Participant> Participant for Marking<P> {
    type Message = Marked<P::Message>;
    fn on_message(&mut self, message: Self::Message, reply: &mut Reply<'_, Self::Message>) {
        self.1 = Some(message.1);
        self.turn(reply, |inner, reply| inner.on_message(message.0, reply));
    }
    fn on_outcome(&mut self, task: TaskId, kind: &str, outcome: &Outcome, reply: &mut Reply<'_, Self::Message>) {
        self.turn(reply, |inner, reply| inner.on_outcome(task, kind, outcome, reply));
    }
}

impl<P: Protocol + Serialize> Protocol for Spied<P>
where
    P::Participant: Participant<Message = P::Message>,
{
    const NAME: &'static str = P::NAME;
    type Message = Marked<P::Message>;
    type Initiator = Watched<P::Initiator>;
    type Participant = Marking<P::Participant>;
    fn initiator(&self) -> Self::Initiator {
        // A new life knows nobody and nothing open; awards of the life before still have their outcomes.
        let ledger = ledger();
        let mut ledger = ledger.borrow_mut();
        (ledger.open, ledger.team) = Default::default();
        ledger.life += 1;
        Watched(self.0.initiator(), ledger.life)
    }
    fn participant(&self, me: AgentId, profile: &Profile) -> Self::Participant {
        Marking(self.0.participant(me, profile), None)
    }
}

impl<I: Initiator> Watched<I> {
    /// One turn of the watched one; what it asks for is noted and passed on.
    fn turn(&mut self, outer: &mut Turn<'_, Marked<I::Message>>, act: impl FnOnce(&mut I, &mut Turn<'_, I::Message>)) {
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
                Effect::Send(to, message) => outer.send(to, Marked(message, self.1)),
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
    type Message = Marked<I::Message>;
    fn on_join(&mut self, agent: AgentId, profile: &Profile, turn: &mut Turn<'_, Self::Message>) {
        let ledger = ledger();
        let is_new = ledger.borrow_mut().team.insert(agent);
        ledger.borrow_mut().claim(is_new, || format!("{agent:?} joined twice"));
        self.turn(turn, |inner, turn| inner.on_join(agent, profile, turn));
    }
    fn on_leave(&mut self, agent: AgentId, turn: &mut Turn<'_, Self::Message>) {
        let ledger = ledger();
        let was_there = ledger.borrow_mut().team.remove(&agent);
        ledger.borrow_mut().claim(was_there, || format!("{agent:?} left and was not there"));
        self.turn(turn, |inner, turn| inner.on_leave(agent, turn));
    }
    fn on_task(&mut self, task: &TaskView, turn: &mut Turn<'_, Self::Message>) {
        let ledger = ledger();
        let is_new = ledger.borrow_mut().open.insert(task.id);
        ledger.borrow_mut().claim(is_new, || format!("{:?} was announced twice", task.id));
        ledger.borrow_mut().avoids(task);
        self.turn(turn, |inner, turn| inner.on_task(task, turn));
    }
    fn on_withdraw(&mut self, task: TaskId, turn: &mut Turn<'_, Self::Message>) {
        let ledger = ledger();
        let was_open = ledger.borrow_mut().open.remove(&task);
        ledger.borrow_mut().claim(was_open, || format!("{task:?} was withdrawn and was not open"));
        self.turn(turn, |inner, turn| inner.on_withdraw(task, turn));
    }
    fn on_message(&mut self, from: AgentId, Marked(message, life): Self::Message, turn: &mut Turn<'_, Self::Message>) {
        let known = life == self.1 || life == u32::MAX;
        ledger().borrow_mut().claim(known, || format!("life {} heard what was said to life {life}", self.1));
        self.turn(turn, |inner, turn| inner.on_message(from, message, turn));
    }
    fn on_outcome(&mut self, task: TaskId, agent: AgentId, outcome: &Outcome, turn: &mut Turn<'_, Self::Message>) {
        let ledger = ledger();
        {
            let mut ledger = ledger.borrow_mut();
            let left = ledger.outstanding.get_mut(&(task, agent)).filter(|left| **left > 0).map(|left| *left -= 1);
            ledger.claim(left.is_some(), || format!("an outcome of {task:?} at {agent:?} that has no award: {outcome:?}"));
            ledger.outstanding.retain(|_, left| *left > 0);
            if outcome.ended == Ended::Failed {
                let failed = ledger.failed.entry(task).or_default();
                failed.retain(|other| *other != agent);
                failed.push(agent);
            }
        }
        self.turn(turn, |inner, turn| inner.on_outcome(task, agent, outcome, turn));
    }
    fn on_free(&mut self, agent: AgentId, turn: &mut Turn<'_, Self::Message>) {
        self.turn(turn, |inner, turn| inner.on_free(agent, turn));
    }
    fn on_wake(&mut self, turn: &mut Turn<'_, Self::Message>) {
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
