//! What goes wrong on purpose: who is cut off, what is held back, which message is late, who crashes when. Where nothing does, a look at one
//! flag is all that it costs.

use super::{AlarmId, Letter, World};
use crate::actors::AgentMail;
use crate::event::{Disturbance, RunId, What};
use crate::faults::{Calendar, Cast, Faults, Line, Part, is_named};
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
    on: Cell<bool>,
    /// All is repaired: of what was planned, only lies go on.
    calm: Cell<bool>,
    /// How often all was repaired.
    era: Cell<u64>,
    /// What was planned when the society was founded.
    plan: OnceCell<(Faults, Cast)>,
    /// What those agents are really like that claim to be better.
    truths: RefCell<BTreeMap<AgentId, Arc<Profile>>>,
    /// The agents with a part, as they are told of when the first run begins.
    parts: RefCell<Vec<(AgentId, Rc<Part>)>>,
    roads: RefCell<Roads>,
    crashes: RefCell<Crashing>,
    /// Agents that are down, and the alarm by which their supervisors hear of it.
    down: RefCell<BTreeMap<AgentId, AlarmId>>,
    stirred: Cell<bool>,
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
struct Roads {
    cuts: Vec<(u64, BTreeSet<AgentId>)>,
    next: u64,
    holds: Vec<Held>,
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
struct Crashing {
    calendars: BTreeMap<AgentId, Calendar>,
    due: BTreeSet<(Time, AgentId)>,
    armed: bool,
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
    fn tell_trouble(&self, fault: Disturbance, agents: &[AgentId], note: &str) {
        self.record(RunId::SOCIETY, What::Disturbed { fault, agents: agents.into(), reason: note.into() });
    }
    /// Delivers, in order, what was kept back and is free to go.
    fn let_go(&self) {
        let (mut free, mut still) = (Vec::new(), Vec::new());
        let kept = std::mem::take(&mut self.trouble.roads.borrow_mut().kept);
        for (way, letter) in kept {
            let blocked = self.trouble.roads.borrow().barrier(way).is_some();
            if blocked { still.push((way, letter)) } else { free.push(letter) }
        }
        self.trouble.roads.borrow_mut().kept = still;
        free.into_iter().for_each(|letter| self.send(letter));
    }

    // ---- the verbs

    /// Cuts some agents off from all others.
    pub(crate) fn cut(&self, agents: impl IntoIterator<Item = AgentId>, note: &str) -> u64 {
        let agents: BTreeSet<AgentId> = agents.into_iter().collect();
        self.trouble.on.set(true);
        self.tell_trouble(Disturbance::Partitioned, &agents.iter().copied().collect::<Vec<_>>(), note);
        let mut roads = self.trouble.roads.borrow_mut();
        roads.next += 1;
        let number = roads.next;
        roads.cuts.push((number, agents));
        number
    }
    fn heal(&self, number: u64) {
        let mut roads = self.trouble.roads.borrow_mut();
        let Some(at) = roads.cuts.iter().position(|(known, _)| *known == number) else { return };
        let (_, agents) = roads.cuts.remove(at);
        drop(roads);
        self.tell_trouble(Disturbance::Healed, &agents.into_iter().collect::<Vec<_>>(), "the partition is over");
        self.let_go();
    }
    /// Holds mail back.
    pub(crate) fn hold(&self, held: Held) {
        self.trouble.on.set(true);
        let (agents, note) = told(held);
        let mut roads = self.trouble.roads.borrow_mut();
        if !roads.holds.contains(&held) {
            roads.holds.push(held);
            drop(roads);
            self.tell_trouble(Disturbance::Held, &agents, note);
        }
    }
    /// Lets mail go that was held back.
    pub(crate) fn release(&self, held: Held) {
        let mut roads = self.trouble.roads.borrow_mut();
        let before = roads.holds.len();
        roads.holds.retain(|known| *known != held);
        let gone = roads.holds.len() < before;
        drop(roads);
        if gone {
            let (agents, note) = told(held);
            self.tell_trouble(Disturbance::Released, &agents, note);
            self.let_go();
        }
    }
    /// An agent that lives crashes; it is down for so long.
    pub(crate) fn crash(&self, agent: AgentId, repair: Duration) {
        if let Some(addr) = self.directory.address(agent) {
            self.tell_trouble(Disturbance::Crashed, &[agent], &format!("down for {repair:?}"));
            self.send(Letter::Agent(addr, AgentMail::Fell { repair, era: self.trouble.era() }));
        }
    }
    /// An agent that lives ends in order, and begins anew.
    pub(crate) fn bounce(&self, agent: AgentId) {
        if let Some(addr) = self.directory.address(agent) {
            self.tell_trouble(Disturbance::Bounced, &[agent], "it ends its jobs, and begins anew");
            self.send(Letter::Agent(addr, AgentMail::Bounce));
        }
    }
    /// Everything is as it should be again, and nothing of the plan goes wrong any more.
    pub(crate) fn repair(&self) {
        self.tell_trouble(Disturbance::Repaired, &[], "no further faults; who was down is back, what was kept back is let go");
        self.open_roads();
        for seat in self.directory.agents() {
            self.send(Letter::Agent(seat.addr, AgentMail::Unhang { job: None }));
        }
    }
    /// Nothing stands in anybody's way any more, and nothing of the plan goes wrong.
    pub(crate) fn open_roads(&self) {
        self.trouble.calm.set(true);
        self.trouble.era.set(self.trouble.era.get() + 1);
        let mut roads = self.trouble.roads.borrow_mut();
        roads.cuts.clear();
        roads.holds.clear();
        drop(roads);
        self.raise_all();
        self.let_go();
    }
    /// Whoever is down comes back now.
    fn raise_all(&self) {
        let down = std::mem::take(&mut *self.trouble.down.borrow_mut());
        for alarm in down.into_values() {
            let letter = self.post.borrow_mut().take_back(alarm);
            letter.into_iter().for_each(|letter| self.send(letter));
        }
    }

