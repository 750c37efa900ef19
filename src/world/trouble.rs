//! What goes wrong on purpose: who is cut off, what is held back, which message is late, who crashes when. Where nothing does, a look at one
//! flag is all that it costs.

use super::{AlarmId, Letter, World};
use crate::event::{Disturbance, RunId, What};
use crate::faults::{Calendar, Cast, Faults, Line, Part};
use core::time::Duration;
use polity_protocols::{AgentId, Demand, Name, Profile, Time};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// Protocol messages and letters that are kept back at most; a further one is lost. Jobs and answers are kept whatever their number, which
/// the agents' own slots and queues bound.
const KEPT: usize = 100_000;

/// Everything that goes wrong on purpose in one world.
#[derive(Default)]
pub(crate) struct Trouble {
    /// Something may stand in the way of mail or of a job.
    pub(super) on: Cell<bool>,
    /// All is repaired: of what was planned, only lies go on.
    pub(super) calm: Cell<bool>,
    /// How often all was repaired.
    pub(super) era: Cell<u64>,
    /// What was planned when the society was founded.
    plan: OnceCell<(Faults, Cast)>,
    /// What those agents are really like that claim to be better.
    truths: RefCell<BTreeMap<AgentId, Arc<Profile>>>,
    /// The agents with a part, as they are told of when the first run begins.
    pub(super) parts: RefCell<Vec<(AgentId, Rc<Part>)>>,
    pub(super) roads: RefCell<Roads>,
    pub(super) crashes: RefCell<Crashing>,
    /// Agents that are down, and the alarm by which their supervisors hear of it.
    pub(super) down: RefCell<BTreeMap<AgentId, AlarmId>>,
    pub(super) stirred: Cell<bool>,
}

/// Which way a letter goes.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Between an agent and whoever coordinates it.
    Desk(AgentId),
    /// From one agent (or the program) to another.
    Between(Option<AgentId>, AgentId),
}

/// What is held back: all that an agent says and is told, or what one agent tells another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Agent(AgentId),
    Link(AgentId, AgentId),
}

#[derive(Default)]
pub(super) struct Roads {
    pub(super) cuts: Vec<(u64, BTreeSet<AgentId>)>,
    pub(super) next: u64,
    pub(super) holds: Vec<Held>,
    kept: Vec<(Way, Letter)>,
    /// By agent, and whether it speaks.
    lines: BTreeMap<(AgentId, bool), Line>,
}
enum Barrier {
    Cut,
    Hold,
}
impl Roads {
    fn barrier(&self, way: Way) -> Option<Barrier> {
        let held = self.holds.iter().any(|held| match (way, *held) {
            (Way::Desk(agent), Held::Agent(other)) => agent == other,
            (Way::Between(from, to), Held::Agent(other)) => from == Some(other) || to == other,
            (Way::Between(from, to), Held::Link(one, two)) => from == Some(one) && to == two,
            (Way::Desk(_), Held::Link(..)) => false,
        });
        if held {
            return Some(Barrier::Hold);
        }
        let cut = self.cuts.iter().any(|(_, cut)| match way {
            Way::Desk(agent) => cut.contains(&agent),
            Way::Between(from, to) => from.is_some_and(|from| cut.contains(&from)) != cut.contains(&to),
        });
        cut.then_some(Barrier::Cut)
    }
}

/// When which agent crashes.
#[derive(Default)]
pub(super) struct Crashing {
    pub(super) calendars: BTreeMap<AgentId, Calendar>,
    pub(super) due: BTreeSet<(Time, AgentId)>,
    pub(super) armed: bool,
}

/// What is due at a moment.
#[derive(Clone, Copy)]
pub(crate) enum Due {
    Crash,
    /// The partition of this place in the plan begins.
    Cut(usize),
    /// The cut of this number ends.
    Heal(u64),
}