    // ---- what was planned

    /// A run begins: what was planned takes its course while there is one.
    pub(crate) fn stir(&self) {
        let Some(faults) = self.trouble.active() else { return };
        if !self.trouble.stirred.replace(true) {
            self.tell_cast();
            for (at, partition) in faults.partitions.iter().enumerate() {
                self.alarm(Time::ZERO + partition.at, Letter::Due(Due::Cut(at)));
            }
        }
        let now = self.now();
        let mut crashes = self.trouble.crashes.borrow_mut();
        let Crashing { calendars, due, armed } = &mut *crashes;
        if !*armed && !calendars.is_empty() {
            *armed = true;
            *due = calendars.iter_mut().map(|(agent, calendar)| (calendar.next_after(now), *agent)).collect();
            drop(crashes);
            self.await_crash();
        }
    }
    fn await_crash(&self) {
        let next = self.trouble.crashes.borrow().due.first().map(|(at, _)| *at);
        if let Some(at) = next {
            self.alarm(at, Letter::Due(Due::Crash));
        }
    }
    /// The moment of something has come.
    pub(super) fn due(&self, due: Due) {
        match due {
            Due::Heal(number) => self.heal(number),
            Due::Cut(at) => {
                let Some(partition) = self.trouble.active().and_then(|faults| faults.partitions.get(at)) else { return };
                let roster = self.directory.roster().into_iter().zip(0..);
                let agents = roster.filter(|(profile, _)| is_named(&partition.agents, profile)).map(|(_, n)| AgentId(n));
                let number = self.cut(agents, &format!("for {:?}", partition.lasting));
                self.alarm(self.now() + partition.lasting, Letter::Due(Due::Heal(number)));
            }
            Due::Crash => self.crash_who_is_due(),
        }
    }
    fn crash_who_is_due(&self) {
        let repair = self.trouble.active().and_then(|faults| faults.crash.as_ref()).map(|crash| crash.repair);
        let mut crashes = self.trouble.crashes.borrow_mut();
        // Without a run nobody looks: the alarms would go on for ever, and time with them.
        let Some(repair) = repair.filter(|_| self.directory.has_runs()) else {
            crashes.armed = false;
            return;
        };
        let now = self.now();
        let mut fallen = Vec::new();
        while let Some((at, agent)) = crashes.due.first().copied().filter(|(at, _)| *at <= now) {
            crashes.due.pop_first();
            let next = crashes.calendars.get_mut(&agent).map(|calendar| calendar.next_after(at));
            crashes.due.extend(next.map(|next| (next, agent)));
            fallen.push(agent);
        }
        drop(crashes);
        fallen.into_iter().for_each(|agent| self.crash(agent, repair));
        self.await_crash();
    }
    /// Says who has which part, where it is no matter of chance and time.
    fn tell_cast(&self) {
        let kinds: [(Disturbance, fn(&Part) -> bool, &str); 3] = [
            (Disturbance::LowBalling, |part| part.lies.iter().any(is_low), "they quote too low"),
            (Disturbance::Lying, |part| part.wrong_results, "they lie in ballots and results"),
            (Disturbance::FalseClaim, |part| part.claims.is_some(), "they claim scores that are not theirs"),
        ];
        for (fault, has, note) in kinds {
            let parts = self.trouble.parts.borrow();
            let agents: Vec<AgentId> = parts.iter().filter(|(_, part)| has(part)).map(|(agent, _)| *agent).collect();
            drop(parts);
            if !agents.is_empty() {
                self.tell_trouble(fault, &agents, note);
            }
        }
    }
}

fn is_low(lie: &polity_protocols::Lie) -> bool {
    matches!(lie, polity_protocols::Lie::LowBall(_))
}
fn told(held: Held) -> (Vec<AgentId>, &'static str) {
    match held {
        Held::Agent(agent) => (vec![agent], "all that it says and is told"),
        Held::Link(from, to) => (vec![from, to], "what the first tells the second"),
    }
}