impl Trouble {
    /// True if anything may go wrong on purpose: everybody else passes by.
    pub(crate) fn is_on(&self) -> bool {
        self.on.get()
    }
    /// How often all was repaired.
    pub(crate) fn era(&self) -> u64 {
        self.era.get()
    }
    /// Plans what shall go wrong, before any agent is drafted.
    pub(crate) fn plan(&self, faults: Faults, seed: u64, profiles: &[Profile]) {
        if !faults.is_none() {
            let cast = Cast::of(&faults, seed, profiles);
            self.on.set(true);
            let _ = self.plan.set((faults, cast)); // a world is new when its society is founded
        }
    }
    /// What was planned.
    pub(crate) fn planned(&self) -> Option<&Faults> {
        self.plan.get().map(|(faults, _)| faults)
    }
    /// What was planned, unless all is repaired.
    pub(crate) fn active(&self) -> Option<&Faults> {
        self.planned().filter(|_| !self.calm.get())
    }
    /// The part of an agent that is to live here, and what it shows of itself.
    pub(crate) fn cast(&self, seed: u64, agent: AgentId, profile: Profile) -> (Option<Rc<Part>>, Profile) {
        let Some((faults, cast)) = self.plan.get() else { return (None, profile) };
        let part = Rc::new(cast.part(agent, &profile));
        if *part == Part::default() {
            return (None, profile);
        }
        if let (true, Some(crashes)) = (part.crashes, &faults.crash) {
            self.crashes.borrow_mut().calendars.insert(agent, Calendar::new(seed, agent, crashes));
        }
        self.parts.borrow_mut().push((agent, part.clone()));
        let Some(score) = part.claims else { return (Some(part), profile) };
        let listed: Vec<Name> = profile.capabilities.iter().map(|(name, _)| name.clone()).collect();
        let mut shown = profile.clone();
        for name in listed {
            shown.capabilities = shown.capabilities.and(name, score);
        }
        self.truths.borrow_mut().insert(agent, Arc::new(profile));
        (Some(part), shown)
    }
    /// What an agent's true fit for a demand is, if it claims another. 0 if it is not able at all.
    pub(crate) fn true_fit(&self, agent: AgentId, demand: &Demand) -> Option<f64> {
        let truths = self.truths.borrow();
        truths.get(&agent).map(|truth| demand.fit(agent, truth).unwrap_or(0.0))
    }
    /// An agent is down: until then its supervisor hears nothing.
    pub(crate) fn goes_down(&self, agent: AgentId, until: AlarmId) {
        self.down.borrow_mut().insert(agent, until);
    }
    pub(crate) fn is_up(&self, agent: AgentId) {
        self.down.borrow_mut().remove(&agent);
    }
    /// Forgets all mail that is kept back. It is given to the caller, since what is dropped may say so.
    pub(super) fn take_kept(&self) -> Vec<Letter> {
        std::mem::take(&mut self.roads.borrow_mut().kept).into_iter().map(|(_, letter)| letter).collect()
    }
}

impl World {
    /// The letter, if nothing stands in its way now. What goes by a reliable line waits behind a cut; a datagram is lost there. Behind a hold
    /// everything waits.
    pub(super) fn pass(&self, way: Way, reliable: bool, letter: Letter) -> Option<Letter> {
        let mut roads = self.trouble.roads.borrow_mut();
        let lost = match roads.barrier(way) {
            None => return Some(letter),
            Some(Barrier::Cut) => !reliable,
            Some(Barrier::Hold) => !reliable && roads.kept.len() >= KEPT,
        };
        if !lost {
            roads.kept.push((way, letter));
            return None;
        }
        drop(roads);
        drop(letter);
        None
    }
    /// After how long each copy of a message between an agent and its coordinators is delivered, where talk is disturbed.
    pub(super) fn disturbed(&self, agent: AgentId, up: bool) -> Option<Vec<Duration>> {
        let talk = &self.trouble.active()?.talk;
        if talk.is_none() {
            return None;
        }
        let mut roads = self.trouble.roads.borrow_mut();
        let line = roads.lines.entry((agent, up)).or_insert_with(|| Line::new(self.seed, agent, up));
        Some(line.next(talk))
    }
    pub(super) fn tell_trouble(&self, fault: Disturbance, agents: &[AgentId], note: &str) {
        self.record(RunId::SOCIETY, What::Disturbed { fault, agents: agents.into(), reason: note.into() });
    }
    /// Delivers, in order, what was kept back and is free to go.
    pub(super) fn let_go(&self) {
        let (mut free, mut still) = (Vec::new(), Vec::new());
        let kept = std::mem::take(&mut self.trouble.roads.borrow_mut().kept);
        for (way, letter) in kept {
            let blocked = self.trouble.roads.borrow().barrier(way).is_some();
            if blocked { still.push((way, letter)) } else { free.push(letter) }
        }
        self.trouble.roads.borrow_mut().kept = still;
        free.into_iter().for_each(|letter| self.send(letter));
    }
}
